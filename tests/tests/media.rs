//! Media saved over a real broker and a real S3 server, from a CDN that expires, redirects, lies and stalls.

#![cfg(feature = "everything")]

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, ensure};
use schemas::Topic;
use serde_json::{Value, json};
use weir_tests::cdn::{Answer, Cdn};
use weir_tests::edge::Edge;
use weir_tests::pipeline::{Ground, PATIENCE, PREFIX, Service};
use weir_tests::s3::{BUCKET, S3};
use weir_tests::typed;
use weir_tests::writer::{self, Outgoing};

const ACCOUNT: &str = "17841405726653026";
const CUSTOMER: &str = "12345678901234567";
/// The size of the largest thing that is saved here.
const MOST: usize = 6 << 20;

/// Broker, store and CDN.
struct Place {
    ground: Ground,
    s3: S3,
    cdn: Cdn,
}

impl Place {
    async fn prepare() -> Result<Self> {
        Ok(Self { ground: Ground::prepare().await?, s3: S3::start().await?, cdn: Cdn::start().await? })
    }

    async fn media(&self) -> Result<Service> {
        self.media_with("127.0.0.0/8", "60s").await
    }

    /// It reaches `networks`, and gives links up after `patience`.
    async fn media_with(&self, networks: &str, patience: &str) -> Result<Service> {
        self.media_but(&[("WEIR_MEDIA_NETWORKS", networks), ("WEIR_MEDIA_PATIENCE", patience)]).await
    }

    /// With variables that are others than usual.
    async fn media_but(&self, more: &[(&str, &str)]) -> Result<Service> {
        let (root, hosts) = (self.cdn.root(), format!("{},*.cdninstagram.com", self.cdn.host()));
        let (store, most) = (format!("s3://{BUCKET}/saved"), MOST.to_string());
        let mut envs = self.s3.envs();
        envs.extend([
            ("WEIR_MEDIA_STORE", store),
            ("WEIR_MEDIA_HOSTS", hosts),
            ("WEIR_MEDIA_CA", root.to_string_lossy().into_owned()),
            ("WEIR_MEDIA_NETWORKS", "127.0.0.0/8".to_owned()),
            ("WEIR_MEDIA_MAX_BYTES", most),
            ("WEIR_RETRY_BACKOFF_MAX", "1s".to_owned()),
        ]);
        let mut envs: Vec<_> = envs.iter().map(|(name, value)| (*name, value.as_str())).collect();
        envs.extend(more);
        self.ground.consumer_with("weir-media", &envs).await
    }

    async fn write(&self, messages: Vec<Outgoing>) -> Result<()> {
        writer::write(self.ground.kafka.bootstrap(), &Topic::Messages.name(PREFIX), messages).await
    }

    /// The latest record of every id, once there are so many.
    async fn records(&self, count: usize) -> Result<Vec<Value>> {
        let ids = |all: &[weir_tests::reader::Record]| latest(all).map_or(0, |latest| latest.len());
        let what = format!("{count} records of media");
        let all = self.ground.records(Topic::Media, &what, |all| ids(all) == count).await?;
        Ok(latest(&all)?.into_values().collect())
    }
}

fn latest(records: &[weir_tests::reader::Record]) -> Result<BTreeMap<String, Value>> {
    let one = |record: &weir_tests::reader::Record| {
        let value = record.json()?;
        Ok((value["id"].as_str().context("an id")?.to_owned(), value))
    };
    records.iter().map(one).collect()
}

/// The record of a message with links.
fn message(number: usize, links: &[&str]) -> Result<Outgoing> {
    attached(number, "image", links)
}

fn attached(number: usize, kind: &str, links: &[&str]) -> Result<Outgoing> {
    let attachments: Vec<_> =
        links.iter().map(|link| json!({"type": kind, "payload": {"url": link}})).collect();
    let message = json!({"mid": format!("m-{number}"), "attachments": attachments});
    let item = json!({"sender": {"id": CUSTOMER}, "recipient": {"id": ACCOUNT}, "timestamp": 1_752_834_910_000_u64, "message": message});
    typed::item("instagram", ACCOUNT, "messaging", &item)
}

