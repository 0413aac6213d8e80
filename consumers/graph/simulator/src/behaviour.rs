//! The ways in which the simulator answers.

use crate::Body;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};

/// A way to answer a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Behaviour {
    /// A status and a body.
    Answer {
        /// The status.
        status: u16,
        /// The body; JSON or not.
        body: String,
    },
    /// No answer, ever; the connection stays open. In a batch: null.
    Hang,
    /// A body of so many bytes, 200.
    Oversized {
        /// How many.
        bytes: usize,
    },
    /// 302 to another place.
    Redirect {
        /// Where to.
        to: String,
    },
    /// A body that is announced longer than it is; then the connection is cut.
    CutOff,
}

/// The body of an answer of 200, or how else it is answered.
pub(super) type Answered = Result<Value, Behaviour>;

impl Behaviour {
    pub(super) fn of(answered: Answered) -> Self {
        answered.map_or_else(|other| other, |body| Self::Answer { status: 200, body: body.to_string() })
    }

    /// The error of this code, in Meta's form, with status 400.
    pub fn error(code: i64, subcode: Option<i64>) -> Self {
        Self::error_that_says(code, subcode, &format!("(#{code}) An error that was asked for"))
    }

    /// As [`Self::error`], in Meta's words, which tell apart what the code does not.
    pub fn refusal(code: i64, message: &str) -> Self {
        Self::error_that_says(code, None, message)
    }

    fn error_that_says(code: i64, subcode: Option<i64>, message: &str) -> Self {
        let mut error = json!({
            "message": message,
            "type": "OAuthException",
            "code": code,
            "fbtrace_id": "A0simulatorTraceId0000"
        });
        if let Some(subcode) = subcode {
            error["error_subcode"] = subcode.into();
        }
        Self::Answer { status: 400, body: json!({ "error": error }).to_string() }
    }

    /// Status, body and where it leads; nothing of one that hangs.
    pub(super) fn parts(self) -> Option<(u16, String, Option<String>)> {
        match self {
            Self::Answer { status, body } => Some((status, body, None)),
            Self::Hang => None,
            Self::Oversized { bytes } => Some((200, "x".repeat(bytes), None)),
            Self::Redirect { to } => Some((302, String::new(), Some(to))),
            Self::CutOff => Some((200, r#"{"id":"17"#.to_owned(), None)),
        }
    }

    pub(super) async fn respond(self) -> Response<Body> {
        let is_cut = self == Self::CutOff;
        let Some((status, body, to)) = self.parts() else { return std::future::pending().await };
        let body = Full::from(body);
        // Of a body whose frames may be others, hyper believes the length that is announced.
        let body = if is_cut { body.map_frame(|frame| frame).boxed() } else { body.boxed() };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(status).unwrap_or_default();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json; charset=UTF-8"));
        headers.extend(to.and_then(|to| Some((LOCATION, to.try_into().ok()?))));
        if is_cut {
            headers.insert(CONTENT_LENGTH, 1_000.into());
        }
        response
    }
}
