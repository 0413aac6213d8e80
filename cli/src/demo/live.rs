//! After the tour: how to post something, and every record as it comes.

use super::fact::Seen;
use super::pipeline::{DEFAULT_PORT, Shape};
use super::watch::Watch;
use super::{APP_SECRET, DemoError, DemoSettings, TOPIC_PREFIX, VERIFY_TOKEN};
use crate::ToolError;
use crate::screen::{Cell, Columns, Screen, Table, Tone, one_line};
use std::convert::Infallible;
use std::io;
use std::time::SystemTime;

/// Widths of the columns: time, topic, what it is, key, id, text.
const RECORD: [usize; 6] = [12, 25, 29, 35, 8, 0];
const LONGEST_TEXT: usize = 60;

/// Prints how to take part.
pub(super) fn invite(shape: &Shape, settings: &DemoSettings, screen: &mut Screen) -> io::Result<()> {
    screen.line("")?;
    screen.toned(
        Tone::Strong,
        "Now you. Post a message from another terminal, change its text, post it again:",
    )?;
    screen.line("")?;
    screen.line(curl(&shape.url()))?;
    screen.line("")?;
    let is_moved = settings.port.is_none() && shape.ingest.port() != DEFAULT_PORT;
    let moved = if is_moved { " (port 8080 is taken; --port chooses one)" } else { "" };
    let mut table = Table::default();
    table.extend([
        row_of("webhook", shape.url() + moved),
        row_of("app secret", format!("{APP_SECRET} (for development, known to all)")),
        row_of("verify token", VERIFY_TOKEN),
        row_of("Kafka", shape.bootstrap.as_str()),
        row_of("", kcat(&shape.bootstrap)),
    ]);
    table.extend(
        shape
            .parts
            .iter()
            .map(|(process, address)| row_of(process.name, format!("http://{address}/metrics"))),
    );
    table.print(screen)?;
    screen.line("")?;
    screen.toned(Tone::Strong, "Records as they come; Ctrl-C ends")?;
    screen.line("")
}

fn row_of(name: &str, value: impl Into<String>) -> [Cell; 2] {
    [Cell::new(Tone::Faint, name), value.into().into()]
}

/// Prints every record, for ever.
pub(super) async fn show(watch: &mut Watch, screen: &mut Screen) -> Result<Infallible, ToolError> {
    let columns = Columns::new(RECORD);
    loop {
        let seen: Result<Seen, DemoError> = watch.next().await;
        screen.row(&columns, &row(&seen?, SystemTime::now()))?;
    }
}

fn row(Seen { fact, text }: &Seen, now: SystemTime) -> [Cell; 6] {
    let time = humantime::format_rfc3339_millis(now).to_string();
    let time = time.get(11..23).unwrap_or_default().to_owned();
    let text = text.as_ref().map_or_else(String::new, |text| format!("“{}”", one_line(text, LONGEST_TEXT)));
    [
        Cell::new(Tone::Faint, time),
        fact.topic.name(TOPIC_PREFIX).into(),
        Cell::new(Tone::Strong, one_line(&fact.what, LONGEST_TEXT)),
        one_line(fact.key.as_deref().unwrap_or("no key"), 2 * LONGEST_TEXT).into(),
        Cell::new(Tone::Faint, fact.short_id()),
        text.into(),
    ]
}

/// A command that posts a signed message, as pasted into any shell; its times and its id are those of the moment.
fn curl(url: &str) -> String {
    let body = concat!(
        r#"{"object":"instagram","entry":[{"id":"17841405726653026","time":'$now'000,"messaging":["#,
        r#"{"sender":{"id":"12345678901234567"},"recipient":{"id":"17841405726653026"},"timestamp":'$now'000,"#,
        r#""message":{"mid":"demo-'$now'","text":"Hello from curl"}}]}]}"#
    );
    format!(
        "now=$(date +%s); body='{body}'; curl -i -H \"X-Hub-Signature-256: sha256=$(printf %s \"$body\" | \
         openssl dgst -sha256 -hmac {APP_SECRET} | sed 's/.* //')\" --data-binary \"$body\" {url}"
    )
}

/// A command that reads the messages from the beginning.
fn kcat(bootstrap: &str) -> String {
    format!("kcat -b {bootstrap} -t {TOPIC_PREFIX}.messages.v1 -C -o beginning -q | jq")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::fact::Fact;
    use schemas::Topic;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_record_is_one_line_whatever_its_text() {
        let fact = Fact {
            topic: Topic::Inbox,
            key: Some("17:42".to_owned()),
            what: "message.received, text".to_owned(),
            id: "0123456789abcdef".to_owned(),
        };
        let seen = Seen { fact, text: Some(format!("Hi\x1b[2J\n{}", "x".repeat(100))) };
        let now = UNIX_EPOCH + Duration::from_millis(45_296_789);
        let line = Columns::new([0; 6]).lay_out(&row(&seen, now), |_, text| text.to_owned());
        let text = format!("“Hi [2J {}…”", "x".repeat(52));
        assert_eq!(
            line,
            format!("12:34:56.789  meta.inbox.v1  message.received, text  17:42  01234567  {text}")
        );
    }

    #[test]
    fn the_commands_name_the_demos_addresses_and_secret() {
        let curl = curl("http://127.0.0.1:8080/webhook");
        assert!(curl.ends_with(" http://127.0.0.1:8080/webhook") && curl.contains(APP_SECRET), "{curl}");
        assert!(!curl.contains('\n'));
        assert!(kcat("127.0.0.1:9092").contains("-b 127.0.0.1:9092 -t meta.messages.v1"));
    }
}
