//! Until when a customer may be answered.

use schemas::Millis;
use schemas::inbox::{Direction, EventName};
use std::time::Duration;

/// Meta's standard messaging window. With the tag `HUMAN_AGENT` it is 7 days.
const WINDOW: Duration = Duration::from_hours(24);

/// The end of the window that what happened at `time` opens; `None` for what opens none: what the account did, what Meta
/// reports, and what a customer did to a message of before.
pub(super) fn end(name: EventName, direction: Option<Direction>, time: Millis) -> Option<Millis> {
    let opens = matches!(
        name,
        EventName::MessageReceived
            | EventName::StoryMentioned
            | EventName::OrderReceived
            | EventName::PostbackReceived
            | EventName::ReferralReceived
            | EventName::ReactionAdded
    );
    (opens && direction == Some(Direction::Incoming)).then(|| time.after(WINDOW))
}
