//! Whether a consumer does what it is there for: how far behind its partitions are and whether they move ([`watch`], [`partition_state`], [`past_end`], [`stall`],
//! [`next_record`], [`broker_offsets`]), why it has none ([`refused_member`], [`shared_group`]), whether records were deleted before they were read
//! ([`resets`]), whether brokers answer its client ([`connection`]), and whether they answer another one ([`client_watchdog`]). A panic of those who watch is fatal ([`fatal_panic`]).

mod broker_offsets;
pub(super) mod client_watchdog;
pub(super) mod connection;
pub(super) mod fatal_panic;
mod next_record;
mod partition_state;
mod past_end;
pub(super) mod refused_member;
pub(super) mod resets;
mod shared_group;
mod stall;
pub(super) mod watch;
