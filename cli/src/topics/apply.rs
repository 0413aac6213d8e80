//! `weir topics apply`: makes what is missing, sets what differs, says what it did.

use super::cluster::{Cluster, Refused};
use super::difference::{Difference, Finding};
use super::plan::{Counts, WHY_IT_STAYS, counts, tell_of_silence};
use super::settings::TopicsSettings;
use super::{Compared, advice, compare};
use crate::screen::{Cell, Screen, Table, Tone, nonzero};
use crate::tool::{Exit, Result, Session};
use std::collections::BTreeMap;
use std::io;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// The brokers learn of a new topic a moment after the controller has made it.
const SEEN_WITHIN: Duration = Duration::from_secs(10);
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) fn run(settings: &TopicsSettings, screen: &mut Screen) -> Result<Exit> {
    let (compared, refused) = Session::start()?.wait(apply(settings))?;
    Ok(report(&compared, &refused, screen)?)
}

/// What was found, and what the cluster refused to change.
async fn apply(settings: &TopicsSettings) -> Result<(Vec<Compared>, Vec<Refused>)> {
    let cluster = &Cluster::connect(&settings.kafka).await?;
    tell_of_silence(cluster);
    let compared = compare(cluster, settings).await?;
    let mut refused = make(cluster, &compared).await?;
    refused.extend(set(cluster, &compared).await?);
    if refused.is_empty() {
        wait_until_seen(cluster, &compared).await;
    }
    Ok((compared, refused))
}

async fn make(cluster: &Cluster, compared: &[Compared]) -> Result<Vec<Refused>> {
    let missing = compared.iter().filter(|topic| topic.finding == Finding::Missing);
    let missing: Vec<_> = missing.map(|topic| &topic.desired).collect();
    if missing.is_empty() { Ok(Vec::new()) } else { cluster.make(&missing).await }
}

async fn set(cluster: &Cluster, compared: &[Compared]) -> Result<Vec<Refused>> {
    let changes = compared.iter().filter_map(|Compared { desired, finding, .. }| match finding {
        Finding::Differs { set, .. } if !set.is_empty() => Some((desired.name.as_str(), set)),
        _ => None,
    });
    let changes: Vec<_> = changes.collect();
    if changes.is_empty() { Ok(Vec::new()) } else { cluster.set(&changes).await }
}

/// What was made is made, whatever the brokers say here: who may make topics need not be one who may read their settings.
async fn wait_until_seen(cluster: &Cluster, compared: &[Compared]) {
    let deadline = Instant::now() + SEEN_WITHIN;
    while let Ok((_, present)) = cluster.list().await
        && !compared.iter().all(|topic| present.contains_key(&topic.desired.name))
        && Instant::now() < deadline
    {
        sleep(LOOK_EVERY).await;
    }
}

/// Says what became of each topic; topics that were as desired are only counted.
fn report(compared: &[Compared], refused: &[Refused], screen: &mut Screen) -> io::Result<Exit> {
    Table::default().with(compared.iter().flat_map(|topic| rows(topic, refused))).print(screen)?;
    let Counts { stay, fine, .. } = counts(compared);
    let mut said = vec![format!("{} topics", compared.len())];
    let refusals = refused.len() as u64;
    said.extend(nonzero(&[
        (fine, "were as desired"),
        (stay, "stay different"),
        (refusals, "changes were refused"),
    ]));
    screen.line(said.join(", "))?;
    if stay > 0 {
        screen.line(WHY_IT_STAYS)?;
    }
    let advice: BTreeMap<_, _> = refused.iter().map(|(_, code)| (*code as i32, *code)).collect();
    advice.values().try_for_each(|code| screen.toned(Tone::Bad, &advice::on(*code)))?;
    Ok(match (refused.is_empty(), stay) {
        (false, _) => Exit::Failure,
        (true, 0) => Exit::Done,
        (true, _) => Exit::Findings,
    })
}

