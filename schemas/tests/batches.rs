//! Deliveries of many items: all of them, in order, each an event of its own.

#[path = "../benches/split/bodies.rs"]
mod bodies;

use bodies::{SHAPES, records};
use schemas::split;
use std::collections::BTreeSet;

/// As many updates as Meta puts into one delivery.
const A_BATCH: usize = 1_000;

#[test]
fn a_batch_of_a_thousand_gives_as_many_events_in_order() {
    for shape in SHAPES {
        let body = shape.body(A_BATCH);
        let split = split(body.as_bytes(), A_BATCH);
        assert_eq!((split.refusal, split.events.len()), (None, A_BATCH), "{}", shape.name());
        let ids: BTreeSet<_> = split.events.iter().map(|event| event.id).collect();
        assert_eq!(ids.len(), A_BATCH, "{}", shape.name());
        let places: Vec<_> = split.events.iter().map(|event| event.data.as_ptr()).collect();
        assert!(places.is_sorted(), "{}", shape.name());
    }
}

#[test]
fn an_item_costs_as_many_bytes_in_a_batch_as_alone() {
    for shape in &SHAPES[..SHAPES.len() - 1] {
        let [alone, batch] = [1, A_BATCH].map(|items| records(shape.body(items).as_bytes()));
        assert_eq!(batch, A_BATCH * alone, "{}", shape.name());
    }
}
