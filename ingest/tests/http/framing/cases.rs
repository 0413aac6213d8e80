//! The table: bytes, the statuses they are answered with, and whether the connection goes on.
//!
//! What closes the connection is followed by a good request, which must never be answered. Where RFC 9112 leaves a
//! choice (bare LF as the end of a line, empty lines before a request, both a length and chunks), the table says what
//! is done here.

mod bodies;

use crate::service::{SECRET, digest};

/// A delivery of 29 (hexadecimal 1d) bytes with nothing in it.
const BODY: &str = r#"{"object":"page", "entry":[]}"#;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum After {
    Open,
    Closed,
}
use After::{Closed, Open};

pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// How many of the bytes are the case's own; what follows must never be served.
    pub(crate) own: usize,
    pub(crate) statuses: &'static [u16],
    pub(crate) after: After,
}

pub(crate) fn all() -> Vec<Case> {
    let groups = [
        bodies::lengths(),
        bodies::codings(),
        bodies::chunks(),
        lines(),
        targets_and_versions(),
        connections(),
        probes(),
        sizes(),
    ];
    groups.into_iter().flatten().collect()
}

fn case(name: impl Into<String>, statuses: &'static [u16], after: After, bytes: impl AsRef<[u8]>) -> Case {
    let mut bytes = bytes.as_ref().to_vec();
    let own = bytes.len();
    if after == Closed {
        bytes.extend(good().into_bytes());
    }
    Case { name: name.into(), bytes, own, statuses, after }
}

/// A signed delivery whose head begins with `start` and has `lines`, each with its end, beside host and signature.
fn delivery(start: &str, lines: &str, body: &str) -> String {
    format!("{start}\r\nhost: weir\r\n{}{lines}\r\n{body}", signature())
}

fn post(lines: &str, body: &str) -> String {
    delivery("POST /webhook HTTP/1.1", lines, body)
}

fn good() -> String {
    post(LENGTH, BODY)
}

fn signature() -> String {
    format!("x-hub-signature-256: sha256={}\r\n", digest(SECRET, BODY.as_bytes()))
}

const LENGTH: &str = "content-length: 29\r\n";
const CHUNKED: &str = "transfer-encoding: chunked\r\n";

/// The body as one chunk, with this line for its size.
fn chunk(size: &str) -> String {
    format!("{size}\r\n{BODY}\r\n0\r\n\r\n")
}

fn lines() -> Vec<Case> {
    let refused = [
        "x: a\r\n b\r\n",
        "x: a\u{0}b\r\n",
        "x\u{0}: a\r\n",
        "x: a\rb\r\n",
        "no colon\r\n",
        ": no name\r\n",
        "x y: a\r\n",
        "x\u{e9}: a\r\n",
        "x: a\u{7f}\r\n",
        "x(y): a\r\n",
    ];
    let refused = refused.map(|line| {
        case(format!("the line {line:?}"), &[400], Closed, post(&format!("{LENGTH}{line}"), BODY))
    });
    let without_host =
        |version: &str| format!("POST /webhook {version}\r\n{}{LENGTH}\r\n{BODY}", signature());
    let obs_text =
        [post("x: a", "").trim_end().as_bytes(), b"\xff\r\n", LENGTH.as_bytes(), b"\r\n", BODY.as_bytes()]
            .concat();
    let mut cases = vec![
        case("LF alone at the end of each line", &[200], Open, good().replace("\r\n", "\n")),
        case("a line that ends in LF alone", &[200], Open, good().replace("weir\r\n", "weir\n")),
        case("empty lines before the request", &[200], Open, format!("\r\n\r\n\n{}", good())),
        case("a first line that is folded", &[400], Closed, good().replace("host", " host")),
        case("bytes beyond ASCII in a value", &[200], Open, obs_text),
        case("no host", &[400], Closed, without_host("HTTP/1.1")),
        case("no host in HTTP/1.0", &[200], Closed, without_host("HTTP/1.0")),
        case("two hosts", &[400], Closed, post(&format!("{LENGTH}host: other\r\n"), BODY)),
        case("two signatures", &[401], Closed, post(&format!("{LENGTH}{}", signature()), BODY)),
        case("a compressed body", &[415], Closed, post(&format!("{LENGTH}content-encoding: gzip\r\n"), BODY)),
    ];
    cases.extend(refused);
    cases
}

