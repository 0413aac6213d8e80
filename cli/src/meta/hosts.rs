//! The two hosts of the Graph API, and which one an account is on.

use super::file::Login;
use super::settings::MetaSettings;
use prometheus::Registry;
use weir_graph::{ClientError, Graph, GraphSettings, GraphUrl};

/// A client of each host.
pub(super) struct Hosts {
    /// Of apps, of pages and of Unified Login.
    pub(super) facebook: Graph,
    /// Of Instagram Login.
    pub(super) instagram: Graph,
}

impl Hosts {
    /// Clients; nothing is connected yet.
    pub(super) fn new(settings: &MetaSettings) -> Result<Self, ClientError> {
        let client = |url: &GraphUrl| {
            let of_host = GraphSettings::of(url.clone(), settings.graph_version.clone());
            let of_host = GraphSettings { graph_timeout: settings.graph_timeout, ..of_host };
            // What is counted of its requests nobody reads.
            Graph::new(of_host, &Registry::new())
        };
        Ok(Self { facebook: client(&settings.facebook_url)?, instagram: client(&settings.instagram_url)? })
    }

    /// Where accounts of a login are.
    pub(super) const fn of(&self, login: Login) -> &Graph {
        match login {
            Login::Facebook | Login::Unified => &self.facebook,
            Login::Instagram => &self.instagram,
        }
    }
}
