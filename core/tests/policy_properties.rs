//! What holds of every policy, whoever asks for whatever.
#![cfg(feature = "std")]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys};
use doorward::gate::{Body, Code, Gate, Step};
use doorward::mcp::{Kind, is_always_allowed};
use doorward::policy::{Grants, Held, List, Policy, Requirement};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use std::collections::BTreeSet;

const ROLES: [&str; 3] = ["r1", "r2", "r3"];
const SCOPES: [&str; 5] = ["s1", "s2", "s3", "s4", "s5"];
const NAMES: [&str; 10] =
    ["a", "ab", "abc", "b", "b/c", "x://a", "x://a/b", "x://a/../b", "x://%61/b", "tools/list"];
const PATTERNS: [&str; 12] =
    ["a", "a*", "ab*", "abc", "b", "b/*", "*", "x://a", "x://a/*", "x://*", "tools/*", "X://A/*"];
const KINDS: [Kind; 4] = [Kind::Tool, Kind::Resource, Kind::Prompt, Kind::Method];

fn patterns() -> impl Strategy<Value = Vec<&'static str>> {
    vec(select(&PATTERNS[..]), 0..3)
}

fn grants() -> impl Strategy<Value = Grants> {
    (patterns(), patterns(), patterns(), proptest::option::of(patterns())).prop_map(
        |(tools, resources, prompts, methods)| {
            let grants = Grants::new().tools(tools).resources(resources).prompts(prompts);
            match methods {
                Some(methods) => grants.methods(methods),
                None => grants,
            }
        },
    )
}

fn requirement() -> impl Strategy<Value = Requirement> {
    let some = (subsequence(&SCOPES[..], 0..3), subsequence(&ROLES[..], 0..3));
    (any::<bool>(), some).prop_filter_map("empty", |(all, (scopes, roles))| {
        let needs = if all { Requirement::all() } else { Requirement::any() };
        (!scopes.is_empty() || !roles.is_empty()).then(|| needs.scopes(scopes).roles(roles))
    })
}

fn policy() -> impl Strategy<Value = Policy> {
    let roles = vec((select(&ROLES[..]), grants()), 0..3);
    let scopes = vec((select(&SCOPES[..]), grants()), 0..4);
    let implied = vec((select(&SCOPES[..]), select(&SCOPES[..])), 0..5);
    let kinds = select(&KINDS[..3]);
    let required = vec((kinds, select(&PATTERNS[..]), requirement()), 0..4);
    let everybody = proptest::option::weighted(0.2, grants());
    (roles, scopes, implied, required, everybody).prop_map(|(roles, scopes, implied, required, everybody)| {
        let mut policy =
            roles.into_iter().fold(Policy::new(), |policy, (role, grants)| policy.role(role, grants));
        for (scope, grants) in scopes {
            policy = policy.scope(scope, grants).unwrap();
        }
        for (scope, other) in implied {
            policy = policy.implies(scope, [other]).unwrap();
        }
        for (kind, pattern, needs) in required {
            policy = policy.require(kind, pattern, needs).unwrap();
        }
        match everybody {
            Some(grants) => policy.everybody(grants),
            None => policy,
        }
    })
}

type Holds = (Vec<&'static str>, Vec<&'static str>);

fn holds() -> impl Strategy<Value = Holds> {
    (subsequence(&ROLES[..], 0..=3), subsequence(&SCOPES[..], 0..=5))
}

fn held(holds: &Holds) -> Held<'_, &'static str, &'static str> {
    Held::new(&holds.0, &holds.1)
}

fn thing() -> impl Strategy<Value = (Kind, &'static str)> {
    (select(&KINDS[..]), select(&NAMES[..]))
}

