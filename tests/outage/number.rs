//! Numbers as Grafana shows them, by the unit of a panel.

/// A value with its unit, in at most four digits.
pub(crate) fn text(value: f64, unit: &str) -> String {
    match unit {
        "s" => duration(value),
        "bytes" => scaled(value, 1024.0, &["B", "KiB", "MiB", "GiB"]),
        "Bps" => scaled(value, 1000.0, &["B/s", "kB/s", "MB/s"]),
        "percentunit" => format!("{} %", digits(value * 100.0)),
        "percent" => format!("{} %", digits(value)),
        "ops" => format!("{} /s", scaled(value, 1000.0, &["", "K", "Mil"]).trim_end()),
        _ => scaled(value, 1000.0, &["", "K", "Mil"]).trim_end().to_owned(),
    }
}

fn duration(seconds: f64) -> String {
    let size = seconds.abs();
    let (value, unit) = match size {
        _ if size == 0.0 => (0.0, "s"),
        _ if size < 1e-3 => (seconds * 1e6, "µs"),
        _ if size < 1.0 => (seconds * 1e3, "ms"),
        _ if size < 120.0 => (seconds, "s"),
        _ if size < 7_200.0 => (seconds / 60.0, "min"),
        _ if size < 172_800.0 => (seconds / 3_600.0, "hours"),
        _ => (seconds / 86_400.0, "days"),
    };
    format!("{} {unit}", digits(value))
}

fn scaled(value: f64, step: f64, units: &[&str]) -> String {
    let (mut value, mut units) = (value, units.iter().peekable());
    let mut unit = units.next().copied().unwrap_or_default();
    while value.abs() >= step && units.peek().is_some() {
        value /= step;
        unit = units.next().copied().unwrap_or_default();
    }
    format!("{} {unit}", digits(value))
}

fn digits(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 100.0 => 0,
        size if size >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_shown_with_the_unit_that_suits_their_size() {
        let shown = [(0.0042, "s"), (95.0, "s"), (3_600.0, "s"), (1_536.0, "bytes"), (0.001, "percentunit")];
        let shown = shown.map(|(value, unit)| text(value, unit));
        assert_eq!(shown, ["4.2 ms", "95 s", "60 min", "1.5 KiB", "0.1 %"]);
        assert_eq!((text(12_345.0, "short"), text(20.0, "ops")), ("12.3 K".to_owned(), "20 /s".to_owned()));
    }
}
