//! The MCP server behind the gate: `whoami` and `generate-token`.

use doorward::Now;
use doorward::config::{Config, parse_duration};
use doorward::gate::{Gate, Principal};
use doorward::jwt::{SigningKey, sign};
use doorward::mcp::Kind;
use doorward::policy::List;
use doorward_axum::principal;
use http::request::Parts;
use rmcp::handler::server::router::tool::ToolRouter;
use rmcp::handler::server::tool::Extension;
use rmcp::handler::server::wrapper::Parameters;
use rmcp::model::{CacheScope, ListToolsResult, PaginatedRequestParams, ProtocolVersion, ResultType};
use rmcp::service::RequestContext;
use rmcp::{ErrorData, Json, RoleServer, ServerHandler, tool, tool_handler, tool_router};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// The longest user id a token is minted for, in bytes.
const MAX_USER_ID: usize = 256;

/// The tools, one copy a request.
#[derive(Clone)]
pub(crate) struct Tools {
    gate: Arc<Gate>,
    minting: Option<Arc<Minting>>,
    tool_router: ToolRouter<Self>,
}

/// What tokens are minted with.
struct Minting {
    key: SigningKey,
    issuer: Option<String>,
    audience: Option<String>,
    longest: Duration,
}

/// What `whoami` answers.
#[derive(Debug, Serialize, JsonSchema)]
struct Identity {
    /// The canonical id: key:<id>, jwt:<issuer>:<subject>, opaque:<issuer>:<subject> or anon:<address>
    id: String,
    /// The token's subject or client, or the key's id; empty without a credential
    subject: String,
    /// How the caller was authenticated: api_key or jwt
    method: &'static str,
    /// The caller's roles
    roles: Vec<String>,
    /// The caller's scopes
    scopes: Vec<String>,
}

/// What `generate-token` takes.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct TokenRequest {
    /// Whom the token is for: its subject
    user_id: String,
    /// The token's role
    #[serde(default)]
    role: Role,
    /// How long it is good for, as 1h, 24h or 7d; 24h by default
    #[serde(default = "one_day")]
    expires_in: String,
}

fn one_day() -> String {
    "24h".to_owned()
}

/// The roles there are.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Role {
    /// May do everything
    Admin,
    /// May use the tools that are not for admins
    #[default]
    User,
}

/// What `generate-token` answers.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct Token {
    /// The token, to be sent as Authorization: Bearer
    token: String,
    /// When it ends, in seconds since 1970
    expires_at: i64,
    /// Whom it is for
    user_id: String,
    /// Its role
    role: Role,
}

#[tool_router]
impl Tools {
    /// The tools by that configuration, each shown to those the gate's policy lets use it.
    pub(crate) fn new(config: &Config, gate: Arc<Gate>) -> Result<Self, Box<dyn std::error::Error>> {
        let minting = config.signing_key()?.map(|key| {
            Arc::new(Minting {
                key,
                issuer: config.jwt.as_ref().and_then(|jwt| jwt.issuer.clone()),
                audience: config.jwt.as_ref().and_then(|jwt| jwt.audience.clone()),
                longest: config.max_token_lifetime,
            })
        });
        let mut tool_router = Self::tool_router();
        if minting.is_none() {
            // Without a secret there is nothing to sign with, and a tool that can only fail is none.
            tool_router.remove_route("generate-token");
        }
        Ok(Self { gate, minting, tool_router })
    }

    /// Tells who is calling, and by what kind of credential.
    #[tool(name = "whoami", annotations(title = "Who am I", read_only_hint = true))]
    async fn whoami(&self, Extension(parts): Extension<Parts>) -> Result<Json<Identity>, ErrorData> {
        let caller = caller(&parts)?;
        Ok(Json(Identity {
            id: caller.id().to_owned(),
            subject: caller
                .subject()
                .or_else(|| caller.client())
                .unwrap_or_else(|| caller.id().strip_prefix("key:").unwrap_or_default())
                .to_owned(),
            method: caller.method().name(),
            roles: caller.roles().map(Into::into).collect(),
            scopes: caller.scopes().map(Into::into).collect(),
        }))
    }

