//! What was expected against what was seen. Pure.

use crate::records::fact::Fact;
use schemas::Topic;
use std::collections::BTreeMap;

/// The records expected, and those that came.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: Vec<Fact>,
    surplus: Vec<Fact>,
    arrived: BTreeMap<Topic, usize>,
}

impl Ledger {
    /// These will come, once each.
    pub(super) fn expect(&mut self, facts: impl IntoIterator<Item = Fact>) {
        self.open.extend(facts);
    }

    /// This one came, whether it was expected or not.
    pub(super) fn see(&mut self, fact: &Fact) {
        *self.arrived.entry(fact.topic).or_default() += 1;
        match self.open.iter().position(|open| open == fact) {
            Some(index) => drop(self.open.swap_remove(index)),
            None => self.surplus.push(fact.clone()),
        }
    }

    /// Whether any of `facts` has not come.
    pub(super) fn lacks(&self, facts: &[Fact]) -> bool {
        facts.iter().any(|fact| self.open.contains(fact))
    }

    /// Whether everything that was expected has come.
    pub(super) fn is_settled(&self) -> bool {
        self.open.is_empty()
    }

    /// Records that came, by topic.
    pub(super) fn arrived(&self) -> &BTreeMap<Topic, usize> {
        &self.arrived
    }

    /// What did not come, and what came and was not expected.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut open: Vec<_> = self.open.iter().collect();
        open.sort();
        let missing = open.into_iter().map(|fact| describe("missing", fact));
        missing.chain(self.surplus.iter().map(|fact| describe("not expected", fact))).collect()
    }
}

fn describe(how: &str, Fact { topic, key, what, id }: &Fact) -> String {
    let key = key.as_deref().unwrap_or("none");
    format!("{how}: {what} on {}, key {key}, id {id}", topic.name(super::TOPIC_PREFIX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(topic: Topic, id: &str) -> Fact {
        Fact { topic, key: Some("17:42".to_owned()), what: "message".to_owned(), id: id.to_owned() }
    }

    #[test]
    fn what_was_expected_and_came_is_no_problem() {
        let mut ledger = Ledger::default();
        let facts = [fact(Topic::Messages, "a"), fact(Topic::Inbox, "a")];
        ledger.expect(facts.clone());
        assert!(ledger.lacks(&facts[..1]));
        for fact in &facts {
            ledger.see(fact);
        }
        assert!(!ledger.lacks(&facts) && ledger.is_settled());
        assert_eq!(ledger.problems(), [""; 0]);
        assert_eq!(ledger.arrived()[&Topic::Inbox], 1);
    }

    #[test]
    fn what_is_expected_twice_must_come_twice() {
        let mut ledger = Ledger::default();
        let twice = fact(Topic::Messages, "a");
        ledger.expect([twice.clone(), twice.clone()]);
        ledger.see(&twice);
        assert!(!ledger.is_settled());
        assert_eq!(ledger.problems(), ["missing: message on meta.messages.v1, key 17:42, id a"]);
    }

    #[test]
    fn a_record_too_many_is_a_problem() {
        let mut ledger = Ledger::default();
        ledger.see(&fact(Topic::MessagesDlq, "b"));
        assert!(ledger.is_settled());
        assert_eq!(ledger.problems(), ["not expected: message on meta.messages.dlq.v1, key 17:42, id b"]);
    }

    #[test]
    fn another_key_is_another_record() {
        let mut ledger = Ledger::default();
        ledger.expect([fact(Topic::Messages, "a")]);
        ledger.see(&Fact { key: None, ..fact(Topic::Messages, "a") });
        assert_eq!(ledger.problems().len(), 2);
    }
}
