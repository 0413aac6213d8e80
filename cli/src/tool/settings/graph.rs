//! How the Graph API is reached, for all that ask it.

use super::{Flag, flag};
use runtime::settings::{Form, form};
use std::path::PathBuf;
use weir_graph::{GraphUrl, GraphVersion};

/// One of its hosts.
pub(crate) fn graph_host(id: &'static str, variable: &'static str, default: &'static str) -> Flag<GraphUrl> {
    flag(id, "URL", Form::new(GraphUrl::EXPECTED, GraphUrl::parse)).env(variable).or(default)
}

/// Its host, of what asks one alone.
pub(crate) fn graph_url() -> Flag<GraphUrl> {
    graph_host("graph-url", "WEIR_GRAPH_URL", "https://graph.facebook.com")
}

/// Its version.
pub(crate) fn graph_version() -> Flag<GraphVersion> {
    let version = Form::new(GraphVersion::EXPECTED, GraphVersion::parse);
    flag("graph-version", "VERSION", version).env("WEIR_GRAPH_VERSION").or("v26.0")
}

/// The directory of access tokens.
pub(crate) fn access_tokens() -> Flag<Option<PathBuf>> {
    flag("access-tokens", "DIR", form::directory()).env("WEIR_ACCESS_TOKENS").optional()
}
