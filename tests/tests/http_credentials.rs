//! Which credentials come in, by raw HTTP.

use doorward_tests::denial::check_rate;
use doorward_tests::fixtures::{protected, token, unix};
use doorward_tests::http::{Answer, Request};
use doorward_tests::{ADMIN_KEY, Denied, OWN_KEY, USER_KEY, mcp};
use serde_json::json;

fn whoami() -> Request {
    Request::post(mcp::whoami())
}

/// Who the server says it is: id, method, roles.
fn identity(answer: &Answer) -> (String, String, serde_json::Value) {
    let who = mcp::result(answer);
    let text = |name: &str| who[name].as_str().expect("a text").to_owned();
    (text("id"), text("method"), who["roles"].clone())
}

#[test]
fn every_good_credential_in_every_place() {
    let server = protected().var("LOG", "doorward=debug").start();
    let anna = token("anna").sign();
    let cases = [
        (whoami().key(USER_KEY), "key:api-key-1", "api_key", "user"),
        (whoami().bearer(USER_KEY), "key:api-key-1", "api_key", "user"),
        (whoami().key(OWN_KEY), "key:Zy9Xw8Vu7Ts6", "api_key", "user"),
        (whoami().bearer(OWN_KEY), "key:Zy9Xw8Vu7Ts6", "api_key", "user"),
        (whoami().key(ADMIN_KEY), "key:admin-key-1", "api_key", "admin"),
        (whoami().header("X-API-KEY", USER_KEY), "key:api-key-1", "api_key", "user"),
        (whoami().bearer(&anna), "jwt:https://issuer.example:anna", "jwt", "user"),
        (
            whoami().header("AUTHORIZATION", format!("bEARER  {anna}")),
            "jwt:https://issuer.example:anna",
            "jwt",
            "user",
        ),
        // A scheme that is none of ours beside a key that is: the key counts.
        (
            whoami().header("authorization", "Basic dXNlcjpwYXNzd29yZA==").key(USER_KEY),
            "key:api-key-1",
            "api_key",
            "user",
        ),
    ];
    for (request, id, method, role) in cases {
        let answer = server.send(&request);
        assert_eq!(identity(&answer), (id.into(), method.into(), json!([role])), "{request:?}");
        check_rate(&answer, "principal", 100, 3600);
        assert_eq!(answer.header("www-authenticate"), None);
    }
    // Another's bucket is another's: four calls by the first key, each counted.
    let answer = server.send(&whoami().key(USER_KEY));
    assert_eq!(answer.number("x-ratelimit-remaining"), 95);
    assert_eq!(server.logged("authorization_scheme_ignored")["level"], "DEBUG");
}

#[test]
fn no_credential() {
    let server = protected().start();
    Denied::UNAUTHORIZED.remaining(29).check(&server.send(&whoami()));
    // Not in the query, ever; not in the body; not in a cookie.
    let query = Request::new("POST", &format!("/mcp?apiKey={USER_KEY}&access_token={USER_KEY}"));
    let query = query.header("content-type", "application/json").body(mcp::whoami());
    Denied::UNAUTHORIZED.remaining(28).check(&server.send(&query));
    let cookie = whoami().header("cookie", format!("x-api-key={USER_KEY}"));
    Denied::UNAUTHORIZED.remaining(27).check(&server.send(&cookie));
    // A scheme that is none of ours is no credential.
    let basic = whoami().header("authorization", "Basic dXNlcjpwYXNzd29yZA==");
    Denied::UNAUTHORIZED.remaining(26).check(&server.send(&basic));
    let joined = whoami().header("authorization", format!("Basic dXNlcg==, Bearer {USER_KEY}"));
    Denied::UNAUTHORIZED.remaining(25).check(&server.send(&joined));
    for method in ["GET", "DELETE", "OPTIONS"] {
        let answer = server.send(&Request::new(method, "/mcp"));
        Denied::UNAUTHORIZED.check(&answer);
    }
    assert_eq!(server.logged("credential_missing")["status"], 401);
}

