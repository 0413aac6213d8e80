//! The tool around the pipeline, `weir`: a subcommand a module.
//!
//! `topics` makes the topics on a cluster, `connect` the subscriptions at Meta; `tokens` shows and renews access tokens; `doctor` says why nothing arrives; `dlq`
//! puts dead letters back; `media` deletes what was saved of one person; `replay` splits deliveries again; `spool` shows what ingest keeps on its disk; `process` asks running
//! processes (`health`, `support`); `demo` runs the whole pipeline in one process; `delivery` has what is done with bodies by
//! hand (`events`, `sign`, `verify`, `post`, `simulate`), `records` what reads topics (`tail`, `reply`, `trace`) and
//! describes them (`schema`). A subcommand declares its flags, checks them, and gives an exit code; what it prints goes through a screen.

mod delivery;
mod demo;
mod dlq;
mod kafka;
mod media;
mod meta;
mod process;
mod records;
mod replay;
mod screen;
mod spool;
mod tool;
mod topics;

use clap::{Arg, ArgAction, Command};
use runtime::process::{print_clap_error, print_error, print_unknown_variables};
use runtime::settings::Problems;
use screen::Screen;
use std::ffi::OsString;
use std::process::ExitCode;
use tool::{Exit, ToolError, Work, exit_of, in_words, log, tool};

tool! {
    /// Weir: Meta's webhooks on Kafka. The tool around the pipeline
    ///
    /// Exit codes:
    ///   0  done; everything is as it should be
    ///   1  it failed; the reason is on standard error
    ///   2  the command line or a setting is wrong
    ///   3  something differs from what is desired
    ///   4  what was asked for was never received, or not found (weir trace)
    ///
    /// Colours are shown on a terminal, unless NO_COLOR is set or TERM is dumb. RUST_LOG=info shows the log lines of what runs inside.
    const WEIR: "weir" = Work::Tools(&[
        meta::connect::TOOL,
        demo::TOOL,
        dlq::TOOL,
        meta::doctor::TOOL,
        delivery::events::TOOL,
        process::health::TOOL,
        media::TOOL,
        delivery::post::TOOL,
        replay::TOOL,
        records::reply::TOOL,
        records::schema::TOOL,
        delivery::sign::TOOL,
        delivery::simulate::TOOL,
        spool::TOOL,
        process::support::TOOL,
        records::tail::TOOL,
        meta::tokens::TOOL,
        topics::TOOL,
        records::trace::TOOL,
        delivery::verify::TOOL,
    ]);
}

/// Runs the tool from its command line to its exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let command = command();
    let matches = match command.clone().try_get_matches_from(arguments) {
        Ok(matches) => matches,
        Err(answer) => return print_clap_error(&answer),
    };
    let colour = !matches.get_flag(NO_COLOR);
    log::install(colour);
    let mut screen = Screen::stdout(colour);
    match WEIR.run(&command, &matches, &mut screen) {
        Ok(exit) => exit.into(),
        Err(error) => failed(&error),
    }
}

const NO_COLOR: &str = "no_color";

/// The whole command line.
fn command() -> Command {
    let no_color = Arg::new(NO_COLOR)
        .long("no-color")
        .env("NO_COLOR")
        .hide_env(true)
        .action(ArgAction::SetTrue)
        .value_parser(|value: &str| Ok::<bool, String>(!matches!(value, "" | "false")))
        .global(true)
        .display_order(900)
        .help("Print without colours, as on anything but a terminal");
    WEIR.command().version(env!("CARGO_PKG_VERSION")).arg(no_color)
}

fn failed(error: &ToolError) -> ExitCode {
    let exit = exit_of(error);
    if exit != Exit::Done {
        print_error(format_args!("weir: {}", in_words(error)));
    }
    if error.is::<Problems>() {
        print_unknown_variables();
    }
    exit.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        command().debug_assert();
    }

    #[test]
    fn every_subcommand_and_flag_says_what_it_is() {
        let mut commands = vec![command()];
        while let Some(command) = commands.pop() {
            assert!(command.get_about().is_some(), "{}", command.get_name());
            for argument in command.get_arguments() {
                let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
                assert!(!help.is_empty(), "{} {}", command.get_name(), argument.get_id());
            }
            commands.extend(command.get_subcommands().cloned());
        }
    }
}
