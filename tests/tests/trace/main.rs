//! `weir trace`: a message is followed from its delivery to what was answered, and where its way ends is told.

#![cfg(feature = "everything")]

mod found;
mod pages;
mod stopped;
mod traced;
