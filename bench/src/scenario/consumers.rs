//! What an event costs in weir-messages and weir-metrics, beside a consumer that throws it away, and how long a delivery takes from
//! the request to the inbox.

mod to_inbox;

use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
pub(crate) use to_inbox::{RATE, SECONDS, ToInbox};
use weir_tests::filled::fill;
use weir_tests::vitals::Vitals;

use crate::consumer::{Consumer, Consuming, EVENTS, OUTPUTS};
use crate::deliveries::varied;
use crate::measure::float;
use crate::rig::{Brokers, PARTITIONS, Rig};

/// How often a consumer is looked at.
const LOOK: Duration = Duration::from_millis(100);
const WORKED_OFF_WITHIN: Duration = Duration::from_mins(3);

/// What was measured.
pub(crate) struct Consumers {
    /// Of each consumer, a sample a round.
    pub(crate) rows: Vec<(Consumer, Vec<Worked>)>,
    pub(crate) inbox: ToInbox,
}

/// A backlog that was worked off.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Worked {
    /// Microseconds of processor an event, user and kernel, from the start of the process.
    pub(crate) cpu: f64,
    /// Events a second while it was at work.
    pub(crate) rate: f64,
    /// Resident at the end, MiB.
    pub(crate) memory: f64,
}

pub(crate) async fn run(rounds: usize) -> Result<Consumers> {
    let rig = Rig::start(Brokers::One).await?;
    let mut rows: Vec<(Consumer, Vec<Worked>)> =
        Consumer::ALL.iter().map(|consumer| (*consumer, Vec::new())).collect();
    for round in 1..=rounds {
        // Of their own each time: what is in the inbox already is not published again.
        let prefix = format!("round{round}");
        make_topics(&rig, &prefix).await?;
        let bodies = (0..EVENTS).map(varied::body);
        let events = fill(&rig.plain, &prefix, bodies).await.context("filling the topic")?;
        ensure!(events == EVENTS, "{events} events are there instead of {EVENTS}");
        for (consumer, samples) in &mut rows {
            let worked = work_off(*consumer, &rig, &prefix).await.with_context(|| consumer.name())?;
            crate::say(&format!("consumers {round}/{rounds}: {}: {worked:.2?}", consumer.name()));
            samples.push(worked);
        }
    }
    let inbox = to_inbox::run(&rig).await.context("from the request to the inbox")?;
    Ok(Consumers { rows, inbox })
}

/// Those of ingest and of both consumers.
pub(super) async fn make_topics(rig: &Rig, prefix: &str) -> Result<()> {
    let topics: Vec<Topic> = Topic::OF_INGEST.into_iter().chain(OUTPUTS).collect();
    rig.make(&topics, prefix, PARTITIONS).await
}

async fn work_off(consumer: Consumer, rig: &Rig, prefix: &str) -> Result<Worked> {
    // Else it would read a part of the backlog twice.
    let more: &[&str] = if consumer == Consumer::Metrics { &["--read-back-records", "0"] } else { &[] };
    let start = Instant::now();
    let mut consuming = Consuming::start(consumer, rig, prefix, more).await?;
    let all = float(EVENTS);
    let mut looks = vec![(start, 0.0)];
    loop {
        let done = consuming.done().await?;
        looks.push((Instant::now(), done));
        if done >= all {
            break;
        }
        ensure!(start.elapsed() < WORKED_OFF_WITHIN, "it has done {done} of {all} in {WORKED_OFF_WITHIN:?}");
        tokio::time::sleep(LOOK).await;
    }
    let Vitals { cpu, memory, .. } = Vitals::of(consuming.pid())?;
    consuming.end().await?;
    Ok(Worked { cpu: cpu.as_secs_f64() * 1e6 / all, rate: rate(&looks, all), memory: float(memory) })
}

/// Events a second between the first look and the last at which it was at work; when it began, and when it was done, is known
/// to one look only. Where it was at work at fewer than two of them, from the last before that to the first after it.
fn rate(looks: &[(Instant, f64)], all: f64) -> f64 {
    let first = looks.iter().position(|(_, done)| *done > 0.0).unwrap_or_default();
    let last = looks.iter().rposition(|(_, done)| *done < all).unwrap_or_default();
    let (from, to) = if first < last { (first, last) } else { (first.saturating_sub(1), looks.len() - 1) };
    let ((begin, before), (end, after)) = (looks[from], looks[to]);
    (after - before) / end.duration_since(begin).as_secs_f64()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::short;

    #[test]
    fn a_rate_is_of_the_time_in_which_the_consumer_was_seen_at_work() {
        let begin = Instant::now();
        let rate = |looks: &[(u64, f64)]| {
            let look = |(millis, done): &(u64, f64)| (begin + Duration::from_millis(*millis), *done);
            short(rate(&looks.iter().map(look).collect::<Vec<_>>(), 200.0))
        };
        assert_eq!(rate(&[(0, 0.0), (100, 0.0), (200, 50.0), (300, 150.0), (400, 200.0)]), "1,000");
        assert_eq!(rate(&[(0, 0.0), (100, 0.0), (200, 150.0), (300, 200.0)]), "1,000", "of one look");
        assert_eq!(rate(&[(0, 0.0), (100, 200.0)]), "2,000", "of none");
    }
}
