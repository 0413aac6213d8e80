//! What one client, one account or one body may cost the others.

use crate::service::{Connection, Service, digest, post, settings, signed, signed_with, until};
use schemas::Topic;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use weir_ingest::settings::Secrets;
use weir_ingest::{Secret, Settings};

const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");

/// A delivery of one account with this many messages of this size.
fn delivery(account: &str, messages: usize, bytes: usize) -> Vec<u8> {
    let text = "x".repeat(bytes);
    let items: Vec<String> = (0..messages)
        .map(|mid| {
            format!(
                r#"{{"sender":{{"id":"1"}},"recipient":{{"id":"{account}"}},"timestamp":1,"message":{{"mid":"{mid}","text":"{text}"}}}}"#
            )
        })
        .collect();
    let items = items.join(",");
    format!(r#"{{"object":"instagram","entry":[{{"id":"{account}","time":1,"messaging":[{items}]}}]}}"#)
        .into_bytes()
}

/// Settings with an app secret a name, and the folder that has them.
fn with_apps(names: &[String]) -> (Settings, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let mut current = Vec::new();
    for name in names {
        let secret = format!("secret of {name}");
        std::fs::write(folder.path().join(name), &secret).unwrap();
        current.push(Secret::new(name, secret));
    }
    let directory = Some(folder.path().to_owned());
    (Settings { app_secrets: Secrets { directory, current, ..Secrets::default() }, ..settings() }, folder)
}

/// How long each of `count` deliveries took, sorted.
async fn times(connection: &mut Connection, request: &[u8], count: usize) -> Vec<Duration> {
    let mut times = Vec::new();
    for _ in 0..count {
        let start = Instant::now();
        connection.send(request).await;
        assert_eq!(connection.answer().await.status, 200);
        times.push(start.elapsed());
    }
    times.sort();
    times
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_of_nobody_do_not_hold_up_signed_ones_however_many_secrets_there_are() {
    let apps: Vec<String> = (0..51).map(|number| format!("app-{number}")).collect();
    let (settings, _folder) = with_apps(&apps);
    let service = Service::start(settings).await;
    let honest = signed_with("secret of app-50", TEXT);
    let mut connection = service.connect().await;
    let in_flight = || service.gauge("weir_ingest_body_bytes_in_flight");
    let mut medians = Vec::new();
    // What else the machine does may hold them up too, for once.
    for _ in 0..5 {
        let calm = times(&mut connection, &honest, 200).await;
        let mut clients = large_bodies_of_nobody(&service);
        until("bodies of nobody are being hashed", async || in_flight() >= 12 << 20).await;
        let beside = times(&mut connection, &honest, 200).await;
        clients.shutdown().await;
        println!(
            "p50 {:?}, beside {:?}; p99 {:?}, beside {:?}",
            calm[100], beside[100], calm[198], beside[198]
        );
        if beside[100] < 4 * calm[100] {
            return;
        }
        medians.push((beside[100], calm[100]));
        until("nobody's bodies are gone", async || in_flight() == 0).await;
    }
    panic!("at the median, and alone: {medians:?}");
}

/// Clients that send them without end.
fn large_bodies_of_nobody(service: &Service) -> JoinSet<()> {
    let wrong = format!("x-hub-signature-256: sha256={}\r\n", digest("nobody's", TEXT));
    let wrong: Arc<[u8]> = Arc::from(post(&wrong, &vec![b' '; 4 << 20]));
    let mut clients = JoinSet::new();
    for _ in 0..4 {
        let (address, request) = (service.address, Arc::clone(&wrong));
        clients.spawn(async move {
            loop {
                let mut connection = Connection::to(address).await;
                if connection.try_send(&request).await.is_ok() {
                    let _refused = connection.next_status().await;
                }
            }
        });
    }
    clients
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crowd_of_unsigned_bodies_holds_up_no_account_that_is_known() {
    let apps: Vec<String> = (0..51).map(|number| format!("app-{number}")).collect();
    let (settings, _folder) = with_apps(&apps);
    let service = Service::start(settings).await;
    // More than is hashed at once with all of them.
    let bodies: Vec<_> = ["17", "18"].map(|account| delivery(account, 1, 6_000)).into();
    let honest: Vec<_> = bodies
        .iter()
        .zip([3, 40])
        .map(|(body, app)| signed_with(&format!("secret of app-{app}"), body))
        .collect();
    for request in &honest {
        assert_eq!(service.ask(request).await.status, 200);
    }
    let wrong = format!("x-hub-signature-256: sha256={}\r\n", digest("nobody's", TEXT));
    let wrong: Arc<[u8]> = Arc::from(post(&wrong, &vec![b' '; 60_000]));
    let mut crowd = Vec::new();
    for _ in 0..400 {
        let mut connection = service.connect().await;
        connection.send(&wrong).await;
        crowd.push(connection);
    }
    let waits = service.gauge("weir_ingest_body_bytes_in_flight");
    for request in honest.iter().cycle().take(10) {
        assert_eq!(service.ask(request).await.status, 200);
    }
    let still_waits = service.gauge("weir_ingest_body_bytes_in_flight");
    assert!(still_waits > 0, "the honest ones were answered first: {waits} bytes waited, then {still_waits}");
}

#[tokio::test]
async fn a_path_with_the_name_of_an_app_takes_what_its_secrets_sign() {
    let (settings, _folder) = with_apps(&["shop", "shop.next", "two"].map(str::to_owned));
    let service = Service::start(settings).await;
    let status = async |path: &str, request: Vec<u8>| {
        let request = String::from_utf8(request).unwrap().replacen("/webhook", path, 1);
        service.ask(request.as_bytes()).await.status
    };
    for (path, signer, expected) in [
        ("/webhook", "shop", 200),
        ("/webhook/shop", "shop", 200),
        ("/webhook/shop", "shop.next", 200),
        ("/webhook/shop", "two", 401),
        ("/webhook/two", "two", 200),
        ("/webhook/three", "two", 404),
        ("/webhook/two/", "two", 404),
        ("/webhooktwo", "two", 404),
    ] {
        let request = signed_with(&format!("secret of {signer}"), TEXT);
        assert_eq!(status(path, request).await, expected, "{path}, signed by {signer}");
    }
    let query = "?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=meatyhamhock";
    let handshake = format!("GET /webhook{query} HTTP/1.1\r\nhost: weir\r\n\r\n").into_bytes();
    for (path, expected) in [("/webhook", 200), ("/webhook/two", 200), ("/webhook/three", 404)] {
        assert_eq!(status(path, handshake.clone()).await, expected, "{path}");
    }
}

#[tokio::test]
async fn a_few_bytes_do_not_become_many_records() {
    let service = Service::start(settings()).await;
    let account = "1".repeat(128);
    let items = vec!["{}"; 10_000].join(",");
    let body = format!(r#"{{"object":"instagram","entry":[{{"id":"{account}","messaging":[{items}]}}]}}"#);
    assert_eq!(service.post(body.as_bytes()).await.status, 200);
    let dead = service.records(Topic::IngestDlq, 1).await;
    assert_eq!(dead[0].headers["weir_dlq_reason"], "too_many_events");
    assert_eq!(service.records(Topic::Raw, 1).await[0].value.as_deref(), Some(body.as_bytes()));
    assert_eq!(service.metric("weir_ingest_events_total", ""), 0);
}

#[tokio::test]
async fn an_account_that_sends_much_waits_for_itself_alone() {
    // Long enough for a machine that does other things: what is refused here is refused for its account.
    let service = Service::start(Settings { ack_timeout: Duration::from_secs(12), ..settings() }).await;
    service.cluster.broker_round_trip_time(1, Duration::from_millis(150)).unwrap();
    let busy: Arc<[u8]> = Arc::from(signed(&delivery("17", 100, 2_000)));
    let mut clients = JoinSet::new();
    for _ in 0..50 {
        let (address, request) = (service.address, Arc::clone(&busy));
        clients.spawn(async move {
            let mut connection = Connection::to(address).await;
            connection.send(&request).await;
            connection.answer().await
        });
    }
    let much_waits = async || service.gauge("weir_ingest_body_bytes_in_flight") >= 1 << 20;
    until("the account has more than its part", much_waits).await;
    let calm = signed(&delivery("18", 1, 100));
    for _ in 0..3 {
        assert_eq!(service.ask(&calm).await.status, 200, "another account is not held up");
    }
    let (mut accepted, mut refused) = (0, 0);
    while let Some(answer) = clients.join_next().await {
        match answer.unwrap() {
            answer if answer.status == 200 => accepted += 1,
            answer => {
                assert!(answer.status == 503 && answer.body.starts_with("this account has"), "{answer:?}");
                refused += 1;
            }
        }
    }
    assert!(accepted > 0 && refused > 0, "{accepted} accepted, {refused} refused");
    assert_eq!(service.metric("weir_ingest_unavailable_total", "account_busy"), refused);
    assert_eq!(service.metric("weir_ingest_unavailable_total", ""), refused, "nobody else was refused");
}

/// The default of `--min-bytes-per-event`, without the events that are free.
#[test]
fn every_fixture_has_more_bytes_for_each_event_than_are_asked_for() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../schemas/fixtures");
    let (mut folders, mut seen, mut least) = (vec![folder], 0, usize::MAX);
    while let Some(folder) = folders.pop() {
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let body = std::fs::read(&path).unwrap();
                let events = schemas::split(&body, 1_000_000).events.len();
                seen += events;
                least = body.len().checked_div(events).map_or(least, |bytes| least.min(bytes));
            }
        }
    }
    assert!(seen > 100 && least >= settings().min_bytes_per_event, "{seen} events, {least} bytes at least");
}
