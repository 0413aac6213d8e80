//! Reads a request's body, bounded in bytes and time.

use bytes::Bytes;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use std::time::Duration;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    TooLarge,
    Incomplete,
}

/// Whether `Content-Length` alone says that the body is larger than `max_bytes`.
pub(crate) fn is_declared_too_large(body: &Incoming, max_bytes: usize) -> bool {
    body.size_hint().lower() > max_bytes as u64
}

/// Whether the client said how long the body is.
pub(crate) fn is_length_declared(body: &Incoming) -> bool {
    body.size_hint().exact().is_some()
}

/// Reads the whole body; a body that came in one piece is not copied.
pub(crate) async fn read(body: Incoming, max_bytes: usize, limit: Duration) -> Result<Bytes, BodyFault> {
    let collected = tokio::time::timeout(limit, Limited::new(body, max_bytes).collect()).await;
    match collected {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(BodyFault::TooLarge),
        Ok(Err(_)) | Err(_) => Err(BodyFault::Incomplete),
    }
}
