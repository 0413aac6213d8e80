//! Whether a consumer does what it is there for: how far behind its partitions are and whether they move ([`watch`], [`stall`],
//! [`ahead`]), and whether a broker answers its client ([`connection`]). A [`supervisor`] has those who watch.

mod ahead;
pub(super) mod connection;
mod stall;
pub(super) mod supervisor;
pub(super) mod watch;
