//! Ages and sizes in few characters.

use crate::screen::counted;
use schemas::Millis;
use std::time::SystemTime;

/// How long ago `time` was: `12s`, `3m`, `5h`, `2d`.
pub(super) fn age(time: Millis) -> String {
    short(Millis::of(SystemTime::now()).since(time).as_secs())
}

fn short(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{}m", seconds / 60),
        3_600..172_800 => format!("{}h", seconds / 3_600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// Bytes: `812`, `1.2K`, `34M`.
pub(super) fn size(bytes: u64) -> String {
    let units = [("G", 1 << 30), ("M", 1 << 20), ("K", 1 << 10)];
    let Some((unit, factor)) = units.into_iter().find(|(_, factor)| bytes >= *factor) else {
        return bytes.to_string();
    };
    let tenths = bytes * 10 / factor;
    if tenths < 100 {
        format!("{}.{}{unit}", tenths / 10, tenths % 10)
    } else {
        format!("{}{unit}", tenths / 10)
    }
}

/// Bytes in a sentence: `812 bytes`, `1.2 KiB`.
pub(super) fn bytes(bytes: u64) -> String {
    let mut text = size(bytes);
    match text.pop() {
        Some(unit) if unit.is_alphabetic() => format!("{text} {unit}iB"),
        _ => format!("{bytes} bytes"),
    }
}

/// `1 delivery`, `2 deliveries`.
pub(super) fn deliveries(count: u64) -> String {
    counted(count, "delivery", "deliveries")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_and_sizes_fit_a_narrow_column() {
        let ages = [0, 59, 60, 3_599, 3_600, 172_799, 172_800].map(short);
        assert_eq!(ages, ["0s", "59s", "1m", "59m", "1h", "47h", "2d"]);
        let sizes = [0, 1023, 1024, 10_239, 10_240, 4 << 20, 3 << 30].map(size);
        assert_eq!([812, 1 << 20].map(bytes), ["812 bytes", "1.0 MiB"]);
        assert_eq!(sizes, ["0", "1023", "1.0K", "9.9K", "10K", "4.0M", "3.0G"]);
    }
}
