//! Freezes what version 1 publishes, in `schemas/golden/v1`: the schemas, and records made of the fixtures.
//!
//! Writes what is missing there, such as that of a new kind, and never touches what is there. `SHA256SUMS` names every file
//! with its digest, in the form of `sha256sum`, so that none changes unseen.

use schemas::inbox::Record;
use schemas::lookup::{Lookup, Status};
use schemas::media::{MediaRecord, MediaStatus, Origin};
use schemas::profile::{CustomerProfile, ProfileStatus};
use schemas::{Reception, inbox::Platform, json_schema, split};
use serde_json::value::to_raw_value;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

const RECEPTION: Reception<'static> =
    Reception { delivery_id: "01981d1a-2f00-7000-8000-000000000000", received: "2025-07-18T10:35:12.000Z" };
/// How many events of a kind are frozen.
const A_FEW: usize = 3;

fn main() -> io::Result<()> {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    let golden = package.join("golden/v1");
    for (name, schema) in json_schema::documents() {
        write_if_missing(&golden.join("schemas").join(name), &format!("{schema:#}\n"))?;
    }
    let fixtures = fixtures(&package.join("fixtures"))?;
    let events = events(&fixtures)?;
    for (kind, events) in &events {
        let few: Vec<_> = events.iter().take(A_FEW).cloned().collect();
        write_if_missing(&golden.join("events").join(format!("{kind}.jsonl")), &lines(&few))?;
    }
    write_if_missing(&golden.join("inbox.jsonl"), &lines(&inbox(&fixtures)?))?;
    write_if_missing(&golden.join("enriched.jsonl"), &lines(&enriched(&events)))?;
    write_if_missing(&golden.join("profiles.jsonl"), &lines(&profiles()?))?;
    write_if_missing(&golden.join("media.jsonl"), &lines(&media()?))?;
    add_checksums(&golden)
}

/// Adds the files that `SHA256SUMS` does not name yet; the lines that are there stay, whatever the files hold.
fn add_checksums(golden: &Path) -> io::Result<()> {
    let path = golden.join("SHA256SUMS");
    let before = fs::read_to_string(&path).unwrap_or_default();
    let mut sums: Vec<_> = before.lines().map(str::to_owned).collect();
    for name in ["schemas", "events", ""] {
        for file in fs::read_dir(golden.join(name))? {
            let file = file?.path();
            let name = file.strip_prefix(golden).unwrap_or(&file).to_string_lossy().into_owned();
            let is_named = sums.iter().any(|line| line.ends_with(&format!("  {name}")));
            if file.is_file() && file != path && !is_named {
                sums.push(format!("{}  {name}", digest(&fs::read(&file)?)));
            }
        }
    }
    sums.sort_by(|one, other| one.get(64..).cmp(&other.get(64..)));
    fs::write(path, lines(&sums))
}

/// The SHA-256 of a file's bytes in hex digits.
fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

fn write_if_missing(path: &Path, text: &str) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, text)
}

fn lines(records: &[String]) -> String {
    records.join("\n") + "\n"
}

/// Every file of the fixtures, sorted.
fn fixtures(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for folder in fs::read_dir(root)? {
        let folder = folder?.path();
        if folder.is_dir() {
            files.extend(fs::read_dir(folder)?.map(|file| Ok(file?.path())).collect::<io::Result<Vec<_>>>()?);
        }
    }
    files.sort();
    Ok(files)
}

/// The typed records' values of every kind.
fn events(fixtures: &[PathBuf]) -> io::Result<BTreeMap<String, Vec<String>>> {
    let mut events: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for path in fixtures.iter().filter(|path| path.extension().is_some_and(|extension| extension == "json")) {
        let body = fs::read(path)?;
        for event in split(&body, usize::MAX).events {
            let mut record = Vec::new();
            event.write_json(RECEPTION, &mut record);
            let record = one_line(record)?;
            events.entry(event.kind.to_string()).or_default().push(record);
        }
    }
    Ok(events)
}

/// The record as it is; of an indented body without its white space.
fn one_line(record: Vec<u8>) -> io::Result<String> {
    let record = String::from_utf8(record).map_err(io::Error::other)?;
    if record.contains('\n') {
        return Ok(serde_json::from_str::<Value>(&record)?.to_string());
    }
    Ok(record)
}

