//! Tokens from good parts, edited, under any rules: doorward's answer is that of a verifier written a second time.
#![no_main]

use doorward::Now;
use doorward::jwt::{Algorithm, Rules, TokenError, Verifier};
use doorward::keys::{Key, KeySet};
use doorward_fuzz::reference::{Asked, Refusal, mac, verify};
use doorward_fuzz::{encode, verify_at};
use libfuzzer_sys::arbitrary::{Result, Unstructured};
use libfuzzer_sys::fuzz_target;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

const SECRET: [u8; 64] = [0x42; 64];
const NOW: f64 = 1_700_000_000.0;

const HEADERS: [&str; 6] = [
    r#"{"alg":"HS256","typ":"JWT"}"#,
    r#"{"typ":"JWT","alg":"HS384"}"#,
    r#"{"alg":"HS512","kid":"k"}"#,
    r#"{"alg":"HS256","typ":"application/at+jwt","x":{"a":[1]}}"#,
    r#"{"alg":"HS256","crit":["b64"],"b64":true}"#,
    r#"{"alg":"none"}"#,
];
const PAYLOADS: [&str; 6] = [
    r#"{"sub":"anna","exp":1700003600}"#,
    r#"{"iss":"i","sub":"anna","aud":"a","exp":1700000001,"nbf":1700000000,"iat":1699999990}"#,
    r#"{"aud":["b","a"],"exp":1.7000000005e9,"jti":"1"}"#,
    r#"{"exp":1700000000,"exp":1700003600}"#,
    r#"{"iat":1700000000,"x":[{"y":"\u00e9\ud83d\ude00"},-0.5e-3,true,null]}"#,
    r#"{"exp":9007199254740992,"nbf":0,"aud":[],"scope":"a b"}"#,
];

fuzz_target!(|data: &[u8]| {
    // Too little data is no case.
    let _ = run(&mut Unstructured::new(data));
});

fn run(data: &mut Unstructured<'_>) -> Result<()> {
    let number = data.int_in_range(0..=RULES - 1)?;
    let mut asked = asked(number);
    asked.now = [NOW, NOW, NOW + 1.0, NOW - 0.5, NOW + 4000.0, 0.0, f64::NAN, f64::INFINITY][pick(data, 8)?];
    let alg = ["HS256", "HS384", "HS512"][pick(data, 3)?];
    let mut header = HEADERS[pick(data, 6)?].as_bytes().to_vec();
    let mut payload = PAYLOADS[pick(data, 6)?].as_bytes().to_vec();
    // What is to be done besides; mostly little, so that most of a token stays good.
    let stages: u8 = data.arbitrary()?;
    if stages & 1 != 0 {
        edit(data, &mut header)?;
    }
    if stages & 2 != 0 {
        edit(data, &mut payload)?;
    }
    let (mut header, mut payload) = (encode(&header).into_bytes(), encode(&payload).into_bytes());
    if stages & 4 != 0 {
        edit(data, &mut header)?;
    }
    if stages & 8 != 0 {
        edit(data, &mut payload)?;
    }
    let mut token = [&header[..], b".", &payload].concat();
    let mut tag = mac(alg, if stages & 16 != 0 { &SECRET[1..] } else { &SECRET }, &token);
    if stages & 32 != 0 {
        edit(data, &mut tag)?;
    }
    token.push(b'.');
    token.extend(encode(&tag).as_bytes());
    if stages & 64 != 0 {
        edit(data, &mut token)?;
    }
    compare(&token, &asked, number);
    Ok(())
}

/// How many sets of rules there are.
const RULES: u32 = 2592;

/// One of them, by its number.
fn asked(mut number: u32) -> Asked {
    let mut pick = |among: u32| {
        let picked = number % among;
        number /= among;
        picked as usize
    };
    Asked {
        algorithms: [&["HS256", "HS384", "HS512"][..], &["HS256"], &["HS512", "HS256"]][pick(3)].to_vec(),
        issuer: [None, Some("i")][pick(2)],
        audience: [None, Some("a")][pick(2)],
        subject: [None, None, Some("anna")][pick(3)],
        typ: [None, None, Some("JWT"), Some("at+jwt")][pick(4)],
        expiry_required: pick(2) == 0,
        tolerance: [0.0, 5.0, 60.5][pick(3)],
        max_age: [None, None, Some(30.0)][pick(3)],
        now: NOW,
    }
}

