//! The set as a whole, against a model and against misuse.

use super::*;
use crate::Now;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use proptest::prelude::*;

const NOW: Now = Now::new(1_000.0, 0);
const SEED: [u8; 32] = [0x42; 32];

fn mint(env: &str, number: u32) -> String {
    let mut secret = [0xa5; 20];
    secret[..4].copy_from_slice(&number.to_be_bytes());
    KeyFormat::default().mint(env, "Zy9Xw8Vu7Ts6", &secret).unwrap().expose().to_string()
}

fn one(key: &str, entry: ApiKey) -> ApiKeys {
    ApiKeys::builder().add(key, entry).build(SEED).unwrap()
}

fn error(key: &str, entry: ApiKey) -> ApiKeyError {
    ApiKeys::builder().add("first", ApiKey::new("good")).add(key, entry).build(SEED).unwrap_err()
}

#[test]
fn a_found_key_gives_its_entry_and_strength() {
    let minted = mint("live", 1);
    let keys = ApiKeys::builder()
        .add(&minted, ApiKey::new("strong").role("admin").strong(false))
        .add("plain", ApiKey::new("weak").strong(true))
        .add_digest(KeyDigest::of(b"hashed"), ApiKey::new("hashed").scope("tools:read"))
        .build(SEED)
        .unwrap();
    let find = |key: &str| keys.find(key.as_bytes(), NOW).unwrap();
    assert_eq!((find(&minted).id(), find(&minted).is_strong()), ("strong", true));
    assert_eq!((find("plain").id(), find("plain").is_strong()), ("weak", false));
    assert_eq!((find("hashed").scopes(), find("hashed").is_strong()), (&["tools:read".into()][..], false));
    assert_eq!(keys.find_digest(&KeyDigest::of(b"plain"), NOW).unwrap().id(), "weak");
    assert_eq!(keys.find_digest(&KeyDigest::of(b"other"), NOW), Err(ApiKeyRefusal::Unknown));
    assert_eq!(keys.iter().map(ApiKey::id).collect::<Vec<_>>(), ["strong", "weak", "hashed"]);
    assert_eq!((keys.len(), keys.iter().len(), keys.is_empty()), (3, 3, false));
}

#[test]
fn an_empty_set_knows_nobody() {
    let keys = ApiKeys::builder().build(SEED).unwrap();
    assert!(keys.is_empty() && keys.iter().next().is_none() && !keys.accepts_legacy());
    assert_eq!(keys.find(b"guess", NOW), Err(ApiKeyRefusal::Malformed));
    assert_eq!(keys.find(mint("live", 1).as_bytes(), NOW), Err(ApiKeyRefusal::Unknown));
    assert_eq!(keys.find_digest(&KeyDigest::of(b""), NOW), Err(ApiKeyRefusal::Unknown));
    for word in [0, u64::MAX] {
        assert_eq!(keys.find_digest(&KeyDigest::from_words([word; 4]), NOW), Err(ApiKeyRefusal::Unknown));
    }
}

#[test]
fn the_entry_decides_when_its_key_is_valid() {
    let refusal = |entry| one("k", entry).find(b"k", NOW).unwrap_err();
    assert_eq!(refusal(ApiKey::new("a").expires(1_000.0)), ApiKeyRefusal::Expired);
    assert_eq!(refusal(ApiKey::new("a").not_before(1_000.5)), ApiKeyRefusal::NotYetValid);
    assert_eq!(refusal(ApiKey::new("a").disabled(true).expires(1.0)), ApiKeyRefusal::Disabled);
    let within =
        one("k", ApiKey::new("a").not_before(1_000.0).expires(1_000.5).disabled(true).disabled(false));
    assert!(within.find(b"k", NOW).is_ok());
}

