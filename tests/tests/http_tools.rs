//! The server's own tools, by raw HTTP.

use doorward_tests::fixtures::{AUDIENCE, ISSUER, protected, token, unix};
use doorward_tests::http::Request;
use doorward_tests::{ADMIN_KEY, Denied, SECRET, Server, USER_KEY, jwt, mcp};
use serde_json::{Value, json};

fn generate(server: &Server, arguments: Value) -> doorward_tests::Answer {
    server.send(&Request::post(mcp::call("generate-token", arguments)).key(ADMIN_KEY))
}

/// Mints a token and gives it with the rest of the answer.
fn mint(server: &Server, arguments: Value) -> (String, Value) {
    let minted = mcp::result(&generate(server, arguments));
    let token = minted["token"].as_str().expect("a token").to_owned();
    server.secret(&token);
    (token, minted)
}

fn whoami(server: &Server, token: &str) -> Value {
    mcp::result(&server.send(&Request::post(mcp::whoami()).bearer(token)))
}

#[test]
fn each_role_is_shown_its_tools() {
    let server = protected().start();
    let list = |request: Request| mcp::tools(&server.send(&request));
    assert_eq!(list(Request::post(mcp::list()).key(USER_KEY)), ["whoami"]);
    assert_eq!(list(Request::post(mcp::list()).key(ADMIN_KEY)), ["generate-token", "whoami"]);
    assert_eq!(list(Request::post(mcp::list()).bearer(&token("anna").sign())), ["whoami"]);
    let admin = token("anna").without("role").claim("roles", json!(["user", "admin"]));
    assert_eq!(list(Request::post(mcp::list()).bearer(&admin.sign())), ["generate-token", "whoami"]);
    let nobody = Request::post(mcp::list()).bearer(&token("anna").without("role").sign());
    Denied::FORBIDDEN.check(&server.send(&nobody));
}

#[test]
fn a_token_is_what_was_asked_for() {
    let server = protected().start();
    let (signed, answer) = mint(&server, json!({"userId": "anna"}));
    let claims = jwt::claims(&signed);
    let now = unix();
    let issued = claims["iat"].as_u64().expect("a number");
    assert!((now - 10..=now).contains(&issued));
    assert_eq!(claims["exp"], issued + 24 * 3600, "24h by default");
    assert_eq!(
        answer,
        json!({"token": signed, "expiresAt": claims["exp"], "userId": "anna", "role": "user"})
    );
    assert_eq!((&claims["sub"], &claims["role"]), (&json!("anna"), &json!("user")));
    assert_eq!((&claims["iss"], &claims["aud"]), (&json!(ISSUER), &json!(AUDIENCE)));
    assert_eq!(claims["jti"].as_str().map(str::len), Some(32));
    assert_eq!(claims.as_object().map(serde_json::Map::len), Some(7), "{claims}");
    // HS256 by JWT_SECRET and nothing else: signed again here, it is the same token.
    let (head, _) = signed.rsplit_once('.').expect("a token has dots");
    assert_eq!(jwt::sign_text(head, SECRET), signed);

    let (other, _) = mint(&server, json!({"userId": "anna"}));
    assert_ne!(jwt::claims(&other)["jti"], claims["jti"]);
    for (life, seconds) in [("1h", 3600), ("7d", 604_800), ("90s", 90), ("1h 30m", 5400)] {
        let (signed, answer) = mint(&server, json!({"userId": "anna", "expiresIn": life}));
        let claims = jwt::claims(&signed);
        assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|iat| iat + seconds), "{life}");
        assert_eq!(answer["expiresAt"], claims["exp"]);
    }
}