fn targets_and_versions() -> Vec<Case> {
    let start = |start: &str| delivery(start, LENGTH, BODY);
    let malformed = [
        "POST  /webhook HTTP/1.1",
        "POST\t/webhook\tHTTP/1.1",
        "POST /webhook  HTTP/1.1",
        "POST /web hook HTTP/1.1",
        "POST /webhook\u{0} HTTP/1.1",
        "POST /webhook",
        "POST HTTP/1.1",
        "POST /webhook HTTP/1.2",
        "POST /webhook HTTP/2.0",
        "POST /webhook http/1.1",
        "POST /webhook HTTP/1.1 ",
        "PO(ST /webhook HTTP/1.1",
        "\u{16}\u{3}\u{1}\u{2}",
        "SSH-2.0-client",
        "{\"object\":\"page\"}",
    ];
    let malformed = malformed.map(|line| case(format!("{line:?}"), &[400], Closed, start(line)));
    let mut cases = vec![
        case("absolute form", &[200], Open, start("POST http://weir/webhook HTTP/1.1")),
        case("absolute form, another host", &[200], Open, start("POST https://other:8443/webhook HTTP/1.1")),
        case("a query", &[200], Open, start("POST /webhook?x=1 HTTP/1.1")),
        case("a method in small letters", &[405], Closed, start("post /webhook HTTP/1.1")),
        case("an unknown method", &[405], Closed, start("BREW /webhook HTTP/1.1")),
        case("a tunnel", &[404], Closed, start("CONNECT weir:80 HTTP/1.1")),
        case("the server itself", &[404], Closed, start("OPTIONS * HTTP/1.1")),
        case("two slashes", &[404], Closed, start("POST //webhook HTTP/1.1")),
        case("an encoded path", &[404], Closed, start("POST /%77ebhook HTTP/1.1")),
        case("dots in the path", &[404], Closed, start("POST /x/../webhook HTTP/1.1")),
    ];
    cases.extend(malformed);
    cases
}

fn connections() -> Vec<Case> {
    let with = |line: &str| post(&format!("{LENGTH}{line}\r\n"), BODY);
    let old = |line: &str| delivery("POST /webhook HTTP/1.0", &format!("{LENGTH}{line}"), BODY);
    let handshake = "GET /webhook?hub.mode=subscribe&hub.challenge=1&hub.verify_token=meatyhamhock HTTP/1.1\r\nhost: weir\r\n";
    let unsigned = format!("POST /webhook HTTP/1.1\r\nhost: weir\r\nexpect: 100-continue\r\n{LENGTH}\r\n");
    vec![
        case("two requests at once", &[200, 200], Open, good().repeat(2)),
        case("a delivery and a handshake at once", &[200, 200], Open, format!("{}{handshake}\r\n", good())),
        case(
            "a bad request after a good one",
            &[200, 400],
            Closed,
            format!("{}{}", good(), with("no colon")),
        ),
        case("another path, with a body", &[404], Closed, delivery("POST /other HTTP/1.1", LENGTH, BODY)),
        case("a handshake with a body", &[200], Closed, format!("{handshake}{LENGTH}\r\n{BODY}")),
        case("a handshake with chunks", &[200], Closed, format!("{handshake}{CHUNKED}\r\n{}", chunk("1d"))),
        case("asked to close", &[200], Closed, with("connection: close")),
        case(
            "asked to close and to stay",
            &[200],
            Closed,
            with("connection: close\r\nconnection: keep-alive"),
        ),
        case("asked to upgrade", &[200], Open, with("connection: upgrade\r\nupgrade: h2c")),
        case("HTTP/1.0", &[200], Closed, old("")),
        case("HTTP/1.0 that stays", &[200], Open, old("connection: keep-alive\r\n")),
        case("asked to be told to go on", &[100, 200], Open, with("expect: 100-continue")),
        case("asked for something else", &[200], Open, with("expect: nothing")),
        case("asked to be told to go on in HTTP/1.0", &[200], Closed, old("expect: 100-continue\r\n")),
        case("unsigned, asked to be told to go on", &[401], Closed, unsigned),
    ]
}

/// Of `--health-path`.
fn probes() -> Vec<Case> {
    let probe = |lines: &str| format!("GET /health HTTP/1.1\r\nhost: weir\r\n{lines}\r\n");
    vec![
        case("two probes at once", &[200], Closed, probe("").repeat(2)),
        case("a probe with a body", &[200], Closed, probe(LENGTH) + BODY),
        case("a probe for two hosts", &[400], Closed, probe("host: other\r\n")),
        case("a probe without host", &[400], Closed, "GET /health HTTP/1.1\r\n\r\n"),
        case(
            "a probe with chunks of chunks",
            &[400],
            Closed,
            probe("transfer-encoding: chunked, chunked\r\n"),
        ),
    ]
}

fn sizes() -> Vec<Case> {
    let long = "x".repeat(20_000);
    vec![
        case("a long value", &[431], Closed, post(&format!("{LENGTH}x: {long}\r\n"), BODY)),
        case("a long name", &[431], Closed, post(&format!("{LENGTH}{long}: x\r\n"), BODY)),
        case("a long target", &[431], Closed, delivery(&format!("POST /{long} HTTP/1.1"), LENGTH, BODY)),
        case("a long method", &[431], Closed, delivery(&format!("{long} /webhook HTTP/1.1"), LENGTH, BODY)),
        case("many lines", &[431], Closed, post(&format!("{LENGTH}{}", "x: y\r\n".repeat(101)), BODY)),
        case(
            "as many lines as are allowed",
            &[200],
            Open,
            post(&format!("{LENGTH}{}", "x: y\r\n".repeat(97)), BODY),
        ),
        case("a long chunk extension", &[400], Closed, post(CHUNKED, &chunk(&format!("1d;{long}")))),
        case(
            "a long trailer",
            &[400],
            Closed,
            post(CHUNKED, &format!("1d\r\n{BODY}\r\n0\r\nx: {long}\r\n\r\n")),
        ),
        case("much before the first line", &[431], Closed, format!("{}{}", "\r\n".repeat(10_000), good())),
    ]
}
