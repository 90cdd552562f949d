use super::*;
use std::string::ToString as _;

fn vars(vars: &[(&str, &str)]) -> Result<Config, ConfigError> {
    Config::from_vars(vars.iter().copied())
}

const REDIS: (&str, &str) = ("REDIS_URL", "redis://:hunter2@host");
const SECRET: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_defaults_are_the_templates() {
    let config = vars(&[]).unwrap();
    assert!(config.host.is_loopback());
    assert_eq!((config.port, config.body_limit), (3000, 1024 * 1024));
    assert_eq!((config.address_quota.limit(), config.principal_quota.limit()), (30, 100));
    assert_eq!(config.max_token_lifetime, Duration::from_secs(604_800));
    assert!(!config.has_credentials());
    // What the table says is what is done.
    let spelled = SETTINGS.iter().filter(|s| !s.default.is_empty()).map(|s| (s.name, s.default));
    // Those of what is not configured may not be set.
    let alone = |name: &str| name != "JWT_CLOCK_TOLERANCE" && !name.starts_with("REDIS_");
    let spelled = Config::from_vars(spelled.filter(|(name, _)| alone(name))).unwrap();
    assert_eq!(std::format!("{spelled:?}"), std::format!("{config:?}"));
}

#[test]
fn each_mistake_names_its_setting() {
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, &'a str);
    let cases: &[Case<'_>] = &[
        (&[("API_KEYS", "")], "API_KEYS", "set but empty"),
        (&[("API_KEYS", " , ")], "API_KEYS", "set but empty"),
        (&[("API_KEYS", "a,,b")], "API_KEYS", "item 2 is empty"),
        (&[("API_KEYS", "a, b,a")], "API_KEYS", "item 3 repeats item 1"),
        (&[("API_KEYS", "one,two words")], "API_KEYS", "item 2 has a space"),
        (&[("API_KEYS", "dw_live_cut")], "API_KEYS", "item 1 begins like"),
        (&[("API_KEYS", "a"), ("ADMIN_API_KEYS", "b,a")], "ADMIN_API_KEYS", "key 2 is also in API_KEYS"),
        (&[("ADMIN_API_KEYS", "")], "ADMIN_API_KEYS", "set but empty"),
        (&[("JWT_SECRET", "")], "JWT_SECRET", "set but empty"),
        (&[("JWT_SECRET", "short")], "JWT_SECRET", "32 bytes"),
        (
            &[("JWT_SECRET", "-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----")],
            "JWT_SECRET",
            "public",
        ),
        (&[("JWT_SECRET", SECRET), ("JWT_SECRET_PREVIOUS", "short")], "JWT_SECRET_PREVIOUS", "32 bytes"),
        (&[("JWT_SECRET_PREVIOUS", SECRET)], "JWT_SECRET_PREVIOUS", "without JWT_SECRET"),
        (&[("JWT_ISSUER", "x")], "JWT_ISSUER", "without"),
        (&[("JWT_SECRET", SECRET), ("JWT_CLOCK_TOLERANCE", "-1")], "JWT_CLOCK_TOLERANCE", "0 to 300"),
        (&[("JWT_SECRET", SECRET), ("JWT_CLOCK_TOLERANCE", "nan")], "JWT_CLOCK_TOLERANCE", "0 to 300"),
        (&[("JWT_AUDIENCE", "x")], "JWT_AUDIENCE", "without"),
        (&[("JWKS_URL", "https://a.example/jwks")], "JWKS_URL", "without OAUTH_ISSUER"),
        (
            &[("OAUTH_ISSUER", "https://a.example"), ("HOST", "::"), ("ALLOWED_HOSTS", "a.example")],
            "PUBLIC_URL",
            "an issuer is",
        ),
        (&[("OAUTH_ISSUER", "http://a.example"), ("JWT_AUDIENCE", "x")], "OAUTH_ISSUER", "must be https"),
        (
            &[("OAUTH_ISSUER", "a"), ("JWKS_URL", "file:///etc/passwd"), ("JWT_AUDIENCE", "x")],
            "JWKS_URL",
            "is not right",
        ),
        (
            &[
                ("OAUTH_ISSUER", "https://a.example"),
                ("JWT_AUDIENCE", "x"),
                ("JWT_ISSUER", "https://a.example"),
            ],
            "JWT_ISSUER",
            "without",
        ),
        (
            &[
                ("OAUTH_ISSUER", "https://a.example"),
                ("JWT_AUDIENCE", "x"),
                ("JWT_ISSUER", "https://a.example"),
                ("JWT_SECRET", SECRET),
            ],
            "OAUTH_ISSUER",
            "is JWT_ISSUER too",
        ),
        (&[("JWT_PUBLIC_KEY", "x"), ("JWT_AUDIENCE", "a")], "JWT_PUBLIC_KEY", "PEM"),
        (&[("REDIS_FALLBACK", "deny")], "REDIS_FALLBACK", "without REDIS_URL"),
        (&[("REDIS_URL", "host:6379")], "REDIS_URL", "an address such as"),
        (&[("REDIS_URL", "rediss://")], "REDIS_URL", "rediss:// for TLS"),
        (&[REDIS, ("REDIS_CA", "ca.pem")], "REDIS_CA", "without rediss://"),
        (&[("REDIS_CA", "ca.pem")], "REDIS_CA", "without REDIS_URL"),
        (&[REDIS, ("REDIS_FALLBACK", "open")], "REDIS_FALLBACK", "local, deny or allow"),
        (&[REDIS, ("REDIS_INSTANCES", "0")], "REDIS_INSTANCES", "at least one"),
        (
            &[REDIS, ("REDIS_FALLBACK", "deny"), ("REDIS_INSTANCES", "2")],
            "REDIS_INSTANCES",
            "without REDIS_FALLBACK=local",
        ),
        (&[REDIS, ("REDIS_PREFIX", "{a}")], "REDIS_PREFIX", "letters, digits"),
        (&[REDIS, ("REDIS_LEASE", "101")], "REDIS_LEASE", "between 1 and"),
        (&[REDIS, ("REDIS_LEASE", "0")], "REDIS_LEASE", "between 1 and"),
        (&[("PORT", "65536")], "PORT", "range"),
        (&[("PORT", "http")], "PORT", "whole number"),
        (&[("HOST", "example.com")], "HOST", "IP address"),
        (&[("HOST", "0.0.0.0")], "HOST", "no credentials"),
        (&[("HOST", "0.0.0.0"), ("API_KEYS", "k")], "PUBLIC_URL", "ALLOWED_HOSTS"),
        (
            &[
                ("HOST", "0.0.0.0"),
                ("ALLOWED_HOSTS", "a.example"),
                ("API_KEYS", "0123456789abcdef,0123456789abcde"),
            ],
            "API_KEYS",
            "item 2 has under 16 bytes",
        ),
        (
            &[("HOST", "0.0.0.0"), ("ALLOWED_HOSTS", "a.example"), ("ADMIN_API_KEYS", "k")],
            "ADMIN_API_KEYS",
            "item 1 has under 16 bytes",
        ),
        (&[("API_KEYS_FILE", "")], "API_KEYS_FILE", "set but empty"),
        (&[("API_KEYS_MAX_STALE", "1h")], "API_KEYS_MAX_STALE", "without API_KEYS_FILE"),
        (&[("API_KEYS_FILE", "a"), ("API_KEYS_MAX_STALE", "1")], "API_KEYS_MAX_STALE", "span of time"),
        (&[("API_KEY_PREFIX", "d_w")], "API_KEY_PREFIX", "a-z and 0-9"),
        (&[("API_KEY_PEPPER", "short")], "API_KEY_PEPPER", "32 bytes"),
        (&[("SESSION_KEY", "short")], "SESSION_KEY", "32 bytes"),
        (&[("METRICS_ADDR", "9464")], "METRICS_ADDR", "127.0.0.1:9464"),
        (&[("METRICS_ADDR", "0.0.0.0:9464")], "METRICS_ADDR", "loopback"),
        (&[("METRICS_ADDR", "[::ffff:10.0.0.1]:9464")], "METRICS_ADDR", "loopback"),
        (&[("API_KEY_PREFIX", "acme"), ("API_KEYS", "acme_live_x")], "API_KEYS", "item 1 begins like"),
        (&[("PUBLIC_URL", "mcp.example")], "PUBLIC_URL", ""),
        (&[("CORS_ORIGINS", "*")], "CORS_ORIGINS", "item 1"),
        (&[("CORS_ORIGINS", "https://a.example,null")], "CORS_ORIGINS", "item 2"),
        (&[("TRUSTED_PROXIES", "10.0.0.1/8")], "TRUSTED_PROXIES", ""),
        (&[("ALLOWED_HOSTS", "a b")], "ALLOWED_HOSTS", ""),
        (&[("RATE_LIMIT_MAX", "0")], "RATE_LIMIT_MAX", ""),
        (&[("RATE_LIMIT_MAX", "4000000000")], "RATE_LIMIT_MAX", "1 %"),
        (&[("RATE_LIMIT_MAX", "-1")], "RATE_LIMIT_MAX", "whole number"),
        (&[("RATE_LIMIT_WINDOW_MS", "0")], "RATE_LIMIT_WINDOW_MS", ""),
        (&[("PREAUTH_RATE_LIMIT_MAX", "0")], "PREAUTH_RATE_LIMIT_MAX", ""),
        (&[("BODY_LIMIT", "1gb")], "BODY_LIMIT", "512kb"),
        (&[("BODY_LIMIT", "0")], "BODY_LIMIT", "64mb"),
        (&[("MAX_TOKEN_LIFETIME", "3600")], "MAX_TOKEN_LIFETIME", "24h"),
    ];
    for (given, setting, part) in cases {
        let error = vars(given).map(|_| ()).unwrap_err();
        assert_eq!(error.setting(), Some(*setting), "{given:?}: {error}");
        assert!(error.to_string().contains(part), "{given:?}: {error}");
        assert!(!error.to_string().ends_with('.'), "{error}");
    }
}

