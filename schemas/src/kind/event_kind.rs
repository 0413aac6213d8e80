//! A kind together with the channel that it came on.

use super::Kind;
use crate::topic::Topic;
use std::fmt;
use std::str::FromStr;

/// A kind, and whether another app owned the thread when it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, enum_map::Enum)]
pub struct EventKind {
    /// What the item is.
    pub kind: Kind,
    /// Whether it came on the standby channel: to be seen, not to be answered.
    pub standby: bool,
}

impl EventKind {
    /// The topic that carries it: the standby channel has one of its own, so that no bot answers by mistake.
    pub const fn topic(self) -> Topic {
        if self.standby { Topic::Standby } else { self.kind.spec().topic }
    }

    /// `standby.` or nothing: what stands before the kind's name.
    pub(crate) const fn prefix(self) -> &'static str {
        if self.standby { "standby." } else { "" }
    }
}

impl fmt::Display for EventKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.prefix())?;
        formatter.write_str(self.kind.as_str())
    }
}

/// A kind's name that this version does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownKind;

impl FromStr for EventKind {
    type Err = UnknownKind;

    fn from_str(name: &str) -> Result<Self, UnknownKind> {
        let (standby, name) = name.strip_prefix("standby.").map_or((false, name), |bare| (true, bare));
        let kind = Kind::ALL.into_iter().find(|kind| kind.as_str() == name).ok_or(UnknownKind)?;
        Ok(Self { kind, standby })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_read_back() {
        for kind in Kind::ALL {
            for standby in [false, true] {
                let kind = EventKind { kind, standby };
                assert_eq!(kind.to_string().parse(), Ok(kind));
            }
        }
        assert_eq!("telepathy".parse::<EventKind>(), Err(UnknownKind));
    }

    #[test]
    fn the_standby_channel_has_a_topic_of_its_own() {
        for kind in Kind::ALL {
            assert_eq!(EventKind { kind, standby: true }.topic(), Topic::Standby);
            assert_ne!(EventKind { kind, standby: false }.topic(), Topic::Standby);
        }
    }
}
