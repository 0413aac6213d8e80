//! `weir dlq`: what is in the dead-letter topics, one of them whole, and the way back.
//!
//! [`dead_letter`] reads one; [`decision`] says what becomes of it; [`partition_mark`] remembers which were put back, and
//! [`topic_marks`] keeps that in Kafka as the offsets of a group.

mod dead_letter;
mod decision;
mod list;
mod outcome;
mod partition_mark;
mod redrive;
mod settings;
mod show;
mod topic_marks;

pub(crate) use dead_letter::DeadLetter;

use crate::tool::{Work, tool, work};
use settings::{ListSettings, RedriveSettings, ShowSettings};

tool! {
    /// List, show or put back dead letters
    pub(crate) const TOOL: "dlq" = Work::Tools(&[LIST, SHOW, REDRIVE]);
}

tool! {
    /// List what is in the dead-letter topics; changes nothing
    ///
    /// One line a dead letter, oldest first: its partition and offset, when it failed for the first time, why, how often it was
    /// tried, and where it came from; under it the error, where that is not the one of the dead letter above. At the end the dead
    /// letters by reason. A = marks dead letters that `weir dlq redrive` has put back, as long as Kafka remembers it (a week).
    ///
    /// Times are UTC. --since and --until go by when a dead letter was written. Values are not shown: see `weir dlq show`.
    ///
    /// With --json a dead letter is an object of topic, partition, offset, written, first_failed, reason, consumer, origin (topic,
    /// partition, offset; null where it came from none), attempts, error and back.
    ///
    /// Examples:
    ///   weir dlq list --brokers localhost:9092
    ///   weir dlq list --consumer weir-lookups --since 2h --reason retries_exhausted
    ///   weir dlq list --json | jq -r .reason | sort | uniq -c
    ///
    /// Exit code 0: listed; 1: the cluster cannot be read.
    const LIST: "list" = work!(ListSettings, list::run);
}

tool! {
    /// Show the headers and the value of one dead letter; changes nothing
    ///
    /// The value is what a person wrote or did. It is shown on a terminal and with --json, and nowhere else: into a pipe or a file
    /// goes its size.
    ///
    /// Examples:
    ///   weir dlq show meta.messages.dlq.v1 3 42
    ///   weir dlq show meta.messages.dlq.v1/3/42 --json | jq -r .value
    ///
    /// Exit code 0: shown; 1: it is not there, or the cluster cannot be read.
    const SHOW: "show" = work!(ShowSettings, show::run);
}

tool! {
    /// Put dead letters back to where they came from; a dry run unless told --apply
    ///
    /// Writes each dead letter to the topic that it came from: the same key, value and headers, without those that say why it is
    /// dead. How often it was tried stays with it (weir_dlq_attempts), so that its next dead letter counts on, and one that was tried
    /// --max-attempts times stays where it is. Every consumer of the topic reads it again; events keep their ids, and
    /// weir_dlq_consumer is kept, so weir-messages republishes only its own dead letters. A dead letter of ingest's is a body that
    /// could not be read, and came from no topic: it is split again, and where this version reads it as a whole its events are
    /// published, with the header ce_replay.
    ///
    /// Dead letters stay in their topic. Which of them were put back is remembered as the offsets of the consumer group weir-redrive,
    /// so that a second run puts nothing back twice; what that group lags behind are the dead letters that wait. Kafka forgets
    /// offsets after a week (offsets.retention.minutes): that is why older dead letters are left alone unless --since says otherwise.
    /// Two runs at the same time do not see each other.
    ///
    /// Ctrl-C ends it after what is under way, and remembers that.
    ///
    /// With --json a dead letter is the object of `weir dlq list` with fate (back, published: the events of a body, before: put back
    /// by an earlier run, duplicate: of a record that goes back already, stays), to or why, and applied; the last object holds the
    /// sums.
    ///
    /// Examples:
    ///   weir dlq redrive --brokers localhost:9092
    ///   weir dlq redrive --consumer weir-lookups --reason retries_exhausted --limit 10 --apply
    ///   weir dlq redrive --topic meta.messages.dlq.v1 --since 30d --rate 20 --apply
    ///
    /// Exit code 0: no dead letter stays; 1: it failed or was stopped; 3: there are dead letters that stay.
    const REDRIVE: "redrive" = work!(RedriveSettings, redrive::run);
}