#[test]
fn wrong_keys() {
    let server = protected().start();
    let last_changed = format!("{}l", &OWN_KEY[..OWN_KEY.len() - 1]);
    // Well-formed, and issued by nobody here.
    let strange = "dw_live_000000000000_0000000000000000000000000010eNZGB";
    let wrong = [
        "user-key-4f1d0c77a2b94f".to_owned(),
        USER_KEY.to_uppercase(),
        USER_KEY[..USER_KEY.len() - 1].to_owned(),
        format!("{USER_KEY}x"),
        format!("{USER_KEY},{OWN_KEY}"),
        last_changed,
        OWN_KEY[..50].to_owned(),
        OWN_KEY.replacen("dw_", "DW_", 1),
        strange.to_owned(),
        "x".repeat(10_000),
        "\u{e9}\u{e9}\u{e9}\u{e9}".to_owned(),
    ];
    for (key, spent) in wrong.iter().zip(1..) {
        let answer = server.send(&whoami().key(key));
        Denied::INVALID_TOKEN.remaining(30 - spent).check(&answer);
    }
    Denied::INVALID_TOKEN.check(&server.send(&whoami().bearer("user-key-4f1d0c77a2b94f")));
    Denied::BAD_CREDENTIAL.check(&server.send(&whoami().key("")));
    assert_eq!(server.logged("api_key_unknown")["message"], "denied");
    assert_eq!(server.logged("api_key_malformed")["message"], "denied");
    // None of it has locked out who is good.
    assert_eq!(server.send(&whoami().key(USER_KEY)).status, 200);
}

#[test]
fn two_credentials_are_never_a_choice() {
    let server = protected().start();
    let anna = token("anna").sign();
    let bearer = format!("Bearer {anna}");
    let several = [
        whoami().key(USER_KEY).bearer(&anna),
        whoami().key(USER_KEY).bearer(USER_KEY),
        whoami().key(USER_KEY).key(USER_KEY),
        whoami().key(USER_KEY).header("X-Api-Key", ADMIN_KEY),
        whoami().bearer(&anna).bearer(&anna),
        whoami().bearer(&anna).header("authorization", "Basic dXNlcjpwYXNzd29yZA=="),
        whoami().header("authorization", format!("{bearer}, {bearer}")),
        whoami().header("authorization", format!("{bearer},{bearer}")),
        whoami().header("authorization", format!("{bearer} {bearer}")),
    ];
    for (request, spent) in several.iter().zip(1..) {
        Denied::BAD_CREDENTIAL.remaining(30 - spent).check(&server.send(request));
    }
    assert_eq!(server.logged("credential_repeated")["status"], 400);
    assert_eq!(server.logged("credential_malformed")["status"], 400);
}

#[test]
fn malformed_headers() {
    let server = protected().start();
    let anna = token("anna").sign();
    let malformed: Vec<Vec<u8>> = vec![
        b"Bearer".to_vec(),
        b"Bearer ".to_vec(),
        b"Bearer \t ".to_vec(),
        format!("Bearer Bearer {anna}").into(),
        format!("Bearer {anna} x").into(),
        format!("Bearer \"{anna}\" ").replace('"', "\u{e9}").into(),
        format!("Bearer {anna},").into(),
        b"Bearer \xff\xfe\xfd\xfc\xfb\xfa\xf9".to_vec(),
    ];
    for (value, spent) in malformed.iter().zip(1..) {
        let answer = server.send(&whoami().header("authorization", value));
        Denied::BAD_CREDENTIAL.remaining(30 - spent).check(&answer);
    }
    // A tab is no space, so the scheme's name goes on behind it: none of ours.
    let tab = whoami().header("authorization", format!("Bearer\t{anna}"));
    Denied::UNAUTHORIZED.check(&server.send(&tab));
    let none = whoami().header("authorization", anna.as_bytes());
    Denied::UNAUTHORIZED.check(&server.send(&none));
}

