//! A flood of addresses that nobody has seen before, against a gate whose table of addresses it fills many times over: no
//! caller who has proved who they are notices, and nobody's bucket is emptied by it.
#![cfg(feature = "std")]

use doorward::Now;
use doorward::api_keys::{ApiKey, ApiKeys, KeyFormat};
use doorward::gate::{Body, Code, Gate, Step};
use doorward::jwt::{Algorithm, Rules, SigningKey, Verifier, sign};
use doorward::keys::{Key, KeySet};
use doorward::policy::Policy;
use doorward::rate::Quota;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

const SECRET: &[u8] = b"a secret of at least 32 bytes, kept well";
const NOW: Now = Now::new(1_700_000_000.0, 1_000_000);
const PING: &[u8] = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
const FLOOD: u32 = if cfg!(debug_assertions) { 200_000 } else { 1_000_000 };
const HOME: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1));

/// Sixty-four slots for addresses, three attempts each; as many for principals, a thousand requests each.
fn gate(strong: &str) -> Gate {
    let minute = Duration::from_secs(60);
    let keys = ApiKeys::builder().add(strong, ApiKey::new("ci")).build([7; 32]).unwrap();
    let key = Key::hmac(Algorithm::HS256, SECRET).unwrap();
    let builder = Gate::builder()
        .api_keys(keys)
        .verifier(Verifier::new(KeySet::from(key), Rules::new()).unwrap())
        .policy(Policy::allow_all())
        .slots(64, 64)
        .address_quota(Quota::per(3, minute).unwrap())
        .principal_quota(Quota::per(1000, minute).unwrap());
    builder.build([[1, 2, 3, 4]; 4]).unwrap()
}

fn token(subject: &str) -> String {
    let claims = format!(r#"{{"sub":"{subject}","exp":4102444800}}"#);
    format!("Bearer {}", sign(&claims, &SigningKey::hmac(Algorithm::HS256, SECRET).unwrap()).unwrap())
}

/// What the principal has left, or why not.
fn ping(gate: &Gate, from: IpAddr, (name, value): (&str, &str)) -> Result<u32, Code> {
    let headers = [("host", "localhost"), ("content-type", "application/json"), (name, value)];
    let headers = headers.map(|(name, value)| (name, value.as_bytes()));
    let head = gate.head("POST", Some(from), headers);
    let step = match gate.begin(&head, NOW) {
        Step::NeedBody(need) => gate.body(need, Body::Read(PING), NOW),
        step => step,
    };
    match step {
        Step::Admitted(admitted) => Ok(admitted.rate.remaining),
        Step::Denied(denial) => Err(denial.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_flood_of_addresses_is_not_felt_behind_the_address_layer() {
    let strong = KeyFormat::default().mint("test", "Zy9Xw8Vu7Ts6", &[0x5a; 20]).unwrap();
    let gate = gate(strong.expose());
    let (key, anna) = (("x-api-key", strong.expose()), token("anna"));
    let anna = ("authorization", anna.as_str());
    // A victim of the flood's own layer, who has used up its attempts, and one of the layer behind, who has a thousand.
    let wrong = ("x-api-key", "a-wrong-key");
    let victim = IpAddr::V4(Ipv4Addr::new(203, 0, 113, 9));
    for _ in 0..3 {
        assert!(matches!(ping(&gate, victim, wrong), Err(Code::ApiKey(_))));
    }
    assert_eq!(ping(&gate, victim, wrong), Err(Code::AddressLimited));
    assert_eq!((ping(&gate, HOME, anna), ping(&gate, HOME, key)), (Ok(999), Ok(999)));

    let (mut answered, mut left) = (0, 999);
    for number in 0..FLOOD {
        let fresh = IpAddr::V4(Ipv4Addr::from(0x0a00_0000 + number));
        match ping(&gate, fresh, wrong) {
            Err(Code::ApiKey(_)) => answered += 1,
            Err(Code::AddressLimited) => {}
            other => panic!("{other:?}"),
        }
        if number % (FLOOD / 400) == 0 {
            left -= 1;
            // From the flood's own addresses too: the token has been seen, and nobody guesses such a key.
            assert_eq!((ping(&gate, fresh, anna), ping(&gate, HOME, key)), (Ok(left), Ok(left)), "{number}");
            assert_eq!(ping(&gate, victim, wrong), Err(Code::AddressLimited), "{number}");
        }
    }
    // 70 slots of three attempts, less the victim's.
    assert!((150..=207).contains(&answered), "{answered}");
    // What it does to newcomers of its own layer, until time has passed: a token not seen before may be a guess.
    let ben = token("ben");
    let ben = ("authorization", ben.as_str());
    assert_eq!(ping(&gate, IpAddr::V4(Ipv4Addr::new(198, 51, 100, 7)), ben), Err(Code::AddressLimited));
}
