//! Accepts connections, serves each one, and counts how it ended.

use crate::http::response::{Unavailable, WebhookResponse, turned_away};
use crate::metrics::{Limit, Method, Metrics};
use crate::settings::Limits;
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use prometheus::IntGauge;
use runtime::http::connections::{self, Admitted, Connections, Slot};
use runtime::http::timed_stream::{Clock, HeadTimer, TimedOut, TimedStream, Timeouts};
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long to wait before accepting again when the system had no connection to give.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);
/// How many connections are evicted at once when the process has no descriptor left.
const EVICTED_AT_ONCE: usize = 4;
/// How long connections that were just accepted may take to authenticate a request before any is evicted for want of descriptors.
const GRACE: Duration = Duration::from_millis(1);
/// How long after a signed request an idle connection counts as younger than a new one.
const AUTHENTICATED_FOR: Duration = Duration::from_secs(10);
/// hyper has space for this many header lines on the stack, and allocates for any other number.
const HEADERS_ON_STACK: usize = 100;

/// Accepts connections; a clone of `respond` answers each request, of a connection with this [`Slot`].
pub(crate) struct Acceptor<R> {
    respond: R,
    connections: Arc<Connections>,
    limits: Limits,
    metrics: Arc<Metrics>,
    /// The 503 for a connection that is not admitted, as bytes: made once, since a flood must cost little.
    turned_away: Vec<u8>,
}

impl<R, F> Acceptor<R>
where
    R: FnOnce(Request<Incoming>, Arc<Slot>) -> F + Clone + Send + 'static,
    F: Future<Output = Response<Full<Bytes>>> + Send,
{
    pub(crate) fn new(limits: &Limits, metrics: Arc<Metrics>, respond: R) -> Self {
        let connections = Connections::new(limits.max_connections, AUTHENTICATED_FOR);
        Self { respond, connections, limits: limits.clone(), metrics, turned_away: turned_away() }
    }

    /// Accepts until it is dropped.
    pub(crate) async fn keep_accepting(&self, listener: &TcpListener, graceful: &GracefulShutdown) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.admit(stream, graceful),
                Err(error) => self.back_off(&error).await,
            }
        }
    }

    fn admit(&self, stream: TcpStream, graceful: &GracefulShutdown) {
        let Some(Admitted { slot, evicts_another }) = self.connections.admit() else {
            return self.turn_away(&stream);
        };
        if evicts_another {
            self.metrics.limits.count(Limit::Connections);
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
        }
        let clock = Clock::start(timeouts(&self.limits));
        let stream = TimedStream::new(stream, Arc::clone(&clock));
        let open = OpenConnection::count(&self.metrics.connections);
        let (respond, metrics, holder) = (self.respond.clone(), Arc::clone(&self.metrics), Arc::clone(&slot));
        let service = service_fn(move |request: Request<Incoming>| {
            let (respond, slot, metrics) = (respond.clone(), Arc::clone(&holder), Arc::clone(&metrics));
            async move {
                let response = AssertUnwindSafe(async move { respond(request, slot).await });
                let response = response.catch_unwind().await;
                Ok::<_, Infallible>(response.unwrap_or_else(|_| panicked(&metrics)))
            }
        });
        let http = self.http(HeadTimer(Arc::clone(&clock)));
        let connection = graceful.watch(http.serve_connection(TokioIo::new(stream), service));
        let metrics = Arc::clone(&self.metrics);
        tokio::spawn(async move {
            tokio::select! {
                biased;
                ended = connection => count_end(&metrics, clock.timed_out(), ended),
                () = slot.evicted() => tracing::debug!("a connection was evicted for another"),
            }
            drop(open);
        });
    }

    /// Waits before the next accept. When the process is out of file descriptors, connections are evicted to free some.
    async fn back_off(&self, error: &std::io::Error) {
        self.metrics.accept_errors.inc();
        tracing::debug!(%error, "a connection could not be accepted");
        if connections::is_exhausted(error) {
            tokio::time::sleep(GRACE).await;
            let evicted = self.connections.evict(EVICTED_AT_ONCE);
            (0..evicted).for_each(|_| self.metrics.limits.count_open_files());
            if evicted > 0 {
                return;
            }
        }
        tokio::time::sleep(ACCEPT_BACKOFF).await;
    }

    fn http(&self, timer: HeadTimer) -> http1::Builder {
        let mut http = http1::Builder::new();
        // A client may end its side behind a request and wait for the answer. One that is gone holds its slot until then, as one
        // that sends a further byte always could: what it waits for has timeouts, and evictions end it as any other.
        http.half_close(true)
            .timer(timer)
            // The timer says how long; this only has to be there.
            .header_read_timeout(self.limits.header_timeout)
            .max_header_size(self.limits.max_header_bytes)
            .max_buf_size(self.limits.max_header_bytes);
        if self.limits.max_headers != HEADERS_ON_STACK {
            http.max_headers(self.limits.max_headers);
        }
        http
    }

    /// Answers 503 at once, in as few bytes as a new socket takes without waiting.
    fn turn_away(&self, stream: &TcpStream) {
        self.metrics.answered(Method::Other, &WebhookResponse::Unavailable(Unavailable::Connections));
        self.metrics.limits.count(Limit::Connections);
        if let Err(error) = stream.try_write(&self.turned_away) {
            tracing::debug!(%error, "a connection that was turned away did not wait for the response");
        }
    }
}

const fn timeouts(limits: &Limits) -> Timeouts {
    Timeouts {
        first_byte: limits.first_byte_timeout,
        head: limits.header_timeout,
        idle: limits.idle_timeout,
        write: limits.idle_timeout,
    }
}

/// Answers 500 after a panic: it must not be taken for a success, nor skip the end of the connection.
fn panicked(metrics: &Metrics) -> Response<Full<Bytes>> {
    tracing::error!("a request handler panicked, answered 500");
    metrics.answered(Method::Other, &WebhookResponse::InternalError);
    WebhookResponse::InternalError.into_response(true)
}

/// Counts how a connection ended. hyper answers some requests itself, and reports it only at the end of the connection.
fn count_end(metrics: &Metrics, timed_out: Option<TimedOut>, ended: hyper::Result<()>) {
    let Err(error) = ended else { return };
    tracing::debug!(%error, "a connection ended early");
    let limit = match timed_out {
        Some(TimedOut::FirstByte | TimedOut::Head) => Limit::HeaderTime,
        Some(TimedOut::Answer) => Limit::AnswerTime,
        None if error.is_parse_too_large() => {
            metrics.answered_with(Method::Other, 431);
            Limit::HeaderSize
        }
        None if error.is_parse() => {
            metrics.answered_with(Method::Other, 400);
            Limit::Malformed
        }
        // Idle for as long as is allowed, or the client went away.
        Some(TimedOut::Idle) | None => return,
    };
    metrics.limits.count(limit);
}

/// Counts an open connection for as long as it lives, however it ends.
struct OpenConnection(IntGauge);

impl OpenConnection {
    fn count(connections: &IntGauge) -> Self {
        connections.inc();
        Self(connections.clone())
    }
}

impl Drop for OpenConnection {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests;
