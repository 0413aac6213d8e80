//! How each attack is made.

pub(crate) mod admin;
pub(crate) mod floods;
pub(crate) mod folder;
pub(crate) mod secrets;
pub(crate) mod signatures;
pub(crate) mod tenants;
