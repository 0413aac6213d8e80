//! The admin port: metrics, health probes, and what is running.

mod cpu_budget;
mod exposition;

use std::cell::RefCell;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{Instant, sleep_until};

use self::cpu_budget::CpuBudget;
use self::exposition::Exposition;
use crate::http::connections::{self, Connections, Slot};
use crate::http::timed_stream::{Clock, HeadTimer, TimedStream, Timeouts};
use crate::process::Process;
use crate::process::health::{Probe, Report};

/// Probes and a scraper or two need fewer; when there are more, the oldest is evicted for the newest.
const MAX_CONNECTIONS: usize = 64;

/// Who waits for metrics does so for about a second at most, and as many are not evicted meanwhile; the other slots are for probes.
const MAX_KEPT: usize = MAX_CONNECTIONS / 2;

/// Who asks is near, and asks at once; what is idle is a scraper's, which connects anew by itself.
const TIMEOUTS: Timeouts = Timeouts {
    first_byte: Duration::from_secs(3),
    head: Duration::from_secs(3),
    idle: Duration::from_secs(90),
    write: Duration::from_secs(3),
};

/// How much hyper reads and writes at once; pipelined requests wait for more.
const BUFFER_BYTES: usize = 16 << 10;

/// After a failed accept (too many open files), so that the loop does not spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the admin port cannot be served: its address is taken, not this machine's, or not allowed.
#[derive(Debug, thiserror::Error)]
#[error("--admin-listen: cannot listen on {address}; free the address or choose another one")]
pub struct AdminError {
    address: SocketAddr,
    source: std::io::Error,
}

/// Listens on `address`; port 0 picks a free one.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, AdminError> {
    TcpListener::bind(address).await.map_err(|source| AdminError { address, source })
}

/// Answers until it is dropped; it stays up while the process drains, so that probes can see that.
pub async fn serve(listener: TcpListener, process: Process) {
    let connections = Connections::new(MAX_CONNECTIONS, Duration::ZERO);
    let exposition = Exposition::new(process.registry.clone(), MAX_KEPT);
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Some(admitted) = connections.admit() {
                    tokio::spawn(serve_connection(
                        stream,
                        process.clone(),
                        exposition.clone(),
                        admitted.slot,
                    ));
                }
            }
            Err(error) => {
                tracing::warn!(%error, "the admin port cannot accept a connection");
                if connections::is_exhausted(&error) {
                    connections.evict(1);
                }
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn serve_connection(stream: TcpStream, process: Process, exposition: Exposition, slot: Arc<Slot>) {
    // A connection's own, so that who asks without end makes nobody else wait.
    let budget = RefCell::new(CpuBudget::new(Instant::now()));
    let holder = Arc::clone(&slot);
    let service = service_fn(move |request: Request<_>| {
        let begins = budget.borrow_mut().next(Instant::now());
        let (process, exposition, holder) = (process.clone(), exposition.clone(), Arc::clone(&holder));
        async move {
            sleep_until(begins).await;
            let metrics = async {
                // Dropped in this order, so that no more are busy than may be.
                let _kept = exposition.kept.try_acquire().ok().map(|permit| (holder.authenticate(), permit));
                metrics(&exposition).await
            };
            Ok::<_, Infallible>(answer(&request, &process, metrics).await)
        }
    });
    let clock = Clock::start(TIMEOUTS);
    let stream = TimedStream::new(stream, Arc::clone(&clock));
    let mut http = http1::Builder::new();
    // The timer says how long; the timeout only has to be there.
    http.timer(HeadTimer(clock)).header_read_timeout(TIMEOUTS.head).max_buf_size(BUFFER_BYTES);
    tokio::select! {
        ended = http.serve_connection(TokioIo::new(stream), service) => {
            if let Err(error) = ended {
                tracing::debug!(%error, "an admin connection ended early");
            }
        }
        () = slot.evicted() => tracing::debug!("an admin connection was evicted for another"),
    }
}

async fn answer<B>(
    request: &Request<B>,
    process: &Process,
    metrics: impl Future<Output = Response<Full<Bytes>>>,
) -> Response<Full<Bytes>> {
    let probe = match request.uri().path() {
        "/metrics" | "/build" => None,
        "/livez" => Some(Probe::Liveness),
        "/readyz" => Some(Probe::Readiness),
        "/startupz" => Some(Probe::Startup),
        _ => return text(StatusCode::NOT_FOUND, "/metrics, /livez, /readyz, /startupz, /build\n"),
    };
    if request.method() != Method::GET && request.method() != Method::HEAD {
        return method_not_allowed();
    }
    match probe {
        Some(probe) => health(&process.health.report(probe), is_verbose(request.uri().query())),
        None if request.uri().path() == "/build" => build(process),
        None => metrics.await,
    }
}

fn is_verbose(query: Option<&str>) -> bool {
    query.is_some_and(|query| query.split('&').any(|pair| pair.split('=').next() == Some("verbose")))
}

/// A failing probe always says why: who looks at it wants to know.
fn health(report: &Report, verbose: bool) -> Response<Full<Bytes>> {
    match (report.passes(), verbose) {
        (true, false) => text(StatusCode::OK, "ok\n"),
        (true, true) => text(StatusCode::OK, report.verbose()),
        (false, _) => text(StatusCode::SERVICE_UNAVAILABLE, report.verbose()),
    }
}

async fn metrics(exposition: &Exposition) -> Response<Full<Bytes>> {
    match exposition.text().await {
        Ok(text) => respond(StatusCode::OK, prometheus::TEXT_FORMAT, text),
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("metrics: {error}\n")),
    }
}

fn build(process: &Process) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "name": process.name, "version": process.version });
    respond(StatusCode::OK, "application/json", format!("{body}\n"))
}

fn method_not_allowed() -> Response<Full<Bytes>> {
    let mut response = text(StatusCode::METHOD_NOT_ALLOWED, "GET or HEAD\n");
    response.headers_mut().insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
    response
}

fn text(status: StatusCode, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    respond(status, "text/plain; charset=utf-8", body)
}

fn respond(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests;
