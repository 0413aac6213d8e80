//! What is published, read by the types that generators of other languages make of the schemas.

#![cfg(feature = "everything")]

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use schemas::{Receipt, split};
use serde_json::{Value, json};
use weir_tests::foreign::{folder, node, python, run};

const RECEIPT: Receipt<'static> =
    Receipt { delivery_id: "01981d1a-2f00-7000-8000-000000000000", received: "2025-07-18T10:35:12.000Z" };
/// Enriched events: found, gone, skipped.
const ENRICHED: &str = include_str!("../../schemas/golden/v1/enriched.jsonl");
/// Items of every JSON type, which become events of no kind.
const ANYTHING: &str = r#"{"object":"page","entry":[{"id":"1","time":1752834910,"messaging":
    [{"a":[17841405726653026987,1.5]},["b"],"c",17841405726653026,0.5,true,null]}]}"#;

/// The values of the records that a body becomes, one a line.
fn records(body: &str) -> String {
    let value = |event: &schemas::Event<'_>| {
        let mut value = Vec::new();
        event.write_json(RECEIPT, &mut value);
        String::from_utf8_lossy(&value).replace('\n', " ") + "\n"
    };
    split(body.as_bytes(), 100).events.iter().map(value).collect()
}

#[test]
fn typescript_takes_what_is_published() {
    node("examples/typescript").unwrap();
    let dir = tempfile::tempdir().unwrap();
    let program = dir.path().join("models.ts");
    std::fs::copy(folder("tests/node/models.ts"), &program).unwrap();
    let modules = folder("examples/typescript/node_modules/.bin");
    let mut generator = Command::new(modules.join("json2ts"));
    generator.arg("-i").arg(folder("schemas/json").join("*.json")).arg("-o").arg(dir.path().join("models"));
    run(&mut generator, "").unwrap();
    let mut compiler = Command::new(modules.join("tsc"));
    compiler.args(["--noEmit", "--strict", "--target", "es2023", "--module", "nodenext", "--types", ""]);
    run(compiler.arg(&program), "").unwrap();
}

#[test]
fn pydantic_takes_what_is_published() {
    let dir = tempfile::tempdir().unwrap();
    generate(dir.path()).unwrap();
    let records = ENRICHED.to_owned() + &records(ANYTHING);
    let mut program = Command::new(python().unwrap());
    let read = run(program.arg(folder("tests/python/models.py")).arg(dir.path()), &records).unwrap();
    assert_eq!(read.lines().count(), records.lines().count());
    for (read, record) in read.lines().zip(records.lines()) {
        let [read, record] =
            [read, record].map(|text| instants(serde_json::from_str::<Value>(text).unwrap()));
        assert_eq!(read, record);
    }
}

/// The models of all schemas, a module each in the package `models`.
fn generate(into: &Path) -> Result<()> {
    let generator = python()?.with_file_name("datamodel-codegen");
    let mut generator = Command::new(generator);
    generator.arg("--input").arg(folder("schemas/json")).arg("--output").arg(into.join("models"));
    generator.args(["--input-file-type", "jsonschema", "--output-model-type", "pydantic_v2.BaseModel"]);
    generator.args(["--target-python-version", "3.11", "--formatters", "builtin"]);
    run(generator.current_dir(into), "").map(drop)
}

/// Pydantic writes an instant without the zeros at its end.
fn instants(mut record: Value) -> Value {
    for pointer in ["/time", "/recordedtime", "/lookup/at"] {
        if let Some(time) = record.pointer_mut(pointer) {
            let text = time.as_str().unwrap_or_default().trim_end_matches('Z');
            let text =
                if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
            *time = Value::from(text);
        }
    }
    record
}

/// A name given twice, and half of a surrogate pair, which the reference of the events gives a way to read.
#[test]
fn data_that_parsers_differ_over_is_read_as_the_documents_say() {
    let message = |members: &str| {
        format!(
            r#"{{"object":"page","entry":[{{"id":"1","messaging":[{{"sender":{{"id":"2"}},"message":{members}}}]}}]}}"#
        )
    };
    let bodies = [
        message(r#"{"mid":"m","text":"caf\u00e9 \ud83d\ude00"}"#),
        message(r#"{"mid":"m","text":"so good \ud83d"}"#),
        message(r#"{"mid":"m","text":"first","text":"last"}"#),
    ];
    let records: String = bodies.iter().map(|body| records(body)).collect();
    let texts = ["café 😀", "so good \u{FFFD}", "last"];

    let program = folder("tests/node/odd_data.js");
    let read = run(Command::new(node("tests/node").unwrap()).arg(program), &records).unwrap();
    let read: Vec<Value> = read.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, texts);

    let program = folder("tests/python/odd_data.py");
    let read = run(Command::new(python().unwrap()).arg(program), &records).unwrap();
    let read: Vec<Value> = read.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = [json!([null, texts[0]]), json!(["refused", texts[1]]), json!([null, texts[2]])];
    assert_eq!(read, expected);
}
