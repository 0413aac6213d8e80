//! What is to be done about parked deliveries, and about retired files. No line is wider than 80.

use super::settings::{REASONS, SpoolLocation};
use weir_ingest::spool::inspect::{ParkReason, RetiredFile};

/// What the reason means, and what to do, as lines.
pub(super) fn on(reason: &ParkReason, location: &SpoolLocation) -> Vec<String> {
    let lines: &[&str] = match reason {
        ParkReason::TooLarge => &[
            "A record is larger than its topic takes. Raise max.message.bytes:",
            "weir topics plan shows it, weir topics apply --max-body BYTES sets it.",
        ],
        ParkReason::NotAuthorized => &[
            "Ingest may not write to a topic. Allow its user Write and Describe on",
            "the topics, in Kafka's access control lists.",
        ],
        ParkReason::UnknownTopic => {
            &["A topic is missing. weir topics plan shows which, and", "weir topics apply makes it."]
        }
        ParkReason::InvalidRecord => &[
            "A topic refuses a record: its cleanup.policy is compact, which takes none",
            "without a key (weir topics plan shows it), or the clock of the machine on",
            "which ingest runs is an hour ahead. The log of ingest says which.",
        ],
        ParkReason::Corrupt => &[
            "Not what was written any more, so not what Meta signed: never sent. Look at",
            "the disk. weir spool show ID prints what is left of one.",
        ],
        ParkReason::Panicked => &[
            "Ingest panicked over it twice, which is a bug: report it, with the log.",
            "Tried at each start; at once by weir spool retry ID --apply",
        ],
        ParkReason::Other(_) => &[
            "This weir does not know why. If its ingest does not either, that tries them",
            "at its start and every hour; else use the weir that belongs to it.",
        ],
    };
    let is_mended = REASONS.contains(reason);
    let then = is_mended.then(|| format!("Then: weir spool retry{} --all --reason {reason}", location.flag));
    lines.iter().map(|line| (*line).to_owned()).chain(then).collect()
}

/// What to do about a file, as lines.
pub(super) const fn on_file(file: &RetiredFile) -> &'static [&'static str] {
    if file.is_salvaged {
        &[
            "Damaged, and drained but for what is lost: the log of ingest names it.",
            "sqlite3 FILE .recover may find more. Then the file can go, and what is",
            "beside it as FILE-wal and FILE-shm.",
        ]
    } else {
        &[
            "Damaged, and not yet read. Ingest drains it where it lies, before what came",
            "later, once Kafka takes records. What is in it is not listed above. Leave",
            "the file where it is.",
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::PathBuf;

    #[test]
    fn advice_names_a_command_and_fits_a_terminal() {
        let location =
            SpoolLocation { directory: PathBuf::from("/spool"), flag: " --spool-dir /spool".to_owned() };
        for reason in ParkReason::ALL {
            let lines = on(&reason, &location);
            assert!(lines.iter().all(|line| line.len() <= 76), "{lines:?}");
            assert!(
                matches!(reason, ParkReason::Corrupt | ParkReason::Panicked)
                    || lines[lines.len() - 1].ends_with(reason.as_str()),
                "{lines:?}"
            );
        }
        let command = on(&ParkReason::TooLarge, &location).pop().unwrap();
        assert_eq!(command, "Then: weir spool retry --spool-dir /spool --all --reason too_large");
    }
}
