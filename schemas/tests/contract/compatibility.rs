//! Whether a later schema breaks those who read by an earlier one.
//!
//! Readers and writers do not change at one time, and records stay on the topics for days. So both must hold: who reads
//! by the earlier schema (a model generated from it, a validator) reads what is written by the later one, and who has
//! moved on reads what was written before. What is left to change is little: a member that need not be there may come,
//! words may come to an open set, descriptions may be better.
//!
//! The rules know the part of JSON Schema that the generated schemas consist of; of any other keyword they say so.

mod alternative;
mod rule;
mod tests;

pub(crate) use rule::{Break, Rule};

use alternative::{Alternative, At, Role};
use serde_json::Value;
use std::collections::BTreeSet;

/// What breaks for a reader when the schema `old` becomes `new`: nothing, or each broken rule once a place.
pub(crate) fn breaks(old: &Value, new: &Value) -> Vec<Break> {
    let mut comparison = Comparison { old, new, broken: BTreeSet::new(), seen: BTreeSet::new() };
    comparison.identity();
    comparison.schemas(&At::root(old), &At::root(new));
    comparison.broken.into_iter().collect()
}

struct Comparison<'a> {
    old: &'a Value,
    new: &'a Value,
    broken: BTreeSet<Break>,
    /// Pointers to the places that were compared already, and whether any other string was allowed beside them:
    /// definitions are referred to often.
    seen: BTreeSet<(String, String, bool)>,
}

impl<'a> Comparison<'a> {
    /// What a document is known by, and what generators name its type after.
    fn identity(&mut self) {
        for keyword in ["$id", "$schema", "title"] {
            if self.old.get(keyword) != self.new.get(keyword) {
                self.report(Rule::IdentityChanged, &format!("/{keyword}"));
            }
        }
    }

    fn schemas(&mut self, old: &At<'a>, new: &At<'a>) {
        let before = alternative::all(self.old, old);
        let after = alternative::all(self.new, new);
        let (was_open, is_open) = (has(&before, Role::Text), has(&after, Role::Text));
        if was_open && !is_open && has(&after, Role::Words) {
            return self.report(Rule::EnumClosed, &old.pointer);
        }
        if types(&before) != types(&after) {
            return self.report(Rule::Retyped, &old.pointer);
        }
        if is_open && !was_open && has(&before, Role::Words) {
            self.report(Rule::WordAdded, &old.pointer);
        }
        self.keywords(old, new);
        let (pairs, unpaired) = alternative::paired(&before, &after);
        for (earlier, later) in pairs {
            match (later, earlier.role) {
                (Some(later), _) => self.alternatives(earlier, later, was_open),
                (None, Role::Words) => self.report(Rule::WordRemoved, &earlier.at.pointer),
                (None, _) => self.report(Rule::Retyped, &earlier.at.pointer),
            }
        }
        if unpaired.iter().any(|later| later.role == Role::Object) {
            self.report(Rule::Retyped, &old.pointer);
        }
    }

    fn alternatives(&mut self, old: &Alternative<'a>, new: &Alternative<'a>, was_open: bool) {
        if self.seen.insert((old.at.pointer.clone(), new.at.pointer.clone(), was_open)) {
            self.words(old, new, was_open);
            self.members(old, new);
            self.keywords(&old.at, &new.at);
            for keyword in ["items", "additionalProperties"] {
                if let (Some(before), Some(after)) = (old.at.member(keyword), new.at.member(keyword)) {
                    self.schemas(&before, &after);
                }
            }
        }
    }

    fn words(&mut self, old: &Alternative<'a>, new: &Alternative<'a>, was_open: bool) {
        let (before, after) = (old.words(), new.words());
        let pointer = format!("{}/enum", old.at.pointer);
        if before.iter().any(|word| !after.contains(word)) {
            self.report(Rule::WordRemoved, &pointer);
        }
        if !was_open && after.iter().any(|word| !before.contains(word)) {
            self.report(Rule::WordAdded, &pointer);
        }
    }

    fn members(&mut self, old: &Alternative<'a>, new: &Alternative<'a>) {
        let later = new.properties();
        for (name, member) in old.properties() {
            match later.get(name) {
                Some(later) => self.schemas(&member, later),
                None => self.report(Rule::MemberRemoved, &member.pointer),
            }
        }
        let (before, after) = (old.required(), new.required());
        for name in after.difference(&before) {
            self.report(Rule::RequiredAdded, &old.at.pointer_to("properties", name));
        }
        for name in before.difference(&after).filter(|name| later.contains_key(*name)) {
            self.report(Rule::RequiredRemoved, &old.at.pointer_to("properties", name));
        }
    }

    /// What is not compared as types, words or members.
    fn keywords(&mut self, old: &At<'a>, new: &At<'a>) {
        for keyword in old.keywords().chain(new.keywords()) {
            let (before, after) = (old.schema.get(keyword), new.schema.get(keyword));
            if before != after
                && let Some(rule) = rule::of_keyword(keyword, before, after)
            {
                self.report(rule, &format!("{}/{keyword}", old.pointer));
            }
        }
    }

    fn report(&mut self, rule: Rule, pointer: &str) {
        self.broken.insert(Break { rule, pointer: pointer.to_owned() });
    }
}

fn has(alternatives: &[Alternative<'_>], role: Role) -> bool {
    alternatives.iter().any(|alternative| alternative.role == role)
}

fn types<'a>(alternatives: &[Alternative<'a>]) -> BTreeSet<&'a str> {
    alternatives.iter().flat_map(|alternative| alternative.types.iter().copied()).collect()
}