fn body(bytes: &[u8]) -> Answer {
    Answer { body: bytes.to_vec(), ..Answer::default() }
}

fn with(status: u16, name: &'static str, value: &str) -> Answer {
    Answer { status, headers: vec![(name, value.to_owned())], body: b"something".to_vec() }
}

/// A picture that no other is.
fn picture(number: usize) -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\x38\0\0\x05\x46".as_slice(), number.to_string().as_bytes()]
        .concat()
}

/// More than one part of an object.
fn film() -> Vec<u8> {
    [b"\0\0\0\x20ftypisom".as_slice(), &vec![7; 5 << 20]].concat()
}

/// Links, what becomes of each, and why.
fn links(cdn: &Cdn) -> Vec<(String, &'static str, Option<&'static str>)> {
    vec![
        (cdn.answer("/picture", body(&picture(0))), "saved", None),
        (cdn.answer("/moved", with(302, "location", "/picture")), "saved", None),
        (cdn.answer("/film", body(&film())), "saved", None),
        (cdn.answer("/page", with(200, "content-type", "text/html")), "failed", Some("page")),
        (cdn.answer("/expired", with(403, "x-why", "URL signature expired")), "gone", Some("http_403")),
        (
            cdn.answer("/metadata", with(302, "location", "https://169.254.169.254/latest")),
            "refused",
            Some("host"),
        ),
        (cdn.answer("/plain", with(302, "location", "http://localhost/")), "refused", Some("not_https")),
        (cdn.answer("/loop", with(302, "location", "/loop")), "refused", Some("redirects")),
        (cdn.answer("/packed", with(200, "content-encoding", "gzip")), "refused", Some("encoded")),
        ("https://www.example.com/a.jpg".to_owned(), "refused", Some("host")),
        (cdn.answer("/large", body(&vec![7; MOST + 1])), "too_large", Some("too_large")),
        (cdn.answer("/longer", with(200, "content-length", "1000")), "failed", Some("connection")),
        (cdn.answer("/empty", body(b"")), "failed", Some("empty")),
        (cdn.answer("/broken", with(500, "x-why", "a fault")), "failed", Some("http_500")),
    ]
}

#[tokio::test]
async fn what_links_lead_to_is_saved_once_and_of_every_other_link_it_is_said_why_not() {
    let place = Place::prepare().await.unwrap();
    let cdn = &place.cdn;
    let film = film();
    let odd = links(cdn);
    let mut messages: Vec<_> =
        odd.iter().enumerate().map(|(number, (link, ..))| message(number, &[link]).unwrap()).collect();
    // The same picture once more in an event of its own, and twice in one.
    let same = odd[0].0.as_str();
    messages.push(message(100, &[same, same]).unwrap());
    // What no picture is may be a file.
    let notes = cdn.answer("/notes", with(200, "content-type", "text/html"));
    messages.push(attached(101, "file", &[&notes]).unwrap());
    messages.push(Outgoing { key: None, value: Some(b"nothing".to_vec()), headers: Vec::new() });
    place.write(messages).await.unwrap();
    let media = place.media_with("127.0.0.0/8", "3s").await.unwrap();

    let records = place.records(odd.len() + 2).await.unwrap();
    for (link, status, reason) in &odd {
        let of_link: Vec<_> = records.iter().filter(|record| record["url"] == json!(link)).collect();
        assert!(!of_link.is_empty(), "{link}");
        for record in of_link {
            assert_eq!((&record["status"], record["reason"].as_str()), (&json!(status), *reason), "{record}");
        }
    }
    let saved = |link: &str| records.iter().find(|record| record["url"] == json!(link)).unwrap().clone();
    let first = saved(same);
    assert_eq!(
        (&first["width"], &first["height"], &first["sniffed"]),
        (&json!(1_080), &json!(1_350), &json!("image/png"))
    );
    assert_eq!(saved(&odd[1].0)["key"], first["key"], "what a redirect leads to is the same picture");
    let keys: BTreeSet<_> = place.s3.keys().await.unwrap().into_iter().collect();
    assert_eq!(keys.len(), 3 + 5, "three things, and the record of each link that leads to one: {keys:?}");
    assert!(keys.iter().all(|key| key.starts_with(&format!("saved/{ACCOUNT}/{CUSTOMER}/"))), "{keys:?}");
    let at = |link: &str| format!("saved/{}", saved(link)["key"].as_str().unwrap());
    assert_eq!(place.s3.object(&at(same)).await.unwrap(), (picture(0), "image/png".to_owned()));
    assert_eq!(place.s3.object(&at(&odd[2].0)).await.unwrap(), (film, "video/mp4".to_owned()));
    let page = place.s3.object(&at(&notes)).await.unwrap();
    assert_eq!(
        page,
        (b"something".to_vec(), "application/octet-stream".to_owned()),
        "no page is given out as one"
    );
    assert_eq!(place.s3.json(&kept_at(&first)).await.unwrap(), first);
    // What is no event, and no link that died.
    let is_one = |dead: f64| (dead - 1.0).abs() < 0.5;
    media.until_metric("weir_consumer_dead_letters_total", "", PATIENCE, is_one).await.unwrap();
    assert!(!media.process.stderr().unwrap().contains("localhost:"), "no link is in the log");
}

