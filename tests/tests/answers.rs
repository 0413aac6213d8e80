//! The examples that answer: in each language the command is carried out, and its result printed.

#![cfg(feature = "everything")]

use std::process::Command;

use anyhow::Result;
use weir_graph_simulator::Behaviour;
use weir_tests::foreign::{build_for_node, folder, node, python, run};
use weir_tests::kafka::java;
use weir_tests::pipeline::{Ground, PREFIX};

const ACCOUNT: &str = "17841405726653026";
const CUSTOMER: &str = "30000000000000000";
const AWAY: &str = "30000000000000001";
/// How long an example may be that is to be read in a minute or two.
const LINES: usize = 80;

/// The examples by their languages.
fn examples() -> Result<[(&'static str, Command); 4]> {
    build_for_node("examples/typescript")?;
    let mut go = Command::new("go");
    go.args(["run", "."]).current_dir(folder("examples/go"));
    let mut java = java()?;
    java.arg(folder("examples/java/Answer.java"));
    let mut for_python = Command::new(python()?);
    for_python.arg(folder("examples/python/answer.py"));
    let mut typescript = Command::new(node("examples/typescript")?);
    typescript.arg(folder("examples/typescript/build/answer.js"));
    Ok([("go", go), ("java", java), ("python", for_python), ("typescript", typescript)])
}

/// Runs each to its end: what it printed, or how it failed.
async fn answers(ground: &Ground, customer: &str) -> Result<Vec<(&'static str, Result<String>)>> {
    let mut ended = Vec::new();
    for (language, mut example) in examples()? {
        let envs = [("WEIR_BROKERS", ground.kafka.bootstrap()), ("WEIR_TOPIC_PREFIX", PREFIX)];
        example.envs(envs).args([ACCOUNT, customer, language]);
        ended.push((language, tokio::task::spawn_blocking(move || run(&mut example, "")).await?));
    }
    Ok(ended)
}

#[tokio::test]
async fn the_examples_answer_and_say_what_became_of_it() {
    let ground = Ground::prepare().await.unwrap();
    let _replies = ground.consumer("weir-replies").await.unwrap();
    ground.graph.misbehave(AWAY, Behaviour::error(10, Some(2_018_108)));
    for (language, said) in answers(&ground, CUSTOMER).await.unwrap() {
        let said = said.unwrap_or_else(|error| panic!("{language}: {error:#}"));
        assert!(said.starts_with("done aWdf"), "{language}: {said}");
    }
    let posts = ground.graph.posts();
    let texts: Vec<_> =
        posts.iter().filter_map(|post| post.parameters.pointer("/message/text")?.as_str()).collect();
    assert_eq!(texts, ["go", "java", "python", "typescript"]);

    for (language, said) in answers(&ground, AWAY).await.unwrap() {
        let said = said.unwrap_err().to_string();
        assert!(said.contains("refused ") && said.contains("10/2018108"), "{language}: {said}");
    }
}

#[test]
fn the_examples_are_short() {
    for example in ["go/answer.go", "java/Answer.java", "python/answer.py", "typescript/answer.ts"] {
        let text = std::fs::read_to_string(folder("examples").join(example)).unwrap();
        assert!(text.lines().count() <= LINES, "{example} has more than {LINES} lines");
    }
}
