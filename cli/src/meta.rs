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

use accounts::{Accounts, App};
use advice::TokenOwner;
use file::{DeclaredAccount, DeclaredApp, Login, Object};
use settings::MetaSettings;

#[cfg(test)]
mod tests;
