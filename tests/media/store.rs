//! Where pictures are saved, which can be taken away for a while: a folder, a bucket of a real S3 server, or a container of a real
//! server of Azure's blobs.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use anyhow::{Context as _, Result};
use clap::ValueEnum;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use tempfile::TempDir;
use weir_tests::azure::{Azure, CONTAINER};
use weir_tests::s3::{BUCKET, S3};

/// The store's own name.
const SAVED: &str = "saved";
/// A file, which stands in its place while it is away: a folder that is only missing would be made again.
const AWAY: &str = "away";
/// Objects that a server is asked for, of many.
const SAMPLE: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Sort {
    Folder,
    S3,
    Azure,
}

pub(crate) enum Store {
    Folder(TempDir),
    Bucket(S3),
    Container(Azure),
}

impl Store {
    pub(crate) async fn start(sort: Sort, azurite: Option<&Path>) -> Result<Self> {
        match sort {
            Sort::S3 => S3::start().await.map(Self::Bucket),
            Sort::Azure => {
                let folder = azurite.context("--azurite is not set: tests/media/run sets it")?;
                Azure::start(folder).await.map(Self::Container)
            }
            Sort::Folder => {
                let dir = tempfile::tempdir().context("making a directory")?;
                let saved = dir.path().join(SAVED);
                fs::create_dir(&saved).context("making the store")?;
                fs::write(dir.path().join(AWAY), "").context("writing a file")?;
                // The image's user has to come there, and to write.
                fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).context("opening it")?;
                fs::set_permissions(&saved, Permissions::from_mode(0o777)).context("opening it")?;
                Ok(Self::Folder(dir))
            }
        }
    }

    /// The environment by which weir-media finds it.
    pub(crate) fn envs(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Folder(dir) => {
                vec![("WEIR_MEDIA_STORE", format!("file://{}/{SAVED}", dir.path().display()))]
            }
            Self::Bucket(s3) => {
                let mut envs = s3.envs();
                envs.push(("WEIR_MEDIA_STORE", format!("s3://{BUCKET}/{SAVED}")));
                envs
            }
            Self::Container(azure) => {
                let mut envs = azure.envs();
                envs.push(("WEIR_MEDIA_STORE", format!("az://{CONTAINER}/{SAVED}")));
                envs
            }
        }
    }

    pub(crate) fn take_away(&mut self) -> Result<()> {
        match self {
            Self::Folder(dir) => exchange(dir.path()),
            Self::Bucket(s3) => {
                s3.stop();
                Ok(())
            }
            Self::Container(azure) => {
                azure.stop();
                Ok(())
            }
        }
    }

    /// A folder comes back as it was, a server with nothing in it.
    pub(crate) async fn bring_back(&mut self) -> Result<()> {
        match self {
            Self::Folder(dir) => exchange(dir.path()),
            Self::Bucket(s3) => s3.begin().await,
            Self::Container(azure) => azure.begin().await,
        }
    }

    /// How many of these keys are not there; a server is asked for some of them.
    pub(crate) async fn missing(&self, keys: &[String]) -> usize {
        let each = if matches!(self, Self::Folder(_)) { 1 } else { keys.len().div_ceil(SAMPLE).max(1) };
        let mut missing = 0;
        for key in keys.iter().step_by(each) {
            missing += usize::from(!self.has(&format!("{SAVED}/{key}")).await);
        }
        missing
    }

    async fn has(&self, key: &str) -> bool {
        match self {
            Self::Folder(dir) => dir.path().join(key).is_file(),
            Self::Bucket(s3) => s3.object(key).await.is_ok(),
            Self::Container(azure) => azure.has(key).await,
        }
    }
}

/// Puts one in the other's place, at once.
fn exchange(dir: &Path) -> Result<()> {
    let (saved, away) = (dir.join(SAVED), dir.join(AWAY));
    renameat_with(CWD, &saved, CWD, &away, RenameFlags::EXCHANGE).context("exchanging the store")
}
