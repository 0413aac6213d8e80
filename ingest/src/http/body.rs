//! Reads a request's body, bounded in bytes, time and speed.

use crate::http::body_memory::{BodyMemory, LimitReached, Permit};
use crate::settings::Settings;
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

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    TooLarge,
    /// It did not come in time, or too slowly.
    Slow,
    /// Its chunks are malformed, or it ended early.
    Malformed,
    /// All bodies together hold as much as they may.
    LimitReached,
}

/// Reads bodies within their limits.
#[derive(Debug)]
pub(crate) struct BodyReader {
    max_bytes: usize,
    timeout: Duration,
    min_rate: u64,
    memory: Arc<BodyMemory>,
}

/// Whether `Content-Length` alone says that the body is larger than `max_bytes`.
pub(crate) fn is_declared_too_large(body: &Incoming, max_bytes: usize) -> bool {
    body.size_hint().lower() > max_bytes as u64
}

impl BodyReader {
    pub(crate) fn new(settings: &Settings, memory: Arc<BodyMemory>) -> Self {
        let limits = &settings.limits;
        Self {
            max_bytes: settings.max_body,
            timeout: limits.body_timeout,
            min_rate: limits.body_min_rate,
            memory,
        }
    }

    /// Reads the whole body, and holds a permit for its bytes; a body that came in one piece is not copied.
    pub(crate) async fn read(&self, mut body: Incoming) -> Result<(Bytes, Permit), BodyFault> {
        let declared = body.size_hint().exact().and_then(|length| usize::try_from(length).ok());
        let mut permit = self.memory.open(declared.unwrap_or_default())?;
        let mut read = Pieces::None;
        let start = Instant::now();
        // Of a body with a length it is known at its last byte that nothing follows.
        while !body.is_end_stream()
            && let Some(data) = self.next(&mut body, &mut permit, start, read.len()).await?
        {
            let bytes = read.len() + data.len();
            if bytes > self.max_bytes {
                return Err(BodyFault::TooLarge);
            }
            permit.grow_to(bytes)?;
            read.push(data);
        }
        Ok((read.into_bytes(), permit))
    }

    /// The next piece of data; `None` at the end.
    async fn next(
        &self,
        body: &mut Incoming,
        permit: &mut Permit,
        start: Instant,
        received: usize,
    ) -> Result<Option<Bytes>, BodyFault> {
        let deadline = start + self.time_for(received);
        loop {
            let frame = tokio::select! {
                biased;
                frame = body.frame() => frame,
                () = permit.is_evicted() => return Err(BodyFault::LimitReached),
                () = comes(deadline) => return Err(BodyFault::Slow),
            };
            // What follows the last chunk, trailers, says nothing that is signed.
            match frame.transpose().map_err(|error| fault_of(&error))?.map(hyper::body::Frame::into_data) {
                Some(Ok(data)) if data.is_empty() => {}
                Some(Ok(data)) => return Ok(Some(data)),
                Some(Err(_trailers)) => {}
                None => return Ok(None),
            }
        }
    }

    /// How long after its start a body of which this much has been received may take to send more.
    fn time_for(&self, received: usize) -> Duration {
        let received = u64::try_from(received).unwrap_or(u64::MAX);
        let at_least = Duration::from_millis(received.saturating_mul(1000) / self.min_rate);
        self.timeout.min(GRACE.saturating_add(at_least))
    }
}

/// What has been received of a body; copied together only once there is a second piece.
#[derive(Debug)]
enum Pieces {
    None,
    One(Bytes),
    Several(BytesMut),
}

impl Pieces {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(bytes) => bytes.len(),
            Self::Several(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, data: Bytes) {
        match self {
            Self::None => *self = Self::One(data),
            Self::One(first) => {
                // Sized by what was received: what a head declares must not cost memory.
                let mut pieces = BytesMut::with_capacity(2 * (first.len() + data.len()));
                pieces.extend_from_slice(first);
                pieces.extend_from_slice(&data);
                *self = Self::Several(pieces);
            }
            Self::Several(pieces) => pieces.extend_from_slice(&data),
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Several(bytes) => bytes.freeze(),
        }
    }
}

impl From<LimitReached> for BodyFault {
    fn from(LimitReached: LimitReached) -> Self {
        Self::LimitReached
    }
}

/// Makes its timer when it is first waited for, which is never where a body came with its head.
async fn comes(deadline: Instant) {
    tokio::time::sleep_until(deadline).await;
}

/// hyper reports why its decoder gave up as an IO error. A connection that broke gets no response anyway.
fn fault_of(error: &hyper::Error) -> BodyFault {
    match error.source().and_then(|cause| cause.downcast_ref::<io::Error>()).map(io::Error::kind) {
        Some(io::ErrorKind::TimedOut) => BodyFault::Slow,
        _ => BodyFault::Malformed,
    }
}
