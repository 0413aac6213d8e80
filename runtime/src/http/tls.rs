//! TLS of clients: the roots of Mozilla's list, whatever the machine trusts, those of a file, and one provider.
//!
//! [`peer_certificates`] looks at a server's certificates without trusting them.

pub mod peer_certificates;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The file of certificates cannot be used.
    #[error("{path}: {reason}", path = path.display())]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The versions of TLS and the provider do not go together.
    #[error(transparent)]
    Rustls(#[from] rustls::Error),
}

/// What a client trusts: Mozilla's list, and the certificates of a PEM file beside it.
pub fn roots(certificates: Option<&Path>) -> Result<RootCertStore, TlsError> {
    let mut roots: RootCertStore = webpki_roots::TLS_SERVER_ROOTS.iter().cloned().collect();
    let Some(path) = certificates else { return Ok(roots) };
    let known = roots.len();
    let unreadable = |reason: String| TlsError::Certificate { path: path.to_owned(), reason };
    for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        roots.add(certificate).map_err(|error| unreadable(error.to_string()))?;
    }
    // A file that is none would otherwise be noticed by whoever is not trusted, much later.
    if roots.len() == known {
        return Err(unreadable("it has no certificate in PEM".to_owned()));
    }
    Ok(roots)
}

/// A provider of its own for each client, so that several in one process do not get into each other's way.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

/// A client that trusts [`roots`] and shows no certificate of its own.
pub fn client(certificates: Option<&Path>) -> Result<ClientConfig, TlsError> {
    let config = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
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
