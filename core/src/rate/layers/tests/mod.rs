//! Layers together: what concerns whom, what is given back, and that no layer lets more through than it may.

mod model;
mod threads;

use super::*;
use crate::Now;
use crate::mcp::Kind;
use crate::rate::tests::per;
use crate::rate::{Decision, QuotaError};
use alloc::string::String;
use alloc::vec::Vec;
use std::format;

pub(super) const SEED: [u64; 4] = [5, 6, 7, 8];
const SECOND: u64 = 1_000_000;
const MINUTE: u64 = 60 * SECOND;

fn layers(all: impl IntoIterator<Item = Layer>) -> Layers {
    Layers::new(all.into_iter().map(|layer| layer.slots(700)), SEED).unwrap()
}

fn caller<'a>(principal: &'a str, roles: &'a [&'a str], address: &'a [u8]) -> Caller<'a, &'a str> {
    Caller { principal, is_anonymous: false, roles, address }
}

/// Calls of tools at a moment in µs: what the answer tells of, as name and units left, and whether it refuses.
fn call(layers: &Layers, caller: &Caller<'_, &str>, tools: &[&str], mono: u64) -> Result<Left, Left> {
    let told = |told: &Told| (String::from(layers.name(told.layer)), told.decision.remaining);
    let named = tools.iter().map(|tool| (Kind::Tool, *tool));
    match layers.check(caller, named, Now::new(0.0, mono)) {
        Ok(spent) => Ok(spent.least().map(told).unwrap_or_default()),
        Err(refused) => Err(told(&refused)),
    }
}

type Left = (String, u32);

fn left(name: &str, units: u32) -> Left {
    (name.into(), units)
}

#[test]
fn a_layer_concerns_its_roles_and_its_names_alone() {
    let minute = |amount| per(amount, MINUTE);
    let layers = layers([
        Layer::new("search", minute(10), Per::Principal).tools(["search_*", "find"]),
        Layer::new("trial", minute(5), Per::Principal).roles(["trial", "guest"]),
        Layer::new("trial exports", minute(2), Per::Principal).roles(["trial"]).tools(["export"]),
        Layer::new("reading", minute(3), Per::Principal).resources(["docs://a/*"]).methods(["tools/list"]),
    ]);
    let (member, trial) = (caller("m", &["user"], b""), caller("t", &["user", "trial"], b""));
    assert_eq!(call(&layers, &member, &["search_files"], 0), Ok(left("search", 9)));
    assert_eq!(call(&layers, &member, &["find"], 0), Ok(left("search", 8)));
    for other in ["search", "Find", "finder", "xsearch_", "export", ""] {
        assert_eq!(call(&layers, &member, &[other], 0), Ok(Left::default()), "{other}");
    }
    assert_eq!(call(&layers, &trial, &["find"], 0), Ok(left("trial", 4)));
    assert_eq!(call(&layers, &trial, &["export"], 0), Ok(left("trial exports", 1)));
    assert_eq!(call(&layers, &caller("g", &["guest"], b""), &["export"], 0), Ok(left("trial", 4)));
    // What names nothing is no call of a tool.
    assert_eq!(call(&layers, &member, &[], 0), Ok(Left::default()));
    assert_eq!(call(&layers, &trial, &[], 0), Ok(left("trial", 2)));

    let reads = |kind, name: &str| {
        let spent = layers.check(&member, [(kind, name)], Now::new(0.0, 0));
        spent.map(|spent| spent.least().is_some()).map_err(|_| ())
    };
    assert_eq!(reads(Kind::Resource, "docs://b/a"), Ok(false));
    assert_eq!(reads(Kind::Tool, "docs://a/a"), Ok(false), "kinds do not mix");
    assert_eq!(reads(Kind::Method, "prompts/list"), Ok(false));
    assert_eq!(reads(Kind::Resource, "docs://a/a"), Ok(true));
    assert_eq!(reads(Kind::Method, "tools/list"), Ok(true));
    // A limit errs the other way than a policy: what may be in its folder is counted.
    assert_eq!(reads(Kind::Resource, "docs://b/%2e%2e/a/a"), Ok(true));
    for again in ["docs://b/../a/a", "DOCS://%61/a", "docs://a//a"] {
        assert_eq!(reads(Kind::Resource, again), Err(()), "{again}: three a minute");
    }
}

