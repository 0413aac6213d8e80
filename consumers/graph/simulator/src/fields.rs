//! Reads the `fields` of a call: names, arguments, fields of fields.

/// A field as it is asked for, such as `mentioned_comment.comment_id(17){text,media{caption}}`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// `mentioned_comment`.
    pub(super) name: &'a str,
    /// `17`.
    pub(super) argument: Option<&'a str>,
    /// `text` and `media`.
    pub(super) fields: Vec<Self>,
}

/// Reads a list of fields; `None` where its brackets do not match.
pub(super) fn parse(list: &str) -> Option<Vec<Field<'_>>> {
    split(list)?.into_iter().map(field).collect()
}

fn field(text: &str) -> Option<Field<'_>> {
    let (head, fields) = match text.split_once('{') {
        Some((head, rest)) => (head, parse(rest.strip_suffix('}')?)?),
        None => (text, Vec::new()),
    };
    let (name, argument) = match head.split_once('(') {
        Some((name, rest)) => (name, Some(rest.strip_suffix(')')?)),
        None => (head, None),
    };
    let name = name.split_once('.').map_or(name, |(name, _)| name);
    (!name.is_empty()).then_some(Field { name, argument, fields })
}

/// Splits at the commas that are in no brackets.
fn split(list: &str) -> Option<Vec<&str>> {
    let mut depth = 0_usize;
    let mut commas = Vec::new();
    for (index, character) in list.char_indices() {
        match character {
            '{' | '(' => depth += 1,
            '}' | ')' => depth = depth.checked_sub(1)?,
            ',' if depth == 0 => commas.push(index),
            _ => {}
        }
    }
    let starts = std::iter::once(0).chain(commas.iter().map(|comma| comma + 1));
    let ends = commas.iter().copied().chain([list.len()]);
    (depth == 0).then(|| starts.zip(ends).filter_map(|(start, end)| list.get(start..end)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(name: &str) -> Field<'_> {
        Field { name, argument: None, fields: Vec::new() }
    }

    #[test]
    fn fields_of_fields_are_read() {
        let fields = parse("mentioned_comment.comment_id(17){text,media{id,caption}},id").unwrap();
        let media = Field { fields: vec![plain("id"), plain("caption")], ..plain("media") };
        let mentioned =
            Field { argument: Some("17"), fields: vec![plain("text"), media], ..plain("mentioned_comment") };
        assert_eq!(fields, [mentioned, plain("id")]);
    }

    #[test]
    fn brackets_that_do_not_match_are_refused() {
        for list in ["", "a{", "a}", "a{b", "a(1", "a,,b", "a{b}c"] {
            assert_eq!(parse(list), None, "{list}");
        }
    }
}
