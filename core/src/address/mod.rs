//! Whose address a request counts against.
//!
//! A request counts against the peer of its connection. Only where that peer is one of the configured
//! [`TrustedProxies`] is one named header read (`X-Forwarded-For` by default), from the right, past trusted
//! hops, to the first address that no proxy of ours vouches for. Nobody gets a fresh bucket by writing a header.
//!
//! The answer is a [`ClientAddress`]: IPv4-mapped IPv6 (RFC 4291 §2.5.5.2) counts as IPv4, and an IPv6 address
//! counts by its /64, because a whole /64 is what one subscriber holds (RFC 6177).
//!
//! What is not done here: no name is resolved, RFC 7239's `Forwarded` is not read, and whether the header came
//! over an honest connection is the network's affair: a trusted proxy is believed.
//!
//! ```
//! use doorward::address::{AddressRules, TrustedProxies};
//!
//! let rules = AddressRules::new(TrustedProxies::parse("10.0.0.0/8, ::1")?);
//! let proxy = [10, 0, 0, 7].into();
//!
//! // The proxy appended 203.0.113.9; what stands to the left of it is the client's own writing.
//! let resolved = rules.resolve(proxy, &[b"1.2.3.4, 203.0.113.9"]);
//! assert_eq!(resolved.address.to_string(), "203.0.113.9");
//!
//! // Anyone else's header is ignored.
//! let stranger = [198, 51, 100, 1].into();
//! let resolved = rules.resolve(stranger, &[b"1.2.3.4"]);
//! assert_eq!(resolved.address.to_string(), "198.51.100.1");
//! assert!(resolved.ignored_forwarding);
//! # Ok::<(), doorward::address::AddressError>(())
//! ```

mod cidr;
mod client;
mod error;
mod rules;
mod trusted;

#[cfg(test)]
mod properties;

pub use cidr::Cidr;
pub use client::ClientAddress;
pub use error::{AddressError, CidrError};
pub use rules::{AddressRules, Resolved};
pub use trusted::TrustedProxies;
