//! The deliveries of the fixtures, as their files hold them.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

use crate::foreign::folder;

/// Every delivery, in the order of the files' names.
///
/// # Errors
///
/// When a file cannot be read.
pub fn deliveries() -> Result<Vec<Vec<u8>>> {
    let mut files = Vec::new();
    collect(&folder("schemas/fixtures"), &mut files)?;
    files.sort();
    files.iter().map(|file| std::fs::read(file).with_context(|| file.display().to_string())).collect()
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<()> {
    for entry in std::fs::read_dir(folder).with_context(|| folder.display().to_string())? {
        let path = entry?.path();
        if path.is_dir() {
            collect(&path, files)?;
        } else if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    Ok(())
}
