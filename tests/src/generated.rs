//! What is made from something else: topics and users from the table of topics, rules from Prometheus' file, the names of all
//! variables from `--help`.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use anyhow::{Context as _, Result};
use schemas::{Topic, TopicSpec};
use serde_json::Value;

use crate::manual::{Manual, OPTIONAL, PAGE_COMMENTS, SERVICES};
use crate::yaml;

/// What every topic's name begins with, as where nothing else is set.
const PREFIX: &str = "meta";
/// The volume of each broker in k8s/components/strimzi/cluster.yaml.
pub const KAFKA_VOLUME_BYTES: u64 = 200 << 30;
const RULES: &str = "k8s/components/prometheus/rules/weir.yaml";

/// Who reads and writes what, and in which groups: one carries the name of its consumer.
struct User {
    name: &'static str,
    groups: &'static [&'static str],
    reads: &'static [Topic],
    writes: &'static [Topic],
}

const USERS: [User; 6] = [
    User { name: "weir-ingest", groups: &[], reads: &[], writes: &Topic::OF_INGEST },
    User {
        name: "weir-messages",
        groups: &["weir-messages", PAGE_COMMENTS],
        // What it writes too, to know after a restart what was published.
        reads: &[
            Topic::Messages,
            Topic::Standby,
            Topic::Receipts,
            Topic::Comments,
            Topic::Mentions,
            Topic::Feed,
            Topic::Inbox,
            Topic::InboxReceipts,
            Topic::InboxComments,
        ],
        writes: &[Topic::Inbox, Topic::InboxReceipts, Topic::InboxComments, Topic::MessagesDlq],
    },
    User {
        name: "weir-lookups",
        groups: &["weir-lookups"],
        // Messages and profiles where it looks up customers too; the latter to know whom it knows.
        reads: &[Topic::Comments, Topic::Mentions, Topic::Messages, Topic::Profiles],
        writes: &[Topic::CommentsEnriched, Topic::MentionsEnriched, Topic::Profiles, Topic::LookupsDlq],
    },
    User {
        name: "weir-metrics",
        groups: &["weir-metrics"],
        reads: &Topic::TYPED,
        writes: &[Topic::MetricsDlq],
    },
    // It reads its own results to know which commands were carried out.
    User {
        name: "weir-replies",
        groups: &["weir-replies"],
        reads: &[Topic::Replies, Topic::RepliesResults],
        writes: &[Topic::RepliesResults, Topic::RepliesDlq],
    },
    User {
        name: "weir-media",
        groups: &["weir-media"],
        reads: &[
            Topic::Messages,
            Topic::Standby,
            Topic::CommentsEnriched,
            Topic::MentionsEnriched,
            Topic::Profiles,
        ],
        writes: &[Topic::Media, Topic::MediaDlq],
    },
];

/// The user of whoever runs the tools; no process is it.
pub const OPERATOR: &str = "weir-operator";
/// The user of the job that makes the topics, where Strimzi does not.
pub const TOPICS: &str = "weir-topics";

/// Before the lines of the rights.
const ACLS: &str = r#"# Gives each user its rights where no operator does, by Kafka's own tool, which you bring along:
#
#   BROKERS=kafka:9093 ADMIN=admin.properties k8s/components/sasl/acls
#
# ADMIN is a Java client's properties of a user that may do so. Where Kafka's names of users are others, change `User:` below.

set -euo pipefail
allow() {
  kafka-acls.sh --bootstrap-server "$BROKERS" --command-config "$ADMIN" --add --allow-principal "User:$1" "${@:2}"
}

"#;

/// Every generated file of the workspace, with its text.
///
/// # Errors
///
/// When what it is made from cannot be read.
pub fn files() -> Result<Vec<(&'static str, String)>> {
    Ok(vec![
        ("k8s/components/strimzi/topics.yaml", topics()),
        ("k8s/components/strimzi/users.yaml", users()),
        ("k8s/components/sasl/acls", acls()),
        ("k8s/components/prometheus-operator/rules.yaml", rules()?),
        ("k8s/components/severities/severities.yaml", severities()?),
        ("runtime/src/settings/variables.txt", variables()?),
    ])
}

