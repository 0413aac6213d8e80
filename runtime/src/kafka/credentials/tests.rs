//! When changed files count, and who hears of it.

use rdkafka::mocking::MockCluster;

use super::*;

#[test]
fn a_change_counts_when_it_is_written_until_it_is_taken_up() {
    let (old, half, new, newer) = (1, 2, 3, 4);
    let mut watched = Watched::of(old);
    let changed = [old, half, new, new, new, old, new, new].map(|seen| watched.is_changed(seen));
    assert_eq!(changed, [false, false, false, true, true, false, false, true]);
    watched = Watched::of(new);
    let changed = [new, newer, newer].map(|seen| watched.is_changed(seen));
    assert_eq!(changed, [false, false, true]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_broker_answers_is_taken_up_once_one_does() {
    let cluster = MockCluster::new(1).unwrap();
    let dir = std::env::temp_dir().join(format!("weir-credentials-{}", std::process::id()));
    std::fs::create_dir_all(&dir).unwrap();
    let file = dir.join("client.properties");
    std::fs::write(&file, "socket.timeout.ms=9000").unwrap();
    let start =
        KafkaSettings { file: Some(file.clone()), ..KafkaSettings::plain(cluster.bootstrap_servers()) };
    let start = start.read_again().unwrap();
    let (credentials, registry, shutdown) = (Credentials::default(), Registry::new(), Shutdown::new());
    let mut changes = credentials.changes();
    let watching = tokio::spawn(watch(credentials.clone(), &start, &registry, shutdown.clone()).await);
    let refused = || {
        let shown = registry.gather();
        let gauge = shown.iter().find(|family| family.name() == "weir_kafka_credentials_refused").unwrap();
        gauge.get_metric()[0].get_gauge().get_value() > 0.5
    };
    cluster.broker_down(1).unwrap();
    let used = Arc::new(start.clone());
    assert!(!changes.are_coming(Arc::clone(&used)).await);
    std::fs::write(&file, "socket.timeout.ms=8000").unwrap();
    assert!(changes.are_coming(Arc::clone(&used)).await, "before any look");
    eventually(&refused).await;
    assert!(!changes.seen());
    cluster.broker_up(1).unwrap();
    eventually(|| !refused()).await;
    assert!(changes.seen() && !changes.are_coming(used).await);
    assert_eq!(credentials.latest(&start).properties["socket.timeout.ms"], "8000");
    shutdown.trigger();
    watching.await.unwrap();
    std::fs::remove_dir_all(&dir).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn that_no_broker_answers_is_said_in_the_words_of_the_connection() {
    let refused = tokio::task::spawn_blocking(|| {
        let kafka = KafkaSettings::plain("127.0.0.1:1");
        usable(&kafka).map(|_| ()).unwrap_err()
    });
    let refused = refused.await.unwrap();
    assert!(refused.contains("127.0.0.1:1") && refused.contains("Connection refused"), "{refused}");
}

async fn eventually(is_so: impl Fn() -> bool) {
    let wanted = async {
        let mut looks = tokio::time::interval(Duration::from_millis(50));
        while !is_so() {
            looks.tick().await;
        }
    };
    tokio::time::timeout(Duration::from_mins(1), wanted).await.unwrap();
}