#[tokio::test]
async fn a_type_with_a_limit_of_its_own_is_held_to_it_and_others_are_not() {
    let place = Place::prepare().await.unwrap();
    let cases = [
        ("/film", film(), "too_large"),
        ("/sound", [b"OggS".as_slice(), &[7; 4_096]].concat(), "too_large"),
        ("/paper", [b"%PDF-1.7".as_slice(), &[7; 4_096]].concat(), "saved"),
    ];
    let mut messages = Vec::new();
    for (number, (path, bytes, _)) in cases.iter().enumerate() {
        let link = place.cdn.answer(path, body(bytes));
        messages.push(message(number, &[&link]).unwrap());
    }
    place.write(messages).await.unwrap();
    let limits = [("WEIR_MEDIA_MAX_VIDEO_BYTES", "1MiB"), ("WEIR_MEDIA_MAX_AUDIO_BYTES", "2KiB")];
    let _media = place.media_but(&limits).await.unwrap();
    for record in place.records(cases.len()).await.unwrap() {
        let url = record["url"].as_str().unwrap();
        let (.., status) = cases.iter().find(|(path, ..)| url.ends_with(*path)).unwrap();
        assert_eq!(record["status"], *status, "{record}");
    }
}

#[tokio::test]
async fn an_object_and_its_record_are_tagged_with_their_sort_where_that_is_asked_for() {
    let place = Place::prepare().await.unwrap();
    let cases = [("/picture", picture(0), "image"), ("/paper", b"%PDF-1.7".to_vec(), "file")];
    let mut messages = Vec::new();
    for (number, (path, bytes, _)) in cases.iter().enumerate() {
        let link = place.cdn.answer(path, body(bytes));
        messages.push(message(number, &[&link]).unwrap());
    }
    place.write(messages).await.unwrap();
    let _media = place.media_but(&[("WEIR_MEDIA_TAGS", "on")]).await.unwrap();
    for record in place.records(cases.len()).await.unwrap() {
        let url = record["url"].as_str().unwrap();
        let (.., sort) = cases.iter().find(|(path, ..)| url.ends_with(*path)).unwrap();
        for key in [format!("saved/{}", record["key"].as_str().unwrap()), kept_at(&record)] {
            let tags = place.s3.tags(&key).await.unwrap();
            assert!(tags.contains("weir-media") && tags.contains(sort), "{key}: {tags}");
        }
    }
}

/// A link is tried more often than where others are answered, and its record is not done.
async fn waits_for_answers(media: &Service) -> Result<()> {
    media.until_metric("weir_media_failed_attempts_total", "", PATIENCE, |failed| failed > 6.0).await?;
    assert!(media.metric("weir_consumer_records_total", "").await? < 0.5, "it is not given up");
    Ok(())
}

