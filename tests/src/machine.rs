//! The machine that a report was made on, and when, of what.

use std::process::Command;

/// What a report may leave out of account: it is written there itself.
const SOURCES: [&str; 2] = [":/", ":(top,exclude)docs"];

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

/// What was run, and when: "revision 1a2b3c4, 2026-11-28".
pub fn revision() -> String {
    let revision = say("git", &["rev-parse", "--short", "HEAD"]).unwrap_or_else(|| "unknown".to_owned());
    let unchanged = say("git", &[&["diff", "--quiet", "HEAD", "--"][..], &SOURCES].concat());
    let changes = if unchanged.is_some() { "" } else { " with changes" };
    let day = say("date", &["--utc", "+%F"]).unwrap_or_default();
    format!("revision {revision}{changes}, {day}")
}

fn say(program: &str, args: &[&str]) -> Option<String> {
    let output = Command::new(program).args(args).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Whether a process has the limit of memory that `tests/container/memory.rs` gives, where a control group can be made.
pub fn limits_memory_of(process: u32) -> bool {
    let groups = std::fs::read_to_string(format!("/proc/{process}/cgroup")).unwrap_or_default();
    groups.contains("/weir-tests.")
}

/// The same for a report; after the word "ran".
pub const fn limit(is_there: bool) -> &'static str {
    if is_there {
        "under the limit of memory of `k8s/base`"
    } else {
        "**without the limit of memory** of `k8s/base`: no control group can be made here"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_names_a_day_and_no_limit_that_there_is_not() {
        let revision = revision();
        assert!(revision.starts_with("revision ") && revision.contains(", 20"), "{revision}");
        assert!(!limits_memory_of(std::process::id()) && limit(false).contains("without"));
    }
}
