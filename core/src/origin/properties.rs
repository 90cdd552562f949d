//! What must hold for every text, not only for the ones we thought of.

use super::{HostRules, Origin, PublicUrl, Refusal};
use alloc::string::{String, ToString};
use alloc::vec;
use proptest::prelude::*;

/// Texts near enough to an origin or a URL to get past the first checks.
fn near() -> impl Strategy<Value = String> {
    "(http|https|HTTP|app|)(://|:|)([a-zA-Z0-9._-]{0,12}|localhost|127\\.0\\.0\\.1|\\[[0-9a-f:.]{0,12}\\])\
     (:[0-9]{0,6}|)(/[a-zA-Z0-9.%;,'\" -]{0,12}|)(/|)(\\?|#|)"
}

/// Well-formed origins in spellings that are not canonical.
fn spelled() -> impl Strategy<Value = String> {
    let host = prop_oneof![
        "[a-zA-Z][a-zA-Z0-9_]{0,8}(\\.[a-zA-Z][a-zA-Z0-9]{0,8}){0,3}",
        any::<u32>().prop_map(|bits| core::net::Ipv4Addr::from_bits(bits).to_string()),
        any::<u128>().prop_map(|bits| alloc::format!("[{}]", core::net::Ipv6Addr::from_bits(bits))),
    ];
    ("http|https|HTTPS|vscode-webview", host, proptest::option::of(1u16..)).prop_map(
        |(scheme, host, port)| match port {
            None => alloc::format!("{scheme}://{host}"),
            Some(port) => alloc::format!("{scheme}://{host}:{port}"),
        },
    )
}

fn local() -> HostRules {
    let origins = vec![Origin::parse("https://app.example").unwrap()];
    HostRules::new([127, 0, 0, 1].into(), None, &["a.example:81".into()], origins).unwrap()
}

proptest! {
    #[test]
    fn a_printed_origin_reads_back(text in prop_oneof![near(), spelled()]) {
        if let Ok(origin) = Origin::parse(&text) {
            prop_assert_eq!(Origin::parse(origin.as_str()), Ok(origin.clone()));
            prop_assert!(origin.as_str().len() <= text.len() + 4, "a mapped address grows, nothing else does");
        }
    }

    #[test]
    fn every_well_formed_origin_reads(text in spelled()) {
        prop_assert!(Origin::parse(&text).is_ok());
    }

    #[test]
    fn a_printed_url_reads_back_and_is_safe_in_a_header(text in prop_oneof![near(), "\\PC{0,40}"]) {
        if let Ok(url) = PublicUrl::parse(&text) {
            prop_assert_eq!(PublicUrl::parse(url.as_str()), Ok(url.clone()));
            prop_assert!(url.as_str().bytes().all(|byte| byte.is_ascii_graphic() && !b"\"'\\".contains(&byte)));
            prop_assert!(!url.as_str().ends_with('/'));
            prop_assert_eq!(url.as_str(), alloc::format!("{}{}", url.origin(), url.path()));
        }
    }

    #[test]
    fn any_bytes_get_an_answer(value in proptest::collection::vec(any::<u8>(), 0..64), text in near()) {
        for value in [value.as_slice(), text.as_bytes()] {
            let _ = local().check_host(&[value]);
            let _ = local().check_origin(&[value]);
            let listed = local().is_listed_origin(value);
            prop_assert!(!listed || local().check_origin(&[value]).is_ok());
        }
    }

    #[test]
    fn what_is_compared_unread_is_what_reading_says(
        host in "(localhost|LocalHost|127\\.0\\.0\\.(1|10|2)|\\[::1\\]|\\[::2\\]|a\\.example|b)(:|)([0-9]{0,6}|65[0-9]{3}|81|[+ ]80|8x)",
        any in near(),
        bytes in proptest::collection::vec(any::<u8>(), 0..16),
    ) {
        let elsewhere = HostRules::new([0, 0, 0, 0].into(), PublicUrl::parse("http://b:81").ok(), &[], vec![]).unwrap();
        for rules in [local(), elsewhere] {
            for value in [host.as_bytes(), any.as_bytes(), &bytes] {
                prop_assert_eq!(rules.check_host(&[value]), rules.read_host(value));
                prop_assert_eq!(rules.check_origin(&[value]), rules.read_origin(value));
            }
            for scheme in ["http://", "https://", "HTTP://", "http:/"] {
                let origin = alloc::format!("{scheme}{host}");
                prop_assert_eq!(rules.check_origin(&[origin.as_bytes()]), rules.read_origin(origin.as_bytes()));
            }
        }
    }

    #[test]
    fn an_origin_that_is_let_in_is_one_of_ours(text in prop_oneof![near(), spelled()]) {
        if local().check_origin(&[text.as_bytes()]).is_ok() {
            let canonical = Origin::parse(&text).unwrap().to_string();
            let host = canonical.split_once("://").unwrap().1;
            prop_assert!(
                canonical == "https://app.example" || ["localhost", "127.", "[::1]"].iter().any(|ours| host.starts_with(ours))
            );
        }
    }

    #[test]
    fn the_rules_agree_with_the_canonical_text(a in spelled(), b in spelled()) {
        let (listed, origin) = (Origin::parse(&a).unwrap(), Origin::parse(&b).unwrap());
        let rules = HostRules::new([0, 0, 0, 0].into(), None, &["x".into()], vec![listed.clone()]).unwrap();
        prop_assert_eq!(rules.check_origin(&[a.as_bytes()]), Ok(()));
        prop_assert_eq!(rules.check_origin(&[listed.as_str().as_bytes()]), Ok(()));
        let expected = if listed == origin { Ok(()) } else { Err(Refusal::OriginNotListed) };
        prop_assert_eq!(rules.check_origin(&[b.as_bytes()]), expected);
    }
}
