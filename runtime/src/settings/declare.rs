//! One declaration of each setting: its flag, variable, help, default, form and checked type.
//!
//! [`settings!`](crate::settings!) makes of it the struct of checked values, the flags of the command line and what reads them. The name of
//! a field is that of its flag and variable (`ack_timeout`, `--ack-timeout`, `WEIR_ACK_TIMEOUT`), its documentation the help.

use std::fmt;

use clap::builder::{Resettable, Str};
use clap::{Arg, ArgMatches, Command};

use super::{Form, Reader};

type Declare = Box<dyn FnOnce(Command, &'static str, &str) -> Command>;
type Read<T> = Box<dyn FnOnce(&mut Reader<'_>, &str) -> Option<T>>;

/// How a field is declared on the command line and read from it.
pub struct Setting<T> {
    /// Adds its flag to a command line, by its name and help.
    pub declare: Declare,
    /// Its checked value, by its name; `None` means that the reader has noted a problem.
    pub read: Read<T>,
}

/// A setting with a default, which has the form too.
pub fn with_default<T: 'static>(
    value_name: &'static str,
    default: &'static str,
    form: Form<T>,
) -> Setting<T> {
    flag(value_name, Some(default), move |reader, id| reader.required(id, &form))
}

/// A setting that has to be given.
pub fn required<T: 'static>(value_name: &'static str, form: Form<T>) -> Setting<T> {
    flag(value_name, None, move |reader, id| reader.required(id, &form))
}

/// A setting that may be left out.
pub fn optional<T: 'static>(value_name: &'static str, form: Form<T>) -> Setting<Option<T>> {
    flag(value_name, None, move |reader, id| {
        let is_given = reader.is_set(id);
        let value = reader.optional(id, &form);
        (value.is_some() || !is_given).then_some(value)
    })
}

fn flag<T: 'static>(
    value_name: &'static str,
    default: Option<&'static str>,
    read: impl FnOnce(&mut Reader<'_>, &str) -> Option<T> + 'static,
) -> Setting<T> {
    let declare = move |command: Command, id, help: &str| {
        command.arg(argument(id, value_name, help).default_value(default))
    };
    Setting { declare: Box::new(declare), read: Box::new(read) }
}

/// What no flag changes.
pub fn fixed<T: 'static>(value: T) -> Setting<T> {
    Setting { declare: Box::new(|command, _, _| command), read: Box::new(|_, _| Some(value)) }
}

/// Settings that are declared elsewhere.
pub fn part<T: 'static>(
    declare: fn(Command) -> Command,
    read: fn(&mut Reader<'_>) -> Option<T>,
) -> Setting<T> {
    Setting {
        declare: Box::new(move |command, _, _| {
            let before = command.get_next_help_heading().map(|heading| Str::from(heading.to_owned()));
            declare(command).next_help_heading(before.map_or(Resettable::Reset, Resettable::Value))
        }),
        read: Box::new(move |reader, _| read(reader)),
    }
}

impl<T: Default + 'static> Setting<Option<T>> {
    /// The type's default where it is left out.
    #[must_use]
    pub fn or_default(self) -> Setting<T> {
        let read =
            move |reader: &mut Reader<'_>, id: &str| (self.read)(reader, id).map(Option::unwrap_or_default);
        Setting { declare: self.declare, read: Box::new(read) }
    }
}

/// The values of `--help`, whatever the environment says.
///
/// # Panics
///
/// Where a setting has no default, or one that is not of its form.
pub fn defaults<T>(declare: fn(Command) -> Command, read: fn(&mut Reader<'_>) -> Option<T>) -> T {
    let (command, nothing) = (declare(Command::new("defaults")), ArgMatches::default());
    read(&mut Reader::new(&command, &nothing)).expect("every setting has a default of its form")
}

impl<T> fmt::Debug for Setting<T> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Setting").finish_non_exhaustive()
    }
}

/// `--ack-timeout` and `WEIR_ACK_TIMEOUT` of `ack_timeout`.
fn argument(id: &'static str, value_name: &'static str, help: &str) -> Arg {
    assert!(!help.trim().is_empty(), "a setting says in its documentation what it is: {id}");
    let (long, variable) = (id.replace('_', "-"), format!("WEIR_{}", id.to_uppercase()));
    let argument = Arg::new(id).long(long).env(variable).value_name(value_name);
    let paragraphs: Vec<String> = help.trim().split("\n\n").map(one_line).collect();
    match paragraphs.as_slice() {
        [only] => argument.help(only.clone()),
        [first, ..] => argument.help(first.clone()).long_help(paragraphs.join("\n\n")),
        [] => argument,
    }
}

/// A paragraph of a comment without its line ends.
fn one_line(paragraph: &str) -> String {
    paragraph.lines().map(str::trim).collect::<Vec<_>>().join(" ")
}

