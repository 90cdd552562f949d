//! What the server does with its configuration: refuses bad ones, and reads good ones from where they should be.

use doorward_tests::fixtures::protected;
use doorward_tests::http::Request;
use doorward_tests::{ADMIN_KEY, SECRET, Setup, USER_KEY, mcp};

const SHORT: &str = "only-31-bytes-of-secret-in-here";
const TYPO: &str = "dw_live_Zy9Xw8Vu7Ts6_0029sS3yqsuDyR1vGFhTuuRAq1b0qqGGl";

/// Exit code 1, nothing on stdout, and on stderr one sentence that names what is at fault and quotes no secret.
fn assert_refused(setup: &Setup, naming: &str, saying: &str) {
    let ended = setup.run();
    let line = ended.stderr.strip_suffix('\n').unwrap_or_else(|| panic!("{ended:?}"));
    assert_eq!((ended.status.code(), ended.stdout.as_str()), (Some(1), ""), "{ended:?}");
    let sentence = line.strip_prefix("doorward: ").unwrap_or_else(|| panic!("{ended:?}"));
    assert!(!sentence.contains('\n') && !sentence.ends_with('.') && sentence.len() < 300, "{ended:?}");
    assert!(sentence.contains(naming) && sentence.contains(saying), "{naming}, {saying}: {ended:?}");
    for secret in [USER_KEY, ADMIN_KEY, SECRET, SHORT, TYPO] {
        assert!(!sentence.contains(secret), "{ended:?}");
    }
}

#[test]
fn bad_settings_are_refused() {
    let cases: &[(&str, &str, &str)] = &[
        ("API_KEYS", "", "set but empty"),
        ("API_KEYS", " , ,", "set but empty"),
        ("API_KEYS", "user-key-4f1d0c77a2b94e,,x", "item 2 is empty"),
        ("API_KEYS", "user-key-4f1d0c77a2b94e,user-key-4f1d0c77a2b94e", "item 2 repeats item 1"),
        ("API_KEYS", TYPO, "item 1 begins like a key of doorward's own"),
        ("API_KEYS", "good-key-of-a-user,two words", "item 2 has a space"),
        ("API_KEYS", &"x".repeat(600), "item 1 is longer than"),
        ("ADMIN_API_KEYS", USER_KEY, "also in API_KEYS"),
        ("JWT_SECRET", "", "set but empty"),
        ("JWT_SECRET", SHORT, "is not right: "),
        ("JWT_SECRET_PREVIOUS", SHORT, "32 bytes"),
        ("JWT_PUBLIC_KEY", "not a key", "is not right"),
        ("JWT_CLOCK_TOLERANCE", "1h", "seconds"),
        ("MAX_TOKEN_LIFETIME", "forever", "24h"),
        ("CORS_ORIGINS", "*", "item 1"),
        ("CORS_ORIGINS", "https://app.example,https://*.example", "item 2"),
        ("CORS_ORIGINS", "https://app.example/", "item 1"),
        ("CORS_ORIGINS", "null", "item 1"),
        ("PUBLIC_URL", "mcp.example/mcp", "not right"),
        ("ALLOWED_HOSTS", "mcp.example,https://mcp.example", "is not right: allowed host 2"),
        ("TRUSTED_PROXIES", "10.0.0.0/33", "not right"),
        ("TRUSTED_PROXIES", "my-proxy", "not right"),
        ("HOST", "example.com", "IP address"),
        ("HOST", "0.0.0.0", "is not loopback"),
        ("PORT", "65536", "whole number"),
        ("PORT", "", "set but empty"),
        ("RATE_LIMIT_MAX", "0", "at least 1"),
        ("RATE_LIMIT_WINDOW_MS", "0", "longer than 0"),
        ("PREAUTH_RATE_LIMIT_MAX", "many", "whole number"),
        ("PREAUTH_RATE_LIMIT_WINDOW_MS", "1 minute", "whole number"),
        ("PREAUTH_RATE_LIMIT_MAX", "4000000000", "1 %"),
        ("RATE_LIMIT_MAX", "4000000000", "1 %"),
        ("BODY_LIMIT", "1gb", "1mb"),
        ("BODY_LIMIT", "65mb", "64mb"),
    ];
    for (name, value, saying) in cases {
        let naming = if *name == "HOST" && *value == "0.0.0.0" { "PUBLIC_URL" } else { name };
        assert_refused(&protected().var(name, value), naming, saying);
    }
}

