//! The broker's `server.properties`.

use std::path::Path;

/// The text of the file; later lines win, so the caller's `properties` come last. In their values, `{broker}` and
/// `{controller}` stand for the usual ports, `{usual}` for the usual listeners and `{advertised}` for those of them that
/// clients are told of.
pub(super) fn server(broker: u16, controller: u16, dir: &Path, properties: &[(&str, &str)]) -> String {
    let usual = format!(
        "\
process.roles=broker,controller
node.id=1
controller.quorum.bootstrap.servers=127.0.0.1:{controller}
listeners=BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=BROKER://127.0.0.1:{broker}
listener.security.protocol.map=BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=BROKER
controller.listener.names=CONTROLLER
log.dirs={data}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
# Kafka's own topics: one replica, and one partition, so that they are there at once.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
num.network.threads=2
num.io.threads=4
",
        data = dir.join("data").display()
    );
    let listeners = format!("BROKER://127.0.0.1:{broker},CONTROLLER://127.0.0.1:{controller}");
    let advertised = format!("BROKER://127.0.0.1:{broker}");
    let own = properties.iter().map(|(name, value)| {
        let value = value.replace("{usual}", &listeners).replace("{advertised}", &advertised);
        let value =
            value.replace("{broker}", &broker.to_string()).replace("{controller}", &controller.to_string());
        format!("{name}={value}\n")
    });
    std::iter::once(usual).chain(own).collect()
}
