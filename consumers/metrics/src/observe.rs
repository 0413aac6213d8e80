//! What one event says: its labels, its times and its ages. Pure.

use schemas::{Carrier, EventKind, Millis, TypedEvent};
use std::borrow::Cow;
use std::time::Duration;

/// The labels whose values [`Observation::labels`] gives, in its order.
pub(crate) const LABELS: &[&str] = &["object", "kind", "carrier"];

/// The label of what is not in a closed set.
pub(crate) const OTHER: &str = "other";

/// The objects that Meta sends webhooks for
/// (<https://developers.facebook.com/docs/graph-api/webhooks/reference>); any other name counts as [`OTHER`].
pub(crate) const OBJECTS: [&str; 7] =
    ["instagram", "page", "whatsapp_business_account", "user", "permissions", "application", "ad_account"];

/// A typed event, with what is read of it once.
#[derive(Clone, Debug)]
pub(crate) struct Observation<'a> {
    pub(crate) event: &'a TypedEvent<'a>,
    /// `None` for one that this version does not know.
    pub(crate) kind: Option<EventKind>,
    /// When it happened; `None` where Meta does not say.
    pub(crate) happened: Option<Millis>,
    /// When ingest received it.
    pub(crate) received: Option<Millis>,
}

impl<'a> Observation<'a> {
    pub(crate) fn of(event: &'a TypedEvent<'a>) -> Self {
        Self {
            event,
            kind: event.kind(),
            happened: event.time.as_deref().and_then(Millis::parse),
            received: event.recordedtime.as_deref().and_then(Millis::parse),
        }
    }

    /// What tells the series of events apart, all of closed sets, so that no sender can make labels: Meta's object, of
    /// [`OBJECTS`]; the kind's public name, `standby.` included; and where in the entry it stood, of [`Carrier::ALL`]. Each is
    /// [`OTHER`] where this version does not know it.
    pub(crate) fn labels(&self) -> [Cow<'static, str>; 3] {
        let carriers = Carrier::ALL.iter().map(|carrier| carrier.as_str());
        let object = one_of(&self.event.metaobject, OBJECTS);
        let kind = self.kind.map_or(Cow::Borrowed(OTHER), name);
        [object.into(), kind, one_of(&self.event.metacarrier, carriers).into()]
    }

    /// From when it happened to when ingest received it; `None` where Meta or ingest does not say. A clock that runs behind another
    /// gives an age of zero.
    pub(crate) fn age_at_receipt(&self) -> Option<Duration> {
        self.received.zip(self.happened).map(|(received, happened)| received.since(happened))
    }

    /// From when ingest received it to `now`.
    pub(crate) fn age(&self, now: Millis) -> Option<Duration> {
        self.received.map(|received| now.since(received))
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
