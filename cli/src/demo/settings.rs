//! The flags of `weir demo`.

use clap::{ArgAction, ArgMatches, Command};
use runtime::settings::{Problems, Reader, form};

/// The flags.
#[derive(Clone, Debug, clap::Args)]
pub(super) struct DemoArgs {
    /// Post the samples, check every record that comes of them, and end: 0 if all is well, else 1
    #[arg(long, action = ArgAction::SetTrue)]
    once: bool,
    /// Loopback port of ingest [default: 8080, or any free one where that is taken]
    #[arg(long, value_name = "PORT")]
    port: Option<String>,
}

/// The checked values of [`DemoArgs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DemoSettings {
    /// Whether it ends after the samples.
    pub(super) once: bool,
    /// The port that was asked for.
    pub(super) port: Option<u16>,
}

impl DemoSettings {
    /// Reads and checks them.
    pub(super) fn read(command: &Command, matches: &ArgMatches) -> Result<Self, Problems> {
        let mut reader = Reader::new(command, matches);
        let port = reader.optional("port", &form::count(1..=u64::from(u16::MAX)));
        reader.finish()?;
        let port = port.and_then(|port| u16::try_from(port).ok());
        Ok(Self { once: matches.get_flag("once"), port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Args as _;

    fn read(arguments: &[&str]) -> Result<DemoSettings, Problems> {
        let command = DemoArgs::augment_args(Command::new("demo"));
        let matches = command.clone().get_matches_from(["demo"].iter().chain(arguments));
        DemoSettings::read(&command, &matches)
    }

    #[test]
    fn nothing_must_be_given() {
        assert_eq!(read(&[]), Ok(DemoSettings { once: false, port: None }));
        assert_eq!(read(&["--once", "--port", "8081"]), Ok(DemoSettings { once: true, port: Some(8081) }));
    }

    #[test]
    fn a_port_that_cannot_be_is_a_problem() {
        for port in ["0", "65536", "http"] {
            let problems = read(&["--port", port]).unwrap_err().to_string();
            assert!(problems.starts_with("--port (flag): found"), "{problems}");
        }
    }
}
