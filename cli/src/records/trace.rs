//! `weir trace`: where one message is, followed over the topics.
//!
//! In this order, after [`question`], which is what is asked for:
//! - [`disks`]: what waits on those of ingest, by its admin ports
//! - [`origin`]: the events that are meant ([`expected`]), on this machine's disk, and then on the topics by [`search`]
//! - [`event_trace`]: the [`place`]s of each, with the commands that answer or sent it ([`replies`]); [`end`]: where its way ends, and why
//! - [`meta`]: what the Graph API has of it; [`show`]: all of that printed

mod disks;
mod end;
mod event_trace;
mod expected;
mod meta;
mod origin;
mod place;
mod question;
mod replies;
mod search;
mod show;

use crate::screen::Screen;
use crate::tool::settings::{
    EventLimits, admin_ports, flag, group, kafka, meta_id, past, settings, since, switch, topic_prefix,
};
use crate::tool::{Exit, Result, Session, tool, work};
use crate::topics;
use meta::MetaAccess;
use origin::Origins;
use question::Question;
use runtime::settings::{KafkaSettings, form};
use schemas::{Millis, Topic};
use search::Search;
use show::TraceReport;
use std::path::PathBuf;
use std::time::SystemTime;
use weir_ingest::spool::inspect::retired_files;

tool! {
    /// Follow one message over the topics, and say where its way ends
    ///
    /// Give it a message id (mid), the id of a comment, an event id (32 hex digits) or a delivery id (ce_id of a raw record,
    /// deliveryid of an event); or --account, --user and --at, for what they said to each other within five minutes of that time.
    ///
    /// It looks at the disks of ingest first (--ingest, and with --spool-dir what waits on this machine's), so that nothing is missed
    /// that moves to Kafka meanwhile. Then it finds the event on its typed topic, and from there by key and time the raw record that
    /// it came in, its inbox record, its enriched event, dead letters of it, and commands that answer or sent it with their results.
    /// Last it says where the way ends, and why.
    ///
    /// A delivery id says itself when to look, and --at does; of other ids the newest records are read first, back to --since, until
    /// the message or comment itself is found: a reaction to it or a receipt is not enough. --account and --user beside an id say in
    /// which partition. If no typed topic has it, the raw deliveries are searched. --at is the time at which events happened or were
    /// received; what was written up to 36 hours later is read too. 20 events are followed; of more it says how many.
    ///
    /// It says never received only where the period is within the time for which the cluster keeps deliveries, and nothing waits, or
    /// was lost, on any disk of ingest: give the admin ports of all its processes by --ingest. Else it says not found in what was
    /// looked at, and what that leaves out. Only this machine's spool is read, and only while Kafka answers. Of a conversation the
    /// Graph API may list fewer messages than there were.
    ///
    /// --ask-meta asks the Graph API whether it has the message or comment; with --account, --user and --at, which messages of the
    /// conversation it has around that time, and which of these were not received. It does not ask for their words. --access-tokens,
    /// --accounts and --graph-app-secret are those of weir-lookups.
    ///
    /// With --json an event is an object of id, kind, key, places (what, topic, partition, offset, at, says), end (complete, stopped)
    /// and why; the last object has the verdict (found, stopped, never_received, not_found), events, left_out, meta (id, state,
    /// created, was_received, error), since, until, retained_since (null where it cannot be read), spool (whether one was read),
    /// ingest (address, deliveries that wait, null where it does not say, and those that were lost on its disk, as lost, where any
    /// were) and records_read.
    ///
    /// Examples:
    ///   weir trace aWdfZAG1faXRlbToxOklHTWVzc2FnZAUl… --since 2h --brokers localhost:9092
    ///   weir trace 019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b --json
    ///   weir trace aWdfZAG1faXRlbToxOklHTWVzc2FnZAUl… --since 7d --ingest weir-ingest-0:9090 weir-ingest-1:9090
    ///   weir trace --account 17841405726653026 --user 6837251906428371 --at 2026-11-21T18:30:00Z --ask-meta
    ///
    /// Exit code 0: found, to the end of its way; 1: the topics cannot be read; 3: it stopped on the way; 4: it was never received,
    /// or not found.
    pub(crate) const TOOL: "trace" = work!(TraceSettings, run);
}