#[test]
fn each_counts_by_its_own() {
    let one = |per| layers([Layer::new("l", tests::per(2, MINUTE), per)]);
    // A layer, and whether two calls by (principal, address, tool) share a bucket.
    type Who<'a> = (&'a str, &'a [u8], &'a str);
    let shared = |per, a: Who<'_>, b: Who<'_>| {
        let layers = one(per);
        let spend = |(principal, address, tool): Who<'_>| {
            call(&layers, &caller(principal, &[], address), &[tool], 0).unwrap().1
        };
        (spend(a), spend(b)) == (1, 0)
    };
    let base: Who<'_> = ("anna", b"1", "x");
    let others: [Who<'_>; 3] = [("ben", b"1", "x"), ("anna", b"2", "x"), ("anna", b"1", "y")];
    for (per, expected) in [
        (Per::Principal, [false, true, true]),
        (Per::PrincipalAndTool, [false, true, false]),
        (Per::Address, [true, false, true]),
        (Per::Everybody, [true, true, true]),
    ] {
        assert_eq!(others.map(|other| shared(per, base, other)), expected, "{per:?}");
        assert!(shared(per, base, base));
        assert_eq!(Per::of_name(per.name()), Some(per));
    }
    // Where one text ends and the next begins is part of what is hashed.
    let pairs: [(Who<'_>, Who<'_>); 3] = [
        (("a", b"", "bc"), ("ab", b"", "c")),
        (("", b"", "ab"), ("ab", b"", "")),
        (("a", b"", ""), ("", b"", "a")),
    ];
    for (a, b) in pairs {
        assert!(!shared(Per::PrincipalAndTool, a, b), "{a:?} {b:?}");
    }
    let layers = one(Per::PrincipalAndTool);
    for kind in [Kind::Tool, Kind::Resource, Kind::Prompt, Kind::Method] {
        let spent = layers.check(&caller("anna", &[], b""), [(kind, "x")], Now::new(0.0, 0)).unwrap();
        assert_eq!(spent.least().unwrap().decision.remaining, 1, "{kind}");
    }
}

#[test]
fn what_a_later_layer_refuses_is_given_back() {
    let layers = layers([
        Layer::new("all", per(100, MINUTE), Per::Everybody),
        Layer::new("own", per(50, MINUTE), Per::Principal).cost(3),
        Layer::new("tool", per(2, MINUTE), Per::PrincipalAndTool).tools(["x", "y"]),
    ]);
    let anna = caller("anna", &[], b"");
    for left_there in [1, 0] {
        assert_eq!(call(&layers, &anna, &["x"], 0), Ok(left("tool", left_there)));
    }
    for _ in 0..1000 {
        assert_eq!(call(&layers, &anna, &["x"], 0), Err(left("tool", 0)));
    }
    // Of a batch too, where the same layer has room for one of its tools.
    assert_eq!(call(&layers, &anna, &["y", "z", "x"], 0), Err(left("tool", 0)));
    assert_eq!(call(&layers, &anna, &["y"], 0), Ok(left("tool", 1)));
    assert_eq!(layers.lost(), 0);
    // 3 calls were admitted: 9 of 50 are spent, and of all 3 of 100.
    assert_eq!(call(&layers, &anna, &["z"], 0), Ok(left("own", 50 - 12)));
    let all = layers.check(&caller("ben", &[], b""), [(Kind::Tool, "z"); 96], Now::new(0.0, 0));
    let all = all.unwrap_err();
    assert_eq!((layers.name(all.layer), all.decision.retry_after_micros), ("own", Decision::NEVER));
    assert_eq!(all.decision.limit, 50);
}

