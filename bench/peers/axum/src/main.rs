//! A peer: axum and rdkafka's `FutureProducer`. Verifies a delivery, publishes its bytes and an event for each message, answers 200
//! once Kafka has acknowledged all of them.

use std::env;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use futures_util::future::try_join_all;
use hmac::{Hmac, KeyInit as _, Mac as _};
use rdkafka::ClientConfig;
use rdkafka::producer::{FutureProducer, FutureRecord};
use serde_json::{Value, json};
use sha2::Sha256;
use tokio::net::TcpListener;
use uuid::Uuid;

#[derive(Clone)]
struct Peer {
    mac: Hmac<Sha256>,
    producer: FutureProducer,
    raw_topic: String,
    typed_topic: String,
}

#[tokio::main]
async fn main() {
    let set = |name: &str| env::var(name).unwrap_or_else(|_| panic!("{name} is not set"));
    let producer = ClientConfig::new()
        .set("bootstrap.servers", set("BROKERS"))
        .set("acks", "all")
        .set("linger.ms", set("LINGER_MS"))
        .set("enable.idempotence", set("IDEMPOTENCE"))
        .create()
        .expect("properties that librdkafka knows");
    let mac = Hmac::new_from_slice(set("APP_SECRET").as_bytes()).expect("HMAC takes keys of any length");
    let peer = Peer { mac, producer, raw_topic: set("RAW_TOPIC"), typed_topic: set("TYPED_TOPIC") };
    let app = Router::new().route("/webhook", post(receive)).with_state(peer);
    let listener =
        TcpListener::bind(("127.0.0.1", set("PORT").parse().expect("a port"))).await.expect("a free port");
    axum::serve(listener, app).await.expect("a listener that goes on");
}

async fn receive(State(peer): State<Peer>, headers: HeaderMap, body: Bytes) -> StatusCode {
    if !is_signed(&peer.mac, &headers, &body) {
        return StatusCode::UNAUTHORIZED;
    }
    let Ok(delivery) = serde_json::from_slice::<Value>(&body) else { return StatusCode::BAD_REQUEST };
    let events = events(&delivery);
    let raw =
        peer.producer.send(FutureRecord::<(), _>::to(&peer.raw_topic).payload(&body[..]), Duration::ZERO);
    let typed = events.iter().map(|(key, value)| {
        peer.producer.send(FutureRecord::to(&peer.typed_topic).key(key).payload(value), Duration::ZERO)
    });
    match tokio::try_join!(raw, try_join_all(typed)) {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

fn is_signed(mac: &Hmac<Sha256>, headers: &HeaderMap, body: &[u8]) -> bool {
    let digits =
        headers.get("x-hub-signature-256").and_then(|value| value.as_bytes().strip_prefix(b"sha256="));
    let mut digest = [0; 32];
    if !digits.is_some_and(|digits| hex::decode_to_slice(digits, &mut digest).is_ok()) {
        return false;
    }
    let mut mac = mac.clone();
    mac.update(body);
    mac.verify_slice(&digest).is_ok()
}

/// Key and CloudEvent of each message.
fn events(delivery: &Value) -> Vec<(String, String)> {
    let (object, id) = (&delivery["object"], Uuid::now_v7());
    let mut events = Vec::new();
    for entry in delivery["entry"].as_array().into_iter().flatten() {
        let account = entry["id"].as_str().unwrap_or_default();
        for item in entry["messaging"].as_array().into_iter().flatten() {
            let key = format!("{account}:{}", item["sender"]["id"].as_str().unwrap_or_default());
            let event = json!({
                "specversion": "1.0",
                "id": item["message"]["mid"],
                "type": "com.meta.message.v1",
                "source": format!("/meta/{}/{account}", object.as_str().unwrap_or_default()),
                "subject": key,
                "time": item["timestamp"],
                "datacontenttype": "application/json",
                "metaobject": object,
                "metaaccount": account,
                "deliveryid": id.to_string(),
                "data": item,
            });
            events.push((key, event.to_string()));
        }
    }
    events
}