#[test]
fn what_cannot_be_presented_is_malformed() {
    let keys = ApiKeys::builder().add("k".repeat(512), ApiKey::new("long")).build(SEED).unwrap();
    assert_eq!(keys.max_presented(), MAX_PRESENTED);
    assert!(keys.find("k".repeat(512).as_bytes(), NOW).is_ok());
    let long = "k".repeat(513);
    let huge = "k".repeat(10_000_000);
    for presented in ["", " ", " k", "k ", "k\n", "k\0", "\u{7f}", "clé", "a b", "\t", &long, &huge] {
        assert_eq!(keys.find(presented.as_bytes(), NOW), Err(ApiKeyRefusal::Malformed));
    }
    assert_eq!(keys.find(&[0xff], NOW), Err(ApiKeyRefusal::Malformed));
    assert_eq!(keys.find(b"dw_", NOW), Err(ApiKeyRefusal::Malformed));
    assert_eq!(keys.find(b"!~", NOW), Err(ApiKeyRefusal::Unknown));

    let short = ApiKeys::builder().add("abcd", ApiKey::new("a")).max_presented(4).build(SEED).unwrap();
    assert!(short.find(b"abcd", NOW).is_ok());
    assert_eq!(short.find(b"abcde", NOW), Err(ApiKeyRefusal::Malformed));
}

#[test]
fn a_set_without_legacy_keys_says_so() {
    let minted = mint("live", 1);
    let keys = one(&minted, ApiKey::new("a"));
    assert!(!keys.accepts_legacy());
    assert_eq!(keys.find(b"plain", NOW), Err(ApiKeyRefusal::Malformed));
    assert_eq!(keys.find(mint("live", 2).as_bytes(), NOW), Err(ApiKeyRefusal::Unknown));
    assert!(one("plain", ApiKey::new("a")).accepts_legacy());

    let digest = KeyDigest::of(minted.as_bytes());
    let by_digest =
        |strong| ApiKeys::builder().add_digest(digest, ApiKey::new("a").strong(strong)).build(SEED).unwrap();
    assert!(by_digest(false).accepts_legacy() && !by_digest(true).accepts_legacy());
    assert!(by_digest(true).find(minted.as_bytes(), NOW).unwrap().is_strong());
}

#[test]
fn the_set_uses_its_own_format() {
    let format = KeyFormat::new("acme").unwrap();
    let own = format.mint("live", "Zy9Xw8Vu7Ts6", &[1; 20]).unwrap();
    let keys = ApiKeys::builder()
        .add(own.expose(), ApiKey::new("own"))
        .add(mint("live", 1), ApiKey::new("foreign"))
        .format(format.clone())
        .build(SEED)
        .unwrap();
    assert_eq!(keys.format(), &format);
    assert!(keys.find(own.expose().as_bytes(), NOW).unwrap().is_strong());
    assert!(!keys.find(mint("live", 1).as_bytes(), NOW).unwrap().is_strong());
}

#[test]
fn bad_keys_are_refused_at_configuration() {
    let entry = || ApiKey::new("a");
    assert_eq!(error("", entry()), ApiKeyError::Empty { at: 1 });
    assert_eq!(error(&"k".repeat(513), entry()), ApiKeyError::TooLong { at: 1 });
    for key in [" k", "k ", "a b", "k\n", "\0", "\u{7f}", "clé", "\u{a0}k"] {
        assert_eq!(error(key, entry()), ApiKeyError::NotVisibleAscii { at: 1 }, "{key:?}");
    }
    let minted = mint("live", 1);
    for key in ["dw_", "dw_not-ours", &minted[..53], &format!("{minted}0")] {
        assert_eq!(error(key, entry()), ApiKeyError::Damaged { at: 1 });
    }
    assert_eq!(error("first", entry()), ApiKeyError::Duplicate { at: 1, first: 0 });
    let hashed = ApiKeys::builder()
        .add_digest(KeyDigest::of(b"k"), ApiKey::new("a"))
        .add("other", ApiKey::new("b"))
        .add("k", ApiKey::new("c"))
        .add("k", ApiKey::new("d"));
    assert_eq!(hashed.build(SEED).unwrap_err(), ApiKeyError::Duplicate { at: 2, first: 0 });
}

