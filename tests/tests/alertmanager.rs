//! What is broken once is told once, by a real Alertmanager with the configuration that is shipped.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use weir_tests::alertmanager::{Alertmanager, FILE, Notification};
use weir_tests::until::until;
use weir_tests::yaml;

const WITHIN: Duration = Duration::from_mins(1);
/// Three of ingest and six of consumers.
const JOBS: [&str; 9] = [
    "weir-ingest",
    "weir-ingest",
    "weir-ingest",
    "weir-messages",
    "weir-messages",
    "weir-lookups",
    "weir-metrics",
    "weir-metrics",
    "weir-replies",
];

fn alert(name: &str, severity: &str, namespace: &str, job: &str, instance: usize) -> Value {
    json!({
        "alertname": name, "severity": severity, "cluster": "one", "namespace": namespace, "job": job,
        "instance": format!("10.0.0.{instance}:9090"),
    })
}

/// What all processes of a namespace tell while Kafka is away.
fn outage(namespace: &str) -> Vec<Value> {
    let unreachable = JOBS
        .iter()
        .enumerate()
        .map(|(instance, job)| alert("WeirBrokersUnreachable", "page", namespace, job, instance));
    let open = (0..3).map(|instance| alert("WeirBreakerOpen", "page", namespace, "weir-ingest", instance));
    unreachable
        .chain(open)
        .chain([alert("WeirConsumerLag", "ticket", namespace, "weir-messages", 3)])
        .collect()
}

/// Waits until the notifications to this receiver are as they should be: alerts are taken one after the other.
async fn told(
    manager: &Alertmanager,
    receiver: &str,
    what: &str,
    fits: impl Fn(&[Notification]) -> bool,
) -> Vec<Notification> {
    let mut seen = Vec::new();
    let waited = until(what, WITHIN, async || {
        seen = manager.notifications().await?;
        seen.retain(|one| one.receiver == receiver);
        Ok(fits(&seen).then_some(()))
    });
    assert!(waited.await.is_ok(), "{what}: {seen:?}");
    seen
}

#[tokio::test]
async fn an_outage_of_kafka_is_one_page_and_a_spool_that_fills_another() {
    let manager = Alertmanager::start().await.unwrap();
    manager.fire(&outage("prod")).await.unwrap();
    let of_all = |pages: &[Notification]| pages.len() == 1 && pages[0].alerts == JOBS.len();
    let pages = told(&manager, "pages", "a page of all processes", of_all).await;
    assert_eq!(pages[0].labels["alertname"], "WeirBrokersUnreachable");
    told(&manager, "tickets", "no ticket", <[_]>::is_empty).await;

    manager.fire(&[alert("WeirSpoolFilling", "page", "prod", "weir-ingest", 0)]).await.unwrap();
    told(&manager, "pages", "two pages", |pages| pages.len() == 2).await;
}

#[tokio::test]
async fn an_outage_in_staging_hides_nothing_in_production() {
    let manager = Alertmanager::start().await.unwrap();
    manager.fire(&outage("staging")).await.unwrap();
    manager.fire(&[alert("WeirBreakerOpen", "critical", "prod", "weir-ingest", 0)]).await.unwrap();
    let of_both = |pages: &[Notification]| {
        let namespaces: BTreeSet<_> =
            pages.iter().filter_map(|page| page.labels["namespace"].as_str()).collect();
        pages.len() == 2 && namespaces == ["prod", "staging"].into()
    };
    told(&manager, "pages", "a page of each", of_both).await;
}

#[tokio::test]
async fn one_process_without_brokers_or_pods_hides_nothing_of_another() {
    let manager = Alertmanager::start().await.unwrap();
    let of = |name, severity, job| alert(name, severity, "prod", job, 0);
    let own = [
        of("WeirBrokersUnreachable", "page", "weir-media"),
        of("WeirConsumerStuck", "page", "weir-media"),
        of("WeirProcessAbsent", "page", "weir-lookups"),
        of("WeirProcessDown", "ticket", "weir-lookups"),
    ];
    let others = [
        of("WeirConsumerStuck", "page", "weir-messages"),
        of("WeirBreakerOpen", "page", "weir-ingest"),
        of("WeirProcessDown", "ticket", "weir-ingest"),
        json!({"alertname": "WeirAnswersLate", "severity": "page", "cluster": "one", "namespace": "prod"}),
    ];
    manager.fire(&[own, others].concat()).await.unwrap();
    let is_one_each = |seen: &[Notification]| seen.iter().all(|one| one.alerts == 1);
    told(&manager, "pages", "five pages", |pages| pages.len() == 5 && is_one_each(pages)).await;
    told(&manager, "tickets", "a ticket", |tickets| tickets.len() == 1 && is_one_each(tickets)).await;
}

#[test]
fn every_alert_that_is_named_is_there() {
    let rules = yaml::text("k8s/components/prometheus/rules/weir.yaml").unwrap();
    let config = yaml::text(FILE).unwrap();
    for rest in config.split("Weir").skip(1) {
        let name = rest.split(|symbol: char| !symbol.is_ascii_alphanumeric()).next().unwrap_or_default();
        assert!(rules.contains(&format!("- alert: Weir{name}\n")), "Weir{name} is no alert");
    }
}
