//! `weir doctor`: why nothing arrives, from Meta's end to the consumers of Kafka.
//!
//! What looks ([`address`], [`at_meta`], [`last_deliveries`], [`own`]) gives facts; what judges them ([`certificate`],
//! [`answers`], [`clock`], [`meta_checks`], …) gives [`check`]s and touches nothing. What needs something that fails is not tried.

mod address;
mod answers;
mod at_meta;
mod certificate;
mod check;
mod clock;
mod consumer_groups;
mod last_deliveries;
mod meta_checks;
mod own;
mod processes;
mod report;
mod settings;
mod test_delivery;

use crate::meta::Accounts;
use crate::screen::Screen;
use crate::tool::{Exit, Result, UsageError, not_started, tool, work};
use check::{Check, Deadline, NotKnown, Observed};
use report::Section;
use runtime::settings::KafkaSettings;
use schemas::Topic;
use settings::DoctorSettings;
use std::time::{Duration, SystemTime};
use test_delivery::TestDelivery;
use tokio::time::Instant;

tool! {
    /// Say why nothing arrives: the public address, Meta's end and your own, and what to do
    ///
    /// Looks from both ends, side by side, and says of each thing whether it is well (pass), is not (FAIL) or is not known, and what
    /// to do:
    ///
    /// - The public address, as Meta sees it, at each of the addresses that its name has: DNS, TLS, chain, name and end of its
    /// certificate, the handshake with the app's verify token, that a wrong token and a wrong signature are refused, its clock, and a
    /// test delivery through it to its two topics and back.
    /// - Meta's end: the access that review has approved (Meta's API does not tell the app's mode), subscriptions and installs with
    /// their fields, tokens with their ends and permissions, the page's link to Instagram, and the last delivery of each account and
    /// object.
    /// - Your own end: this machine's clock, Kafka, topics, partitions that have no leader or too few replicas in sync, consumers
    /// with their lag, processes and the spool of ingest.
    ///
    /// Apps and accounts are those of the file of `weir connect`. What is not given is unknown and names what to give. The test
    /// delivery is a message from 12334 to 23245 of the account 0, as those of the dashboard's test button: its event is marked
    /// `metatest`, and its inbox record `test`. Nothing else is changed anywhere. Where alerts compare traffic it counts like any
    /// other: as a probe, run it at most hourly, or give --no-test-delivery.
    ///
    /// Exit code 0: nothing fails; 3: something fails. Even if the file cannot be used, which is a failure too, your own end is
    /// checked.
    ///
    /// Examples:
    ///   weir doctor --file connect.json --access-tokens access-tokens --brokers kafka:9092 --admin ingest-0:9090 messages:9090
    ///   weir doctor --json | jq -r '.checks[] | select(.verdict == "fail") | .check + " " + .of + ": " + .advice'
    ///   weir doctor --connect-to 203.0.113.7    (an edge before DNS leads to it)
    pub(crate) const TOOL: "doctor" = work!(DoctorSettings, run);
}

const NO_FILE: NotKnown =
    NotKnown::NotGiven("--file connect.json, which declares apps and accounts (docs/meta.md)");
const CORRECT_FILE: &str = "Correct the file: docs/meta.md, weir connect, describes it.";
const NOT_TO_BE_SENT: NotKnown = NotKnown::NotTried("--no-test-delivery");
/// How long reading the newest deliveries, and finding the ends of topics, may take.
const READ_WITHIN: Duration = Duration::from_secs(15);

