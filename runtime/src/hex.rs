//! Bytes in hexadecimal.

use std::fmt::Write as _;

/// Two lower-case digits a byte.
pub fn digits(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut digits, byte| {
        // Writing into a String cannot fail.
        write!(digits, "{byte:02x}").unwrap_or_default();
        digits
    })
}
