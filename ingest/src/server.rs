//! The public port: accepts connections, bounds them, and drains them when the process is asked to end.

use crate::answer::{Answer, Unavailable};
use crate::breaker::Breaker;
use crate::durable::Durable;
use crate::gate::{self, Gate};
use crate::kafka::Kafka;
use crate::metrics::Metrics;
use crate::publisher::Publisher;
use crate::reload::{self, Current};
use crate::settings::Settings;
use crate::spool::{self, OpenError, Spool, SpoolMetrics};
use crate::webhook::{Parts, Webhook};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use runtime::health::Probe;
use runtime::process::Process;
use runtime::producer::{Producer, ProducerError, ProducerOptions, watchdog};
use runtime::settings::{CommonSettings, KafkaSettings};
use schemas::TopicSpec;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

/// How long to wait before accepting again when the system had no connection to give.
const ACCEPT_BACKOFF: Duration = Duration::from_millis(50);
/// The largest head of a request, in bytes; Meta's are below 1 KiB.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How much of a request is read at once; hyper's own bound is some 400 KiB a connection.
const READ_BUFFER_BYTES: usize = 64 * 1024;

/// Why ingest could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The port is in use, or not allowed.
    #[error("cannot listen on --listen {address}: {source}; stop what uses the port, or choose another")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The Kafka client cannot be made from its settings.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] OpenError),
}

/// Serves from the address of the settings until the process is asked to end.
pub async fn run(common: CommonSettings, settings: Settings, process: Process) -> Result<(), ServeError> {
    let listener = bind(settings.listen).await?;
    serve(listener, &common.kafka, &common.topic_prefix, settings, process).await
}

/// Binds the public port.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    TcpListener::bind(address).await.map_err(|source| ServeError::Listen { address, source })
}

/// Serves a port that is bound already until the process is asked to end; then drains: takes requests for
/// `settings.drain_delay` more, lets those under way end, and flushes what they published.
pub async fn serve(
    listener: TcpListener,
    kafka: &KafkaSettings,
    topic_prefix: &str,
    settings: Settings,
    process: Process,
) -> Result<(), ServeError> {
    let spool = open_spool(&settings, &process)?;
    let gate = Gate::closed(&process.health, spool.is_some());
    let producer = Producer::new(kafka, &producer_options(&settings, process.name))?;
    let metrics = Arc::new(Metrics::new(&process.registry));
    let secrets = Arc::new(Current::new(&settings));
    let publisher = Publisher::new(
        producer.clone(),
        topic_prefix,
        settings.max_events,
        process.name,
        Arc::clone(&metrics),
    );
    let topics = publisher.topic_names();
    process.shutdown.spawn(watchdog::watch(producer.clone(), &process));
    let reload = reload::keep_current(
        Arc::clone(&secrets),
        settings.clone(),
        Arc::clone(&metrics),
        process.shutdown.clone(),
    );
    process.shutdown.spawn(reload);
    process.shutdown.spawn(gate::open_when_ready(
        gate.clone(),
        producer.clone(),
        topics,
        spool.is_some(),
        process.shutdown.clone(),
    ));
    let breaker = Breaker::new(settings.breaker_misses, settings.breaker_probe);
    let kafka = Arc::new(Kafka { publisher, gate, breaker, metrics: Arc::clone(&metrics) });
    if let Some(spool) = &spool {
        start_draining(spool, &kafka, &process);
    }
    let durable = Durable {
        kafka,
        spool: spool.clone(),
        ack_timeout: settings.ack_timeout,
        metrics: Arc::clone(&metrics),
    };
    let parts = Parts { secrets, durable, metrics: Arc::clone(&metrics), shutdown: process.shutdown.clone() };
    let webhook = Arc::new(Webhook::new(&settings, parts));
    announce(&listener, &settings);
    serve_until_drained(listener, webhook, &settings, &metrics, &process).await;
    if !producer.flush(settings.drain_timeout).await {
        let records = producer.in_flight();
        tracing::warn!(records, "records that nobody waits for were not acknowledged before the end");
    }
    if let Some(spool) = spool {
        spool.close().await;
    }
    Ok(())
}

fn announce(listener: &TcpListener, settings: &Settings) {
    let address =
        listener.local_addr().map_or_else(|_| settings.listen.to_string(), |address| address.to_string());
    tracing::info!(listen = address, path = settings.path, "serving webhooks");
    if settings.verify_tokens.current.is_empty() {
        tracing::warn!(
            "no verify token is set (WEIR_VERIFY_TOKEN or --verify-tokens): every handshake is refused"
        );
    }
}

