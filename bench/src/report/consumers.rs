//! What an event costs in the consumers, and how long it takes to get there.

use weir_tests::page::add;

use super::{head, of, range, times};
use crate::consumer::{Consumer, EVENTS};
use crate::measure::{Quantiles, float};
use crate::number::short;
use crate::scenario::consumers::{Consumers, RATE, SECONDS, ToInbox, Worked};

pub(crate) fn section(consumers: &Consumers) -> String {
    let mut text = format!(
        "## Consumers\n\nA backlog of {} typed events, text messages of words and ids drawn at random, is worked off by one process. \
         The floor reads it with rdkafka's StreamConsumer and throws it away, or publishes its bytes once more; weir-messages publishes an inbox record for each, acknowledged \
         by Kafka; weir-metrics publishes nothing. Processor time is the whole process's, its start included.\n\n\
         \x20   bench/run --only consumers\n\n",
        short(float(EVENTS))
    );
    add(&mut text, &head("consumer | µs an event | × floor | range µs | events/s | MiB at the end"));
    let of_floor = consumers.rows.iter().find(|(consumer, _)| *consumer == Consumer::Floor);
    let floor = of_floor.map_or(0.0, |(_, samples)| of(samples, |worked| worked.cpu));
    for (consumer, samples) in &consumers.rows {
        add(&mut text, &row(consumer.name(), samples, floor));
    }
    add(&mut text, &to_inbox(&consumers.inbox));
    text
}

fn row(name: &str, samples: &[Worked], floor: f64) -> String {
    let cpu = of(samples, |worked| worked.cpu);
    format!(
        "| {name} | {} | {} | {} | {} | {} |",
        short(cpu),
        times(cpu, floor),
        range(samples, |worked| worked.cpu),
        short(of(samples, |worked| worked.rate)),
        short(of(samples, |worked| worked.memory)),
    )
}

fn to_inbox(inbox: &ToInbox) -> String {
    let ToInbox { posted, good, read, answered, inbox } = inbox;
    let [posted, good, read] = [posted, good, read].map(|count| short(float(*count)));
    let mut text = format!(
        "\nFrom the request to the inbox: {} deliveries a second in an open loop for {SECONDS} s, timed from when each was due. {posted} were \
         answered, {good} of them 200, and {read} were read in the inbox.\n\n",
        short(f64::from(RATE))
    );
    add(&mut text, &head("until | p50 ms | p99 ms | p99.9 ms"));
    for (until, quantiles) in [("the answer", answered), ("a client has read it in the inbox", inbox)] {
        let Quantiles { p50, p99, p999 } = quantiles;
        add(&mut text, &format!("| {until} | {} | {} | {} |", short(*p50), short(*p99), short(*p999)));
    }
    text
}
