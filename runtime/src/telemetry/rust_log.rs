//! `RUST_LOG`, which says what is logged: what of it cannot be read is told, since nothing else may be logged then.

use tracing_subscriber::filter::{Directive, LevelFilter};

use crate::process::print_error;

const EXPECTED: &str =
    "levels, and targets with levels, with commas between them, such as info,weir_runtime=debug";

/// What of it can be read; tells on standard error of the rest.
pub fn from_environment() -> String {
    let given = std::env::var_os("RUST_LOG").unwrap_or_default();
    let (wanted, faults) = read(&given.to_string_lossy());
    for fault in faults {
        print_error(format_args!("RUST_LOG (environment variable): expected {EXPECTED}; {fault}"));
    }
    wanted
}

/// What of it can be read, and what is wrong with it.
fn read(given: &str) -> (String, Vec<String>) {
    // A blank beside a level makes it a target's name to the library.
    let parts = given.split(',').map(str::trim).filter(|part| !part.is_empty());
    let (wanted, unreadable): (Vec<_>, Vec<_>) = parts.partition(|part| part.parse::<Directive>().is_ok());
    let mut faults: Vec<_> =
        unreadable.iter().map(|part| format!("{part:?} cannot be read, and is left out")).collect();
    let is_level = |part: &&str| part.parse::<LevelFilter>().is_ok();
    let is_name = |part: &&&str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
    // A level that is mistyped is a target's name, beside which nothing is logged, and no error either.
    if let Some(name) = wanted.iter().find(is_name).filter(|_| !wanted.iter().any(is_level)) {
        let why = "is no level, but taken for a target: nothing is logged but of the targets that are named";
        faults.push(format!("{name:?} {why}"));
    }
    (wanted.join(","), faults)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_read_is_left_out_and_told() {
        for fine in
            ["", "info", "warn,weir_runtime=debug", "weir_runtime::kafka", "weir_media=debug", "info,hyper"]
        {
            assert_eq!(read(fine), (fine.to_owned(), Vec::new()));
        }
        let (wanted, faults) = read("warn,weir_runtime=loud");
        assert_eq!((&*wanted, faults.len()), ("warn", 1));
        assert!(faults[0].starts_with("\"weir_runtime=loud\" cannot be read"), "{faults:?}");
    }

    #[test]
    fn blanks_between_the_parts_change_nothing() {
        let wanted = "warn,weir_runtime=debug".to_owned();
        assert_eq!(read(" warn , weir_runtime=debug,\n"), (wanted, Vec::new()));
    }

    #[test]
    fn a_level_that_is_mistyped_is_told() {
        let (wanted, faults) = read("inof");
        assert_eq!((&*wanted, faults.len()), ("inof", 1));
        assert!(faults[0].contains("\"inof\" is no level"), "{faults:?}");
    }
}
