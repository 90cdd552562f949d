//! From a peer and one header to the address that counts.
//!
//! There is no RFC for `X-Forwarded-For`; what every proxy does is append the address it was called from. So the
//! list is believed from the right, for as long as the hop that wrote an item is one of ours.

use super::{AddressError, ClientAddress, TrustedProxies};
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Bytes of the header looked at, from the right, counting one separator an item.
const MAX_BYTES: usize = 8 * 1024;
/// Items of the header looked at, from the right.
const MAX_HOPS: usize = 64;
/// `[` + 45 characters of IPv6 + `]:65535` is the longest item there is.
const MAX_ITEM: usize = 64;

const DEFAULT_HEADER: &str = "x-forwarded-for";
const DEFAULT_IPV6_PREFIX: u8 = 64;

/// How the address a request counts against is found. The default trusts no proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddressRules {
    trusted: TrustedProxies,
    header_name: String,
    /// Bits, 32..=128.
    ipv6_prefix: u8,
}

/// What [`AddressRules::resolve`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resolved {
    /// The address the request counts against.
    pub address: ClientAddress,
    /// A forwarding header came from a peer that is not a trusted proxy and was ignored. A host warns of this
    /// once, naming the setting `TRUSTED_PROXIES`: behind an unnamed proxy all callers share one address.
    pub ignored_forwarding: bool,
}

impl AddressRules {
    /// Believes `trusted`, reads `x-forwarded-for`, groups IPv6 by /64.
    #[must_use]
    pub fn new(trusted: TrustedProxies) -> Self {
        Self { trusted, header_name: DEFAULT_HEADER.into(), ipv6_prefix: DEFAULT_IPV6_PREFIX }
    }

    /// Reads `name` instead: a header that lists plain addresses, or holds a single one (`x-real-ip`,
    /// `cf-connecting-ip`). Case does not matter.
    ///
    /// # Errors
    /// [`AddressError::HeaderName`] when it is no field name, [`AddressError::ForwardedHeader`] for RFC 7239's.
    pub fn with_header_name(mut self, name: &str) -> Result<Self, AddressError> {
        if name.is_empty() || !name.bytes().all(is_token_byte) {
            return Err(AddressError::HeaderName);
        }
        let name = name.to_ascii_lowercase();
        if name == "forwarded" {
            return Err(AddressError::ForwardedHeader);
        }
        self.header_name = name;
        Ok(self)
    }

    /// Groups IPv6 addresses by their leading `bits`.
    ///
    /// # Errors
    /// [`AddressError::Ipv6Prefix`] outside 32..=128: less would make neighbours of whole providers.
    pub fn with_ipv6_prefix(mut self, bits: u8) -> Result<Self, AddressError> {
        if !(32..=128).contains(&bits) {
            return Err(AddressError::Ipv6Prefix);
        }
        self.ipv6_prefix = bits;
        Ok(self)
    }

    /// The one header that is read, in lower case.
    #[must_use]
    pub fn header_name(&self) -> &str {
        &self.header_name
    }

    /// `address` as it counts, for a host that knows it by other means than a connection.
    #[must_use]
    pub fn client_address(&self, address: IpAddr) -> ClientAddress {
        ClientAddress::new(address, self.ipv6_prefix)
    }

    /// Finds the address a request counts against.
    ///
    /// `peer` is the other end of the connection; `lines` are the values of the header
    /// [`header_name`](Self::header_name), in the order they came. A host that caps the lines must keep the
    /// *last* ones: those on the right were written nearest to us.
    ///
    /// Each item is an address, with an optional port and, for IPv6, brackets. Anything else (a name, `unknown`,
    /// an obfuscated identifier, a zone, an octet with a leading zero, an empty item) stops the walk, and the
    /// last good hop counts. At most 8 KiB and 64 items are looked at, from the right; past that the walk stops
    /// likewise. Where every hop is trusted, the leftmost counts.
    #[must_use]
    pub fn resolve(&self, peer: IpAddr, lines: &[&[u8]]) -> Resolved {
        let trusted = self.trusted.contains(peer);
        let client = if trusted { self.walk(peer, lines) } else { peer };
        Resolved { address: self.client_address(client), ignored_forwarding: !trusted && !lines.is_empty() }
    }

