//! The files that properties name, looked at early: a client that fails on one does not say which, nor why.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use super::lines::{BadLine, Property};

/// Properties whose value is the path of a file that a client reads once.
pub(crate) const NAMING: [&str; 6] = [
    "https.ca.location",
    "ssl.ca.location",
    "ssl.certificate.location",
    "ssl.key.location",
    "ssl.keystore.location",
    "ssl.crl.location",
];

/// One whose file is read for each token: that it has changed is no reason to make clients anew.
const ASSERTION: &str = "sasl.oauthbearer.assertion.file";

/// Those that may name a folder too, or have librdkafka look for what the system trusts.
const AUTHORITIES: [&str; 2] = ["https.ca.location", "ssl.ca.location"];
const SYSTEMS_OWN: &str = "probe";

/// The lines that name a file which cannot be read, where one is read at all: with TLS, or for a token. Blocks.
pub(in crate::settings) fn unreadable(properties: &BTreeMap<String, Property>) -> Vec<BadLine> {
    let protocol = properties.get("security.protocol").map(|protocol| protocol.value.to_ascii_lowercase());
    let protocol = protocol.unwrap_or_default();
    let mechanism = properties.get("sasl.mechanism").map(|mechanism| mechanism.value.as_str());
    let is_read = |name: &str| match name {
        ASSERTION => protocol.starts_with("sasl") && mechanism == Some("OAUTHBEARER"),
        _ => protocol.ends_with("ssl") || name == "https.ca.location",
    };
    let is_given_itself = |name: &str| {
        name.strip_suffix("location").is_some_and(|stem| properties.contains_key(&format!("{stem}pem")))
    };
    let all = NAMING.into_iter().chain([ASSERTION]).filter(|name| is_read(name) && !is_given_itself(name));
    let named = all.filter_map(|name| properties.get(name));
    named.filter_map(|property| Some(property.bad(&instead_of(property)?))).collect()
}

/// What should be there instead of a file that cannot be read.
fn instead_of(property: &Property) -> Option<String> {
    let Property { name, value, .. } = property;
    let is_authority = AUTHORITIES.contains(&name.as_str());
    if is_authority && value == SYSTEMS_OWN {
        return None;
    }
    let why = fault(Path::new(value), is_authority)?;
    let expected = if is_authority { "a file or a folder" } else { "a file" };
    // A key may be there in place of its file's path.
    let is_path = value.starts_with(['/', '.']) && !value.contains("-----");
    let shown = if is_path { format!("{value}: ") } else { String::new() };
    Some(format!("{expected} that can be read ({shown}{why})"))
}

/// Pipes and devices are left to whoever uses them: some cannot be opened twice.
fn fault(path: &Path, may_be_folder: bool) -> Option<String> {
    match fs::metadata(path) {
        Err(error) => Some(error.to_string()),
        Ok(found) if found.is_dir() => (!may_be_folder).then(|| String::from("it is a folder")),
        Ok(found) if found.is_file() => File::open(path).err().map(|error| error.to_string()),
        Ok(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn said(text: &str) -> Vec<String> {
        let (properties, bad) = parse(text);
        assert_eq!(bad, []);
        unreadable(&properties).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_file_that_is_not_there_is_named_with_its_line_and_the_reason() {
        let here = env!("CARGO_MANIFEST_DIR");
        let text = format!(
            "security.protocol=SSL\nssl.ca.location=/nope/ca.crt\nssl.certificate.location={here}\n\
             ssl.key.location={here}/Cargo.toml\n"
        );
        assert_eq!(
            said(&text),
            [
                "2: ssl.ca.location: expected a file or a folder that can be read (/nope/ca.crt: No such file or directory \
                 (os error 2))"
                    .to_owned(),
                format!("3: ssl.certificate.location: expected a file that can be read ({here}: it is a folder)"),
            ]
        );
    }

    #[test]
    fn an_empty_certificate_stands_for_no_file() {
        let bad = said("security.protocol=SSL\nssl.ca.pem=\nssl.ca.location=/nope/ca.crt\n");
        assert!(bad.len() == 1 && bad[0].starts_with("3: ssl.ca.location: "), "{bad:?}");
    }

    #[test]
    fn what_librdkafka_takes_is_taken() {
        let here = env!("CARGO_MANIFEST_DIR");
        for line in [
            format!("ssl.ca.location={here}"),
            String::from("ssl.ca.location=probe"),
            String::from("ssl.ca.location="),
            String::from("ssl.crl.location=/dev/null"),
            format!("ssl.key.location=/nope\nssl.key.location={here}/Cargo.toml"),
        ] {
            assert_eq!(said(&format!("security.protocol=SSL\n{line}\n")), [""; 0], "{line}");
        }
        let without_tls = "security.protocol=plaintext\nssl.ca.location=/nope/ca.crt\n";
        assert_eq!(said(without_tls), [""; 0], "it is never read");
    }

    #[test]
    fn a_key_in_place_of_a_path_is_not_repeated() {
        for key in ["MIIEvhunter2==", "-----BEGIN PRIVATE KEY-----\\nhunter2", "/-----hunter2"] {
            let bad = said(&format!("security.protocol=SSL\nssl.key.location={key}\n"));
            assert!(bad.len() == 1 && bad[0].starts_with("2: ssl.key.location: "), "{bad:?}");
            assert!(!bad[0].contains("hunter2"), "{bad:?}");
        }
    }
}
