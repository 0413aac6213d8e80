//! Writes the JSON Schemas of everything that is published to `schemas/json`.

fn main() {}
