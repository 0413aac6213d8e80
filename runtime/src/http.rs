//! What a process serves over HTTP: its ports, who may be connected, how long each may take, and the admin port.

pub mod admin;
pub mod client;
pub mod connections;
pub mod ports;
pub mod timed_stream;
pub mod tls;
