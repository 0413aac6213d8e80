//! The memory that ingest may need at most: the sum of its limits, checked against the limit of its container.

use super::Settings;
use crate::kafka::Producers;
use runtime::process::memory_limit;
use runtime::settings::{Problem, Reader, Source, form, optional};

runtime::settings! {
    "Memory",
    /// The limit where the control group does not name it.
    #[derive(Clone, Debug, Default)]
    pub struct MemorySettings {
        /// Memory limit of the process; if the other limits together may exceed it, the process does not start [default: the
        /// limit of its control group, if it has one]
        pub memory_limit: Option<u64> = optional("BYTES", form::bytes(16 << 20..=1 << 50)),
    }
}

/// A header line as it is parsed, and its place in a map.
const HEADER_LINE: usize = 128;
/// What a connection takes beside its head: its task, timers, hyper's state, what is written.
const CONNECTION: usize = 8 << 10;
/// What librdkafka keeps of a record beside its bytes.
const QUEUED_RECORD: usize = 512;
/// What waits for the spool's thread with its transaction (64 MiB and one body), what is read back for Kafka (4 MiB and one
/// body), what is remembered of a retired file (8 MiB of a window of rows, and a bit or two of each row for what was read and
/// what is done), and SQLite's pages.
const SPOOL: usize = 96 << 20;
/// The program, threads and their stacks, Kafka's metadata, SQLite's pages, what a few large deliveries take while they are split.
const FIXED: usize = 64 << 20;

/// What takes memory, and the flags that bound it.
struct Part {
    what: &'static str,
    bytes: usize,
    flags: &'static str,
}

/// Everything that takes memory.
fn need(settings: &Settings) -> Vec<Part> {
    let limits = &settings.limits;
    // A head is read into a buffer that may be doubled, and what is parsed of it refers to an earlier one.
    let connection = 3 * limits.max_header_bytes + limits.max_headers * HEADER_LINE + CONNECTION;
    let (queue_bytes, queue_records) = Producers::queues(settings);
    let part = |what, bytes, flags| Part { what, bytes, flags };
    let mut parts = vec![
        part("connections", limits.max_connections * connection, "--max-connections, --max-header-bytes"),
        // The pieces of a body are put into a buffer that doubles as they come.
        part("bodies", 2 * limits.max_body_bytes_in_flight, "--max-body-bytes-in-flight"),
        part("records that wait for Kafka", queue_bytes + queue_records * QUEUED_RECORD, "--queue-bytes"),
        part("the process itself", FIXED, ""),
    ];
    if settings.spool_dir.is_some() {
        parts.push(part("deliveries that wait for the spool", SPOOL, "--spool-dir"));
    }
    parts
}

fn described(need: &[Part]) -> String {
    let parts = need.iter().map(|Part { what, bytes, flags }| {
        let flags = if flags.is_empty() { String::new() } else { format!(" ({flags})") };
        format!("{} for {what}{flags}", mebibytes(*bytes as u64))
    });
    parts.collect::<Vec<_>>().join(" + ")
}

/// A size as people read it, rounded up.
fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}

/// Notes a problem when what the limits allow together does not fit.
pub(super) fn check(reader: &mut Reader<'_>, settings: &Settings) {
    let (limit, source) = match (settings.memory.memory_limit, memory_limit::of_this_process()) {
        (Some(limit), _) => (limit, reader.source("memory_limit")),
        (None, Some((limit, file))) => (limit, Source::File(file.display().to_string())),
        (None, None) => return,
    };
    if let Some(problem) = problem(&need(settings), limit, source) {
        reader.add(problem);
    }
}

fn problem(need: &[Part], limit: u64, source: Source) -> Option<Problem> {
    let bytes: u64 = need.iter().map(|part| part.bytes as u64).sum();
    (bytes > limit).then(|| Problem {
        setting: "--memory-limit".to_owned(),
        source,
        // Rounded down, so that it is never shown as what would be enough.
        found: format!("{} MiB", limit >> 20),
        expected: format!(
            "{} at least, which the limits of this process allow together: {}; give it more, or lower one of them",
            mebibytes(bytes),
            described(need)
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shipped() -> Settings {
        Settings { spool_dir: Some("/spool".into()), ..Settings::local("secret", "token") }
    }

    #[test]
    fn the_defaults_fit_the_limit_that_is_shipped() {
        let manifest = include_str!("../../../k8s/base/ingest.yaml");
        let limit = manifest.lines().find(|line| line.trim().starts_with("limits: ")).unwrap();
        let (_, megabytes) = limit.split_once("memory: ").unwrap();
        let megabytes: u64 = megabytes.trim_end_matches("Mi}").parse().unwrap();
        let need = need(&shipped());
        assert!(problem(&need, megabytes << 20, Source::NotSet).is_none(), "{}", described(&need));
    }

    #[test]
    fn a_limit_that_is_too_low_by_a_byte_is_shown_as_lower_than_what_is_needed() {
        let need = [Part { what: "things", bytes: (768 << 20) + 2, flags: "" }];
        let problem = problem(&need, (768 << 20) + 1, Source::NotSet).unwrap().to_string();
        assert!(problem.contains("found 768 MiB, expected 769 MiB at least"), "{problem}");
    }

    #[test]
    fn what_does_not_fit_is_named_part_by_part_with_its_flag() {
        let mut settings = shipped();
        settings.limits.max_connections = 20_000;
        let problem = problem(&need(&settings), 768 << 20, Source::NotSet).unwrap().to_string();
        for part in [
            "--memory-limit (not set): found 768 MiB, expected 1",
            "MiB for connections (--max-connections, --max-header-bytes) + 128 MiB for bodies (",
            "for records that wait for Kafka (--queue-bytes) + 64 MiB for the process itself + 96 MiB for deliveries",
            "; give it more, or lower one of them",
        ] {
            assert!(problem.contains(part), "{problem}");
        }
    }
}