#[test]
fn a_minted_token_works_and_is_whose_it_says() {
    let server = protected().start();
    let (user, _) = mint(&server, json!({"userId": "anna", "expiresIn": "1h"}));
    assert_eq!(
        whoami(&server, &user),
        json!({"id": "jwt:https://issuer.example:anna", "subject": "anna", "method": "jwt", "roles": ["user"], "scopes": []})
    );
    let call = mcp::call("generate-token", json!({"userId": "ben"}));
    Denied::FORBIDDEN.check(&server.send(&Request::post(call.as_str()).bearer(&user)));
    let (admin, _) = mint(&server, json!({"userId": "root", "role": "admin"}));
    assert_eq!(whoami(&server, &admin)["roles"], json!(["admin"]));
    let minted = mcp::result(&server.send(&Request::post(call).bearer(&admin)));
    server.secret(minted["token"].as_str().expect("a token"));
    // Ids that could be taken for another's are told apart.
    let (odd, _) = mint(&server, json!({"userId": "a:b%c \"é\""}));
    assert_eq!(whoami(&server, &odd)["id"], "jwt:https://issuer.example:a%3Ab%25c \"é\"");
    let minted = server.logged("token minted");
    assert_eq!(
        (&minted["principal"], &minted["for_user"]),
        (&json!("\"key:admin-key-1\""), &json!("\"anna\""))
    );
}

#[test]
fn bad_wishes_are_refused() {
    let server = protected().var("MAX_TOKEN_LIFETIME", "2h").start();
    let (signed, _) = mint(&server, json!({"userId": "anna", "expiresIn": "2h"}));
    let claims = jwt::claims(&signed);
    assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|iat| iat + 7200));
    let refused = |arguments: Value| mcp::error(&generate(&server, arguments)).1;
    for life in ["2h 1s", "24h", "7d", "90y"] {
        let message = refused(json!({"userId": "anna", "expiresIn": life}));
        assert_eq!(message, "expiresIn is longer than this server's MAX_TOKEN_LIFETIME", "{life}");
    }
    // The default is longer than this server allows, so it says so.
    assert!(refused(json!({"userId": "anna"})).contains("MAX_TOKEN_LIFETIME"));
    for life in ["", "soon", "3600", "-1h", "0s", "1", "1e9h", "999999999999999999999h", "101y"] {
        let message = refused(json!({"userId": "anna", "expiresIn": life}));
        assert!(message.starts_with("expiresIn is not right: it must be "), "{life}: {message}");
        assert!(life.len() < 3 || !message.contains(life), "{message}");
    }
    for user in ["", "  ", "\n", "a\u{0}b", "a\r\nb", &"x".repeat(257)] {
        assert_eq!(refused(json!({"userId": user})), "userId must be 1 to 256 bytes of text", "{user:?}");
    }
    for arguments in [
        json!({}),
        json!({"userId": 7}),
        json!({"userId": null}),
        json!({"userId": "anna", "role": "root"}),
        json!({"userId": "anna", "role": ["admin"]}),
        json!({"userId": "anna", "expiresIn": 3600}),
        json!({"userId": "anna", "expires_in": "1h"}),
        json!({"userId": "anna", "claims": {"role": "admin"}}),
    ] {
        // What has not the tool's shape is the tool's error, not the protocol's (2025-11-25).
        let answer = generate(&server, arguments.clone());
        assert_eq!((answer.status, &answer.json()["result"]["isError"]), (200, &json!(true)), "{arguments}");
        assert!(!answer.text().contains("eyJ"), "no token in {answer:?}");
    }
    assert!(!server.log().contains("ERROR"), "{}", server.log());
}

#[test]
fn without_a_secret_there_is_nothing_to_mint_with() {
    let setup = protected();
    let setup =
        ["JWT_SECRET", "JWT_ISSUER", "JWT_AUDIENCE"].iter().fold(setup, |setup, name| setup.without(name));
    let server = setup.start();
    let tools = mcp::tools(&server.send(&Request::post(mcp::list()).key(ADMIN_KEY)));
    assert_eq!(tools, ["whoami"]);
    let (code, _) = mcp::error(&generate(&server, json!({"userId": "anna"})));
    assert_eq!(code, -32602);
}
