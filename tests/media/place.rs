//! A broker, a CDN and a store, between which weir-media runs as it is shipped.

use anyhow::Result;
use schemas::Millis;
use tokio::task::JoinHandle;
use weir_tests::cdn::{Cdn, Made};
use weir_tests::pipeline::{Ground, Service};

use crate::Arguments;
use crate::load;
use crate::store::{Sort, Store};

/// The size of a picture.
pub(crate) const PICTURE: u64 = 20 << 10;

pub(crate) struct Place {
    pub(crate) ground: Ground,
    pub(crate) cdn: Cdn,
    pub(crate) store: Store,
    concurrency: u16,
}

impl Place {
    pub(crate) async fn prepare(sort: Sort, arguments: &Arguments) -> Result<Self> {
        let (ground, cdn) = (Ground::prepare().await?, Cdn::start().await?);
        let store = Store::start(sort, arguments.azurite.as_deref()).await?;
        Ok(Self { ground, cdn, store, concurrency: arguments.concurrency })
    }

    /// Starts weir-media with more settings, and waits until it is ready.
    pub(crate) async fn media(&self, more: &[(&str, &str)]) -> Result<Service> {
        let mut envs = self.store.envs();
        envs.extend([
            ("WEIR_MEDIA_HOSTS", self.cdn.host()),
            ("WEIR_MEDIA_CA", self.cdn.root().to_string_lossy().into_owned()),
            ("WEIR_MEDIA_NETWORKS", "127.0.0.0/8".to_owned()),
            ("WEIR_MEDIA_CONCURRENCY", self.concurrency.to_string()),
        ]);
        let usual = envs.iter().map(|(name, value)| (*name, value.as_str()));
        let envs: Vec<(&str, &str)> = usual.chain(more.iter().copied()).collect();
        self.ground.consumer_with("weir-media", &envs).await
    }

    /// Links to so many pictures, of which no two are the same.
    pub(crate) fn pictures(&self, count: u32) -> Vec<String> {
        (0..count).map(|number| self.cdn.made(Made::Picture, PICTURE, &number.to_string())).collect()
    }

    /// Begins to write an event for each link; it tells when each was received.
    pub(crate) fn load(&self, links: &[String], rate: u32) -> JoinHandle<Result<Vec<Millis>>> {
        load::begin(self.ground.kafka.bootstrap(), links.to_vec(), rate)
    }
}
