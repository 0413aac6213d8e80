//! The dashboards for Grafana, as they are committed: their JSON is what is edited, and CONTRIBUTING says how.

use anyhow::{Context as _, Result};

use crate::foreign::folder;
use crate::yaml;

/// Where the dashboards are, below the workspace.
pub const FOLDER: &str = "k8s/components/grafana/dashboards";

/// Every dashboard: the path of its file, and its text.
///
/// # Errors
///
/// When a file cannot be read.
pub fn files() -> Result<Vec<(String, String)>> {
    let mut paths = Vec::new();
    for file in std::fs::read_dir(folder(FOLDER)).context(FOLDER)? {
        paths.push(format!("{FOLDER}/{}", file?.file_name().to_string_lossy()));
    }
    paths.sort();
    paths.into_iter().map(|path| Ok((path.clone(), yaml::text(&path)?))).collect()
}

/// A query with Grafana's variables filled in, for a look at everything of the last minute.
pub fn filled(query: &str) -> String {
    query
        .replace("$__rate_interval", "1m")
        .replace("$__interval", "1m")
        .replace("$cluster", ".*")
        .replace("$namespace", ".*")
        .replace("$job", ".*")
        .replace("$instance", ".*")
}
