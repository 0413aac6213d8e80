//! The flags of `weir tokens`.

use crate::meta::settings::MetaSettings;
use crate::tool::settings::{flag, group, settings, switch};
use runtime::settings::{Form, form};
use std::path::PathBuf;
use std::time::Duration;
use weir_graph::GraphId;

settings! {
    /// What `weir tokens list` can be asked for.
    pub(super) struct ListSettings {
        meta: MetaSettings = group(),
        /// How long before its end a token is a difference
        warn_before: Duration = flag("warn-before", "DURATION", form::duration(Duration::ZERO..=Duration::from_hours(60 * 24))).or("10d"),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}

settings! {
    /// What `weir tokens refresh` can be asked for.
    pub(super) struct RefreshSettings {
        meta: MetaSettings = group(),
        /// Directory for the new tokens, where the old ones cannot be written over
        to: Option<PathBuf> = flag("to", "DIR", form::directory()).optional(),
        /// Print one JSON object
        json: bool = switch("json"),
    }
}

settings! {
    /// What `weir tokens exchange` can be asked for.
    pub(super) struct ExchangeSettings {
        /// A declared account
        account: GraphId = flag("account", "ACCOUNT", account()).positional().required(),
        /// The file with the token that the login gave: of the account's own, or of the page's person
        short_token: PathBuf = flag("short-token", "FILE", form::file()).required(),
        meta: MetaSettings = group(),
        /// Directory for the new token, where the account's file cannot be written
        to: Option<PathBuf> = flag("to", "DIR", form::directory()).optional(),
    }
}

fn account() -> Form<GraphId> {
    Form::new("an account's id, which are digits", GraphId::parse)
}
