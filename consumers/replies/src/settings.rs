//! The settings of `weir-replies` beside the common ones.

use runtime::settings::{fixed, form, part, with_default};
use std::ops::RangeInclusive;
use std::time::Duration;
use weir_graph::GraphParts;

const PATIENCE: RangeInclusive<Duration> = Duration::ZERO..=Duration::from_hours(24);
/// The results topic, which is read back for what became of older commands, keeps records for 7 days.
const AGES: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(6 * 24);

runtime::settings! {
    "Replies",
    /// The settings of `weir-replies`.
    #[derive(Clone, Debug, PartialEq, Eq)]
    pub struct ReplySettings {
        /// The Graph API.
        pub graph: GraphParts = part(GraphParts::declare, GraphParts::read),
        /// How long a command may wait for a limit of Meta's, or for a host that cannot be reached, before it is refused: at once
        /// where what is left of a stop would exceed it.
        /// For one account's limit, which holds up the commands of others in its partition, the waits of its commands are summed
        /// until a call is answered. Those that wait for one host while another is reached, or for one person, wait at the same time: each
        /// from when it was written, at the earliest
        pub reply_patience: Duration = with_default("DURATION", "15m", form::duration(PATIENCE)),
        /// How old a command may be when its turn comes; older ones are refused. A second one of the same account and id is passed
        /// over for an hour longer than that, and carried out when it is written later
        pub reply_max_age: Duration = with_default("DURATION", "24h", form::duration(AGES)),
        /// Likes of an Instagram account, and likes taken back, that one process sends within 5 seconds, at most; more wait. Meta
        /// locks an account's likes for an hour after more than 50, those of all processes together
        pub reply_likes: usize = with_default("COUNT", "20", form::count(1..=50)),
        /// The time over which Meta counts likes
        pub likes_within: Duration = fixed(Duration::from_secs(5)),
        /// How often a command is sent again whose outcome is unknown; each time the customer may read it twice
        pub resend_unknown: u32 = with_default("COUNT", "0", form::count(0..=10)),
        /// Commands that are remembered, at most, so that none is carried out twice; no more are begun when they are
        /// reached; those that were refused without a call make room for others
        pub remembered_commands: usize = with_default("COUNT", "1000000", form::count(1_000..=100_000_000)),
    }
}

#[cfg(test)]
pub(crate) mod tests;
