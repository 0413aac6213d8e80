//! Clients that prove nothing, many of them, beside honest ones.

use crate::service::{Answer, Connection, SECRET, Service, digest, limited, post, signed, until};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::task::JoinSet;
use weir_ingest::Limits;

const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");

/// A body of this size is more than any one read brings.
const LARGE: usize = 500 << 10;

/// What is sent of each body of the flood, of the 4 MiB that its head declares.
const SENT: usize = 1 << 20;

/// How long a client of the flood waits before it comes again.
const PACE: Duration = Duration::from_secs(1);

/// Of a hundred new connections, those that may be evicted before they were served, where the machine does other things.
const EVICTED: usize = 10;

/// A delivery of `LARGE` bytes.
fn large() -> Vec<u8> {
    let mut body = br#"{"object":"page","entry":[]"#.to_vec();
    body.resize(LARGE - 1, b' ');
    body.push(b'}');
    body
}

/// Comes again and again with the same beginning of a request and then waits for its end.
async fn flood(address: SocketAddr, request: Arc<[u8]>, served: Arc<AtomicUsize>) {
    loop {
        let mut connection = Connection::to(address).await;
        if connection.try_send(&request).await.is_ok() && connection.next_status().await == Some(200) {
            served.fetch_add(1, Ordering::Relaxed);
        }
        tokio::time::sleep(PACE).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn signed_deliveries_are_answered_200_while_unsigned_bodies_flood_in() {
    let limits = |limits: &mut Limits| {
        limits.max_connections = 150;
        limits.max_body_bytes_in_flight = 32 << 20;
    };
    let service = Service::start(limited(limits)).await;
    let wrong = format!("x-hub-signature-256: sha256={}\r\n", digest("not the secret", TEXT));
    let mut bodies = post(&wrong, &vec![b' '; 4 << 20]);
    bodies.truncate(SENT);
    let (bodies, heads) = (Arc::from(bodies), Arc::from(&b"POST /webhook HTTP/1.1\r\nx: "[..]));
    let served = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for number in 0..240 {
        let request = if number % 4 == 0 { &bodies } else { &heads };
        clients.spawn(flood(service.address, Arc::clone(request), Arc::clone(&served)));
    }
    let refused = |limit: &str| service.metric("weir_ingest_refused_total", limit);
    until("the flood takes all there is", async || refused("connections") > 50 && refused("body_bytes") > 50)
        .await;
    let (small, large) = (signed(TEXT), signed(&large()));
    let (mut staying, mut evicted) = (service.connect().await, 0);
    for round in 0..100 {
        let request = if round % 10 == 0 { &large } else { &small };
        while service.try_ask(request).await.is_none_or(|status| status != 200) {
            evicted += 1;
            assert!(evicted <= EVICTED, "round {round}, a connection of its own");
        }
        staying.send(&small).await;
        assert_eq!(staying.answer().await.status, 200, "round {round}, a connection that stays");
    }
    assert_eq!(served.load(Ordering::Relaxed), 0);
    clients.shutdown().await;
}

#[tokio::test]
async fn a_captured_delivery_on_every_connection_keeps_nobody_out() {
    let service = Service::start(limited(|limits| limits.max_connections = 20)).await;
    let captured = signed(TEXT);
    let mut idle = Vec::new();
    for _ in 0..20 {
        let mut connection = service.connect().await;
        connection.send(&captured).await;
        assert_eq!(connection.answer().await.status, 200);
        idle.push(connection);
    }
    for round in 0..30 {
        assert_eq!(service.post(TEXT).await.status, 200, "round {round}");
    }
    assert!(service.metric("weir_ingest_refused_total", "connections") > 0, "some were evicted");
    drop(idle);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_small_body_in_two_packets_outlasts_large_ones_with_wrong_signatures() {
    // As long as a machine that does other things takes for as many bodies.
    let limits =
        |limits: &mut Limits| (limits.body_timeout, limits.body_min_rate) = (Duration::from_mins(1), 1);
    let service = Service::start(limited(limits)).await;
    let wrong = format!("x-hub-signature-256: sha256={}\r\n", digest("not the secret", TEXT));
    let mut request = post(&wrong, &vec![b' '; 4 << 20]);
    request.pop();
    let request: Arc<[u8]> = Arc::from(request);
    let mut clients = JoinSet::new();
    for _ in 0..20 {
        let (address, request) = (service.address, Arc::clone(&request));
        clients.spawn(async move {
            loop {
                let mut connection = Connection::to(address).await;
                if connection.try_send(&request).await.is_ok() {
                    let _evicted = connection.next_status().await;
                }
            }
        });
    }
    let evicted = || service.metric("weir_ingest_refused_total", "body_bytes");
    until("the bodies take all there is", async || evicted() > 20).await;
    let honest = signed(TEXT);
    let (first, second) = honest.split_at(honest.len() - 100);
    for round in 0..6 {
        let mut connection = service.connect().await;
        connection.send(first).await;
        let before = evicted();
        until("as many have come as there is room for", async || evicted() > before + 40).await;
        connection.send(second).await;
        assert_eq!(connection.answer().await.status, 200, "round {round}");
    }
    clients.shutdown().await;
}

/// Sends a byte at a time until the server ends the connection; the answer, if there was one.
async fn dribble(mut connection: Connection, request: &[u8]) -> Option<u16> {
    for byte in request.chunks(1) {
        tokio::time::sleep(Duration::from_millis(30)).await;
        if connection.try_send(byte).await.is_err() {
            break;
        }
    }
    connection.next_status().await
}

#[tokio::test]
async fn clients_that_send_a_byte_at_a_time_are_all_closed_within_their_limits() {
    let limits = |limits: &mut Limits| {
        limits.first_byte_timeout = Duration::from_millis(1_500);
        limits.header_timeout = Duration::from_millis(1_500);
        limits.body_timeout = Duration::from_secs(3);
        limits.body_min_rate = 1 << 20;
    };
    let service = Service::start(limited(limits)).await;
    let whole = signed(TEXT);
    let head = whole.len() - TEXT.len();
    let mut clients = JoinSet::new();
    for number in 0..300 {
        // A third sends nothing, a third the head, a third the body a byte at a time.
        let mut connection = service.connect().await;
        let rest = match number % 3 {
            0 => Vec::new(),
            1 => whole.clone(),
            _ => {
                connection.send(&whole[..head]).await;
                TEXT.to_vec()
            }
        };
        clients.spawn(async move { dribble(connection, &rest).await });
    }
    let mut honest = 0;
    while !clients.is_empty() {
        assert_eq!(service.post(TEXT).await.status, 200);
        honest += 1;
        while let Some(ended) = clients.try_join_next() {
            assert!(matches!(ended.unwrap(), None | Some(408)), "none is served");
        }
    }
    assert!(honest > 10, "{honest} deliveries meanwhile");
    until("all are closed", async || service.gauge("weir_ingest_connections") == 0).await;
    assert_eq!(service.metric("weir_ingest_refused_total", "header_time"), 200);
    assert_eq!(service.metric("weir_ingest_refused_total", "body_time"), 100);
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_refuses_nothing() {
    let service = Service::start(limited(|limits| limits.idle_timeout = Duration::from_millis(300))).await;
    let mut connection = service.connect().await;
    connection.send(&signed(TEXT)).await;
    assert_eq!(connection.answer().await.status, 200);
    assert!(connection.is_closed().await);
    assert_eq!(service.metric("weir_ingest_refused_total", ""), 0);
}

#[tokio::test]
async fn a_client_that_takes_no_answers_is_cut_off() {
    let limits = |limits: &mut Limits| limits.idle_timeout = Duration::from_millis(300);
    let service = Service::start(limited(limits)).await;
    let handshake =
        b"GET /webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=meatyhamhock HTTP/1.1\r\nhost: weir\r\n\r\n";
    let many = handshake.repeat(1_000);
    let mut connection = service.connect().await;
    while connection.try_send(&many).await.is_ok() {}
    let cut = async || service.metric("weir_ingest_refused_total", "answer_time") == 1;
    until("it is counted", cut).await;
}

#[tokio::test]
async fn a_delivery_waits_for_no_body_that_cannot_fit() {
    let limits = |limits: &mut Limits| limits.max_body_bytes_in_flight = 4 << 20;
    let mut settings = limited(limits);
    settings.ack_timeout = Duration::from_secs(30);
    let service = Service::start(settings).await;
    service.cluster.broker_round_trip_time(1, Duration::from_secs(5)).unwrap();
    let before = service.gauge("weir_ingest_body_bytes_in_flight");
    assert_eq!(before, 0);
    let mut waiting = service.connect().await;
    waiting.send(&signed(&large())).await;
    until("a signed body waits for Kafka", async || {
        service.metric("weir_ingest_body_bytes_total", "") >= LARGE
    })
    .await;
    let body = vec![b' '; 4 << 20];
    let head = format!(
        "POST /webhook HTTP/1.1\r\nhost: weir\r\nx-hub-signature-256: sha256={}\r\ncontent-length: {}\r\n\r\n",
        digest(SECRET, &body),
        body.len()
    );
    let Answer { status, head, body } = service.ask(head.as_bytes()).await;
    assert_eq!(status, 503);
    assert!(head.contains("retry-after: ") && body.contains("bytes"), "{head}{body}");
    assert_eq!(service.metric("weir_ingest_refused_total", "body_bytes"), 1);
    assert_eq!(waiting.answer().await.status, 200);
}
