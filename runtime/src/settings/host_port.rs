//! `HOST:PORT`, as brokers and admin ports are given.

/// Whether it names a port of a host, as `ingest-0:9090`; a URL is none, nor is one with a user.
pub fn is_host_port(text: &str) -> bool {
    let stray = |character: char| character.is_whitespace() || matches!(character, ';' | '/' | '@');
    text.rsplit_once(':')
        .is_some_and(|(host, port)| !host.is_empty() && !host.contains(stray) && port.parse::<u16>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_of_a_host_is_no_url() {
        for good in ["ingest-0:9090", "[::1]:9090", "127.0.0.1:9090", "ingest-0.weir.svc:9090"] {
            assert!(is_host_port(good), "{good}");
        }
        for bad in ["http://a:1", "../etc:1", "a b:1", "me:pw@a:1", ":9090", "ingest-0", "ingest-0:http"] {
            assert!(!is_host_port(bad), "{bad}");
        }
    }
}
