//! What Weir needs at Meta: subscriptions of apps, installs of accounts, and access tokens, declared in one file.
//!
//! [`file`] reads what is declared, [`hosts`] are the two hosts of the Graph API, [`connect`] makes subscriptions and
//! installs so.

mod advice;
mod credentials;
mod file;
mod hosts;
mod settings;

pub(crate) mod connect;

#[cfg(test)]
mod declared_for_tests;

pub use credentials::CredentialsError;
pub use file::FileError;

use weir_graph::ClientError;

/// Why nothing could be asked of Meta.
#[derive(Debug, thiserror::Error)]
pub enum MetaError {
    /// The file says nothing that can be done.
    #[error(transparent)]
    File(#[from] FileError),
    /// Files of secrets cannot be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// There is no HTTP client.
    #[error(transparent)]
    Client(#[from] ClientError),
}
