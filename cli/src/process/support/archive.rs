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
    // The folder has a field of its own: within a cluster the name of a process is too long for both.
    let (folder, name) = name.rsplit_once('/').unwrap_or(("", name));
    // Name, mode, owner, group, size, time.
    let first = format!("{name:\0<100.100}0000644\00000000\00000000\0{size:011o}\0{since:011o}\0");
    // Kind, name of a link, form, names of owner and group with the device, the folder, nothing.
    let last = format!("0{:\0<100}ustar\000{:\0<80}{folder:\0<155.155}{:\0<12}", "", "", "");
    // The sum is made with spaces in its own place.
    let sum: u32 = first.bytes().chain([b' '; 8]).chain(last.bytes()).map(u32::from).sum();
    format!("{first}{sum:06o}\0 {last}").into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_texts_are_whole_blocks() {
        let name = format!("weir-support/{}_9090/metrics.txt", "h".repeat(120));
        let head = head(&name, 3, UNIX_EPOCH);
        assert_eq!(head.len(), BLOCK);
        let field = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end_matches('\0').to_owned();
        assert_eq!(format!("{}/{}", field(&head[345..500]), field(&head[..100])), name);
        for (size, blocks) in [(0, 3), (1, 4), (512, 4), (513, 5)] {
            let file = ("a".to_owned(), "x".repeat(size));
            assert_eq!(of(&[file], UNIX_EPOCH).len(), blocks * BLOCK, "{size}");
        }
    }
}
