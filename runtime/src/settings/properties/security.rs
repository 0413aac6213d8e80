//! What the properties of a login and of TLS need beside them: each may be right, and all of them together no protection.

use std::collections::BTreeMap;

use super::allowed::{JWT_BEARER, MECHANISMS, why_owned};
use super::lines::{BadLine, Property};

/// What a login takes.
const LOGIN: [&str; 3] = ["sasl.mechanism", "sasl.username", "sasl.password"];
/// What a login by a token takes: whom to ask for it, and what shows who asks.
const BY_SECRET: [&str; 4] = [
    "sasl.oauthbearer.method",
    "sasl.oauthbearer.token.endpoint.url",
    "sasl.oauthbearer.client.id",
    "sasl.oauthbearer.client.secret",
];
const BY_ASSERTION: [&str; 3] =
    ["sasl.oauthbearer.method", "sasl.oauthbearer.token.endpoint.url", "sasl.oauthbearer.assertion.file"];

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
    let value = |name: &str| properties.get(name).map(|property| property.value.as_str()).unwrap_or_default();
    let is_by_token = value("sasl.mechanism") == "OAUTHBEARER";
    let needed: &[&str] = match value("sasl.oauthbearer.grant.type") {
        _ if !is_by_token => &LOGIN,
        JWT_BEARER => &BY_ASSERTION,
        _ => &BY_SECRET,
    };
    let missing: Vec<&str> = needed.iter().copied().filter(|name| value(name).is_empty()).collect();
    (!missing.is_empty()).then(|| {
        let reason = if is_by_token {
            String::from("a token is asked for at an address, with an id and a secret or, for the grant type of RFC 7523, with a file")
        } else {
            format!("a login has a mechanism ({}), a name and a password", MECHANISMS.join(", "))
        };
        protocol.bad(&format!("{} beside it: {reason}", missing.join(" and ")))
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
    use super::super::allowed::HAS_OIDC;
    use super::super::parse;

    fn said(text: &str) -> Vec<String> {
        parse(text).1.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_login_that_lacks_a_part_is_named_with_what_is_missing() {
        let login = "security.protocol=SASL_PLAINTEXT\nsasl.username=weir\nsasl.password=hunter2\n";
        assert_eq!(
            said(login),
            [format!(
                "1: security.protocol: expected sasl.mechanism beside it: a login has a mechanism \
                 (PLAIN, SCRAM-SHA-256, SCRAM-SHA-512{}), a name and a password",
                if HAS_OIDC { ", OAUTHBEARER" } else { "" }
            )]
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
    #[cfg(feature = "oidc")]
    fn a_login_by_token_that_lacks_a_part_is_named_with_what_is_missing() {
        let by_secret = "security.protocol=SASL_SSL\nsasl.mechanism=OAUTHBEARER\nsasl.oauthbearer.method=oidc\n\
            sasl.oauthbearer.token.endpoint.url=https://login.example/token\nsasl.oauthbearer.client.id=weir\n";
        let bad = said(by_secret);
        assert!(
            bad.len() == 1 && bad[0].contains("expected sasl.oauthbearer.client.secret beside it"),
            "{bad:?}"
        );
        assert_eq!(said(&format!("{by_secret}sasl.oauthbearer.client.secret=hunter2\n")), [""; 0]);
        let by_assertion = format!("{by_secret}sasl.oauthbearer.grant.type={}\n", super::JWT_BEARER);
        let bad = said(&by_assertion);
        assert!(
            bad.len() == 1 && bad[0].contains("expected sasl.oauthbearer.assertion.file beside it"),
            "{bad:?}"
        );
        assert_eq!(said(&format!("{by_assertion}sasl.oauthbearer.assertion.file=/token\n")), [""; 0]);
        let in_the_open = said(&by_secret.replace("https://", "http://"));
        assert!(in_the_open[0].contains("https://…"), "{in_the_open:?}");
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