    /// The first untrusted hop from the right, or the last good one before the walk had to stop.
    fn walk(&self, peer: IpAddr, lines: &[&[u8]]) -> IpAddr {
        let mut last_good = peer;
        let mut bytes_left = MAX_BYTES;
        let mut hops_left = MAX_HOPS;
        for line in lines.iter().rev() {
            // Only the part within the bound is searched for commas. If that cuts an item, the piece costs one
            // byte more than is left, so that a piece is never read as an address.
            let beyond = line.len().saturating_sub(bytes_left);
            for item in line.get(beyond..).unwrap_or_default().rsplit(|&byte| byte == b',') {
                let (Some(bytes), Some(hops)) =
                    (bytes_left.checked_sub(item.len().saturating_add(1)), hops_left.checked_sub(1))
                else {
                    return last_good;
                };
                (bytes_left, hops_left) = (bytes, hops);
                match parse_hop(item) {
                    Some(hop) if self.trusted.contains(hop) => last_good = hop,
                    Some(hop) => return hop,
                    None => return last_good,
                }
            }
        }
        last_good
    }
}

impl Default for AddressRules {
    fn default() -> Self {
        Self::new(TrustedProxies::default())
    }
}

/// One item of the list: `1.2.3.4`, `1.2.3.4:567`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`.
fn parse_hop(item: &[u8]) -> Option<IpAddr> {
    let text = core::str::from_utf8(item).ok()?.trim_matches([' ', '\t']);
    if text.len() > MAX_ITEM {
        return None;
    }
    if let Some(bracketed) = text.strip_prefix('[') {
        let (address, after) = bracketed.split_once(']')?;
        if !after.is_empty() && !is_port(after.strip_prefix(':')?) {
            return None;
        }
        return address.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address);
    }
    let (address, port) = text.split_once(':')?;
    if !is_port(port) {
        return None;
    }
    address.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
}

/// One to five digits that fit 16 bits.
fn is_port(text: &str) -> bool {
    text.len() <= 5 && text.bytes().all(|byte| byte.is_ascii_digit()) && text.parse::<u16>().is_ok()
}

