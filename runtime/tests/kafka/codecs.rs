//! Records are read in whichever codec a producer or a topic has put them.

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord};

use crate::cluster::{Cluster, Stored, flush, numbered};
use crate::handler::{echo, options, start};

/// Batches of several records, which shrink by it.
fn producer(cluster: &Cluster, codec: &str) -> BaseProducer {
    ClientConfig::new()
        .set("bootstrap.servers", cluster.mock.bootstrap_servers())
        .set("compression.type", codec)
        .set("linger.ms", "20")
        .create()
        .expect("a producer with this codec")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_reads_every_codec_of_kafka() {
    for codec in ["none", "gzip", "snappy", "lz4", "zstd"] {
        let cluster = Cluster::with_topics(&[("in", 1), ("out", 1), ("dlq", 1)]);
        let values: Vec<String> = numbered(100).iter().map(|number| number.repeat(100)).collect();
        let producer = producer(&cluster, codec);
        for value in &values {
            producer.send(BaseRecord::to("in").key("key").payload(value)).expect("room in the queue");
        }
        flush(producer).await;
        let running = start(cluster.kafka(), options(), async |record| Ok(vec![echo(&record)]));
        let stored = cluster.read("out", 1, values.len()).await;
        assert_eq!(stored.iter().map(Stored::text).collect::<Vec<_>>(), values, "{codec}");
        running.end().await.unwrap();
    }
}
