//! `weir doctor` over real Kafka, ingest behind TLS, and a Graph API that answers as Meta's.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;
use std::fs;
use std::time::{Duration, SystemTime};

use anyhow::{Context as _, Result};
use schemas::Topic;
use serde_json::{Value, json};
use tempfile::TempDir;
use weir_graph_simulator::{KnownToken, Login, Simulator};
use weir_tests::edge::{Edge, Fault, NAMES};
use weir_tests::pipeline::{APP_SECRET, Ground, PATIENCE, PREFIX, Service};
use weir_tests::process::Binary;
use weir_tests::reader::Record;
use weir_tests::until::until;

const APP: &str = "111";
const PAGE: &str = "204";
/// The account of the fixture that is posted.
const INSTAGRAM: &str = "17841405726653026";
const VERIFY_TOKEN: &str = "verify-token-of-weir";
const PAGE_TOKEN: &str = "EAApage";
const SECRETS: [&str; 3] = [APP_SECRET, VERIFY_TOKEN, PAGE_TOKEN];
const PERMISSIONS: [&str; 7] = [
    "pages_manage_metadata",
    "pages_read_engagement",
    "pages_show_list",
    "pages_messaging",
    "instagram_basic",
    "instagram_manage_comments",
    "instagram_manage_messages",
];
const TEXT: &[u8] = include_bytes!("../../schemas/fixtures/message/text.json");
/// Beside them; the app leaves it out.
const WITHOUT: [&str; 2] = ["story_insights", "leadgen"];

/// What is declared, with its secrets, in a folder.
struct Declared(TempDir);

impl Declared {
    fn new(callback: &str) -> Result<Self> {
        let declared = Self(tempfile::tempdir()?);
        let app = json!({
            "id": APP, "secret_file": "app-secret", "objects": ["page", "instagram"], "callback_url": callback,
            "verify_token_file": "verify-token", "without": WITHOUT, "accounts": [{"id": PAGE, "login": "facebook"}],
        });
        declared.write("connect.json", &json!({ "apps": [app] }).to_string())?;
        for (file, secret) in [("app-secret", APP_SECRET), ("verify-token", VERIFY_TOKEN), (PAGE, PAGE_TOKEN)]
        {
            declared.write(file, secret)?;
        }
        Ok(declared)
    }

    fn write(&self, file: &str, text: &str) -> Result<()> {
        fs::write(self.0.path().join(file), text).with_context(|| format!("writing {file}"))
    }

    /// Runs a command of the tool on it; its exit code and what it printed, which holds no secret.
    async fn run(&self, graph: &Simulator, words: &[&str], more: &[&str]) -> Result<(Option<i32>, String)> {
        let folder = self.0.path().to_str().context("a folder")?;
        let (file, url) = (format!("{folder}/connect.json"), graph.url());
        let of_meta = ["--file", &file, "--access-tokens", folder, "--facebook-url", &url];
        let mut tool = Binary::start("weir", &[words, &of_meta, more].concat(), &[])?;
        let code = tool.wait(2 * PATIENCE).await?.code();
        let said = tool.stdout()? + &tool.stderr()?;
        assert!(SECRETS.iter().all(|secret| !said.contains(secret)), "{said}");
        Ok((code, said))
    }

    /// The exit code of `weir doctor`, and its checks.
    async fn doctor(&self, graph: &Simulator, more: &[&str]) -> Result<(Option<i32>, Vec<Value>)> {
        let (code, said) = self.run(graph, &["doctor", "--json"], more).await?;
        let report: Value = serde_json::from_str(&said).with_context(|| said.clone())?;
        assert_eq!(report["well"], code == Some(0), "{said}");
        Ok((code, report["checks"].as_array().context("no checks")?.clone()))
    }
}

/// A Meta that has the app, and a page that is linked to an Instagram account.
fn prepare(graph: &Simulator) {
    graph.add_app(APP, APP_SECRET);
    let scopes = PERMISSIONS.map(str::to_owned).to_vec();
    graph.add_token(PAGE_TOKEN, KnownToken { scopes, ..KnownToken::of(APP, Login::Facebook) });
    for permission in PERMISSIONS {
        graph.approve(APP, permission);
    }
    graph.link(PAGE, INSTAGRAM);
}

