//! YAML as values, read by the library that most tools in Python read it with.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::foreign;

const READ: &str = "import json, sys, yaml; print(json.dumps([one for one in yaml.safe_load_all(sys.stdin) if one is not None]))";

/// Every document of a text, empty ones left out.
///
/// # Errors
///
/// When it is no YAML, or Python's packages are missing; the message names the command that gets them.
pub fn documents(text: &str) -> Result<Vec<Value>> {
    let json = foreign::run(Command::new(foreign::python()?).args(["-c", READ]), text)?;
    serde_json::from_str(&json).context("what Python printed is no JSON")
}

/// The one document of a file of the workspace.
///
/// # Errors
///
/// When the file cannot be read or has another number of documents; as [`documents`] beside that.
pub fn file(path: &str) -> Result<Value> {
    let mut all = documents(&text(path)?)?;
    ensure!(all.len() == 1, "{path} has {} documents", all.len());
    Ok(all.remove(0))
}

/// The text of a file of the workspace.
///
/// # Errors
///
/// When it cannot be read; the message names it.
pub fn text(path: &str) -> Result<String> {
    let file: &Path = &foreign::folder(path);
    std::fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_read_and_empty_ones_left_out() {
        let all = documents("a: 1\n---\n---\n- b\n").unwrap();
        assert_eq!(all, [serde_json::json!({"a": 1}), serde_json::json!(["b"])]);
    }
}
