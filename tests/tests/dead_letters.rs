//! The reasons of dead letters that the documents list are those that the code gives.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use weir_tests::foreign::folder;

/// The consumers, each with the part of its message's name in the AsyncAPI document, and where its code is. What all of
/// them share is in the consumer loop.
const CONSUMERS: [(&str, [&str; 2]); 3] = [
    ("messages", ["consumers/messages/src", "runtime/src/consumer"]),
    ("lookups", ["consumers/lookups/src", "runtime/src/consumer"]),
    ("metrics", ["consumers/metrics/src", "runtime/src/consumer"]),
];

/// The code of every Rust file below a folder, without that of tests.
fn code(name: &str) -> Result<Vec<String>> {
    let (mut folders, mut code) = (vec![folder(name)], Vec::new());
    while let Some(folder) = folders.pop() {
        for file in fs::read_dir(folder)? {
            let path = file?.path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.ends_with("tests.rs") {
                let text = fs::read_to_string(&path)?;
                code.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
            }
        }
    }
    Ok(code)
}

/// The strings of a piece of code.
fn strings(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

/// The words that a piece of code gives as reasons: as a member, or chosen in a function or `match` of that name.
fn reasons(code: &str) -> impl Iterator<Item = &str> {
    let given = code.split("reason: \"").skip(1).filter_map(|rest| rest.split('"').next());
    let choices = code.split("fn reason(").skip(1).chain(code.split("let reason = match").skip(1));
    given.chain(choices.filter_map(|rest| rest.split("\n    }").next()).flat_map(strings))
}

/// The words that the AsyncAPI document lists for a consumer.
fn documented(consumer: &str) -> Result<BTreeSet<String>> {
    let document = fs::read_to_string(folder("schemas/asyncapi.yaml"))?;
    let headers =
        document.split_once(&format!("    dead_letter.{consumer}.headers:\n")).context("the headers")?;
    let (_, words) = headers.1.split_once("enum: [").context("an enum")?;
    let (words, _) = words.split_once(']').context("its end")?;
    Ok(words.split(", ").map(str::to_owned).collect())
}

#[test]
fn the_documented_reasons_are_those_of_the_code() {
    for (consumer, folders) in CONSUMERS {
        let documented = documented(consumer).unwrap();
        let code: Vec<_> = folders.into_iter().flat_map(|folder| code(folder).unwrap()).collect();
        let given: BTreeSet<_> = code.iter().flat_map(|code| reasons(code)).collect();
        assert!(given.len() > 1, "the reasons of {consumer} are missing");
        for reason in given {
            assert!(documented.contains(reason), "{consumer} gives {reason}, which is not documented");
        }
        for reason in &documented {
            let is_there = code.iter().any(|code| strings(code).any(|string| string == reason));
            assert!(is_there, "{consumer} never gives {reason}, which is documented");
        }
    }
}
