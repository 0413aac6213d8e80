//! What is asked of running processes: whether they are well (`health`), and what a bug report needs (`support`).

mod admin;

pub(crate) mod health;
pub(crate) mod metrics;
pub(crate) mod support;
