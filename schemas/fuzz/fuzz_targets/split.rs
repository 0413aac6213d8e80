//! Any bytes as a body: what must hold for every body is checked as in the property tests.

#![no_main]

#[path = "../../tests/properties/invariants.rs"]
mod invariants;
#[path = "../../tests/properties/items.rs"]
mod items;

libfuzzer_sys::fuzz_target!(|body: &[u8]| invariants::hold_for(body));
