//! The catalogue of metrics, docs/metrics.md, as values.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Result, ensure};

use crate::yaml;

/// A row of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metric {
    /// `counter`, `gauge` or `histogram`.
    pub kind: String,
    /// The names of its labels.
    pub labels: BTreeSet<String>,
}

/// Every metric by its name.
///
/// # Errors
///
/// When the file cannot be read, a name is there twice, or a row has no type.
pub fn metrics() -> Result<BTreeMap<String, Metric>> {
    let text = yaml::text("docs/metrics.md")?;
    let mut metrics = BTreeMap::new();
    for row in text.lines().filter_map(|line| line.strip_prefix("| `")) {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        ensure!(cells.len() >= 4, "a row of docs/metrics.md has too few cells: {row}");
        let name = cells[0].trim_end_matches('`').to_owned();
        let labels = cells[2].split(',').map(|label| label.trim().trim_matches('`').to_owned());
        let labels = labels.filter(|label| !label.is_empty()).collect();
        ensure!(["counter", "gauge", "histogram"].contains(&cells[1]), "{name} is a {}", cells[1]);
        let metric = Metric { kind: cells[1].to_owned(), labels };
        ensure!(metrics.insert(name.clone(), metric).is_none(), "{name} is twice in docs/metrics.md");
    }
    Ok(metrics)
}

/// Every name under which samples are found: of a histogram those of its buckets, sum and count.
///
/// # Errors
///
/// As [`metrics`].
pub fn names() -> Result<BTreeSet<String>> {
    let names = metrics()?.into_iter().flat_map(|(name, metric)| match metric.kind.as_str() {
        "histogram" => ["_bucket", "_sum", "_count"].map(|suffix| format!("{name}{suffix}")).to_vec(),
        _ => vec![name],
    });
    Ok(names.collect())
}

/// Every label, and those that Prometheus, its operator and its histograms add.
///
/// # Errors
///
/// As [`metrics`].
pub fn labels() -> Result<BTreeSet<String>> {
    let own = metrics()?.into_values().flat_map(|metric| metric.labels);
    Ok(own.chain(["cluster", "namespace", "job", "instance", "le"].map(str::to_owned)).collect())
}
