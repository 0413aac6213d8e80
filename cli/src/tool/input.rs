//! What a command reads: a file, or standard input for `-`.

use std::fs::File;
use std::io::{self, ErrorKind, Read, stdin};

/// How messages call it.
pub(crate) fn name(file: &str) -> String {
    if file == "-" { "standard input" } else { file }.to_owned()
}

/// Its bytes, as they are; fails where they are more than so many MiB, which nothing of its kind is.
pub(crate) fn read(file: &str, most: u64, kind: &str) -> io::Result<Vec<u8>> {
    if file == "-" {
        return read_up_to(stdin().lock(), most, kind);
    }
    File::open(file).and_then(|file| read_up_to(file, most, kind))
}

/// What is given may have no end, as a device.
fn read_up_to(reader: impl Read, most: u64, kind: &str) -> io::Result<Vec<u8>> {
    let (mut bytes, limit) = (Vec::new(), most << 20);
    reader.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        let why = format!("it is larger than {most} MiB, which no {kind} is");
        return Err(io::Error::new(ErrorKind::FileTooLarge, why));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_read_up_to_its_limit_and_refused() {
        let endless = read_up_to(io::repeat(b' '), 1, "command").unwrap_err();
        assert_eq!(endless.kind(), ErrorKind::FileTooLarge);
        assert_eq!(endless.to_string(), "it is larger than 1 MiB, which no command is");
    }
}
