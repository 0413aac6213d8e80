//! Flags and arguments of a command line, with the form of their values.

use super::{Given, Setting};
use clap::{Arg, ArgAction, Command};
use runtime::settings::{Form, form};
use std::ops::RangeInclusive;

/// A flag with a value; it must have one, if only its default.
pub(crate) struct Flag<T> {
    id: &'static str,
    argument: Arg,
    form: Form<T>,
}

/// A flag `--{id}`.
pub(crate) fn flag<T>(id: &'static str, value_name: &'static str, form: Form<T>) -> Flag<T> {
    Flag { id, argument: Arg::new(id).long(id).value_name(value_name), form }
}

/// A flag `--{id}` that takes a whole number of this range.
pub(crate) fn count<T: TryFrom<u64> + 'static>(id: &'static str, range: RangeInclusive<u64>) -> Flag<T> {
    flag(id, "COUNT", form::count(range).narrow())
}

impl<T> Flag<T> {
    /// An environment variable can give it too.
    pub(crate) fn env(self, name: &'static str) -> Self {
        Self { argument: self.argument.env(name), ..self }
    }

    /// What it is where nobody gives it.
    pub(crate) fn or(self, default: &'static str) -> Self {
        Self { argument: self.argument.default_value(default), ..self }
    }

    /// What help calls its value.
    pub(crate) fn named(self, value_name: &'static str) -> Self {
        Self { argument: self.argument.value_name(value_name), ..self }
    }

    /// It cannot be given beside another.
    pub(crate) fn without(self, other: &'static str) -> Self {
        Self { argument: self.argument.conflicts_with(other), ..self }
    }

    /// It is given without its name.
    pub(crate) fn positional(self) -> Self {
        Self { argument: self.argument.long(None), ..self }
    }

    /// The command line must have it.
    pub(crate) fn required(self) -> Self {
        Self { argument: self.argument.required(true), ..self }
    }

    /// No help shows it.
    pub(crate) fn hidden(self) -> Self {
        Self { argument: self.argument.hide(true), ..self }
    }

    /// It may be left out.
    pub(crate) const fn optional(self) -> Optional<T> {
        Optional(self)
    }
}

impl<T> Setting for Flag<T> {
    type Value = T;

    fn declare(&self, command: Command, help: &'static str) -> Command {
        command.arg(self.argument.clone().help(help.trim()))
    }

    fn read(&self, given: &mut Given<'_>) -> Option<T> {
        given.reader.required(self.id, &self.form)
    }
}

/// A flag that may be left out.
pub(crate) struct Optional<T>(Flag<T>);

impl<T> Setting for Optional<T> {
    type Value = Option<T>;

    fn declare(&self, command: Command, help: &'static str) -> Command {
        self.0.declare(command, help)
    }

    /// What is wrong with a value is a problem of the whole command, not of this setting.
    fn read(&self, given: &mut Given<'_>) -> Option<Option<T>> {
        Some(given.reader.optional(self.0.id, &self.0.form))
    }
}

/// A flag that is given or not.
pub(crate) struct Switch(&'static str, Option<&'static str>);

/// A flag that is given or not.
pub(crate) const fn switch(id: &'static str) -> Switch {
    Switch(id, None)
}

impl Switch {
    /// It cannot be given beside another.
    pub(crate) const fn without(self, other: &'static str) -> Self {
        Self(self.0, Some(other))
    }
}

impl Setting for Switch {
    type Value = bool;

    fn declare(&self, command: Command, help: &'static str) -> Command {
        let switch = Arg::new(self.0).long(self.0).action(ArgAction::SetTrue).help(help.trim());
        command.arg(switch.conflicts_with_all(self.1))
    }

    fn read(&self, given: &mut Given<'_>) -> Option<bool> {
        Some(given.matches.get_flag(self.0))
    }
}

/// A flag or an argument that takes several words.
pub(crate) struct Words(Arg);

/// Several words; `shape` says whether they follow a flag, how many they are, and what they exclude.
pub(crate) fn words(id: &'static str, value_name: &'static str, shape: fn(Arg) -> Arg) -> Words {
    Words(shape(Arg::new(id).value_name(value_name).action(ArgAction::Append)))
}

impl Setting for Words {
    type Value = Vec<String>;

    fn declare(&self, command: Command, help: &'static str) -> Command {
        command.arg(self.0.clone().help(help.trim()))
    }

    fn read(&self, given: &mut Given<'_>) -> Option<Vec<String>> {
        let words = given.matches.get_many::<String>(self.0.get_id().as_str());
        Some(words.into_iter().flatten().cloned().collect())
    }
}
