//! What a command can be asked for: a struct of settings, each of which declares and reads itself.

use clap::Command;
use runtime::settings::{KafkaSettings, Reader, Setting, part};

/// Several settings together; made by [`settings!`].
pub(crate) trait Settings: Sized + 'static {
    /// The command with their flags.
    fn declare(command: Command) -> Command;
    /// Reads and checks them; `None` means that a problem was noted.
    fn read(reader: &mut Reader<'_>) -> Option<Self>;
}

/// Declares a struct of settings as `runtime::settings!` does, but for the names of flags and variables, which a
/// [`Flag`](super::Flag) says itself: many have no variable, and some no name.
macro_rules! settings {
    (
        $(#[$attribute:meta])*
        $visible:vis struct $name:ident {
            $($(#[doc = $help:literal])* $field:ident: $value:ty = $setting:expr,)*
        }
        $(check $check:expr)?
    ) => {
        runtime::settings! {
            $(#[$attribute])*
            #[derive(Clone, Debug, PartialEq, Eq)]
            $visible struct $name {
                $($(#[doc = $help])* pub(crate) $field: $value = $setting.into(),)*
            }
            $(check $check)?
        }

        // What a struct has by itself comes before a trait's.
        impl $crate::tool::settings::Settings for $name {
            fn declare(command: clap::Command) -> clap::Command {
                Self::declare(command)
            }

            fn read(reader: &mut runtime::settings::Reader<'_>) -> Option<Self> {
                Self::read(reader)
            }
        }
    };
}
pub(crate) use settings;

/// Settings within others.
pub(crate) fn group<S: Settings>() -> Setting<S> {
    part(S::declare, S::read)
}

/// How to reach Kafka.
pub(crate) fn kafka() -> Setting<KafkaSettings> {
    part(KafkaSettings::declare, KafkaSettings::read)
}

/// Settings of which none is read where `is_given` says no. What is wrong with them is a problem of the whole command, not of these.
pub(crate) fn perhaps<S: Settings>(is_given: fn(&Reader<'_>) -> bool) -> Setting<Option<S>> {
    let read =
        move |reader: &mut Reader<'_>, _: &str| Some(is_given(reader).then(|| S::read(reader)).flatten());
    Setting { declare: group::<S>().declare, read: Box::new(read) }
}