#[tokio::test]
async fn a_name_of_a_private_address_is_not_connected_to() {
    let place = Place::prepare().await.unwrap();
    let link = place.cdn.answer("/picture", body(&picture(0)));
    place.write(vec![message(0, &[&link]).unwrap()]).await.unwrap();
    let media = place.media_with("10.0.0.0/8", "1s").await.unwrap();
    waits_for_answers(&media).await.unwrap();
    assert_eq!((place.cdn.asked("/picture"), place.s3.keys().await.unwrap().len()), (0, 0));
}

#[tokio::test]
async fn links_wait_while_a_page_comes_in_place_of_all_of_them() {
    let place = Place::prepare().await.unwrap();
    let link = place.cdn.answer("/picture", with(200, "content-type", "text/html"));
    place.write(vec![message(0, &[&link]).unwrap()]).await.unwrap();
    let media = place.media_with("127.0.0.0/8", "1s").await.unwrap();
    waits_for_answers(&media).await.unwrap();
    place.cdn.answer("/picture", body(&picture(0)));
    assert_eq!(place.records(1).await.unwrap()[0]["status"], "saved");
}

#[tokio::test]
async fn what_was_saved_stays_saved_when_its_event_comes_again_after_its_link_died() {
    let place = Place::prepare().await.unwrap();
    let link = place.cdn.answer("/picture", body(&picture(0)));
    place.write(vec![message(0, &[&link]).unwrap()]).await.unwrap();
    let _media = place.media().await.unwrap();
    let first = place.records(1).await.unwrap();
    assert_eq!(first[0]["status"], "saved");

    place.cdn.answer("/picture", with(403, "x-why", "URL signature expired"));
    place.write(vec![message(0, &[&link]).unwrap()]).await.unwrap();
    let both = place.ground.records(Topic::Media, "two records of media", |all| all.len() == 2);
    let both = both.await.unwrap();
    assert_eq!(place.cdn.asked("/picture"), 1, "it was asked for again");
    assert_eq!(both[1].json().unwrap(), first[0]);
}

#[tokio::test]
async fn a_process_that_is_killed_loses_no_link() {
    const EVENTS: usize = 300;
    let place = Place::prepare().await.unwrap();
    let mut messages = Vec::new();
    for number in 0..EVENTS {
        let link = place.cdn.answer(&format!("/{number}"), body(&picture(number)));
        messages.push(message(number, &[&link]).unwrap());
    }
    place.write(messages).await.unwrap();
    let mut media = place.media().await.unwrap();
    media.until_metric("weir_media_links_total", "saved", PATIENCE, |saved| saved > 20.0).await.unwrap();
    media.process.kill().unwrap();
    let _again = place.media().await.unwrap();
    let records = place.records(EVENTS).await.unwrap();
    are_all_in_the_store(&place, &records).await.unwrap();
}

#[tokio::test]
async fn a_store_that_was_away_gets_everything_that_came_meanwhile() {
    const EVENTS: usize = 40;
    let mut place = Place::prepare().await.unwrap();
    place.s3.stop();
    let media = place.media().await.unwrap();
    let mut messages = Vec::new();
    for number in 0..EVENTS {
        let link = place.cdn.answer(&format!("/{number}"), body(&picture(number)));
        messages.push(message(number, &[&link]).unwrap());
    }
    place.write(messages).await.unwrap();
    media.until_metric("weir_media_store_errors_total", "", PATIENCE, |errors| errors > 1.0).await.unwrap();
    assert!(media.metric("weir_consumer_records_total", "").await.unwrap() < 0.5, "nothing is done");
    place.s3.begin().await.unwrap();
    let records = place.records(EVENTS).await.unwrap();
    are_all_in_the_store(&place, &records).await.unwrap();
    assert!(media.metric("weir_consumer_dead_letters_total", "").await.unwrap() < 0.5);
}

