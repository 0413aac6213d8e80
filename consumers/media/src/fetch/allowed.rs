//! Where may be fetched from: by https, from a host of the setting, at an address that is public or of a network of the setting.
//!
//! `fetch.rs` asks for a link and for each redirect of it, `resolver.rs` for each address that is connected to.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use reqwest::Url;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A host that is fetched from: `cdn.example`, `*.cdn.example` for all below it, and `:port` where it is not 443.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostRule {
    name: String,
    below: bool,
    port: u16,
}

/// Reads a list, of which each must be understood.
pub(crate) fn list<T>(text: &str, one: impl Fn(&str) -> Option<T>) -> Option<Vec<T>> {
    text.split(',').map(|word| one(word.trim())).collect()
}

/// Reads a network, such as `10.1.0.0/16`.
pub(crate) fn network(text: &str) -> Option<IpNet> {
    let (address, bits) = text.split_once('/')?;
    IpNet::new(address.parse().ok()?, bits.parse().ok()?).ok()
}

/// Whether a URL may be asked for, or why not in a word: what it leads to is checked again at every redirect, and its addresses by
/// [`is_reachable`].
pub(crate) fn check(url: &Url, hosts: &[HostRule]) -> Result<(), &'static str> {
    if url.scheme() != "https" {
        return Err("not_https");
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("user_info");
    }
    // An address instead of a name never reaches the resolver, which checks addresses: it has to be refused here.
    let name = url.domain().ok_or("host")?;
    let port = url.port_or_known_default();
    let mut of_host = hosts.iter().filter(|rule| rule.is(name)).peekable();
    of_host.peek().ok_or("host")?;
    if of_host.any(|rule| Some(rule.port) == port) { Ok(()) } else { Err("port") }
}

/// Whether an address may be connected to: one of the public internet, or of a network that the setting names.
pub(crate) fn is_reachable(address: IpAddr, networks: &[IpNet]) -> bool {
    is_public(address) || networks.iter().any(|network| network.contains(&address))
}

/// What is not public. Of IPv4: the blocks of IANA's registry of special purposes, multicast and the reserved rest. Of IPv6: the
/// special blocks within `2000::/3`, 6to4 and Teredo among them. All outside of `2000::/3` (local, link-local, multicast, IPv4 as
/// mapped or by NAT64) is not public anyway.
/// Sources: <https://www.iana.org/assignments/iana-ipv4-special-registry> and
/// <https://www.iana.org/assignments/iana-ipv6-special-registry>, as of 2026.
const SPECIAL: [IpNet; 19] = [
    v4([0, 0, 0, 0], 8),
    v4([10, 0, 0, 0], 8),
    v4([100, 64, 0, 0], 10),
    v4([127, 0, 0, 0], 8),
    v4([169, 254, 0, 0], 16),
    v4([172, 16, 0, 0], 12),
    v4([192, 0, 0, 0], 24),
    v4([192, 0, 2, 0], 24),
    v4([192, 88, 99, 0], 24),
    v4([192, 168, 0, 0], 16),
    v4([198, 18, 0, 0], 15),
    v4([198, 51, 100, 0], 24),
    v4([203, 0, 113, 0], 24),
    v4([224, 0, 0, 0], 4),
    v4([240, 0, 0, 0], 4),
    v6([0x2001, 0], 23),
    v6([0x2001, 0xdb8], 32),
    v6([0x2002, 0], 16),
    v6([0x3fff, 0], 20),
];

/// What of IPv6 is assigned as global unicast.
const GLOBAL_UNICAST: IpNet = v6([0x2000, 0], 3);

fn is_public(address: IpAddr) -> bool {
    (address.is_ipv4() || GLOBAL_UNICAST.contains(&address))
        && !SPECIAL.iter().any(|special| special.contains(&address))
}

const fn v4([a, b, c, d]: [u8; 4], bits: u8) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, d), bits))
}

const fn v6([a, b]: [u16; 2], bits: u8) -> IpNet {
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0), bits))
}

