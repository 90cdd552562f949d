//! Names in a file of variables that were meant to be settings.
//!
//! The file may hold other programs' variables too, so a strange name is no error. One that is nearly a setting's, though, is
//! a limit or a check that its owner thinks is on.

use doorward::config::SETTINGS;

/// What the names of settings begin with that no other program's are likely to.
const OURS: [&str; 10] = [
    "ADMIN_API_KEY",
    "API_KEY",
    "CORS_",
    "JWKS_",
    "JWT_",
    "MAX_TOKEN",
    "OAUTH_ISS",
    "PREAUTH_",
    "RATE_LIMIT",
    "TRUSTED_PROX",
];
/// Read from the environment, before the file.
const ELSEWHERE: [&str; 2] = ["LOG", "LOG_FORMAT"];

/// What to tell of a name that is no setting's, if it looks like one's.
pub(crate) fn warning(name: &str) -> Option<String> {
    if SETTINGS.iter().any(|setting| setting.name == name) {
        return None;
    }
    let upper = name.to_ascii_uppercase();
    if ELSEWHERE.contains(&upper.as_str()) {
        return Some(format!("{name} is read from the environment, and not from a file of variables"));
    }
    let distances = SETTINGS.iter().map(|setting| (strsim::osa_distance(&upper, setting.name), setting.name));
    let (distance, nearest) = distances.min()?;
    // Short names are near to much: PATH is two letters from PORT.
    let allowed = if nearest.len() > 5 { 2 } else { 1 };
    let ours = OURS.iter().any(|beginning| upper.starts_with(beginning));
    let shown: String = name.escape_debug().take(64).collect();
    (distance <= allowed || ours)
        .then(|| format!("{shown} is no setting and has no effect: is it {nearest}?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_told_and_others_names_are_not() {
        for (name, meant) in [
            ("API_KEY", "API_KEYS"),
            ("APIKEYS", "API_KEYS"),
            ("api_keys", "API_KEYS"),
            ("JWT_SECERT", "JWT_SECRET"),
            ("JWT_AUDIANCE", "JWT_AUDIENCE"),
            ("RATE_LIMIT_WINDOW", "RATE_LIMIT_WINDOW_MS"),
            ("HOSTS", "HOST"),
            ("PUBLIC_URI", "PUBLIC_URL"),
            ("TRUSTED_PROXY", "TRUSTED_PROXIES"),
        ] {
            let told = warning(name).unwrap_or_else(|| panic!("{name} is not told"));
            assert!(told.starts_with(name) && told.contains(meant), "{told}");
        }
        for name in ["PATH", "HOME", "DATABASE_URL", "NODE_ENV", "USER", "LANG", "POSTGRES_HOST", "SMTP_URL"]
        {
            assert_eq!(warning(name), None);
        }
        assert!(SETTINGS.iter().all(|setting| warning(setting.name).is_none()));
        assert!(warning("LOG").is_some_and(|told| told.contains("environment")));
    }
}
