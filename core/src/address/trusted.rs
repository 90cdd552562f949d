//! The proxies whose forwarding header is believed.

use super::{AddressError, Cidr};
use alloc::vec::Vec;
use core::net::IpAddr;

/// The networks our own proxies connect from. Empty by default: no header is believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TrustedProxies {
    networks: Vec<Cidr>,
}

impl TrustedProxies {
    /// Reads a comma-separated list, such as `10.0.0.0/8, ::1`. A blank text is the empty list.
    ///
    /// # Errors
    /// [`AddressError`] naming the first bad item by its position, counted from 1.
    pub fn parse(list: &str) -> Result<Self, AddressError> {
        if list.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        Self::from_items(list.split(','))
    }

    /// Reads one network an item; white space around an item is dropped.
    ///
    /// # Errors
    /// [`AddressError`] naming the first bad item by its position, counted from 1. A network of prefix 0 is
    /// refused: it would let every caller choose the address it counts against.
    pub fn from_items<'a>(items: impl IntoIterator<Item = &'a str>) -> Result<Self, AddressError> {
        let networks = items
            .into_iter()
            .zip(1..)
            .map(|(item, position)| match Cidr::parse(item.trim_ascii()) {
                Ok(cidr) if cidr.is_everything() => Err(AddressError::TrustsEveryone { position }),
                Ok(cidr) => Ok(cidr),
                Err(problem) => Err(AddressError::TrustedProxy { position, problem }),
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { networks })
    }

    /// Whether `address` is one of ours.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// Whether no proxy is trusted.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.networks.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::CidrError;
    use alloc::string::ToString;

    fn refusal(list: &str) -> AddressError {
        TrustedProxies::parse(list).unwrap_err()
    }

    #[test]
    fn reads_a_list() {
        let trusted = TrustedProxies::parse("10.0.0.0/8, ::1,\t192.0.2.1 ").unwrap();
        for inside in ["10.2.3.4", "::1", "192.0.2.1", "::ffff:10.0.0.1"] {
            assert!(trusted.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["11.0.0.1", "::2", "192.0.2.2"] {
            assert!(!trusted.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn blank_trusts_nobody() {
        for list in ["", "  \t"] {
            assert!(TrustedProxies::parse(list).unwrap().is_empty());
        }
    }

    #[test]
    fn names_the_bad_item() {
        assert_eq!(
            refusal("10.0.0.0/8, 10.1.2.3/8"),
            AddressError::TrustedProxy { position: 2, problem: CidrError::HostBits }
        );
        assert_eq!(
            refusal("10.0.0.0/8,"),
            AddressError::TrustedProxy { position: 2, problem: CidrError::Empty }
        );
        assert_eq!(
            refusal("proxy.internal").to_string().split(':').next(),
            Some("trusted proxy 1 is not an IP address")
        );
    }

    #[test]
    fn refuses_to_trust_everyone() {
        for list in ["0.0.0.0/0", "::1, ::/0", "::ffff:0:0/96"] {
            assert_eq!(refusal(list).code(), "trusts_everyone", "{list}");
        }
    }
}
