//! The canonical address a bucket is keyed by.

use super::cidr::{bits, mask};
use core::fmt;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Whom a request counts against: one IPv4 address, or one IPv6 network.
///
/// Two callers count as one exactly when their `ClientAddress` is equal. Made by
/// [`AddressRules`](super::AddressRules).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddress(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    V4(Ipv4Addr),
    /// No bits are set beyond `prefix`; never IPv4-mapped.
    V6 {
        network: Ipv6Addr,
        prefix: u8,
    },
}

impl ClientAddress {
    /// `ipv6_prefix` is in bits, 32..=128; IPv4-mapped addresses become IPv4.
    pub(super) fn new(address: IpAddr, ipv6_prefix: u8) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(v4) => Kind::V4(v4),
            v6 @ IpAddr::V6(_) => {
                Kind::V6 { network: Ipv6Addr::from_bits(bits(v6) & mask(ipv6_prefix)), prefix: ipv6_prefix }
            }
        })
    }

    /// The bytes that stand for this address in a bucket's key: a tag (4 for IPv4, else the prefix in bits),
    /// then the address in network order, padded with zeros. Injective: 4 is no prefix an IPv6 address has.
    #[must_use]
    pub fn key(&self) -> [u8; 17] {
        let (tag, address) = match self.0 {
            Kind::V4(v4) => (4, bits(IpAddr::V4(v4))),
            Kind::V6 { network, prefix } => (prefix, network.to_bits()),
        };
        let mut key = [tag; 17];
        for (byte, value) in key.iter_mut().skip(1).zip(address.to_be_bytes()) {
            *byte = value;
        }
        key
    }
}

/// `203.0.113.7`, or `2001:db8:1:2::/64` (RFC 5952, with the prefix it is grouped by).
impl fmt::Display for ClientAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::V4(v4) => write!(f, "{v4}"),
            Kind::V6 { network, prefix } => write!(f, "{network}/{prefix}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn client(address: &str, prefix: u8) -> ClientAddress {
        ClientAddress::new(address.parse().unwrap(), prefix)
    }

    #[test]
    fn mapped_is_ipv4_in_every_notation() {
        let plain = client("192.0.2.1", 64);
        for mapped in
            ["::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1", "0000::ffff:C000:0201"]
        {
            assert_eq!(client(mapped, 64), plain, "{mapped}");
        }
        assert_eq!(plain.to_string(), "192.0.2.1");
        assert_ne!(client("::192.0.2.1", 128), plain);
    }

    #[test]
    fn ipv6_counts_by_its_network() {
        assert_eq!(client("2001:db8:1:2:3:4:5:6", 64).to_string(), "2001:db8:1:2::/64");
        assert_eq!(client("2001:db8:1:2:3:4:5:6", 64), client("2001:db8:1:2:ffff::", 64));
        assert_ne!(client("2001:db8:1:2::", 64), client("2001:db8:1:3::", 64));
        assert_eq!(client("2001:db8:1:2:3:4:5:6", 32).to_string(), "2001:db8::/32");
        assert_eq!(client("2001:db8::1", 128).to_string(), "2001:db8::1/128");
    }

    #[test]
    fn keys_tell_families_and_prefixes_apart() {
        // The same leading bits: c0.00.02.01.
        let v4 = client("192.0.2.1", 64);
        assert_eq!(v4.key(), [4, 192, 0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        assert_ne!(v4.key(), client("c000:201::", 64).key());
        assert_ne!(client("c000:201::", 64).key(), client("c000:201::", 65).key());
        let mut expected = [0; 17];
        expected[..5].copy_from_slice(&[48, 0x20, 0x01, 0x0d, 0xb8]);
        assert_eq!(client("2001:db8::1", 48).key(), expected);
    }
}
