//! Changes to members: their names, types, values, number and depth.

use crate::generator::{AUDIENCE, Draft, ISSUER, Member, SUBJECT, quoted};
use doorward::jwt::Algorithm;

/// Values that few members should have.
const ODD: [&str; 25] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1",
    "1.5",
    "1e400",
    "-0",
    "[]",
    "{}",
    "\"\"",
    "\" \"",
    "\"x\"",
    "[\"x\"]",
    "[\"\"]",
    "[1]",
    "[null]",
    "{\"a\":1}",
    "[[\"x\"]]",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "\"\\ud83d\\ude00\"",
    "\"é\"",
    "99999999999999999999",
];

const HEADER_EXTRAS: [&str; 12] =
    ["jwk", "jku", "x5u", "x5c", "x5t", "x5t#S256", "url", "nonce", "zip", "enc", "epk", "p2c"];

pub(crate) fn change_header(draft: &mut Draft) {
    match draft.random.below(13) {
        0 | 1 => algorithm(draft),
        2 | 3 => kid(draft),
        4 | 5 => crit(draft),
        6 => b64(draft),
        7 => {
            draft.note("a header member of an odd type");
            let name = draft.random.pick(&["typ", "cty", "typ", "kid", "alg"]);
            let value = draft.random.pick(&ODD);
            set(&mut draft.header, name, value);
        }
        8 => {
            draft.note("typ or cty of another kind");
            let name = draft.random.pick(&["typ", "cty"]);
            let value = draft.random.pick(&["JOSE", "at+jwt", "application/at+jwt", "jwt", "JWE", ""]);
            set(&mut draft.header, name, &quoted(value));
        }
        9 | 10 => {
            draft.note("a header member that names or carries a key");
            let name = draft.random.pick(&HEADER_EXTRAS);
            let value = if draft.random.chance(40) {
                draft.random.pick(&ODD)
            } else {
                draft.random.pick(&[
                    r#""https://keys.example""#,
                    r#"{"kty":"oct","k":"AAAA"}"#,
                    r#"["MIIB"]"#,
                    r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#,
                    r#"{"kty":"none"}"#,
                ])
            };
            set(&mut draft.header, name, value);
        }
        11 => twice(draft, true),
        _ => bounds(draft, true),
    }
}

fn algorithm(draft: &mut Draft) {
    draft.note("another alg");
    let own = draft.algorithm.name();
    let value = match draft.random.below(6) {
        0 => quoted(draft.random.pick(&["none", "None", "NONE", "nOnE", "", "HS256 ", "HS256\0", "HMAC"])),
        1 => quoted(&own.to_lowercase()),
        2 => format!("\"\\u{:04x}{}\"", u32::from(own.as_bytes()[0]), &own[1..]),
        3 => draft.random.pick(&ODD).into(),
        4 => {
            // Signed with what it says, so that only the binding of the key stands against it.
            let among = Algorithm::ALL;
            let other = draft.random.pick(&among);
            let expensive = other.is_rsa() && draft.key.is_secret();
            draft.algorithm = if expensive { draft.algorithm } else { other };
            quoted(other.name())
        }
        _ => {
            draft.note("no alg");
            draft.header.retain(|(name, _)| name != "\"alg\"");
            return;
        }
    };
    set(&mut draft.header, "alg", &value);
}

fn kid(draft: &mut Draft) {
    draft.note("another kid");
    let value = match draft.random.below(8) {
        0 => quoted(""),
        1 => quoted("k2"),
        2 => quoted("../../../../dev/null"),
        3 => quoted("' OR '1'='1"),
        4 => quoted(&"k".repeat(256)),
        5 => quoted(&"k".repeat(257)),
        6 => "\"\\u006b1\"".into(),
        _ => draft.random.pick(&ODD).into(),
    };
    set(&mut draft.header, "kid", &value);
}

