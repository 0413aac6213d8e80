//! Resolves names to addresses that may be connected to: what is checked is what is connected to, so that no second answer of a
//! name server can lead elsewhere.

use super::NotFetched;
use super::allowed::is_reachable;
use ipnet::IpNet;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use schemas::media::MediaStatus;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Resolves by the system's own means, and leaves out what may not be connected to.
#[derive(Clone, Debug)]
pub(super) struct CheckedResolver {
    pub(super) networks: Arc<[IpNet]>,
}

/// The name has no address, or nobody can be asked for it.
#[derive(Debug, thiserror::Error)]
#[error("the name cannot be resolved")]
pub(super) struct Unresolved(#[source] pub(super) io::Error);

impl Resolve for CheckedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let networks = Arc::clone(&self.networks);
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await.map_err(Unresolved)?;
            let reachable: Vec<SocketAddr> =
                found.filter(|address| is_reachable(address.ip(), &networks)).collect();
            if reachable.is_empty() {
                // A name server may give one private address for all names, as some do while the network is cut off.
                let refused = NotFetched { status: MediaStatus::Refused, ..NotFetched::for_now("address") };
                return Err(refused.into());
            }
            Ok::<Addrs, _>(Box::new(reachable.into_iter()))
        })
    }
}