thread_local! {
    /// By the number of their rules: to prepare three secrets takes longer than all else.
    static VERIFIERS: RefCell<HashMap<u32, Rc<Verifier>>> = RefCell::default();
}

fn verifier(asked: &Asked) -> Verifier {
    let key = |algorithm| Key::hmac(algorithm, &SECRET).expect("a good secret");
    let keys = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    let keys = keys.into_iter().fold(KeySet::new(), |keys, algorithm| keys.with(key(algorithm)));
    let algorithms: Vec<Algorithm> =
        asked.algorithms.iter().filter_map(|name| Algorithm::from_name(name)).collect();
    let mut rules = Rules::new().algorithms(&algorithms).tolerance(asked.tolerance);
    if let Some(issuer) = asked.issuer {
        rules = rules.issuer(issuer);
    }
    if let Some(audience) = asked.audience {
        rules = rules.audience(audience);
    }
    if let Some(subject) = asked.subject {
        rules = rules.subject(subject);
    }
    if let Some(typ) = asked.typ {
        rules = rules.token_type(typ);
    }
    if let Some(age) = asked.max_age {
        rules = rules.max_age(age);
    }
    if !asked.expiry_required {
        rules = rules.without_expiry();
    }
    Verifier::new(keys, rules).expect("keys")
}

fn compare(token: &[u8], asked: &Asked, rules: u32) {
    let Some(theirs) = verify(token, &SECRET, asked) else { return };
    let verifier = VERIFIERS
        .with_borrow_mut(|made| made.entry(rules).or_insert_with(|| Rc::new(verifier(asked))).clone());
    let ours = verify_at(&verifier, token, Now::new(asked.now, 0));
    let ours = ours.map(|claims| claims.payload().as_bytes().to_vec()).map_err(kind);
    assert_eq!(ours, theirs, "{asked:?} {}", String::from_utf8_lossy(token));
}

fn kind(error: TokenError) -> Refusal {
    match error {
        TokenError::TooLarge => Refusal::Size,
        TokenError::Malformed | TokenError::Encrypted | TokenError::Detached => Refusal::Shape,
        TokenError::InvalidHeader | TokenError::CriticalHeader => Refusal::Header,
        TokenError::AlgorithmNotAllowed => Refusal::Algorithm,
        TokenError::InvalidSignature => Refusal::Signature,
        TokenError::InvalidPayload | TokenError::InvalidClaim | TokenError::Nested => Refusal::Payload,
        TokenError::MissingClaim => Refusal::Missing,
        TokenError::Expired => Refusal::Expired,
        TokenError::NotYetValid => Refusal::Early,
        TokenError::IssuerMismatch => Refusal::Issuer,
        TokenError::AudienceMismatch => Refusal::Audience,
        TokenError::SubjectMismatch => Refusal::Subject,
        TokenError::TypeMismatch => Refusal::Type,
        TokenError::IssuedInFuture => Refusal::Future,
        TokenError::TooOld => Refusal::Old,
        other => panic!("{other:?} is not to be had here"),
    }
}

fn pick(data: &mut Unstructured<'_>, among: usize) -> Result<usize> {
    data.choose_index(among)
}

/// Takes some bytes out, at some place, and puts any others there.
fn edit(data: &mut Unstructured<'_>, bytes: &mut Vec<u8>) -> Result<()> {
    let at = pick(data, bytes.len() + 1)?;
    let out = data.int_in_range(0..=8)?.min(bytes.len() - at);
    let length = data.int_in_range(0..=40)?.min(data.len());
    let new = data.bytes(length)?.to_vec();
    bytes.splice(at..at + out, new);
    Ok(())
}
