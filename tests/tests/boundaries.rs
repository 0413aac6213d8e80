//! The shape of the code: who may know whom.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(1).map(Path::to_owned).unwrap_or_default()
}

/// The names under `[dependencies]` of a package's manifest.
fn dependencies(package: &str) -> Result<Vec<String>> {
    let manifest = root().join(package).join("Cargo.toml");
    let text = fs::read_to_string(&manifest).with_context(|| manifest.display().to_string())?;
    let (_, section) = text.split_once("\n[dependencies]\n").context("a section [dependencies]")?;
    let lines = section.lines().take_while(|line| !line.starts_with('['));
    Ok(lines.filter_map(|line| line.split(['.', ' ', '=']).next()).map(str::to_owned).collect())
}

/// Every Rust file below a folder, with its text.
fn sources(folder: &str) -> Result<Vec<(PathBuf, String)>> {
    let mut folders = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
            let path = entry?.path();
            // What other tools build and fetch below the sources is none of them.
            if path.ends_with("target") || path.ends_with("node_modules") || path.ends_with("venv") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path)?;
                files.push((path, text));
            }
        }
    }
    Ok(files)
}

#[test]
fn schemas_and_runtime_do_not_know_each_other() {
    assert!(!dependencies("schemas").unwrap().iter().any(|name| name == "runtime"));
    assert!(!dependencies("runtime").unwrap().iter().any(|name| name == "schemas"));
}

#[test]
fn schemas_is_pure() {
    for forbidden in ["tokio", "rdkafka", "hyper", "reqwest", "tracing", "uuid", "rand"] {
        assert!(!dependencies("schemas").unwrap().iter().any(|name| name == forbidden), "{forbidden}");
    }
    for (path, text) in sources("schemas/src").unwrap() {
        for forbidden in ["std::fs", "std::net", "std::io", "std::env", "SystemTime::now", "Instant::now"] {
            let uses =
                text.lines().filter(|line| line.contains(forbidden) && !line.contains("std::io::Write"));
            assert_eq!(uses.count(), 0, "{} uses {forbidden}", path.display());
        }
    }
}

#[test]
fn runtime_knows_nothing_of_meta() {
    for (path, text) in sources("runtime/src").unwrap() {
        let text = text.to_lowercase();
        for word in ["instagram", "messenger", "facebook", "webhook", "hub_signature"] {
            assert!(!text.contains(word), "{} speaks of {word}", path.display());
        }
    }
}

#[test]
fn every_file_begins_with_its_one_idea() {
    for folder in ["schemas", "runtime", "ingest", "consumers", "cli", "tests", "bench"] {
        for (path, text) in sources(folder).unwrap() {
            assert!(text.starts_with("//! "), "{} has no first line that states its idea", path.display());
        }
    }
}

#[test]
fn no_file_of_the_product_has_more_than_300_lines_beside_its_tests() {
    for folder in ["schemas/src", "runtime/src", "ingest/src", "consumers", "cli/src"] {
        for (path, text) in sources(folder).unwrap() {
            let is_test = path.iter().any(|part| part.to_string_lossy().starts_with("tests"));
            let product = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
            let lines = product.lines().count();
            assert!(is_test || lines <= 300, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn no_folder_of_the_product_has_more_than_15_files_beside_each_other() {
    let mut crowded: BTreeMap<PathBuf, usize> = BTreeMap::new();
    for folder in ["schemas/src", "runtime/src", "ingest/src", "consumers", "cli/src"] {
        for (path, _) in sources(folder).unwrap() {
            *crowded.entry(path.parent().unwrap().to_owned()).or_default() += 1;
        }
    }
    crowded.retain(|_, files| *files > 15);
    assert!(crowded.is_empty(), "{crowded:?}");
}

#[test]
fn the_architecture_names_files_that_there_are() -> Result<()> {
    let text = fs::read_to_string(root().join("docs/architecture.md"))?;
    let named = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|name| name.contains('/') && !name.contains('*'))
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "rs"));
    let files = sources("")?;
    let missing: Vec<_> = named.filter(|name| !files.iter().any(|(path, _)| path.ends_with(name))).collect();
    assert!(missing.is_empty(), "{missing:?}");
    Ok(())
}

#[test]
fn who_starts_a_binary_otherwise_than_the_image_does_has_a_reason_that_is_written_down() -> Result<()> {
    let reasons = fs::read_to_string(root().join("docs/adr/0053-tests-run-binaries-as-the-image-does.md"))?;
    let is_named = |path: &Path| {
        let mut names = path.ancestors().filter(|name| !name.as_os_str().is_empty());
        names.any(|name| reasons.contains(&format!("`{}`", name.display())))
    };
    // In two parts, so that this file has neither.
    let starts = [concat!("process::", "built"), concat!("CARGO_BIN_", "EXE")];
    let mut unnamed = Vec::new();
    for (path, code) in sources("")? {
        let path = path.strip_prefix(root())?.to_owned();
        if starts.iter().any(|start| code.contains(start)) && !is_named(&path) {
            unnamed.push(path);
        }
    }
    assert!(unnamed.is_empty(), "start it by `Binary::start`, or say why not in ADR 0053: {unnamed:?}");
    Ok(())
}

#[test]
fn tests_that_need_more_than_rust_are_left_out_of_a_plain_cargo_test() {
    for (file, code) in sources("tests/tests").unwrap() {
        let is_test = file.parent().is_some_and(|folder| folder.ends_with("tests"));
        if !is_test || code.contains("\n#![cfg(feature = \"everything\")]\n") {
            continue;
        }
        let needed = code
            .lines()
            .find(|line| line.starts_with("use weir_tests::") && *line != "use weir_tests::foreign::folder;");
        assert_eq!(needed, None, "{}: put it behind the feature \"everything\"", file.display());
    }
}
