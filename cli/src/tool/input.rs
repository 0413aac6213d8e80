//! What a command reads: a file, or standard input for `-`.

use std::fs::File;
use std::io::{self, Read, stdin};

/// How messages call it.
pub(crate) fn name(file: &str) -> String {
    if file == "-" { "standard input" } else { file }.to_owned()
}

/// Its bytes, as they are, up to one more than `most`.
pub(crate) fn read(file: &str, most: u64) -> io::Result<Vec<u8>> {
    if file == "-" {
        return read_up_to(stdin().lock(), most);
    }
    File::open(file).and_then(|file| read_up_to(file, most))
}

/// One byte more than the most shows that there is more: what is given may have no end, as a device.
pub(crate) fn read_up_to(reader: impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(most + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
