//! Records on topics: what each says in a few words, as they come, the way of one through all topics, reply commands,
//! and the schemas of all.

pub(crate) mod embedded;
pub(crate) mod exact;
pub(crate) mod fact;
pub(crate) mod line;
pub(crate) mod reply;
pub(crate) mod schema;
pub(crate) mod tail;
pub(crate) mod trace;
pub(crate) mod watch;
