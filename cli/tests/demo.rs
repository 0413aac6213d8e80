//! The demo as people run it: once, and with a line pasted into another terminal.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a helper that cannot go on fails its test")]

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// Longer than anything here takes on a busy machine.
const SOON: Duration = Duration::from_secs(50);

fn weir(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_weir"));
    command.args(arguments).env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A running demo, whose lines are read as they come. Dropping it kills it.
struct Demo {
    child: Child,
    lines: Receiver<String>,
    seen: Vec<String>,
}

impl Demo {
    fn start() -> Self {
        let mut child = weir(&["demo"]).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel();
        thread::spawn(move || stdout.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, seen: Vec::new() }
    }

    /// A line that `fits`, which must come soon; the topics are read side by side, so lines may come in any order.
    fn line(&mut self, fits: impl Fn(&str) -> bool) -> String {
        if let Some(seen) = self.seen.iter().position(|line| fits(line)) {
            return self.seen.remove(seen);
        }
        let deadline = Instant::now() + SOON;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match self.lines.recv_timeout(left) {
                Ok(line) if fits(&line) => return line,
                Ok(line) => self.seen.push(line),
                Err(error) => panic!("{error} after:\n{}", self.seen.join("\n")),
            }
        }
    }

    /// Presses Ctrl-C and gives the exit code.
    fn interrupt(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        // The shell's own: a small system has no program of that name.
        assert!(Command::new("sh").args(["-c", "kill -s INT \"$0\"", &pid]).status().unwrap().success());
        self.line(|line| line.starts_with("Ended"));
        self.child.wait().unwrap().code()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It has ended already where all went well.
        self.child.kill().unwrap_or_default();
        self.child.wait().unwrap();
    }
}

#[test]
fn once_verifies_the_whole_way() {
    let Output { status, stdout, stderr } = weir(&["demo", "--once"]).output().unwrap();
    let (stdout, stderr) = (text(&stdout), text(&stderr));
    assert_eq!(status.code(), Some(0), "{stdout}{stderr}");
    assert_eq!(stderr, "", "nothing of what runs inside drowns the demo");
    let has = |words: &[&str]| stdout.lines().any(|line| words.iter().all(|word| line.contains(word)));
    for words in [
        &["✓", "200", "a text message"][..],
        &["✓", "401", "a wrong signature"],
        &["meta.webhooks.raw.v1", "424 bytes, as posted"],
        &["meta.messages.v1", "message.echo", "…026:…371"],
        &["meta.unknown.v1", "unknown"],
        &["meta.ingest.dlq.v1", "not_json"],
        &["meta.inbox.v1", "message.received, story_reply"],
        &["meta.comments.enriched.v1", "comment, found"],
        &["meta.mentions.enriched.v1", "mention.caption, found"],
        &["meta.replies.v1", "message, commanded"],
        &["meta.replies.results.v1", "message, intended"],
        &["meta.replies.results.v1", "message, done"],
        &["✓ Every expected record is on its topic, and nothing else is:"],
        &["  13 raw, 18 typed, 13 normalised, 3 enriched, 1 dead letter. "],
        &["  3 of an answer: commanded, intended, done."],
    ] {
        assert!(has(words), "no line with {words:?} in:\n{stdout}");
    }
    let wide: Vec<_> = stdout.lines().filter(|line| line.chars().count() > 80).collect();
    assert!(wide.is_empty(), "wider than a terminal: {wide:#?}");
    assert!(!stdout.contains('\x1b'), "no colour where nobody looks at a terminal");
}

#[test]
fn the_printed_curl_line_works_as_pasted() {
    let mut demo = Demo::start();
    let curl = demo.line(|line| line.contains("curl -i"));
    demo.line(|line| line.contains("Ctrl-C ends"));
    let answered = Command::new("bash").args(["-c", &curl]).output().unwrap();
    let answer = text(&answered.stdout);
    assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}{}", text(&answered.stderr));
    demo.line(|line| {
        line.contains("meta.messages.v1") && line.contains("17841405726653026:12345678901234567")
    });
    demo.line(|line| line.contains("meta.inbox.v1") && line.ends_with("“Hello from curl”"));
    assert_eq!(demo.interrupt(), Some(0));
}

#[test]
fn what_was_posted_to_the_demo_is_traced_to_its_end() {
    let mut demo = Demo::start();
    let curl = demo.line(|line| line.contains("curl -i"));
    let kafka = demo.line(|line| line.trim_start().starts_with("Kafka "));
    demo.line(|line| line.contains("Ctrl-C ends"));
    assert!(Command::new("bash").args(["-c", &curl]).output().unwrap().status.success());
    demo.line(|line| line.contains("meta.inbox.v1") && line.ends_with("“Hello from curl”"));
    let brokers = kafka.split_whitespace().last().unwrap();
    let conversation = ["--account", "17841405726653026", "--user", "12345678901234567", "--at", "1s"];
    let trace = [&["trace", "--brokers", brokers], &conversation[..]].concat();
    let Output { status, stdout, stderr } = weir(&trace).output().unwrap();
    let stdout = text(&stdout);
    assert_eq!(status.code(), Some(0), "{stdout}{}", text(&stderr));
    for place in ["meta.webhooks.raw.v1/", "meta.messages.v1/", "meta.inbox.v1/", "Complete."] {
        assert!(stdout.contains(place), "{place}: {stdout}");
    }
    assert_eq!(demo.interrupt(), Some(0));
}

#[test]
fn a_port_in_use_is_named() {
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let Output { status, stderr, .. } = weir(&["demo", "--once", "--port", &port]).output().unwrap();
    assert_eq!(status.code(), Some(1));
    let stderr = text(&stderr);
    assert!(stderr.starts_with(&format!("weir: cannot listen on --port {port}: ")), "{stderr}");
}
