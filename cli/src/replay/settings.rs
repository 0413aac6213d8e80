//! What `weir replay` can be asked for.

use crate::tool::settings::{
    EventLimits, check_period, count, group, kafka, kind, meta_id, rate, settings, several, since, switch,
    topic_prefix, until,
};
use runtime::settings::{KafkaSettings, form};
use schemas::{Event, EventKind, Millis, Topic, TypedEvent};

settings! {
    /// What `weir replay` can be asked for.
    pub(super) struct ReplaySettings {
        kafka: KafkaSettings = kafka(),
        period: Period = group(),
        scope: Scope = group(),
        /// Publish, instead of only saying what would be published
        apply: bool = switch("apply"),
        /// Publish only what is not in the typed topics
        missing_only: bool = switch("missing-only"),
        /// Do not compare with the typed topics
        no_diff: bool = switch("no-diff").without("missing-only"),
        /// Records a second, at most
        rate: u64 = rate("1000"),
        event_limits: EventLimits = group(),
        /// Events and deliveries that are remembered at most, about 40 bytes each
        max_ids: usize = count("max-ids", 1..=10_000_000_000).env("WEIR_MAX_IDS").or("10000000"),
        /// Print one JSON object for each topic and kind, one a line, and a summary at the end
        json: bool = switch("json"),
    }
}

settings! {
    /// Of which time.
    pub(super) struct Period {
        /// Deliveries from here on: a time (2026-11-21T18:30:00Z), or how long ago (2h)
        since: Millis = since(),
        /// Deliveries before: a time (2026-11-21T18:30:00Z), or how long ago (30m)
        until: Millis = until().or("0s"),
    }
    check |period, given| {
        check_period(Some(period.since), Some(period.until), given);
    }
}

settings! {
    /// Which events.
    pub(super) struct Scope {
        /// Only events of this account or page, by its id
        account: Option<String> = meta_id("account").optional(),
        /// Only events of this kind, such as message or standby.postback
        kind: Option<EventKind> = kind().optional(),
        /// Only events of these typed topics, by their full names
        topics: Vec<String> = several("topic", "TOPIC", form::text()),
        /// First part of every topic's name
        topic_prefix: String = topic_prefix(),
    }
    check |scope, given| {
        let names = Topic::TYPED.map(|topic| topic.name(&scope.topic_prefix));
        let wrong: Vec<&String> = scope.topics.iter().filter(|name| !names.contains(name)).collect();
        let of_kind = scope.kind.map(EventKind::topic).filter(|topic| wrong.is_empty() && !scope.holds_topic(*topic));
        if let Some(topic) = of_kind {
            given.problem("topic", &format!("{}, which events of --kind are on", topic.name(&scope.topic_prefix)));
        }
        let expected = format!("the full name of a typed topic, of: {}", names.join(", "));
        given.refuse("topic", wrong.into_iter(), &expected);
    }
}

impl ReplaySettings {
    /// Whether it is counted what splitting gives: who publishes everything does not need to know it before.
    pub(super) const fn surveys(&self) -> bool {
        !self.apply || self.missing_only
    }

    /// Whether that is compared with the typed topics.
    pub(super) const fn compares(&self) -> bool {
        self.surveys() && !self.no_diff
    }
}

impl Scope {
    /// The typed topics that are meant.
    pub(super) fn topics(&self) -> impl Iterator<Item = Topic> {
        Topic::TYPED.into_iter().filter(|topic| self.holds_topic(*topic))
    }

