//! TLS of clients: the roots of Mozilla's list, whatever the machine trusts, those of a file, and one provider.
//!
//! [`peer_certificates`] looks at a server's certificates without trusting them.

pub mod peer_certificates;

use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Why there is no TLS: the file of certificates cannot be used, or the versions of TLS and the provider do not go together.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct TlsError(String);

/// What a client trusts: Mozilla's list, and the certificates of a PEM file beside it.
pub fn roots(certificates: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let Some(path) = certificates else { return Ok(roots) };
    let known = roots.len();
    let unreadable = |reason: &dyn Display| TlsError(format!("{}: {reason}", path.display()));
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
        let certificate = certificate.map_err(|error| unreadable(&error))?;
        roots.add(certificate).map_err(|error| unreadable(&error))?;
    }
    // A file that is none would otherwise be noticed by whoever is not trusted, much later.
    if roots.len() == known {
        return Err(unreadable(&"it has no certificate in PEM"));
    }
    Ok(roots)
}

/// A provider of its own for each client, so that several in one process do not get into each other's way.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client that trusts [`roots`] and shows no certificate of its own.
pub fn client(certificates: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions();
    let config = config.map_err(|error| TlsError(error.to_string()))?;
    Ok(config.with_root_certificates(roots(certificates)?).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_certificate_is_told_with_its_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let Err(error) = roots(Some(file.path())) else { panic!("it has none") };
        assert_eq!(error.to_string(), format!("{}: it has no certificate in PEM", file.path().display()));
        assert!(!roots(None).unwrap().is_empty());
    }
}