/// The first inbox record of every event's name and message type.
fn inbox(fixtures: &[PathBuf]) -> io::Result<Vec<String>> {
    let (mut seen, mut records) = (BTreeSet::new(), Vec::new());
    for path in fixtures.iter().filter(|path| path.to_string_lossy().ends_with(".inbox.jsonl")) {
        for line in fs::read_to_string(path)?.lines() {
            let record: Record = serde_json::from_str(line)?;
            let sort = json!([record.event, record.message.and_then(|message| message.kind)]);
            if seen.insert(sort.to_string()) {
                records.push(line.to_owned());
            }
        }
    }
    Ok(records)
}

/// One of each status.
fn profiles() -> io::Result<Vec<String>> {
    let answer = json!({"id": "12345678901234567", "name": "Ana Makes", "username": "ana.makes",
        "profile_pic": "https://scontent.cdninstagram.com/v/ana.jpg", "follower_count": 417,
        "is_user_follow_business": true, "is_business_follow_user": false, "is_verified_user": false});
    let answer = to_raw_value(&answer)?;
    let found = CustomerProfile {
        account: "17841405726653026".into(),
        user: "12345678901234567".into(),
        platform: Platform::Instagram.into(),
        status: ProfileStatus::Found.into(),
        at: "2025-07-18T10:35:13.000Z".into(),
        profile: Some(&answer),
    };
    let unavailable = CustomerProfile {
        user: "12345678901234568".into(),
        status: ProfileStatus::Unavailable.into(),
        profile: None,
        ..found.clone()
    };
    [found, unavailable].iter().map(|profile| Ok(serde_json::to_string(profile)?)).collect()
}

/// One of each status.
fn media() -> io::Result<Vec<String>> {
    let digest = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let (id, account) = ("0d1e7b6a4f2c49d8a1b3c5d7e9f00112".into(), "17841405726653026".into());
    let (origin, status) = (Origin::Attachment.into(), MediaStatus::Saved.into());
    let link = MediaRecord {
        event: Some("5b8c3a1f0e2d4c6b8a9f7e6d5c4b3a29".into()),
        subject: Some("17841405726653026:12345678901234567".into()),
        url: Some("https://scontent.cdninstagram.com/v/t1.jpg?oe=687DB1A0".into()),
        expires: Some("2025-07-21T03:18:56.000Z".into()),
        ..MediaRecord::new(id, 0, account, origin, status, "2025-07-18T10:35:13.000Z".into())
    };
    let saved = MediaRecord {
        key: Some(format!("17841405726653026/12345678901234567/{digest}").into()),
        sha256: Some(digest.into()),
        bytes: Some(184_320),
        declared: Some("image/jpeg".into()),
        sniffed: Some("image/jpeg".into()),
        width: Some(1_080),
        height: Some(1_350),
        ..link.clone()
    };
    let others = [
        (MediaStatus::Gone, "http_404"),
        (MediaStatus::Refused, "host"),
        (MediaStatus::TooLarge, "too_large"),
        (MediaStatus::Failed, "timed_out"),
    ];
    let other = |(status, reason): (MediaStatus, &'static str)| MediaRecord {
        status: status.into(),
        reason: Some(reason.into()),
        ..link.clone()
    };
    let all = [saved].into_iter().chain(others.map(other));
    all.map(|record| Ok(serde_json::to_string(&record)?)).collect()
}

/// A few comments and mentions, one with each status.
fn enriched(events: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let found = Lookup {
        asked: Some("v26.0/17865799348089039?fields=id,text,timestamp,username".into()),
        answer: None,
        at: "2025-07-18T10:35:13.000Z".into(),
        status: Status::Found.into(),
        reason: None,
        cached: false,
        media: None,
    };
    let gone = Lookup { status: Status::Gone.into(), ..found.clone() };
    let skipped = Lookup {
        asked: None,
        status: Status::Skipped.into(),
        reason: Some("test_event".into()),
        ..found.clone()
    };
    let answers = [
        (&found, json!({"id": "17865799348089039", "text": "Love these colours", "username": "a.customer"})),
        (&gone, json!({"error": {"message": "Unsupported get request.", "code": 100, "error_subcode": 33}})),
        (&skipped, Value::Null),
    ];
    let kinds = ["comment", "comment.live", "mention.caption", "mention.comment"];
    let events = kinds.into_iter().filter_map(|kind| events.get(kind)?.first());
    let enrich = |(event, (lookup, answer)): (&String, &(&Lookup<'_>, Value))| {
        let mut event: Value = serde_json::from_str(event).ok()?;
        event["lookup"] = serde_json::to_value(lookup).ok()?;
        event["lookup"]["answer"] = answer.clone();
        Some(event.to_string())
    };
    events.zip(answers.iter().cycle()).filter_map(enrich).collect()
}
