//! The manifests that are made from something else: topics and users from the table of topics, rules from Prometheus' file.

use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use schemas::{Topic, TopicSpec};

use crate::yaml;

/// What every topic's name begins with, as where nothing else is set.
const PREFIX: &str = "meta";
const RULES: &str = "k8s/components/prometheus/rules/weir.yaml";

/// Who reads and writes what. A consumer's group carries its name.
struct User {
    name: &'static str,
    reads: &'static [Topic],
    writes: &'static [Topic],
}

const USERS: [User; 5] = [
    User { name: "weir-ingest", reads: &[], writes: &Topic::OF_INGEST },
    User {
        name: "weir-messages",
        // What it writes too, to know after a restart what was published.
        reads: &[
            Topic::Messages,
            Topic::Standby,
            Topic::Receipts,
            Topic::Comments,
            Topic::Mentions,
            Topic::Inbox,
            Topic::InboxReceipts,
            Topic::InboxComments,
        ],
        writes: &[Topic::Inbox, Topic::InboxReceipts, Topic::InboxComments, Topic::MessagesDlq],
    },
    User {
        name: "weir-lookups",
        reads: &[Topic::Comments, Topic::Mentions],
        writes: &[Topic::CommentsEnriched, Topic::MentionsEnriched, Topic::LookupsDlq],
    },
    User { name: "weir-metrics", reads: &Topic::TYPED, writes: &[Topic::MetricsDlq] },
    // It reads its own results to know which commands were carried out.
    User {
        name: "weir-replies",
        reads: &[Topic::Replies, Topic::RepliesResults],
        writes: &[Topic::RepliesResults, Topic::RepliesDlq],
    },
];

/// Every generated file of the workspace, with its text.
///
/// # Errors
///
/// When what it is made from cannot be read.
pub fn files() -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("k8s/components/strimzi/topics.yaml", topics()),
        ("k8s/components/strimzi/users.yaml", users()),
        ("k8s/components/prometheus-operator/rules.yaml", rules()?),
    ])
}

fn topics() -> String {
    let mut text = header("the table of topics, schemas/src/topic.rs");
    for topic in Topic::ALL {
        let spec = topic.spec();
        let mut config = format!(
            "    cleanup.policy: delete\n    min.insync.replicas: 2\n    retention.ms: {}\n",
            spec.retention.as_millis()
        );
        if let Some(bytes) = spec.max_message_bytes(TopicSpec::DEFAULT_BODY_BYTES) {
            write(&mut config, &format!("    max.message.bytes: {bytes}\n"));
        }
        let (name, partitions) = (topic.name(PREFIX), TopicSpec::DEFAULT_PARTITIONS);
        let (replicas, carries) = (TopicSpec::DEFAULT_REPLICATION, spec.carries);
        write(
            &mut text,
            &format!(
                "---\n# {carries}\napiVersion: kafka.strimzi.io/v1\nkind: KafkaTopic\nmetadata:\n  name: {name}\n  \
                 labels: {{strimzi.io/cluster: weir}}\nspec:\n  partitions: {partitions}\n  replicas: {replicas}\n  \
                 config:\n{config}"
            ),
        );
    }
    text
}

fn users() -> String {
    let mut text = header("who reads and writes what, tests/src/generated.rs");
    for User { name, reads, writes } in USERS {
        write(
            &mut text,
            &format!(
                "---\napiVersion: kafka.strimzi.io/v1\nkind: KafkaUser\nmetadata:\n  name: {name}\n  labels: \
                 {{strimzi.io/cluster: weir}}\nspec:\n  authentication: {{type: tls}}\n  authorization:\n    type: simple\n    \
                 acls:\n"
            ),
        );
        for topic in reads {
            write(&mut text, &acl("topic", &topic.name(PREFIX), "Describe, Read"));
        }
        if !reads.is_empty() {
            write(&mut text, &acl("group", name, "Describe, Read"));
        }
        for topic in writes {
            write(&mut text, &acl("topic", &topic.name(PREFIX), "Describe, Write"));
        }
    }
    text
}

fn acl(kind: &str, name: &str, operations: &str) -> String {
    format!(
        "      - {{resource: {{type: {kind}, name: {name}, patternType: literal}}, operations: [{operations}]}}\n"
    )
}

/// The operator's kind around the very rules.
fn rules() -> Result<String> {
    let rules = yaml::text(RULES)?;
    let (_, groups) = rules.split_once("\ngroups:\n").context("the rules have no groups")?;
    let mut text = header(RULES);
    text.push_str(
        "apiVersion: monitoring.coreos.com/v1\nkind: PrometheusRule\nmetadata:\n  name: weir\n  \
         labels: {app.kubernetes.io/part-of: weir, app.kubernetes.io/component: monitoring}\nspec:\n  groups:\n",
    );
    for line in groups.lines() {
        let indent = if line.is_empty() { "" } else { "  " };
        write(&mut text, &format!("{indent}{line}\n"));
    }
    Ok(text)
}

fn header(source: &str) -> String {
    format!("# Generated from {source}: cargo run -p weir-tests --example generate\n")
}

fn write(text: &mut String, more: &str) {
    text.write_str(more).expect("writing to a string does not fail");
}