/// With a spool, a delivery is safe as soon as it is open: Kafka may be away when the process starts.
fn open_spool(settings: &Settings, process: &Process) -> Result<Option<Spool>, OpenError> {
    let Some(spool) = &settings.spool else {
        tracing::warn!(
            "there is no spool (--spool-dir): while Kafka does not acknowledge, deliveries are answered 503"
        );
        return Ok(None);
    };
    let check = process.health.check("spool", Probe::Startup);
    let spool = Spool::open(spool, SpoolMetrics::new(&process.registry))?;
    check.pass();
    Ok(Some(spool))
}

fn start_draining(spool: &Spool, kafka: &Arc<Kafka>, process: &Process) {
    let shutdown = &process.shutdown;
    shutdown.spawn(spool::tend(spool.clone(), shutdown.clone()));
    shutdown.spawn(spool::drain(spool.clone(), Arc::clone(kafka), shutdown.clone()));
}

fn producer_options(settings: &Settings, client_id: &str) -> ProducerOptions {
    let envelope = usize::try_from(TopicSpec::ENVELOPE_BYTES).unwrap_or(usize::MAX);
    ProducerOptions {
        client_id: client_id.to_owned(),
        linger: settings.linger,
        queue_bytes: settings.queue_bytes,
        message_max_bytes: settings.max_body + envelope,
        ..ProducerOptions::default()
    }
}

async fn serve_until_drained(
    listener: TcpListener,
    webhook: Arc<Webhook>,
    settings: &Settings,
    metrics: &Arc<Metrics>,
    process: &Process,
) {
    let graceful = GracefulShutdown::new();
    let door = Door {
        slots: Arc::new(Semaphore::new(settings.max_connections)),
        header_timeout: settings.header_timeout,
        webhook,
        metrics: Arc::clone(metrics),
    };
    let end = async {
        process.shutdown.requested().await;
        tokio::time::sleep(settings.drain_delay).await;
    };
    tokio::select! {
        () = door.keep_accepting(&listener, &graceful) => {}
        () = end => {}
    }
    // A connection that nobody accepts any more is refused, not left waiting.
    drop(listener);
    if tokio::time::timeout(settings.drain_timeout, graceful.shutdown()).await.is_err() {
        tracing::warn!("connections were still open after --drain-timeout and are cut off");
    }
}

/// Lets connections in.
struct Door {
    slots: Arc<Semaphore>,
    header_timeout: Duration,
    webhook: Arc<Webhook>,
    metrics: Arc<Metrics>,
}

impl Door {
    async fn keep_accepting(&self, listener: &TcpListener, graceful: &GracefulShutdown) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => self.admit(stream, graceful),
                Err(error) => {
                    self.metrics.accept_errors.inc();
                    tracing::debug!(%error, "a connection could not be accepted");
                    tokio::time::sleep(ACCEPT_BACKOFF).await;
                }
            }
        }
    }

    fn admit(&self, stream: TcpStream, graceful: &GracefulShutdown) {
        let Ok(slot) = Arc::clone(&self.slots).try_acquire_owned() else {
            return self.turn_away(&stream);
        };
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "a connection was gone before it was served");
        }
        let webhook = Arc::clone(&self.webhook);
        let service = service_fn(move |request| {
            let webhook = Arc::clone(&webhook);
            async move { Ok::<_, Infallible>(webhook.respond(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.header_timeout)
            .max_header_size(MAX_HEAD_BYTES)
            .max_buf_size(READ_BUFFER_BYTES)
            .serve_connection(TokioIo::new(stream), service);
        let connection = graceful.watch(connection);
        let open = self.metrics.connections.clone();
        open.inc();
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
            open.dec();
            drop(slot);
        });
    }

    /// Answers at once, in as many bytes as a fresh socket takes without waiting.
    fn turn_away(&self, stream: &TcpStream) {
        let answer = Answer::Unavailable(Unavailable::Connections);
        self.metrics.answered(crate::metrics::Method::Other, &answer);
        if let Err(error) = stream.try_write(crate::answer::TURNED_AWAY) {
            tracing::debug!(%error, "a connection that was turned away did not wait for the answer");
        }
    }
}
