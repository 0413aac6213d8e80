//! The ways in which the simulator answers.

use crate::Body;
use http_body_util::{BodyExt as _, Full};
use hyper::Response;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, LOCATION};
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

    pub(super) async fn respond(self) -> Response<Body> {
        match self {
            Self::Answer { status, body } => response(status, full(body)),
            Self::Hang => std::future::pending().await,
            Self::Oversized { bytes } => response(200, full("x".repeat(bytes))),
            Self::Redirect { to } => {
                let mut redirect = response(302, full(String::new()));
                redirect.headers_mut().extend(to.try_into().map(|to| (LOCATION, to)));
                redirect
            }
            Self::CutOff => {
                // Of a body whose frames may be others, hyper believes the length that is announced.
                let body = Full::from(r#"{"id":"17"#).map_frame(|frame| frame).boxed();
                let mut cut = response(200, body);
                cut.headers_mut().insert(CONTENT_LENGTH, 1_000.into());
                cut
            }
        }
    }
}

fn response(status: u16, body: Body) -> Response<Body> {
    let json = (CONTENT_TYPE, hyper::header::HeaderValue::from_static("application/json; charset=UTF-8"));
    let mut response = Response::new(body);
    *response.status_mut() = hyper::StatusCode::from_u16(status).unwrap_or_default();
    response.headers_mut().extend([json]);
    response
}

fn full(body: String) -> Body {
    Full::from(body).boxed()
}
