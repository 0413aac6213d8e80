//! Wires ingest, and ends it in order once the end is asked for.
//!
//! | in this order | what happens | for at most |
//! |---|---|---|
//! | the signal | not ready (`draining`); each answer closes its connection; the drain of the spool ends, as do all that watch: the reload of secrets, the renewal of certificates, the watchdogs of librdkafka's producers | 1 s beside what follows |
//! | delay | requests are taken as before | `--drain-delay` |
//! | requests | the listener is closed, requests under way are answered, then connections are cut | `--drain-timeout` |
//! | records | the producers report what is under way | what that has left, [`REPORTED_WITHIN`] at least |
//! | spool | what was acknowledged late is deleted where all is reported, and the files are closed | 1 s and 5 s ([`Spool::close`]) |
//! | tasks | what runs in the background ends, the last spans are sent | 2 s and 3 s (`runtime/src/process/entry.rs`) |
//!
//! Whatever is cut off on the way was never answered 200, or stays in the spool. Without those that watch, a client of Kafka that dies, or
//! a secret that is new, between the signal and the end is found by the next process: until then it costs spooled deliveries, or answers of
//! 503 and 401, which Meta repeats.

use crate::durable::Durable;
use crate::http::acceptor::Acceptor;
use crate::http::open_files;
use crate::kafka::{self, AccountLimit, Breaker, Kafka, Producers, Publisher, StartupGate};
use crate::metrics::Metrics;
use crate::settings::{ProducerKind, Settings};
use crate::signature::{self, CurrentSecrets};
use crate::spool::{self, OpenError, Spool};
use crate::webhook::Webhook;
use hyper_util::server::graceful::GracefulShutdown;
use runtime::http::connections::Slot;
use runtime::process::Process;
use runtime::process::health::Probe;
use runtime::producer::ProducerError;
use runtime::settings::KafkaSettings;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::time::Instant;

/// How long the producers have where requests took the whole of `--drain-timeout`: brokers that are well answer within this.
const REPORTED_WITHIN: Duration = Duration::from_secs(2);

/// Why ingest could not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The Kafka client cannot be made from its settings.
    #[error(transparent)]
    Producer(#[from] ProducerError),
    /// The spool cannot be opened.
    #[error(transparent)]
    Spool(#[from] OpenError),
}

/// Serves a port that is already bound until the process is asked to end, then drains.
pub async fn serve(
    listener: TcpListener,
    kafka: &KafkaSettings,
    topic_prefix: &str,
    settings: Settings,
    process: Process,
) -> Result<(), ServeError> {
    let spool = open_spool(&settings, &process)?;
    let gate = StartupGate::closed(&process.health, spool.is_some());
    let topics = kafka::topic_names(topic_prefix);
    let producers = Producers::start(kafka, &settings, &topics, &process)?;
    let metrics = Arc::new(Metrics::new(&process.registry));
    let secrets = Arc::new(CurrentSecrets::new(&settings));
    process.shutdown.spawn(signature::reload(
        Arc::clone(&secrets),
        settings.clone(),
        metrics.secret_reload_failures.clone(),
        process.shutdown.clone(),
    ));
    let kafka = Arc::new(Kafka {
        gate,
        breaker: Breaker::new(&settings, Arc::clone(&metrics), &process.health),
        account_limit: AccountLimit::for_kafka(&producers, &settings),
        publisher: Publisher::new(producers, topic_prefix, &settings, process.name, Arc::clone(&metrics)),
        ack_timeout: settings.ack_timeout,
        has_spool: spool.is_some(),
    });
    process.shutdown.spawn(kafka::open_when_ready(Arc::clone(&kafka), topics, process.shutdown.clone()));
    if let Some(spool) = &spool {
        let shutdown = &process.shutdown;
        shutdown.spawn(spool::maintain(spool.clone()));
        shutdown.spawn(spool::serve(spool.clone()));
        let rate = settings.spool_drain_rate;
        shutdown.spawn(spool::drain(spool.clone(), Arc::clone(&kafka), rate, shutdown.clone()));
    }
    let durable = Durable { kafka: Arc::clone(&kafka), spool: spool.clone(), metrics: Arc::clone(&metrics) };
    let webhook = Arc::new(Webhook::new(&settings, secrets, durable, Arc::clone(&metrics), &process));
    open_files::allow_for(settings.limits.max_connections);
    announce(&listener, &settings);
    let deadline = serve_until_drained(listener, webhook, metrics, &settings, &process).await;
    let left = deadline.saturating_duration_since(Instant::now()).max(REPORTED_WITHIN);
    let records = kafka.publisher.producers.end(left).await;
    if records > 0 {
        tracing::warn!(records, "shutdown: some records were still unacknowledged");
    }
    if let Some(spool) = spool {
        spool.close(records == 0).await;
    }
    Ok(())
}

fn announce(listener: &TcpListener, settings: &Settings) {
    let address =
        listener.local_addr().map_or_else(|_| settings.listen.to_string(), |address| address.to_string());
    tracing::info!(listen = address, path = settings.path, "serving webhooks");
    if settings.verify_tokens.current.is_empty() {
        tracing::warn!(
            "no verify token is configured (WEIR_VERIFY_TOKEN or --verify-tokens): every handshake is refused"
        );
    }
}

/// With a spool, deliveries are taken as soon as it is open, although Kafka may be down when the process starts.
fn open_spool(settings: &Settings, process: &Process) -> Result<Option<Spool>, OpenError> {
    let Some(directory) = &settings.spool_dir else {
        tracing::warn!(
            "no spool is configured (--spool-dir): while Kafka does not acknowledge, deliveries are answered 503"
        );
        if settings.producer == ProducerKind::Direct {
            tracing::warn!(
                "--producer direct tries nothing twice and has no spool that does: whenever a leader moves, a broker restarts or \
                 a connection ends, Meta is answered 503 for what was under way; set --spool-dir, or use --producer rdkafka"
            );
        }
        return Ok(None);
    };
    let startup = process.health.check("spool-directory", Probe::Startup);
    let spool = Spool::open(directory, settings, process)?;
    startup.pass();
    Ok(Some(spool))
}

/// When `--drain-timeout` is over, which requests may not have used up.
async fn serve_until_drained(
    listener: TcpListener,
    webhook: Arc<Webhook>,
    metrics: Arc<Metrics>,
    settings: &Settings,
    process: &Process,
) -> Instant {
    let graceful = GracefulShutdown::new();
    let respond = move |request, slot: Arc<Slot>| async move { webhook.respond(request, &slot).await };
    let acceptor = Acceptor::new(&settings.limits, metrics, respond);
    let end = async {
        process.shutdown.requested().await;
        tokio::time::sleep(settings.drain_delay).await;
    };
    tokio::select! {
        () = acceptor.keep_accepting(&listener, &graceful) => {}
        () = end => {}
    }
    // New connections are refused from now on, not left waiting in the backlog.
    drop(listener);
    let deadline = Instant::now() + settings.drain_timeout;
    if tokio::time::timeout_at(deadline, graceful.shutdown()).await.is_err() {
        tracing::warn!("closing connections that were still open after --drain-timeout");
    }
    deadline
}
