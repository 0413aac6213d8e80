//! What Weir needs at Meta: subscriptions of apps, installs of accounts, and access tokens, declared in one file.
//!
//! [`file`] reads what is declared, [`accounts`] has it with its secrets and the two hosts of the Graph API, [`connect`] makes subscriptions and
//! installs so, [`tokens`] looks at tokens and renews them, [`doctor`] says why nothing arrives.

mod accounts;
mod advice;
mod file;

pub(crate) mod connect;
pub(crate) mod doctor;
pub(crate) mod tokens;

use crate::tool::settings::{access_tokens, flag, graph_host, graph_version, settings};
use accounts::{Accounts, App};
use advice::TokenOwner;
use file::{DeclaredAccount, DeclaredApp, Login, Object};
use runtime::settings::form;
use std::path::PathBuf;
use std::time::Duration;
use weir_graph::{GraphUrl, GraphVersion};

const TIMEOUTS: std::ops::RangeInclusive<Duration> = Duration::from_millis(100)..=Duration::from_mins(2);

settings! {
    /// What is declared, and how Meta is reached.
    struct MetaSettings {
        /// The file that declares apps and accounts (docs/meta.md)
        file: PathBuf = flag("file", "FILE", form::file()).env("WEIR_CONNECT_FILE").or("connect.json"),
        /// Directory of access tokens: a file per account, named by its id, and `default` for the rest
        access_tokens: Option<PathBuf> = access_tokens(),
        /// Host of pages, of apps and of Unified Login
        facebook_url: GraphUrl = graph_host("facebook-url", "WEIR_FACEBOOK_URL", "https://graph.facebook.com"),
        /// Host of Instagram Login
        instagram_url: GraphUrl = graph_host("instagram-url", "WEIR_INSTAGRAM_URL", "https://graph.instagram.com"),
        /// Version of the Graph API
        graph_version: GraphVersion = graph_version(),
        /// How long a call may take in all; at the handshake Meta asks this app's own address meanwhile
        graph_timeout: Duration = flag("graph-timeout", "DURATION", form::duration(TIMEOUTS)).env("WEIR_GRAPH_TIMEOUT").or("30s"),
    }
}

#[cfg(test)]
mod tests;
