//! Text that fits where it is shown: counted, cut, and without what could steer a terminal.

/// `count` with its noun: `1 delivery`, `2 deliveries`.
pub(crate) fn counted(count: u64, one: &str, several: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { several })
}

/// `3 missing, 1 refused` of the counts that are not zero.
pub(crate) fn nonzero(counts: &[(u64, &str)]) -> Vec<String> {
    counts.iter().filter(|(count, _)| *count > 0).map(|(count, what)| format!("{count} {what}")).collect()
}

/// `text` on one line of at most `limit` characters, without what could steer a terminal.
pub(crate) fn one_line(text: &str, limit: usize) -> String {
    let shown = |character: char| if steers(character) { ' ' } else { character };
    let mut line: String = text.chars().map(shown).take(limit).collect();
    if text.chars().nth(limit).is_some() {
        line.pop();
        line.push('…');
    }
    line
}

/// `text` as it is, with characters escaped that could steer a terminal.
pub(crate) fn harmless(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if steers(character) && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Whether it is an order to the terminal, be it to show what stands beside it from right to left.
fn steers(character: char) -> bool {
    let is_of_direction = matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    );
    is_of_direction || character.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_have_their_noun_and_zeros_are_left_out() {
        assert_eq!([1, 2].map(|count| counted(count, "letter", "letters")), ["1 letter", "2 letters"]);
        assert_eq!(nonzero(&[(2, "missing"), (0, "extra"), (1, "refused")]), ["2 missing", "1 refused"]);
    }

    #[test]
    fn a_line_is_cut_and_cannot_steer_the_terminal() {
        assert_eq!(one_line("Hello", 5), "Hello");
        assert_eq!(one_line("Hello!", 5), "Hell…");
        assert_eq!(one_line("a\x1b[2J\nb", 20), "a [2J b");
        assert_eq!(one_line("a\u{202e}b\u{2066}c 👨\u{200d}👩", 20), "a b c 👨\u{200d}👩");
    }

    #[test]
    fn text_is_shown_as_it_is_and_cannot_steer_the_terminal() {
        assert_eq!(harmless("{\n\t\"text\": \"Grüße 🙂\"\n}"), "{\n\t\"text\": \"Grüße 🙂\"\n}");
        assert_eq!(harmless("a\x1b[2Jb\u{9b}"), "a\\u{1b}[2Jb\\u{9b}");
        assert_eq!(harmless("a\u{202e}b"), "a\\u{202e}b");
    }
}
