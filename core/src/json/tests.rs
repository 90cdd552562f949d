//! The reader against `serde_json`, over generated texts and texts broken in a few places.
//!
//! Where the two may differ, the difference is computed from serde_json's answer and then demanded: duplicate
//! names, depth, members, and what is not an object. serde_json's own two differences (no number outside the range of
//! `f64`, 128 levels) are told by its messages.

use super::scan::{Depth, array_items, object_members};
use super::{JsonError, Value};
use proptest::collection::vec;
use proptest::prelude::*;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use std::fmt;
use std::format;
use std::string::{String, ToString as _};
use std::vec::Vec;

const DEPTH: Depth = Depth { left: 16, members: Some(64) };

/// A whole text as a tree, every member kept, in order.
#[derive(Debug)]
enum Tree {
    Null,
    Bool(bool),
    Number(f64),
    String(String),
    Array(Vec<Self>),
    Object(Vec<(String, Self)>),
}

impl PartialEq for Tree {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            // serde_json rounds to within one step of the nearest unless it is built with `float_roundtrip`.
            (Self::Number(a), Self::Number(b)) => a == b || (a - b).abs() <= a.abs() * f64::EPSILON,
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a == b,
            (Self::Object(a), Self::Object(b)) => a == b,
            _ => false,
        }
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Build;
        impl<'de> Visitor<'de> for Build {
            type Value = Tree;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("JSON")
            }
            fn visit_unit<E>(self) -> Result<Tree, E> {
                Ok(Tree::Null)
            }
            fn visit_bool<E>(self, value: bool) -> Result<Tree, E> {
                Ok(Tree::Bool(value))
            }
            fn visit_u64<E>(self, value: u64) -> Result<Tree, E> {
                Ok(Tree::Number(value as f64))
            }
            fn visit_i64<E>(self, value: i64) -> Result<Tree, E> {
                Ok(Tree::Number(value as f64))
            }
            fn visit_f64<E>(self, value: f64) -> Result<Tree, E> {
                Ok(Tree::Number(value))
            }
            fn visit_str<E>(self, value: &str) -> Result<Tree, E> {
                Ok(Tree::String(value.into()))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Tree, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(Tree::Array(items))
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Tree, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Tree::Object(members))
            }
        }
        deserializer.deserialize_any(Build)
    }
}

impl Tree {
    /// Whether every object keeps to the bounds, with `left` levels to go.
    fn within(&self, left: usize) -> bool {
        match self {
            Self::Array(items) => left > 0 && items.iter().all(|item| item.within(left - 1)),
            Self::Object(members) => {
                let names: std::collections::BTreeSet<_> = members.iter().map(|(name, _)| name).collect();
                left > 0
                    && members.len() <= 64
                    && names.len() == members.len()
                    && members.iter().all(|(_, value)| value.within(left - 1))
            }
            _ => true,
        }
    }
}

/// Our reader's view of a value it has accepted.
fn tree(value: Value<'_>) -> Tree {
    match value {
        Value::Null => Tree::Null,
        Value::Bool(value) => Tree::Bool(value),
        Value::Number(number) => {
            assert_eq!(number.to_f64().to_bits(), number.as_text().parse::<f64>().unwrap().to_bits());
            Tree::Number(number.to_f64())
        }
        Value::String(text) => {
            let copied = text.to_cow().into_owned();
            assert_eq!(text.to_string(), copied);
            assert!(text == *copied.as_str() && text.unescaped_len() == copied.len());
            assert!(text.written_len() >= copied.len() && text.is_empty() == copied.is_empty());
            Tree::String(copied)
        }
        Value::Array(text) => {
            let mut items = Vec::new();
            array_items(text, |item| items.push(tree(item)));
            Tree::Array(items)
        }
        Value::Object(text) => read(text).unwrap(),
    }
}

fn read(text: &str) -> Result<Tree, JsonError> {
    let mut members = Vec::new();
    object_members(text, DEPTH, |_, name, value| -> Result<(), JsonError> {
        members.push((name.to_cow().into_owned(), tree(value)));
        Ok(())
    })?;
    Ok(Tree::Object(members))
}

fn agree(text: &str) -> Result<(), TestCaseError> {
    let ours = read(text);
    match serde_json::from_str::<Tree>(text) {
        Ok(theirs) if matches!(theirs, Tree::Object(_)) && theirs.within(16) => {
            prop_assert_eq!(ours, Ok(theirs), "{}", text);
        }
        Ok(_) => prop_assert!(ours.is_err(), "must be refused: {}", text),
        Err(error) => {
            if !error.to_string().starts_with("number out of range") {
                prop_assert!(ours.is_err(), "{}: {}", error, text);
            }
        }
    }
    Ok(())
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![8 => Just(String::new()), 1 => "[ \t\r\n]{1,3}"]
}

/// The inside of a string, some of it escaped.
fn inside() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        6 => "[a-z]{1,9}",
        1 => any::<char>().prop_filter("plain", |c| *c >= ' ' && *c != '"' && *c != '\\').prop_map(String::from),
        1 => any::<u16>().prop_filter("alone", |u| !(0xD800..0xE000).contains(u)).prop_map(|u| format!("\\u{u:04x}")),
        1 => (0xD800..0xDC00_u16, 0xDC00..0xE000_u16).prop_map(|(high, low)| format!("\\u{high:04X}\\u{low:04x}")),
        1 => proptest::sample::select(&["\\\"", "\\\\", "\\/", "\\b", "\\f", "\\n", "\\r", "\\t"][..]).prop_map(String::from),
    ];
    vec(piece, 0..4).prop_map(|pieces| pieces.concat())
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i64>().prop_map(|n| n.to_string()),
        any::<u32>().prop_map(|n| n.to_string()),
        "-?(0|[1-9][0-9]{0,18})(\\.[0-9]{1,18})?([eE][+-]?[0-9]{1,2})?",
    ]
}

