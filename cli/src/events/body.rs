//! Reads the body: a file, or standard input for `-`.

use super::EventsError;
use std::fs::File;
use std::io::{self, Read, stdin};

/// Far more than the largest `--max-body` of ingest that anybody sets.
const MOST: u64 = 64 * 1024 * 1024;

/// How messages call it.
pub(super) fn name(file: &str) -> String {
    if file == "-" { "standard input" } else { file }.to_owned()
}

/// Its bytes, as they are.
pub(super) fn read(file: &str) -> Result<Vec<u8>, EventsError> {
    let bytes = if file == "-" { read_up_to(stdin().lock()) } else { File::open(file).and_then(read_up_to) };
    let bytes = bytes.map_err(|source| EventsError::Read { name: name(file), source })?;
    if bytes.len() as u64 > MOST {
        return Err(EventsError::TooLarge { name: name(file), most: MOST });
    }
    Ok(bytes)
}

/// One byte more than the most shows that there is more.
fn read_up_to(reader: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    reader.take(MOST + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}
