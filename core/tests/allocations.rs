//! What a verification allocates, counted: nothing for HS*, and for the rest what the verifying library or the gate does.
//!
//! Counted a thread, in a process of their own.
#![cfg(all(feature = "asymmetric", feature = "std"))]
#![allow(unsafe_code, reason = "an allocator that counts is one that is handed pointers")]

mod common;

use common::{hex, read};
use doorward::Now;
use doorward::gate::{Body, Gate, Step};
use doorward::jwt::{self, Algorithm, Rules, SigningKey, TokenCache, Verifier};
use doorward::keys::{Key, KeySet};
use doorward::mcp::Kind;
use doorward::policy::{Grants, Held, Policy, Requirement};
use doorward::rate::{Limiter, Quota};
use serde_json::Value;
use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::hint::black_box;
use std::sync::Arc;
use std::time::Duration;

thread_local! {
    /// Allocations of this thread alone: the harness has threads of its own.
    static COUNT: Cell<u64> = const { Cell::new(0) };
}

struct Counting;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn note() {
    // Not there any more while a thread ends: nobody counts then.
    let _ = COUNT.try_with(|count| count.set(count.get() + 1));
}

// SAFETY: every method hands its arguments to `System` unchanged and gives back what it gave; counting touches
// nothing but a constant-initialised thread local, which does not allocate.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: the caller's promise is the one `System` needs.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, block: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note();
        // SAFETY: as above; `block` came from `System`, as all blocks do.
        unsafe { System.realloc(block, layout, size) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(block, layout) }
    }
}

/// Blocks asked for while `work` runs, also by way of growing one. What it gives is dropped later.
fn count<R>(work: impl FnOnce() -> R) -> (u64, R) {
    let before = COUNT.get();
    let result = black_box(work());
    (COUNT.get() - before, result)
}

/// The same work twice: what is made once in a process is made the first time.
fn settled<R>(mut work: impl FnMut() -> R) -> (u64, R) {
    drop(work());
    count(work)
}

const NOW: Now = Now::new(1_700_000_000.0, 0);

/// The keys and tokens of the shared vectors.
struct Vectors(Value);

impl Vectors {
    fn key(&self, name: &str) -> Key {
        let text = &self.0["keys"][name];
        let algorithm = |name: &Value| common::algorithm(name.as_str().unwrap());
        match text["secret_hex"].as_str() {
            Some(secret) => Key::hmac(algorithm(&text["alg"]), &hex(secret)),
            None => {
                let algorithms: Vec<_> = text["algs"].as_array().unwrap().iter().map(algorithm).collect();
                Key::from_pem(text["pem"].as_str().unwrap(), &algorithms)
            }
        }
        .unwrap()
    }

    /// A good token of that algorithm for that key, whose rules ask for no audience.
    fn token(&self, algorithm: Algorithm, key: &str) -> String {
        let vectors = self.0["vectors"].as_array().unwrap();
        let rules = Rules::new().any_audience();
        let good =
            vectors.iter().filter(|vector| vector["expect"] == "ok" && vector["keys"][0]["name"] == key);
        let mut tokens = good.filter_map(|vector| vector["token"].as_str());
        let only = Key::from_pem(self.0["keys"][key]["pem"].as_str().unwrap_or_default(), &[algorithm]);
        let key = only.unwrap_or_else(|_| self.key(key));
        let is_good = |token: &&str| {
            jwt::verify(token.as_bytes(), &key, &rules, &mut vec![0; token.len()], NOW).is_ok()
        };
        tokens.find(is_good).unwrap_or_else(|| panic!("no good token of {algorithm}")).to_owned()
    }
}

/// Allocations of one verification: with one key, with a set of keys, and of a token that is refused.
fn of_one(vectors: &Vectors, algorithm: Algorithm, key: &str) -> [u64; 3] {
    let token = vectors.token(algorithm, key);
    let token = token.as_bytes();
    let mut scratch = vec![0; token.len()];
    let rules = Rules::new().any_audience();
    let one = vectors.key(key);
    let (bare, ()) = settled(|| {
        jwt::verify(token, &one, &rules, &mut scratch, NOW).map(|_| ()).unwrap();
    });
    let verifier = Verifier::new(KeySet::from(vectors.key(key)), rules.clone()).unwrap();
    let (borrowed, ()) = settled(|| {
        verifier.verify_in(token, &mut scratch, NOW).map(|_| ()).unwrap();
    });
    let late = Now::new(9e15, 0);
    let (refused, ()) = settled(|| {
        verifier.verify_in(token, &mut scratch, late).map(|_| ()).unwrap_err();
    });
    [bare, borrowed, refused]
}

