//! Doorward beside other libraries: generated tokens, the same question to each, and every difference explained.
//!
//! | peer | version | tokens |
//! |---|---|---|
//! | Rust `jsonwebtoken` | `Cargo.lock` | 200,000 |
//! | Python `PyJWT` | `clients/python/requirements.txt` | 100,000 |
//! | Node `jose` | `clients/typescript/package-lock.json` | 100,000 |
//!
//! `DOORWARD_DIFFERENTIAL` sets another number for each, a million say. Tokens come from a seeded generator, by number:
//! a failure prints the case, the token in it, and what was done to it. A difference is explained by an entry of
//! `disagreements.json`, which says why; an entry that explains nothing fails as well.

mod case;
mod facts;
mod generator;
mod keys;
mod list;
mod members;
mod peers;
mod random;
mod segments;
mod signature;
mod text;
mod whole;

use case::Case;
use generator::Plan;
use list::Comparison;
use peers::jsonwebtoken;
use peers::scripts::Script;
use std::io::Write as _;
use std::sync::LazyLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// How many tokens `jsonwebtoken` gets.
const IN_PROCESS: u64 = 200_000;
/// How many each of the others gets.
const BY_SCRIPT: u64 = 100_000;

/// How many tokens, and whether that is enough for every entry of the list to come up.
fn count(usual: u64) -> (u64, bool) {
    let given = std::env::var("DOORWARD_DIFFERENTIAL").ok();
    let count = given.map_or(usual, |text| text.parse().expect("DOORWARD_DIFFERENTIAL is a number"));
    (count, count >= usual)
}

/// Where it is seen while the tests run, as `println!` is not.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

fn done(comparison: &Comparison, whole: bool, count: u64, since: Instant) {
    let line = comparison.check(whole);
    say(&format!("differential: {count} tokens in {:.0} s: {line}", since.elapsed().as_secs_f32()));
}

/// What two threads find, one in the even numbers and one in the odd.
fn halves<R: Send>(half: impl Fn(u64) -> R + Sync) -> [R; 2] {
    std::thread::scope(|scope| {
        let odd = scope.spawn(|| half(1));
        [half(0), odd.join().expect("the odd half")]
    })
}

#[test]
fn jsonwebtoken_agrees_or_its_disagreement_is_listed() {
    let since = Instant::now();
    let (count, whole) = count(IN_PROCESS);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is past 1970").as_secs();
    let plan = Plan { now, boundaries: false, public: 3 };
    let [mut comparison, odd] = halves(|first| {
        let mut comparison = Comparison::new("jsonwebtoken");
        for number in (first..count).step_by(2) {
            let case = generator::case(number, plan);
            comparison.add(&case, case.ours(), &jsonwebtoken::verdict(&case));
            if number % 25_000 == 0 {
                say(&format!("differential: jsonwebtoken {number}"));
            }
        }
        comparison
    });
    comparison.join(odd);
    done(&comparison, whole, count, since);
}

/// For peers that can be told the time, which is the same on every run.
const PLAN: Plan = Plan { now: 1_700_000_000, boundaries: true, public: 6 };

/// Their cases, and doorward's answers.
static CASES: LazyLock<Vec<(Case, &str)>> = LazyLock::new(|| {
    let (count, _) = count(BY_SCRIPT);
    let half = |first: u64| {
        let cases = (first..count).step_by(2).map(|number| generator::case(number, PLAN));
        cases.map(|case| (case.clone(), case.ours())).collect::<Vec<_>>()
    };
    halves(half).concat()
});

fn script(script: &Script) {
    let since = Instant::now();
    let (count, whole) = count(BY_SCRIPT);
    done(&script.compare(PLAN, &CASES), whole, count, since);
}

#[test]
fn pyjwt_agrees_or_its_disagreement_is_listed() {
    script(&Script {
        peer: "PyJWT",
        program: "python/.venv/bin/python",
        script: "python/differential.py",
        needs: "python/.venv/bin/python",
    });
}

#[test]
fn jose_agrees_or_its_disagreement_is_listed() {
    script(&Script {
        peer: "jose",
        program: "node",
        script: "typescript/differential.mjs",
        needs: "typescript/node_modules/jose",
    });
}