#[test]
fn bad_entries_are_refused_at_configuration() {
    assert_eq!(error("k", ApiKey::new("good")), ApiKeyError::IdDuplicate { at: 1, first: 0 });
    for id in ["", "a\n", "a\0b", "\u{85}", &"i".repeat(129)] {
        assert_eq!(error("k", ApiKey::new(id)), ApiKeyError::IdInvalid { at: 1 });
    }
    assert!(one("k", ApiKey::new("i".repeat(128))).find(b"k", NOW).is_ok());
    assert_eq!(error("k", ApiKey::new("k")), ApiKeyError::IdIsKey { at: 1 });
    assert_eq!(error("k", ApiKey::new(mint("live", 1))), ApiKeyError::IdIsKey { at: 1 });
    assert_eq!(error("k", ApiKey::new("a").expires(f64::NAN)), ApiKeyError::NeverValid { at: 1 });
    let backwards = ApiKey::new("a").not_before(2.0).expires(1.0);
    assert_eq!(error("k", backwards), ApiKeyError::NeverValid { at: 1 });
}

#[test]
fn a_hundred_thousand_keys_are_all_found() {
    let mut builder = ApiKeys::builder();
    for number in 0..100_000 {
        builder = builder.add(mint("live", number), ApiKey::new(number.to_string()));
    }
    let keys = builder.build(SEED).unwrap();
    for number in 0..100_000 {
        assert_eq!(keys.find(mint("live", number).as_bytes(), NOW).unwrap().id(), number.to_string());
    }
    for number in 100_000..110_000 {
        assert_eq!(keys.find(mint("live", number).as_bytes(), NOW), Err(ApiKeyRefusal::Unknown));
    }
}

/// Everything that can be printed, printed, and searched for what must not be there.
#[test]
fn nothing_printed_holds_a_key_or_a_digest() {
    let secret = [0x77; 20];
    let minted = KeyFormat::default().mint("live", "Zy9Xw8Vu7Ts6", &secret).unwrap();
    let (text, plain) = (minted.expose().to_string(), "correct-horse-battery");
    let builder = || {
        let builder = ApiKeys::builder().add(&text, ApiKey::new("a").meta("note", plain));
        builder.add(plain, ApiKey::new("b")).add_digest(KeyDigest::of(b"third"), ApiKey::new("c"))
    };
    let keys = builder().build(SEED).unwrap();
    let format = KeyFormat::default();
    let mut printed = format!(
        "{minted:?} {minted:#?} {:?} {:#?} {keys:?} {keys:#?} {:?} {format:?} {:?} {:?} {:?}",
        builder(),
        builder(),
        keys.iter().collect::<Vec<_>>(),
        KeyDigest::of(plain.as_bytes()),
        format.shape(&text),
        format.shape(plain),
    );
    for presented in [text.as_str(), plain, "third", "unknown", &text[..40], ""] {
        printed += &format!("{:?}", keys.find(presented.as_bytes(), NOW).map_err(|why| why.to_string()));
    }
    let errors = [
        error(&text[..53], ApiKey::new("a")),
        error(&format!("{plain} {plain}"), ApiKey::new("a")),
        error(plain, ApiKey::new(plain)),
        error(plain, ApiKey::new(&text)),
        builder().add(plain, ApiKey::new("d")).build(SEED).unwrap_err(),
        builder().add("k", ApiKey::new("c")).build(SEED).unwrap_err(),
        KeyDigest::from_hex(plain).unwrap_err(),
        KeyFormat::new(plain).unwrap_err(),
        format.mint(plain, "Zy9Xw8Vu7Ts6", &secret).unwrap_err(),
        format.mint("live", plain, &secret).unwrap_err(),
    ];
    for error in errors {
        printed += &format!("{error} {error:?} {}", error.code());
        let sentence = error.to_string();
        assert!(!sentence.ends_with('.') && sentence.starts_with(|first: char| first.is_lowercase()));
    }

    let mut forbidden: Vec<String> =
        [&text[21..], &text[21..30], &text[30..40], &text[48..], plain, "horse"].map(String::from).to_vec();
    for key in [text.as_bytes(), plain.as_bytes(), b"third"] {
        let digest = KeyDigest::of(key);
        forbidden.extend([digest.to_hex()[..8].to_string(), digest.to_hex()[56..].to_string()]);
        forbidden.extend(digest.words_vartime().map(|word| word.to_string()));
        forbidden.extend(digest.words_vartime().map(|word| format!("{word:x}")));
        forbidden.push(format!("{:?}", &digest.to_bytes()[..3]).trim_matches(['[', ']']).to_string());
    }
    for text in forbidden {
        assert!(!printed.contains(&text), "{text}");
    }
    assert!(printed.contains("Zy9Xw8Vu7Ts6"), "the public parts are there to be seen");
}

