//! Several issuers, the host's own list of revoked tokens, and what the operator is told.

use super::*;

#[test]
fn issuers_keep_to_their_own_keys() {
    const OTHER: &str = "https://other.example";
    let jwks = Jwks::of_issuer(OTHER).unwrap();
    let other = Verifier::fetching(jwks, Rules::new().audience(AUDIENCE)).unwrap();
    let secret = Key::hmac(Algorithm::HS256, &[7; 32]).unwrap();
    let own = Verifier::new(KeySet::from(secret), Rules::new()).unwrap();
    let gate = gate_with(|builder| builder.verifier(own).verifier(verifier()).verifier(other));
    let (mine, theirs) = (Pair::new(1), Pair::new(1));
    assert_eq!(gate.key_sets().count(), 2);
    load(&gate, &[&mine], at(0.0));
    let metadata = format!(r#"{{"issuer":"{OTHER}","jwks_uri":"{OTHER}/jwks"}}"#);
    let Fetched::Next(fetch) = gate
        .refresh(at(0.0))
        .unwrap()
        .replied(Reply::Answer { status: 200, body: metadata.as_bytes() }, at(0.0))
    else {
        panic!("the set is next")
    };
    let body = set(&[&Pair::new(3)]);
    let _ = fetch.replied(Reply::Answer { status: 200, body: body.as_bytes() }, at(0.0));
    admitted(get(&gate, &mine.token("anna"), 1, at(1.0)));
    admitted(get(&gate, &Pair::new(3).token_for("anna", OTHER, AUDIENCE), 1, at(1.0)));
    // Signed by a key of the first issuer, with its kid, in the other's name.
    let forged = theirs.token_for("anna", OTHER, AUDIENCE);
    assert_eq!(denied(get(&gate, &forged, 1, at(1.0))), Code::Token(TokenError::KeyNotFound));
    // Whoever is not listed has the secret to show.
    let minted = sign(
        &format!(r#"{{"iss":"x","sub":"s","exp":{}}}"#, START + 60.0),
        &SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap(),
    )
    .unwrap();
    assert_eq!(admitted(get(&gate, &minted, 1, at(1.0))).principal.id(), "jwt:x:s");
    let minted = sign(
        &format!(r#"{{"iss":"{ISSUER}","sub":"s","exp":{}}}"#, START + 60.0),
        &SigningKey::hmac(Algorithm::HS256, &[7; 32]).unwrap(),
    )
    .unwrap();
    assert_eq!(denied(get(&gate, &minted, 1, at(1.0))), Code::Token(TokenError::AlgorithmNotAllowed));
}

#[test]
fn an_issuers_set_is_bound_to_its_name() {
    let of = || Jwks::of_issuer(ISSUER).unwrap();
    let error = |rules| Verifier::fetching(of(), rules).unwrap_err().code();
    assert_eq!(error(Rules::new()), "audience_not_configured");
    assert_eq!(error(Rules::new().any_audience().issuer("https://issuer.example/")), "issuer_mismatch");
    assert_eq!(error(Rules::new().any_audience().issuer(vec![ISSUER.into(), "x".into()])), "issuer_mismatch");
    let twice = Gate::builder().verifier(verifier()).verifier(verifier()).build([[0; 4]; 4]).unwrap_err();
    assert_eq!(twice.code(), "issuers_overlap");
    // Named by discovery alone, it is a rule all the same.
    let verifier = Verifier::fetching(of(), Rules::new().any_audience()).unwrap();
    let jwks = Arc::clone(verifier.jwks().unwrap());
    let metadata = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"{ISSUER}/jwks"}}"#);
    let reply = |body: &str, fetch: doorward::jwks::Fetch| {
        fetch.replied(Reply::Answer { status: 200, body: body.as_bytes() }, at(0.0))
    };
    let Fetched::Next(fetch) = reply(&metadata, jwks.fetch(at(0.0)).unwrap()) else { panic!() };
    let _ = reply(&set(&[&Pair::new(1)]), fetch);
    let pair = Pair::new(1);
    assert!(verifier.verify(pair.token("anna").as_bytes(), at(0.0)).is_ok());
    let other = pair.token_for("anna", "https://other.example", AUDIENCE);
    assert_eq!(verifier.verify(other.as_bytes(), at(0.0)).unwrap_err(), TokenError::IssuerMismatch);
}

#[test]
fn the_operator_is_told_expected_and_found() {
    let (gate, pair) = (gate(), Pair::new(1));
    load(&gate, &[&pair], at(0.0));
    let detail = |token: &str| match get(&gate, token, 1, at(1.0)) {
        Step::Denied(denial) => (denial.code.as_str(), denial.detail),
        other => panic!("{other:?}"),
    };
    let (code, told) = detail(&pair.token_for("anna", ISSUER, "https://other.example\\n"));
    let expected = r#"expected "https://mcp.example/mcp", found "https://other.example\n""#;
    assert_eq!((code, told.as_deref()), ("audience_mismatch", Some(expected)));
    let (code, told) = detail(&pair.token_for("anna", "https://issuer.example/", AUDIENCE));
    let expected = r#"expected "https://issuer.example", found "https://issuer.example/""#;
    assert_eq!((code, told.as_deref()), ("issuer_mismatch", Some(expected)));
    assert_eq!(detail("e30.e30.AAAA"), ("token_header_invalid", None));
}

#[test]
fn a_hosts_list_is_asked_for_as_long_as_it_did_not_say_otherwise() {
    let answer = Arc::new(AtomicU32::new(0));
    let asked = Arc::new(AtomicU32::new(0));
    let (says, count) = (Arc::clone(&answer), Arc::clone(&asked));
    let gate = gate_with(|builder| {
        builder.verifier(verifier()).revocation_list(move |token, _| {
            count.fetch_add(1, Ordering::Relaxed);
            assert_eq!((token.issuer, token.subject), (ISSUER, "anna"));
            match says.load(Ordering::Relaxed) {
                0 => Listed::Good,
                1 => Listed::GoodFor(Duration::from_secs(10)),
                _ => Listed::Revoked,
            }
        })
    });
    let pair = Pair::new(1);
    load(&gate, &[&pair], at(0.0));
    let token = pair.token("anna");
    let try_at = |seconds: f64| match get(&gate, &token, 1, at(seconds)) {
        Step::Admitted(_) => Ok(asked.load(Ordering::Relaxed)),
        step => Err((denied(step).as_str(), asked.load(Ordering::Relaxed))),
    };
    assert_eq!((try_at(1.0), try_at(2.0), try_at(3.0)), (Ok(1), Ok(2), Ok(3)), "every time");
    answer.store(1, Ordering::Relaxed);
    assert_eq!((try_at(4.0), try_at(5.0), try_at(13.9)), (Ok(4), Ok(4), Ok(4)), "fresh");
    answer.store(2, Ordering::Relaxed);
    assert_eq!((try_at(13.95), try_at(14.0)), (Ok(4), Err(("token_revoked", 5))));
    assert_eq!(try_at(15.0), Err(("token_revoked", 6)), "a refusal is not remembered");
    assert_eq!(remaining(&gate, 1, at(15.0)), "30", "and no guess");
}

#[test]
fn the_address_is_limited_before_anybody_is_asked() {
    let gate = gate_with(|builder| {
        builder.verifier(verifier()).address_quota(Quota::per(2, Duration::from_secs(60)).unwrap())
    });
    let pair = Pair::new(1);
    let questions =
        [ask(get(&gate, &pair.token("a"), 1, at(0.0))), ask(get(&gate, &pair.token("b"), 1, at(0.0)))];
    assert_eq!(denied(get(&gate, &pair.token("c"), 1, at(0.0))), Code::AddressLimited);
    drop(questions);
}