settings! {
    /// What `weir trace` can be asked for.
    struct TraceSettings {
        kafka: KafkaSettings = kafka(),
        /// A message id, the id of a comment, an event id or a delivery id
        id: Option<String> = flag("id", "ID", form::text()).positional().optional(),
        /// The account or page, by its id
        account: Option<String> = meta_id("account").optional(),
        /// Who writes with it, by the id that the account knows
        user: Option<String> = meta_id("user").optional(),
        /// When it was received: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        at: Option<Millis> = past("at").optional(),
        /// From when on to look where --at is not given: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        since: Millis = since().or("1d"),
        /// The --spool-dir of the ingest on this machine
        spool_dir: Option<PathBuf> = flag("spool-dir", "DIR", form::directory()).env("WEIR_SPOOL_DIR").optional(),
        /// Where all processes of ingest answer on their admin ports, to ask what waits on their disks
        ingest: Vec<String> = admin_ports("ingest", "every process of ingest"),
        event_limits: EventLimits = group(),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
        meta: MetaAccess = group(),
        /// Print JSON objects, one a line
        json: bool = switch("json"),
    }
    check |_, given| {
        // By what was given: what of it cannot be read is a problem already.
        let has = |id| given.is_set(id);
        let names_one = if has("user") { has("account") && (has("id") || has("at")) } else { has("id") };
        if !names_one {
            given.problem("what to trace", "an id; or --account, --user and --at together");
        }
    }
}

fn run(settings: &TraceSettings, screen: &mut Screen) -> Result<Exit> {
    let question = Question::of(settings);
    let session = Session::start()?;
    let search = Search::connect(&session, &settings.kafka, &settings.topic_prefix)?;
    // Before the topics are read, so that what moves there from a disk is on one of them.
    let ingest = session.wait(disks::ask(&settings.ingest));
    let damaged_files = settings.spool_dir.as_deref().map(retired_files).transpose()?;
    let Origins { origins, left_out } = origin::find(&question, settings.spool_dir.as_deref(), &search)?;
    let damaged_spool_files = damaged_files.map(|files| files.len());
    let unseen = disks::unseen(&ingest, damaged_spool_files);
    let follow = |origin| event_trace::follow(origin, &search, &unseen);
    let traces = origins.iter().map(follow).collect::<Result<Vec<_>, _>>()?;
    let at_meta = meta::ask(&question, &traces, &left_out, settings, &session)?;
    let found = TraceReport {
        traces,
        at_meta,
        left_out: left_out.len(),
        read: search.read(),
        period: question.period,
        retained_since: retained_since(settings, &session, &search),
        damaged_spool_files,
        ingest,
    };
    Ok(found.print(settings.json, screen)?.exit())
}

/// From when on every delivery that was received is on its topic or on a disk; none where the cluster does not tell.
fn retained_since(settings: &TraceSettings, session: &Session, search: &Search<'_>) -> Option<Millis> {
    let raw = Topic::Raw.name(&settings.topic_prefix);
    let retention = session.wait(topics::retention(&settings.kafka, &raw)).ok().flatten()?;
    let (now, lost) = (Millis::of(SystemTime::now()), search.lost_until(Topic::Raw).ok()?);
    // Some may be gone that were not as old, as where an operator has removed records.
    Some(lost.map_or(now.before(retention), |lost| lost.min(now).max(now.before(retention))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;

    /// The settings that are refused.
    fn refused(arguments: &[&str]) -> Vec<String> {
        let command = TraceSettings::declare(Command::new("trace"));
        let matches =
            command.clone().get_matches_from(["trace", "--brokers", "kafka:9092"].iter().chain(arguments));
        let problems =
            read::<TraceSettings>(&command, &matches).map_or_else(|problems| problems.0, |_| Vec::new());
        problems.into_iter().map(|problem| problem.setting).collect()
    }

    #[test]
    fn what_is_traced_is_an_id_or_a_conversation_and_a_time() {
        let conversation = ["--account", "17", "--user", "42"];
        assert!(refused(&["aWdf"]).is_empty());
        assert!(refused(&[&["aWdf"], &conversation[..]].concat()).is_empty());
        assert!(refused(&[&conversation[..], &["--at", "2h"]].concat()).is_empty());
        let too_little: [&[&str]; 4] = [&[], &conversation, &["--at", "2h"], &["aWdf", "--user", "42"]];
        for arguments in too_little {
            assert_eq!(refused(arguments), ["what to trace"], "{arguments:?}");
        }
    }

    #[test]
    fn an_admin_port_that_is_none_hides_no_other_problem() {
        assert_eq!(refused(&["--ingest", "weir-ingest-0:9090", "9090"]), ["--ingest", "what to trace"]);
        assert_eq!(refused(&["aWdf", "--ingest", "9090", ""]), ["--ingest", "--ingest"]);
    }

    #[test]
    fn what_was_given_and_cannot_be_read_is_named_alone() {
        let of_conversation = |at| refused(&["--account", "17", "--user", "42", "--at", at]);
        assert_eq!(of_conversation("2999-01-01T00:00:00Z"), ["--at"], "it is yet to come");
        assert_eq!(of_conversation(""), ["--at"]);
        assert_eq!(refused(&["aWdf", "--ask-meta", "--access-tokens", "/nowhere"]), ["--access-tokens"]);
    }
}
