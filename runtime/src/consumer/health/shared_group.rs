//! Why a consumer has no partitions: its group's coordinator refuses it, or it has the group in common with one that reads other topics,
//! as where two Weirs with different `--topic-prefix` have one Kafka. The leader of a group shares out what its own user may see, so that
//! the other gets nothing, and neither fails. Or the group shared out nothing, as where it formed before the topics were made again, and
//! its leader does not hear of them: then another client does.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::groups::{GroupInfo, GroupMemberInfo};

use super::watch::ANSWER_TIMEOUT;
use crate::consumer::worker_context::SharedContext;
use crate::kafka::subscription;
use crate::process::health::{Health, Probe};

/// How long it has no partition before the others in the group are looked at, and how often after that: every broker is asked.
const LOOK_EVERY: Duration = Duration::from_mins(1);
/// So many of the others are named.
const NAMED: usize = 3;
const CHECK: &str = "group";

/// What is known of the others in the group.
#[derive(Debug)]
pub(super) struct SharedGroup {
    health: Health,
    /// When the group is looked at; `None` while there are partitions.
    due: Option<Instant>,
    is_shown: bool,
}

impl SharedGroup {
    pub(super) const fn new(health: Health) -> Self {
        Self { health, due: None, is_shown: false }
    }

    /// Says why the coordinator refuses this member. Else asks who else is in the group, where this member has got nothing for a while,
    /// and says so of who reads other topics. Whether nobody has got any, though there are partitions.
    pub(super) fn look(
        &mut self,
        client: &BaseConsumer,
        shared: &SharedContext,
        has_partitions: bool,
    ) -> bool {
        if has_partitions {
            self.due = None;
            self.show(None);
            return false;
        }
        let (now, options) = (Instant::now(), &shared.options);
        let refusal = shared.group_refusal.get();
        let due = *self.due.get_or_insert(if refusal.is_some() { now } else { now + LOOK_EVERY });
        if now < due {
            return false;
        }
        self.due = Some(now + LOOK_EVERY);
        if let Some(refusal) = refusal {
            self.show(Some(format!(
                "this process has no partition, the coordinator of the group {} refuses it: {refusal}",
                options.group
            )));
            return false;
        }
        // It is asked again; that of the partitions says whether brokers answer.
        let Ok(groups) = client.fetch_group_list(Some(&options.group), ANSWER_TIMEOUT) else { return false };
        let members = groups.groups().iter().flat_map(GroupInfo::members).filter_map(read);
        self.show(strangers(members, &options.topics).map(|others| {
            format!(
                "this process has no partition, and {} is also the group of processes that read other topics: {others}; is that a Weir \
                 with another --topic-prefix on the same Kafka? One Kafka carries one Weir",
                options.group
            )
        }));
        let has_partitions = |topic: &String| {
            let metadata = client.fetch_metadata(Some(topic), ANSWER_TIMEOUT);
            metadata.is_ok_and(|told| told.topics().iter().any(|topic| !topic.partitions().is_empty()))
        };
        groups.groups().iter().any(shares_out_nothing) && options.topics.iter().any(has_partitions)
    }

    fn show(&mut self, problem: Option<String>) {
        match problem {
            Some(problem) => {
                tracing::error!("{problem}");
                self.health.check(CHECK, Probe::Informational).fail(problem);
                self.is_shown = true;
            }
            None if self.is_shown => {
                self.health.check(CHECK, Probe::Informational).pass();
                self.is_shown = false;
            }
            None => {}
        }
    }
}

/// Whether the group is at rest, and no member of it was given a partition.
fn shares_out_nothing(group: &GroupInfo) -> bool {
    let assignments = group.members().iter().map(|member| member.assignment().unwrap_or_default());
    group.state() == "Stable" && assignments.into_iter().all(subscription::is_without_topics)
}

/// A member's client, its address, and the topics that it reads, where it says so.
fn read(member: &GroupMemberInfo) -> Option<(&str, &str, Vec<&str>)> {
    Some((member.client_id(), member.client_host(), subscription::topics(member.metadata()?)?))
}

/// The first members of those that read none of these topics, with what they read.
fn strangers<'a>(
    members: impl Iterator<Item = (&'a str, &'a str, Vec<&'a str>)>,
    topics: &[String],
) -> Option<String> {
    let is_ours = |read: &&str| topics.iter().any(|own| own == read);
    let strangers = members.filter(|(_, _, read)| !read.is_empty() && !read.iter().any(is_ours));
    let named: Vec<_> = strangers
        .take(NAMED)
        .map(|(client, host, read)| {
            format!("{client} at {} ({})", host.trim_start_matches('/'), read.join(", "))
        })
        .collect();
    (!named.is_empty()).then(|| named.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_that_read_none_of_its_topics_are_named_and_no_others() {
        let own = [String::from("meta.messages.v1"), String::from("meta.comments.v1")];
        let of = |topics: &[&'static str]| ("weir-messages", "/10.0.0.9", topics.to_vec());
        let ours = [of(&["meta.messages.v1"]), of(&["meta.comments.v1", "meta.mentions.v1"]), of(&[])];
        assert_eq!(strangers(ours.iter().cloned(), &own), None);
        let shared = ours.into_iter().chain([of(&["stage.comments.v1", "stage.messages.v1"])]);
        let said = "weir-messages at 10.0.0.9 (stage.comments.v1, stage.messages.v1)";
        assert_eq!(strangers(shared, &own).as_deref(), Some(said));
    }

    #[test]
    fn it_is_shown_while_it_lasts_and_no_probe_fails_for_it() {
        let health = Health::new(crate::process::shutdown::Shutdown::new());
        health.check("kafka", Probe::Startup).pass();
        let mut group = SharedGroup::new(health.clone());
        let mut shown = |problem: Option<&str>| {
            group.show(problem.map(String::from));
            let report = health.report(Probe::Readiness);
            assert!(report.passes());
            report.verbose()
        };
        assert!(!shown(None).contains("group"));
        assert!(shown(Some("it is shared")).contains("[!]group: it is shared\n"));
        assert!(shown(None).contains("[+]group ok\n"));
    }
}
