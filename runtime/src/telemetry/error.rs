//! Why there are no traces.

use opentelemetry_otlp::ExporterBuildError;

use crate::blocking::BlockingError;
use crate::http::tls::TlsError;

/// Why there are no traces although they were asked for.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TracesError {
    /// The endpoint, the headers or something else of the variables cannot be used.
    #[error("OTEL_EXPORTER_OTLP_*: {0}")]
    Exporter(#[from] ExporterBuildError),
    /// The file of certificates cannot be used, or there is no TLS.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE: {0}")]
    Tls(#[from] TlsError),
    /// The file of certificates is not read in time.
    #[error("OTEL_EXPORTER_OTLP_CERTIFICATE: {0}")]
    Certificate(#[from] BlockingError),
    /// There is no client.
    #[error("HTTP: {0}")]
    Http(#[from] reqwest::Error),
}
