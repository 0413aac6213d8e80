//! After the tour: how to post something, and every record as it comes.

use super::pipeline::{DEFAULT_PORT, Shape};
use super::{APP_SECRET, DemoSettings, TOPIC_PREFIX, VERIFY_TOKEN, next};
use crate::records::line;
use crate::records::watch::Watch;
use crate::screen::{Cell, Screen, Table, Tone};
use crate::tool::Result;
use std::convert::Infallible;
use std::io;
use std::time::SystemTime;

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
    let own = [
        row_of("webhook", shape.url() + moved),
        row_of("app secret", format!("{APP_SECRET} (for development, known to all)")),
        row_of("verify token", VERIFY_TOKEN),
        row_of("Kafka", shape.bootstrap.as_str()),
        row_of("", kcat(&shape.bootstrap)),
    ];
    let parts = shape.parts.iter();
    let parts = parts.map(|(process, address)| row_of(process.name, format!("http://{address}/metrics")));
    Table::default().with(own).with(parts).print(screen)?;
    screen.line("")?;
    screen.toned(Tone::Strong, "Records as they come; Ctrl-C ends")?;
    screen.line("")
}

fn row_of(name: &str, value: impl Into<String>) -> [Cell; 2] {
    [Cell::new(Tone::Faint, name), value.into().into()]
}

/// Prints every record, for ever.
pub(super) async fn show(watch: &mut Watch, screen: &mut Screen) -> Result<Infallible> {
    loop {
        let seen = next(watch).await?;
        line::print(&seen, TOPIC_PREFIX, SystemTime::now(), screen)?;
    }
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

    #[test]
    fn the_commands_name_the_demos_addresses_and_secret() {
        let curl = curl("http://127.0.0.1:8080/webhook");
        assert!(curl.ends_with(" http://127.0.0.1:8080/webhook") && curl.contains(APP_SECRET), "{curl}");
        assert!(!curl.contains('\n'));
        assert!(kcat("127.0.0.1:9092").contains("-b 127.0.0.1:9092 -t meta.messages.v1"));
    }
}
