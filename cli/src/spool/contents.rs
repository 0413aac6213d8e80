//! What is in a delivery, without what people wrote: its events, counted by kind.

use schemas::Refusal;
use std::collections::BTreeMap;

/// As many as ingest takes where nothing else is set.
const MAX_EVENTS: usize = 10_000;

/// The events of a body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Contents {
    /// How many there are of each kind.
    pub(super) kinds: BTreeMap<String, usize>,
    /// Why a part of it, or all, goes to the dead letters.
    pub(super) refusal: Option<Refusal>,
}

impl Contents {
    pub(super) fn of(body: &[u8]) -> Self {
        let split = schemas::split(body, MAX_EVENTS);
        let mut kinds = BTreeMap::new();
        for event in &split.events {
            *kinds.entry(event.kind.to_string()).or_default() += 1;
        }
        Self { kinds, refusal: split.refusal }
    }

    /// On one line: `2 message, postback`.
    pub(super) fn sentence(&self) -> String {
        let counted = self.kinds.iter().map(|(kind, count)| match count {
            1 => kind.clone(),
            count => format!("{count} {kind}"),
        });
        let refusal = self.refusal.map(|refusal| format!("({refusal})"));
        let parts: Vec<_> = counted.chain(refusal).collect();
        if parts.is_empty() { "none".to_owned() } else { parts.join(", ") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_counted_and_what_is_no_webhook_is_said() {
        let sentence = |body: &[u8]| Contents::of(body).sentence();
        let batch = include_bytes!("../../../schemas/fixtures/message/text.json");
        assert_eq!(sentence(batch), "message");
        let twice = [&b"["[..], batch, b",", batch, b",{}]"].concat();
        assert_eq!(sentence(&twice), "2 message, (not_a_delivery)");
        assert_eq!(sentence(b"Hello"), "(not_json)");
        assert_eq!(sentence(br#"{"object":"instagram","entry":[]}"#), "none");
    }
}
