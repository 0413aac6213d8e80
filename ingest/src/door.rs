//! Lets connections in, serves each one, and counts how it ended.

use crate::answer::{self, Answer, Unavailable};
use crate::metrics::{Method, Metrics};
use crate::refusals::{Limit, Refusals};
use crate::settings::Limits;
use crate::strangers::{Admitted, Cut, Place, Strangers};
use crate::wire::{Clock, HeadTimer, Patience, RanOut, Wire};
use bytes::Bytes;
use futures_util::FutureExt as _;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::http::Extensions;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use hyper_util::server::graceful::GracefulShutdown;
use prometheus::IntGauge;
use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};

/// How long to wait before accepting again when the system had no connection to give.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);
/// How many strangers make room at once when the system has no connection to give.
const CUT_AT_ONCE: usize = 4;
/// How long those accepted last may take to prove themselves before that.
const HONEST_WITHIN: Duration = Duration::from_millis(1);
/// hyper keeps room for this many header lines on the stack, and allocates for any other number.
const HYPERS_HEADERS: usize = 100;

/// Lets connections in.
#[derive(Debug)]
pub(crate) struct Door {
    strangers: Arc<Strangers>,
    limits: Limits,
    metrics: Arc<Metrics>,
    refusals: Refusals,
}

impl Door {
    pub(crate) fn new(limits: &Limits, metrics: Arc<Metrics>, refusals: Refusals) -> Self {
        Self { strangers: Strangers::new(limits.max_connections), limits: limits.clone(), metrics, refusals }
    }

    /// Accepts until it is dropped; `respond` answers the requests, and finds the connection's [`Place`] among their
    /// extensions.
    pub(crate) async fn keep_accepting<R, F>(
        &self,
        listener: &TcpListener,
        graceful: &GracefulShutdown,
        respond: R,
    ) where
        R: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Full<Bytes>>> + Send,
    {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.admit(stream, graceful, respond.clone()),
                Err(error) => self.back_off(&error).await,
            }
        }
    }

    fn admit<R, F>(&self, stream: TcpStream, graceful: &GracefulShutdown, respond: R)
    where
        R: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
        F: Future<Output = Response<Full<Bytes>>> + Send,
    {
        let Some(Admitted { place, cut, is_anothers }) = self.strangers.admit() else {
            return self.turn_away(&stream);
        };
        if is_anothers {
            self.refusals.count(Limit::Connections);
        }
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
        }
        let (clock, patience) = (Clock::new(), Patience::new(&self.limits));
        let wire = Wire::new(stream, Arc::clone(&clock), patience);
        let open = Open::count(&self.metrics.connections);
        let metrics = Arc::clone(&self.metrics);
        let service = service_fn(move |mut request: Request<Incoming>| {
            request.extensions_mut().insert(Arc::clone(&place));
            let (respond, metrics) = (respond.clone(), Arc::clone(&metrics));
            async move { Ok::<_, Infallible>(survive(respond, request, &metrics).await) }
        });
        let http = self.http(HeadTimer { clock: Arc::clone(&clock), patience });
        let connection = graceful.watch(http.serve_connection(TokioIo::new(wire), service));
        let end = End { clock, metrics: Arc::clone(&self.metrics), refusals: self.refusals.clone() };
        tokio::spawn(async move {
            serve(connection, cut, &end).await;
            drop(open);
        });
    }

    /// Waits until the system may have a connection to give, which it may for want of descriptors: those of strangers
    /// are had at once.
    async fn back_off(&self, error: &std::io::Error) {
        self.metrics.accept_errors.inc();
        tracing::debug!(%error, "a connection could not be accepted");
        tokio::time::sleep(HONEST_WITHIN).await;
        let cut = self.strangers.cut_oldest(CUT_AT_ONCE);
        if cut == 0 {
            tokio::time::sleep(ACCEPT_BACKOFF).await;
        }
        (0..cut).for_each(|_| self.refusals.count(Limit::Connections));
    }

    fn http(&self, timer: HeadTimer) -> http1::Builder {
        let mut http = http1::Builder::new();
        http.timer(timer)
            // The timer says how long; this only has to be there.
            .header_read_timeout(self.limits.header_timeout)
            .max_header_size(self.limits.max_header_bytes)
            .max_buf_size(self.limits.max_header_bytes);
        if self.limits.max_headers != HYPERS_HEADERS {
            http.max_headers(self.limits.max_headers);
        }
        http
    }

    /// Answers at once, in as many bytes as a fresh socket takes without waiting.
    fn turn_away(&self, stream: &TcpStream) {
        self.metrics.answered(Method::Other, &Answer::Unavailable(Unavailable::Connections));
        self.refusals.count(Limit::Connections);
        if let Err(error) = stream.try_write(answer::TURNED_AWAY) {
            tracing::debug!(%error, "a connection that was turned away did not wait for the answer");
        }
    }
}

/// Something signed came with the request of these extensions: its connection makes room for nobody any more.
pub(crate) fn prove(extensions: &Extensions) {
    if let Some(place) = extensions.get::<Arc<Place>>() {
        place.prove();
    }
}

/// A panic is answered, not passed on: it must not be taken for a success, nor take the connection's count along.
async fn survive<R, F>(respond: R, request: Request<Incoming>, metrics: &Metrics) -> Response<Full<Bytes>>
where
    R: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
{
    let response = AssertUnwindSafe(async move { respond(request).await }).catch_unwind().await;
    response.unwrap_or_else(|_| {
        tracing::error!("a request could not be answered for a mistake in the program: 500");
        metrics.answered(Method::Other, &Answer::Failed);
        Answer::Failed.into_response(true)
    })
}

async fn serve(connection: impl Future<Output = hyper::Result<()>>, cut: Cut, end: &End) {
    tokio::select! {
        biased;
        ended = connection => end.note(ended),
        () = cut.come() => tracing::debug!("a connection that had sent nothing signed made room for another"),
    }
}

/// What is known and counted at the end of a connection.
struct End {
    clock: Arc<Clock>,
    metrics: Arc<Metrics>,
    refusals: Refusals,
}

impl End {
    /// hyper answers some requests itself and tells of it at the end of the connection only.
    fn note(&self, ended: hyper::Result<()>) {
        let Err(error) = ended else { return };
        tracing::debug!(%error, "a connection ended early");
        match self.clock.ran_out() {
            Some(RanOut::FirstByte | RanOut::Head) => self.refusals.count(Limit::HeaderTime),
            Some(RanOut::Answer) => self.refusals.count(Limit::AnswerTime),
            None if error.is_parse_too_large() => self.refused(431, Limit::HeaderSize),
            None if error.is_parse() => self.refused(400, Limit::Malformed),
            // Idle for as long as is allowed, or the client went away.
            Some(RanOut::Idle) | None => {}
        }
    }

    fn refused(&self, status: u16, limit: Limit) {
        self.metrics.answered_by_hyper(status);
        self.refusals.count(limit);
    }
}

/// Counts an open connection for as long as it lives, however it ends.
struct Open(IntGauge);

impl Open {
    fn count(connections: &IntGauge) -> Self {
        connections.inc();
        Self(connections.clone())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests;
