//! Records on topics: what each says in a few words, as they come, the way of one through all topics, and commands to answer.

pub(crate) mod fact;
pub(crate) mod line;
pub(crate) mod reply;
mod sum;
pub(crate) mod tail;
pub(crate) mod trace;
pub(crate) mod watch;
