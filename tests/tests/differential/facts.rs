//! What a disagreement may be about: what is remarkable about a token, found out without doorward's code and without
//! asking how the token was made.

use crate::case::{Audience, Case};
use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeSet;
use std::fmt;

pub(crate) type Facts = BTreeSet<String>;

/// 2⁵³ seconds, the last date doorward takes.
const LAST_DATE: f64 = 9_007_199_254_740_992.0;

/// Spare bits and padding are passed over.
const LOOSE: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

pub(crate) fn facts(case: &Case) -> Facts {
    let mut facts = Facts::new();
    let token = &case.token;
    let mut note = |fact: &str, holds: bool| {
        if holds {
            facts.insert(fact.into());
        }
    };
    note("token over 16 KiB", token.len() > 16 * 1024);
    let segments: Vec<&str> = token.split('.').collect();
    let [header, payload, signature] = segments.as_slice() else {
        note("not three segments", true);
        return facts;
    };
    note("header over 4 KiB", header.len() > 4 * 1024);
    for (name, segment) in [("header", header), ("payload", payload), ("signature", signature)] {
        note(&format!("{name} empty"), segment.is_empty());
        note(&format!("{name} padded"), segment.contains('='));
        note(&format!("{name} with white space"), segment.contains([' ', '\n', '\r', '\t', '\u{C}']));
        let plain = plain(segment);
        note(
            &format!("{name} with spare bits"),
            LOOSE.decode(&plain).is_ok() && URL_SAFE_NO_PAD.decode(&plain).is_err(),
        );
    }
    if let Some(header) = decode(header) {
        text("header", &header, &mut facts);
        if let Some(object) = object(&header) {
            header_members(&object, case, &mut facts);
        }
    }
    if let Some(payload) = decode(payload) {
        text("payload", &payload, &mut facts);
        if let Some(object) = object(&payload) {
            payload_members(&object, case, &mut facts);
        }
    }
    facts
}

/// Without padding and white space.
fn plain(segment: &str) -> String {
    segment.chars().filter(|one| !matches!(one, ' ' | '\n' | '\r' | '\t' | '\u{C}' | '=')).collect()
}

/// As forgiving as anybody is.
fn decode(segment: &str) -> Option<Vec<u8>> {
    LOOSE.decode(plain(segment)).ok()
}

