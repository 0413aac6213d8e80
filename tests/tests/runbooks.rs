//! What the runbooks say to run can be run: the tool is in the image, is kubectl, or is said to be brought along.

#![cfg(feature = "everything")]
#![expect(clippy::unwrap_used, reason = "a helper that cannot go on fails its test")]

use std::collections::BTreeSet;

use weir_tests::manual::{Manual, OPTIONAL, PAGE_COMMENTS, SERVICES};
use weir_tests::yaml;

const RUNBOOKS: [&str; 3] = ["docs/operations.md", "docs/recovery.md", "docs/upgrades.md"];
/// On the machine of whoever has this repository and kubectl; `weir` is in the image and released.
const THERE: [&str; 15] = [
    "kubectl",
    "k8s/toolbox",
    "k8s/components/sasl/acls",
    "helm",
    "docker",
    "weir",
    "jq",
    "gzip",
    "grep",
    "rm",
    "seq",
    "set",
    "for",
    "do",
    "done",
];

/// The indented blocks that are no settings, each with its lines.
fn blocks(text: &str) -> Vec<String> {
    let mut blocks = vec![String::new()];
    let mut is_after_blank = true;
    for line in text.lines() {
        let last = blocks.last_mut().unwrap();
        if line.starts_with("    ") && (is_after_blank || !last.is_empty()) {
            last.push_str(line.trim_start());
            last.push('\n');
        } else if !line.is_empty() && !last.is_empty() {
            blocks.push(String::new());
        }
        is_after_blank = line.is_empty();
    }
    let is_setting = |line: &str| {
        let name = line.split_once('=').map(|(name, _)| name.trim());
        name.is_some_and(|name| {
            !name.contains(' ') && name.contains(|symbol: char| symbol.is_ascii_lowercase())
        })
    };
    blocks.retain(|block| !block.lines().all(|line| line.starts_with('#') || is_setting(line)));
    blocks
}

/// The words at which a shell looks for a program.
fn programs(block: &str) -> Vec<String> {
    let mut bare = String::new();
    let mut quote = None;
    for symbol in block.chars() {
        match quote {
            Some(open) if open == symbol => quote = None,
            None if symbol == '\'' || symbol == '"' => quote = Some(symbol),
            None => bare.push(symbol),
            Some(_) => {}
        }
    }
    let without_comments = bare.lines().map(|line| line.split(" #").next().unwrap_or_default());
    let lines = without_comments.collect::<Vec<_>>().join("\n").replace("\\\n", " ").replace("$(", ";");
    let commands = lines.split(['\n', '|', ';']).map(str::trim);
    let first = |command: &str| command.split(' ').find(|word| !word.contains('=')).map(str::to_owned);
    let programs = commands.map(|command| first(command.strip_prefix("do ").unwrap_or(command)));
    programs.flatten().filter(|word| !word.is_empty()).collect()
}

#[test]
fn every_program_of_a_runbook_is_there() {
    let mut seen = 0;
    for runbook in RUNBOOKS {
        for block in blocks(&yaml::text(runbook).unwrap()) {
            for program in programs(&block) {
                assert!(THERE.contains(&program.as_str()), "{runbook}: {program} of\n{block}");
                seen += 1;
            }
        }
    }
    assert!(seen > 40, "only {seen} programs were found");
}

#[test]
fn kafkas_own_tools_run_in_the_cluster_or_are_said_to_be_brought_along() {
    for runbook in RUNBOOKS {
        let text = yaml::text(runbook).unwrap();
        assert!(!text.contains("kcat"), "{runbook}: brokers of k8s let in nobody without a certificate");
        for paragraph in text.split("\n\n") {
            let is_brought = paragraph.contains("brought along") || paragraph.contains("bring them along");
            let is_program = |at: usize| {
                let word = paragraph.get(at..).and_then(|rest| rest.split([' ', '`']).next());
                word.and_then(|word| word.rsplit_once('.')).is_some_and(|(_, end)| end == "sh")
            };
            for (at, _) in paragraph.match_indices("kafka-").filter(|(at, _)| is_program(*at)) {
                let runs_inside = ["k8s/toolbox ", "exec weir-nodes-0 -c kafka -- /opt/kafka/bin/"]
                    .iter()
                    .any(|before| paragraph.get(..at).is_some_and(|text| text.ends_with(before)));
                assert!(is_brought || runs_inside, "{runbook}: {paragraph}");
            }
        }
    }
}

#[test]
fn what_is_run_in_a_pod_is_a_command_of_a_binary_that_is_there() {
    let commands = Manual::of(&["weir"]).unwrap();
    let is_known = |word: &str| commands.subcommands().contains(&word);
    for runbook in RUNBOOKS {
        for block in blocks(&yaml::text(runbook).unwrap()) {
            for line in block.lines() {
                let inside = line.split_once(" exec ").and_then(|(_, rest)| rest.split_once(" -- "));
                if let Some((of, command)) = inside {
                    let mut words = command.split(' ');
                    let program = words.next().unwrap();
                    let is_ours = program == "weir" && words.next().is_some_and(is_known);
                    let is_kafkas = of.contains("-c kafka") && program.starts_with("/opt/kafka/bin/");
                    assert!(is_ours || is_kafkas || SERVICES.contains(&program), "{runbook}: {line}");
                }
                if let Some((_, command)) = line.split_once("k8s/toolbox ") {
                    let word = command.split(' ').next().unwrap();
                    assert!(is_known(word) || word.starts_with("kafka-"), "{runbook}: {line}");
                }
            }
        }
    }
}

#[test]
fn a_log_is_that_of_a_pod_that_is_named() {
    for runbook in RUNBOOKS {
        let text = yaml::text(runbook).unwrap();
        assert!(!text.contains("logs --previous"), "{runbook}: kubectl asks for a pod");
        assert!(
            !text.contains("instance=\"INSTANCE\""),
            "{runbook}: a pod that is gone is known by its name"
        );
    }
}

#[test]
fn a_stateful_set_that_is_made_again_has_as_many_pods_as_before() {
    // Its manifest leaves the number to the autoscaler: made of that it has one, and those that it takes over are ended.
    const DELETED: &str = "delete statefulset weir-ingest --cascade=orphan";
    let text = yaml::text("docs/operations.md").unwrap();
    let block = blocks(&text).into_iter().find(|block| block.contains(DELETED)).unwrap();
    let (before, after) = block.split_once(DELETED).unwrap();
    assert!(before.contains("get statefulset weir-ingest -o json"), "{block}");
    assert!(after.contains("kubectl create -f -"), "{block}");
}

#[test]
fn the_offsets_of_every_group_come_to_a_second_cluster() {
    let text = yaml::text("docs/recovery.md").unwrap();
    let groups = text.lines().find_map(|line| line.trim().strip_prefix("main->standby.groups = ")).unwrap();
    // Ingest reads nothing.
    let all = SERVICES.into_iter().skip(1).chain(OPTIONAL).chain([PAGE_COMMENTS]);
    assert_eq!(groups.split('|').collect::<BTreeSet<_>>(), all.collect());
}

#[test]
fn a_new_secret_counts_at_the_address_of_its_app_too() {
    // Where `/webhook/shop` is the address, `shop` and what begins with `shop.` are tried, and nothing else.
    let text = yaml::text("docs/operations.md").unwrap();
    let files = text.split("--from-file=").skip(1).filter_map(|rest| rest.split('=').next());
    assert_eq!(files.collect::<Vec<_>>(), ["shop", "shop.next", "shop"]);
}
