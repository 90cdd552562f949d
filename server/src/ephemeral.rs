//! Credentials for this run only, where none are configured.

use doorward::api_keys::KeyFormat;
use doorward::config::{Config, JwtConfig, Secret};

type Error = Box<dyn std::error::Error>;

/// What was made for this run, to be shown once.
#[derive(Debug)]
pub(crate) struct Ephemeral {
    user: Secret,
    admin: Secret,
}

/// Gives a configuration without credentials some; only ever on loopback, for elsewhere the configuration is refused.
pub(crate) fn complete(config: &mut Config) -> Result<Option<Ephemeral>, Error> {
    if config.has_credentials() {
        return Ok(None);
    }
    let key =
        || -> Result<Secret, Error> { Ok(Secret::new(KeyFormat::default().mint_random("local")?.expose())) };
    let made = Ephemeral { user: key()?, admin: key()? };
    config.api_keys.push(made.user.clone());
    config.admin_api_keys.push(made.admin.clone());
    config.jwt = Some(JwtConfig::with_secret(random_secret()?));
    Ok(Some(made))
}

/// 32 random bytes in hexadecimal.
fn random_secret() -> Result<Secret, Error> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| "the operating system gave no random numbers")?;
    Ok(Secret::new(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>()))
}

impl Ephemeral {
    /// What to paste where, on stdout: it holds the keys.
    pub(crate) fn show(&self, url: &str) {
        let (admin, user) = (self.admin.expose(), self.user.expose());
        println!(
            r#"
No credentials are configured, so these were made for this run only. They are gone when it ends.

  admin key  {admin}
  user key   {user}

Ask who you are:

  curl -s {url} \
    -H 'x-api-key: {admin}' \
    -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \
    -d '{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"whoami","arguments":{{}}}}}}'

Mint a token (admin only):

  curl -s {url} \
    -H 'x-api-key: {admin}' \
    -H 'content-type: application/json' -H 'accept: application/json, text/event-stream' \
    -d '{{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{{"name":"generate-token","arguments":{{"userId":"anna","expiresIn":"1h"}}}}}}'

For an MCP client's configuration:

  {{
    "mcpServers": {{
      "doorward": {{
        "type": "http",
        "url": "{url}",
        "headers": {{ "x-api-key": "{user}" }}
      }}
    }}
  }}

To keep credentials between runs, copy .env.example to .env and fill it in.
"#
        );
    }
}
