//! What a command can be asked for: a struct of settings, each of which declares and reads itself.

use clap::{ArgMatches, Command};
use runtime::settings::{KafkaSettings, Problem, Reader, without_passwords};

/// What was given on a command line and in the environment.
pub(crate) struct Given<'a> {
    /// Reads values, and collects what is wrong with them.
    pub(crate) reader: Reader<'a>,
    /// What clap found.
    pub(crate) matches: &'a ArgMatches,
}

impl Given<'_> {
    /// Notes each of several words of a setting that is none of what is expected.
    pub(crate) fn refuse<'w>(&mut self, id: &str, wrong: impl Iterator<Item = &'w String>, expected: &str) {
        for word in wrong {
            let (setting, source) = (self.reader.flag(id), self.reader.source(id));
            let (found, expected) = (format!("{:?}", without_passwords(word)), expected.to_owned());
            self.reader.add(Problem { setting, source, found, expected });
        }
    }
}

/// Several settings together; made by [`settings!`].
pub(crate) trait Settings: Sized + 'static {
    /// The command with their flags.
    fn declare(command: Command) -> Command;
    /// Reads and checks them; `None` means that a problem was noted.
    fn read(given: &mut Given<'_>) -> Option<Self>;
}

/// One of them.
pub(crate) trait Setting {
    type Value;
    /// The command with its flag.
    fn declare(&self, command: Command, help: &'static str) -> Command;
    /// Reads and checks it; `None` means that a problem was noted.
    fn read(&self, given: &mut Given<'_>) -> Option<Self::Value>;
}

/// Declares a struct of settings: the comment of a field is the help of its flag, what follows `=` how it is read, and what
/// follows `check` finds what is wrong with several together.
macro_rules! settings {
    (
        $(#[$attribute:meta])*
        $visible:vis struct $name:ident {
            $($(#[doc = $help:literal])* $field:ident: $value:ty = $setting:expr,)*
        }
        $(check $check:expr)?
    ) => {
        $(#[$attribute])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        $visible struct $name {
            $($(#[doc = $help])* pub(crate) $field: $value,)*
        }

        impl $crate::tool::settings::Settings for $name {
            fn declare(command: clap::Command) -> clap::Command {
                $(let command = $crate::tool::settings::declare::<$value>(&$setting, command, concat!($($help),*));)*
                command
            }

            fn read(given: &mut $crate::tool::settings::Given<'_>) -> Option<Self> {
                $(let $field: Option<$value> = $crate::tool::settings::Setting::read(&$setting, given);)*
                let read = Self { $($field: $field?,)* };
                $($check(&read, given);)?
                Some(read)
            }
        }
    };
}
pub(crate) use settings;

/// Declares the flag of a setting of this type.
pub(crate) fn declare<V>(setting: &impl Setting<Value = V>, command: Command, help: &'static str) -> Command {
    setting.declare(command, help)
}

/// Settings within others.
pub(crate) struct Group<T> {
    declare: fn(Command) -> Command,
    read: Read<T>,
}

/// Reads settings of what was given; none where one is wrong.
type Read<T> = Box<dyn Fn(&mut Given<'_>) -> Option<T>>;

/// Settings within others.
pub(crate) fn group<S: Settings>() -> Group<S> {
    Group { declare: S::declare, read: Box::new(S::read) }
}

/// Settings that are declared elsewhere.
pub(crate) fn part<T: 'static>(
    declare: fn(Command) -> Command,
    read: fn(&mut Reader<'_>) -> Option<T>,
) -> Group<T> {
    Group { declare, read: Box::new(move |given| read(&mut given.reader)) }
}

/// How to reach Kafka.
pub(crate) fn kafka() -> Group<KafkaSettings> {
    part(KafkaSettings::declare, KafkaSettings::read)
}

/// Settings of which none is read where `is_given` says no. What is wrong with them is a problem of the whole command, not of these.
pub(crate) fn perhaps<S: Settings>(is_given: fn(&Given<'_>) -> bool) -> Group<Option<S>> {
    let read = move |given: &mut Given<'_>| Some(is_given(given).then(|| S::read(given)).flatten());
    Group { declare: S::declare, read: Box::new(read) }
}

impl<T> Setting for Group<T> {
    type Value = T;

    fn declare(&self, command: Command, _: &'static str) -> Command {
        (self.declare)(command)
    }

    fn read(&self, given: &mut Given<'_>) -> Option<T> {
        (self.read)(given)
    }
}