fn key_text() -> impl Strategy<Value = String> {
    // Few short texts, so that queries hit; minted keys; and anything at all.
    prop_oneof![
        proptest::string::string_regex("[ab]{0,3}").unwrap(),
        (0..6_u32, prop_oneof![Just("live"), Just("test")]).prop_map(|(number, env)| mint(env, number)),
        any::<String>(),
    ]
}

fn may_be_added(key: &str) -> bool {
    let ours = key.starts_with("dw_");
    let visible = key.bytes().all(|byte| (0x21..=0x7e).contains(&byte));
    visible && matches!(key.len(), 1..=512) && (!ours || KeyFormat::default().parse(key).is_some())
}

proptest! {
    #[test]
    fn a_set_answers_as_a_map_does(
        wanted in prop::collection::vec((key_text(), 0..3_u8), 0..40),
        queries in prop::collection::vec(key_text(), 0..40),
        seed: [u8; 32],
    ) {
        let mut model = BTreeMap::new();
        let mut builder = ApiKeys::builder();
        for (key, kind) in wanted {
            if !may_be_added(&key) || model.contains_key(&key) {
                continue;
            }
            let id = format!("id {}", model.len());
            let entry = match kind {
                0 => ApiKey::new(&id),
                1 => ApiKey::new(&id).expires(500.0),
                _ => ApiKey::new(&id).disabled(true),
            };
            builder = builder.add(&key, entry);
            model.insert(key, (id, kind));
        }
        let keys = builder.build(seed).unwrap();
        prop_assert_eq!(keys.len(), model.len());
        let legacy = model.keys().any(|key| !key.starts_with("dw_"));
        prop_assert_eq!(keys.accepts_legacy(), legacy);
        for query in queries.iter().chain(model.keys()) {
            let expected = match model.get(query) {
                Some((id, 0)) => Ok(id.as_str()),
                Some((_, 1)) => Err(ApiKeyRefusal::Expired),
                Some(_) => Err(ApiKeyRefusal::Disabled),
                None if !may_be_added(query) => Err(ApiKeyRefusal::Malformed),
                None if !legacy && !query.starts_with("dw_") => Err(ApiKeyRefusal::Malformed),
                None => Err(ApiKeyRefusal::Unknown),
            };
            prop_assert_eq!(keys.find(query.as_bytes(), NOW).map(ApiKey::id), expected);
        }
    }

    #[test]
    fn every_single_character_change_of_a_key_is_refused(secret: [u8; 20], at in 0..54_usize, byte: u8) {
        let minted = KeyFormat::default().mint("live", "Zy9Xw8Vu7Ts6", &secret).unwrap();
        let mut changed = minted.expose().as_bytes().to_vec();
        prop_assume!(changed[at] != byte);
        changed[at] = byte;
        for keys in [
            one(minted.expose(), ApiKey::new("a")),
            ApiKeys::builder().add(minted.expose(), ApiKey::new("a")).add("k", ApiKey::new("b")).build(SEED).unwrap(),
        ] {
            prop_assert!(keys.find(minted.expose().as_bytes(), NOW).is_ok());
            prop_assert!(keys.find(&changed, NOW).is_err());
        }
    }

    #[test]
    fn keys_of_another_set_never_match(secrets in prop::collection::btree_set(any::<[u8; 20]>(), 2..40)) {
        let minted: Vec<String> = secrets
            .iter()
            .map(|secret| KeyFormat::default().mint("live", "Zy9Xw8Vu7Ts6", secret).unwrap().expose().into())
            .collect();
        let (ours, theirs) = minted.split_at(minted.len() / 2);
        let mut builder = ApiKeys::builder();
        for (key, id) in ours.iter().zip(0..) {
            builder = builder.add(key, ApiKey::new(format!("{id}")));
        }
        let keys = builder.build(SEED).unwrap();
        for key in theirs {
            prop_assert_eq!(keys.find(key.as_bytes(), NOW), Err(ApiKeyRefusal::Unknown));
        }
    }
}
