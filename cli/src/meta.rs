//! What Weir needs at Meta: subscriptions of apps, installs of accounts, and access tokens, declared in one file.
//!
//! [`file`] reads what is declared, [`accounts`] has it with its secrets and the two hosts of the Graph API, [`connect`] makes subscriptions and
//! installs so, [`tokens`] looks at tokens and renews them, [`doctor`] says why nothing arrives.

mod accounts;
mod advice;
mod file;
mod settings;

pub(crate) mod connect;
pub(crate) mod doctor;
pub(crate) mod tokens;

use file::FileError;
use runtime::http::admin::AdminError;
use weir_graph::ClientError;

/// Why nothing could be asked of Meta.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetaError {
    /// What is declared, or a secret, cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// There is no HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The admin port cannot be had.
    #[error(transparent)]
    Admin(#[from] AdminError),
    /// A token was not exchanged or renewed, or not stored, as the words say.
    #[error("{0}")]
    Refused(String),
}

#[cfg(test)]
mod tests;
