//! What the metrics of a process say, as it prints them. Pure.

/// The name of the binary.
pub(crate) fn name(metrics: &str) -> Option<&str> {
    let (_, rest) = metrics.split_once("weir_build_info{")?;
    rest.split_once("name=\"")?.1.split('"').next()
}

/// The value of a metric without labels.
pub(crate) fn value(metrics: &str, name: &str) -> Option<f64> {
    let value = |line: &str| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok();
    metrics.lines().find_map(value)
}
