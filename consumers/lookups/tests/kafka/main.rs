//! The whole consumer between a mock cluster and a Graph API that has every trouble there is.
#![expect(clippy::unwrap_used, reason = "what fails in a test fails the test")]

mod cluster;
mod mentions;
mod running;
mod troubles;
