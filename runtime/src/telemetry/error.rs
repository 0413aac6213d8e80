//! Why there are no traces.

use std::path::PathBuf;

use opentelemetry_otlp::ExporterBuildError;

/// Why there are no traces although they were asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TracesError {
    /// The endpoint, the headers or something else of the variables cannot be used.
    #[error("OTEL_EXPORTER_OTLP_*: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The file of certificates cannot be used.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE: {path}: {reason}")]
    Certificate {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no TLS.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
    /// There is no client.
    #[error("HTTP: {0}")]
    Http(#[from] reqwest::Error),
}