fn run(settings: &DoctorSettings, screen: &mut Screen) -> Result<Exit> {
    let accounts: Observed<Accounts> = match settings.meta.as_ref().map(Accounts::open).transpose() {
        // One's own end needs no file.
        Err(error) if error.is::<UsageError>() => Err(error.into()),
        opened => opened?.ok_or(NO_FILE),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(not_started)?;
    let deadline = Deadline(Instant::now() + settings.timeout);
    let sections = runtime.block_on(examine(settings, &accounts, deadline));
    // Brokers that do not answer hold up threads for a while longer, which nobody waits for.
    runtime.shutdown_background();
    Ok(report::print(&sections, settings.json, screen)?)
}

async fn examine(
    settings: &DoctorSettings,
    accounts: &Observed<Accounts>,
    deadline: Deadline,
) -> [Section; 3] {
    let others = async {
        match accounts {
            Ok(accounts) => of_meta(settings, accounts, deadline).await,
            Err(nothing) => {
                let checks = |name| vec![nothing.result(CORRECT_FILE).check(name, "")];
                (checks("address"), checks("accounts"), None)
            }
        }
    };
    let ((address, at_meta, ahead), mut own) = tokio::join!(others, own::checks(settings, deadline));
    own.insert(0, clock::own(ahead).check("clock", "this machine"));
    [
        Section { heading: "The public address, as Meta sees it", end: "address", checks: address },
        Section { heading: "Meta's end", end: "meta", checks: at_meta },
        Section { heading: "Your own end", end: "own", checks: own },
    ]
}

/// The first two ends, and how far Meta's clock is ahead.
async fn of_meta(
    settings: &DoctorSettings,
    accounts: &Accounts,
    deadline: Deadline,
) -> (Vec<Check>, Vec<Check>, Option<i64>) {
    let test = TestDelivery::new(SystemTime::now());
    let topics = [Topic::Raw, Topic::Messages].map(|topic| settings.topic(topic)).to_vec();
    let way_back = async {
        if settings.no_test_delivery {
            return Err(NOT_TO_BE_SENT);
        }
        of_kafka(settings, deadline, |kafka| test.way_back(kafka, topics)).await
    };
    let at_meta = async {
        let reached = at_meta::greet(accounts, deadline).await;
        let apps = at_meta::look(accounts, &reached, deadline).await;
        (reached, apps)
    };
    let ((mut address, clocks), (reached, apps), last) = tokio::join!(
        address::checks(accounts, settings, &test, way_back, deadline),
        at_meta,
        of_kafka(settings, deadline, |kafka| last_deliveries::read(
            kafka,
            settings.topic(Topic::Raw),
            settings.event_limits
        )),
    );
    let ahead = reached.ahead();
    address.extend(clocks.into_iter().map(|(app, clock)| clock::theirs(clock, ahead).check("clock", app)));
    let at_meta = reached
        .checks()
        .chain(meta_checks::checks(&apps, &last, settings.max_silence, SystemTime::now()))
        .collect();
    (address, at_meta, ahead)
}

/// Looks at Kafka where it is given; that it does not answer is a failure of one's own end alone.
async fn of_kafka<T, W: Future<Output = Observed<T>>>(
    settings: &DoctorSettings,
    deadline: Deadline,
    look: impl FnOnce(KafkaSettings) -> W,
) -> Observed<T> {
    let kafka = settings.kafka.as_ref().ok_or(NotKnown::NotGiven("--brokers"))?;
    let looked = deadline.look(READ_WITHIN, look(kafka.kafka.clone())).await;
    looked.map_err(|nothing| match nothing {
        NotKnown::Failed(why) => NotKnown::Untold(why),
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Printed;
    use crate::tool::settings::read;
    use clap::Command;
    use serde_json::Value;

    #[test]
    fn a_file_that_cannot_be_used_fails_and_ones_own_end_is_looked_at_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("connect.json");
        std::fs::write(&file, r#"{"apps": []}"#).unwrap();
        let command = DoctorSettings::declare(Command::new("doctor"));
        let arguments = ["doctor", "--json", "--file", file.to_str().unwrap()];
        let matches = command.clone().get_matches_from(arguments);
        let (settings, printed) = (read(&command, &matches).unwrap(), Printed::default());
        assert_eq!(run(&settings, &mut printed.screen()).unwrap(), Exit::Findings);
        let report: Value = serde_json::from_str(&printed.text()).unwrap();
        let checks = report["checks"].as_array().unwrap();
        assert!(checks[0]["found"].as_str().unwrap().contains("declares no app"), "{report}");
        assert!(checks.iter().any(|check| check["check"] == "topics"), "{report}");
    }
}
