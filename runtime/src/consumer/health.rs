//! Whether a consumer does what it is there for: how far behind its partitions are and whether they move ([`watch`], [`stall`],
//! [`next_record`]), and whether a broker answers its client ([`connection`]). A panic of those who watch is fatal ([`fatal_panic`]).

pub(super) mod connection;
pub(super) mod fatal_panic;
mod next_record;
mod stall;
pub(super) mod watch;