/// Which checks have a verdict, each with whose it is.
fn with<'a>(checks: &'a [Value], verdict: &str) -> BTreeSet<(&'a str, &'a str)> {
    let text = |check: &'a Value, member: &str| check[member].as_str().unwrap_or_default();
    let of = checks.iter().filter(|check| check["verdict"] == verdict);
    of.map(|check| (text(check, "check"), text(check, "of"))).collect()
}

/// What a check found, and what it says to do.
fn told(checks: &[Value], name: &str) -> String {
    let check = checks.iter().find(|check| check["check"] == name);
    check.map(|check| format!("{} {}", check["found"], check["advice"])).unwrap_or_default()
}

fn address(admin: &str) -> &str {
    admin.trim_start_matches("http://")
}

/// All of it, on its feet, with a delivery of the account behind it.
struct Stack {
    ground: Ground,
    declared: Declared,
    callback: String,
    ingest: Service,
    messages: Service,
    edge: Edge,
}

impl Stack {
    async fn start() -> Result<Self> {
        let ground = Ground::prepare().await?;
        prepare(&ground.graph);
        let envs = [("WEIR_APP_SECRET", APP_SECRET), ("WEIR_VERIFY_TOKEN", VERIFY_TOKEN)];
        let (ingest, sender) = ground.ingest_with(&[], &envs).await?;
        let messages = ground.consumer("weir-messages").await?;
        let upstream = sender.url().trim_start_matches("http://").trim_end_matches("/webhook");
        let edge = Edge::start(upstream, None).await?;
        let host = format!("{}:{}", NAMES[0], edge.port());
        ground.graph.lead_callbacks(&host, upstream.parse()?);
        let callback = format!("https://{host}/webhook");
        let declared = Declared::new(&callback)?;
        names_a_handshake_that_fails(&ground.graph, &callback).await;
        let (code, said) = declared.run(&ground.graph, &["connect", "apply"], &[]).await?;
        assert_eq!(code, Some(0), "{said}");
        let posted = async || Ok((sender.post(TEXT).await?.status == 200).then_some(()));
        until("a delivery that is taken", PATIENCE, posted).await?;
        Ok(Self { ground, declared, callback, ingest, messages, edge })
    }

    /// What the doctor finds, given all that there is.
    async fn doctor(&self, declared: &Declared) -> (Option<i32>, Vec<Value>) {
        self.doctor_with(declared, &[]).await
    }

    /// What the doctor finds once these checks fail and no others: on a busy machine a test delivery may be late, too.
    async fn fails_for(&self, more: &[&str], expected: &BTreeSet<(&str, &str)>) -> Vec<Value> {
        let mut seen = Vec::new();
        let waited = until("those checks to fail, and no others", 2 * PATIENCE, async || {
            let (code, checks) = self.doctor_with(&self.declared, more).await;
            seen = checks;
            Ok((code == Some(3) && with(&seen, "fail") == *expected).then_some(()))
        });
        assert!(waited.await.is_ok(), "{seen:#?}");
        seen
    }

