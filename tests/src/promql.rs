//! Which metrics and labels an expression of Prometheus' language names.

use std::collections::BTreeSet;

/// Words that are neither metrics nor labels.
const KEYWORDS: [&str; 13] = [
    "and",
    "or",
    "unless",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "offset",
    "bool",
    "inf",
    "nan",
];
/// After these a list of labels follows.
const LISTS: [&str; 6] = ["by", "without", "on", "ignoring", "group_left", "group_right"];

#[derive(Debug, PartialEq, Eq)]
enum Token {
    Word(String),
    Symbol(char),
}

/// The metrics.
pub fn metrics_of(expression: &str) -> BTreeSet<String> {
    named(expression).0
}

/// The labels of matchers and of lists such as those after `by`.
pub fn labels_of(expression: &str) -> BTreeSet<String> {
    named(expression).1
}

fn named(expression: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let tokens = tokens(expression);
    let (mut metrics, mut labels) = (BTreeSet::new(), BTreeSet::new());
    let (mut in_matchers, mut in_range, mut in_list) = (false, false, false);
    for (index, token) in tokens.iter().enumerate() {
        match token {
            Token::Symbol('{') => in_matchers = true,
            Token::Symbol('}') => in_matchers = false,
            Token::Symbol('[') => in_range = true,
            Token::Symbol(']') => in_range = false,
            Token::Symbol('(') => in_list = index > 0 && is_list(&tokens[index - 1]),
            Token::Symbol(')') => in_list = false,
            Token::Word(word) if in_matchers || in_list => _ = labels.insert(word.clone()),
            Token::Word(word) => {
                let is_function = tokens.get(index + 1) == Some(&Token::Symbol('('));
                // `sum by (job) (…)`: the function is followed by its list.
                let is_aggregation = tokens.get(index + 1).is_some_and(is_list);
                let is_number = word.starts_with(|first: char| first.is_ascii_digit());
                let is_keyword = KEYWORDS.contains(&word.as_str());
                if !(in_range || is_function || is_aggregation || is_number || is_keyword) {
                    metrics.insert(word.clone());
                }
            }
            Token::Symbol(_) => {}
        }
    }
    (metrics, labels)
}

fn is_list(token: &Token) -> bool {
    matches!(token, Token::Word(word) if LISTS.contains(&word.as_str()))
}

/// Words and symbols; strings, comments and white space are left out.
fn tokens(expression: &str) -> Vec<Token> {
    let mut tokens = Vec::new();
    let mut rest = expression.chars().peekable();
    while let Some(first) = rest.next() {
        if first == '#' {
            while rest.next_if(|next| *next != '\n').is_some() {}
        } else if first == '"' || first == '\'' {
            while let Some(next) = rest.next_if(|next| *next != first) {
                if next == '\\' {
                    rest.next();
                }
            }
            rest.next();
        } else if is_of_word(first) {
            let mut word = String::from(first);
            while let Some(next) = rest.next_if(|next| is_of_word(*next)) {
                word.push(next);
            }
            tokens.push(Token::Word(word));
        } else if !first.is_whitespace() {
            tokens.push(Token::Symbol(first));
        }
    }
    tokens
}

fn is_of_word(symbol: char) -> bool {
    symbol.is_ascii_alphanumeric() || symbol == '_' || symbol == ':' || symbol == '.'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_and_labels_are_told_from_functions_ranges_and_words_of_the_language() {
        let expression = r#"sum by (job, le) (rate(weir_a_bucket{path=~"x|y", le="1"}[5m])) # not_this
            / on (job) group_left (name) weir:b:ratio_rate5m > 14.4 * 0.001 unless weir_c offset 15m"#;
        let metrics: Vec<_> = metrics_of(expression).into_iter().collect();
        assert_eq!(metrics, ["weir:b:ratio_rate5m", "weir_a_bucket", "weir_c"]);
        let labels: Vec<_> = labels_of(expression).into_iter().collect();
        assert_eq!(labels, ["job", "le", "name", "path"]);
    }

    #[test]
    fn what_stands_in_strings_is_no_name() {
        assert_eq!(metrics_of(r#"up{job="weir_\"x{"} == bool 1"#).into_iter().collect::<Vec<_>>(), ["up"]);
    }
}
