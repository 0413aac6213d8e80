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
    let shown = |character: char| if character.is_control() { ' ' } else { character };
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
        if character.is_control() && !matches!(character, '\n' | '\t') {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
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
    }

    #[test]
    fn text_is_shown_as_it_is_and_cannot_steer_the_terminal() {
        assert_eq!(harmless("{\n\t\"text\": \"Grüße 🙂\"\n}"), "{\n\t\"text\": \"Grüße 🙂\"\n}");
        assert_eq!(harmless("a\x1b[2Jb\u{9b}"), "a\\u{1b}[2Jb\\u{9b}");
    }
}
