//! `weir reply`: one reply command, checked before it is written, and what became of it.

mod command_results;
mod draft;

use crate::kafka::{NotAcknowledged, OutgoingRecord, Sink, Source};
use crate::screen::{Screen, Tone, harmless};
use crate::tool::settings::{flag, graph_url, group, kafka, settings, switch, topic_prefix};
use crate::tool::{Exit, Result, Session, ToolError, UsageError, input, tool, work};
use command_results::CommandResults;
pub(crate) use command_results::result;
use draft::Draft;
use runtime::consumer::Record;
use runtime::process::{chain, print_error};
use runtime::producer::{ProduceError, SendError};
use runtime::secret_files::without_mark;
use runtime::settings::{KafkaSettings, form};
use schemas::Topic;
use schemas::reply::{Open, ResultStatus};
use serde_json::json;
use serde_json::value::RawValue;
use std::ops::RangeInclusive;
use std::time::{Duration, Instant, SystemTime};
use weir_graph::{GraphUrl, Login};
use weir_replies::Cause;

tool! {
    /// Answer: check a command, write it, and wait for its result
    ///
    /// Makes a message of --account, --to and --text, or takes any command as it is from --file; docs/events.md has the actions and
    /// their members. A command without an id gets one. It is checked as weir-replies would; the account counts as a page unless
    /// --graph-url or its id says Instagram. What would be refused is not written: the error names the member and the form expected.
    /// Then it is written to the topic of commands, and its result is waited for.
    ///
    /// weir-replies carries it out, at most once for each account and id that it remembers (for an hour longer than its
    /// --reply-max-age), maybe long after the timeout: give it a not_after where that must not be. Whoever tries again gives the same
    /// id, by --id or in the file: what became of the command that had it is found on the topic of results and printed, and nothing
    /// is written; where it has no result yet, that is waited for.
    ///
    /// With --json the result is printed as it is on its topic, and the id of a command that is written goes to standard error.
    ///
    /// Examples:
    ///   weir reply --account 17841405726653026 --to 6837251906428371 --text 'It is on its way!'
    ///   weir reply --file command.json --json | jq -r .answer.message_id
    ///   jq '{account: .to, to: .from, action: "sender_action", sender_action: "mark_seen"}' inbox.json | weir reply --file -
    ///
    /// Exit code 0: carried out; 1: no result in time, or the cluster cannot be asked; 2: it is no command that would be carried out;
    /// 3: refused, or nobody knows whether it was carried out.
    pub(crate) const TOOL: "reply" = work!(ReplySettings, run);
}

/// In MiB; a record of Kafka is smaller.
const MAX_MIB: u64 = 1;

const TIMEOUTS: RangeInclusive<Duration> = Duration::from_secs(1)..=Duration::from_hours(24);

settings! {
    /// What `weir reply` can be asked for.
    struct ReplySettings {
        kafka: KafkaSettings = kafka(),
        wanted: Wanted = group(),
        /// Host of the Graph API: graph.facebook.com, or graph.instagram.com for Instagram Login
        graph_url: GraphUrl = graph_url(),
        /// How long to wait for the result
        timeout: Duration = flag("timeout", "DURATION", form::duration(TIMEOUTS)).or("1m"),
        /// Print the result as a JSON object
        json: bool = switch("json"),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
    }
}

settings! {
    /// The command.
    struct Wanted {
        /// The account or page that answers, by its id
        account: Option<String> = flag("account", "ID", form::text()).optional(),
        /// The customer, by the id that is `from` of an inbox record
        to: Option<String> = flag("to", "ID", form::text()).optional(),
        /// The words of the message
        text: Option<String> = flag("text", "TEXT", form::text()).optional(),
        /// The command's id; of several of an account with one id, one alone is carried out [default: a new one]
        id: Option<String> = flag("id", "ID", form::text()).optional(),
        /// A command of any action as a JSON object; - reads standard input
        file: Option<String> = flag("file", "FILE", form::text())
            .without("account")
            .without("to")
            .without("text")
            .without("id")
            .optional(),
    }
    check |_, given| {
        for name in ["account", "to", "text"] {
            // What was given and cannot be read is a problem already.
            if !given.is_set("file") && !given.is_set(name) {
                given.problem(name, "given, unless there is a --file with the whole command");
            }
        }
    }
}

fn run(settings: &ReplySettings, screen: &mut Screen) -> Result<Exit> {
    let login = Login::of_host(&settings.graph_url);
    let draft = Draft::of(settings.wanted.value()?, login, SystemTime::now());
    let draft = draft.map_err(|Cause { reason, error }| {
        UsageError(format!("the command would be refused as {reason}, and was not written: {error}"))
    })?;
    let name = |topic: Topic| topic.name(&settings.topic_prefix);
    let (commands, results) = (name(Topic::Replies), name(Topic::RepliesResults));
    let session = &Session::start()?;
    // It says what is missing, and what makes it.
    let source = Source::connect(session, &settings.kafka, &[commands.clone(), results.clone()])?;
    // From before the command is written, so that its result is not missed.
    let range = source.range(&results, None, None)?;
    let mut reader = source.after(&range)?;
    let id = draft.id();
    let mut command_results = CommandResults::of(draft.account(), id);
    if draft.has_own_id
        && let Some(record) = command_results.former(&source, range, draft.key())?
    {
        if !settings.json {
            screen.line(format_args!("{id} was used before, and nothing is written; its result:"))?;
        }
        return tell(&record, None, settings.json, screen);
    }
    // Before that is done: whoever is cut off from then on has to know by which id to try again.
    let told = format!("{id} goes to {commands}, with the key {}", draft.key());
    if settings.json {
        print_error(format_args!("weir: {told}"));
    } else {
        screen.line(told)?;
    }
    let unsure = |error: ToolError| {
        if is_not_written(&error) {
            return format!(
                "the command {id} was not written; try again with the same --id ({})",
                chain(&*error)
            );
        }
        format!(
            "the command {id} may be on its topic, and be carried out: whoever tries again gives the same --id, so that it is \
             carried out once ({})",
            chain(&*error)
        )
    };
    write(session, settings, &commands, &draft).map_err(unsure)?;
    let written = Instant::now();
    let ended = command_results.end(&mut reader, written + settings.timeout);
    match ended.map_err(unsure)? {
        Some(record) => tell(&record, Some(written.elapsed()), settings.json, screen),
        None => Err(format!(
            "no result of {id} within {}: weir-replies does not run, is behind, or waits for a limit of Meta's, and the command \
             may still be carried out, with its result on {results}; or the account used the id before in another conversation, and \
             its result is further up there",
            humantime::format_duration(settings.timeout)
        )
        .into()),
    }
}

