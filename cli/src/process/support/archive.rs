//! An archive in the form that every `tar` reads: POSIX's ustar, texts alone.

use std::time::{SystemTime, UNIX_EPOCH};

/// What heads and texts are filled up to.
const BLOCK: usize = 512;
/// The folder that all is in.
const FOLDER: &str = "weir-support/";

/// The bytes of the archive of these texts, each with its name.
pub(super) fn of(files: &[(String, String)], now: SystemTime) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (name, text) in files {
        bytes.extend(head(&format!("{FOLDER}{name}"), text.len(), now));
        bytes.extend(text.as_bytes());
        bytes.resize(bytes.len().next_multiple_of(BLOCK), 0);
    }
    bytes.resize(bytes.len() + 2 * BLOCK, 0);
    bytes
}

/// The head of a file; <https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html> has its fields.
fn head(name: &str, size: usize, now: SystemTime) -> Vec<u8> {
    let since = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    // Name, mode, owner, group, size, time.
    let first = format!("{name:\0<100.100}0000644\00000000\00000000\0{size:011o}\0{since:011o}\0");
    // Kind, name of a link, form, names of owner and group, device, a longer name.
    let last = format!("0{:\0<100}ustar\000{:\0<247}", "", "");
    // The sum is made with spaces in its own place.
    let sum: u32 = first.bytes().chain([b' '; 8]).chain(last.bytes()).map(u32::from).sum();
    format!("{first}{sum:06o}\0 {last}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_texts_are_whole_blocks() {
        assert_eq!(head("weir-support/a", 3, UNIX_EPOCH).len(), BLOCK);
        for (size, blocks) in [(0, 3), (1, 4), (512, 4), (513, 5)] {
            let file = ("a".to_owned(), "x".repeat(size));
            assert_eq!(of(&[file], UNIX_EPOCH).len(), blocks * BLOCK, "{size}");
        }
    }
}
