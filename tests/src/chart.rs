//! The chart of k8s/chart beside what kustomize renders of the same: the cases of tests/chart/cases, each a kustomization and the
//! values that stand for it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::foreign::{self, folder};
use crate::manifests::{self, name};
use crate::yaml;

const CASES: &str = "tests/chart/cases";
/// The digest of what the kept renderings were made of.
pub const SOURCES: &str = "tests/chart/sources.sha256";
/// Every case.
pub const ALL: [&str; 8] =
    ["base", "changed", "sasl", "strimzi", "connect", "media", "network", "monitoring"];
/// Those whose rendering is kept in the repository. The others are made of files that the chart links to, so that Helm would be
/// needed after every change of a dashboard: `tests/chart/run` alone compares them.
pub const KEPT: [&str; 6] = ["base", "changed", "sasl", "strimzi", "connect", "media"];
/// What kustomize puts the digest of a map's content behind.
const MAPS: [&str; 4] = ["weir-settings", "weir-kafka-client", "weir-connect", "weir-media"];
/// The letters of such a digest.
const DIGEST: usize = 10;
/// Lists whose order means nothing.
const UNORDERED: [&str; 4] = ["env", "ports", "volumes", "volumeMounts"];

/// Where the rendering of a case is kept.
pub fn kept(case: &str) -> PathBuf {
    folder(CASES).join(case).join("rendered.yaml")
}

/// What Helm renders of a case.
///
/// # Errors
///
/// When it refuses the chart or the values.
pub fn helm(program: &Path, case: &str) -> Result<String> {
    let mut helm = Command::new(program);
    helm.args(["template", "weir"]).arg(folder("k8s/chart")).args(["--kube-version", "1.35.0"]);
    let brokers = folder("k8s/chart/brokers").join(case).with_extension("yaml");
    for values in [brokers, folder(CASES).join(case).join("values.yaml")] {
        if values.is_file() {
            helm.arg("--values").arg(values);
        }
    }
    foreign::run(&mut helm, "")
}

/// What differs between a rendering of a case and that of kustomize: a line an object, nothing where they are the same.
///
/// # Errors
///
/// When either cannot be read.
pub fn differences(case: &str, rendered: &str) -> Result<Vec<String>> {
    let ours = by_name(yaml::documents(rendered)?)?;
    let mut theirs = by_name(manifests::render(&format!("../{CASES}/{case}"))?)?;
    // Strimzi's own resources are applied beside the chart.
    theirs.retain(|_, object| !object["apiVersion"].as_str().unwrap_or_default().contains("strimzi.io"));
    let names = theirs.keys().chain(ours.keys().filter(|name| !theirs.contains_key(*name)));
    let told = names.filter_map(|name| match (ours.get(name), theirs.get(name)) {
        (Some(ours), Some(theirs)) => {
            first_difference(ours, theirs, "").map(|place| format!("{name}{place}"))
        }
        (Some(_), None) => Some(format!("{name}: only the chart has it")),
        _ => Some(format!("{name}: only kustomize has it")),
    });
    Ok(told.collect())
}

/// The digest of the chart's own files and of the values of the cases.
///
/// # Errors
///
/// When one cannot be read.
pub fn digest() -> Result<String> {
    let mut files = Vec::new();
    own_files(&folder("k8s/chart"), &mut files)?;
    for case in KEPT {
        files.push(folder(CASES).join(case).join("values.yaml"));
    }
    files.sort_unstable();
    let mut hash = Sha256::new();
    for file in files {
        let path = file.strip_prefix(folder(""))?.to_string_lossy().into_owned();
        let content = fs::read(&file).with_context(|| path.clone())?;
        hash.update(format!("{path} {}\n", content.len()));
        hash.update(content);
    }
    let mut text = String::new();
    for byte in hash.finalize() {
        write!(text, "{byte:02x}")?;
    }
    Ok(text)
}

/// Links are left out: what they lead to is compared where it is.
fn own_files(dir: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in fs::read_dir(dir).with_context(|| dir.display().to_string())? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            own_files(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

fn by_name(objects: Vec<Value>) -> Result<BTreeMap<String, Value>> {
    let mut by_name = BTreeMap::new();
    for mut object in objects {
        // Part of the name of a Job that cannot be changed is what it runs with.
        if let (true, Some(of)) = (object["kind"] == "Job", object["metadata"]["name"].as_str()) {
            object["metadata"]["name"] =
                of.trim_end_matches(|one: char| one.is_ascii_hexdigit()).trim_end_matches('-').into();
        }
        let object = comparable(object, "");
        let name = name(&object);
        ensure!(by_name.insert(name.clone(), object).is_none(), "{name} is there twice");
    }
    Ok(by_name)
}

/// Without what is not the same and need not be.
fn comparable(value: Value, key: &str) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(key, _)| {
                // Who manages it; and how a change of the settings rolls the pods, which kustomize does by the map's name.
                !["app.kubernetes.io/managed-by", "checksum/settings"].contains(&key.as_str())
            });
            let members = members.map(|(key, value)| (key.clone(), comparable(value, &key)));
            Value::Object(members.filter(|(_, value)| !is_empty(value)).collect())
        }
        Value::Array(items) => {
            let mut items: Vec<_> = items.into_iter().map(|item| comparable(item, "")).collect();
            if UNORDERED.contains(&key) {
                items.sort_by_key(Value::to_string);
            }
            Value::Array(items)
        }
        Value::String(text) if key == "client.properties" => {
            text.lines().filter(|line| !line.starts_with('#')).collect::<Vec<_>>().join("\n").into()
        }
        Value::String(text) => {
            let digest = |map: &str| text.strip_prefix(map).and_then(|rest| rest.strip_prefix('-'));
            let map = MAPS.iter().find(|map| digest(map).is_some_and(|digest| digest.len() == DIGEST));
            map.map_or(text.as_str(), |map| *map).into()
        }
        other => other,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value.as_array().is_some_and(Vec::is_empty)
        || value.as_object().is_some_and(serde_json::Map::is_empty)
}

fn first_difference(ours: &Value, theirs: &Value, place: &str) -> Option<String> {
    match (ours, theirs) {
        (Value::Object(ours), Value::Object(theirs)) => {
            let keys = ours.keys().chain(theirs.keys().filter(|key| !ours.contains_key(*key)));
            keys.into_iter().find_map(|key| {
                let none = Value::Null;
                let (one, other) = (ours.get(key).unwrap_or(&none), theirs.get(key).unwrap_or(&none));
                first_difference(one, other, &format!("{place}/{key}"))
            })
        }
        (Value::Array(ours), Value::Array(theirs)) if ours.len() == theirs.len() => {
            let mut pairs = ours.iter().zip(theirs).enumerate();
            pairs.find_map(|(at, (one, other))| first_difference(one, other, &format!("{place}/{at}")))
        }
        _ if ours == theirs => None,
        _ => Some(format!("{place}: {ours} of the chart is {theirs} of kustomize")),
    }
}
