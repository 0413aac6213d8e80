//! What the properties of a login and of TLS need beside them: each may be right, and all of them together no protection.

use std::collections::BTreeMap;

use super::allowed::{MECHANISMS, why_owned};
use super::lines::{BadLine, Property};

/// What a login takes.
const LOGIN: [&str; 3] = ["sasl.mechanism", "sasl.username", "sasl.password"];

const NO_PROTOCOL: &str = "a line with security.protocol too (SASL_SSL, SSL, SASL_PLAINTEXT), since without one there is neither TLS \
    nor a login; PLAINTEXT where that is meant";

/// The line that needs others, which are not there.
pub(super) fn incomplete(properties: &BTreeMap<String, Property>) -> Option<BadLine> {
    let Some(protocol) = properties.get("security.protocol") else {
        let protecting = properties.values().filter(|property| protects(&property.name));
        return protecting.min_by_key(|property| property.number).map(|first| first.bad(NO_PROTOCOL));
    };
    if !protocol.value.to_ascii_lowercase().starts_with("sasl_") {
        return None;
    }
    let is_missing = |name: &&str| properties.get(*name).is_none_or(|property| property.value.is_empty());
    let missing: Vec<&str> = LOGIN.into_iter().filter(is_missing).collect();
    (!missing.is_empty()).then(|| {
        let mechanisms = MECHANISMS.join(", ");
        let expected = format!(
            "{} beside it: a login has a mechanism ({mechanisms}), a name and a password",
            missing.join(" and ")
        );
        protocol.bad(&expected)
    })
}

/// Whether a line that is refused may be meant as one that [`incomplete`] misses: a name with a slip, or a value that will not do.
pub(super) fn may_be_missed(line: &BadLine) -> bool {
    let BadLine { name, .. } = line;
    let is_like_one = name.is_empty() || name.starts_with("sasl.") || name.starts_with("security.");
    is_like_one && why_owned(name).is_none()
}

/// Whether somebody who sets it wants a login or TLS.
fn protects(name: &str) -> bool {
    let is_credential = [".location", ".pem"].iter().any(|end| name.ends_with(end));
    name.starts_with("sasl.") || (name.starts_with("ssl.") && is_credential)
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    fn said(text: &str) -> Vec<String> {
        parse(text).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_login_that_lacks_a_part_is_named_with_what_is_missing() {
        let login = "security.protocol=SASL_PLAINTEXT\nsasl.username=weir\nsasl.password=hunter2\n";
        assert_eq!(
            said(login),
            ["1: security.protocol: expected sasl.mechanism beside it: a login has a mechanism \
              (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512), a name and a password"]
        );
        let alone = said("client.rack=a\nsecurity.protocol=sasl_ssl\n");
        assert!(alone[0].starts_with("2: "), "{alone:?}");
        assert!(alone[0].contains("sasl.mechanism and sasl.username and sasl.password"), "{alone:?}");
        let empty = said(&login.replace("hunter2", "\nsasl.mechanism=PLAIN"));
        assert!(empty.len() == 1 && empty[0].contains("expected sasl.password beside it"), "{empty:?}");
        for mechanism in ["sasl.mechanism", "sasl.mechanisms"] {
            assert_eq!(said(&format!("{login}{mechanism}=PLAIN\n")), [""; 0]);
        }
    }

    #[test]
    fn a_login_or_an_authority_without_a_protocol_would_go_in_plain_text_and_is_refused() {
        for line in ["sasl.username=weir", "sasl.mechanism=PLAIN", "ssl.ca.location=/ca.crt", "ssl.key.pem=x"]
        {
            let bad = said(&format!("# of the broker\n{line}\n"));
            assert!(bad.len() == 1 && bad[0].starts_with("2: "), "{bad:?}");
            assert!(bad[0].contains("security.protocol"), "{bad:?}");
            assert_eq!(said(&format!("{line}\nsecurity.protocol=PLAINTEXT\n")), [""; 0], "it is meant");
        }
        assert_eq!(said("socket.timeout.ms=9000\n"), [""; 0]);
    }

    #[test]
    fn what_lacks_is_told_beside_lines_that_are_refused_for_something_else() {
        let text =
            "security.protocol=SASL_SSL\nsasl.mechanism=PLAIN\nacks=1\nssl.truststore.location=/a.jks\n";
        let found = said(text);
        assert_eq!(found.len(), 3, "{found:?}");
        assert!(found[2].contains("sasl.username and sasl.password beside it"), "{found:?}");
        for slip in ["sasl.pasword=x", "just words"] {
            assert_eq!(said(&format!("security.protocol=SASL_SSL\n{slip}\n")).len(), 1, "{slip}");
        }
    }

    #[test]
    fn nothing_is_missed_where_a_line_was_refused_that_may_be_it() {
        let bad = said("security.protocol=SASL_SSL\nsasl.mechanism=GSSAPI\n");
        assert!(bad.len() == 1 && bad[0].contains("no Kerberos"), "{bad:?}");
    }
}
