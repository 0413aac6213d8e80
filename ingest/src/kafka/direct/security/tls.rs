//! TLS to brokers, and to who gives tokens: whom to trust, and who we are, from the properties and the files that they name.

use runtime::http::tls;
use runtime::secret_files::read_regular;
use rustls::client::WantsClientCert;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

/// Blocks for as long as it takes to read the files. The reason says which property is wrong.
pub(super) fn config(properties: &BTreeMap<String, String>) -> Result<Arc<ClientConfig>, String> {
    let builder = trusting(properties, "ssl.ca")?;
    let config = match pem(properties, "ssl.certificate")? {
        None => builder.with_no_client_auth(),
        Some(chain) => {
            let chain = certificates(&chain, "ssl.certificate")?;
            let key = pem(properties, "ssl.key")?.ok_or("ssl.key.location or ssl.key.pem is missing")?;
            // The library's own words repeat lines of the key.
            let key = PrivateKeyDer::from_pem_slice(&key).map_err(|_| "ssl.key: no private key in PEM")?;
            builder.with_client_auth_cert(chain, key).map_err(|error| format!("ssl.key: {error}"))?
        }
    };
    Ok(Arc::new(config))
}

/// As [`config`], for who gives tokens: it is shown no certificate.
pub(super) fn of_https(properties: &BTreeMap<String, String>) -> Result<ClientConfig, String> {
    Ok(trusting(properties, "https.ca")?.with_no_client_auth())
}

fn trusting(
    properties: &BTreeMap<String, String>,
    authority: &str,
) -> Result<ConfigBuilder<ClientConfig, WantsClientCert>, String> {
    let versions = ClientConfig::builder_with_provider(tls::provider()).with_safe_default_protocol_versions();
    let builder = versions.map_err(|error| error.to_string())?;
    Ok(builder.with_root_certificates(roots(properties, authority)?))
}

/// The authority that is named, else those that browsers trust.
fn roots(properties: &BTreeMap<String, String>, authority: &str) -> Result<RootCertStore, String> {
    let Some(named) = pem(properties, authority)? else {
        return tls::roots(None).map_err(|error| error.to_string());
    };
    let mut roots = RootCertStore::empty();
    for certificate in certificates(&named, authority)? {
        roots.add(certificate).map_err(|error| format!("{authority}: {error}"))?;
    }
    Ok(roots)
}

fn certificates(pem: &[u8], name: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    // The library's own words repeat lines of what was given, which may be a key by mistake.
    found.ok().filter(|found| !found.is_empty()).ok_or_else(|| format!("{name}: no certificate in PEM"))
}

/// What a property holds itself (`….pem`), or the file that it names (`….location`).
fn pem(properties: &BTreeMap<String, String>, name: &str) -> Result<Option<Vec<u8>>, String> {
    let given = |form: &str| properties.get(&format!("{name}.{form}"));
    if let Some(text) = given("pem") {
        return Ok(Some(text.clone().into_bytes()));
    }
    let Some(path) = given("location") else { return Ok(None) };
    let content = read_regular(Path::new(path), super::LARGEST_FILE);
    content.map(Some).map_err(|error| format!("{name}.location: {error}"))
}