#[tokio::test]
async fn links_are_not_followed_for_a_store_that_gives_and_does_not_take() {
    const EVENTS: usize = 200;
    let place = Place::prepare().await.unwrap();
    // Whatever it is asked for is not there, and what it is given it does not take.
    let store = Cdn::start().await.unwrap();
    let (endpoint, root) = (format!("https://{}", store.host()), store.root());
    let path = |number: usize| format!("/{number}");
    let mut messages = Vec::new();
    for number in 0..EVENTS {
        let link = place.cdn.answer(&path(number), body(&picture(number)));
        messages.push(message(number, &[&link]).unwrap());
    }
    place.write(messages).await.unwrap();
    let refusing = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "false"),
        ("WEIR_MEDIA_STORE_CA", root.to_str().unwrap()),
        ("WEIR_MEDIA_CONCURRENCY", "1"),
    ];
    let media = place.media_but(&refusing).await.unwrap();
    let errors = "weir_media_store_errors_total";
    media.until_metric(errors, "", PATIENCE, |errors| errors > 0.5).await.unwrap();
    let first = Instant::now();
    media.until_metric(errors, "", PATIENCE, |errors| errors > 5.5).await.unwrap();
    // One after the other, and each later than the one before: as many links without a pause take a few milliseconds.
    assert!(first.elapsed() > Duration::from_millis(500), "{:?}", first.elapsed());
    let followed: usize = (0..EVENTS).map(|number| place.cdn.asked(&path(number))).sum();
    assert!((6..EVENTS / 2).contains(&followed), "{followed}");
    assert!(media.metric("weir_consumer_records_total", "").await.unwrap() < 0.5, "nothing is done");
}

#[tokio::test]
async fn the_time_that_a_store_takes_is_not_the_hosts() {
    let place = Place::prepare().await.unwrap();
    let slow =
        Edge::late(place.s3.url().trim_start_matches("http://"), Duration::from_secs(2)).await.unwrap();
    let (endpoint, root) = (format!("https://localhost:{}", slow.port()), slow.root());
    let link = place.cdn.answer("/film", body(&film()));
    place.write(vec![message(0, &[&link]).unwrap()]).await.unwrap();
    let impatient = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "false"),
        ("WEIR_MEDIA_STORE_CA", root.to_str().unwrap()),
        ("WEIR_MEDIA_STALL_TIMEOUT", "1s"),
        ("WEIR_MEDIA_TIMEOUT", "2s"),
        ("WEIR_MEDIA_PATIENCE", "1s"),
    ];
    let _media = place.media_but(&impatient).await.unwrap();
    assert_eq!(place.records(1).await.unwrap()[0]["status"], "saved");
}

#[tokio::test]
async fn a_store_that_an_authority_of_ones_own_vouches_for_is_trusted_by_its_file_alone() {
    let place = Place::prepare().await.unwrap();
    let edge = Edge::start(place.s3.url().trim_start_matches("http://"), None).await.unwrap();
    let (endpoint, root) = (format!("https://localhost:{}", edge.port()), edge.root());
    let trusting = [
        ("AWS_ENDPOINT", endpoint.as_str()),
        ("AWS_ALLOW_HTTP", "false"),
        ("WEIR_MEDIA_STORE_CA", root.to_str().unwrap()),
    ];
    let link = place.cdn.answer("/picture", body(&picture(0)));
    place.write(vec![message(0, &[&link]).unwrap()]).await.unwrap();
    let stranger = place.media_but(&trusting[..2]).await.unwrap();
    let is_refused = |errors: f64| errors > 0.5;
    stranger.until_metric("weir_media_store_errors_total", "", PATIENCE, is_refused).await.unwrap();
    drop(stranger);
    let media = place.media_but(&trusting).await.unwrap();
    assert_eq!(place.records(1).await.unwrap()[0]["status"], "saved");
    assert!(media.metric("weir_media_store_errors_total", "").await.unwrap() < 0.5);
}

/// Where the store has a record of a link that was saved.
fn kept_at(record: &Value) -> String {
    format!("saved/{ACCOUNT}/{CUSTOMER}/{}.json", record["id"].as_str().unwrap_or_default())
}

async fn are_all_in_the_store(place: &Place, records: &[Value]) -> Result<()> {
    let keys: BTreeSet<_> = place.s3.keys().await?.into_iter().collect();
    for record in records {
        ensure!(record["status"] == "saved", "{record}");
        let key = format!("saved/{}", record["key"].as_str().context("a key")?);
        ensure!(keys.contains(&key) && keys.contains(&kept_at(record)), "{key} is not in the store");
    }
    Ok(())
}
