//! What one event says: its labels, and its ages. Pure.

use schemas::{Carrier, EventKind, Millis, TypedEvent};
use std::borrow::Cow;
use std::time::Duration;

/// The label of what is not in a closed set.
pub(crate) const OTHER: &str = "other";

/// The objects that Meta sends webhooks for
/// (<https://developers.facebook.com/docs/graph-api/webhooks/reference>); any other name counts as [`OTHER`], so that
/// no sender can make labels.
pub(crate) const OBJECTS: [&str; 7] =
    ["instagram", "page", "whatsapp_business_account", "user", "permissions", "application", "ad_account"];

/// What one event adds to the metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Observation {
    /// Meta's object, of [`OBJECTS`], or [`OTHER`].
    pub(crate) object: &'static str,
    /// The kind's public name, `standby.` included, or [`OTHER`] for one that this version does not know.
    pub(crate) kind: Cow<'static, str>,
    /// Where in the entry it stood, of [`Carrier::ALL`], or [`OTHER`].
    pub(crate) carrier: &'static str,
    /// Whether the dashboard's test button sent it.
    pub(crate) test: bool,
    /// From when it happened to when ingest received it; `None` where Meta or ingest does not say.
    pub(crate) at_receipt: Option<Duration>,
    /// From when ingest received it to now.
    pub(crate) since_receipt: Option<Duration>,
}

impl Observation {
    /// What `event`, of this kind, says at the instant `now`. A clock that runs behind another gives an age of zero.
    pub(crate) fn of(event: &TypedEvent<'_>, kind: Option<EventKind>, now: Millis) -> Self {
        let happened = event.time.as_deref().and_then(Millis::parse);
        let received = event.recordedtime.as_deref().and_then(Millis::parse);
        Self {
            object: one_of(&event.metaobject, OBJECTS),
            kind: kind.map_or(Cow::Borrowed(OTHER), name),
            carrier: one_of(&event.metacarrier, Carrier::ALL.iter().map(|carrier| carrier.as_str())),
            test: event.metatest,
            at_receipt: received.zip(happened).map(|(received, happened)| received.since(happened)),
            since_receipt: received.map(|received| now.since(received)),
        }
    }
}

fn name(kind: EventKind) -> Cow<'static, str> {
    if kind.standby { Cow::Owned(kind.to_string()) } else { Cow::Borrowed(kind.kind.as_str()) }
}

fn one_of(name: &str, known: impl IntoIterator<Item = &'static str>) -> &'static str {
    known.into_iter().find(|candidate| *candidate == name).unwrap_or(OTHER)
}

#[cfg(test)]
mod tests;