#[test]
fn settings_that_do_not_go_together_are_refused() {
    let new = Setup::new;
    assert_refused(&new().var("HOST", "0.0.0.0"), "HOST", "no credentials are configured");
    assert_refused(&new().var("HOST", "::"), "HOST", "no credentials are configured");
    assert_refused(&new().var("JWT_ISSUER", "https://issuer.example"), "JWT_ISSUER", "without JWT_SECRET");
    assert_refused(&new().var("JWT_SECRET_PREVIOUS", SECRET), "JWT_SECRET_PREVIOUS", "without JWT_SECRET");
    let pem = "-----BEGIN PUBLIC KEY-----\nMFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK\n-----END PUBLIC KEY-----";
    assert_refused(&new().var("JWT_SECRET", pem), "JWT_SECRET", "key");
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let bytes = std::ffi::OsStr::from_bytes(b"user-key-\xff\xfe");
        assert_refused(&new().var("API_KEYS", bytes), "API_KEYS", "UTF-8");
        // Another's variable is another's business.
        drop(protected().var("UNRELATED", bytes).start());
    }
}

#[test]
fn bad_files_and_flags_are_refused() {
    let new = Setup::new;
    assert_refused(&new().folder(".env"), ".env", "cannot be read");
    assert_refused(
        &new().file(".env", &format!("API_KEYS={USER_KEY}\nJWT_SECRET='{SECRET}\n")),
        ".env",
        "NAME=value",
    );
    assert_refused(&new().file(".env", &format!("{USER_KEY}\n")), ".env", "NAME=value");
    assert_refused(&new().file(".env", "API_KEYS=\n"), "API_KEYS", "set but empty");
    assert_refused(&new().args(&["--env-file", "missing.env"]), "missing.env", "cannot be read");
    assert_refused(&new().args(&["--config", "missing.toml"]), "missing.toml", "cannot be read");
    let toml = |text: &str| new().file("a.toml", text).args(&["--config", "a.toml"]);
    assert_refused(&toml(&format!("port = 0\njwt_secret = \"{SECRET}\napi_keys = 1")), "a.toml", "line 2");
    assert_refused(&toml(&format!("api_key = [\"{USER_KEY}\"]")), "a.toml", "api_key");
    assert_refused(&toml(&format!("api_keys = \"{USER_KEY}\"")), "API_KEYS", "array");
    assert_refused(&toml(&format!("jwt_secret = \"{SHORT}\"")), "JWT_SECRET", "32 bytes");
    assert_refused(&toml("port = 0").args(&["--port", "http"]), "PORT", "whole number");
    assert_refused(
        &toml("[roles.user]\ntool = [\"x\"]"),
        "a.toml",
        "[roles.user] is not right: unknown field",
    );
    assert_refused(&new().args(&["--prot", "0"]), "--prot", "unexpected");
    assert_refused(&new().args(&["--api-keys", USER_KEY]), "--api-keys", "unexpected");
    assert_refused(&new().args(&["--port"]), "--port", "value");
    assert_refused(&new().args(&["--port", "http"]), "PORT", "whole number");
    assert_refused(&new().args(&["--log-format", "xml"]), "--log-format", "json");
    assert_refused(&new().var("LOG_FORMAT", "xml"), "log-format", "json");
    assert_refused(&new().var("LOG", "doorward=loud"), "log-filter", "");
}