impl Wanted {
    /// The command's JSON, as it is in the file.
    fn value(&self) -> Result<Vec<u8>> {
        let Self { account, to, text, id, file } = self;
        let Some(file) = file else {
            let mut message = json!({"account": account, "action": "message", "to": to, "text": text});
            if let Some(id) = id {
                message["id"] = json!(id);
            }
            return Ok(message.to_string().into_bytes());
        };
        let read = input::read(file, MAX_MIB, "command");
        let read = read.map_err(|error| UsageError(format!("cannot read {}: {error}", input::name(file))))?;
        Ok(without_mark(&read).to_vec())
    }
}

/// Returns once the brokers have it.
fn write(session: &Session, settings: &ReplySettings, topic: &str, draft: &Draft) -> Result<()> {
    let mut sink = Sink::open(session, &settings.kafka, 1)?;
    let key = Some(draft.key().as_bytes());
    let content_type = schemas::raw::CONTENT_TYPE.as_bytes();
    let headers = vec![("content-type", Some(content_type))];
    sink.send(&[OutgoingRecord { topic, key, value: Some(&draft.value), headers }], ())?;
    sink.finish()?;
    let refused = sink.settled()?.into_iter().flat_map(|settled| settled.refused).next();
    Ok(refused.map_or(Ok(()), |(_, error)| Err(NotAcknowledged(error)))?)
}

/// Whether the broker, or the client before it, has refused the command, which is on no topic then.
fn is_not_written(error: &ToolError) -> bool {
    use ProduceError::{Invalid, NotAuthorized, TooLarge, UnknownTopic};
    let refused = error.downcast_ref::<NotAcknowledged>();
    error.is::<SendError>()
        || refused.is_some_and(|NotAcknowledged(why)| {
            matches!(why, NotAuthorized | TooLarge | UnknownTopic | Invalid(_))
        })
}

/// `took` is for how long it was waited for, if at all.
fn tell(record: &Record, took: Option<Duration>, json: bool, screen: &mut Screen) -> Result<Exit> {
    let Some(result) = result(record) else { return Ok(Exit::Failure) };
    let Open::Known(status) = result.status else { return Ok(Exit::Failure) };
    let is_done = status == ResultStatus::Done;
    let printed = if json {
        screen.json(&result)
    } else {
        let said = match (&result.reason, &result.error) {
            (Some(reason), Some(error)) => format!("{reason}: {error}"),
            _ => result.answer.map_or("without an answer", RawValue::get).to_owned(),
        };
        let tone = if is_done { Tone::Good } else { Tone::Bad };
        let when = took.map_or_else(
            || format!("at {}", harmless(&result.at)),
            |took| format!("after {:.1} s", took.as_secs_f64()),
        );
        screen.toned(tone, &format!("{} {when}: {}", status.as_str(), harmless(&said)))
    };
    printed?;
    Ok(if is_done { Exit::Done } else { Exit::Findings })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;

    #[test]
    fn what_was_given_and_cannot_be_read_is_named_alone() {
        let refused = |arguments: &[&str]| {
            let command = Wanted::declare(Command::new("reply"));
            let matches = command.clone().get_matches_from(["reply"].iter().chain(arguments));
            let problems = read::<Wanted>(&command, &matches).unwrap_err().0;
            problems.into_iter().map(|problem| problem.setting).collect::<Vec<_>>()
        };
        assert_eq!(refused(&["--account", "17"]), ["--to", "--text"]);
        assert_eq!(refused(&["--account", "17", "--to", "42", "--text", ""]), ["--text"]);
        assert_eq!(refused(&["--file", ""]), ["--file"]);
    }

    #[test]
    fn a_command_is_what_its_file_holds_but_for_a_byte_order_mark() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "\u{feff}{\"account\": \"17\"}\n").unwrap();
        let path = file.path().to_string_lossy().into_owned();
        let wanted = Wanted { account: None, to: None, text: None, id: None, file: Some(path) };
        assert_eq!(wanted.value().unwrap(), b"{\"account\": \"17\"}\n");
    }

    /// Kafka's code.
    const INVALID_TIMESTAMP: i32 = 32;

    #[test]
    fn what_was_refused_is_not_written_and_what_was_not_acknowledged_may_be() {
        let not_acknowledged = |why| -> ToolError { NotAcknowledged(why).into() };
        for refused in [ProduceError::NotAuthorized, ProduceError::from_code(INVALID_TIMESTAMP)] {
            assert!(is_not_written(&not_acknowledged(refused)));
        }
        assert!(is_not_written(&SendError::UnknownTopic("meta.replies.v1".to_owned()).into()));
        assert!(!is_not_written(&not_acknowledged(ProduceError::TimedOut)));
        assert!(!is_not_written(&"nobody answers".into()));
    }
}