    /// Whether an event of a body is meant.
    pub(super) fn holds(&self, event: &Event<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == event.kind)
            && self.account.as_ref().is_none_or(|account| event.account.as_deref() == Some(account))
            && self.holds_topic(event.topic())
    }

    /// Whether an event of a typed topic that is meant is meant itself.
    pub(super) fn holds_typed(&self, event: &TypedEvent<'_>) -> bool {
        self.kind.is_none_or(|kind| event.kind() == Some(kind))
            && self.account.as_ref().is_none_or(|account| event.metaaccount.as_deref() == Some(account))
    }

    fn holds_topic(&self, topic: Topic) -> bool {
        self.topics.is_empty() || self.topics.contains(&topic.name(&self.topic_prefix))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tool::settings::read;
    use clap::Command;
    use runtime::settings::Problems;

    fn given(arguments: &[&str]) -> Result<ReplaySettings, Problems> {
        let command = ReplaySettings::declare(Command::new("replay"));
        let matches =
            command.clone().get_matches_from(["replay", "--brokers", "kafka:9092"].iter().chain(arguments));
        read(&command, &matches)
    }

    #[test]
    fn a_dry_run_compares_and_who_publishes_everything_does_not() {
        let settings = given(&["--since", "2h"]).unwrap();
        assert!(settings.surveys() && settings.compares());
        let Period { since, until } = settings.period;
        // Whole hours: what is now passes between the two.
        assert_eq!(until.since(since).as_secs() / 3_600, 2);
        assert!(settings.scope.topics().eq(Topic::TYPED));
        let does = |flags: &[&str]| {
            let settings = given(&[&["--since", "2h"], flags].concat()).unwrap();
            (settings.surveys(), settings.compares())
        };
        assert_eq!(does(&["--apply"]), (false, false));
        assert_eq!(does(&["--apply", "--missing-only"]), (true, true));
        assert_eq!(does(&["--missing-only"]), (true, true));
        assert_eq!(does(&["--no-diff"]), (true, false));
    }

    #[test]
    fn topics_are_named_whole_and_must_be_typed() {
        let arguments =
            ["--since", "2h", "--topic", "acme.comments.v1", "acme.mentions.v1", "--topic-prefix", "acme"];
        assert!(given(&arguments).unwrap().scope.topics().eq([Topic::Comments, Topic::Mentions]));
        let twice = ["--since", "2h", "--topic", "meta.comments.v1", "meta.comments.v1"];
        assert!(given(&twice).unwrap().scope.topics().eq([Topic::Comments]), "it is read once");
        let arguments = ["--since", "2h", "--topic", "meta.comments.v1", "meta.inbox.v1"];
        let problems = given(&arguments).unwrap_err().to_string();
        assert!(problems.starts_with("--topic (flag): found \"meta.inbox.v1\", expected"), "{problems}");
        assert!(problems.contains("meta.comments.v1, meta.mentions.v1"), "{problems}");
    }

    #[test]
    fn events_are_narrowed_by_topic_kind_and_account() {
        // Two accounts: a message and a reaction, a comment and a mention.
        let body: &[u8] =
            include_bytes!("../../../schemas/fixtures/batch/conversation-and-comments-of-two-accounts.json");
        let events = schemas::split(body, 10).events;
        let held = |arguments: &[&str]| {
            let scope = given(&[&["--since", "2h"], arguments].concat()).unwrap().scope;
            let held = events.iter().filter(|event| scope.holds(event));
            held.map(|event| event.kind.to_string()).collect::<Vec<_>>()
        };
        assert_eq!(held(&[]).len(), 4);
        assert_eq!(held(&["--topic", "meta.comments.v1"]), ["comment"]);
        assert_eq!(held(&["--kind", "message"]), ["message"]);
        assert!(held(&["--account", "1"]).is_empty());
        let of_one = held(&["--account", events[0].account.as_deref().unwrap()]);
        assert!(!of_one.is_empty() && of_one.len() < 4, "{of_one:?}");
    }

    #[test]
    fn what_can_be_no_event_is_refused() {
        let problems =
            |arguments: &[&str]| given(&[&["--since", "2h"], arguments].concat()).unwrap_err().to_string();
        let said = problems(&["--kind", "message", "--topic", "meta.receipts.v1", "meta.comments.v1"]);
        assert!(said.contains("--topic") && said.contains("meta.messages.v1, which"), "{said}");
        assert!(given(&["--since", "2h", "--kind", "message", "--topic", "meta.messages.v1"]).is_ok());
        let said = problems(&["--account", "17841405726653026,1"]);
        assert!(
            said.starts_with("--account (flag): found \"17841405726653026,1\", expected an id"),
            "{said}"
        );
        let account = given(&["--since", "2h", "--account", "17841405726653026 "]).unwrap().scope.account;
        assert_eq!(account.as_deref(), Some("17841405726653026"));
    }

    #[test]
    fn an_empty_filter_is_refused_and_means_not_everything() {
        for flag in ["--account", "--kind", "--topic"] {
            let problems = given(&["--since", "2h", flag, ""]).unwrap_err().0;
            let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
            assert_eq!(settings, [flag]);
        }
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let arguments = ["--since", "1h", "--until", "2h", "--kind", "telepathy", "--rate", "0"];
        let problems = given(&arguments).unwrap_err().0;
        let settings: Vec<&str> = problems.iter().map(|problem| problem.setting.as_str()).collect();
        assert_eq!(settings, ["--until", "--kind", "--rate"]);
        assert_eq!(given(&["--since", "2h", "--rate", "-5"]).unwrap_err().0[0].setting, "--rate");
        assert_eq!(given(&["--since", "-2h"]).unwrap_err().0[0].found, "\"-2h\"");
        assert_eq!(given(&[]).unwrap_err().0[0].setting, "--since");
    }
}
