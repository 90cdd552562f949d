//! What can be wrong with a configured network, proxy list or forwarding header.

use core::fmt;

/// Why a text is not a network. Raised at configuration only; says how to mend it and never repeats the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CidrError {
    /// Nothing but white space.
    Empty,
    /// What stands before the `/` is not an IP address.
    Address,
    /// What stands after the `/` is not a length in bits that fits the address.
    Prefix,
    /// Bits beyond the prefix are set, so that the text names a host where a network is meant.
    HostBits,
    /// An IPv4-mapped IPv6 network whose prefix is shorter than the mapping's own 96 bits.
    MappedPrefix,
}

impl CidrError {
    /// A stable snake_case code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "cidr_empty",
            Self::Address => "cidr_address",
            Self::Prefix => "cidr_prefix",
            Self::HostBits => "cidr_host_bits",
            Self::MappedPrefix => "cidr_mapped_prefix",
        }
    }
}

impl fmt::Display for CidrError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "is empty: name a network such as 10.0.0.0/8, or remove the comma",
            Self::Address => {
                "is not an IP address: write all four parts of an IPv4 address without leading zeros, \
                 or an IPv6 address without brackets, zone or port; names are not resolved"
            }
            Self::Prefix => {
                "has a prefix that does not fit: write 0 to 32 after an IPv4 address, 0 to 128 after an \
                 IPv6 address, in plain digits"
            }
            Self::HostBits => {
                "has bits set beyond its prefix: zero them, as in 10.0.0.0/8, or drop the prefix to name \
                 one address"
            }
            Self::MappedPrefix => {
                "is an IPv4-mapped network with a prefix under 96: write the plain IPv4 network instead, \
                 as in 10.0.0.0/8"
            }
        })
    }
}

impl core::error::Error for CidrError {}

/// Why the rules for addresses cannot be built. Raised at configuration only; never repeats its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AddressError {
    /// One item of the list of trusted proxies is not a network.
    TrustedProxy {
        /// Which item, counted from 1.
        position: usize,
        /// What is wrong with it.
        problem: CidrError,
    },
    /// One item of the list of trusted proxies covers every address of its family, so that every caller could
    /// choose the address it counts against.
    TrustsEveryone {
        /// Which item, counted from 1.
        position: usize,
    },
    /// The header to read is not an HTTP field name (RFC 9110 §5.1).
    HeaderName,
    /// The header to read is RFC 7239's `Forwarded`, which is not a list of addresses.
    ForwardedHeader,
    /// The prefix by which IPv6 addresses are grouped is not in 32..=128 bits.
    Ipv6Prefix,
}

impl AddressError {
    /// A stable snake_case code, the same in every language.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::TrustedProxy { problem, .. } => problem.code(),
            Self::TrustsEveryone { .. } => "trusts_everyone",
            Self::HeaderName => "forwarding_header_name",
            Self::ForwardedHeader => "forwarding_header_forwarded",
            Self::Ipv6Prefix => "ipv6_prefix",
        }
    }
}

impl fmt::Display for AddressError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TrustedProxy { position, problem } => write!(f, "trusted proxy {position} {problem}"),
            Self::TrustsEveryone { position } => write!(
                f,
                "trusted proxy {position} covers every address, so that any caller could choose the one it \
                 counts against: name the networks your proxies connect from"
            ),
            Self::HeaderName => {
                f.write_str("the forwarding header is not a header name: write one such as x-forwarded-for")
            }
            Self::ForwardedHeader => f.write_str(
                "the forwarding header cannot be forwarded (RFC 7239): only headers that list plain addresses \
                 are read; have the proxy set x-forwarded-for and name that",
            ),
            Self::Ipv6Prefix => f.write_str("the IPv6 prefix must be between 32 and 128 bits; 64 is usual"),
        }
    }
}

impl core::error::Error for AddressError {}
