//! How each scenario is played.

pub(crate) mod away;
pub(crate) mod hostile;
pub(crate) mod large;
pub(crate) mod processes;
pub(crate) mod steady;
