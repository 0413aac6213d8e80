//! Writes the dashboards.

use anyhow::{Context as _, Result};
use weir_tests::foreign::folder;
use weir_tests::dashboards;

fn main() -> Result<()> {
    for (path, text) in dashboards::files() {
        std::fs::write(folder(&path), text).with_context(|| format!("writing {path}"))?;
    }
    Ok(())
}
