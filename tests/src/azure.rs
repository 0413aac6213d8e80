//! A real server of Azure's blobs of a test: Azurite, out of the folder that `tests/media/run` gets it into.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

use crate::foreign;
use crate::http;
use crate::ports;
use crate::process::Binary;

/// The container that it has.
pub const CONTAINER: &str = "weir";
const ACCOUNT: &str = "weir";
/// Of no worth; it says so.
const KEY: &str = "YSBrZXkgb2Ygbm8gd29ydGg=";
/// What allows everything below the account until 2100, signed with the key: a shared access signature.
const SIGNED: &str = "sv=2020-12-06&ss=b&srt=sco&sp=rwdlacx&se=2100-01-01T00:00:00Z&spr=https,http&sig=%2Fd0ZcuSRCxp0sy9xnhhqNagmz37ki9hmUSw0Amlnbjo%3D";
const STARTS_WITHIN: Duration = Duration::from_mins(1);

/// A running server with one container. What it has is gone when it ends.
#[derive(Debug)]
pub struct Azure {
    server: Option<Binary>,
    program: PathBuf,
    port: u16,
}

impl Azure {
    /// Starts what npm has put into this folder, and makes the container.
    ///
    /// # Errors
    ///
    /// When Node or Azurite are not there, or it does not come up.
    pub async fn start(folder: &Path) -> Result<Self> {
        let program = folder.join("node_modules/azurite/dist/src/blob/main.js");
        ensure!(
            program.is_file(),
            "{} is not there: run `tests/media/run`, which gets it",
            program.display()
        );
        let [port] = ports::free()?;
        let mut azure = Self { server: None, program, port };
        azure.begin().await?;
        Ok(azure)
    }

    /// Starts it again after [`Self::stop`], at the same place, with an empty container.
    ///
    /// # Errors
    ///
    /// When it does not come up.
    pub async fn begin(&mut self) -> Result<()> {
        let (program, port) = (self.program.display().to_string(), self.port.to_string());
        // Clients may speak a version of the protocol that is newer than it is.
        let args = [
            program.as_str(),
            "--blobPort",
            &port,
            "--inMemoryPersistence",
            "--skipApiVersionCheck",
            "--disableTelemetry",
            "--silent",
        ];
        let accounts = format!("{ACCOUNT}:{KEY}");
        let mut server = Binary::run(
            "azurite",
            &foreign::node_itself()?,
            &args,
            &[("AZURITE_ACCOUNTS", accounts.as_str())],
        )?;
        server.ready(&format!("{}?comp=list&{SIGNED}", self.url()), STARTS_WITHIN).await?;
        self.server = Some(server);
        let container = format!("{}/{CONTAINER}?restype=container&{SIGNED}", self.url());
        let made = http::client()?.put(container).send();
        let status = made.await.context("making the container")?.status();
        ensure!(status.is_success(), "making the container: {status}");
        Ok(())
    }

    /// Ends it: nobody answers any more.
    pub fn stop(&mut self) {
        self.server = None;
    }

    /// The environment by which a client finds it.
    pub fn envs(&self) -> Vec<(&'static str, String)> {
        vec![
            ("AZURE_ENDPOINT", self.url()),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
            ("AZURE_STORAGE_ACCOUNT_NAME", ACCOUNT.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", KEY.to_owned()),
        ]
    }

    /// Whether it gives back an object.
    pub async fn has(&self, key: &str) -> bool {
        let got = http::get(&format!("{}/{CONTAINER}/{key}?{SIGNED}", self.url())).await;
        got.is_ok_and(|(status, _)| status.is_success())
    }

    /// Where its account is: below a path, since it has no name of its own.
    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/{ACCOUNT}", self.port)
    }
}