#[test]
fn toml_and_variables_mean_the_same() {
    let toml = "host = \"127.0.0.1\"\nport = 8080\napi_keys = [\"a\", \"b\"]\nbody_limit = \"512kb\"\n\
                rate_limit_max = 7\njwt_secret = \"0123456789abcdef0123456789abcdef\"\njwt_clock_tolerance = 2.5";
    let same = vars(&[
        ("PORT", "8080"),
        ("API_KEYS", "a,b"),
        ("BODY_LIMIT", "512kb"),
        ("RATE_LIMIT_MAX", "7"),
        ("JWT_SECRET", SECRET),
        ("JWT_CLOCK_TOLERANCE", "2.5"),
    ])
    .unwrap();
    assert_eq!(std::format!("{:?}", Config::from_toml(toml).unwrap()), std::format!("{same:?}"));
    for bad in ["nope = 1", "PORT = 1", "port = [1]", "api_keys = \"a\"", "port = true", "[port]\nx = 1"] {
        assert!(Config::from_toml(bad).is_err(), "{bad}");
    }
}

#[test]
fn no_secret_is_shown() {
    let config =
        vars(&[("API_KEYS", "swordfish"), ("JWT_SECRET", SECRET), ("API_KEY_PEPPER", SECRET)]).unwrap();
    let shown = std::format!("{config:?} {:?} {:?}", config.keys().unwrap(), config.verifiers().unwrap());
    assert!(!shown.contains("swordfish") && !shown.contains(SECRET), "{shown}");
    let error = Config::from_toml("jwt_secret = \"hunter2-hunter2\nport = 1").unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let error = vars(&[("API_KEYS", "sword\u{e9}fish")]).unwrap_err();
    assert!(!error.to_string().contains("fish"), "{error}");
}

