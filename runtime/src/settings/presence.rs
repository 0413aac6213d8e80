//! Whether something is not there, or nobody here may see whether it is: the first asks for another path, the second for a right.

use std::io::{self, ErrorKind};
use std::path::Path;

/// `Some` if the path cannot be examined; `None` if it exists or is known to be absent.
pub fn unseen(path: &Path) -> Option<io::Error> {
    let is_absent =
        |error: &io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    path.metadata().err().filter(|error| !is_absent(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_seen_and_what_cannot_be_looked_at_is_not() {
        let here = Path::new(env!("CARGO_MANIFEST_DIR"));
        for path in [here.to_owned(), here.join("no/such"), here.join("Cargo.toml/x")] {
            assert!(unseen(&path).is_none(), "{}", path.display());
        }
        let name = format!("weir-unseen-{}", std::process::id());
        let endless = std::env::temp_dir().join(name);
        std::os::unix::fs::symlink(&endless, &endless).unwrap();
        let why = unseen(&endless);
        std::fs::remove_file(&endless).unwrap();
        assert!(why.is_some(), "for root too, whom no right is missing");
    }
}
