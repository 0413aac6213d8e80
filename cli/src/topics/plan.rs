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

/// Why the number of partitions and replicas is left alone.
pub(super) const WHY_IT_STAYS: &str = "\
Partitions and replicas stay as they are: more partitions would move keys to other partitions and break the order of
conversations, and replicas are moved by kafka-reassign-partitions. If they are right as they are, say so with
--partitions and --replication-factor.";

pub(super) fn run(settings: &TopicsSettings, screen: &mut Screen) -> Result<Exit> {
    let look = async {
        let cluster = Cluster::connect(&settings.kafka).await?;
        tell_of_silence(&cluster);
        compare(&cluster, settings).await
    };
    let compared = Session::start()?.wait(look)?;
    let headings = ["", "TOPIC", "PARTITIONS", "REPLICAS", "RETENTION", "RECORDS TO", "STATE"];
    Table::under(headings).with(compared.iter().map(row)).print(screen)?;
    let tally = Tally::of(&compared);
    screen.line("")?;
    screen.line(tally.sentence())?;
    if tally.stay > 0 {
        screen.line(WHY_IT_STAYS)?;
    }
    if let Some(what) = tally.what_apply_makes() {
        screen.line(format!("Make {what} so with: {}", apply_command(settings)))?;
    }
    Ok(if tally.is_fine() { Exit::Done } else { Exit::Findings })
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

/// How many topics are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    missing: u64,
    differ: u64,
    pub(super) stay: u64,
    pub(super) fine: u64,
}

impl Tally {
    pub(super) fn of(compared: &[Compared]) -> Self {
        let mut tally = Self::default();
        for Compared { finding, .. } in compared {
            match finding {
                Finding::Missing => tally.missing += 1,
                Finding::Fine => tally.fine += 1,
                Finding::Differs { stays, settings, .. } => {
                    tally.differ += u64::from(!settings.is_empty());
                    tally.stay += u64::from(!stays.is_empty());
                }
            }
        }
        tally
    }

    const fn is_fine(self) -> bool {
        self.missing == 0 && self.differ == 0 && self.stay == 0
    }

    /// What `weir topics apply` makes as it should be: nothing, all of it, or what does not stay.
    const fn what_apply_makes(self) -> Option<&'static str> {
        match self {
            Self { missing: 0, differ: 0, .. } => None,
            Self { stay: 0, .. } => Some("it"),
            _ => Some("all else"),
        }
    }

    fn sentence(self) -> String {
        let Self { missing, differ, stay, fine } = self;
        let counts = [
            (missing, "missing (or hidden by an access control list)"),
            (differ, "with settings that differ"),
            (stay, "with partitions or replicas that differ"),
            (fine, "as desired"),
        ];
        nonzero(&counts).join(", ")
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
        given(*partitions != TopicSpec::DEFAULT_PARTITIONS, format!(" --partitions {partitions}")),
        replication_factor.map_or_else(String::new, |count| format!(" --replication-factor {count}")),
        given(*max_body != TopicSpec::DEFAULT_BODY_BYTES, format!(" --max-body {max_body}")),
        broker_disk.map_or_else(String::new, |bytes| format!(" --broker-disk {bytes}")),
    ]
    .concat()
}

#[cfg(test)]
mod tests;
