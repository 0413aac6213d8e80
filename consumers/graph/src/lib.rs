//! A client of Meta's Graph API, for the consumers that ask it and those that act through it.
//!
//! [`Graph`] makes calls: it reaches the host of the token and no other, in bounded time and size. [`AccessTokens`] are
//! the tokens and accounts in their files, [`Account`] says where one is reached, [`RateLimiter`] keeps calls below Meta's limits, [`CallError`] says what can be done about a call
//! that came to nothing, [`edges`] are the calls about an app itself. The crate `weir-graph-simulator` is a Graph API on
//! loopback, for tests.

mod account;
mod answer;
mod batch;
mod client;
mod endpoint;
mod error;
mod id;
mod rate_limiter;
mod settings;
mod token;
mod usage;

#[cfg(test)]
mod tests;

pub mod edges;
pub mod tokens;

pub use account::{Account, Login};
pub use answer::{Answer, Refusal, RefusalClass, Said};
pub use batch::{BatchItem, LARGEST_BATCH};
pub use client::{Body, Graph, Outcome, Reply, SharedWaits, Written};
pub use endpoint::{GraphUrl, GraphVersion};
pub use error::{CallError, ClientError};
pub use id::GraphId;
pub use rate_limiter::{CallBudgets, Limit, LimitWaits, RateLimitSettings, RateLimited, RateLimiter, Scope};
pub use settings::{GraphParts, GraphSettings};
pub use token::{AccessToken, AppSecret};
pub use tokens::{AccessTokens, NoToken, REFUSED_TRIED_AFTER, TokenSettings};
pub use usage::{BudgetUsage, Share, Usage};