fn crit(draft: &mut Draft) {
    draft.note("crit");
    let value = draft.random.pick(&[
        "[]",
        "\"\"",
        "null",
        "[\"alg\"]",
        "[1]",
        "[\"b64\"]",
        "[\"b64\"]",
        "[\"exp\"]",
        "[\"x\"]",
        "\"b64\"",
        "[\"\"]",
        "[\"b64\",\"b64\"]",
        "{}",
        "true",
    ]);
    set(&mut draft.header, "crit", value);
    if draft.random.chance(50) {
        let (name, value) =
            draft.random.pick(&[("exp", "4102444800"), ("b64", "true"), ("b64", "false"), ("x", "1")]);
        set(&mut draft.header, name, value);
    }
}

fn b64(draft: &mut Draft) {
    draft.note("b64");
    let value = draft.random.pick(&["true", "false", "null", "\"false\"", "0"]);
    set(&mut draft.header, "b64", value);
}

pub(crate) fn change_payload(draft: &mut Draft) {
    match draft.random.below(20) {
        0..8 => date(draft),
        8 => {
            draft.note("a claim left out");
            let name = quoted(draft.random.pick(&["exp", "sub", "iss", "aud", "nbf", "iat"]));
            draft.payload.retain(|(found, _)| *found != name);
        }
        9..12 => audience(draft),
        12 | 13 => {
            draft.note("another issuer");
            let value = who(draft, ISSUER);
            set(&mut draft.payload, "iss", &value);
        }
        14 | 15 => {
            draft.note("another subject");
            let value = who(draft, SUBJECT);
            set(&mut draft.payload, "sub", &value);
        }
        16 => {
            draft.note("a claim of an odd type");
            let name = draft.random.pick(&["jti", "scope", "roles", "nonce", "x", "__proto__", "iat"]);
            let value = draft.random.pick(&ODD);
            set(&mut draft.payload, name, value);
        }
        17 | 18 => twice(draft, false),
        _ => bounds(draft, false),
    }
}

/// `exp`, `nbf` or `iat` of every type and on every side of now.
fn date(draft: &mut Draft) {
    draft.note("another date");
    let name = draft.random.pick(&["exp", "exp", "nbf", "nbf", "iat"]);
    let now = draft.plan.now;
    let value = match draft.random.below(4) {
        0 => draft.random.pick(&ODD).to_owned(),
        1 => odd_number(draft, if name == "exp" { now + 3600 } else { now - 3600 }),
        _ => {
            let tolerance = i64::from(draft.options.tolerance);
            let near = [-tolerance - 1, -tolerance, -tolerance + 1, -1, 0, 1, tolerance, tolerance + 1];
            let offset = if draft.plan.boundaries && draft.random.chance(70) {
                draft.random.pick(&near)
            } else {
                draft.random.pick(&[-100_000, -3000, -900, 900, 3000, 100_000])
            };
            let seconds = now.saturating_add_signed(offset);
            match draft.random.below(6) {
                0 => format!("{seconds}.0"),
                1 => format!("{seconds}.5"),
                2 if seconds.is_multiple_of(10) => format!("{}e1", seconds / 10),
                _ => seconds.to_string(),
            }
        }
    };
    set(&mut draft.payload, name, &value);
}

/// A good date written as dates are not, and numbers no date is.
fn odd_number(draft: &mut Draft, good: u64) -> String {
    match draft.random.below(20) {
        0 => format!("\"{good}\""),
        1 => format!("\" {good} \""),
        2 => format!("[{good}]"),
        3 => format!("-{good}"),
        4 => format!("0{good}"),
        5 => format!("{good}.{}", "0".repeat(30)),
        6 => format!("+{good}"),
        7 => "9007199254740992".into(),
        8 => "9007199254740993".into(),
        9 => "18446744073709551615".into(),
        10 => "18446744073709551616".into(),
        11 => "9".repeat(300),
        12 => "1".repeat(5000),
        13 => "4102444800".into(),
        14 => "1e10".into(),
        15 => "NaN".into(),
        16 => "Infinity".into(),
        17 => "1e308".into(),
        18 => "-0.0".into(),
        _ => format!("0x{good:x}"),
    }
}