#[test]
fn a_batch_counts_each_member_where_it_belongs() {
    let layers = layers([
        Layer::new("tool", per(3, MINUTE), Per::PrincipalAndTool).tools(["*"]),
        Layer::new("search", per(4, MINUTE), Per::Principal).tools(["search"]).cost(2),
        Layer::new("all", per(6, MINUTE), Per::Principal),
    ]);
    let anna = caller("anna", &[], b"");
    // One of search, spent 2 of 4; two of tool x.
    assert_eq!(call(&layers, &anna, &["x", "search", "x"], 0), Ok(left("tool", 1)));
    assert_eq!(call(&layers, &anna, &["x", "x"], 0), Err(left("tool", 1)), "one bucket, once, for both");
    let never = layers.check(&anna, [(Kind::Tool, "y"); 4], Now::new(0.0, 0)).unwrap_err();
    assert_eq!(never.decision.retry_after_micros, Decision::NEVER);
    assert_eq!(call(&layers, &anna, &["search", "search"], 0), Err(left("search", 2)));
    assert_eq!(call(&layers, &anna, &["y", "y", "x", "z"], 0), Err(left("all", 3)));
    assert_eq!(call(&layers, &anna, &["y", "x", "z"], 0), Ok(left("tool", 0)), "none was lost before");
    assert_eq!(layers.lost(), 0);
}

#[test]
fn the_answer_tells_of_the_fewest_calls_left_not_of_the_fewest_units() {
    let layers = layers([
        Layer::new("calls", per(5, MINUTE), Per::Principal),
        Layer::new("units", per(8, MINUTE), Per::Principal).cost(2),
        Layer::new("alike", per(4, MINUTE), Per::Principal),
    ]);
    let anna = caller("anna", &[], b"");
    assert_eq!(call(&layers, &anna, &["x"], 0), Ok(left("units", 6)), "the first of those alike");
    let told = layers.check(&anna, [(Kind::Tool, "x")], Now::new(0.0, 0)).unwrap();
    let told = told.least().unwrap();
    assert_eq!((told.decision.limit, told.decision.reset_after_micros), (8, 30 * SECOND));
    let headers = layers.headers(told.layer).unwrap().write(&told.decision);
    let lines: Vec<_> = headers.iter().collect();
    assert_eq!(lines[3..], [("ratelimit-policy", "\"units\";q=8;w=60"), ("ratelimit", "\"units\";r=4;t=30")]);
}

#[test]
fn a_full_table_only_ever_refuses() {
    let layer = Layer::new("small", per(2, MINUTE), Per::Principal);
    let layers =
        Layers::new([layer.slots(1), Layer::new("own", per(2, MINUTE), Per::Principal)], SEED).unwrap();
    let victim = caller("victim", &[], b"");
    while call(&layers, &victim, &["x"], 0).is_ok() {}
    let mut admitted = 0;
    for stranger in 0..10_000 {
        let principal = format!("{stranger}");
        admitted += u32::from(call(&layers, &caller(&principal, &[], b""), &["x"], 0).is_ok());
        assert_eq!(call(&layers, &victim, &["x"], 0), Err(left("small", 0)));
    }
    // Seven slots of two, less what the victim had.
    assert!((6..=12).contains(&admitted), "{admitted}");
    let evictions = |at| layers.stats().nth(at).unwrap().1.evictions_with_debt;
    assert!(evictions(0) > 0 && evictions(1) == 0, "each has a table of its own");
}

