//! The documents that describe the topics are what the generator writes.

#[path = "../examples/describe/asyncapi.rs"]
mod asyncapi;
#[path = "../examples/describe/content.rs"]
mod content;
#[path = "../examples/describe/dead_letter.rs"]
mod dead_letter;
#[path = "../examples/describe/documents.rs"]
mod documents;
#[path = "../examples/describe/headers.rs"]
mod headers;
#[path = "../examples/describe/layout.rs"]
mod layout;
#[path = "../examples/describe/message.rs"]
mod message;
#[path = "../examples/describe/page.rs"]
mod page;
#[path = "../examples/describe/reasons.rs"]
mod reasons;
#[path = "../examples/describe/sample.rs"]
mod sample;

use schemas::{Kind, split};
use std::fs;
use std::path::Path;

#[test]
fn the_committed_documents_are_what_the_generator_writes() {
    for (path, text) in documents::all() {
        let committed = fs::read_to_string(&path).unwrap_or_default();
        let line = committed.lines().zip(text.lines()).position(|(is, should)| is != should);
        assert!(
            committed == text,
            "{} differs from line {}: run `cargo run -p weir-schemas --example describe`",
            path.display(),
            line.map_or_else(|| committed.lines().count(), |line| line + 1)
        );
    }
}

#[test]
fn every_sample_is_of_its_kind() {
    for kind in Kind::ALL {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(kind.spec().sample);
        let body = fs::read(file.with_extension("json")).unwrap();
        assert_eq!(split(&body, 10).events[0].kind.kind, kind);
    }
}

#[test]
fn json_is_laid_out_in_the_order_of_its_members() {
    assert_eq!(layout::lay_out(r#"{"b":1,"a":[ "x\n", {} ]}"#), r#"{"b": 1, "a": ["x\n", {}]}"#);
    let long = "x".repeat(100);
    assert_eq!(
        layout::lay_out(&format!(r#"{{"b":[1,2],"a":"{long}"}}"#)),
        format!("{{\n  \"b\": [1, 2],\n  \"a\": \"{long}\"\n}}")
    );
}
