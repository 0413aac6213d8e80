//! Whether a consumer does what it is there for: how far behind its partitions are and whether they move ([`watch`], [`stall`],
//! [`next_record`]), and whether a broker answers its client ([`connection`]). A [`supervisor`] has those who watch.

pub(super) mod connection;
mod next_record;
mod stall;
pub(super) mod supervisor;
pub(super) mod watch;
