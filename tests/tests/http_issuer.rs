//! Tokens of an issuer whose keys the server fetches: a real server, and an issuer on loopback.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use doorward_tests::fixtures::{AUDIENCE, protected, token, unix};
use doorward_tests::{Denied, Request, USER_KEY, mcp};
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::thread;

/// An issuer: its documents by their paths, and the paths that were asked for.
struct Issuer {
    url: String,
    documents: Arc<Mutex<Vec<(String, String)>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Issuer {
    fn start(keys: &[u8]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let metadata = json!({ "issuer": url, "jwks_uri": format!("{url}/keys") }).to_string();
        let documents = Arc::new(Mutex::new(vec![
            ("/.well-known/openid-configuration".to_owned(), metadata),
            ("/keys".to_owned(), set(keys)),
        ]));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (served, log) = (Arc::clone(&documents), Arc::clone(&asked));
        // Ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
                let Some(line) = lines.next() else { continue };
                for _ in lines.by_ref().take_while(|line| !line.is_empty()) {}
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                let documents = served.lock().unwrap();
                let found = documents.iter().find(|(one, _)| *one == path);
                let (status, body) = found.map_or(("404 Not Found", ""), |(_, body)| ("200 OK", body));
                log.lock().unwrap().push(path.clone());
                let _ = write!(
                    &stream,
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        Self { url, documents, asked }
    }

    fn token(&self, key: u8, claims: &Value) -> String {
        let mut all = json!({ "iss": self.url, "aud": AUDIENCE, "sub": "anna", "exp": unix() + 600 });
        all.as_object_mut().unwrap().extend(claims.as_object().unwrap().clone());
        let header = json!({ "alg": "EdDSA", "kid": format!("k{key}") });
        let signed = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(all.to_string())
        );
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(pair(key).sign(signed.as_bytes()).as_ref()))
    }
}

fn pair(key: u8) -> Ed25519KeyPair {
    Ed25519KeyPair::from_seed_unchecked(&[key; 32]).expect("a seed")
}

fn set(keys: &[u8]) -> String {
    let keys: Vec<_> = keys
        .iter()
        .map(|key| {
            let x = URL_SAFE_NO_PAD.encode(pair(*key).public_key().as_ref());
            json!({ "kty": "OKP", "crv": "Ed25519", "kid": format!("k{key}"), "x": x })
        })
        .collect();
    json!({ "keys": keys }).to_string()
}

fn whoami() -> Request {
    Request::post(mcp::whoami())
}

#[test]
fn an_issuers_tokens_are_good_beside_our_own() {
    let issuer = Issuer::start(&[1]);
    let server = protected().var("OAUTH_ISSUER", &issuer.url).var("PUBLIC_URL", AUDIENCE).start();
    let good = server.send(&whoami().bearer(&issuer.token(1, &json!({ "roles": ["user"] }))));
    let identity = mcp::result(&good);
    assert_eq!(identity["id"], format!("jwt:{}:anna", issuer.url), "{identity}");
    let asked = issuer.asked.lock().unwrap().clone();
    assert_eq!(
        asked,
        ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/keys"],
        "fetched once, at start"
    );
    let refused = [
        issuer.token(1, &json!({ "aud": "https://other.example" })),
        issuer.token(1, &json!({ "exp": unix() - 1 })),
        issuer.token(1, &json!({ "iss": "https://other.example" })),
        issuer.token(2, &json!({})),
    ];
    for token in &refused {
        let metadata = "resource_metadata=\"https://mcp.example/.well-known/oauth-protected-resource/mcp\"";
        Denied::INVALID_TOKEN.challenge(metadata).check(&server.send(&whoami().bearer(token)));
    }
    let own = token("ben").sign();
    assert_eq!(mcp::result(&server.send(&whoami().bearer(&own)))["id"], "jwt:https://issuer.example:ben");
}

#[test]
fn an_issuer_that_is_down_is_503_until_it_is_back() {
    let issuer = Issuer::start(&[1]);
    let keys = issuer.documents.lock().unwrap().pop();
    let server = protected().var("OAUTH_ISSUER", &issuer.url).start();
    let token = issuer.token(1, &json!({ "roles": ["user"] }));
    Denied::UNAVAILABLE.check(&server.send(&whoami().bearer(&token)));
    issuer.documents.lock().unwrap().extend(keys);
    // Cooling down: the issuer has peace, and others are served.
    Denied::UNAVAILABLE.check(&server.send(&whoami().bearer(&token)));
    assert_eq!(server.send(&whoami().key(USER_KEY)).status, 200);
}
