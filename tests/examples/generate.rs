//! Writes the manifests that are made from something else.

use anyhow::{Context as _, Result};
use weir_tests::foreign::folder;
use weir_tests::generated;

fn main() -> Result<()> {
    for (path, text) in generated::files()? {
        std::fs::write(folder(path), text).with_context(|| format!("writing {path}"))?;
    }
    Ok(())
}
