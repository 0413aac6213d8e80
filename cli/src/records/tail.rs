//! `weir tail`: records as they come, for people or programs.

mod whole;

use super::fact::DescribedRecord;
use super::line;
use super::watch::{Span, Watch, WatchError};
use crate::kafka::Source;
use crate::screen::{Screen, Tone, counted};
use crate::tool::settings::{count, group, kafka, kind, meta_id, settings, several, switch, topic_prefix};
use crate::tool::{Exit, Result, Session, tool, work};
use runtime::consumer::Record;
use runtime::settings::{KafkaSettings, form};
use schemas::{EventKind, Topic, TypedEvent};
use std::collections::BTreeMap;
use std::io;
use std::mem::discriminant;
use std::time::{Duration, SystemTime};
use whole::Whole;

tool! {
    /// Print records as they come
    ///
    /// Prints the records that come from now on, of every typed topic unless --topic names others: when, topic, what it is, key, and
    /// the beginning of the event's id; of inbox records the text too, which is what people wrote. It joins no group and commits
    /// nothing.
    ///
    /// Where whoever reads its output is slower than the topics, records are left out, and it says how many, so that the rest stays
    /// live. Brokers that do not answer, partitions without a leader and what this user may not read are told of, on lines of their
    /// own; what is written meanwhile comes once they answer again. Partitions that are added are read too.
    ///
    /// With --json a record is an object of topic, partition, offset, timestamp, key, headers and value: the value as it is where it
    /// is JSON, else as a string. Beside what is no UTF-8 there is key_hex or value_hex, and, where headers cannot hold them all,
    /// all_headers: each in order, as an object of name and value or value_hex. {"left_out":N} stands for N records, {"error":"…"}
    /// says what cannot be read, and {"error":null} that all can be again.
    ///
    /// Examples:
    ///   weir tail --brokers localhost:9092
    ///   weir tail --account 17841405726653026 --kind message --json | jq -r .value.data.message.text
    ///   weir tail --topic meta.inbox.v1 --user 6837251906428371 --limit 1
    ///
    /// Exit code 0: ended by Ctrl-C or --limit; 1: the topics cannot be read.
    pub(crate) const TOOL: "tail" = work!(TailSettings, run);
}

/// How long it may take until it says that records were left out where none comes.
const TELL_EVERY: Duration = Duration::from_secs(1);

settings! {
    /// What `weir tail` can be asked for.
    struct TailSettings {
        kafka: KafkaSettings = kafka(),
        wanted: Wanted = group(),
        /// End after so many records
        limit: Option<u64> = count("limit", 1..=u64::MAX).optional(),
        /// Print JSON objects, one a line
        json: bool = switch("json"),
    }
}

settings! {
    /// Which records.
    struct Wanted {
        /// Only records of this account or page, by its id
        account: Option<String> = meta_id("account").optional(),
        /// Only events of this kind, such as message or standby.postback
        kind: Option<EventKind> = kind().optional(),
        /// Only records of the conversations with this user, by its id
        user: Option<String> = meta_id("user").optional(),
        /// Only records of these topics, by their full names [default: the typed topics]
        topics: Vec<String> = several("topic", "TOPIC", form::text()),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
    }
    check |wanted, given| {
        let wrong = wanted.topics.iter().filter(|name| Topic::named(name, &wanted.topic_prefix).is_none());
        let example = Topic::Inbox.name(&wanted.topic_prefix);
        let expected = format!("the full name of a topic, such as {example} (docs/events.md has them)");
        given.refuse("topic", wrong, &expected);
    }
}

fn run(settings: &TailSettings, screen: &mut Screen) -> Result<Exit> {
    screen.is_all_that_is_done();
    let session = Session::start()?;
    let topics = settings.wanted.topics();
    // It says what is missing, and what makes it.
    Source::connect(&session, &settings.kafka, &topics)?;
    let wanted = settings.wanted.clone();
    let mut watch =
        Watch::start(&settings.kafka, &topics, Span::FromNowOn, move |record| wanted.holds(record))?;
    session.stop_gently()?;
    if !settings.json {
        screen.toned(Tone::Faint, "Records from now on; Ctrl-C ends.")?;
    }
    let (mut left, mut trouble) = (settings.limit.unwrap_or(u64::MAX), None);
    while left > 0 && !session.must_stop() {
        let next = session.wait(async { tokio::time::timeout(TELL_EVERY, watch.next()).await });
        tell_left_out(watch.left_out(), settings, screen)?;
        tell_trouble(&mut trouble, watch.trouble(), settings, screen)?;
        match next {
            Ok(Some(record)) => print(&record, settings, screen)?,
            Ok(None) => return Ok(Exit::Failure),
            Err(_) => continue,
        }
        left -= 1;
    }
    Ok(Exit::Done)
}

