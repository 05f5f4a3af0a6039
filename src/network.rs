//! Networks, and which addresses are the world's: IANA's special-purpose registries, RFC 6890.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// An address and how many of its first bits count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network {
    address: IpAddr,
    bits: u32,
}

impl Network {
    const fn v4(a: u8, b: u8, c: u8, bits: u32) -> Self {
        Self { address: IpAddr::V4(Ipv4Addr::new(a, b, c, 0)), bits }
    }

    const fn v6(a: u16, b: u16, bits: u32) -> Self {
        Self { address: IpAddr::V6(Ipv6Addr::new(a, b, 0, 0, 0, 0, 0, 0)), bits }
    }

    pub(crate) fn holds(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(own), IpAddr::V4(other)) => same(u128::from(own.to_bits()) << 96, u128::from(other.to_bits()) << 96, self.bits),
            (IpAddr::V6(own), IpAddr::V6(other)) => same(own.to_bits(), other.to_bits(), self.bits),
            (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

fn same(one: u128, other: u128, bits: u32) -> bool {
    (one ^ other).checked_shr(128 - bits).unwrap_or_default() == 0
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// A text that is not a network.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct NotANetwork(String);

impl fmt::Display for NotANetwork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: expected an address and a number of bits, as in \"192.168.7.0/24\"", self.0)
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let parsed = text.split_once('/').and_then(|(address, bits)| {
            let address: IpAddr = address.parse().ok()?;
            let limit = if address.is_ipv4() { 32 } else { 128 };
            Some(Self { address, bits: bits.parse().ok().filter(|bits| *bits <= limit)? })
        });
        parsed.ok_or_else(|| NotANetwork(text.to_owned()))
    }
}

/// This machine, its neighbours, providers' own networks, examples, tests, multicast, and what is kept for later.
const V4_SPECIAL: [Network; 15] = [
    Network::v4(0, 0, 0, 8),
    Network::v4(10, 0, 0, 8),
    Network::v4(100, 64, 0, 10),
    Network::v4(127, 0, 0, 8),
    Network::v4(169, 254, 0, 16),
    Network::v4(172, 16, 0, 12),
    Network::v4(192, 0, 0, 24),
    Network::v4(192, 0, 2, 24),
    Network::v4(192, 88, 99, 24),
    Network::v4(192, 168, 0, 16),
    Network::v4(198, 18, 0, 15),
    Network::v4(198, 51, 100, 24),
    Network::v4(203, 0, 113, 24),
    Network::v4(224, 0, 0, 4),
    Network::v4(240, 0, 0, 4),
];

/// All that is public. Loopback, link-local, site's own, multicast, IPv4 in IPv6's clothes and NAT64 lie outside.
const V6_GLOBAL: Network = Network::v6(0x2000, 0, 3);

/// Inside it: Teredo and the protocols' own, examples, 6to4, whose addresses hold others of IPv4.
const V6_SPECIAL: [Network; 4] =
    [Network::v6(0x2001, 0, 23), Network::v6(0x2001, 0xdb8, 32), Network::v6(0x2002, 0, 16), Network::v6(0x3fff, 0, 20)];

/// Whether an address is one that anybody may be sent to.
pub(crate) fn is_public(address: IpAddr) -> bool {
    let special: &[Network] = if address.is_ipv4() { &V4_SPECIAL } else { &V6_SPECIAL };
    (address.is_ipv4() || V6_GLOBAL.holds(address)) && !special.iter().any(|network| network.holds(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn only_the_world_is_public() {
        for public in
            ["1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.9.9", "172.32.0.1", "223.255.255.255", "2606:4700::1111", "2a00::1"]
        {
            assert!(is_public(ip(public)), "{public}");
        }
        for special in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.1",
            "192.0.2.1",
            "198.18.0.1",
            "198.19.255.255",
            "203.0.113.9",
            "224.0.0.1",
            "239.255.255.255",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:1.1.1.1",
            "::ffff:127.0.0.1",
            "::127.0.0.1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff::1",
        ] {
            assert!(!is_public(ip(special)), "{special}");
        }
    }

    #[test]
    fn a_network_holds_what_shares_its_first_bits() {
        let lab: Network = "192.168.7.0/24".parse().unwrap();
        assert!(lab.holds(ip("192.168.7.255")) && !lab.holds(ip("192.168.8.0")) && !lab.holds(ip("::ffff:192.168.7.1")));
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds(ip("8.8.8.8")) && !all.holds(ip("::1")));
        assert_eq!("fd00::/8".parse::<Network>().unwrap().to_string(), "fd00::/8");
        for bad in ["192.168.7.0", "192.168.7.0/33", "::/129", "lab/8", "10.0.0.0/-1"] {
            assert_eq!(bad.parse::<Network>(), Err(NotANetwork(bad.to_owned())));
        }
    }
}