#[test]
fn a_secret_in_a_file_of_variables_is_never_cut_short() {
    for value in [format!("{SECRET}$tail"), format!("\"{SECRET}${{tail}}\""), format!("'a'$HOME{SECRET}")] {
        let setup = Setup::new().file(".env", &format!("PORT=0\nJWT_SECRET={value}\n"));
        assert_refused(&setup, "line 2", "single quotes");
    }
}

#[test]
fn a_port_that_is_taken_is_told_of() {
    let first = protected().start();
    let setup = protected().var("PORT", first.address.port().to_string());
    assert_refused(&setup, &first.address.to_string(), "cannot listen");
}

#[test]
fn the_environment_wins_over_the_file_and_flags_over_both() {
    let env =
        format!("# a comment\nAPI_KEYS={USER_KEY}\nRATE_LIMIT_MAX=7\nexport BODY_LIMIT='512kb'\nPORT=1\n");
    let limit = |setup: &Setup| {
        let server = setup.start();
        server.secret(USER_KEY);
        let answer = server.send(&Request::post(mcp::whoami()).key(USER_KEY));
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.number("x-ratelimit-limit")
    };
    let base = Setup::new();
    assert_eq!(limit(&base.clone().file(".env", &env)), 7);
    assert_eq!(limit(&base.clone().file(".env", &env).var("RATE_LIMIT_MAX", "9")), 9);
    assert_eq!(limit(&base.clone().without("PORT").file(".env", &env).args(&["--port", "0"])), 7);
    assert_eq!(limit(&base.clone().var("PORT", "1").file(".env", &env).args(&["--port=0"])), 7);
    // A $ in single quotes, or in a comment, is one.
    let quoted = format!("# costs $5\nAPI_KEYS='{USER_KEY}$tail'\n");
    let server = base.clone().file(".env", &quoted).start();
    let key = format!("{USER_KEY}$tail");
    assert_eq!(server.send(&Request::post(mcp::whoami()).key(&key)).status, 200);
    // Another file in its place.
    let other = format!("API_KEYS={USER_KEY}\nRATE_LIMIT_MAX=8\n");
    let setup = base.clone().file(".env", &env).file("other.env", &other).args(&["--env-file", "other.env"]);
    assert_eq!(limit(&setup), 8);
    // Beside a TOML file, .env is not read unless it is named; then it wins, the environment over both, flags over all.
    let toml = format!("port = 1\napi_keys = [\"{USER_KEY}\"]\nrate_limit_max = 6\n");
    let base = base.file(".env", &env).file("doorward.toml", &toml).args(&["--config", "doorward.toml"]);
    assert_eq!(limit(&base), 6);
    assert_eq!(limit(&base.clone().args(&["--env-file", ".env"])), 7);
    assert_eq!(limit(&base.clone().args(&["--env-file", ".env"]).var("RATE_LIMIT_MAX", "9")), 9);
    assert_eq!(limit(&base.without("PORT").args(&["--port", "0"])), 6);
}

#[test]
fn help_lists_every_setting_and_nothing_is_done() {
    let ended = Setup::bare().var("API_KEYS", "").args(&["--help"]).run();
    assert_eq!((ended.status.code(), ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
    for setting in doorward::config::SETTINGS {
        let found =
            ended.stdout.contains(&format!("\n  {}", setting.name)) && ended.stdout.contains(setting.default);
        assert!(found, "{} in {}", setting.name, ended.stdout);
    }
    for flag in ["--host", "--port", "--config", "--env-file", "--log-format", "--help", "--version"] {
        assert!(ended.stdout.contains(flag), "{flag}");
    }
    assert!(ended.stdout.lines().all(|line| line.chars().count() <= 120), "{}", ended.stdout);
    let version = Setup::bare().args(&["--version"]).run();
    assert_eq!((version.status.code(), version.stderr.as_str()), (Some(0), ""));
    assert_eq!(version.stdout, format!("doorward {}\n", env!("CARGO_PKG_VERSION")));
}
