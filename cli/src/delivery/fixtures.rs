//! The fixtures of `schemas`, carried by the tool itself: a delivery of every shape that Meta sends.

/// Every body with its name, `{kind}/{name}`.
const ALL: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/fixtures.rs"));

/// The body of this name.
pub(super) fn named(name: &str) -> Option<&'static [u8]> {
    ALL.iter().find(|(known, _)| *known == name).map(|(_, body)| *body)
}

#[cfg(test)]
mod tests {
    use super::*;
    use schemas::Kind;

    #[test]
    fn there_is_one_of_nearly_every_kind() {
        let with = |kind: &Kind| ALL.iter().any(|(name, _)| name.starts_with(&format!("{}/", kind.as_str())));
        let without: Vec<_> = Kind::ALL.into_iter().filter(|kind| !with(kind)).collect();
        assert!(without.len() <= 1, "{without:?}");
        assert!(named("message/text").is_some_and(|body| body.starts_with(b"{\"object\"")));
        assert_eq!(named("message/text.events"), None);
    }
}