#[test]
fn the_file_s_keys_join_those_of_the_lists() {
    use crate::api_keys::file::{KeyFile, KeyRecord};
    use crate::api_keys::{ApiKey, KeyFormat};
    let minted = KeyFormat::default().mint("live", "Zy9Xw8Vu7Ts6", &[7; 20]).unwrap();
    let file = |id: &str| {
        let mut file = KeyFile::new();
        file.push(KeyRecord::of_key(&minted, ApiKey::new(id).named("ci"), None, 1.0)).unwrap();
        file
    };
    let settings = [("API_KEYS", "a,b"), ("API_KEYS_FILE", "keys.jsonl"), ("API_KEY_PEPPER", SECRET)];
    let config = vars(&settings).unwrap();
    assert!(config.has_credentials() && vars(&settings[1..]).unwrap().has_credentials());
    let keys = config.keys_with(&file("x")).unwrap();
    let now = crate::Now::new(0.0, 0);
    for (key, name) in [("a", "api-key-1"), ("b", "api-key-2"), (minted.expose(), "ci")] {
        assert_eq!(keys.find(key.as_bytes(), now).map(ApiKey::name), Ok(name));
    }
    let error = config.keys_with(&file("api-key-2")).unwrap_err();
    assert_eq!(error.setting(), Some("API_KEYS_FILE"));
    assert!(error.to_string().contains("line 2 has the id of a key of API_KEYS"), "{error}");
    let both = vars(&[("API_KEYS", minted.expose()), ("API_KEYS_FILE", "keys.jsonl")]).unwrap();
    let error = both.keys_with(&file("x")).unwrap_err();
    assert!(error.to_string().contains("line 2 is a key of API_KEYS"), "{error}");
    // Without a pepper, a file that was written with one is refused.
    let mut peppered = file("x");
    peppered.pepper(config.key_settings.pepper.as_ref().unwrap()).unwrap();
    assert!(config.keys_with(&peppered).is_ok());
    let error = both.keys_with(&peppered).unwrap_err();
    assert!(error.to_string().contains("line 1 says the keys need a pepper"), "{error}");
}

