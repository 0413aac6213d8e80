//! Why records become dead letters: the words of `weir_dlq_reason`.
//!
//! Those of ingest are the code's own. `schemas` knows no consumer, so the words of consumers stand here; a test of
//! `weir-tests` compares them with the consumers' code.

use schemas::{Refusal, Topic};

/// A word, and what it says.
pub(crate) type Reason = (&'static str, &'static str);

/// Of every consumer, whatever its job.
const SHARED: [Reason; 3] = [
    (
        "retries_exhausted",
        "it failed 5 times; in weir-lookups, its calls failed for `--lookup-patience`, or far more often than other calls",
    ),
    ("panic", "the consumer panicked at it 5 times, which is a bug"),
    ("too_large", "what became of it is larger than a record may be"),
];

const MESSAGES: [Reason; 2] = [
    ("not_an_event", "the record is no typed event, or one without an id or a time"),
    ("not_of_its_kind", "its data lacks the member that its kind is told by"),
];

const LOOKUPS: [Reason; 14] = [
    ("unreadable", "the record is no typed event, or its data no object"),
    ("unexpected_kind", "events of its kind are not looked up"),
    ("bad_id", "an id that the call needs is missing or is none"),
    ("no_token", "there is no access token for its account"),
    ("token", "the Graph API refused the access token"),
    ("permission", "the access token lacks a permission"),
    (
        "no_consent",
        "the Graph API asks for the person's consent, or of a page for the permission `pages_messaging`",
    ),
    ("invalid_call", "the Graph API refused the call itself"),
    ("window_closed", "the Graph API says that the time for this call is over"),
    ("not_reachable", "the Graph API says that the person cannot be reached"),
    ("thread_control", "the Graph API says that another app has control of the conversation"),
    ("answer_too_large", "the Graph API's answer is larger than the consumer takes"),
    (
        "throttled",
        "its account's limit of calls, or a block of Meta's, lasts for longer than an event may wait",
    ),
    ("lookup_failed", "the lookup ended without a result, which is a fault of the consumer"),
];

const REPLIES: [Reason; 4] = [
    ("unreadable", "the record is no command whose id can be read"),
    ("unknown_action", "its action is none that is known"),
    (
        "bad_command",
        "a member that its action needs is missing, one that it does not have is there, or one is not as it must be",
    ),
    ("wrong_key", "its key is not that of its conversation or post"),
];

const MEDIA: [Reason; 1] = [(
    "unreadable",
    "the record is no typed event or profile, or lacks the account that its links are saved for",
)];

const METRICS: [Reason; 1] = [("not_an_event", "the record is no typed event")];

/// The words that records on a topic of dead letters have.
pub(crate) fn of(topic: Topic) -> Vec<Reason> {
    let own: &[Reason] = match topic {
        Topic::IngestDlq => {
            return Refusal::ALL.iter().map(|refusal| (refusal.as_str(), refusal.explanation())).collect();
        }
        Topic::MessagesDlq => &MESSAGES,
        Topic::LookupsDlq => &LOOKUPS,
        Topic::MetricsDlq => &METRICS,
        Topic::RepliesDlq => &REPLIES,
        Topic::MediaDlq => &MEDIA,
        _ => &[],
    };
    [own, &SHARED].concat()
}
