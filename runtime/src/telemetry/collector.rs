//! HTTP to the collector of traces: no redirects, no proxies of the environment, TLS by rustls.

use std::future::Future;
use std::pin::Pin;

use opentelemetry_http::{Bytes, HttpClient, HttpError, Request, Response};
use reqwest::Client;
use tokio::runtime::Handle;

use super::environment::Environment;
use crate::blocking::Blocking;
use crate::http::{client, tls};
use crate::process::chain;
use crate::secret_files::READ_TIMEOUT;

/// Bytes of an answer that are read; it says little.
const LONGEST_ANSWER: usize = 64 * 1024;

/// Sends on the process's own runtime, since the library's thread has none.
#[derive(Debug)]
pub(super) struct Collector {
    http: Client,
    runtime: Handle,
}

impl Collector {
    pub(super) fn new(environment: &Environment, runtime: Handle) -> Result<Self, String> {
        let certificate = environment.certificate.clone();
        // A file system that is gone must not hold up the start.
        let tls = move || tls::client(certificate.as_deref()).map_err(|error| error.to_string());
        let tls = Blocking::default().wait(READ_TIMEOUT, tls).unwrap_or_else(|error| Err(error.to_string()));
        let tls = tls.map_err(|error| format!("OTEL_EXPORTER_OTLP_CERTIFICATE: {error}"))?;
        let http = client::builder(tls)
            .timeout(environment.timeout)
            .user_agent(concat!("weir/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| format!("HTTP: {}", chain(&error)))?;
        Ok(Self { http, runtime })
    }
}

impl HttpClient for Collector {
    fn send_bytes<'life, 'send>(
        &'life self,
        request: Request<Bytes>,
    ) -> Pin<Box<dyn Future<Output = Result<Response<Bytes>, HttpError>> + Send + 'send>>
    where
        'life: 'send,
        Self: 'send,
    {
        let sent = self.runtime.spawn(send(self.http.clone(), request));
        Box::pin(async { sent.await? })
    }
}

async fn send(http: Client, request: Request<Bytes>) -> Result<Response<Bytes>, HttpError> {
    let request = reqwest::Request::try_from(request).map_err(reqwest::Error::without_url)?;
    let mut answer = http.execute(request).await.map_err(reqwest::Error::without_url)?;
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(reqwest::Error::without_url)? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err("the answer is too long".into());
        }
        body.extend_from_slice(&chunk);
    }
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = answer.status();
    *response.headers_mut() = std::mem::take(answer.headers_mut());
    Ok(response)
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_certificate_that_never_ends_holds_up_no_start() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("ca.crt");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        let environment = Environment {
            timeout: Duration::from_secs(1),
            queue: 1,
            certificate: Some(pipe),
            foreign_protocol: None,
            refused: Vec::new(),
        };
        let error = Collector::new(&environment, Handle::current()).unwrap_err();
        assert_eq!(error, "OTEL_EXPORTER_OTLP_CERTIFICATE: no answer within 5s");
    }
}
