//! Pages that a program writes, line by line.

use std::fmt::Write as _;

/// Adds a line.
pub fn add(text: &mut String, line: &str) {
    writeln!(text, "{line}").expect("writing to a string does not fail");
}
