//! Typed events, made of deliveries as ingest makes them, on the topics that ingest writes them to.

use std::time::SystemTime;

use anyhow::Result;
use schemas::Millis;
use weir_tests::filled;
use weir_tests::pipeline::{Ground, PREFIX};

const ACCOUNT: &str = "17841405726653026";
/// Conversations, or posts that are commented on.
const KEYS: u32 = 50_000;

/// What the backlog consists of.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// Messages of customers.
    Message,
    /// Comments that the account has written itself, which are not looked up.
    OwnComment,
}

/// Puts so many events on their topic; returns once all of them are acknowledged.
pub(crate) async fn fill(ground: &Ground, kind: Kind, events: u32) -> Result<()> {
    let now = Millis::of(SystemTime::now()).as_millis();
    let bodies = (0..events).map(|number| kind.body(number, now));
    filled::fill(ground.kafka.bootstrap(), PREFIX, bodies).await.map(drop)
}

impl Kind {
    fn body(self, number: u32, now: u64) -> String {
        let one = number % KEYS;
        match self {
            Self::Message => format!(
                r#"{{"object":"instagram","entry":[{{"id":"{ACCOUNT}","time":{now},"messaging":[{{"sender":{{"id":"90{one:08}"}},"recipient":{{"id":"{ACCOUNT}"}},"timestamp":{now},"message":{{"mid":"backlog-{number}","text":"message {number} of a backlog"}}}}]}}]}}"#
            ),
            Self::OwnComment => format!(
                r#"{{"object":"instagram","entry":[{{"id":"{ACCOUNT}","time":{},"changes":[{{"field":"comments","value":{{"id":"180{number:08}","text":"comment {number} of a backlog","from":{{"id":"{ACCOUNT}","username":"shop"}},"media":{{"id":"179{one:08}","media_product_type":"FEED"}}}}}}]}}]}}"#,
                now / 1_000
            ),
        }
    }
}
