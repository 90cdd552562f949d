//! Every setting there is, by name.

/// One setting: its name, its default, and what it is for. The README's table and `--help` are made of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// The variable's name; in TOML, the same in lower case.
    pub name: &'static str,
    /// Its value where none is given, as it would be written; empty where there is none.
    pub default: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
    /// Whether it is a list: separated by commas in variables, an array in TOML.
    pub list: bool,
}

const fn one(name: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting { name, default, about, list: false }
}

const fn list(name: &'static str, about: &'static str) -> Setting {
    Setting { name, default: "", about, list: true }
}

/// Every setting, in the order a reader would want them.
pub const SETTINGS: &[Setting] = &[
    one(
        "HOST",
        "127.0.0.1",
        "address to bind to; any but loopback needs credentials and PUBLIC_URL or ALLOWED_HOSTS",
    ),
    one("PORT", "3000", "port to bind to; 0 lets the operating system choose"),
    one(
        "PUBLIC_URL",
        "",
        "where clients reach the server, as https://mcp.example/mcp; its host and origin are accepted",
    ),
    list("ALLOWED_HOSTS", "further host names clients may call it by, each host or host:port"),
    list("CORS_ORIGINS", "web origins whose pages may call it; none by default, and never *"),
    list(
        "TRUSTED_PROXIES",
        "addresses or CIDRs of proxies whose X-Forwarded-For is believed; none by default",
    ),
    list("API_KEYS", "API keys of role user"),
    list("ADMIN_API_KEYS", "API keys of role admin"),
    one(
        "API_KEYS_FILE",
        "",
        "file of API keys' digests, written by doorward keys and read again when it changes",
    ),
    one(
        "API_KEYS_MAX_STALE",
        "",
        "how long the last good keys of the file are used while it can't be read; for ever by default",
    ),
    one("API_KEY_PREFIX", "dw", "what doorward's own API keys begin with: 1 to 16 of a-z and 0-9"),
    one(
        "API_KEY_PEPPER",
        "",
        "secret of at least 32 bytes that stored digests depend on; can't be changed without new keys",
    ),
    one(
        "JWT_SECRET",
        "",
        "secret of at least 32 bytes that signs and verifies HS256 tokens (openssl rand -hex 32)",
    ),
    one("JWT_SECRET_PREVIOUS", "", "the secret before the last rotation: still verifies, never signs"),
    one("JWT_PUBLIC_KEY", "", "RSA public key in PEM that verifies RS256 tokens; needs JWT_AUDIENCE"),
    one("JWT_ISSUER", "", "the issuer tokens of JWT_SECRET and JWT_PUBLIC_KEY must name"),
    one("JWT_AUDIENCE", "", "the audience tokens must name; those of OAUTH_ISSUER, PUBLIC_URL by default"),
    one(
        "OAUTH_ISSUER",
        "",
        "issuer whose tokens are accepted, as it names itself; its keys are found by its metadata and fetched",
    ),
    one("JWKS_URL", "", "where that issuer's keys are, if its metadata is not to be asked"),
    one(
        "INTROSPECTION_CLIENT_SECRET",
        "",
        "secret by which opaque tokens are asked about at [introspection] of the configuration file",
    ),
    one("JWT_CLOCK_TOLERANCE", "0", "seconds by which the issuer's clock may differ, 0 to 300"),
    one("MAX_TOKEN_LIFETIME", "7d", "longest life of a token minted by generate-token"),
    one("PREAUTH_RATE_LIMIT_MAX", "30", "failed attempts an address may make in a window"),
    one("PREAUTH_RATE_LIMIT_WINDOW_MS", "60000", "that window, in milliseconds"),
    one("RATE_LIMIT_MAX", "100", "requests a principal may make in a window"),
    one("RATE_LIMIT_WINDOW_MS", "60000", "that window, in milliseconds"),
    one(
        "REDIS_URL",
        "",
        "Redis 6.2 or newer, or Valkey, by which several servers share RATE_LIMIT_MAX, as redis://host:6379",
    ),
    one(
        "REDIS_CA",
        "",
        "PEM file of the authorities that signed its certificate, for rediss://; without it, the system's",
    ),
    one("REDIS_PREFIX", "doorward", "what keys in it begin with"),
    one(
        "REDIS_FALLBACK",
        "local",
        "what holds while it can't be asked: local (each server counts by itself), deny or allow",
    ),
    one("REDIS_INSTANCES", "1", "how many servers share it: what each divides the limit by meanwhile"),
    one(
        "REDIS_LEASE",
        "1",
        "requests a server takes from a bucket at once: fewer round trips, at the price of as many requests late",
    ),
    one(
        "SESSION_KEY",
        "",
        "secret of at least 32 bytes by which a server with sessions binds them to their principals (doorward's own has none)",
    ),
    one(
        "METRICS_ADDR",
        "",
        "loopback address and port to serve /metrics on for Prometheus, as 127.0.0.1:9464; off by default",
    ),
    one("BODY_LIMIT", "1mb", "longest request body, as 512kb or 1mb or bytes"),
];
