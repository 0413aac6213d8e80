//! HTTP/1.1 at the public port: connections, bodies and their memory, framing, the handshake, and every response.

pub(crate) mod acceptor;
pub(crate) mod body;
pub(crate) mod body_memory;
pub(crate) mod framing;
pub(crate) mod handshake;
pub(crate) mod incidents;
pub(crate) mod open_files;
pub(crate) mod response;
