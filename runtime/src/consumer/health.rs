//! Whether a consumer does what it is there for: how far behind its partitions are and whether they move ([`watch`], [`stall`]), and
//! whether a broker answers its client ([`connection`]).

pub(super) mod connection;
mod stall;
pub(super) mod watch;
