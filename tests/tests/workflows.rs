//! The workflows of GitHub are of their schema, and what makes a release is pinned.

#![cfg(feature = "everything")]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;
use weir_tests::{foreign, yaml};

#[test]
fn workflows_are_of_their_schema_and_run_foreign_code_by_its_commit_alone() {
    let folder = foreign::folder(".github");
    for (schema, files) in
        [("github-workflows", "workflows/ci.yml workflows/release.yml"), ("dependabot", "dependabot.yml")]
    {
        let files = files.split(' ').map(|file| folder.join(file));
        let mut check = Command::new(foreign::python().unwrap());
        check.args(["-m", "check_jsonschema", "--builtin-schema", &format!("vendor.{schema}")]).args(files);
        foreign::run(&mut check, "").unwrap();
    }
    let mut actions = 0;
    for file in std::fs::read_dir(folder.join("workflows")).unwrap() {
        let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
        assert!(text.contains("\npermissions: {contents: read}\n"), "{text}");
        for action in text.lines().filter_map(|line| line.split_once("uses: ").map(|(_, action)| action)) {
            let commit = action.split_once('@').map(|(_, rest)| rest.split(' ').next().unwrap_or_default());
            let is_pinned = commit.is_some_and(|commit| {
                commit.len() == 40 && commit.bytes().all(|byte| byte.is_ascii_hexdigit())
            });
            assert!(is_pinned || action.starts_with("./"), "{action}");
            actions += 1;
        }
    }
    assert!(actions > 4, "{actions} actions");
}

#[test]
fn a_release_is_for_both_architectures_and_says_what_it_is_made_of() {
    let release = yaml::file(".github/workflows/release.yml").unwrap();
    let jobs = &release["jobs"];
    let architectures = jobs["image"]["strategy"]["matrix"]["include"].as_array().unwrap().iter();
    let architectures: Vec<_> = architectures.map(|one| one["architecture"].as_str().unwrap()).collect();
    assert_eq!(architectures, ["amd64", "arm64"]);
    let build = jobs["image"]["steps"].as_array().unwrap().last().unwrap()["run"].as_str().unwrap();
    for flag in ["--provenance mode=max", "--sbom true", "push-by-digest=true"] {
        assert!(build.contains(flag), "{flag}");
    }
    assert_eq!(jobs["image"]["needs"], serde_json::json!(["tests", "version"]));
    let attests =
        |step: &&Value| step["uses"].as_str().is_some_and(|uses| uses.contains("attest-build-provenance"));
    assert_eq!(jobs["release"]["steps"].as_array().unwrap().iter().filter(attests).count(), 1);
}

#[test]
fn every_binary_of_the_image_has_a_bill_of_materials() {
    let image = yaml::text("Dockerfile").unwrap();
    let packages = image.split("--package ").skip(1).filter_map(|rest| rest.split_whitespace().next());
    // It is named for its feature, and has no binary.
    let built: BTreeSet<&str> = packages.filter(|package| *package != "weir-runtime").collect();
    let script = yaml::text(".github/sbom").unwrap();
    let listed = script.lines().find(|line| line.starts_with("binaries=(")).unwrap();
    let listed: BTreeSet<&str> = listed
        .split(['(', ' ', '{', ',', '}', ')'])
        .filter_map(|word| word.split_once(':'))
        .map(|(_, binary)| binary)
        .collect();
    assert!(built.len() > 1, "{built:?}");
    assert_eq!(listed, built);
}
