//! The machine that a report was made on.

/// How this program, and so those beside it, were built; after the word "built".
pub const fn build() -> &'static str {
    if cfg!(debug_assertions) { "without optimisation" } else { "for release" }
}

/// Processors and memory, as Linux tells them.
pub fn describe() -> String {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kibibytes = memory.lines().find_map(|line| line.strip_prefix("MemTotal:"));
    let gibibytes = kibibytes.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
    format!("{cores} cores, {} GiB of memory, Linux", gibibytes.unwrap_or_default() >> 20)
}
