//! Events with a link each, put on their topic at a steady rate, as ingest would.

use std::collections::VecDeque;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use runtime::producer::{Acknowledgement, Outgoing, Producer, ProducerOptions};
use runtime::settings::KafkaSettings;
use schemas::{Millis, Topic};
use serde_json::json;
use tokio::task::JoinHandle;
use tokio::time::interval;
use weir_tests::pipeline::PREFIX;
use weir_tests::{typed, writer};

const ACCOUNT: &str = "17841405726653026";
const CUSTOMERS: usize = 5_000;
/// Each is a request for every partition: more would measure the broker.
const BATCHES_A_SECOND: u32 = 5;
/// Batches that are waited for at once.
const UNDER_WAY: usize = 64;

/// Writes an event for each link; it tells when each was received.
pub(crate) fn begin(bootstrap: &str, links: Vec<String>, rate: u32) -> JoinHandle<Result<Vec<Millis>>> {
    let bootstrap = bootstrap.to_owned();
    tokio::spawn(async move { write(&bootstrap, &links, rate).await })
}

async fn write(bootstrap: &str, links: &[String], rate: u32) -> Result<Vec<Millis>> {
    let producer = Producer::new(&KafkaSettings::plain(bootstrap), &ProducerOptions::default())?;
    let topic = Topic::Messages.name(PREFIX);
    let at_once = rate.div_ceil(BATCHES_A_SECOND);
    let mut ticks = interval(Duration::from_secs(1) * at_once / rate);
    let mut receipts: VecDeque<Acknowledgement> = VecDeque::new();
    let mut received = Vec::with_capacity(links.len());
    for some in links.chunks(usize::try_from(at_once)?) {
        ticks.tick().await;
        if receipts.len() >= UNDER_WAY {
            receipts.pop_front().context("a receipt")?.await?;
        }
        let mut batch = producer.batch();
        for link in some {
            let now = Millis::of(SystemTime::now());
            let event = event(received.len(), link, now)?;
            let value = event.value.as_deref().unwrap_or_default();
            batch.send(Outgoing { topic: &topic, key: event.key.as_deref(), value, headers: &[] })?;
            received.push(now);
        }
        receipts.push_back(batch.finish());
    }
    for receipt in receipts {
        receipt.await?;
    }
    Ok(received)
}

fn event(number: usize, link: &str, now: Millis) -> Result<writer::Outgoing> {
    let customer = format!("90{:08}", number % CUSTOMERS);
    let attachment = json!({"type": "image", "payload": {"url": link}});
    let item = json!({
        "sender": {"id": customer},
        "recipient": {"id": ACCOUNT},
        "timestamp": now.as_millis(),
        "message": {"mid": format!("of-{link}"), "attachments": [attachment]},
    });
    typed::item_received("instagram", ACCOUNT, "messaging", &item, &now.to_string())
}
