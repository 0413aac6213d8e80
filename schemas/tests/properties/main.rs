//! What holds for all deliveries: generated ones, and fixtures with some bytes changed.

#![expect(clippy::unwrap_used, reason = "what cannot be read here fails the test, as it should")]

mod deliveries;
mod invariants;
mod items;
mod json;
mod mutations;
mod natural_key;

use json::Json;
use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use schemas::{Event, Refusal, split};

const MAX_EVENTS: usize = invariants::MAX_EVENTS;

fn config() -> ProptestConfig {
    let seeds = FileFailurePersistence::Direct("proptest-regressions/properties.txt");
    ProptestConfig { failure_persistence: Some(Box::new(seeds)), ..ProptestConfig::default() }
}

/// White space as it may stand around and between JSON's tokens.
fn space() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["", " ", "\n", "\r\n\t ", "    "])
}

/// All that is known of each event.
fn seen(body: &str) -> Vec<String> {
    split(body.as_bytes(), MAX_EVENTS).events.iter().map(|event| format!("{event:?}")).collect()
}

/// The one delivery of an account, with these entries.
fn delivery_of(entries: &[Json]) -> String {
    let entries: Vec<_> = entries.iter().map(|entry| entry.write("")).collect();
    format!(r#"{{"object":"instagram","entry":[{}]}}"#, entries.join(","))
}

/// What must stay when the members of objects change places.
fn lasting<'e>(event: &'e Event<'_>) -> (String, Option<&'e str>, Option<String>) {
    let id = natural_key::is_in(event).then(|| event.id.to_string());
    (event.kind.to_string(), event.key.as_deref(), id)
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn the_invariants_hold_for_generated_bodies(body in deliveries::body(), space in space()) {
        invariants::hold_for(body.write(space).as_bytes());
    }

    #[test]
    fn the_invariants_hold_for_fixtures_with_some_bytes_changed(body in mutations::mutated_fixture()) {
        invariants::hold_for(&body);
    }

    #[test]
    fn the_invariants_hold_for_any_bytes(body: Vec<u8>) {
        invariants::hold_for(&body);
    }

    #[test]
    fn what_stands_around_a_delivery_changes_nothing(
        delivery in deliveries::delivery(),
        before in deliveries::body(),
        after in deliveries::body(),
        space in space(),
    ) {
        let alone = delivery.write("");
        let events = seen(&alone);
        prop_assert_eq!(&seen(&format!("{space}{alone}{space}")), &events);
        let (before, after) = (before.into_elements(), after.into_elements());
        let earlier: usize = before.iter().map(|element| seen(&element.write("")).len()).sum();
        let batch = Json::Array([before, vec![delivery], after].concat());
        prop_assert_eq!(&seen(&batch.write(""))[earlier..earlier + events.len()], &events[..]);
    }

    #[test]
    fn other_entries_beside_it_change_nothing(
        entry in deliveries::entry(),
        before in deliveries::entry(),
        after in deliveries::entry(),
    ) {
        let [entry, before, after] = [entry, before, after].map(Json::without_doubles);
        let events = seen(&delivery_of(std::slice::from_ref(&entry)));
        let earlier = seen(&delivery_of(std::slice::from_ref(&before))).len();
        let all = seen(&delivery_of(&[before, entry, after]));
        prop_assert_eq!(&all[earlier..earlier + events.len()], &events[..]);
    }

    #[test]
    fn the_order_of_members_and_the_space_between_change_no_kind_key_or_natural_id(
        body in deliveries::body(),
        seed: u64,
        space in space(),
    ) {
        let body = body.without_doubles();
        let (once, again) = (body.write(""), body.reordered(seed).write(space));
        let (once, again) = (split(once.as_bytes(), MAX_EVENTS), split(again.as_bytes(), MAX_EVENTS));
        prop_assert_eq!(once.refusal, again.refusal);
        prop_assert_eq!(&once.source, &again.source);
        let all = |events: &[Event<'_>]| format!("{:?}", events.iter().map(lasting).collect::<Vec<_>>());
        prop_assert_eq!(all(&once.events), all(&again.events));
    }

    #[test]
    fn a_body_of_more_items_than_the_limit_gives_none(body in deliveries::body(), limit in 0..8_usize) {
        let body = body.without_doubles().write("");
        let (free, limited) = (split(body.as_bytes(), MAX_EVENTS), split(body.as_bytes(), limit));
        if free.events.len() > limit {
            prop_assert_eq!((limited.refusal, limited.events.len()), (Some(Refusal::TooManyEvents), 0));
        } else {
            prop_assert_eq!((limited.refusal, limited.events.len()), (free.refusal, free.events.len()));
        }
    }
}
