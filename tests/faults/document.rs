//! The report's file: three sections, each made by a run of its own, which keeps the other two.

use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::{matrix, soak};

pub(crate) struct Document {
    path: PathBuf,
    scenarios: String,
    matrix: String,
    soak: String,
}

impl Document {
    /// What is there so far; nothing where there is no file.
    pub(crate) fn read(path: PathBuf) -> Self {
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let (rest, soak) = split(&text, soak::HEADING);
        let (scenarios, matrix) = split(rest, matrix::HEADING);
        Self { path, scenarios: scenarios.to_owned(), matrix: matrix.to_owned(), soak: soak.to_owned() }
    }

    /// Writes the file with another section of the scenarios.
    pub(crate) fn write_scenarios(&self, text: &str) -> Result<()> {
        self.write([text, &self.matrix, &self.soak])
    }

    /// Writes the file with another section of the matrix.
    pub(crate) fn write_matrix(&self, text: &str) -> Result<()> {
        self.write([&self.scenarios, text, &self.soak])
    }

    /// Writes the file with another section of the soak.
    pub(crate) fn write_soak(&self, text: &str) -> Result<()> {
        self.write([&self.scenarios, &self.matrix, text])
    }

    fn write(&self, sections: [&str; 3]) -> Result<()> {
        let name = || format!("writing {}", self.path.display());
        std::fs::write(&self.path, sections.concat()).with_context(name)
    }
}

/// The text before a heading, and from it on.
fn split<'a>(text: &'a str, heading: &str) -> (&'a str, &'a str) {
    text.find(heading).map_or((text, ""), |at| text.split_at(at))
}
