//! A revoked token is refused at the gate at once, cached or not, and its sender is no guesser.
#![cfg(all(feature = "std", feature = "asymmetric"))]

use doorward::Now;
use doorward::gate::{Gate, Step};
use doorward::jwt::{Algorithm, Rules, SigningKey, Verifier, sign};
use doorward::keys::{Key, KeySet};
use doorward::policy::Policy;

const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";
const NOW: Now = Now::new(1_700_000_000.0, 0);

fn gate(cached: usize) -> Gate {
    let key = Key::hmac(Algorithm::HS256, SECRET).unwrap();
    let verifier = Verifier::new(KeySet::from(key), Rules::new()).unwrap();
    Gate::builder()
        .verifier(verifier)
        .policy(Policy::allow_all())
        .slots(70, 70)
        .cached_tokens(cached)
        .build_random()
        .unwrap()
}

fn token(subject: &str, id: &str, issued: u64) -> String {
    let claims = format!(r#"{{"iss":"i","sub":"{subject}","jti":"{id}","iat":{issued},"exp":1700003600}}"#);
    sign(&claims, &SigningKey::hmac(Algorithm::HS256, SECRET).unwrap()).unwrap()
}

/// `admitted`, or the code.
fn answer(gate: &Gate, token: &str, now: Now) -> &'static str {
    let bearer = format!("Bearer {token}");
    let headers = [("host", &b"localhost"[..]), ("authorization", bearer.as_bytes())];
    match gate.begin(&gate.head("GET", Some([127, 0, 0, 1].into()), headers), now) {
        Step::Admitted(_) => "admitted",
        Step::Denied(denial) => {
            assert_eq!(denial.status, 401);
            assert_eq!(denial.header("www-authenticate"), Some("Bearer error=\"invalid_token\""));
            assert_eq!(denial.header("x-ratelimit-remaining"), Some("30"), "it spends nothing");
            denial.code.as_str()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn each_way_works_on_tokens_seen_before_and_not() {
    for cached in [0, 100] {
        let gate = gate(cached);
        let [a, b, c, d] = [
            token("anna", "1", 1_699_999_000),
            token("anna", "2", 1_699_999_000),
            token("bert", "3", 1_699_999_000),
            token("bert", "4", 1_699_999_900),
        ];
        for token in [&a, &b, &c, &d] {
            assert_eq!(answer(&gate, token, NOW), "admitted");
            assert_eq!(answer(&gate, token, NOW), "admitted", "from the cache, where there is one");
        }
        let set = gate.revocations();
        set.revoke_id("i", "1", 1_700_003_600.0, NOW).unwrap();
        assert_eq!(answer(&gate, &a, NOW), "token_revoked");
        assert_eq!(answer(&gate, &b, NOW), "admitted");
        set.revoke_token(b.as_bytes(), 1_700_003_600.0, NOW).unwrap();
        assert_eq!(answer(&gate, &b, NOW), "token_revoked");
        set.revoke_subject("i", "bert", 1_699_999_500.0, 1_700_003_600.0, NOW).unwrap();
        assert_eq!(answer(&gate, &c, NOW), "token_revoked");
        assert_eq!(answer(&gate, &d, NOW), "admitted", "issued since");
        // When the token has expired by itself, that is what is said of it.
        assert_eq!(answer(&gate, &a, Now::new(1_700_003_600.0, 0)), "token_expired");
    }
}
