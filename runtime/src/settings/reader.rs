//! Reads the values that clap gathered, and collects every problem instead of stopping at the first.

use clap::parser::ValueSource;
use clap::{ArgMatches, Command};

use super::{Form, KafkaSettings, Problem, Problems, Source, without_passwords};

/// Reads settings by the name of their field.
#[derive(Debug)]
pub struct Reader<'a> {
    command: &'a Command,
    matches: &'a ArgMatches,
    problems: Vec<Problem>,
    pub(super) kafka: KafkaSettings,
}

impl<'a> Reader<'a> {
    /// Reads `matches`, which came from `command`.
    pub fn new(command: &'a Command, matches: &'a ArgMatches) -> Self {
        Self { command, matches, problems: Vec::new(), kafka: KafkaSettings::default() }
    }

    /// A setting that must have a value, if only its default; `None` means a problem was noted.
    pub fn required<T>(&mut self, id: &str, form: &Form<T>) -> Option<T> {
        if self.raw(id).is_none() {
            self.note(id, Source::NotSet, String::new(), form.expected());
            return None;
        }
        self.optional(id, form)
    }

    /// A setting that may be left out; `None` means it was, or that a problem was noted.
    pub fn optional<T>(&mut self, id: &str, form: &Form<T>) -> Option<T> {
        let value = self.raw(id)?.to_owned();
        let parsed = if value.is_empty() { None } else { form.parse(&value) };
        if parsed.is_none() {
            self.note(id, self.source(id), form.shown(&value), form.expected());
        }
        parsed
    }

    /// Whether there is a value, if only a default; an empty variable is none.
    pub fn is_set(&self, id: &str) -> bool {
        self.raw(id).is_some()
    }

    /// Notes a problem that no form can see, such as two settings that exclude each other.
    ///
    /// `setting` is what the message starts with: an id such as `ack_timeout`, or any words.
    pub fn problem(&mut self, setting: &str, expected: &str) {
        self.note(setting, self.source(setting), String::new(), expected);
    }

