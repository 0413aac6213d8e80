//! What the program is made of: every package comes from where deny.toml allows, under a licence that it allows.
//!
//! `cargo deny`, which `tests/run` runs, looks at more; this needs nothing but cargo.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

/// What cargo says of the registry that every package of a manifest without another one comes from.
const REGISTRY: &str = "registry+";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).map(Path::to_owned).unwrap_or_default()
}

/// All packages of the workspace, with those that only tests need.
fn packages() -> Result<Vec<Value>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--locked", "--filter-platform=x86_64-unknown-linux-gnu"]);
    let output = cargo.arg("--manifest-path").arg(root().join("Cargo.toml")).output()?;
    ensure!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut metadata: Value = serde_json::from_slice(&output.stdout)?;
    let used = metadata["resolve"]["nodes"].as_array().context("a graph")?.iter();
    let used: BTreeSet<String> = used.filter_map(|node| node["id"].as_str()).map(str::to_owned).collect();
    let Value::Array(mut packages) = metadata["packages"].take() else { return Ok(Vec::new()) };
    packages.retain(|package| package["id"].as_str().is_some_and(|id| used.contains(id)));
    Ok(packages)
}

/// The words of `allow` under `[licenses]`.
fn allowed() -> Result<BTreeSet<String>> {
    let text = std::fs::read_to_string(root().join("deny.toml"))?;
    let (_, section) = text.split_once("\n[licenses]\n").context("a section [licenses]")?;
    let (_, list) = section.split_once("\nallow = [").context("a list `allow`")?;
    let (list, _) = list.split_once(']').context("the end of the list")?;
    Ok(list.split('"').skip(1).step_by(2).map(str::to_owned).collect())
}

/// Whether one may choose licences that are allowed; AND binds more than OR, and `/` is an OR of old.
fn may_be_used(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let (may, rest) = either(&words, allowed);
    may && rest.is_empty()
}

fn either<'w>(words: &'w [&'w str], allowed: &BTreeSet<String>) -> (bool, &'w [&'w str]) {
    let (mut may, mut rest) = all(words, allowed);
    while let ["OR", after @ ..] = rest {
        let (other, behind) = all(after, allowed);
        (may, rest) = (may || other, behind);
    }
    (may, rest)
}

fn all<'w>(words: &'w [&'w str], allowed: &BTreeSet<String>) -> (bool, &'w [&'w str]) {
    let (mut may, mut rest) = one(words, allowed);
    while let ["AND", after @ ..] = rest {
        let (other, behind) = one(after, allowed);
        (may, rest) = (may && other, behind);
    }
    (may, rest)
}

fn one<'w>(words: &'w [&'w str], allowed: &BTreeSet<String>) -> (bool, &'w [&'w str]) {
    match words {
        ["(", inside @ ..] => match either(inside, allowed) {
            (may, [")", rest @ ..]) => (may, rest),
            (_, rest) => (false, rest),
        },
        // An exception allows more than its licence, and is named with it.
        [licence, "WITH", exception, rest @ ..] => {
            let whole = format!("{licence} WITH {exception}");
            (allowed.contains(&whole) || allowed.contains(*licence), rest)
        }
        [licence, rest @ ..] => (allowed.contains(*licence), rest),
        [] => (false, &[]),
    }
}

#[test]
fn every_package_has_a_licence_that_is_allowed_and_comes_from_the_registry_or_from_here() {
    let allowed = allowed().unwrap();
    assert!(allowed.contains("Apache-2.0"), "{allowed:?}");
    let packages = packages().unwrap();
    assert!(packages.len() > 100, "{} packages", packages.len());
    for package in packages {
        let (name, version) = (&package["name"], &package["version"]);
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(may_be_used(licence, &allowed), "{name} {version} has the licence {licence:?}");
        let source = package["source"].as_str();
        assert!(
            source.is_none_or(|source| source.starts_with(REGISTRY)),
            "{name} {version} comes from {source:?}"
        );
        let path = package["manifest_path"].as_str().unwrap_or_default();
        assert!(source.is_some() || Path::new(path).starts_with(root()), "{name} lies in {path}");
    }
}

#[test]
fn licences_are_chosen_as_their_expression_says() {
    let allowed = ["MIT", "Apache-2.0"].map(str::to_owned).into();
    for good in
        ["MIT", "GPL-3.0 OR MIT", "MIT/X", "Apache-2.0 WITH LLVM-exception", "(MIT OR X) AND Apache-2.0"]
    {
        assert!(may_be_used(good, &allowed), "{good}");
    }
    for bad in ["", "GPL-3.0", "MIT AND X", "X AND MIT OR Y", "(MIT OR X) AND Y", "(MIT", "MIT X"] {
        assert!(!may_be_used(bad, &allowed), "{bad}");
    }
}
