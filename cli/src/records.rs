//! Records on topics: what each says in a few words, as they come, and the way of one through all topics.

pub(crate) mod fact;
pub(crate) mod line;
mod sum;
pub(crate) mod tail;
pub(crate) mod watch;
