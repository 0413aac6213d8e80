//! A real S3 server of a test: moto's, out of the tests' virtual environment.

use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use crate::foreign;
use crate::http;
use crate::ports;
use crate::process::Binary;

/// The bucket that it has.
pub const BUCKET: &str = "weir";
/// It asks who reads an object, and takes anybody's word for it.
const SOMEBODY: &str =
    "AWS4-HMAC-SHA256 Credential=test/20250718/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00";
const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// A running server with one bucket. What it has is gone when it ends.
#[derive(Debug)]
pub struct S3 {
    server: Option<Binary>,
    port: u16,
}

impl S3 {
    /// Starts it and makes the bucket.
    ///
    /// # Errors
    ///
    /// When Python or moto are not there, or it does not come up.
    pub async fn start() -> Result<Self> {
        let [port] = ports::free()?;
        let mut s3 = Self { server: None, port };
        s3.begin().await?;
        Ok(s3)
    }

    /// Starts it again after [`Self::stop`], at the same place, with an empty bucket.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub async fn begin(&mut self) -> Result<()> {
        let port = self.port.to_string();
        let args = ["-m", "moto.server", "-H", "127.0.0.1", "-p", &port];
        let mut server = Binary::run("moto", &foreign::python()?, &args, &[])?;
        server.ready(&format!("{}/moto-api/", self.url()), STARTS_WITHIN).await?;
        self.server = Some(server);
        let made = http::client()?.put(format!("{}/{BUCKET}", self.url())).send();
        let status = made.await.context("making the bucket")?.status();
        ensure!(status.is_success(), "making the bucket: {status}");
        Ok(())
    }

    /// Ends it: nobody answers any more.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The environment by which a client finds it, with credentials of no worth.
    pub fn envs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT", self.url()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "test".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ]
    }

    /// The keys of all objects, in order.
    ///
    /// # Errors
    ///
    /// When it does not answer.
    pub async fn keys(&self) -> Result<Vec<String>> {
        let (status, list) = http::get(&format!("{}/{BUCKET}?list-type=2", self.url())).await?;
        ensure!(status.is_success(), "{status}: {list}");
        let keys = list.split("<Key>").skip(1).filter_map(|part| part.split_once("</Key>"));
        Ok(keys.map(|(key, _)| key.to_owned()).collect())
    }

    /// An object's bytes, and the type that it is given out as.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn object(&self, key: &str) -> Result<(Vec<u8>, String)> {
        let url = format!("{}/{BUCKET}/{key}", self.url());
        let response =
            http::client()?.get(url).header("authorization", SOMEBODY).send().await?.error_for_status()?;
        let mime = response.headers().get("content-type").and_then(|value| value.to_str().ok());
        let mime = mime.unwrap_or_default().to_owned();
        Ok((response.bytes().await?.to_vec(), mime))
    }

    /// The tags of an object, as XML.
    ///
    /// # Errors
    ///
    /// When it is not there.
    pub async fn tags(&self, key: &str) -> Result<String> {
        let url = format!("{}/{BUCKET}/{key}?tagging", self.url());
        let asked = http::client()?.get(url).header("authorization", SOMEBODY).send();
        Ok(asked.await?.error_for_status()?.text().await?)
    }

    /// An object that is JSON.
    ///
    /// # Errors
    ///
    /// When it is not there, or none.
    pub async fn json(&self, key: &str) -> Result<Value> {
        Ok(serde_json::from_slice(&self.object(key).await?.0)?)
    }
}