/// Declares a struct of settings, after the heading of their flags in `--help` where they have one. What follows `check` notes what
/// is wrong with several together.
///
/// ```
/// use weir_runtime::settings::{form, with_default};
/// use std::time::Duration;
///
/// weir_runtime::settings! {
///     "Brewing",
///     /// How coffee is made.
///     #[derive(Clone, Debug, PartialEq)]
///     pub struct BrewSettings {
///         /// How long water stays on the coffee
///         pub brew_time: Duration = with_default("DURATION", "4m", form::duration(Duration::ZERO..=Duration::from_mins(10))),
///     }
/// }
/// let settings = weir_runtime::settings::defaults(BrewSettings::declare, BrewSettings::read);
/// assert_eq!(settings.brew_time, Duration::from_mins(4));
/// ```
#[macro_export]
macro_rules! settings {
    (
        $($heading:literal,)?
        $(#[$attribute:meta])*
        $visibility:vis struct $name:ident {
            $( $(#[doc = $help:literal])* $field_visibility:vis $field:ident: $type:ty = $setting:expr, )+
        }
        $(check $check:expr)?
    ) => {
        $(#[$attribute])*
        $visibility struct $name {
            $( $(#[doc = $help])* $field_visibility $field: $type, )+
        }

        impl $name {
            /// Adds the flags to a command line.
            $visibility fn declare(command: $crate::settings::Command) -> $crate::settings::Command {
                $(let command = command.next_help_heading($heading);)?
                $(
                    let setting: $crate::settings::Setting<$type> = $setting;
                    let command = (setting.declare)(command, stringify!($field), concat!($($help, "\n"),*));
                )+
                command
            }

            /// Reads and checks the values; `None` means that `reader` has noted problems.
            $visibility fn read(reader: &mut $crate::settings::Reader<'_>) -> Option<Self> {
                $(
                    let setting: $crate::settings::Setting<$type> = $setting;
                    let $field = (setting.read)(reader, stringify!($field));
                )+
                let settings = Self { $($field: $field?),+ };
                $(
                    let check: fn(&Self, &mut $crate::settings::Reader<'_>) = $check;
                    check(&settings, reader);
                )?
                Some(settings)
            }
        }
    };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::form;

    crate::settings! {
        "Testing",
        /// One of each sort.
        #[derive(Debug, PartialEq, Eq)]
        struct Settings {
            /// The first line
            /// and the second
            ///
            /// More.
            count_of_things: usize = with_default("COUNT", "4", form::count(1..=100)),
            /// Has to be there
            name: String = required("NAME", form::text()),
            /// Need not be there
            other: Option<u64> = optional("COUNT", form::count(1..=9)),
        }
        check |settings: &Settings, reader: &mut Reader<'_>| {
            if settings.other == Some(settings.count_of_things as u64) {
                reader.problem("other", "another number than --count-of-things");
            }
        }
    }

    fn read(arguments: &[&str]) -> Result<Settings, String> {
        let command = Settings::declare(Command::new("weir-test"));
        let matches = command.clone().get_matches_from(["weir-test"].iter().chain(arguments));
        let mut reader = Reader::new(&command, &matches);
        let settings = Settings::read(&mut reader);
        reader.finish(settings).map_err(|problems| problems.to_string())
    }

    #[test]
    fn a_field_is_a_flag_a_variable_and_its_help() {
        let command = Settings::declare(Command::new("weir-test"));
        let argument = command.get_arguments().next().unwrap();
        assert_eq!(argument.get_long(), Some("count-of-things"));
        assert_eq!(argument.get_env().unwrap(), "WEIR_COUNT_OF_THINGS");
        assert_eq!(argument.get_help_heading(), Some("Testing"));
        assert_eq!(argument.get_help().unwrap().to_string(), "The first line and the second");
        assert_eq!(argument.get_long_help().unwrap().to_string(), "The first line and the second\n\nMore.");
    }

    #[test]
    #[should_panic(expected = "says in its documentation what it is: unexplained")]
    fn a_setting_without_a_word_of_what_it_is_cannot_be_declared() {
        let setting = required("NAME", form::text());
        (setting.declare)(Command::new("weir-test"), "unexplained", "\n");
    }

    #[test]
    fn what_is_left_out_is_the_default_or_nothing_or_a_problem() {
        let settings = Settings { count_of_things: 4, name: String::from("a"), other: None };
        assert_eq!(read(&["--name", "a"]), Ok(settings));
        assert_eq!(read(&["--name", "a", "--other", "7"]).unwrap().other, Some(7));
        assert!(read(&[]).unwrap_err().starts_with("--name (not set): expected some text"));
    }

    #[test]
    fn all_problems_are_found_at_once() {
        assert_eq!(read(&["--count-of-things", "0", "--other", "many"]).unwrap_err().lines().count(), 3);
    }

    #[test]
    fn a_check_sees_several_together() {
        let problem = read(&["--name", "a", "--other", "4"]).unwrap_err();
        assert!(problem.ends_with("expected another number than --count-of-things"), "{problem}");
    }
}
