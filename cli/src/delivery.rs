//! Deliveries by hand: what a body becomes, its signature made and verified, one posted, and many as Meta posts them.

mod body;
pub(crate) mod events;
pub(crate) mod post;
pub(crate) mod poster;
pub(crate) mod sign;
pub(crate) mod simulate;
pub(crate) mod verify;
mod wire;