/// What a text is besides its members.
fn text(name: &str, bytes: &[u8], facts: &mut Facts) {
    let mut note = |fact: &str, holds: bool| {
        if holds {
            facts.insert(format!("{name} {fact}"));
        }
    };
    note("with a byte order mark", bytes.starts_with(b"\xEF\xBB\xBF"));
    note(
        "in UTF-16 or UTF-32",
        bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || {
            bytes.len() > 3 && bytes[..2].contains(&0)
        },
    );
    note("no UTF-8", std::str::from_utf8(bytes).is_err());
    let lower = bytes.windows(3).any(|three| three[0] == 0xED && three[1] >= 0xA0);
    note("with encoded surrogates", lower);
    note("with NaN or Infinity", contains(bytes, b"NaN") || contains(bytes, b"Infinity"));
    let parsed = serde_json::from_slice::<serde_json::Value>(bytes);
    note("with a lone surrogate", is_json(bytes) && parsed.as_ref().is_err_and(is_surrogate));
    note("with a number beyond f64", is_json(bytes) && parsed.is_err_and(|error| is_number(&error)));
    let digits = bytes.split(|byte| !byte.is_ascii_digit()).map(<[u8]>::len).max();
    note("with a number of over 4300 digits", digits > Some(4300));
    let (mut depth, mut deepest, mut inside, mut escaped) = (0_usize, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if inside => escaped = true,
            b'"' => inside = !inside,
            b'[' | b'{' if !inside => depth += 1,
            b']' | b'}' if !inside => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    note("deeper than 16", deepest > 16);
    let mut shape = Shape::default();
    shape.look(bytes);
    note("with a name twice", shape.twice);
    note("with over 64 members", shape.many);
    note("with a long name with an escape", shape.long_name);
}

fn contains(text: &[u8], part: &[u8]) -> bool {
    text.windows(part.len()).any(|window| window == part)
}

/// By its grammar alone.
fn is_json(bytes: &[u8]) -> bool {
    serde_json::from_slice::<serde::de::IgnoredAny>(bytes).is_ok()
}

fn is_surrogate(error: &serde_json::Error) -> bool {
    let text = error.to_string();
    text.contains("surrogate") || text.contains("unexpected end of hex escape")
}

fn is_number(error: &serde_json::Error) -> bool {
    error.to_string().contains("number out of range")
}

/// The members of every object, each object by itself.
#[derive(Default)]
struct Shape {
    twice: bool,
    many: bool,
    long_name: bool,
}

impl Shape {
    fn look(&mut self, text: &[u8]) {
        if let Some(members) = object(text) {
            let names: BTreeSet<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            self.twice |= names.len() < members.len();
            self.many |= members.len() > 64;
            self.long_name |= members.iter().any(|(name, _)| name.len() > 40) && contains(text, b"\\u0061");
            members.iter().for_each(|(_, value)| self.look(value.get().as_bytes()));
        } else if let Ok(items) = serde_json::from_slice::<Vec<Box<RawValue>>>(text) {
            items.iter().for_each(|item| self.look(item.get().as_bytes()));
        }
    }
}

fn header_members(members: &[Member], case: &Case, facts: &mut Facts) {
    let mut note = |fact: &str, holds: bool| {
        if holds {
            facts.insert(fact.into());
        }
    };
    let alg = last(members, "alg");
    note("alg escaped", alg.is_some_and(|alg| alg.starts_with('"') && alg.contains('\\')));
    for name in ["typ", "cty", "kid"] {
        note(&format!("{name} no string"), last(members, name).is_some_and(|value| string(value).is_none()));
    }
    let kid = last(members, "kid").and_then(string);
    note("kid empty", kid.as_deref() == Some(""));
    note("kid over 256 bytes", kid.as_ref().is_some_and(|kid| kid.len() > 256));
    note("kid of another key", case.options.kid.is_some_and(|ours| kid.is_some_and(|kid| kid != ours)));
    note("crit", last(members, "crit").is_some());
    note("b64", last(members, "b64").is_some());
    for name in ["jku", "x5u", "x5t", "x5t#S256", "url", "nonce", "zip", "enc"] {
        let bad = last(members, name).is_some_and(|value| value != "null" && string(value).is_none());
        note("a header member that nobody should read, of an odd type", bad);
    }
    let arrays = last(members, "x5c")
        .is_some_and(|value| value != "null" && serde_json::from_str::<Vec<String>>(value).is_err());
    note("a header member that nobody should read, of an odd type", arrays);
    note("a jwk in the header", last(members, "jwk").is_some_and(|jwk| jwk != "null"));
}

fn payload_members(members: &[Member], case: &Case, facts: &mut Facts) {
    let mut note = |fact: &str, holds: bool| {
        if holds {
            facts.insert(fact.into());
        }
    };
    #[expect(clippy::cast_precision_loss, reason = "times are below 2^53")]
    let now = case.now as f64;
    for name in ["exp", "nbf", "iat"] {
        let Some(value) = last(members, name) else { continue };
        let number = value.parse::<f64>().ok().filter(|_| !value.starts_with(['"', 'N', 'I', 'n']));
        let mut note = |fact: &str, holds: bool| note(&format!("{name} {fact}"), holds);
        note("null", value == "null");
        note("no number", number.is_none());
        let Some(number) = number else { continue };
        note("negative", value.starts_with('-'));
        note("beyond 2^53", number > LAST_DATE);
        note("of over 32 characters", value.len() > 32);
        note("a fraction", number.fract() != 0.0);
        note("ahead", name == "iat" && number > now);
    }
    for name in ["iss", "sub", "jti"] {
        note(&format!("{name} no string"), last(members, name).is_some_and(|value| string(value).is_none()));
    }
    let Some(audience) = last(members, "aud") else { return };
    note("aud not asked for", case.options.audience == Audience::Unset);
    let list = match string(audience) {
        Some(one) => Ok(vec![one]),
        None => serde_json::from_str::<Vec<String>>(audience),
    };
    note("aud no string and no array of strings", list.is_err());
    note("aud with an empty string", list.as_ref().is_ok_and(|list| list.iter().any(String::is_empty)));
    note("aud an empty array", list.is_ok_and(|list| list.is_empty()));
}

type Member = (String, Box<RawValue>);

/// What a reader that keeps the last of two sees.
fn last<'m>(members: &'m [Member], name: &str) -> Option<&'m str> {
    members.iter().rfind(|(found, _)| found == name).map(|(_, value)| value.get())
}

/// A string, lone surrogates included, which count as one character of another.
fn string(value: &str) -> Option<String> {
    if !value.starts_with('"') {
        return None;
    }
    serde_json::from_str(value).ok().or_else(|| Some(value.to_owned()))
}

/// An object's members, in order, duplicates included.
fn object(text: &[u8]) -> Option<Vec<Member>> {
    struct Members(Vec<Member>);
    struct Build;

    impl<'de> Deserialize<'de> for Members {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Build)
        }
    }

    impl<'de> Visitor<'de> for Build {
        type Value = Members;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
            let mut members = Vec::new();
            while let Some(member) = map.next_entry()? {
                members.push(member);
            }
            Ok(Members(members))
        }
    }

    // What some readers take is passed over, so that the rest is seen as they see it.
    let text = String::from_utf8_lossy(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text));
    let text = text.replace("-Infinity", "null").replace("Infinity", "null").replace("NaN", "null");
    serde_json::from_str::<Members>(&text).ok().map(|members| members.0)
}
