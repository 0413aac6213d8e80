//! Until when Meta takes a message, as far as its command says: pure.
//!
//! Source: Meta's pages on sending messages: 24 hours after the customer's message, and 7 days with the tag `HUMAN_AGENT`.

use super::members::Members;
use super::time;
use crate::outcome::Cause;
use schemas::Millis;

/// What the tag gives beyond the 24 hours, in milliseconds.
const HUMAN_AGENT_MORE: u64 = 6 * 24 * 3_600_000;

/// Until when a message may be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Until when without a tag.
    ends: Millis,
    is_human_agent: bool,
}

impl Window {
    /// The window that the command names; none where it has a tag or type of which Meta decides otherwise.
    pub(super) fn of(members: &Members<'_>) -> Result<Option<Self>, Cause> {
        let Some(ends) = time("window_ends_at", members)? else { return Ok(None) };
        let (tag, messaging_type) = (members.only("tag")?, members.only("messaging_type")?);
        let is_human_agent = match (tag.as_deref(), messaging_type.as_deref()) {
            (Some("HUMAN_AGENT"), _) => true,
            (None, None | Some("RESPONSE" | "UPDATE")) => false,
            _ => return Ok(None),
        };
        Ok(Some(Self { ends, is_human_agent }))
    }

    /// Why Meta would refuse the message at `now`, and which tag would do.
    pub fn closed(&self, now: Millis) -> Option<String> {
        let with_tag = Millis::since_epoch(self.ends.as_millis().saturating_add(HUMAN_AGENT_MORE));
        let ends = self.ends;
        match (now > ends, now > with_tag) {
            (_, true) => Some(format!(
                "the customer may be written to until {ends}, with the tag HUMAN_AGENT until {with_tag}: no tag would do, \
                 they have to write first"
            )),
            (true, false) if !self.is_human_agent => Some(format!(
                "the customer may be written to until {ends}: the tag HUMAN_AGENT would do until {with_tag}, where Meta has \
                 granted it to the app"
            )),
            _ => None,
        }
    }
}
