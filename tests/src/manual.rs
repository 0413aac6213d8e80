//! What the binaries say of themselves: the flags, variables and defaults of their `--help`.

use std::collections::BTreeSet;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::{foreign, process};

/// The binaries that run for good, each under the name of its container, its consumer group and its job.
pub const SERVICES: [&str; 5] =
    ["weir-ingest", "weir-messages", "weir-lookups", "weir-metrics", "weir-replies"];

/// The binary that runs for good where somebody takes the component that brings it.
pub const OPTIONAL: [&str; 1] = ["weir-media"];

/// Container, group and job of weir-messages where it reads the feed, as somebody has it do who takes the component for that.
pub const PAGE_COMMENTS: &str = "weir-messages-feed";

/// The `--help` of a binary or of a subcommand.
#[derive(Clone, Debug)]
pub struct Manual {
    text: String,
}

impl Manual {
    /// The help of `command`: a binary, and subcommands where there are some. Flags and what follows them are left out.
    ///
    /// # Errors
    ///
    /// When the binary is not built, or knows no such subcommand.
    pub fn of(command: &[&str]) -> Result<Self> {
        let (binary, rest) = command.split_first().context("a command without a binary")?;
        let subcommands = rest.iter().take_while(|word| !word.starts_with('-'));
        // In no container: it is read, and nothing runs.
        let mut help = Command::new(process::built(binary)?);
        Ok(Self { text: foreign::run(help.args(subcommands).arg("--help"), "")? })
    }

    /// The flags, such as `--brokers`.
    pub fn flags(&self) -> BTreeSet<String> {
        self.words("--", |symbol| symbol.is_ascii_lowercase() || symbol.is_ascii_digit() || symbol == '-')
    }

    /// The environment variables that are read, those included that only the text speaks of, as those of secrets.
    pub fn variables(&self) -> BTreeSet<String> {
        self.words("WEIR_", |symbol| symbol.is_ascii_uppercase() || symbol.is_ascii_digit() || symbol == '_')
    }

    /// The subcommands, but for `help`.
    pub fn subcommands(&self) -> Vec<&str> {
        let list = self.text.split_once("\nCommands:\n").map_or("", |(_, list)| list);
        // Long descriptions go on further to the right.
        let entries =
            list.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
        let names =
            entries.filter(|entry| !entry.starts_with(' ')).filter_map(|entry| entry.split(' ').next());
        names.filter(|name| *name != "help").collect()
    }

    /// The default of a flag.
    pub fn default(&self, flag: &str) -> Option<&str> {
        let (_, rest) = self.text.split_once(&format!("{flag} "))?;
        // The next flag stands at the beginning of a line.
        let own = rest.find("\n      --").map_or(rest, |end| rest.get(..end).unwrap_or(rest));
        // Long lines are wrapped, also before the value.
        own.split_once("[default:")?.1.split_once(']').map(|(value, _)| value.trim())
    }

    fn words(&self, start: &str, fits: fn(char) -> bool) -> BTreeSet<String> {
        let starts = self.text.match_indices(start);
        let ends = starts.filter_map(|(at, _)| {
            let rest = self.text.get(at + start.len()..)?;
            let end = rest.find(|symbol| !fits(symbol)).unwrap_or(rest.len());
            rest.get(..end).filter(|word| !word.is_empty()).map(|word| format!("{start}{word}"))
        });
        ends.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_variables_and_defaults_are_found() {
        let text = "Options:\n      --listen <ADDRESS>\n          Where, or `WEIR_OTHER`\n          [env: WEIR_LISTEN=]\n          \
                    [default: 0.0.0.0:8080]\n\n      --spool-dir <DIR>\n          [env: WEIR_SPOOL_DIR=]\n";
        let manual = Manual { text: text.to_owned() };
        assert_eq!(manual.flags().into_iter().collect::<Vec<_>>(), ["--listen", "--spool-dir"]);
        let variables: Vec<_> = manual.variables().into_iter().collect();
        assert_eq!(variables, ["WEIR_LISTEN", "WEIR_OTHER", "WEIR_SPOOL_DIR"]);
        assert_eq!(manual.default("--listen"), Some("0.0.0.0:8080"));
        assert_eq!(manual.default("--spool-dir"), None);
        let wrapped =
            Manual { text: "      --finish-timeout <D>  How long [default:\n      10s]\n".to_owned() };
        assert_eq!(wrapped.default("--finish-timeout"), Some("10s"));
        let commands =
            "Weir\n\nCommands:\n  dlq   Dead letters,\n          and more\n  help  This\n\nOptions:\n  -h\n";
        assert_eq!(Manual { text: commands.to_owned() }.subcommands(), ["dlq"]);
    }
}
