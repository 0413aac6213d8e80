//! Flags and arguments of a command line, with the form of their values.

use clap::{Arg, ArgAction};
use runtime::settings::{Form, Reader, Setting, form};
use std::ops::RangeInclusive;

type Read<T> = Box<dyn FnOnce(&mut Reader<'_>) -> Option<T>>;

/// A flag or an argument, and how its value is read.
pub(crate) struct Flag<T> {
    argument: Arg,
    read: Read<T>,
}

/// A flag `--{id}` with a value; it must have one, if only its default.
pub(crate) fn flag<T: 'static>(id: &'static str, value_name: &'static str, form: Form<T>) -> Flag<T> {
    let argument = Arg::new(id).long(id).value_name(value_name).allow_negative_numbers(true);
    Flag { argument, read: Box::new(move |reader| reader.required(id, &form)) }
}

/// A flag `--{id}` that takes a whole number of this range.
pub(crate) fn count<T: TryFrom<u64> + 'static>(id: &'static str, range: RangeInclusive<u64>) -> Flag<T> {
    flag(id, "COUNT", form::count(range))
}

/// A flag `--{id}` that is given or not.
pub(crate) fn switch(id: &'static str) -> Flag<bool> {
    let argument = Arg::new(id).long(id).action(ArgAction::SetTrue);
    Flag { argument, read: Box::new(move |reader| Some(reader.matches().get_flag(id))) }
}

/// A flag `--{id}` with any number of values. What is wrong with one is a problem of the whole command, not of this setting.
pub(crate) fn several<T: 'static>(id: &'static str, value_name: &'static str, form: Form<T>) -> Flag<Vec<T>> {
    let argument = Arg::new(id).long(id).value_name(value_name).num_args(1..).action(ArgAction::Append);
    let read = move |reader: &mut Reader<'_>| {
        let words: Vec<String> = reader.matches().get_many(id).into_iter().flatten().cloned().collect();
        let wrong = words.iter().filter(|word| form.parse(word).is_none());
        reader.refuse(id, wrong, form.expected());
        Some(words.iter().filter_map(|word| form.parse(word)).collect())
    };
    Flag { argument, read: Box::new(read) }
}

impl<T: 'static> Flag<T> {
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

    /// What begins with a dash is a value too, so that it is refused by its form.
    pub(crate) fn with_dashes(self) -> Self {
        Self { argument: self.argument.allow_hyphen_values(true), ..self }
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

    /// It may be left out. What is wrong with a value is a problem of the whole command, not of this setting.
    pub(crate) fn optional(self) -> Flag<Option<T>> {
        let Self { argument, read } = self;
        let id = argument.get_id().clone();
        let read =
            move |reader: &mut Reader<'_>| Some(reader.is_set(id.as_str()).then(|| read(reader)).flatten());
        Flag { argument, read: Box::new(read) }
    }
}

impl<T: 'static> From<Flag<T>> for Setting<T> {
    fn from(Flag { argument, read }: Flag<T>) -> Self {
        Self {
            declare: Box::new(|command, _, help| command.arg(argument.help(help.trim().replace("\n ", " ")))),
            read: Box::new(|reader, _| read(reader)),
        }
    }
}
