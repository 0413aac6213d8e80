//! What became of a command: the records of the topic `replies.results`.

use super::{Action, Open};
use crate::word::words;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

/// What became of a command, so far: `intended` before it is carried out, then one of the others.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct CommandResult<'a> {
    /// The command's id. Always present.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// The account or page that answers; empty where the command names none that can be read. Always present.
    #[serde(borrow)]
    pub account: Cow<'a, str>,
    /// What was to be done; empty where the command names nothing that can be read. Always present.
    pub action: Open<Action>,
    /// What became of it. Always present.
    pub status: Open<ResultStatus>,
    /// When that was; RFC 3339 in UTC with milliseconds. Always present.
    #[serde(borrow)]
    #[cfg_attr(feature = "json-schema", schemars(extend("format" = "date-time")))]
    pub at: Cow<'a, str>,
    /// Which attempt it is about: 1, more only where commands of unknown outcome are sent again. Always present.
    pub attempt: u32,
    /// Who intends it, in a word of chance; of several that intend one attempt, the first in the topic carries it out, or
    /// the next one behind a record that gives it back, whose claim is `given_back:` and that of the first. Present with
    /// the status `intended`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<Cow<'a, str>>,
    /// What the Graph API answered, verbatim; `message_id` is the `mid` of the echo. Present with the status `done`, but
    /// where Meta says by an error that it was done.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "json-schema", schemars(extend("type" = crate::json_schema::ANY)))]
    pub answer: Option<&'a RawValue>,
    /// Why it was refused, or its outcome is unknown: a word such as `bad_command`, `wrong_key`, `too_late`,
    /// `window_closed`, `not_reachable`, `permission`, `throttled`, `token`, `timed_out`, `interrupted`. Present with the
    /// statuses `refused` and `unknown`.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Cow<'a, str>>,
    /// The same in a sentence, with the member and the form expected, or Meta's codes and trace id; without people's
    /// words. Present where `reason` is.
    #[serde(borrow, default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Cow<'a, str>>,
    /// The partition of the command's record. Always present.
    pub partition: i32,
    /// The offset of the command's record. Always present.
    pub offset: i64,
}

words! {
    /// What became of a command.
    pub enum ResultStatus {
        /// It is about to be carried out; or, with a claim `given_back:`, nothing was done under the claim named behind that.
        Intended = "intended",
        /// It was carried out.
        Done = "done",
        /// It was not carried out, and will not be; its id is used up, so that a corrected command needs another one.
        Refused = "refused",
        /// It may have been carried out or not: no answer came, or none that says. It is not sent again by itself.
        Unknown = "unknown",
    }
}
