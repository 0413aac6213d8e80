//! Host and port of a broker.

use std::fmt;

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Address {
    /// A name or an address, one of version 6 without its brackets.
    pub(super) host: String,
    pub(super) port: u16,
}

impl Address {
    /// Those of `--brokers`: `host:port`, separated by commas.
    pub(super) fn list(text: &str) -> Vec<Self> {
        text.split(',').filter_map(|one| Self::parse(one.trim())).collect()
    }

    fn parse(text: &str) -> Option<Self> {
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Some(Self { host, port: port.parse().ok()? })
    }
}

impl fmt::Display for Address {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}