fn topics() -> String {
    let mut text = header("the table of topics, schemas/src/topic.rs");
    for topic in Topic::ALL {
        let spec = topic.spec();
        let [(policy, how), (setting, value)] = spec.cleanup();
        let mut config = format!("    {policy}: {how}\n    min.insync.replicas: 2\n    {setting}: {value}\n");
        if let Some(bytes) = spec.max_message_bytes(TopicSpec::DEFAULT_BODY_BYTES) {
            write(&mut config, &format!("    max.message.bytes: {bytes}\n"));
        }
        let (name, partitions) = (topic.name(PREFIX), TopicSpec::DEFAULT_PARTITIONS);
        let (replicas, carries) = (TopicSpec::DEFAULT_REPLICATION, spec.carries);
        // As many brokers as replicas.
        if let Some(bytes) = topic.retention_bytes(KAFKA_VOLUME_BYTES, replicas, partitions, replicas) {
            write(&mut config, &format!("    retention.bytes: {bytes}\n"));
        }
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
    for User { name, groups, reads, writes } in USERS {
        write(&mut text, &user(name));
        for topic in reads {
            write(&mut text, &acl("topic", &topic.name(PREFIX), "Describe, Read"));
        }
        for group in groups {
            write(&mut text, &acl("group", group, "Describe, Read"));
        }
        for topic in writes {
            write(&mut text, &acl("topic", &topic.name(PREFIX), "Describe, Write"));
        }
    }
    // Who sits at components/toolbox: `weir topics plan`, `weir dlq`, `weir replay`, and `weir trace`, which asks how far
    // consumers are; and at components/kafka-tools, who resets a group, for which Kafka asks for Read. Topics are Strimzi's to make.
    write(&mut text, &user(OPERATOR));
    for topic in Topic::ALL {
        write(&mut text, &acl("topic", &topic.name(PREFIX), "Describe, DescribeConfigs, Read, Write"));
    }
    write(&mut text, &acl("group", "weir-redrive", "Describe, Read"));
    for group in USERS.iter().flat_map(|user| user.groups) {
        write(&mut text, &acl("group", group, "Describe, Read"));
    }
    text
}

/// The same rights by Kafka's own tool, and those of who makes the topics.
fn acls() -> String {
    let mut text = String::from("#!/usr/bin/env bash\n")
        + &header("who reads and writes what, tests/src/generated.rs")
        + ACLS;
    let names = |topics: &[Topic]| topics.iter().map(|topic| topic.name(PREFIX)).collect::<Vec<_>>();
    let owned = |groups: &[&str]| groups.iter().map(|group| (*group).to_owned()).collect::<Vec<_>>();
    for User { name, groups, reads, writes } in USERS {
        if !reads.is_empty() {
            text += &allow(name, "Describe, Read", "topic", &names(reads));
            text += &allow(name, "Describe, Read", "group", &owned(groups));
        }
        text += &allow(name, "Describe, Write", "topic", &names(writes));
    }
    text += &allow(OPERATOR, "Describe, DescribeConfigs, Read, Write", "topic", &names(&Topic::ALL));
    let groups: Vec<&str> =
        ["weir-redrive"].into_iter().chain(USERS.iter().flat_map(|user| user.groups).copied()).collect();
    text += &allow(OPERATOR, "Describe, Read", "group", &owned(&groups));
    write(&mut text, &format!("allow {TOPICS} --operation Create --operation DescribeConfigs --cluster\n"));
    text + &allow(TOPICS, "Describe, DescribeConfigs, Alter, AlterConfigs", "topic", &names(&Topic::ALL))
}

fn allow(user: &str, operations: &str, kind: &str, names: &[String]) -> String {
    let operations = operations.split(", ").map(|operation| format!("--operation {operation}"));
    let words: Vec<_> = operations.chain(names.iter().map(|name| format!("--{kind} {name}"))).collect();
    format!("allow {user} {}\n", words.join(" "))
}

fn user(name: &str) -> String {
    format!(
        "---\napiVersion: kafka.strimzi.io/v1\nkind: KafkaUser\nmetadata:\n  name: {name}\n  labels: \
         {{strimzi.io/cluster: weir}}\nspec:\n  authentication: {{type: tls}}\n  authorization:\n    type: simple\n    \
         acls:\n"
    )
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

/// A patch of the operator's kind: the names of severities that most routes know.
fn severities() -> Result<String> {
    let mut text = header(RULES);
    let rules = yaml::file(RULES)?;
    for (group, of_group) in items(&rules["groups"]) {
        for (rule, one) in items(&of_group["rules"]) {
            let name = match one["labels"]["severity"].as_str() {
                Some("page") => "critical",
                Some("ticket") => "warning",
                _ => continue,
            };
            let path = format!("/spec/groups/{group}/rules/{rule}/labels/severity");
            write(&mut text, &format!("- {{op: replace, path: {path}, value: {name}}}\n"));
        }
    }
    Ok(text)
}

/// What any binary reads of its environment, a name a line.
fn variables() -> Result<String> {
    let mut names = BTreeSet::new();
    for binary in SERVICES.into_iter().chain(OPTIONAL) {
        names.extend(Manual::of(&[binary])?.variables());
    }
    collect_variables(&["weir"], &mut names)?;
    Ok(names.into_iter().collect::<Vec<_>>().join("\n") + "\n")
}

/// Of a command and those below it.
fn collect_variables(command: &[&str], names: &mut BTreeSet<String>) -> Result<()> {
    let manual = Manual::of(command)?;
    names.extend(manual.variables());
    for subcommand in manual.subcommands() {
        collect_variables(&[command, &[subcommand]].concat(), names)?;
    }
    Ok(())
}

fn items(list: &Value) -> impl Iterator<Item = (usize, &Value)> {
    list.as_array().into_iter().flatten().enumerate()
}

fn header(source: &str) -> String {
    format!("# Generated from {source}: cargo run -p weir-tests --example generate\n")
}

fn write(text: &mut String, more: &str) {
    text.write_str(more).expect("writing to a string does not fail");
}
