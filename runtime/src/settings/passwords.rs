//! A text without the passwords of its URLs, for messages that repeat what was set.

/// `https://(hidden)@host` of `https://user:password@host`, with a protocol or without one; what has none is as it was.
pub fn without_passwords(text: &str) -> String {
    if !text.contains("://")
        && let Some((user, host)) = text.rsplit_once('@')
        && user.contains(':')
    {
        return format!("(hidden)@{host}");
    }
    let (mut shown, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once("://") {
        shown.push_str(before);
        shown.push_str("://");
        // A password may have a slash in it that nobody encoded: up to the last @ of the word.
        let word = after.split(char::is_whitespace).next().unwrap_or_default();
        rest = match word.rfind('@') {
            Some(at) => {
                shown.push_str("(hidden)");
                after.split_at(at).1
            }
            None => after,
        };
    }
    shown + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_before_the_host_of_a_url_is_hidden() {
        for (text, shown) in [
            ("https://user:hunter2@graph.example/v1", "https://(hidden)@graph.example/v1"),
            ("s3://key:hun/t@er2@bucket/path", "s3://(hidden)@bucket/path"),
            ("a https://hunter2@b and http://x:hunter2@c", "a https://(hidden)@b and http://(hidden)@c"),
            ("https://graph.example:443/v1", "https://graph.example:443/v1"),
            ("SASL_SSL://a:1,b:2", "SASL_SSL://a:1,b:2"),
            ("user:hunter2@kafka:9092", "(hidden)@kafka:9092"),
            ("somebody@example.com", "somebody@example.com"),
            ("://", "://"),
            ("", ""),
        ] {
            assert_eq!(without_passwords(text), shown);
        }
    }
}
