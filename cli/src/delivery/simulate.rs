//! `weir simulate`: deliveries as Meta posts them, at a rate, until told to end.
//!
//! [`traffic`] makes them, [`tally`] keeps what was answered.

mod tally;
mod traffic;

use super::post::to;
use super::poster::Poster;
use super::sign::Signer;
use crate::kafka::Pace;
use crate::screen::{Progress, Screen};
use crate::tool::settings::{count, flag, group, settings};
use crate::tool::{Exit, Result, Session, tool, work};
use bytes::Bytes;
use runtime::process::chain;
use runtime::settings::form;
use schemas::Millis;
use std::time::{Duration, Instant, SystemTime};
use tally::{Answered, Tally, is_taken};
use tokio::task::JoinSet;
use traffic::Traffic;

tool! {
    /// Post deliveries of many accounts at a rate, with batches, bursts and retries, as Meta does
    ///
    /// Posts signed deliveries of Instagram accounts, made of the fixtures of this repository: mostly messages and their echoes,
    /// receipts, reactions, comments, mentions. Each has its own ids and the time of the moment. One in 20 holds several events, of
    /// several accounts; every 20 seconds there is a burst of 2 seconds at five times the rate; what is not answered 200 is sent
    /// again at once, and then after 1, 2 and 4 seconds, where Meta takes 36 hours for it; and one in 100 comes a second time
    /// although it was answered 200, as Meta's sometimes do. The same --seed gives the same order of kinds, accounts and customers.
    ///
    /// Ingest and its subscribers take them for real ones: answers to them go out, lookups ask for them. Run it against a test
    /// installation, or `weir demo`.
    ///
    /// Ctrl-C ends it after what is under way.
    ///
    /// Examples:
    ///   weir simulate --accounts 20 --rate 50 --for 1m
    ///   WEIR_APP_SECRET=00112233445566778899aabbccddeeff weir simulate --to http://127.0.0.1:8080/webhook   (beside weir demo)
    ///
    /// Exit code 0: everything was answered 200 in the end; 1: it cannot run; 3: something was not.
    pub(crate) const TOOL: "simulate" = work!(SimulateSettings, run);
}

/// Deliveries that may be under way at once; beyond it the next one waits, and the rate is not kept.
const UNDER_WAY: usize = 1_000;
/// A burst every so often, so long, at so many times the rate.
const BURST: (Duration, Duration, u32) = (Duration::from_secs(20), Duration::from_secs(2), 5);
/// How long what was not answered 200 waits for its next attempt; Meta's first comes at once too
/// (<https://developers.facebook.com/docs/graph-api/webhooks/getting-started#event-notifications>).
const RETRIES: [Duration; 4] =
    [Duration::ZERO, Duration::from_secs(1), Duration::from_secs(2), Duration::from_secs(4)];

settings! {
    /// What `weir simulate` can be asked for.
    struct SimulateSettings {
        /// Where ingest takes webhooks
        to: String = to(),
        signer: Signer = group(),
        /// How many accounts there are
        accounts: u64 = count("accounts", 1..=1_000_000).or("10"),
        /// Deliveries a second, bursts aside
        rate: u64 = count("rate", 1..=100_000).or("10"),
        /// For how long, such as 30s or 10m [default: until Ctrl-C]
        period: Option<Duration> = flag("for", "DURATION", form::duration(Duration::from_secs(1)..=Duration::MAX)).optional(),
        /// What chance begins with
        seed: u64 = count("seed", 0..=u64::MAX).named("NUMBER").or("1"),
    }
}

fn run(settings: &SimulateSettings, screen: &mut Screen) -> Result<Exit> {
    let session = Session::start()?;
    session.stop_gently()?;
    let poster = Poster::new(&settings.to)?;
    let tally = session.wait(post(&session, settings, &poster));
    tally.print(screen)?;
    Ok(if tally.is_all_taken() { Exit::Done } else { Exit::Findings })
}

/// Posts until the time is over or a signal came, and waits for what is under way.
async fn post(session: &Session, settings: &SimulateSettings, poster: &Poster) -> Tally {
    let start = Instant::now();
    let run = Millis::of(SystemTime::now()).as_millis();
    let mut traffic = Traffic::new(settings.seed, settings.accounts, run);
    let (mut pace, mut progress) = (Pace::new(settings.rate), Progress::new(true));
    let (mut under_way, mut tally) = (JoinSet::new(), Tally::default());
    while !session.must_stop() && settings.period.is_none_or(|period| start.elapsed() < period) {
        tokio::time::sleep(pace.due(Instant::now())).await;
        for _ in 0..at_once(start.elapsed()) {
            if under_way.len() >= UNDER_WAY
                && let Some(answers) = under_way.join_next().await
            {
                tally.note(answers.unwrap_or_default());
            }
            let body = Bytes::from(traffic.delivery(Millis::of(SystemTime::now())));
            let signature = settings.signer.secret().sign(&body);
            under_way.spawn(deliver(poster.clone(), body, signature, traffic.comes_twice()));
        }
        while let Some(answers) = under_way.try_join_next() {
            tally.note(answers.unwrap_or_default());
        }
        progress.show(|| format!("{}, {} under way", tally.in_a_line(), under_way.len()));
    }
    while let Some(answers) = under_way.join_next().await {
        tally.note(answers.unwrap_or_default());
    }
    tally
}

/// How many deliveries come at once so long after the start.
fn at_once(elapsed: Duration) -> u32 {
    let (every, lasts, times) = BURST;
    let into =
        Duration::from_millis(u64::try_from(elapsed.as_millis() % every.as_millis()).unwrap_or_default());
    if into + lasts >= every { times } else { 1 }
}

/// Posts one delivery until it is answered 200, as often as Meta would in a shorter time.
async fn deliver(poster: Poster, body: Bytes, signature: String, comes_twice: bool) -> Vec<Answered> {
    let attempt = async || {
        let answer = poster.post(body.clone(), &signature).await;
        let answer = answer.map(|answer| (answer.status, answer.took)).map_err(|error| chain(&*error));
        answer.inspect_err(|why| tracing::info!("{why}"))
    };
    let mut answers = vec![attempt().await];
    for wait in RETRIES {
        if is_taken(&answers) {
            break;
        }
        tokio::time::sleep(wait).await;
        answers.push(attempt().await);
    }
    if comes_twice && is_taken(&answers) {
        answers.push(attempt().await);
    }
    answers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_two_seconds_of_burst_in_twenty() {
        let times = (0..40).map(|second| at_once(Duration::from_secs(second))).collect::<Vec<_>>();
        assert_eq!(times.iter().filter(|times| **times == 5).count(), 4);
        assert_eq!((times[17], times[18], times[19], times[20]), (1, 5, 5, 1));
    }
}