#[test]
fn keys_have_their_roles_and_stable_ids() {
    let config = vars(&[("API_KEYS", "a,b"), ("ADMIN_API_KEYS", "c")]).unwrap();
    let keys = config.keys().unwrap().unwrap();
    let now = crate::Now::new(0.0, 0);
    let found =
        |key: &str| keys.find(key.as_bytes(), now).map(|key| (key.id().to_string(), key.roles().to_vec()));
    assert_eq!(found("b"), Ok(("api-key-2".into(), std::vec!["user".into()])));
    assert_eq!(found("c"), Ok(("admin-key-1".into(), std::vec!["admin".into()])));
    assert!(found("d").is_err());
}

#[test]
fn an_issuer_stands_beside_the_secret() {
    let issuers = |given: &[(&str, &str)]| {
        let verifiers = vars(given).unwrap().verifiers().unwrap();
        let fetched = verifiers.iter().filter_map(Verifier::jwks);
        let issuers: Vec<_> = fetched.map(|jwks| jwks.issuer().map(String::from)).collect();
        (verifiers.len(), issuers)
    };
    let issuer = ("OAUTH_ISSUER", "https://a.example");
    let found = std::vec![Some(String::from("https://a.example"))];
    assert_eq!(issuers(&[issuer, ("PUBLIC_URL", "https://mcp.example/mcp")]), (1, found.clone()));
    assert_eq!(issuers(&[issuer, ("JWT_AUDIENCE", "x"), ("JWT_SECRET", SECRET)]), (2, found));
    let at = ("JWKS_URL", "https://keys.example/jwks");
    assert_eq!(
        issuers(&[("OAUTH_ISSUER", "accounts.example"), at, ("JWT_AUDIENCE", "x")]),
        (1, std::vec![None])
    );
}

#[test]
fn a_shared_limit_and_its_defaults() {
    let redis = |more: &[(&str, &str)]| vars(&[&[REDIS], more].concat()).unwrap().redis.unwrap();
    let config = redis(&[]);
    assert_eq!((config.prefix.as_str(), config.lease), ("doorward", 1));
    assert_eq!(config.fallback, crate::rate::shared::Fallback::LocalAtLimitOver(1));
    assert!(!std::format!("{config:?}").contains("hunter2"));
    let spelled = SETTINGS.iter().filter(|s| s.name.starts_with("REDIS_") && !s.default.is_empty());
    let spelled: Vec<_> = spelled.map(|s| (s.name, s.default)).collect();
    assert_eq!(std::format!("{:?}", redis(&spelled)), std::format!("{config:?}"));
    assert_eq!(
        redis(&[("REDIS_INSTANCES", "3")]).fallback,
        crate::rate::shared::Fallback::LocalAtLimitOver(3)
    );
    for url in ["rediss://host", "valkeys://host:6380/2"] {
        let config = redis(&[("REDIS_URL", url), ("REDIS_CA", "ca.pem")]);
        assert_eq!((config.url.expose(), config.ca), (url, Some("ca.pem".into())));
    }
    let gate = vars(&[REDIS, ("API_KEYS", "a-key-nobody-guesses")]).unwrap().gate(Policy::new()).unwrap();
    assert!(gate.build_random().unwrap().shared_limit().is_some());
}