    async fn doctor_with(&self, declared: &Declared, more: &[&str]) -> (Option<i32>, Vec<Value>) {
        let (brokers, root) = (self.ground.kafka.bootstrap(), self.edge.root());
        let of_kafka = ["--brokers", brokers, "--topic-prefix", PREFIX];
        let of_edge = ["--tls-ca", root.to_str().unwrap(), "--connect-to", "127.0.0.1"];
        let admin = ["--admin", address(&self.ingest.admin), address(&self.messages.admin)];
        let more = [&of_kafka[..], &of_edge, &admin, more].concat();
        declared.doctor(&self.ground.graph, &more).await.unwrap()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_is_well_and_then_each_thing_that_breaks_is_named() {
    let mut stack = Stack::start().await.unwrap();
    finds_everything_well(&stack).await;
    sends_no_test_delivery_and_says_who_is_silent(&stack).await;
    names_what_is_wrong_at_meta(&stack).await;
    names_the_secret_of_another_app(&stack).await;
    names_a_kafka_that_is_away(&mut stack).await;
}

/// Ingest knows another verify token.
async fn names_a_handshake_that_fails(graph: &Simulator, callback: &str) {
    let other = Declared::new(callback).unwrap();
    other.write("verify-token", "another-token").unwrap();
    let (code, said) = other.run(graph, &["connect", "apply"], &[]).await.unwrap();
    assert_eq!(code, Some(1), "{said}");
    for part in ["handshake", callback, "/verify-token holds", "weir doctor"] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

async fn finds_everything_well(stack: &Stack) {
    // What was started a moment ago may not be on its feet yet.
    let is_settled = |checks: &[Value]| {
        let settling = [("raw_record", APP), ("typed_record", APP), ("consumers", "weir-messages")];
        with(checks, "fail").is_empty() && with(checks, "unknown").is_disjoint(&BTreeSet::from(settling))
    };
    let checks = until("a doctor who finds nothing", 2 * PATIENCE, async || {
        let (code, checks) = stack.doctor(&stack.declared).await;
        Ok((code == Some(0) && is_settled(&checks)).then_some(checks))
    });
    let checks = checks.await.unwrap();
    let no_page = format!("{PAGE} page");
    let expected = [
        ("app_mode", APP),
        ("consumers", "weir-lookups"),
        ("consumers", "weir-media"),
        ("consumers", "weir-metrics"),
        ("consumers", "weir-replies"),
        ("dns", NAMES[0]),
        ("last_delivery", &no_page),
        ("spool", address(&stack.ingest.admin)),
    ];
    assert_eq!(with(&checks, "unknown"), BTreeSet::from(expected), "{checks:#?}");
    assert!(told(&checks, "certificate_end").contains("30 days left"), "{checks:#?}");
    let typed = stack.ground.records(Topic::Messages, "the test's event", |records| records.len() >= 2).await;
    let event = |record: &Record| serde_json::from_slice(record.value.as_ref().unwrap()).unwrap();
    let events: Vec<Value> = typed.unwrap().iter().map(event).collect();
    let is_test =
        |event: &&Value| event["data"]["message"]["mid"].as_str().unwrap().starts_with("weir-doctor-");
    assert!(events.iter().filter(is_test).all(|event| event["metatest"] == true), "{events:#?}");
}

/// The page has no delivery, and its Instagram account one of a moment ago.
async fn sends_no_test_delivery_and_says_who_is_silent(stack: &Stack) {
    let raw = async || stack.ground.records(Topic::Raw, "the deliveries", |_| true).await.unwrap().len();
    let before = raw().await;
    let more = ["--no-test-delivery", "--max-silence", "1d"];
    let no_page = format!("{PAGE} page");
    let checks = stack.fails_for(&more, &BTreeSet::from([("last_delivery", &*no_page)])).await;
    let not_sent = BTreeSet::from([("test_delivery", APP), ("raw_record", APP), ("typed_record", APP)]);
    assert!(with(&checks, "unknown").is_superset(&not_sent), "{checks:#?}");
    assert!(told(&checks, "typed_record").contains("--no-test-delivery"), "{checks:#?}");
    assert!(with(&checks, "pass").contains(&("wrong_signature", APP)), "{checks:#?}");
    assert_eq!(raw().await, before);
}

/// The account was unsubscribed, and Meta's clock is far ahead; of another the token has ended, and the verify token is another.
async fn names_what_is_wrong_at_meta(stack: &Stack) {
    let graph = &stack.ground.graph;
    graph.uninstall(PAGE);
    graph.say_usage("date", "Fri, 01 Jan 2100 00:00:00 GMT");
    let ended = Some(SystemTime::now() - Duration::from_hours(1));
    graph.add_token("EAAended", KnownToken { expires: ended, ..KnownToken::of(APP, Login::Facebook) });
    let expected = [("install", PAGE), ("clock", APP), ("clock", "this machine")];
    let checks = stack.fails_for(&[], &BTreeSet::from(expected)).await;
    assert!(told(&checks, "install").contains("weir connect apply"), "{checks:#?}");

    let other = Declared::new(&stack.callback).unwrap();
    other.write(PAGE, "EAAended").unwrap();
    other.write("verify-token", "another-token").unwrap();
    let mut checks = Vec::new();
    let waited = until("a test delivery that is in time", 2 * PATIENCE, async || {
        (_, checks) = stack.doctor(&other).await;
        Ok((!with(&checks, "fail").contains(&("test_delivery", APP))).then_some(()))
    });
    assert!(waited.await.is_ok(), "{checks:#?}");
    let failed = with(&checks, "fail");
    assert!(failed.is_superset(&BTreeSet::from([("handshake", APP), ("token", PAGE)])), "{checks:#?}");
    assert!(told(&checks, "handshake").contains("--verify-tokens"), "{checks:#?}");
}

async fn names_the_secret_of_another_app(stack: &Stack) {
    let other = Declared::new(&stack.callback).unwrap();
    other.write("app-secret", "another-secret").unwrap();
    let (_, checks) = stack.doctor(&other).await;
    assert!(with(&checks, "fail").contains(&("test_delivery", APP)), "{checks:#?}");
    assert!(told(&checks, "test_delivery").contains("--app-secrets"), "{checks:#?}");
    let named = "/app-secret does not hold the secret of app 111";
    assert!(told(&checks, "subscription").contains(named), "{checks:#?}");
    assert!(told(&checks, "token").contains(named), "{checks:#?}");
}

async fn names_a_kafka_that_is_away(stack: &mut Stack) {
    stack.ground.kafka.stop().await.unwrap();
    let (code, checks) = stack.doctor(&stack.declared).await;
    let failed = with(&checks, "fail");
    let expected = BTreeSet::from([("test_delivery", APP), ("kafka", stack.ground.kafka.bootstrap())]);
    assert!(code == Some(3) && failed.is_superset(&expected), "{checks:#?}");
    assert!(told(&checks, "test_delivery").contains("503"), "{checks:#?}");
    let unknown = BTreeSet::from([("raw_record", APP), ("topics", "")]);
    assert!(with(&checks, "unknown").is_superset(&unknown), "{checks:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn each_fault_of_a_certificate_is_named_and_nothing_is_sent_to_who_shows_it() {
    let graph = Simulator::start().await.unwrap();
    prepare(&graph);
    for (fault, check, named) in [
        (Fault::Expired, "certificate_end", "the certificate ended on"),
        (Fault::OtherName, "certificate_name", "the certificate is for other.example.com, not for localhost"),
        (
            Fault::WithoutIntermediate,
            "chain",
            "own certificate alone is sent, and not the one of the issuer “CN=an intermediate”",
        ),
        (Fault::IntermediateExpired, "chain", "“CN=an intermediate”, which the chain needs, ended on"),
        (Fault::SelfSigned, "chain", "self-signed"),
    ] {
        let edge = Edge::start("127.0.0.1:9", Some(fault)).await.unwrap();
        let declared = Declared::new(&format!("https://localhost:{}/webhook", edge.port())).unwrap();
        let root = edge.root();
        let (code, checks) = declared.doctor(&graph, &["--tls-ca", root.to_str().unwrap()]).await.unwrap();
        let of_address: Vec<Value> =
            checks.iter().filter(|check| check["end"] == "address").cloned().collect();
        let expected = BTreeSet::from([("dns", "localhost"), (check, "localhost")]);
        assert_eq!((code, with(&of_address, "fail")), (Some(3), expected), "{fault:?}: {checks:#?}");
        assert!(told(&checks, check).contains(named), "{fault:?}: {checks:#?}");
        assert!(told(&checks, "handshake").contains("not tried"), "{fault:?}: {checks:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_authority_that_the_public_does_not_know_is_named() {
    let graph = Simulator::start().await.unwrap();
    prepare(&graph);
    let edge = Edge::start("127.0.0.1:9", None).await.unwrap();
    let declared = Declared::new(&format!("https://localhost:{}/webhook", edge.port())).unwrap();
    let (code, checks) = declared.doctor(&graph, &[]).await.unwrap();
    assert!(code == Some(3) && with(&checks, "fail").contains(&("chain", "localhost")), "{checks:#?}");
    assert!(told(&checks, "chain").contains("“CN=a root”"), "{checks:#?}");
}
