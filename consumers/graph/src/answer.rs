//! What an answer of the Graph API means: a pure function from status and body.
//!
//! An error has been seen with HTTP 200, so the body decides and the status helps where the body says nothing.

mod app_secret;
mod codes;
mod said;

pub use said::Said;

use codes::Meaning;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// How deep an answer may nest that is passed on: every reader's parser takes it with what stands around it.
pub(crate) const MAX_DEPTH: usize = 64;

/// What error 3 mostly means.
const OF_ANOTHER_LOGIN: &str = "the app may not make this call, which is mostly one of another login: say login and page in the account's file \
                                of --accounts; an Instagram account of Facebook Login writes as its page, with the page's token";

/// What helps where the app's secret is refused, or missing.
const OF_THE_APP_SECRET: &str = "the app's secret is not that of the token's app, or Meta demands one: check the file of --graph-app-secret, or \
                                 app_secret_file in the account's file of --accounts";

/// One answer, read.
#[derive(Clone, Debug)]
pub enum Answer<'a> {
    /// What was asked for, verbatim.
    Found(&'a RawValue),
    /// It is not there any more, or not for this token: Meta does not tell the two apart. The error, verbatim, where it
    /// is JSON.
    Gone(Option<&'a RawValue>),
    /// What was to be done was done, although Meta answered with this error; nothing was read, where it was a read.
    Done(Refusal),
    /// None of these.
    Refused(Refusal),
}

/// Why the Graph API did not answer what was asked. Holds no word of its message, which may quote people and tokens.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// What can be done about it.
    pub class: RefusalClass,
    /// The HTTP status; that of the item in a batch.
    pub status: u16,
    /// Meta's `code`.
    pub code: Option<i64>,
    /// Meta's `error_subcode`.
    pub subcode: Option<i64>,
    /// Meta's `fbtrace_id`, which Meta's support asks for.
    pub trace: Option<String>,
    /// Whether Meta refuses the app's secret, so that no other token helps.
    pub is_of_app_secret: bool,
}

/// What can be done about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RefusalClass {
    /// The access token is expired, revoked or of another host (190, 102), or not proven by its own app's secret: only another one helps.
    Token,
    /// The token's app or user lacks a permission (3, 10, 200 to 299).
    Permission,
    /// Too many calls (4, 9, 17, 32, 341, 613, 80000 to 80099): a wait helps.
    Throttled,
    /// Blocked for a violation of Meta's policies (368, 2022, 10 with subcode 1893063): a long wait and a person help.
    Blocked,
    /// Meta's own trouble (-1, 1, 2, 1200, `is_transient`, 5xx): another attempt may help.
    Transient,
    /// Nothing was done, and Meta asks to try again later (2018321).
    TryLater,
    /// The 24 hours (for some messages 7 days) in which a person may be written to are over (10 with subcode 2018065,
    /// 2018278 or 2534022).
    WindowClosed,
    /// The person cannot be written to: blocked the account, closed theirs (551; 10 with 2018108, 200 with 1545041).
    NotReachable,
    /// Another app has control of the conversation (2018300; 100 with subcode 2534037).
    ThreadControl,
    /// The call as such cannot be answered (100 and others): nothing helps but another call.
    Invalid,
    /// A code that no table of Meta's has, or none: nobody knows whether another attempt helps, or whether anything was done.
    UnknownCode,
    /// No JSON object, or neither an answer to what was asked nor an error, so hardly from the Graph API: from what stands between,
    /// which may have let the call through.
    Malformed,
    /// A redirect, which is never followed.
    Redirected,
}

/// The body of an error, as far as it is used.
#[derive(Deserialize)]
struct ErrorBody<'a> {
    #[serde(borrow, default)]
    error: Option<&'a RawValue>,
}

/// The members of Meta's `error`, each a token of its own, so that one of another type loses nothing but itself.
type ErrorMembers<'a> = BTreeMap<String, &'a RawValue>;

impl<'a> Answer<'a> {
    /// Reads an answer.
    pub fn read(status: u16, body: &'a [u8]) -> Self {
        let object = serde_json::from_slice::<&RawValue>(body).ok();
        let object = object.filter(|body| body.get().starts_with('{') && !nests_deeper(body, MAX_DEPTH));
        if let Some(error) = object.and_then(error_of) {
            return failed(status, object, &error);
        }
        match (status, object) {
            (200..=299, Some(found)) => Self::Found(found),
            _ => Self::Refused(Refusal::of_status(status)),
        }
    }
}

impl Refusal {
    /// What was answered, without what can be done about it.
    pub fn answered(&self) -> String {
        let Self { status, code, subcode, trace, .. } = self;
        let code = code.map(|code| format!(" with error {code}")).unwrap_or_default();
        let subcode = subcode.map(|subcode| format!("/{subcode}")).unwrap_or_default();
        let trace = trace.as_ref().map(|trace| format!(" (fbtrace_id {trace})")).unwrap_or_default();
        format!("the Graph API answered {status}{code}{subcode}{trace}")
    }

    /// An answer that is no error, and not what the documents describe either.
    pub fn malformed() -> Self {
        Self::of_status(200)
    }