/// RFC 9110 §5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use alloc::vec::Vec;

    fn rules() -> AddressRules {
        AddressRules::new(TrustedProxies::parse("10.0.0.0/8, fd00::/8").unwrap())
    }

    fn resolve(lines: &[&[u8]]) -> String {
        let resolved = rules().resolve([10, 0, 0, 1].into(), lines);
        assert!(!resolved.ignored_forwarding);
        resolved.address.to_string()
    }

    #[test]
    fn hops_in_every_spelling() {
        let v6 = Some("2001:db8::1".parse().unwrap());
        let v4 = Some("1.2.3.4".parse().unwrap());
        for item in ["1.2.3.4", "1.2.3.4:567", " 1.2.3.4\t", "1.2.3.4:0", "1.2.3.4:65535"] {
            assert_eq!(parse_hop(item.as_bytes()), v4, "{item}");
        }
        for item in ["2001:db8::1", "[2001:db8::1]", "[2001:DB8::1]:443", "2001:db8:0:0:0:0:0:1"] {
            assert_eq!(parse_hop(item.as_bytes()), v6, "{item}");
        }
    }

    #[test]
    fn garbage_is_no_hop() {
        for item in [
            "",
            " ",
            "unknown",
            "_hidden",
            "_gazonk:47",
            "localhost",
            "1.2.3",
            "1.2.3.4.5",
            "01.2.3.4",
            "1.2.3.04",
            "0x1.2.3.4",
            "16909060",
            "1.2.3.256",
            "1.2.3.4:",
            "1.2.3.4:65536",
            "1.2.3.4:-1",
            "1.2.3.4:+1",
            "1.2.3.4:000080",
            "1.2.3.4:80:80",
            "[1.2.3.4]",
            "[2001:db8::1",
            "2001:db8::1]",
            "[2001:db8::1]443",
            "[2001:db8::1]:",
            "[2001:db8::1]:x",
            "[]",
            "[]:80",
            "fe80::1%eth0",
            "[fe80::1%1]:80",
            "::ffff:01.2.3.4",
            "\"1.2.3.4\"",
            "for=1.2.3.4",
            "1.2.3.4;5",
            "1.2.3.4 5.6.7.8",
            "1.2.3.4\n",
            "1.2.3.4\0",
            "1.2.3.4/32",
            "2001:db8:::1",
            "１.2.3.4",
        ] {
            assert_eq!(parse_hop(item.as_bytes()), None, "{item:?}");
        }
        assert_eq!(parse_hop(b"1.2.3.4\xff"), None);
    }

    #[test]
    fn walks_from_the_right() {
        assert_eq!(resolve(&[b"6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.3"]), "1.2.3.4");
        assert_eq!(resolve(&[b"6.6.6.6, 1.2.3.4", b"10.0.0.2"]), "1.2.3.4");
        assert_eq!(resolve(&[b"1.2.3.4", b"unknown, 10.0.0.2"]), "10.0.0.2");
        assert_eq!(resolve(&[b"10.0.0.9, 10.0.0.8"]), "10.0.0.9");
        assert_eq!(resolve(&[]), "10.0.0.1");
        assert_eq!(resolve(&[b""]), "10.0.0.1");
    }

    #[test]
    fn looks_at_64_hops() {
        let chain = |trusted: usize| {
            let mut items: Vec<&str> = alloc::vec!["1.2.3.4"];
            items.resize(trusted + 1, "10.0.0.2");
            items.join(",")
        };
        assert_eq!(resolve(&[chain(63).as_bytes()]), "1.2.3.4");
        assert_eq!(resolve(&[chain(64).as_bytes()]), "10.0.0.2");
        let lines: Vec<&[u8]> =
            core::iter::once(&b"1.2.3.4"[..]).chain(core::iter::repeat_n(&b"10.0.0.2"[..], 64)).collect();
        assert_eq!(resolve(&lines), "10.0.0.2");
        assert_eq!(resolve(&lines[..64]), "1.2.3.4");
    }

    #[test]
    fn looks_at_8_kib_and_never_reads_a_cut_item() {
        // "11.2.3.4" whose first byte lies just beyond the bound must not be read as 1.2.3.4.
        let padded = |spaces: usize| alloc::format!("11.2.3.4,{}10.0.0.2", " ".repeat(spaces));
        let fits = MAX_BYTES - "11.2.3.4,10.0.0.2".len() - 1;
        assert_eq!(resolve(&[padded(fits).as_bytes()]), "11.2.3.4");
        assert_eq!(resolve(&[padded(fits + 1).as_bytes()]), "10.0.0.2");
        assert_eq!(resolve(&[padded(fits + 2).as_bytes()]), "10.0.0.2");
        assert_eq!(resolve(&[padded(1 << 20).as_bytes()]), "10.0.0.1");
        assert_eq!(resolve(&[b"11.2.3.4", padded(fits).get(9..).unwrap().as_bytes()]), "11.2.3.4");
    }

    #[test]
    fn an_untrusted_peer_is_itself_and_is_told() {
        let rules = rules();
        let peer = "::ffff:192.0.2.1".parse().unwrap();
        let resolved = rules.resolve(peer, &[b"1.2.3.4"]);
        assert_eq!(resolved.address.to_string(), "192.0.2.1");
        assert!(resolved.ignored_forwarding);
        assert!(!rules.resolve(peer, &[]).ignored_forwarding);
    }

    #[test]
    fn configuration_is_checked() {
        assert_eq!(rules().header_name(), "x-forwarded-for");
        assert_eq!(rules().with_header_name("CF-Connecting-IP").unwrap().header_name(), "cf-connecting-ip");
        assert_eq!(rules().with_header_name("Forwarded"), Err(AddressError::ForwardedHeader));
        for name in ["", "x forwarded", "x:y", "é", "x\r\ny"] {
            assert_eq!(rules().with_header_name(name), Err(AddressError::HeaderName), "{name:?}");
        }
        for bits in [0, 31, 129] {
            assert_eq!(rules().with_ipv6_prefix(bits), Err(AddressError::Ipv6Prefix), "{bits}");
        }
        for bits in [32, 56, 128] {
            assert!(rules().with_ipv6_prefix(bits).is_ok(), "{bits}");
        }
    }
}
