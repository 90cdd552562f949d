//! Networks in CIDR notation (RFC 4632 §3.1, RFC 4291 §2.3), over `core::net`.
//!
//! Not accepted: shortened IPv4 (`10/8`), masks (`10.0.0.0/255.0.0.0`), ranges, zones, names.

use super::CidrError;
use core::fmt;
use core::net::IpAddr;
use core::str::FromStr;

/// A network: an address and how many of its leading bits count.
///
/// Canonical: no bits are set beyond the prefix, and an IPv4-mapped IPv6 network is the IPv4 network it maps.
///
/// ```
/// use doorward::address::Cidr;
///
/// let network = Cidr::parse("10.0.0.0/8")?;
/// assert!(network.contains([10, 1, 2, 3].into()));
/// assert!(Cidr::parse("10.1.2.3/8").is_err());
/// # Ok::<(), doorward::address::CidrError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cidr {
    network: IpAddr,
    /// Bits: 0..=32 for IPv4, 0..=128 for IPv6.
    prefix: u8,
}

impl Cidr {
    /// Reads `address/prefix`, or a bare address, which stands for itself alone (/32 or /128).
    ///
    /// # Errors
    /// [`CidrError`] when the text is anything else, or has bits set beyond its prefix.
    pub fn parse(text: &str) -> Result<Self, CidrError> {
        if text.trim_ascii().is_empty() {
            return Err(CidrError::Empty);
        }
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let written: IpAddr = address.parse().map_err(|_| CidrError::Address)?;
        let width = if written.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            Some(digits) => parse_prefix(digits, width)?,
            None => width,
        };
        let network = written.to_canonical();
        let prefix = if network.is_ipv4() == written.is_ipv4() {
            prefix
        } else {
            prefix.checked_sub(96).ok_or(CidrError::MappedPrefix)?
        };
        if bits(network) & !mask(prefix) != 0 {
            return Err(CidrError::HostBits);
        }
        Ok(Self { network, prefix })
    }

    /// Whether `address` lies in this network. An IPv4-mapped address is looked up as IPv4; an IPv6 network
    /// never contains an IPv4 address.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.network.is_ipv4() && bits(address) & mask(self.prefix) == bits(self.network)
    }

    /// Whether this is all of IPv4 or all of IPv6.
    pub(super) const fn is_everything(&self) -> bool {
        self.prefix == 0
    }
}

impl FromStr for Cidr {
    type Err = CidrError;

    fn from_str(text: &str) -> Result<Self, CidrError> {
        Self::parse(text)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

/// The address's bits, left-aligned, so that one mask serves both families.
pub(super) fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(v4.to_bits()) << 96,
        IpAddr::V6(v6) => v6.to_bits(),
    }
}

/// The `prefix` leading bits set.
pub(super) fn mask(prefix: u8) -> u128 {
    !u128::MAX.checked_shr(u32::from(prefix)).unwrap_or(0)
}

/// Plain digits, no sign and no leading zero: at most `width` bits.
fn parse_prefix(digits: &str, width: u8) -> Result<u8, CidrError> {
    let plain = digits.bytes().all(|b| b.is_ascii_digit()) && (digits.len() == 1 || !digits.starts_with('0'));
    match digits.parse() {
        Ok(prefix) if plain && prefix <= width => Ok(prefix),
        _ => Err(CidrError::Prefix),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn canonical(text: &str) -> Result<alloc::string::String, CidrError> {
        Cidr::parse(text).map(|cidr| cidr.to_string())
    }

    #[test]
    fn reads_networks_and_bare_addresses() {
        assert_eq!(canonical("10.0.0.0/8").unwrap(), "10.0.0.0/8");
        assert_eq!(canonical("192.0.2.1").unwrap(), "192.0.2.1/32");
        assert_eq!(canonical("2001:DB8::/32").unwrap(), "2001:db8::/32");
        assert_eq!(canonical("::1").unwrap(), "::1/128");
        assert_eq!(canonical("0.0.0.0/0").unwrap(), "0.0.0.0/0");
        assert_eq!(canonical("::/0").unwrap(), "::/0");
    }

    #[test]
    fn a_mapped_network_is_the_ipv4_network() {
        assert_eq!(canonical("::ffff:10.0.0.0/104").unwrap(), "10.0.0.0/8");
        assert_eq!(canonical("::ffff:a00:1").unwrap(), "10.0.0.1/32");
        assert_eq!(canonical("::ffff:0:0/96").unwrap(), "0.0.0.0/0");
        assert_eq!(canonical("::ffff:10.0.0.0/8"), Err(CidrError::MappedPrefix));
        assert_eq!(canonical("::ffff:10.0.0.1/104"), Err(CidrError::HostBits));
    }

    #[test]
    fn refuses_what_is_not_a_network() {
        for text in ["", "  "] {
            assert_eq!(canonical(text), Err(CidrError::Empty), "{text:?}");
        }
        for text in
            ["10", "10/8", "010.0.0.1", "localhost", "[::1]", "fe80::1%eth0", "1.2.3.4:80", " ::1", "/8"]
        {
            assert_eq!(canonical(text), Err(CidrError::Address), "{text:?}");
        }
        for text in ["10.0.0.0/", "10.0.0.0/33", "::/129", "10.0.0.0/+8", "10.0.0.0/08", "::/256", "::/0/0"] {
            assert_eq!(canonical(text), Err(CidrError::Prefix), "{text:?}");
        }
        for text in ["10.1.2.3/8", "2001:db8::1/64", "1.0.0.0/0", "128.0.0.1/31"] {
            assert_eq!(canonical(text), Err(CidrError::HostBits), "{text:?}");
        }
    }

    #[test]
    fn contains_up_to_its_edges() {
        let contains =
            |cidr: &str, address: &str| Cidr::parse(cidr).unwrap().contains(address.parse().unwrap());
        assert!(contains("10.128.0.0/9", "10.128.0.0"));
        assert!(contains("10.128.0.0/9", "10.255.255.255"));
        assert!(!contains("10.128.0.0/9", "10.127.255.255"));
        assert!(!contains("10.128.0.0/9", "11.0.0.0"));
        assert!(contains("10.0.0.0/8", "::ffff:10.9.9.9"));
        assert!(contains("2001:db8::/33", "2001:db8:7fff:ffff::"));
        assert!(!contains("2001:db8::/33", "2001:db8:8000::"));
        assert!(!contains("::/0", "10.0.0.1"));
        assert!(!contains("::/0", "::ffff:10.0.0.1"));
        assert!(!contains("0.0.0.0/0", "::1"));
        assert!(!contains("10.0.0.1", "10.0.0.2"));
    }

    #[test]
    fn masks_cover_both_ends() {
        assert_eq!(mask(0), 0);
        assert_eq!(mask(1), 1 << 127);
        assert_eq!(mask(128), u128::MAX);
    }
}
