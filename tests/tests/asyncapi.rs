//! The AsyncAPI document is one to the format's own parser.

use std::process::Command;

use schemas::Topic;
use weir_tests::foreign::{folder, node, run};

/// What the parser says of a document.
fn parse(document: &std::path::Path) -> anyhow::Result<String> {
    let mut parser = Command::new(node("tests/node")?);
    run(parser.arg(folder("tests/node").join("asyncapi.js")).arg(document), "")
}

#[test]
fn the_parser_takes_the_document_with_all_topics() {
    let said = parse(&folder("schemas").join("asyncapi.yaml")).unwrap();
    let topics = Topic::ALL.len();
    assert!(said.starts_with(&format!("3.1.0: {topics} channels, {topics} operations, ")), "{said}");
}

#[test]
fn the_parser_would_tell_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let document = std::fs::read_to_string(folder("schemas").join("asyncapi.yaml")).unwrap();
    // Without the schemas beside it, and with a word that the format does not know.
    let file = dir.path().join("asyncapi.yaml");
    std::fs::write(&file, document.replace("action: receive", "action: absorb")).unwrap();
    let error = parse(&file).unwrap_err().to_string();
    assert!(error.contains("operations.receiveMessages.action: "), "{error}");
    assert!(error.contains("exit status: 1"), "{error}");
}