fn rows(Compared { desired, finding, .. }: &Compared, refused: &[Refused]) -> Vec<[Cell; 3]> {
    let row = |tone, mark: &str, what: String| {
        [Cell::new(tone, mark), desired.name.as_str().into(), Cell::new(tone, what)]
    };
    let changed = |mark: &str, what: String| match refused.iter().find(|(topic, _)| *topic == desired.name) {
        Some((_, code)) => row(Tone::Bad, "!", format!("refused ({code:?})")),
        None => row(Tone::Good, mark, what),
    };
    match finding {
        Finding::Fine => Vec::new(),
        Finding::Missing => {
            let what = format!("made, partitions {}, replicas {}", desired.partitions, desired.replicas);
            vec![changed("+", what)]
        }
        Finding::Differs { stays, settings, .. } => {
            let done = settings
                .iter()
                .map(|Difference { aspect, is, should }| format!("{aspect} set to {should}, was {is}"));
            let (done, stay) = (join(done), join(stays.iter().map(Difference::to_string)));
            let set = (!settings.is_empty()).then(|| changed("~", done));
            let stays = (!stays.is_empty()).then(|| row(Tone::Warn, "!", format!("stays: {stay}")));
            set.into_iter().chain(stays).collect()
        }
    }
}

fn join(texts: impl Iterator<Item = String>) -> String {
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::Printed;
    use crate::topics::difference::compare;
    use crate::topics::{desired::Desired, difference::Present};
    use rdkafka::types::RDKafkaErrorCode;

    fn desired() -> Desired {
        let config = BTreeMap::from([("retention.ms", "7".to_owned())]);
        Desired { name: "meta.inbox.v1".to_owned(), partitions: 12, replicas: 3, config }
    }

    fn compared(present: Option<&Present>) -> Compared {
        Compared { desired: desired(), finding: compare(&desired(), present), unwritable: Vec::new() }
    }

    fn shown(compared: &Compared, refused: &[Refused]) -> Vec<String> {
        let printed = Printed::default();
        Table::default().with(rows(compared, refused)).print(&mut printed.screen()).unwrap();
        printed.text().lines().map(str::to_owned).collect()
    }

    #[test]
    fn what_was_made_set_and_left_is_said() {
        let present = Present { partitions: 6, replicas: 3, ..Present::default() };
        assert_eq!(shown(&compared(None), &[]), ["+  meta.inbox.v1  made, partitions 12, replicas 3"]);
        assert_eq!(
            shown(&compared(Some(&present)), &[]),
            [
                "~  meta.inbox.v1  retention.ms set to 7, was unset",
                "!  meta.inbox.v1  stays: partitions 6 instead of 12"
            ]
        );
    }

    #[test]
    fn what_was_refused_is_not_said_to_be_done() {
        let code = RDKafkaErrorCode::PolicyViolation;
        let refused = [("meta.inbox.v1".to_owned(), code)];
        assert_eq!(shown(&compared(None), &refused), ["!  meta.inbox.v1  refused (PolicyViolation)"]);
    }

    #[test]
    fn the_exit_code_tells_done_from_refused_from_different() {
        let exit = |compared: &[Compared], refused: &[Refused]| {
            report(compared, refused, &mut Screen::plain(io::sink())).unwrap()
        };
        let code = RDKafkaErrorCode::PolicyViolation;
        let refused = [("meta.inbox.v1".to_owned(), code)];
        let difference = Difference { aspect: "partitions", is: "6".to_owned(), should: "12".to_owned() };
        let (settings, set) = (Vec::new(), BTreeMap::new());
        let finding = Finding::Differs { stays: vec![difference], settings, set };
        let stays = Compared { desired: desired(), finding, unwritable: Vec::new() };
        assert_eq!(exit(&[compared(None)], &[]), Exit::Done);
        assert_eq!(exit(std::slice::from_ref(&stays), &[]), Exit::Findings);
        assert_eq!(exit(&[stays, compared(None)], &refused), Exit::Failure);
    }
}
