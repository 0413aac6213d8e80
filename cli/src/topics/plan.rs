//! `weir topics plan`: a table of what is missing, what differs, what is fine.

use super::cluster::Cluster;
use super::desired::{Desired, MAX_BYTES, RETENTION};
use super::difference::{Difference, Finding};
use super::settings::TopicsSettings;
use super::{Compared, compare};
use crate::screen::{Cell, Screen, Table, Tone, nonzero};
use crate::tool::{Exit, Result, Session};
use runtime::process::print_error;
use schemas::TopicSpec;
use std::io;

/// Why the number of partitions and replicas is left alone.
pub(super) const WHY_IT_STAYS: &str = "\
Partitions and replicas stay as they are: more partitions would move keys to other partitions and break the order of
conversations, and replicas are moved by kafka-reassign-partitions. If they are right as they are, say so with
--partitions and --replication-factor.";

/// What is said where somebody raised partitions.
const RAISED: &str = "\
have more partitions than 12, which are taken as they are where no --partitions is given. For 40 hours after they were
raised (the --dedupe-window of weir-messages) publish by `weir replay --missing-only` alone: what was in the inbox before would come again.";

pub(super) fn run(settings: &TopicsSettings, screen: &mut Screen) -> Result<Exit> {
    let look = async {
        let cluster = Cluster::connect(&settings.kafka).await?;
        tell_of_silence(&cluster);
        compare(&cluster, settings).await
    };
    let compared = Session::start()?.wait(look)?;
    Ok(report(&compared, settings, screen)?)
}

fn report(compared: &[Compared], settings: &TopicsSettings, screen: &mut Screen) -> io::Result<Exit> {
    let headings = ["", "TOPIC", "PARTITIONS", "REPLICAS", "RETENTION", "RECORDS TO", "STATE"];
    Table::under(headings).with(compared.iter().map(row)).print(screen)?;
    let Counts { missing, differ, stay, fine } = counts(compared);
    screen.line("")?;
    let said = [
        (missing, "missing (or hidden by an access control list)"),
        (differ, "with settings that differ"),
        (stay, "with partitions or replicas that differ"),
        (fine, "as desired"),
    ];
    screen.line(nonzero(&said).join(", "))?;
    if stay > 0 {
        screen.line(WHY_IT_STAYS)?;
    }
    let is_raised = |topic: &&Compared| topic.desired.partitions > TopicSpec::DEFAULT_PARTITIONS;
    let raised = compared.iter().filter(is_raised).count();
    if settings.partitions.is_none() && raised > 0 {
        screen.line(format!("{raised} {RAISED}"))?;
        let are_12 = |topic: &Compared| {
            topic.finding == Finding::Missing && topic.desired.partitions == TopicSpec::DEFAULT_PARTITIONS
        };
        if compared.iter().any(are_12) {
            screen.line("What is missing gets 12, since the others are few or differ: --partitions says another number.")?;
        }
    }
    if missing + differ > 0 {
        let what = if stay == 0 { "it" } else { "all else" };
        screen.line(format!("Make {what} so with: {}", apply_command(settings)))?;
    }
    Ok(if missing + differ + stay == 0 { Exit::Done } else { Exit::Findings })
}

/// How many topics are in which state; one whose settings and partitions differ is in two.
pub(super) struct Counts {
    missing: u64,
    differ: u64,
    pub(super) stay: u64,
    pub(super) fine: u64,
}

pub(super) fn counts(compared: &[Compared]) -> Counts {
    let count = |is: fn(&Finding) -> bool| compared.iter().filter(|topic| is(&topic.finding)).count() as u64;
    Counts {
        missing: count(|finding| *finding == Finding::Missing),
        differ: count(|finding| matches!(finding, Finding::Differs { settings, .. } if !settings.is_empty())),
        stay: count(|finding| matches!(finding, Finding::Differs { stays, .. } if !stays.is_empty())),
        fine: count(|finding| *finding == Finding::Fine),
    }
}

/// The other brokers answer for those that do not: it changes nothing of what is found.
pub(super) fn tell_of_silence(cluster: &Cluster) {
    if let Some(silence) = cluster.silence() {
        print_error(format_args!(
            "weir: {silence}, and others are asked: is each broker reached from here by that name?"
        ));
    }
}

fn row(Compared { desired, finding, .. }: &Compared) -> [Cell; 7] {
    let (mark, tone, state) = match finding {
        Finding::Missing => ("+", Tone::Warn, "missing".to_owned()),
        Finding::Fine => ("=", Tone::Good, "as desired".to_owned()),
        Finding::Differs { stays, settings, .. } => {
            let (mark, tone) = if stays.is_empty() { ("~", Tone::Warn) } else { ("!", Tone::Bad) };
            (mark, tone, sentence(stays, settings))
        }
    };
    [
        Cell::new(tone, mark),
        desired.name.as_str().into(),
        desired.partitions.to_string().into(),
        desired.replicas.to_string().into(),
        retention(desired).into(),
        largest(desired).into(),
        Cell::new(tone, state),
    ]
}

/// Differences in one line.
pub(super) fn sentence(stays: &[Difference], settings: &[Difference]) -> String {
    let stays = stays.iter().map(|difference| format!("{difference} (stays)"));
    stays.chain(settings.iter().map(Difference::to_string)).collect::<Vec<_>>().join(", ")
}

fn retention(desired: &Desired) -> String {
    let days = desired.config.get(RETENTION).and_then(|millis| millis.parse::<u64>().ok());
    days.map_or_else(|| "compacted".to_owned(), |millis| format!("{} d", millis / 86_400_000))
}

fn largest(desired: &Desired) -> String {
    let bytes = desired.config.get(MAX_BYTES).and_then(|bytes| bytes.parse::<u64>().ok());
    match bytes {
        Some(bytes) if bytes.is_multiple_of(1 << 20) => format!("{} MiB", bytes >> 20),
        Some(bytes) => format!("{} KiB", bytes >> 10),
        None => "default".to_owned(),
    }
}

/// The command that makes it so: what was given, without what is the default.
fn apply_command(settings: &TopicsSettings) -> String {
    let TopicsSettings { kafka, topic_prefix, partitions, replication_factor, max_body, broker_disk } =
        settings;
    let given = |is_given: bool, flag: String| if is_given { flag } else { String::new() };
    [
        format!("weir topics apply --brokers {}", kafka.brokers),
        given(!kafka.properties.is_empty(), " --kafka-config FILE".to_owned()),
        given(topic_prefix != "meta", format!(" --topic-prefix {topic_prefix}")),
        partitions.map_or_else(String::new, |count| format!(" --partitions {count}")),
        replication_factor.map_or_else(String::new, |count| format!(" --replication-factor {count}")),
        given(*max_body != TopicSpec::DEFAULT_BODY_BYTES, format!(" --max-body {max_body}")),
        broker_disk.map_or_else(String::new, |bytes| format!(" --broker-disk {bytes}")),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
