//! A subcommand: what it says of itself, its flags, and its work.

mod error;
mod exit;
mod session;

pub(crate) mod input;
pub(crate) mod log;
pub(crate) mod settings;

pub(crate) use error::{Result, ToolError, UsageError, cut_off, exit_of, not_started, said};
pub(crate) use exit::Exit;
pub(crate) use session::Session;

use crate::screen::Screen;
use clap::{ArgMatches, Command};

/// A subcommand, or one that has others.
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// One line.
    pub(crate) about: &'static str,
    /// What follows it in `--help`; nothing where the line says it all.
    pub(crate) more: &'static str,
    /// What comes after the flags.
    pub(crate) examples: &'static str,
    pub(crate) work: Work,
}

/// What a subcommand does.
pub(crate) enum Work {
    /// It runs.
    Run { declare: fn(Command) -> Command, run: Run },
    /// One of these does.
    Tools(&'static [Tool]),
}

type Run = fn(&Command, &ArgMatches, &mut Screen) -> Result<Exit>;

impl Tool {
    /// Its command line.
    pub(crate) fn command(&self) -> Command {
        let command = match &self.work {
            Work::Run { declare, .. } => declare(Command::new(self.name)),
            Work::Tools(tools) => Command::new(self.name)
                .subcommand_required(true)
                .arg_required_else_help(true)
                .subcommands(tools.iter().map(Self::command)),
        };
        let mut command = command.about(self.about);
        if !self.more.is_empty() {
            command = command.long_about(format!("{}.\n\n{}", self.about, self.more));
        }
        if self.examples.is_empty() { command } else { command.after_help(self.examples) }
    }
}

/// Runs the subcommand that was given.
pub(crate) fn run_one_of(
    tools: &[Tool],
    command: &Command,
    matches: &ArgMatches,
    screen: &mut Screen,
) -> Result<Exit> {
    let (name, matches) = matches.subcommand().expect("clap asks for a subcommand");
    let command = command.find_subcommand(name).expect("clap knows the subcommands that it matched");
    let tool = tools.iter().find(|tool| tool.name == name).expect("every subcommand is one of the tools");
    match &tool.work {
        Work::Run { run, .. } => run(command, matches, screen),
        Work::Tools(tools) => run_one_of(tools, command, matches, screen),
    }
}

/// The work of a subcommand with settings of its own.
macro_rules! work {
    ($settings:ty, $run:expr) => {
        $crate::tool::Work::Run {
            declare: <$settings as $crate::tool::settings::Settings>::declare,
            run: |command, matches, screen| {
                let settings: $settings = $crate::tool::settings::read(command, matches)?;
                $run(&settings, screen)
            },
        }
    };
}
pub(crate) use work;
