//! Reads a request's body, bounded in bytes, time and speed.

use crate::http::body_memory::{BodyMemory, Permit};
use crate::http::response::{Unavailable, WebhookResponse};
use crate::settings::{Limits, Settings};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use hyper::body::{Body as _, Incoming};
use std::error::Error as _;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::Instant;

/// How long a body may come at any rate: connections start slowly.
const GRACE: Duration = Duration::from_secs(1);

/// Reads the whole body within its limits, and holds a permit for its bytes. A body that came in one piece is not copied.
pub(crate) async fn read(
    mut body: Incoming,
    settings: &Settings,
    memory: &Arc<BodyMemory>,
) -> Result<(Bytes, Permit), WebhookResponse> {
    let declared = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
    let permit = memory.open(declared.unwrap_or_default());
    let mut permit = permit.map_err(WebhookResponse::Unavailable)?;
    let (mut first, mut several, mut received) = (Bytes::new(), BytesMut::new(), 0);
    let start = Instant::now();
    // Of a body with a length it is known at its last byte that nothing follows.
    while !body.is_end_stream()
        && let Some(data) = next(&mut body, &permit, start + time_for(received, &settings.limits)).await?
    {
        received += data.len();
        if received > settings.max_body {
            return Err(WebhookResponse::BodyTooLarge);
        }
        permit.grow_to(received).map_err(WebhookResponse::Unavailable)?;
        if received == data.len() {
            first = data;
            continue;
        }
        if several.is_empty() {
            // Sized by what was received: what a head declares must not cost memory.
            several = BytesMut::with_capacity(2 * received);
            several.extend_from_slice(&std::mem::take(&mut first));
        }
        several.extend_from_slice(&data);
    }
    Ok((if several.is_empty() { first } else { several.freeze() }, permit))
}

/// The next piece of data, which is not empty; `None` at the end.
async fn next(
    body: &mut Incoming,
    permit: &Permit,
    deadline: Instant,
) -> Result<Option<Bytes>, WebhookResponse> {
    loop {
        let frame = tokio::select! {
            biased;
            frame = body.frame() => frame,
            () = permit.is_evicted() => return Err(WebhookResponse::Unavailable(Unavailable::BodyBytes)),
            () = comes(deadline) => return Err(WebhookResponse::BodyTimeout),
        };
        // What follows the last chunk, trailers, says nothing that is signed.
        match frame.transpose().map_err(|error| refused(&error))?.map(hyper::body::Frame::into_data) {
            Some(Ok(data)) if data.is_empty() => {}
            Some(Ok(data)) => return Ok(Some(data)),
            Some(Err(_trailers)) => {}
            None => return Ok(None),
        }
    }
}

/// How long after its start a body of which this much has been received may take to send more.
fn time_for(received: usize, limits: &Limits) -> Duration {
    let received = u64::try_from(received).unwrap_or(u64::MAX);
    let at_least = Duration::from_millis(received.saturating_mul(1000) / limits.body_min_rate);
    limits.body_timeout.min(GRACE.saturating_add(at_least))
}

/// Makes its timer when it is first waited for, which is never where a body came with its head.
async fn comes(deadline: Instant) {
    tokio::time::sleep_until(deadline).await;
}

/// hyper reports why its decoder gave up as an IO error. A connection that broke gets no response anyway.
fn refused(error: &hyper::Error) -> WebhookResponse {
    match error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => WebhookResponse::BodyTimeout,
        _ => WebhookResponse::BadRequest("the chunks of the body are malformed, or it ended early"),
    }
}