fn call(kind: Kind, name: &str) -> String {
    let (method, member) = match kind {
        Kind::Tool => ("tools/call", "name"),
        Kind::Prompt => ("prompts/get", "name"),
        Kind::Resource => ("resources/read", "uri"),
        _ => (name, "x"),
    };
    format!(r#"{{"jsonrpc":"2.0","id":1,"method":"{method}","params":{{"{member}":"{name}"}}}}"#)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_further_role_or_scope_takes_nothing_away(policy in policy(), has in holds(), more in holds(), (kind, name) in thing()) {
        let both = ([&has.0[..], &more.0].concat(), [&has.1[..], &more.1].concat());
        if policy.is_allowed(&held(&has), kind, name) {
            prop_assert!(policy.is_allowed(&held(&both), kind, name));
        }
    }

    #[test]
    fn what_nobody_configured_gives_nothing(policy in policy(), has in holds(), (kind, name) in thing()) {
        let known = policy.is_allowed(&held(&has), kind, name);
        let roles = [&has.0[..], &["R1", "r", "r11", "", "s1", "*"]].concat();
        let scopes = [&has.1[..], &["S1", "s", "s11", "", "r1", "*", "s1 s2"]].concat();
        prop_assert_eq!(policy.is_allowed(&Held::new(&roles, &scopes), kind, name), known);
        // Of an empty policy, nothing at all but what is always allowed.
        prop_assert!(!Policy::new().is_allowed(&held(&has), kind, name));
        for method in ["initialize", "notifications/x", "ping"] {
            prop_assert!(is_always_allowed(method) && policy.is_allowed(&held(&has), Kind::Method, method));
        }
        prop_assert!(!Policy::new().is_allowed(&held(&has), Kind::Tool, "ping"));
    }

    #[test]
    fn what_a_refusal_asks_for_is_enough_and_the_same_each_time(policy in policy(), has in holds(), other in holds(), (kind, name) in thing()) {
        let Err(refused) = policy.decide(&held(&has), kind, name) else {
            prop_assert!(policy.is_allowed(&held(&has), kind, name));
            return Ok(());
        };
        prop_assert!(!policy.is_allowed(&held(&has), kind, name));
        prop_assert_eq!(policy.decide(&held(&has), kind, name), Err(refused.clone()));
        let wanted: Vec<&str> = refused.scopes().collect();
        prop_assert!(wanted.is_sorted() && !wanted.contains(&"offline_access"));
        let all = Held::new(&has.0, &SCOPES);
        // Where any scopes would do, some are asked for, and those do: alone, and beside what there is.
        prop_assert_eq!(policy.is_allowed(&all, kind, name), refused.is_for_scopes());
        if refused.is_for_scopes() {
            prop_assert!(policy.is_allowed(&Held::new(&has.0, &wanted), kind, name));
            let more = [&has.1[..], &wanted].concat();
            prop_assert!(policy.is_allowed(&Held::new(&has.0, &more), kind, name));
        }
        // The operation and the roles decide what is asked for, not the scopes that are held.
        if let Err(again) = policy.decide(&Held::new(&has.0, &other.1), kind, name) {
            prop_assert!(again.scopes().eq(wanted));
        }
    }

    #[test]
    fn a_list_shows_what_is_allowed(policy in policy(), has in holds(), names in vec(select(&NAMES[..]), 0..8)) {
        let lists = [
            (List::Tools, Kind::Tool, "tools", "name"),
            (List::Prompts, Kind::Prompt, "prompts", "name"),
            (List::Resources, Kind::Resource, "resources", "uri"),
        ];
        for (list, kind, items, by) in lists {
            let allowed: Vec<&str> =
                names.iter().copied().filter(|name| policy.is_allowed(&held(&has), kind, name)).collect();
            let mut filtered = names.clone();
            policy.filter(&held(&has), list, &mut filtered, |name| name);
            prop_assert_eq!(&filtered, &allowed);
            let of = |names: &[&str]| -> Vec<_> {
                names.iter().map(|name| serde_json::json!({ "x": [name], by: name })).collect()
            };
            let text = serde_json::json!({ items: of(&names), "nextCursor": "c", "cacheScope": "public" });
            let shown = policy.filter_result(&held(&has), list, &text.to_string()).unwrap();
            let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
            let expected = serde_json::json!({ items: of(&allowed), "nextCursor": "c", "cacheScope": "private" });
            prop_assert_eq!(shown, expected);
        }
    }

    #[test]
    fn a_template_that_leads_somewhere_is_shown(policy in policy(), has in holds(), name in select(&NAMES[..]), cut in 0..10_usize) {
        let Some((start, _)) = name.split_at_checked(cut) else { return Ok(()) };
        if policy.is_allowed(&held(&has), Kind::Resource, name) {
            let template = format!("{start}{{+rest}}");
            prop_assert!(policy.shows(&held(&has), List::ResourceTemplates, &template));
        }
    }

    #[test]
    fn patterns_are_what_they_say(one in patterns(), name in "[ab/c]{0,4}") {
        let policy = Policy::new().role("r1", Grants::new().tools(&one));
        let naive = one.iter().any(|pattern| match pattern.strip_suffix('*') {
            Some(prefix) => name.starts_with(prefix),
            None => name == *pattern,
        });
        prop_assert_eq!(policy.is_allowed(&Held::of_roles(&["r1"]), Kind::Tool, &name), naive);
    }
}

