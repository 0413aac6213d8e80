//! What is posted and what `weir trace --json` says of it.

use anyhow::{Context as _, Result, ensure};
use schemas::{Topic, split};
use serde_json::{Value, json};
use tempfile::TempDir;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX, Service};
use weir_tests::reader::Record;
use weir_tests::signed::Sender;
use weir_tests::writer::{self, Outgoing};

pub(crate) const TEXT: &[u8] = include_bytes!("../../../schemas/fixtures/message/text.json");
pub(crate) const IMAGE: &[u8] = include_bytes!("../../../schemas/fixtures/message/attachment-image.json");
pub(crate) const REACTION: &[u8] = include_bytes!("../../../schemas/fixtures/reaction.added/love.json");
pub(crate) const COMMENT: &[u8] = include_bytes!("../../../schemas/fixtures/comment/on-post.json");

/// With a spool a delivery is answered 200 however busy other tests keep the machine.
pub(crate) fn spool(folder: &TempDir) -> [&str; 6] {
    let folder = folder.path().to_str().unwrap_or_default();
    ["--spool-dir", folder, "--spool-max-bytes", "8MiB", "--spool-timeout", "4s"]
}

/// Posts a body, and waits until all records of it are on Kafka, where it is looked for.
pub(crate) async fn post(ingest: &Service, sender: &Sender, body: &[u8]) -> Result<()> {
    let answer = sender.post(body).await?;
    ensure!(answer.status == 200, "ingest answered {}: {}", answer.status, answer.text);
    ingest.until_kafka_is_seen().await?;
    ingest.until_spool_is_empty().await
}

/// The only event of a body.
pub(crate) struct Only {
    pub(crate) id: String,
    pub(crate) account: String,
    pub(crate) user: String,
    pub(crate) item: String,
}

pub(crate) fn only(body: &[u8]) -> Result<Only> {
    let events = split(body, 10).events;
    let event = events.first().context("an event")?;
    let key = event.key.clone().context("a key")?;
    let (account, user) = key.split_once(':').context("a user")?;
    let data: Value = serde_json::from_str(event.data)?;
    let mid = data.pointer("/message/mid").or_else(|| data.pointer("/reaction/mid"));
    let item = mid.unwrap_or(&data["id"]).as_str().context("an id of Meta's")?;
    let (id, account, user) = (event.id.to_string(), account.to_owned(), user.to_owned());
    Ok(Only { id, account, user, item: item.to_owned() })
}

/// What `weir trace … --json` says: its exit code, the events, and the verdict.
pub(crate) struct Traced {
    pub(crate) code: Option<i32>,
    pub(crate) events: Vec<Value>,
    pub(crate) verdict: Value,
}

pub(crate) async fn trace(ground: &Ground, args: &[&str]) -> Result<Traced> {
    let mut tool = ground.tool(&[&["trace", "--json"], args].concat())?;
    let code = tool.wait(PATIENCE).await?.code();
    let (said, complaints) = (tool.stdout()?, tool.stderr()?);
    let objects = said.lines().map(|line| serde_json::from_str(line).with_context(|| line.to_owned()));
    let mut events: Vec<Value> = objects.collect::<Result<_>>()?;
    let verdict = events.pop().with_context(|| format!("trace {args:?}: {code:?} {complaints}"))?;
    Ok(Traced { code, events, verdict })
}

impl Traced {
    /// The only event stopped there, for a reason that says this.
    pub(crate) fn stopped(&self, places: &[&str], why: &str) -> Result<()> {
        let (Some(3), [event]) = (self.code, &self.events[..]) else {
            anyhow::bail!("{:?} {:?} {}", self.code, self.events, self.verdict)
        };
        ensure!(self::places(event) == places, "{event}");
        ensure!(event["why"].as_str().is_some_and(|said| said.contains(why)), "{event}");
        Ok(())
    }
}

pub(crate) fn places(event: &Value) -> Vec<&str> {
    event["places"].as_array().into_iter().flatten().filter_map(|place| place["what"].as_str()).collect()
}

pub(crate) fn has(id: &str) -> impl Fn(&[Record]) -> bool {
    move |all: &[Record]| all.iter().any(|record| record.header("ce_id").as_deref() == Some(id))
}

/// Writes a command in a conversation.
pub(crate) async fn command(ground: &Ground, to: &Only, members: &Value) -> Result<()> {
    let mut command = json!({"account": to.account, "action": "message", "to": to.user, "text": "Yes"});
    for (name, value) in members.as_object().into_iter().flatten() {
        command[name] = value.clone();
    }
    let key = Some(format!("{}:{}", to.account, to.user).into_bytes());
    let record = Outgoing { key, value: Some(command.to_string().into_bytes()), headers: Vec::new() };
    writer::write(ground.kafka.bootstrap(), &Topic::Replies.name(PREFIX), vec![record]).await
}
