//! What must hold for every header, not only for the ones we thought of.

use super::{AddressRules, Cidr, TrustedProxies};
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use proptest::prelude::*;

fn rules() -> AddressRules {
    AddressRules::new(TrustedProxies::parse("10.0.0.0/8, fd00::/8, 192.0.2.0/24").unwrap())
}

fn refs(lines: &[Vec<u8>]) -> Vec<&[u8]> {
    lines.iter().map(Vec::as_slice).collect()
}

/// Header lines: raw bytes, and texts near enough to a list of addresses to get past the first check.
fn lines() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let raw = proptest::collection::vec(any::<u8>(), 0..64);
    let near = "([0-9a-f.:,\\[\\] %]|10\\.0\\.0\\.[0-9]|, |::|fd00::[0-9]|unknown){0,24}"
        .prop_map(String::into_bytes);
    proptest::collection::vec(prop_oneof![raw, near], 0..6)
}

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![
        any::<u32>().prop_map(|bits| IpAddr::V4(Ipv4Addr::from_bits(bits))),
        any::<u128>().prop_map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))),
        any::<u32>().prop_map(|bits| IpAddr::V6(Ipv4Addr::from_bits(bits).to_ipv6_mapped())),
    ]
}

fn untrusted() -> impl Strategy<Value = IpAddr> {
    address()
        .prop_filter("not one of our proxies", |address| rules().resolve(*address, &[b""]).ignored_forwarding)
}

proptest! {
    #[test]
    fn any_peer_and_any_bytes_give_an_answer(peer in address(), lines in lines()) {
        let _ = rules().resolve(peer, &refs(&lines));
        let _ = rules().resolve([10, 0, 0, 1].into(), &refs(&lines));
    }

    #[test]
    fn an_untrusted_peer_is_always_itself(peer in untrusted(), lines in lines()) {
        let resolved = rules().resolve(peer, &refs(&lines));
        prop_assert_eq!(resolved.address, rules().client_address(peer));
        prop_assert_eq!(resolved.ignored_forwarding, !lines.is_empty());
    }

    #[test]
    fn the_left_cannot_change_what_a_proxy_appended(
        forged in lines(),
        forged_on_the_line in "\\PC{0,64}",
        client in untrusted(),
        hops in proptest::collection::vec(0u8..=255, 0..8),
        split in any::<bool>(),
    ) {
        let mut appended = client.to_string();
        for hop in hops {
            appended.push_str(&alloc::format!(", 10.0.0.{hop}"));
        }
        let mut all = forged;
        if split {
            all.push(appended.into_bytes());
        } else {
            all.push(alloc::format!("{forged_on_the_line}, {appended}").into_bytes());
        }
        let resolved = rules().resolve([10, 0, 0, 1].into(), &refs(&all));
        prop_assert_eq!(resolved.address, rules().client_address(client));
    }

    #[test]
    fn every_spelling_of_a_hop_counts_alike(client in untrusted(), port in any::<u16>()) {
        let spellings = match client {
            IpAddr::V4(v4) => [v4.to_string(), alloc::format!("{v4}:{port}"), v4.to_ipv6_mapped().to_string()],
            IpAddr::V6(v6) => [v6.to_string(), alloc::format!("[{v6}]"), alloc::format!("[{v6}]:{port}")],
        };
        for spelling in spellings {
            let resolved = rules().resolve([10, 0, 0, 1].into(), &[spelling.as_bytes()]);
            prop_assert_eq!(resolved.address, rules().client_address(client));
        }
    }

    #[test]
    fn keys_are_equal_exactly_when_addresses_are(a in address(), b in address()) {
        let (a, b) = (rules().client_address(a), rules().client_address(b));
        prop_assert_eq!(a == b, a.key() == b.key());
        prop_assert_eq!(a == b, a.to_string() == b.to_string());
    }

    #[test]
    fn a_printed_network_reads_back(address in address(), text in "[0-9a-f.:/]{0,24}") {
        for text in [address.to_string(), text] {
            if let Ok(cidr) = Cidr::parse(&text) {
                prop_assert_eq!(Cidr::parse(&cidr.to_string()), Ok(cidr));
            }
        }
    }
}
