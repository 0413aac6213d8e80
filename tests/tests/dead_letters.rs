//! The reasons of dead letters that the documents list are those that the code gives.

use std::collections::BTreeSet;
use std::fs;

use anyhow::{Context as _, Result};
use weir_tests::foreign::folder;

/// The consumers, each by its part of the name of its message in the AsyncAPI document, with the file of its handler.
const CONSUMERS: [(&str, &str); 5] = [
    ("messages", "handler.rs"),
    ("lookups", "source.rs"),
    ("metrics", "handler.rs"),
    ("replies", "handler.rs"),
    ("media", "handler.rs"),
];

/// The strings of a piece of code.
fn strings(code: &str) -> impl Iterator<Item = &str> {
    code.split('"').skip(1).step_by(2)
}

/// The words that a consumer's handler names as its reasons, constants of its file among them.
fn of_handler(consumer: &str, file: &str) -> Result<BTreeSet<String>> {
    let file = folder("consumers").join(consumer).join("src").join(file);
    let code = fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
    let (_, list) = code.split_once("fn reasons(").context("the handler names its reasons")?;
    let (list, _) = list.split_once("    }").context("its end")?;
    let constants = code.lines().filter_map(|line| line.strip_prefix("const ")?.split_once(": &str = \""));
    let named = constants.filter(|(name, _)| list.contains(name));
    let named = named.filter_map(|(_, value)| value.split('"').next());
    Ok(strings(list).chain(named).map(str::to_owned).collect())
}

/// The words that the consumer loop gives by itself.
fn of_the_loop() -> Result<BTreeSet<String>> {
    let code = fs::read_to_string(folder("runtime/src/consumer/metrics.rs"))?;
    let (_, reasons) = code.split_once("mod reason {").context("the reasons of the loop")?;
    let (reasons, _) = reasons.split_once("\n}").context("their end")?;
    Ok(strings(reasons).map(str::to_owned).collect())
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
    let shared = of_the_loop().unwrap();
    assert!(shared.contains("too_large") && shared.contains("retries_exhausted"), "{shared:?}");
    for (consumer, file) in CONSUMERS {
        let own = of_handler(consumer, file).unwrap();
        assert!(!own.is_empty(), "{consumer} names no reasons");
        let given: BTreeSet<_> = own.union(&shared).cloned().collect();
        assert_eq!(documented(consumer).unwrap(), given, "{consumer}");
    }
}