#[test]
fn what_a_verification_allocates_is_what_is_said_of_it() {
    // What does allocate is counted, or everything below would hold of itself.
    assert_eq!(count(|| Box::new(7_u64)).0, 1);
    assert_eq!(count(|| vec![0_u8; 100]).0, 1);
    assert!(count(|| (0..1000).map(|n: u32| n.to_string()).collect::<Vec<_>>()).0 > 1000);

    let vectors = Vectors(serde_json::from_str(&read("jwt.json")).unwrap());
    for (algorithm, key) in
        [(Algorithm::HS256, "hs256"), (Algorithm::HS384, "hs384"), (Algorithm::HS512, "hs512")]
    {
        assert_eq!(of_one(&vectors, algorithm, key), [0; 3], "{algorithm}");
    }
    // Ring's own: the numbers of an RSA verification are on the heap, a curve's on the stack. AWS-LC's blocks are C's.
    let rsa = if cfg!(feature = "aws-lc-rs") { 0 } else { 5 };
    for (algorithm, key, theirs) in [
        (Algorithm::RS256, "rsa2048", rsa),
        (Algorithm::PS256, "rsa2048_ps", rsa),
        (Algorithm::ES256, "p256", 0),
        (Algorithm::ES384, "p384", 0),
        (Algorithm::EdDSA, "ed25519", 0),
    ] {
        assert_eq!(of_one(&vectors, algorithm, key), [theirs; 3], "{algorithm}");
    }

    let token = vectors.token(Algorithm::RS256, "rsa2048");
    let keys = || KeySet::from(vectors.key("rsa2048"));
    let verifier = Verifier::new(keys(), Rules::new().any_audience()).unwrap();
    let owned = settled(|| verifier.verify(token.as_bytes(), NOW).unwrap());
    assert_eq!(owned.0, rsa + 2, "Verifier::verify: scratch space, and the payload that is kept");

    let claims = Arc::new(owned.1);
    let window = verifier.window(&claims.claims());
    let cache = TokenCache::new(8, 60_000_000, [1, 2, 3, 4]);
    cache.insert(token.as_bytes(), window, NOW, claims);
    assert_eq!(settled(|| cache.get(token.as_bytes(), NOW).unwrap()).0, 0, "a cache hit");
    assert_eq!(settled(|| cache.get(b"another", NOW)).0, 0, "a cache miss");

    the_warm_gate();
    a_policy();
}

/// Whatever is asked: a name or a URI, granted or not, by a role, a scope or what one implies, under requirements.
fn a_policy() {
    let admin = || Requirement::any().scopes(["s2"]).roles(["admin"]);
    let policy = Policy::new()
        .role("user", Grants::new().tools(["search", "draft_*"]).resources(["docs://*"]))
        .scope("s3", Grants::new().tools(["other"]))
        .and_then(|policy| policy.implies("s1", ["s2", "s3"]))
        .and_then(|policy| policy.require(Kind::Tool, "draft_*", admin()))
        .and_then(|policy| policy.require(Kind::Resource, "docs://a/%62/*", admin()))
        .unwrap();
    let held = Held::new(&["x", "user"], &["s0", "s1"]);
    let things = [
        (Kind::Tool, "search", true),
        (Kind::Tool, "draft_1", true),
        (Kind::Tool, "other", true),
        (Kind::Tool, "another", false),
        (Kind::Resource, "docs://A/b/c%20d", true),
        (Kind::Resource, "docs://a/../b", false),
        (Kind::Method, "ping", true),
    ];
    for (kind, name, allowed) in things {
        assert_eq!(settled(|| policy.is_allowed(&held, kind, name)), (0, allowed), "{kind} {name}");
    }
}

/// A call by a token seen before, from its headers to admission.
fn the_warm_gate() {
    const CALL: &[u8] = br#"{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"search"}}"#;
    const SECRET: &[u8] = &[7; 32];
    let signing = SigningKey::hmac(Algorithm::HS256, SECRET).unwrap();
    let token = jwt::sign(r#"{"sub":"anna","roles":["user"],"exp":1700003600}"#, &signing).unwrap();
    let key = Key::hmac(Algorithm::HS256, SECRET).unwrap();
    let gate = Gate::builder()
        .verifier(Verifier::new(key.into(), Rules::new()).unwrap())
        .policy(Policy::new().role("user", Grants::new().tools(["search"])))
        .build([[1, 2, 3, 4]; 4])
        .unwrap();
    let bearer = format!("Bearer {token}");
    let headers = [
        ("host", &b"127.0.0.1:3000"[..]),
        ("authorization", bearer.as_bytes()),
        ("content-type", b"application/json"),
    ];
    let call = || {
        let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
        let Step::NeedBody(need) = gate.begin(&head, NOW) else { panic!("the head is good") };
        gate.body(need, Body::Read(CALL), NOW)
    };
    let (allocations, step) = settled(call);
    assert!(matches!(step, Step::Admitted(_)));
    assert_eq!(gate.cache_stats().unwrap().hits, 1);
    assert_eq!(allocations, 1, "the name of the tool, for whoever logs it");
}

#[test]
fn a_million_fresh_keys_cost_a_table_no_memory() {
    let quota = Quota::per(10, Duration::from_secs(60)).unwrap();
    let limiter = Limiter::new(1000, quota, [1, 2, 3, 4]).unwrap();
    let (blocks, admitted) = count(|| {
        let check = |key: u32| limiter.check(&key.to_ne_bytes(), limiter.base(), 1, NOW).allowed;
        (0..1_000_000).filter(|&key| check(key)).count()
    });
    assert_eq!(blocks, 0);
    // 143 sets, none of which lets more through than its seven slots may spend.
    assert!((9_000..=10_010).contains(&admitted), "{admitted}");
}