#[test]
fn tokens_of_the_wrong_make() {
    let server = protected().start();
    let good = token("anna");
    let mut flipped = good.sign().into_bytes();
    let dot = flipped.iter().rposition(|byte| *byte == b'.').expect("a token has dots");
    flipped[dot + 1] = if flipped[dot + 1] == b'A' { b'B' } else { b'A' };
    let parts = good.sign();
    let parts: Vec<&str> = parts.split('.').collect();
    // What is not signed by us spends from the address's bucket…
    let forged = [
        ("algorithm_not_allowed", good.clone().algorithm("HS512").sign()),
        ("algorithm_not_allowed", good.clone().algorithm("HS384").sign()),
        ("algorithm_not_allowed", good.clone().algorithm("RS256").sign()),
        ("algorithm_not_allowed", good.clone().algorithm("ES256").sign()),
        ("algorithm_not_allowed", good.clone().algorithm("hs256").sign()),
        ("algorithm_not_allowed", good.clone().algorithm("none").sign() + "AAAA"),
        ("algorithm_not_allowed", good.clone().algorithm("None").sign()),
        ("token_header_critical", good.clone().header("crit", json!(["exp"])).sign()),
        ("signature_invalid", good.clone().secret("another secret, also of more than 32 bytes").sign()),
        ("signature_invalid", good.sign_then_claim("role", "admin")),
        ("signature_invalid", good.sign_then_claim("sub", "root")),
        ("signature_invalid", String::from_utf8(flipped).expect("ASCII")),
        // With padding it is no token by its shape, so it is looked up as a key.
        ("api_key_unknown", format!("{}.{}.{}=", parts[0], parts[1], parts[2])),
        ("signature_invalid", format!("{}.{}.{}", parts[0], parts[1], &parts[2][..40])),
    ];
    for ((code, token), spent) in forged.iter().zip(1..) {
        let answer = server.send(&whoami().bearer(token));
        Denied::INVALID_TOKEN.remaining(30 - spent).check(&answer);
        assert_eq!(server.logged(code)["status"], 401, "{token}");
    }
    let left = 30 - forged.len() as u64;
    // …what is, and is no good, does not.
    let honest = [
        ("token_expired", good.clone().claim("exp", unix() - 1)),
        ("token_expired", good.clone().claim("exp", unix() - 1).claim("aud", "https://other.example")),
        ("token_not_yet_valid", good.clone().claim("nbf", unix() + 60)),
        ("issuer_mismatch", good.clone().claim("iss", "https://other.example")),
        ("issuer_mismatch", good.clone().claim("iss", "https://issuer.example/")),
        ("issuer_mismatch", good.clone().without("iss")),
        ("audience_mismatch", good.clone().claim("aud", "https://other.example/mcp")),
        (
            "audience_mismatch",
            good.clone().claim("aud", json!(["https://mcp.example", "https://MCP.example/mcp"])),
        ),
        ("audience_mismatch", good.clone().without("aud")),
        ("claim_missing", good.clone().without("exp")),
        ("claim_invalid", good.clone().claim("exp", (unix() + 60).to_string())),
    ];
    for (code, token) in honest {
        let answer = server.send(&whoami().bearer(&token.sign()));
        Denied::INVALID_TOKEN.remaining(left).check(&answer);
        assert_eq!(server.logged(code)["status"], 401, "{token:?}");
    }
    // Signed and dated well, but of nobody: an audience among others is fine, an absent subject is not.
    Denied::INVALID_TOKEN.check(&server.send(&whoami().bearer(&good.clone().without("sub").sign())));
    assert_eq!(server.logged("subject_missing")["status"], 401);
    let several = good.claim("aud", json!(["https://other.example", "https://mcp.example/mcp"]));
    assert_eq!(server.send(&whoami().bearer(&several.sign())).status, 200);
}

#[test]
fn a_token_ends_when_it_says() {
    let server = protected().start();
    let short = token("anna").claim("exp", unix() + 2).sign();
    assert_eq!(server.send(&whoami().bearer(&short)).status, 200);
    assert_eq!(server.send(&whoami().bearer(&short)).status, 200, "from the cache");
    std::thread::sleep(std::time::Duration::from_millis(2100));
    Denied::INVALID_TOKEN.remaining(30).check(&server.send(&whoami().bearer(&short)));
}

#[test]
fn rotation_keeps_the_previous_secret_and_signs_by_the_new_one() {
    let previous = "the secret of last month, 0123456789abcdef";
    let server = protected().var("JWT_SECRET_PREVIOUS", previous).start();
    let (old, new) = (token("anna").secret(previous), token("anna"));
    for token in [&old, &new] {
        assert_eq!(
            identity(&server.send(&whoami().bearer(&token.sign()))).0,
            "jwt:https://issuer.example:anna"
        );
    }
    let older = token("anna").secret("the secret of the month before, 0123456789");
    Denied::INVALID_TOKEN.check(&server.send(&whoami().bearer(&older.sign())));
    let minted =
        server.send(&Request::post(mcp::call("generate-token", json!({"userId": "ben"}))).key(ADMIN_KEY));
    let minted = mcp::result(&minted)["token"].as_str().expect("a token").to_owned();
    server.secret(&minted);
    // Only the new secret is there after the rotation.
    let after = protected().start();
    assert_eq!(identity(&after.send(&whoami().bearer(&minted))).0, "jwt:https://issuer.example:ben");
    Denied::INVALID_TOKEN.check(&after.send(&whoami().bearer(&old.sign())));
}

#[test]
fn only_what_is_configured_is_a_credential() {
    let keys = protected();
    let keys =
        ["JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE"].iter().fold(keys, |setup, name| setup.without(name));
    let server = keys.start();
    Denied::INVALID_TOKEN.check(&server.send(&whoami().bearer(&token("anna").sign())));
    assert_eq!(server.send(&whoami().bearer(USER_KEY)).status, 200);

    let tokens = protected().without("API_KEYS").without("ADMIN_API_KEYS").start();
    Denied::UNAUTHORIZED.check(&tokens.send(&whoami().key(USER_KEY)));
    Denied::INVALID_TOKEN.check(&tokens.send(&whoami().bearer(USER_KEY)));
    // The header is no credential here, so it is no second one.
    assert_eq!(tokens.send(&whoami().key(USER_KEY).bearer(&token("anna").sign())).status, 200);
}
