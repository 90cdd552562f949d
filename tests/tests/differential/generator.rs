//! Tokens by number: good ones, and good ones to which one to three things were done, at every stage of their making.
//!
//! `draft → members → text → segments → signature → token`; each stage's changes are in a module of their own. What is
//! changed before the signature is signed as it then stands, so that it is met by what comes after the signature.

use crate::case::{Audience, Case, Options};
use crate::keys::{KeyId, sign};
use crate::random::Random;
use crate::{members, segments, signature, text, whole};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward::jwt::Algorithm;

/// The same tokens, but for the randomness of their signatures, as long as this is the same.
const SEED: u64 = 0x00D0_0417;

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "https://mcp.example/mcp";
pub(crate) const SUBJECT: &str = "anna";

/// What is generated.
#[derive(Clone, Copy)]
pub(crate) struct Plan {
    /// Seconds since the epoch.
    pub(crate) now: u64,
    /// Whether `now` stands still for the peer, so that dates may lie within seconds of it.
    pub(crate) boundaries: bool,
    /// Of a hundred tokens, those that are not signed by HMAC.
    pub(crate) public: u64,
}

/// A member's name and value as they stand in the text, the name with its quotes.
pub(crate) type Member = (String, String);

/// A token on its way.
pub(crate) struct Draft {
    pub(crate) random: Random,
    pub(crate) plan: Plan,
    pub(crate) key: KeyId,
    /// What it is signed with, whatever the header says.
    pub(crate) algorithm: Algorithm,
    pub(crate) options: Options,
    pub(crate) header: Vec<Member>,
    pub(crate) payload: Vec<Member>,
    pub(crate) made: Vec<&'static str>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Header,
    Payload,
    HeaderText,
    PayloadText,
    Segments,
    Signature,
    Whole,
}

/// Of a hundred changes, at which stage each is.
const STAGES: [(Stage, usize); 7] = [
    (Stage::Header, 22),
    (Stage::Payload, 40),
    (Stage::HeaderText, 5),
    (Stage::PayloadText, 9),
    (Stage::Segments, 7),
    (Stage::Signature, 10),
    (Stage::Whole, 7),
];

pub(crate) fn quoted(name: &str) -> String {
    serde_json::Value::from(name).to_string()
}

/// Case `number` of a plan.
pub(crate) fn case(number: u64, plan: Plan) -> Case {
    let mut draft = Draft::new(Random::new(SEED, number), plan);
    let changes = match draft.random.below(100) {
        0..15 => 0,
        15..75 => 1,
        75..95 => 2,
        _ => 3,
    };
    let mut stages: Vec<Stage> = (0..changes).map(|_| draft.stage()).collect();
    let times = |stages: &[Stage], stage| stages.iter().filter(|one| **one == stage).count();
    for _ in 0..times(&stages, Stage::Header) {
        members::change_header(&mut draft);
    }
    for _ in 0..times(&stages, Stage::Payload) {
        members::change_payload(&mut draft);
    }
    let (mut header, mut payload) = (object(&draft.header), object(&draft.payload));
    for _ in 0..times(&stages, Stage::HeaderText) {
        text::change(&mut draft, &mut header);
    }
    for _ in 0..times(&stages, Stage::PayloadText) {
        text::change(&mut draft, &mut payload);
    }
    let (mut header, mut payload) = (URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(payload));
    for _ in 0..times(&stages, Stage::Segments) {
        let segment = if draft.random.chance(40) { &mut header } else { &mut payload };
        segments::respell(&mut draft.random, &mut draft.made, segment);
    }
    let signed = format!("{header}.{payload}");
    let mut tag = if times(&stages, Stage::Signature) > 0 {
        signature::change(&mut draft, &header, &payload)
    } else {
        URL_SAFE_NO_PAD.encode(sign(draft.algorithm, false, signed.as_bytes()))
    };
    if times(&stages, Stage::Segments) > 0 && draft.random.chance(30) {
        segments::respell(&mut draft.random, &mut draft.made, &mut tag);
    }
    let mut token = format!("{signed}.{tag}");
    stages.retain(|stage| *stage == Stage::Whole);
    for _ in stages {
        whole::change(&mut draft, &mut token);
    }
    let Draft { key, options, made, .. } = draft;
    Case { number, token, key, options, now: plan.now, made }
}