fn name() -> impl Strategy<Value = String> {
    // Few enough that some meet, in one spelling or the other.
    prop_oneof![4 => "[ab]{1,2}|\\\\u006[12]|a_longer_name[12]", 1 => inside()]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        2 => number(),
        2 => inside().prop_map(|text| format!("\"{text}\"")),
        1 => proptest::sample::select(&["null", "true", "false"][..]).prop_map(String::from),
    ];
    leaf.prop_recursive(20, 60, 5, |value| {
        let object = vec(member(value.clone()), 0..5).prop_map(|m| format!("{{{}}}", m.join(",")));
        let array = vec((space(), value, space()), 0..5).prop_map(|items| {
            format!("[{}]", items.iter().map(|(a, v, b)| format!("{a}{v}{b}")).collect::<Vec<_>>().join(","))
        });
        prop_oneof![object, array]
    })
}

fn member(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    (space(), name(), space(), space(), value, space())
        .prop_map(|(a, name, b, c, value, d)| format!("{a}\"{name}\"{b}:{c}{value}{d}"))
}

fn text() -> impl Strategy<Value = String> {
    (space(), vec(member(value()), 0..6), space()).prop_map(|(a, m, b)| format!("{a}{{{}}}{b}", m.join(",")))
}

/// One change: where, what kind, and a character that means something in JSON.
fn change() -> impl Strategy<Value = (proptest::sample::Index, u8, char)> {
    let characters: Vec<char> =
        "{}[]\",:\\u0123456789dDcC8eE+-.truefalsnl/ \t\n\r\u{c}\u{0}\u{1f}\u{7f}é\u{feff}".chars().collect();
    (any::<proptest::sample::Index>(), 0..5_u8, proptest::sample::select(characters))
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1500) })]

    #[test]
    fn generated_texts(text in text()) {
        agree(&text)?;
    }

    #[test]
    fn broken_texts(text in text(), changes in vec(change(), 1..4)) {
        let mut text: Vec<char> = text.chars().collect();
        for (place, kind, character) in changes {
            if text.is_empty() {
                break;
            }
            let at = place.index(text.len());
            match kind {
                0 => text.insert(at, character),
                1 => text[at] = character,
                2 => drop(text.remove(at)),
                3 => text.truncate(at),
                _ => text.insert(at, text[at]),
            }
        }
        agree(&text.iter().collect::<String>())?;
    }

    #[test]
    fn strings_of_any_characters(before in ".{0,20}", inside in "([a-z\\\\\"u0-9dDcC]|.){0,40}") {
        agree(&format!("{{\"{before}\":\"{inside}\"}}"))?;
    }

    #[test]
    fn numbers_of_any_shape(number in "[-+.0-9eE]{1,30}") {
        agree(&format!("{{\"n\":{number}}}"))?;
        agree(&format!("{{\"n\":[{number}]}}"))?;
    }

    #[test]
    fn every_number_is_the_nearest(value in any::<f64>().prop_filter("finite", |v| v.is_finite())) {
        for text in [format!("{value}"), format!("{value:e}"), format!("{value:.3}")] {
            let mut found = None;
            let text = format!("{{\"n\":{text}}}");
            object_members(&text, DEPTH, |_, _, value| -> Result<(), JsonError> {
                if let Value::Number(number) = value {
                    found = Some(number.to_f64());
                }
                Ok(())
            }).unwrap();
            prop_assert_eq!(found, text[5..text.len() - 1].parse().ok());
        }
    }

    #[test]
    fn anything_at_all(text in any::<String>()) {
        agree(&text)?;
    }
}

#[test]
fn a_stop_at_every_place_of_a_word() {
    // The scan reads eight bytes at a time: what ends a run must be found in each of them, behind any neighbour.
    for length in 0..24 {
        for neighbour in ['!', '#', '[', ']', ' ', '\u{7f}', '\u{80}', '\u{fffd}', '\u{10ffff}'] {
            for (stop, good) in
                [("\\n", true), ("\"", true), ("\n", false), ("\u{1f}", false), ("\0", false), ("\\", false)]
            {
                let run: String = std::iter::repeat_n(neighbour, length).collect();
                let text = format!("{{\"{run}{stop}{}", if stop == "\"" { ":1}" } else { "x\":1}" });
                assert_eq!(read(&text).is_ok(), good, "{text:?}");
                agree(&text).unwrap();
            }
        }
    }
}

#[test]
fn which_error_it_is() {
    for (text, error) in [
        ("", JsonError::Syntax),
        ("[]", JsonError::NotAnObject),
        ("[", JsonError::Syntax),
        ("1", JsonError::NotAnObject),
        ("\u{feff}{}", JsonError::Syntax),
        ("{}x", JsonError::Syntax),
        (r#"{"a":1,"a":2}"#, JsonError::Duplicate),
        (r#"{"a":{"b":1,"\u0062":2}}"#, JsonError::Duplicate),
    ] {
        assert_eq!(read(text).unwrap_err(), error, "{text}");
    }
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(16), "]".repeat(16));
    assert_eq!(read(&deep).unwrap_err(), JsonError::TooDeep);
    let wide: Vec<String> = (0..65).map(|n| format!("\"{n}\":0")).collect();
    assert_eq!(read(&format!("{{{}}}", wide.join(","))).unwrap_err(), JsonError::TooManyMembers);
    assert_eq!(read(&format!("{{\"x\":{{{}}}}}", wide.join(","))).unwrap_err(), JsonError::TooManyMembers);
    assert!(read(&format!("{{{}}}", wide[1..].join(","))).is_ok());
}