fn tell_left_out(count: u64, settings: &TailSettings, screen: &mut Screen) -> io::Result<()> {
    match count {
        0 => Ok(()),
        count if settings.json => screen.json(&BTreeMap::from([("left_out", count)])),
        count => {
            let records = counted(count, "record", "records");
            screen.toned(Tone::Warn, &format!("{records} left out: the output is slower than the topics"))
        }
    }
}

/// Says once what cannot be read, and that all can be again: silence would look as if nothing came.
fn tell_trouble(
    told: &mut Option<WatchError>,
    now: Option<WatchError>,
    settings: &TailSettings,
    screen: &mut Screen,
) -> io::Result<()> {
    if told.as_ref().map(discriminant) == now.as_ref().map(discriminant) {
        return Ok(());
    }
    let said = now.as_ref().map(ToString::to_string);
    *told = now;
    match said {
        said if settings.json => screen.json(&BTreeMap::from([("error", said)])),
        Some(said) => screen.toned(Tone::Bad, &format!("Not everything can be read: {said}.")),
        None => screen.toned(Tone::Good, "Everything can be read again."),
    }
}

fn print(record: &Record, settings: &TailSettings, screen: &mut Screen) -> io::Result<()> {
    if settings.json {
        return screen.json(&Whole::of(record));
    }
    let prefix = &settings.wanted.topic_prefix;
    let Some(seen) = DescribedRecord::of(record, prefix) else { return Ok(()) };
    line::print(&seen, prefix, record.timestamp.unwrap_or_else(SystemTime::now), screen)
}

impl Wanted {
    fn topics(&self) -> Vec<String> {
        if self.topics.is_empty() {
            return Topic::TYPED.map(|topic| topic.name(&self.topic_prefix)).to_vec();
        }
        self.topics.clone()
    }

    /// Whether a record is meant; account and user are the parts of its key.
    fn holds(&self, record: &Record) -> bool {
        let key = record.key.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
        let (account, user) =
            key.split_once(':').map_or((&*key, None), |(account, user)| (account, Some(user)));
        self.account.as_ref().is_none_or(|wanted| wanted == account)
            && self.user.as_ref().is_none_or(|wanted| Some(wanted.as_str()) == user)
            && self.kind.is_none_or(|wanted| {
                let event = TypedEvent::read(record.value.as_deref());
                event.is_ok_and(|event| event.kind() == Some(wanted))
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;
    use std::sync::Arc;

    pub(super) fn record(key: &str, value: &str) -> Record {
        Record {
            topic: Arc::from("meta.messages.v1"),
            partition: 3,
            offset: 42,
            timestamp: None,
            key: Some(key.into()),
            value: Some(value.into()),
            headers: [("ce_id", Some(b"7"))].into_iter().collect(),
        }
    }

    pub(super) const EVENT: &str = r#"{"id":"00112233445566778899aabbccddeeff","source":"/meta/instagram/17","metaobject":"instagram",
        "type":"com.meta.instagram.message.v1","metacarrier":"messaging","deliveryid":"0198","data":{}}"#;

    fn wanted(account: Option<&str>, kind: Option<&str>, user: Option<&str>) -> Wanted {
        Wanted {
            account: account.map(str::to_owned),
            kind: kind.and_then(|kind| kind.parse().ok()),
            user: user.map(str::to_owned),
            topics: Vec::new(),
            topic_prefix: "meta".to_owned(),
        }
    }

    #[test]
    fn records_are_narrowed_by_account_kind_and_user() {
        let record = record("17:42", EVENT);
        assert!(wanted(None, None, None).holds(&record));
        assert!(wanted(Some("17"), Some("message"), Some("42")).holds(&record));
        assert!(!wanted(Some("1"), None, None).holds(&record));
        assert!(!wanted(None, Some("postback"), None).holds(&record));
        assert!(!wanted(None, None, Some("4")).holds(&record));
    }

    #[test]
    fn of_several_topics_the_one_that_is_mistyped_is_named() {
        let command = Wanted::declare(Command::new("tail"));
        let matches =
            command.clone().get_matches_from(["tail", "--topic", "meta.inbox.v1", "meta.mesages.v1"]);
        let problems = read::<Wanted>(&command, &matches).unwrap_err().0;
        let found: Vec<&str> = problems.iter().map(|problem| problem.found.as_str()).collect();
        assert_eq!(found, [r#""meta.mesages.v1""#]);
    }
}