/// An object of these members, in this order.
fn object(members: &[Member]) -> Vec<u8> {
    let members: Vec<String> = members.iter().map(|(name, value)| format!("{name}:{value}")).collect();
    format!("{{{}}}", members.join(",")).into_bytes()
}

impl Draft {
    /// A good token for some key and options.
    fn new(mut random: Random, plan: Plan) -> Self {
        let key = if random.chance(plan.public) {
            random.pick(&KeyId::ALL[3..])
        } else {
            // HS256 is what most use.
            random.pick(&[KeyId::Hs256, KeyId::Hs256, KeyId::Hs256, KeyId::Hs384, KeyId::Hs512])
        };
        let mut algorithms = key.algorithms().to_vec();
        if algorithms.len() > 1 && random.chance(50) {
            algorithms = vec![random.pick(key.algorithms())];
        }
        let algorithm = random.pick(&algorithms);
        let options = Options {
            algorithms,
            issuer: random.pick(&[None, Some(&[ISSUER][..]), Some(&["https://other.example", ISSUER])]),
            audience: match random.below(3) {
                0 if key.is_secret() => Audience::Unset,
                0 | 1 => {
                    Audience::OneOf(random.pick(&[&[AUDIENCE][..], &["https://else.example", AUDIENCE]]))
                }
                _ => Audience::Any,
            },
            subject: random.pick(&[None, None, Some(SUBJECT)]),
            tolerance: random.pick(&[0, 0, 5, 60]),
            kid: random.pick(&[None, None, None, None, None, Some("k1")]),
        };
        let mut draft =
            Self { random, plan, key, algorithm, options, header: vec![], payload: vec![], made: vec![] };
        draft.header.push((quoted("alg"), quoted(algorithm.name())));
        if draft.random.chance(80) {
            draft.header.push((quoted("typ"), quoted("JWT")));
        }
        if draft.options.kid.is_some() || draft.random.chance(10) {
            draft.header.push((quoted("kid"), quoted("k1")));
        }
        draft.claims();
        draft
    }

    fn claims(&mut self) {
        let now = self.plan.now;
        let mut push = |name: &str, value: String| self.payload.push((quoted(name), value));
        push("sub", quoted(SUBJECT));
        push("exp", (now + 3600).to_string());
        if self.options.issuer.is_some() || self.random.chance(40) {
            push("iss", quoted(ISSUER));
        }
        match self.options.audience {
            Audience::Unset => {}
            Audience::Any if self.random.chance(50) => {}
            _ if self.random.chance(30) => {
                push("aud", format!("[\"https://x.example\",{}]", quoted(AUDIENCE)))
            }
            _ => push("aud", quoted(AUDIENCE)),
        }
        for (name, value) in [
            ("iat", (now - 600).to_string()),
            ("nbf", (now - 600).to_string()),
            ("jti", quoted("0017")),
            ("scope", quoted("mcp:read mcp:write")),
            ("roles", r#"["user"]"#.into()),
            ("ä", r#"{"b":[1,2.5e3,{"c":null}],"d":"\u00e9\n"}"#.into()),
        ] {
            if self.random.chance(40) {
                push(name, value);
            }
        }
        if self.random.chance(50) {
            let at = self.random.below(self.payload.len());
            self.payload.rotate_left(at);
        }
    }

    fn stage(&mut self) -> Stage {
        let mut left = self.random.below(STAGES.iter().map(|(_, weight)| weight).sum());
        for (stage, weight) in STAGES {
            if left < weight {
                return stage;
            }
            left -= weight;
        }
        Stage::Whole
    }

    pub(crate) fn note(&mut self, what: &'static str) {
        self.made.push(what);
    }
}