    /// Of an answer without an error of Meta's. What 401, 403, 404 and 410 say of is then anybody's: a proxy, a firewall or an
    /// egress rule says them of itself.
    fn of_status(status: u16) -> Self {
        let class = match status {
            // Of the others of 3xx, 303 says that the call was carried out, and what came of it is elsewhere; 300 and 304 redirect nobody.
            301 | 302 | 307 | 308 => RefusalClass::Redirected,
            408 | 500..=599 => RefusalClass::Transient,
            429 => RefusalClass::Throttled,
            _ => RefusalClass::Malformed,
        };
        Self { class, status, code: None, subcode: None, trace: None, is_of_app_secret: false }
    }
}

impl RefusalClass {
    /// The word for dead letters and for a metric's label.
    pub const fn as_str(self) -> &'static str {
        self.word_and_advice().0
    }

    /// Whether a call with this answer certainly did nothing.
    pub(crate) const fn is_undone(self) -> bool {
        !matches!(self, Self::Transient | Self::Malformed | Self::UnknownCode)
    }

    /// Whether it says itself what is waited for.
    const fn says_when(self) -> bool {
        matches!(self, Self::Throttled | Self::Blocked | Self::TryLater)
    }

    /// Its word, and what can be done about it.
    const fn word_and_advice(self) -> (&'static str, &'static str) {
        match self {
            Self::Token => ("token", "the access token is not valid (any more): put a new one into its file"),
            Self::Permission => (
                "permission",
                "the access token lacks a permission (lookups need instagram_basic, instagram_manage_comments and \
                 pages_read_engagement, replies instagram_manage_messages and pages_messaging too, installs pages_manage_metadata)",
            ),
            Self::Throttled => ("throttled", "too many calls"),
            Self::Blocked => {
                ("blocked", "blocked for a violation of Meta's policies: see the app's dashboard")
            }
            Self::Transient => ("transient", "it may work another time"),
            Self::TryLater => {
                ("try_later", "Meta asks to try again later: the person is in an automated conversation")
            }
            Self::WindowClosed => (
                "window_closed",
                "the time in which this person may be written to is over; within 7 days of their last message the tag \
                 HUMAN_AGENT would do",
            ),
            Self::NotReachable => ("not_reachable", "this person cannot be written to, or looked up"),
            Self::ThreadControl => ("thread_control", "another app has control of the conversation"),
            Self::Invalid => ("invalid_call", "the call cannot be answered"),
            Self::UnknownCode => ("unknown_code", "Meta documents no such error"),
            Self::Malformed => (
                "malformed_answer",
                "the answer is no JSON object of Meta's about what was asked for: check --graph-url, and the proxy or firewall on the way out",
            ),
            Self::Redirected => ("redirected", "redirects are not followed: check --graph-url"),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Meta's "(#3) Application does not have the capability to make this API call".
        let advice = match self.code {
            _ if self.is_of_app_secret => OF_THE_APP_SECRET,
            Some(3) => OF_ANOTHER_LOGIN,
            _ => self.class.word_and_advice().1,
        };
        write!(formatter, "{}: {advice}", self.answered())
    }
}

/// Counts brackets outside of strings, which is enough for what is JSON already.
fn nests_deeper(json: &RawValue, most: usize) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    json.get().bytes().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = in_string,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => depth += 1,
            b']' | b'}' if !in_string => depth -= 1,
            _ => {}
        }
        depth > most
    })
}

fn error_of(body: &RawValue) -> Option<ErrorMembers<'_>> {
    let error = serde_json::from_str::<ErrorBody<'_>>(body.get()).ok()?.error?;
    Some(serde_json::from_str(error.get()).unwrap_or_default())
}

fn failed<'a>(status: u16, body: Option<&'a RawValue>, error: &ErrorMembers<'_>) -> Answer<'a> {
    let member = |name| error.get(name).map(|token| token.get());
    let (code, subcode) = (number(member("code")), number(member("error_subcode")));
    let (trace, is_of_app_secret) = (trace(member("fbtrace_id")), app_secret::is_refused(member("message")));
    let refused = |class| Refusal { class, status, code, subcode, trace, is_of_app_secret };
    let is_transient = member("is_transient") == Some("true");
    let meaning = code.and_then(|code| codes::meaning(code, subcode));
    let class = match meaning {
        _ if is_of_app_secret => RefusalClass::Token,
        Some(Meaning::Done) => return Answer::Done(refused(RefusalClass::Transient)),
        // Meta marks these as transient too; what they say of the wait is more.
        Some(Meaning::Refused(class)) if class.says_when() => class,
        _ if is_transient => RefusalClass::Transient,
        Some(Meaning::Refused(class)) => class,
        Some(Meaning::Gone) => return Answer::Gone(body),
        None => match Refusal::of_status(status).class {
            RefusalClass::Malformed => RefusalClass::UnknownCode,
            class => class,
        },
    };
    Answer::Refused(refused(class))
}

/// A number, or a string of one.
fn number(token: Option<&str>) -> Option<i64> {
    token?.trim_matches('"').parse().ok()
}

/// A trace id is made of what base64 is made of; all else is not repeated.
fn trace(token: Option<&str>) -> Option<String> {
    let trace = token?.strip_prefix('"')?.strip_suffix('"')?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=');
    ((1..=64).contains(&trace.len()) && trace.bytes().all(allowed)).then(|| trace.to_owned())
}

#[cfg(test)]
mod tests;
