//! Why the gate refuses, for the operator; and the few things a caller is told.

use crate::api_keys::ApiKeyRefusal;
use crate::jwt::TokenError;
use crate::origin::Refusal;
use core::fmt;

/// Why a request was refused. The exact code goes to the operator's log; the caller gets [`Public`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Code {
    /// The token does not verify.
    Token(TokenError),
    /// The API key is none of ours, or not good now.
    ApiKey(ApiKeyRefusal),
    /// The API key is none of those that are known, and not all of them are.
    ApiKeysStale,
    /// The host did not say in time whether the API key is one of its own.
    ApiKeyUnavailable,
    /// Its issuer says that the opaque token is not active, or not its own.
    TokenInactive,
    /// The opaque token's issuer gave no answer in time, or none that can be read.
    IntrospectionUnavailable,
    /// The token names no subject.
    SubjectMissing,
    /// There is no credential.
    CredentialMissing,
    /// The credential cannot be read: `Bearer` with nothing or several things behind it.
    CredentialMalformed,
    /// Two credentials, or one header twice.
    CredentialRepeated,
    /// The host's integration knows no address for the caller: see the adapter's docs.
    AddressUnknown,
    /// `Host` is missing or not ours (DNS rebinding, or `PUBLIC_URL` is not set), `Origin` is neither ours nor listed, or a
    /// browser says that a page of another origin sent it without one.
    Origin(Refusal),
    /// The address has failed too often.
    AddressLimited,
    /// The principal has asked too often.
    PrincipalLimited,
    /// A named limit has no room: which one is in [`Denial::detail`](super::Denial::detail).
    LimitExceeded,
    /// The principal has asked too often of all processes that share the limit.
    SharedLimited,
    /// The limit that processes share can't be counted, and nobody is admitted meanwhile.
    SharedLimitUnavailable,
    /// Nothing the principal has reaches the tool, resource, prompt or method, nor would a scope.
    PolicyForbidden,
    /// Nothing the principal has reaches it, and further scopes would: the challenge says which.
    ScopeInsufficient,
    /// The body is not JSON-RPC that can be decided on.
    BodyUnreadable,
    /// The body is longer than the bound.
    BodyTooLarge,
    /// The body's media type is not `application/json`, or it is compressed.
    BodyMediaType,
    /// A batch that is empty, too long, or where the revision has none.
    BatchInvalid,
    /// `MCP-Protocol-Version`, `Mcp-Method` or `Mcp-Name` says something else than the body, is there twice, or is not there
    /// where its revision wants it.
    HeaderMismatch,
    /// The session is not this principal's, or nobody's.
    SessionForeign,
    /// Two sessions are named.
    SessionRepeated,
}

