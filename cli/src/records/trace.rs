//! `weir trace`: where one message is, followed over the topics.
//!
//! [`question`] is what is asked for; [`origin`] finds the events that are meant, as [`expected`] has them, by [`search`], and on
//! the disk by [`spool`]; [`way`] follows each over its [`place`]s, with the [`answers`] to it; [`end`] says where a way ends and why;
//! [`meta`] asks Meta; [`show`] prints it.

mod answers;
mod end;
mod expected;
mod meta;
mod origin;
mod place;
mod question;
mod search;
mod show;
mod spool;
mod way;

use crate::kafka::session::Session;
use crate::tool::exit::Exit;
use crate::tool::settings::{
    Given, flag, group, instant, kafka, max_events, settings, since, switch, topic_prefix,
};
use crate::tool::{Tool, work};
use crate::{Screen, ToolError};
use meta::MetaAccess;
use origin::Origins;
use question::Question;
use runtime::settings::{KafkaSettings, form};
use schemas::{Millis, Topic};
use search::Search;
use show::{Found, LookedAt};
use std::path::PathBuf;
use std::time::SystemTime;

const MORE: &str = "\
Give it a message id (mid), the id of a comment, an event id (32 hex digits) or a delivery id (ce_id of a raw record, \
deliveryid of an event); or --account, --user and --at, for what they said to each other within five minutes of that time.

It finds the event on its typed topic, and from there by key and time the raw record that it came in, its inbox record, its \
enriched event, dead letters of it, and commands that answer or sent it with their results. With --spool-dir it looks at what \
waits on the disk of this machine's ingest too. Then it says where the way ends, and why.

A delivery id says itself when to look, and --at does; of other ids the newest records are read first, back to --since, until \
the message or comment itself is found: a reaction to it or a receipt is not enough. --account and --user beside an id say in \
which partition. What is on no typed topic is looked for among the raw deliveries. With --at events are meant by the time at \
which they happened or were received, and what was written up to 36 hours later is read too. 20 events are followed; of more it \
says how many.

It says never received only where the period is within the retention of deliveries that `weir topics` makes, and with \
--spool-dir; else not found in what was looked at. It sees one disk, that of this machine; it needs Kafka to look at that. Of a \
conversation the Graph API may list fewer messages than there were.

--ask-meta asks the Graph API whether it has the message or comment; of a conversation which messages it has at that time, and \
which of these were not received. It does not ask for their words.

With --json an event is an object of id, kind, key, places (what, topic, partition, offset, at, says), end (complete, stopped) \
and why; the last object has the verdict (found, stopped, never_received, not_found), events, left_out, meta (id, state, created, \
was_received, error), since, until, retained_since, spool (whether one was read) and records_read.";

const EXAMPLES: &str = "\
Examples:
  weir trace aWdfZAG1faXRlbToxOklHTWVzc2FnZAUl… --since 2h --brokers localhost:9092
  weir trace 019aa7f0-5c1e-7d3a-9f00-1c2d3e4f5a6b --json
  weir trace --account 17841405726653026 --user 6837251906428371 --at 2026-11-21T18:30:00Z --ask-meta

Exit code 0: found, to the end of its way; 1: the topics cannot be read; 3: it stopped on the way; 4: it was never received, or not found.";

settings! {
    /// What `weir trace` can be asked for.
    struct TraceSettings {
        kafka: KafkaSettings = kafka(),
        /// A message id, the id of a comment, an event id or a delivery id
        id: Option<String> = flag("id", "ID", form::text()).positional().optional(),
        /// The account or page, by its id
        account: Option<String> = flag("account", "ID", form::text()).optional(),
        /// Who writes with it, by the id that the account knows
        user: Option<String> = flag("user", "ID", form::text()).optional(),
        /// When it was received: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        at: Option<Millis> = instant("at").optional(),
        /// From when on to look where --at is not given: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        since: Millis = since().or("1d"),
        /// The --spool-dir of the ingest on this machine
        spool_dir: Option<PathBuf> = flag("spool-dir", "DIR", form::directory()).env("WEIR_SPOOL_DIR").optional(),
        /// The --max-events of ingest
        max_events: usize = max_events(),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
        meta: MetaAccess = group(),
        /// Print JSON objects, one a line
        json: bool = switch("json"),
    }
    check |settings: &Self, given: &mut Given<'_>| if Question::of(settings).is_none() {
        given.reader.problem("what to trace", "an id; or --account, --user and --at together");
    }
}

/// The subcommand.
pub(crate) const TOOL: Tool = Tool {
    name: "trace",
    about: "Follow one message over the topics, and say where its way ends",
    more: MORE,
    examples: EXAMPLES,
    work: work!(TraceSettings, run),
};

fn run(settings: &TraceSettings, screen: &mut Screen) -> Result<Exit, ToolError> {
    let question = Question::of(settings).expect("settings without a question are a problem");
    let session = Session::start()?;
    let search = Search::connect(&session, &settings.kafka, &settings.topic_prefix)?;
    let Origins { origins, left_out } = origin::find(&question, settings, &search)?;
    let ways = origins.iter().map(|origin| way::follow(origin, &search)).collect::<Result<Vec<_>, _>>()?;
    let at_meta = meta::ask(&question, &ways, &left_out, settings, &session)?;
    let looked_at = LookedAt {
        period: question.period,
        retained_since: retained_since(Millis::of(SystemTime::now())),
        spool: settings.spool_dir.is_some(),
    };
    let found = Found { ways, at_meta, left_out: left_out.len(), looked_at, read: search.read() };
    Ok(found.print(settings.json, screen)?.exit())
}

/// From when on every delivery that was received is on its topic or on a disk.
fn retained_since(now: Millis) -> Millis {
    let retention = u64::try_from(Topic::Raw.spec().retention.as_millis()).unwrap_or(u64::MAX);
    Millis::since_epoch(now.as_millis().saturating_sub(retention))
}
