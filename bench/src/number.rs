//! Numbers as the report shows them.

/// Three digits where there are so many, and groups of three: `36,100`, `22.6`, `0.29`.
pub(crate) fn short(value: f64) -> String {
    let places = match value.abs() {
        size if size >= 99.95 => 0,
        size if size >= 9.995 => 1,
        _ => 2,
    };
    let text = format!("{value:.places$}");
    let (whole, rest) = text.split_once('.').unwrap_or((&text, ""));
    let mut shown = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    match rest.trim_end_matches('0') {
        "" => shown,
        rest => format!("{shown}.{rest}"),
    }
}

/// The one in the middle, of the two in the middle the lower; 0 where there is none.
pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len().saturating_sub(1) / 2;
    values.get(middle).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_in_as_many_digits_as_say_something() {
        let shown = [36_123.4, 1_000_000.0, 999.6, 22.64, 0.291, 5.0, 0.0].map(short);
        assert_eq!(shown, ["36,123", "1,000,000", "1,000", "22.6", "0.29", "5", "0"]);
    }

    #[test]
    fn the_median_is_one_of_the_values() {
        let medians = [vec![3.0, 1.0, 2.0], vec![4.0, 1.0], vec![]].map(median);
        assert_eq!(medians.map(short), ["2", "1", "0"]);
    }
}