impl Code {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token(error) => error.code(),
            Self::ApiKey(refusal) => refusal.code(),
            Self::ApiKeysStale => "api_keys_stale",
            Self::ApiKeyUnavailable => "api_key_unavailable",
            Self::TokenInactive => "token_inactive",
            Self::IntrospectionUnavailable => "introspection_unavailable",
            Self::SubjectMissing => "subject_missing",
            Self::CredentialMissing => "credential_missing",
            Self::CredentialMalformed => "credential_malformed",
            Self::CredentialRepeated => "credential_repeated",
            Self::AddressUnknown => "address_unknown",
            Self::Origin(refusal) => refusal.code(),
            Self::AddressLimited => "address_rate_limited",
            Self::PrincipalLimited => "principal_rate_limited",
            Self::LimitExceeded => "limit_exceeded",
            Self::SharedLimited => "shared_rate_limited",
            Self::SharedLimitUnavailable => "shared_limit_unavailable",
            Self::PolicyForbidden => "policy_forbidden",
            Self::ScopeInsufficient => "scope_insufficient",
            Self::BodyUnreadable => "body_unreadable",
            Self::BodyTooLarge => "body_too_large",
            Self::BodyMediaType => "body_media_type",
            Self::BatchInvalid => "batch_invalid",
            Self::HeaderMismatch => "header_mismatch",
            Self::SessionForeign => "session_foreign",
            Self::SessionRepeated => "session_repeated",
        }
    }

    /// What the caller is told.
    #[must_use]
    pub const fn public(self) -> Public {
        match self {
            Self::Token(TokenError::KeysUnavailable) => Public::Unavailable,
            Self::Token(_) | Self::ApiKey(_) | Self::TokenInactive | Self::SubjectMissing => {
                Public::InvalidToken
            }
            Self::CredentialMissing => Public::Unauthorized,
            Self::CredentialMalformed
            | Self::CredentialRepeated
            | Self::BodyUnreadable
            | Self::BodyMediaType
            | Self::BatchInvalid
            | Self::HeaderMismatch
            | Self::SessionRepeated => Public::InvalidRequest,
            Self::SessionForeign => Public::SessionNotFound,
            Self::AddressUnknown
            | Self::ApiKeysStale
            | Self::ApiKeyUnavailable
            | Self::IntrospectionUnavailable
            | Self::SharedLimitUnavailable => Public::Unavailable,
            Self::Origin(_) => Public::OriginNotAllowed,
            Self::AddressLimited | Self::PrincipalLimited | Self::LimitExceeded | Self::SharedLimited => {
                Public::RateLimited
            }
            Self::PolicyForbidden => Public::Forbidden,
            Self::ScopeInsufficient => Public::InsufficientScope,
            Self::BodyTooLarge => Public::TooLarge,
        }
    }

    /// Whether it spends from the address's bucket: what a guesser, and nobody else, does often.
    pub(super) const fn spends(self) -> bool {
        match self {
            Self::Token(TokenError::KeysUnavailable) => false,
            Self::Token(error) => !error.signature_held(),
            Self::ApiKey(refusal) => matches!(refusal, ApiKeyRefusal::Malformed | ApiKeyRefusal::Unknown),
            Self::TokenInactive
            | Self::CredentialMissing
            | Self::CredentialMalformed
            | Self::CredentialRepeated => true,
            _ => false,
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a caller is told: a status and one of a few fixed bodies, which say nothing that helps a guesser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Public {
    /// 400
    InvalidRequest,
    /// 401, without a credential.
    Unauthorized,
    /// 401, with one that is not good.
    InvalidToken,
    /// 403, by policy, where further scopes would help.
    InsufficientScope,
    /// 403, by policy.
    Forbidden,
    /// 403, by Origin or Host.
    OriginNotAllowed,
    /// 404
    SessionNotFound,
    /// 413
    TooLarge,
    /// 429
    RateLimited,
    /// 503
    Unavailable,
}

impl Public {
    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidRequest => 400,
            Self::Unauthorized | Self::InvalidToken => 401,
            Self::InsufficientScope | Self::Forbidden | Self::OriginNotAllowed => 403,
            Self::SessionNotFound => 404,
            Self::TooLarge => 413,
            Self::RateLimited => 429,
            Self::Unavailable => 503,
        }
    }

    /// The `error` of the body.
    #[must_use]
    pub const fn error(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthorized => "unauthorized",
            Self::InvalidToken => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::Forbidden => "forbidden",
            Self::OriginNotAllowed => "origin_not_allowed",
            Self::SessionNotFound => "session_not_found",
            Self::TooLarge => "too_large",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
        }
    }

    /// The whole body: JSON, the same bytes every time.
    #[must_use]
    pub const fn body(self) -> &'static str {
        match self {
            Self::InvalidRequest => {
                r#"{"error":"invalid_request","error_description":"The request is malformed."}"#
            }
            Self::Unauthorized => {
                r#"{"error":"unauthorized","error_description":"A credential is required."}"#
            }
            Self::InvalidToken => {
                r#"{"error":"invalid_token","error_description":"The credential is not valid."}"#
            }
            Self::InsufficientScope => {
                r#"{"error":"insufficient_scope","error_description":"The credential lacks a scope that this needs."}"#
            }
            Self::Forbidden => {
                r#"{"error":"forbidden","error_description":"The credential does not allow this."}"#
            }
            Self::OriginNotAllowed => {
                r#"{"error":"origin_not_allowed","error_description":"The Host or Origin is not allowed."}"#
            }
            Self::SessionNotFound => {
                r#"{"error":"session_not_found","error_description":"There is no such session: start a new one."}"#
            }
            Self::TooLarge => r#"{"error":"too_large","error_description":"The request body is too large."}"#,
            Self::RateLimited => {
                r#"{"error":"rate_limited","error_description":"Too many requests: wait as long as Retry-After says."}"#
            }
            Self::Unavailable => {
                r#"{"error":"unavailable","error_description":"The service cannot decide now: try again later."}"#
            }
        }
    }
}
