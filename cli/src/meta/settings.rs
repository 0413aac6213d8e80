//! The flags by which Meta is reached.

use crate::tool::settings::{Flag, flag, settings};
use runtime::settings::{Form, form};
use std::path::PathBuf;
use std::time::Duration;
use weir_graph::{GraphUrl, GraphVersion};

const TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(2);

settings! {
    /// What is declared, and how Meta is reached.
    pub(super) struct MetaSettings {
        /// The file that declares apps and accounts (docs/meta.md)
        file: PathBuf = flag("file", "FILE", form::file()).env("WEIR_CONNECT_FILE").or("connect.json"),
        /// Directory of access tokens: a file per account, named by its id, and `default` for the rest
        access_tokens: Option<PathBuf> = flag("access-tokens", "DIR", form::directory()).env("WEIR_ACCESS_TOKENS").optional(),
        /// Host of pages, of apps and of Unified Login
        facebook_url: GraphUrl = url("facebook-url").env("WEIR_FACEBOOK_URL").or("https://graph.facebook.com"),
        /// Host of Instagram Login
        instagram_url: GraphUrl = url("instagram-url").env("WEIR_INSTAGRAM_URL").or("https://graph.instagram.com"),
        /// Version of the Graph API
        graph_version: GraphVersion = flag("graph-version", "VERSION", Form::new(GraphVersion::EXPECTED, GraphVersion::parse)).env("WEIR_GRAPH_VERSION").or("v26.0"),
        /// How long a call may take in all; at the handshake Meta asks this app's own address meanwhile
        graph_timeout: Duration = flag("graph-timeout", "DURATION", form::duration(TIMEOUTS)).env("WEIR_GRAPH_TIMEOUT").or("30s"),
    }
}

fn url(id: &'static str) -> Flag<GraphUrl> {
    flag(id, "URL", Form::new(GraphUrl::EXPECTED, GraphUrl::parse))
}