/// What a gate says to a body from somebody of these roles and scopes.
fn ask(policy: &Policy, (roles, scopes): &Holds, body: &str) -> Step {
    let key = roles.iter().fold(ApiKey::new("k"), |key, role| key.role(*role));
    let key = scopes.iter().fold(key, |key, scope| key.scope(*scope));
    let keys = ApiKeys::builder().add("a-key-nobody-guesses", key).build([7; 32]).unwrap();
    let gate = Gate::builder().api_keys(keys).policy(policy.clone()).slots(64, 64);
    let gate = gate.build([[1; 4], [2; 4], [3; 4], [4; 4]]).unwrap();
    let headers = [
        ("host", &b"localhost"[..]),
        ("x-api-key", b"a-key-nobody-guesses"),
        ("content-type", b"application/json"),
    ];
    let now = Now::new(1_000_000.0, 1_000_000);
    let head = gate.head("POST", Some([127, 0, 0, 1].into()), headers);
    match gate.begin(&head, now) {
        Step::NeedBody(need) => gate.body(need, Body::Read(body.as_bytes()), now),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn a_batch_is_all_its_members(policy in policy(), has in holds(), things in vec(thing(), 1..6)) {
        let bodies: Vec<String> = things.iter().map(|(kind, name)| call(*kind, name)).collect();
        let batch = format!("[{}]", bodies.join(","));
        let verdicts: Vec<_> = things.iter().map(|(kind, name)| policy.decide(&held(&has), *kind, name)).collect();
        let refusals: Vec<_> = verdicts.iter().filter_map(|verdict| verdict.as_ref().err()).collect();
        let wanted: BTreeSet<&str> = refusals.iter().flat_map(|refusal| refusal.scopes()).collect();
        let wanted: Vec<&str> = wanted.into_iter().collect();
        match ask(&policy, &has, &batch) {
            Step::Admitted(_) => prop_assert!(refusals.is_empty()),
            Step::Denied(denial) if denial.code == Code::ScopeInsufficient => {
                prop_assert!(!refusals.is_empty() && refusals.iter().all(|refusal| refusal.is_for_scopes()));
                let challenge = format!("Bearer error=\"insufficient_scope\", scope=\"{}\"", wanted.join(" "));
                prop_assert_eq!(denial.header("www-authenticate"), Some(challenge.as_str()));
                prop_assert_eq!(denial.detail, Some(refusals[0].to_string()));
                let granted = (has.0.clone(), SCOPES.iter().copied().filter(|one| wanted.contains(one) || has.1.contains(one)).collect());
                prop_assert!(matches!(ask(&policy, &granted, &batch), Step::Admitted(_)));
            }
            Step::Denied(denial) => {
                prop_assert_eq!(denial.code, Code::PolicyForbidden);
                prop_assert_eq!(denial.header("www-authenticate"), None);
                let first = refusals.iter().find(|refusal| !refusal.is_for_scopes()).unwrap();
                prop_assert_eq!(denial.detail, Some(first.to_string()));
            }
            other => prop_assert!(false, "{:?}", other),
        }
    }
}