    /// Notes each of several words of a setting that is none of what is expected.
    pub fn refuse<'w>(&mut self, id: &str, wrong: impl Iterator<Item = &'w String>, expected: &str) {
        for word in wrong {
            self.note(id, self.source(id), format!("{:?}", without_passwords(word)), expected);
        }
    }

    /// Notes a problem found elsewhere, such as in a file that a setting names.
    pub fn add(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// What was read, or else all problems; where there is nothing, there are some.
    pub fn finish<T>(self, settings: Option<T>) -> Result<T, Problems> {
        match settings {
            Some(settings) if self.problems.is_empty() => Ok(settings),
            _ => Err(Problems(self.problems)),
        }
    }

    /// The flag of a field, `--ack-timeout` of `ack_timeout`.
    pub fn flag(&self, id: &str) -> String {
        self.argument(id)
            .and_then(clap::Arg::get_long)
            .map_or_else(|| id.to_owned(), |long| format!("--{long}"))
    }

    /// Where the value of a field came from.
    pub fn source(&self, id: &str) -> Source {
        match self.given(id).and_then(|_| self.matches.value_source(id)) {
            Some(ValueSource::CommandLine) if self.argument(id).is_some_and(clap::Arg::is_positional) => {
                Source::Argument
            }
            Some(ValueSource::CommandLine) => Source::Flag,
            Some(ValueSource::EnvVariable) => Source::Environment(self.environment_name(id)),
            _ if self.is_set(id) => Source::Default,
            _ => Source::NotSet,
        }
    }

    /// What clap gathered: for flags without a value, and those with several.
    pub const fn matches(&self) -> &ArgMatches {
        self.matches
    }

    /// How to reach Kafka, as far as that was read already and can be used: for checks of others against it.
    pub const fn kafka(&self) -> &KafkaSettings {
        &self.kafka
    }

    /// What was given, or else the default.
    fn raw(&self, id: &str) -> Option<&str> {
        self.given(id).or_else(|| self.argument(id)?.get_default_values().first()?.to_str())
    }

    /// An empty variable, as of a compose file's `WEIR_X=`, gives nothing. An empty flag is a value, and one of no form: it is
    /// what a shell makes of a variable that is not set, and as no filter it would widen a command to everything.
    fn given(&self, id: &str) -> Option<&str> {
        let value = self.matches.try_get_one::<String>(id).ok().flatten()?;
        let is_flag = self.matches.value_source(id) == Some(ValueSource::CommandLine);
        (is_flag || !value.is_empty()).then_some(value.as_str())
    }

    fn argument(&self, id: &str) -> Option<&clap::Arg> {
        self.command.get_arguments().find(|argument| argument.get_id() == id)
    }

    fn environment_name(&self, id: &str) -> String {
        let name = self.argument(id).and_then(clap::Arg::get_env);
        name.map_or_else(String::new, |name| name.to_string_lossy().into_owned())
    }

    fn note(&mut self, id: &str, source: Source, found: String, expected: &str) {
        let environment = self.environment_name(id);
        let hint = match source {
            Source::NotSet if !environment.is_empty() => format!("{expected} (or set {environment})"),
            _ => expected.to_owned(),
        };
        self.problems.push(Problem { setting: self.flag(id), source, found, expected: hint });
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use clap::{Arg, Command};

    use super::*;
    use crate::settings::form;

    fn command() -> Command {
        Command::new("weir-test")
            .arg(Arg::new("probe"))
            .arg(Arg::new("ack_timeout").long("ack-timeout").env("WEIR_ACK_TIMEOUT").default_value("1s"))
            .arg(Arg::new("max_body").long("max-body").env("WEIR_MAX_BODY"))
            .arg(Arg::new("brokers").long("brokers").env("WEIR_BROKERS"))
            .arg(Arg::new("token").long("token").env("WEIR_TOKEN"))
    }

    fn ack_timeout() -> Form<Duration> {
        form::duration(Duration::from_millis(10)..=Duration::from_secs(4))
    }

    #[test]
    fn a_good_value_and_a_default_are_read_without_problems() {
        let command = command();
        let matches = command.clone().get_matches_from(["weir-test", "--max-body", "4MiB"]);
        let mut reader = Reader::new(&command, &matches);
        assert_eq!(reader.required("ack_timeout", &ack_timeout()), Some(Duration::from_secs(1)));
        assert_eq!(reader.required("max_body", &form::bytes::<u64>(1..=1 << 30)), Some(4 << 20));
        assert_eq!(reader.optional("brokers", &form::text()), None);
        assert!(reader.finish(Some(())).is_ok());
    }

    #[test]
    fn all_problems_are_reported_at_once_with_name_source_and_form() {
        let command = command();
        let arguments = ["weir-test", "--ack-timeout", "soon", "--max-body", "lots", "--token", "hunter2"];
        let matches = command.clone().get_matches_from(arguments);
        let mut reader = Reader::new(&command, &matches);
        reader.required("ack_timeout", &ack_timeout());
        reader.required("max_body", &form::bytes::<u64>(1..=1 << 20));
        reader.required("brokers", &form::text());
        reader.optional("token", &form::matching("32 hex digits", |_| false).secret());
        let text = reader.finish(None::<()>).unwrap_err().to_string();
        assert_eq!(
            text,
            "--ack-timeout (flag): found \"soon\", expected a duration with its unit, from 10ms to 4s\n\
             --max-body (flag): found \"lots\", expected a size in bytes such as 4MiB, 512KiB or 1000, \
             from 1 to 1MiB\n\
             --brokers (not set): expected some text (or set WEIR_BROKERS)\n\
             --token (flag): found (hidden), expected 32 hex digits"
        );
    }

    #[test]
    fn an_empty_flag_is_refused_by_its_name_and_form() {
        let command = command();
        let arguments = ["weir-test", "--brokers", "", "--max-body=", "--token", "", "--ack-timeout", ""];
        let matches = command.clone().get_matches_from(arguments);
        let mut reader = Reader::new(&command, &matches);
        assert!(reader.is_set("brokers"));
        assert_eq!(reader.required("brokers", &form::text()), None);
        assert_eq!(reader.optional("max_body", &form::bytes::<u64>(1..=1 << 20)), None);
        let of_any = form::matching("a token", |_| true).secret();
        assert_eq!(reader.optional("token", &of_any), None, "whatever a form says of it");
        assert_eq!(reader.required("ack_timeout", &ack_timeout()), None, "it is not the default");
        assert_eq!(
            reader.finish(None::<()>).unwrap_err().to_string(),
            "--brokers (flag): found \"\", expected some text\n\
             --max-body (flag): found \"\", expected a size in bytes such as 4MiB, 512KiB or 1000, \
             from 1 to 1MiB\n\
             --token (flag): found (hidden), expected a token\n\
             --ack-timeout (flag): found \"\", expected a duration with its unit, from 10ms to 4s"
        );
    }

    #[test]
    fn an_argument_is_not_called_a_flag() {
        let command = command();
        let matches = command.clone().get_matches_from(["weir-test", "foo"]);
        let mut reader = Reader::new(&command, &matches);
        reader.optional("probe", &form::choice(&[("live", ())]));
        let text = reader.finish(None::<()>).unwrap_err().to_string();
        assert_eq!(text, "probe (argument): found \"foo\", expected one of live");
    }

    #[test]
    fn a_problem_between_settings_is_noted_under_its_flag() {
        let command = command();
        let matches = command.clone().get_matches_from(["weir-test"]);
        let mut reader = Reader::new(&command, &matches);
        reader.problem("token", "a token, or --brokers");
        let text = reader.finish(None::<()>).unwrap_err().to_string();
        assert_eq!(text, "--token (not set): expected a token, or --brokers (or set WEIR_TOKEN)");
    }
}
