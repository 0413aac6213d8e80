//! When the certificates end that a client uses.

use std::path::Path;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use x509_cert::Certificate;
use x509_cert::der::Decode as _;

use super::files::read;
use crate::settings::KafkaSettings;

/// Properties that give certificates.
const GIVING: [&str; 5] = [
    "ssl.keystore.location",
    "ssl.certificate.location",
    "ssl.certificate.pem",
    "ssl.ca.location",
    "ssl.ca.pem",
];

/// Seconds since 1970 by what the certificate is for; what is not given in PEM, as a key store, has none.
pub(super) fn ends(kafka: &KafkaSettings) -> Vec<(&'static str, i64)> {
    let of = |location: &str, pem: &str| {
        let ends = ends_in(kafka, pem).or_else(|| ends_in(kafka, location));
        ends.unwrap_or_default().into_iter()
    };
    // A chain ends with its first certificate. A bundle may hold the old authority beside the new one: it ends with its last.
    let client = of("ssl.certificate.location", "ssl.certificate.pem").min();
    let authority = of("ssl.ca.location", "ssl.ca.pem").max();
    let known = [("client", client), ("authority", authority)];
    known.into_iter().filter_map(|(name, end)| Some((name, end?))).collect()
}

/// The properties that give certificates without an end there: key stores, and what is not in PEM or cannot be read.
pub(super) fn unwatched(kafka: &KafkaSettings) -> Vec<&'static str> {
    let is_unwatched = |name: &&str| ends_in(kafka, name).is_some_and(|ends| ends.is_empty());
    GIVING.into_iter().filter(is_unwatched).collect()
}

/// Of the certificates that a property gives, where it is set.
fn ends_in(kafka: &KafkaSettings, property: &str) -> Option<Vec<i64>> {
    let value = kafka.properties.get(property)?;
    let content = match property.strip_suffix(".pem") {
        Some(_) => value.clone().into_bytes(),
        None => read(Path::new(value)).unwrap_or_default(),
    };
    let certificates = CertificateDer::pem_slice_iter(&content).filter_map(Result::ok);
    let ends = certificates.filter_map(|certificate| {
        let certificate = Certificate::from_der(&certificate).ok()?;
        let end = certificate.tbs_certificate().validity().not_after.to_unix_duration();
        i64::try_from(end.as_secs()).ok()
    });
    Some(ends.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two that end on 2031-01-01 and 2036-01-01.
    const CHAIN: &str = include_str!("certificates/chain.pem");
    const ENDS: [i64; 2] = [1_924_992_000, 2_082_758_400];

    fn settings(properties: &[(&str, &str)]) -> KafkaSettings {
        let mut kafka = KafkaSettings::plain("kafka:9092");
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        kafka.properties.extend(properties.iter().map(owned));
        kafka
    }

    #[test]
    fn a_chain_ends_with_its_first_and_a_bundle_of_authorities_with_its_last() {
        let kafka = settings(&[("ssl.certificate.pem", CHAIN), ("ssl.ca.pem", CHAIN)]);
        assert_eq!(ends(&kafka), [("client", ENDS[0]), ("authority", ENDS[1])]);
    }

    #[test]
    fn an_empty_certificate_stands_for_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("ca.crt");
        std::fs::write(&file, CHAIN).unwrap();
        let properties = folder.path().join("client.properties");
        let location = file.to_str().unwrap();
        let text = format!(
            "security.protocol=PLAINTEXT\nssl.ca.pem=\nssl.ca.location={location}\nssl.certificate.location=\n"
        );
        std::fs::write(&properties, text).unwrap();
        let kafka = KafkaSettings { file: Some(properties), ..KafkaSettings::plain("kafka:9092") };
        let kafka = kafka.read_again().unwrap();
        assert_eq!(ends(&kafka), [("authority", ENDS[1])]);
        assert_eq!(unwatched(&kafka), [""; 0]);
    }

    #[test]
    fn certificates_whose_end_is_not_known_are_named() {
        let kafka = settings(&[
            ("ssl.keystore.location", "/etc/weir/kafka-user/user.p12"),
            ("ssl.ca.location", "/nowhere/ca.crt"),
            ("ssl.certificate.pem", CHAIN),
        ]);
        assert_eq!(unwatched(&kafka), ["ssl.keystore.location", "ssl.ca.location"]);
        assert_eq!(unwatched(&settings(&[])), [""; 0]);
    }

    #[test]
    fn what_is_no_certificate_or_not_there_has_no_end() {
        assert_eq!(
            ends(&settings(&[("ssl.ca.location", "/nowhere/ca.crt"), ("ssl.certificate.pem", "x")])),
            []
        );
        assert_eq!(ends(&settings(&[])), []);
    }
}
