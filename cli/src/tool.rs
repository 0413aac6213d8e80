//! A subcommand: what it says of itself, its flags, and its work.

mod error;
mod exit;
mod session;

pub(crate) mod input;
pub(crate) mod log;
pub(crate) mod settings;

pub(crate) use error::{Result, ToolError, UsageError, cut_off, exit_of, in_words, not_started};
pub(crate) use exit::Exit;
pub(crate) use session::Session;

use crate::screen::Screen;
use clap::{ArgMatches, Command};

/// A subcommand, or one that has others; made by [`tool!`].
pub(crate) struct Tool {
    pub(crate) name: &'static str,
    /// What it says of itself, as its documentation has it: a line, what follows that in `--help`, and from its examples or exit codes
    /// on what comes after the flags.
    pub(crate) help: &'static str,
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
        let help = unwrapped(self.help);
        let after = ["\n\nExamples:", "\n\nExit codes:"].into_iter().find_map(|title| help.find(title));
        let (before, after) = help.split_at(after.unwrap_or(help.len()));
        let (about, more) = before.split_once("\n\n").unwrap_or((before, ""));
        let mut command = command.about(about.to_owned());
        if !more.is_empty() {
            command = command.long_about(format!("{about}.\n\n{more}"));
        }
        if after.is_empty() { command } else { command.after_help(after.trim_start().to_owned()) }
    }

    /// Runs it, or the one of its own that was given.
    pub(crate) fn run(&self, command: &Command, matches: &ArgMatches, screen: &mut Screen) -> Result<Exit> {
        let tools = match self.work {
            Work::Run { run, .. } => return run(command, matches, screen),
            Work::Tools(tools) => tools,
        };
        let (name, matches) = matches.subcommand().expect("clap asks for a subcommand");
        let command = command.find_subcommand(name).expect("clap knows the subcommands that it matched");
        let tool = tools.iter().find(|tool| tool.name == name).expect("every subcommand is one of the tools");
        tool.run(command, matches, screen)
    }
}

/// Documentation as a text: the lines of a paragraph are one, but for those that begin with a dash or further in.
fn unwrapped(documentation: &str) -> String {
    let mut text = String::new();
    for line in documentation.lines().map(|line| line.strip_prefix(' ').unwrap_or(line)) {
        let begins =
            line.is_empty() || line.starts_with(' ') || line.starts_with("- ") || text.ends_with('\n');
        text.push(if begins { '\n' } else { ' ' });
        text.push_str(line);
    }
    text.trim().to_owned()
}

/// A subcommand whose help is its documentation, as that of a flag is.
macro_rules! tool {
    ($(#[doc = $help:literal])+ $visibility:vis const $tool:ident: $name:literal = $work:expr;) => {
        $visibility const $tool: $crate::tool::Tool =
            $crate::tool::Tool { name: $name, help: concat!($($help, "\n"),+), work: $work };
    };
}
pub(crate) use tool;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_is_documentation_without_the_ends_of_its_lines() {
        let documentation =
            " Do it\n\n All of\n it:\n\n - one\n of two\n - two\n\n Examples:\n   weir do\n   weir do it\n";
        let help = "Do it\n\nAll of it:\n\n- one of two\n- two\n\nExamples:\n  weir do\n  weir do it";
        assert_eq!(unwrapped(documentation), help);
    }
}
