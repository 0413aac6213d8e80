//! Any text as a file of client properties: every line is used, refused or a comment, and what was refused is never quoted.

#![no_main]

#[path = "../../../runtime/src/settings/properties"]
mod properties {
    mod allowed;
    mod lines;

    pub(crate) use lines::{BadLine, Property};

    pub(crate) fn parse(text: &str) -> (Vec<Property>, Vec<BadLine>) {
        lines::parse(text, allowed::refusal)
    }

    pub(crate) fn is_allowed(name: &str, value: &str) -> bool {
        allowed::refusal(name, value).is_none()
    }
}

/// Stands for a password wherever one could be.
const SECRET: &str = "hunter2";

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (used, bad) = properties::parse(text);
    let comments = text.lines().map(str::trim).filter(|line| line.is_empty() || line.starts_with(['#', '!']));
    assert_eq!(used.len() + bad.len() + comments.count(), text.lines().count());
    for property in &used {
        assert!(properties::is_allowed(&property.name, &property.value), "{property:?}");
        let line = text.lines().nth(property.number - 1);
        assert!(line.is_some_and(|line| line.contains(&property.name)), "{property:?}");
    }
    for line in &bad {
        assert!(!line.expected.contains(SECRET), "{line:?}");
        assert!(line.name.is_empty() || text.contains(&line.name), "{line:?}");
    }
    // Whatever stands on the lines before, what switches the checks off is refused.
    let (used, _) = properties::parse(&format!("{text}\nenable.ssl.certificate.verification=false\n"));
    assert!(!used.iter().any(|property| property.name == "enable.ssl.certificate.verification"));
});