#[test]
fn callers_without_a_credential_push_no_principal_out() {
    let layer = || Layer::new("small", per(2, MINUTE), Per::Principal).slots(7);
    let layers = Layers::new([layer()], SEED).unwrap().with_anonymous().unwrap();
    let spend = |who: &str, is_anonymous| {
        let caller = Caller { is_anonymous, ..caller(who, &[], b"") };
        call(&layers, &caller, &["x"], 0)
    };
    for address in 0..1000 {
        let _ = spend(&format!("anon:{address}"), true);
    }
    for principal in ["a", "b", "c"] {
        assert_eq!(spend(principal, false), Ok(left("small", 1)), "as if nobody had been here");
    }
    assert_eq!(layers.stats().next().unwrap().1.evictions_with_debt, 0);
    // What a stranger took is given back to the strangers' table.
    let two = [layer().slots(700), Layer::new("none", per(1, MINUTE), Per::Everybody)];
    let layers = Layers::new(two, SEED).unwrap().with_anonymous().unwrap();
    let stranger = Caller { is_anonymous: true, ..caller("anon:1", &[], b"") };
    assert!(call(&layers, &stranger, &["x"], 0).is_ok());
    for _ in 0..5 {
        assert_eq!(call(&layers, &stranger, &["x"], 0), Err(left("none", 0)));
    }
    assert_eq!(layers.lost(), 0);
}

#[test]
fn each_mistake_has_its_error() {
    let good = || Layer::new("l", per(10, MINUTE), Per::Principal);
    let error = |layer: Layer| Layers::new([good(), layer], SEED).map(|_| ()).unwrap_err();
    let cases = [
        (Layer::new("", per(1, MINUTE), Per::Principal), LayerError::Name),
        (Layer::new("a\"b", per(1, MINUTE), Per::Principal), LayerError::Name),
        (good(), LayerError::NameTaken),
        (Layer::new("principal", per(1, MINUTE), Per::Principal), LayerError::NameTaken),
        (Layer::new("address", per(1, MINUTE), Per::Address), LayerError::NameTaken),
        (Layer::new("a", per(10, MINUTE), Per::Principal).cost(0), LayerError::CostZero),
        (Layer::new("a", per(10, MINUTE), Per::Principal).cost(11), LayerError::CostAboveBurst),
        (Layer::new("a", per(10, MINUTE).strict(), Per::Principal).cost(6), LayerError::CostAboveBurst),
        (Layer::new("a", per(1, MINUTE), Per::Principal).roles([""; 0]), LayerError::NeverConcerned),
        (Layer::new("a", per(1, MINUTE), Per::Principal).tools([""; 0]), LayerError::NeverConcerned),
        (Layer::new("a", per(1, MINUTE), Per::Principal).tools(["a*b"]), LayerError::Pattern),
        (Layer::new("a", per(1, MINUTE), Per::Principal).prompts(["a**"]), LayerError::Pattern),
        (Layer::new("a", per(1, MINUTE), Per::Principal).methods(["tools/call"]), LayerError::MethodNames),
        (Layer::new("a", per(1, MINUTE), Per::Principal).methods(["prompts/*"]), LayerError::MethodNames),
        (Layer::new("a", per(u32::MAX, 1), Per::Principal), LayerError::Quota(QuotaError::Rounding)),
        (
            Layer::new("a", per(1, MINUTE), Per::Principal).slots(usize::MAX),
            LayerError::Quota(QuotaError::TooManySlots),
        ),
    ];
    for (layer, expected) in cases {
        assert_eq!(error(layer), LayersError { at: 1, error: expected });
        assert!(expected.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_'));
        let text = format!("{expected}");
        assert!(!text.ends_with('.') && text.starts_with(char::is_lowercase), "{text}");
    }
    assert!(Layers::new([good().methods(["*", "tools/list", "tools/l*"])], SEED).is_ok());
    let many = (0..65).map(|at| Layer::new(format!("{at}"), per(1, MINUTE), Per::Everybody));
    assert_eq!(Layers::new(many, SEED).unwrap_err(), LayersError { at: 64, error: LayerError::TooMany });
    // Those that may be, all count.
    let many = (0..64).map(|at| Layer::new(format!("{at}"), per(64 - at, MINUTE), Per::Everybody));
    let most = Layers::new(many, SEED).unwrap();
    assert_eq!(call(&most, &caller("a", &[], b""), &["x"], 0), Ok(left("63", 0)));
    assert_eq!(call(&most, &caller("a", &[], b""), &["x"], 0), Err(left("63", 0)));
    assert_eq!(call(&layers([]), &caller("a", &[], b""), &["x"], 0), Ok(Left::default()));
}