fn audience(draft: &mut Draft) {
    draft.note("another audience");
    let ours = quoted(AUDIENCE);
    let value = match draft.random.below(10) {
        0 => format!("[{ours},1]"),
        1 => format!("[{ours},\"\"]"),
        2 => format!("[[{ours}]]"),
        3 => format!("[{ours},null]"),
        4 => format!("[{ours},{ours}]"),
        5 => format!("{{\"a\":{ours}}}"),
        6 => draft.random.pick(&ODD).into(),
        _ => who(draft, AUDIENCE),
    };
    set(&mut draft.payload, "aud", &value);
}

/// Something near the expected string: in it, around it, in another case or spelling, in an array, or odd.
fn who(draft: &mut Draft, expected: &str) -> String {
    match draft.random.below(9) {
        0 => quoted(&expected[1..]),
        1 => quoted(&format!("{expected}/")),
        2 => quoted(&expected.to_uppercase()),
        3 => format!("[{}]", quoted(expected)),
        4 => format!("\"\\u{:04x}{}\"", u32::from(expected.as_bytes()[0]), &expected[1..]),
        5 => quoted(&format!(" {expected}")),
        6 => quoted(""),
        7 => quoted("https://other.example"),
        _ => draft.random.pick(&ODD).into(),
    }
}

/// A member that is there already, once more: before or behind, the same or another value, perhaps escaped.
fn twice(draft: &mut Draft, header: bool) {
    draft.note("a member twice");
    let members = if header { &mut draft.header } else { &mut draft.payload };
    if members.is_empty() {
        return;
    }
    let (mut name, value) = members[draft.random.below(members.len())].clone();
    let first = name[1..].chars().next().filter(|first| first.is_ascii_alphabetic());
    if let (Some(first), true) = (first, draft.random.chance(30)) {
        name = format!("\"\\u{:04x}{}", u32::from(first), &name[2..]);
    }
    let value = if draft.random.chance(60) { value } else { draft.random.pick(&ODD).into() };
    let at = draft.random.below(members.len() + 1);
    members.insert(at, (name, value));
}

/// Many members, much depth, long names, long values, and duplicates further down.
fn bounds(draft: &mut Draft, header: bool) {
    draft.note("near a bound");
    let random = &mut draft.random;
    let members = if header { &mut draft.header } else { &mut draft.payload };
    match random.below(8) {
        0 => {
            let count = random.pick(&[63, 64, 65, 66, 120]);
            for number in members.len()..count {
                members.push((format!("\"m{number}\""), number.to_string()));
            }
        }
        1 => {
            let depth = random.pick(&[14, 15, 16, 17, 40, 200]);
            set(members, "deep", &format!("{}1{}", "[".repeat(depth), "]".repeat(depth)));
        }
        2 => {
            let depth = random.pick(&[14, 15, 16, 17]);
            set(members, "deep", &format!("{}1{}", "{\"a\":".repeat(depth), "}".repeat(depth)));
        }
        3 => set(members, "x", r#"{"a":1,"b":[{"c":2,"c":3}]}"#),
        4 => {
            let name = format!("\"{}\\u0061\"", "n".repeat(random.pick(&[10, 200, 400])));
            members.push((name, "1".into()));
        }
        5 => {
            let length = random.pick(&[1000, 3200, 9000, 13_000, 20_000]);
            set(members, "long", &quoted(&"x".repeat(length)));
        }
        6 => set(members, "x", &"7".repeat(random.pick(&[400, 4300, 4400]))),
        _ => {
            let many: Vec<String> = (0..random.pick(&[64, 65, 300])).map(|n| format!("\"a{n}\":0")).collect();
            set(members, "x", &format!("{{{}}}", many.join(",")));
        }
    }
}

/// Gives a member that value; a new one goes anywhere behind the first.
fn set(members: &mut Vec<Member>, name: &str, value: &str) {
    let name = quoted(name);
    match members.iter_mut().find(|(found, _)| *found == name) {
        Some((_, old)) => *old = value.into(),
        None => members.push((name, value.into())),
    }
}