impl HostRule {
    /// Reads one; a pattern for every host is none.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, port) = match text.split_once(':') {
            Some((name, port)) => (name, port.parse().ok()?),
            None => (text, 443),
        };
        let (name, below) = name.strip_prefix("*.").map_or((name, false), |name| (name, true));
        let is_label = |label: &str| {
            !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let is_name = name.split('.').all(is_label) && name.parse::<IpAddr>().is_err();
        (is_name && port > 0).then(|| Self { name: name.to_ascii_lowercase(), below, port })
    }

    fn is(&self, host: &str) -> bool {
        if !self.below {
            return host == self.name;
        }
        host.strip_suffix(&self.name).is_some_and(|before| before.len() > 1 && before.ends_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{HOSTS, MediaSettings};

    fn checked(url: &str) -> Result<(), &'static str> {
        let url = Url::parse(url).map_err(|_| "bad_url")?;
        check(&url, &list(HOSTS, HostRule::parse).unwrap_or_default())
    }

    #[test]
    fn hosts_of_metas_cdns_are_fetched_from_by_https_alone() {
        for url in [
            "https://scontent.cdninstagram.com/v/t1.jpg?oe=1",
            "https://lookaside.fbsbx.com/ig_messaging_cdn/?asset_id=1",
            "https://scontent.xx.FBCDN.net/v",
            "https://video.fbcdn.net:443/v",
        ] {
            assert_eq!(checked(url), Ok(()), "{url}");
        }
        for (url, why) in [
            ("http://scontent.xx.fbcdn.net/v", "not_https"),
            ("ftp://scontent.xx.fbcdn.net/v", "not_https"),
            ("file:///etc/passwd", "not_https"),
            ("https://me@scontent.xx.fbcdn.net/", "user_info"),
            ("https://:secret@scontent.xx.fbcdn.net/", "user_info"),
            ("https://fbcdn.net/", "host"),
            ("https://evilfbcdn.net/", "host"),
            ("https://scontent.fbcdn.net.evil.example/", "host"),
            ("https://scontent.fbcdn.net./", "host"),
            ("https://169.254.169.254/latest", "host"),
            ("https://0x7f000001/", "host"),
            ("https://[::1]/", "host"),
            ("https://localhost/", "host"),
            ("https://scontent.xx.fbcdn.net:8443/", "port"),
        ] {
            assert_eq!(checked(url), Err(why), "{url}");
        }
    }

    #[test]
    fn a_rule_names_a_host_or_all_below_one_and_never_all() {
        for text in ["", "*", "*.", "a..b", "10.0.0.1", "a:0", "a:x", "http://a", "a b", "*.*.net"] {
            assert_eq!(HostRule::parse(text), None, "{text}");
        }
        let rule = HostRule::parse("localhost:8443").unwrap();
        let url = |text: &str| Url::parse(text).unwrap();
        assert_eq!(check(&url("https://localhost:8443/"), std::slice::from_ref(&rule)), Ok(()));
        assert_eq!(check(&url("https://localhost/"), &[rule]), Err("port"));
        assert_eq!(list("a,", HostRule::parse), None);
    }

    #[test]
    fn no_address_but_those_of_the_public_internet_is_reachable() {
        for address in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.192",
            "192.168.1.1",
            "198.19.0.1",
            "203.0.113.9",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:8.8.8.8",
            "::ffff:127.0.0.1",
            "::8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
            "fc00::1",
            "fd00:ec2::254",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!is_reachable(address.parse().unwrap(), &[]), "{address}");
        }
        for address in [
            "8.8.8.8",
            "31.13.71.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.32.0.1",
            "2a03:2880:f12f::1",
            "2606:4700::1",
        ] {
            assert!(is_reachable(address.parse().unwrap(), &[]), "{address}");
        }
    }

    #[test]
    fn a_network_of_the_setting_is_reachable_and_its_neighbour_is_not() {
        let networks = list("10.1.0.0/16, fd00::/8", network).unwrap();
        for (address, expected) in
            [("10.1.9.9", true), ("10.2.0.1", false), ("fd12::1", true), ("fe80::1", false)]
        {
            assert_eq!(is_reachable(address.parse().unwrap(), &networks), expected, "{address}");
        }
        for text in ["10.1.0.0", "10.1.0.0/33", "fd00::/129", "x/8", "10.0.0.0/-1"] {
            assert_eq!(network(text), None, "{text}");
        }
        assert!(is_reachable("192.168.0.1".parse().unwrap(), &[network("0.0.0.0/0").unwrap()]));
    }

    #[test]
    fn no_network_is_named_where_nothing_is_set() {
        assert_eq!(MediaSettings::of("file:///tmp").fetch.media_networks, []);
    }
}