    /// Mints a signed token for a user. Admins only.
    #[tool(name = "generate-token", annotations(title = "Generate a token", open_world_hint = false))]
    async fn generate_token(
        &self,
        Parameters(request): Parameters<TokenRequest>,
        Extension(parts): Extension<Parts>,
    ) -> Result<Json<Token>, ErrorData> {
        let caller = caller(&parts)?;
        let minting = self.minting.as_ref().ok_or_else(|| invalid("no JWT_SECRET is configured"))?;
        // The gate has refused everybody else before this; said again here, so that no other route leads past it.
        if !self.gate.policy().is_allowed(caller, Kind::Tool, "generate-token") {
            return Err(invalid("admins only"));
        }
        let token = minting.mint(&request)?;
        tracing::info!(target: "doorward", principal = ?caller.id(), for_user = ?token.user_id, role = ?request.role, "token minted");
        Ok(Json(token))
    }
}

impl Minting {
    fn mint(&self, request: &TokenRequest) -> Result<Token, ErrorData> {
        let user_id = request.user_id.trim();
        if user_id.is_empty() || user_id.len() > MAX_USER_ID || user_id.contains(char::is_control) {
            return Err(invalid("userId must be 1 to 256 bytes of text"));
        }
        let life = parse_duration(&request.expires_in)
            .map_err(|why| invalid(format!("expiresIn is not right: {why}")))?;
        if life > self.longest {
            return Err(invalid("expiresIn is longer than this server's MAX_TOKEN_LIFETIME"));
        }
        let issued_at = Now::system().unix as i64;
        let expires_at = issued_at + life.as_secs() as i64;
        let mut claims = json!({
            "sub": user_id,
            "role": request.role,
            "iat": issued_at,
            "exp": expires_at,
            "jti": random_id()?,
        });
        for (name, value) in [("iss", &self.issuer), ("aud", &self.audience)] {
            if let Some(value) = value {
                claims[name] = json!(value);
            }
        }
        let token = sign(&claims.to_string(), &self.key).map_err(|error| invalid(error.to_string()))?;
        Ok(Token { token, expires_at, user_id: user_id.to_owned(), role: request.role })
    }
}

#[tool_handler(router = self.tool_router, name = "doorward", instructions = "whoami tells who you are; generate-token mints a token, for admins.")]
impl ServerHandler for Tools {
    /// Only the tools the caller may use. What is hidden is also refused, by the gate.
    async fn list_tools(
        &self,
        _request: Option<PaginatedRequestParams>,
        context: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        let parts = context.extensions.get::<Parts>().ok_or_else(unguarded)?;
        let caller = caller(parts)?;
        let mut tools = self.tool_router.list_all();
        self.gate.policy_of(caller).filter(caller, List::Tools, &mut tools, |tool| &tool.name);
        // What one caller sees is not for another's cache. Older revisions have no word on caching and ignore one.
        let cacheable =
            context.protocol_version().is_some_and(|version| version >= ProtocolVersion::V_2026_07_28);
        Ok(ListToolsResult {
            result_type: Some(ResultType::COMPLETE),
            tools,
            meta: None,
            next_cursor: None,
            ttl_ms: cacheable.then_some(0),
            cache_scope: Some(CacheScope::Private),
        })
    }
}

fn caller(parts: &Parts) -> Result<&Principal, ErrorData> {
    principal(&parts.extensions).ok_or_else(unguarded)
}

fn unguarded() -> ErrorData {
    ErrorData::internal_error("this server is not behind its gate", None)
}

fn invalid(why: impl Into<std::borrow::Cow<'static, str>>) -> ErrorData {
    ErrorData::invalid_params(why, None)
}

/// 128 random bits in hexadecimal.
fn random_id() -> Result<String, ErrorData> {
    let number = getrandom::u64().and_then(|high| Ok((high, getrandom::u64()?)));
    let (high, low) = number.map_err(|_| ErrorData::internal_error("no random numbers", None))?;
    Ok(format!("{high:016x}{low:016x}"))
}
