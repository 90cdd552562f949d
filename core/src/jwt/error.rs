//! Why a token is refused: one enum, with the codes that every language shares.

use crate::json::JsonError;
use core::fmt;

/// Why a token was refused. The text never holds anything of the token, a key or a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TokenError {
    /// Longer than [`Limits::token`](crate::jwt::Limits::token), or its header than `Limits::header`.
    TooLarge,
    /// Not three non-empty base64url segments.
    Malformed,
    /// Five segments: an encrypted token (JWE, RFC 7516), which doorward does not read.
    Encrypted,
    /// The payload is missing: a detached one (RFC 7515 appendix F), which would have to come from elsewhere.
    Detached,
    /// The payload is itself a token (RFC 7519 §5.2), which is not unwrapped here.
    Nested,
    /// The header is not a JSON object with a string `alg`, or breaks a bound.
    InvalidHeader,
    /// The header has `crit` or `b64`: extensions doorward does not know (RFC 7515 §4.1.11, RFC 7797).
    CriticalHeader,
    /// The header's `alg` is none that the keys were made for.
    AlgorithmNotAllowed,
    /// No key of that `kid`.
    KeyNotFound,
    /// The keys are fetched, and there is no set that may be used: none was fetched yet, or the last is too old.
    KeysUnavailable,
    /// With several issuers: the token names none of them.
    IssuerUnknown,
    /// The signature does not hold.
    InvalidSignature,
    /// The payload is not a JSON object, has a member twice, or breaks a bound.
    InvalidPayload,
    /// A registered claim has the wrong type, or a date no date can have (RFC 7519 §4.1).
    InvalidClaim,
    /// A required claim is missing.
    MissingClaim,
    /// `now >= exp + tolerance`.
    Expired,
    /// `now < nbf − tolerance`.
    NotYetValid,
    /// `iss` is missing or none of the expected.
    IssuerMismatch,
    /// `aud` is missing or holds none of the expected; or it is there and no audience is configured.
    AudienceMismatch,
    /// `sub` is missing or not the expected.
    SubjectMismatch,
    /// The header's `typ` is missing or not the expected (RFC 8725 §3.11).
    TypeMismatch,
    /// `jti` is missing or not the expected.
    IdMismatch,
    /// `nonce` is missing or not the expected (OpenID Connect Core §3.1.3.7).
    NonceMismatch,
    /// `now >= iat + maximum age + tolerance`.
    TooOld,
    /// `now < iat − tolerance`, and there is a maximum age.
    IssuedInFuture,
    /// `exp − iat` is above the maximum lifetime.
    LifetimeTooLong,
    /// The token was revoked before its time.
    Revoked,
    /// A public key was given with no audience rule; say the audience, or `Audience::Any`.
    AudienceNotConfigured,
    /// The scratch space is shorter than the token.
    ScratchTooSmall,
}

impl TokenError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TooLarge => "token_too_large",
            Self::Malformed => "token_malformed",
            Self::Encrypted => "token_encrypted",
            Self::Detached => "token_detached",
            Self::Nested => "token_nested",
            Self::InvalidHeader => "token_header_invalid",
            Self::CriticalHeader => "token_header_critical",
            Self::AlgorithmNotAllowed => "algorithm_not_allowed",
            Self::KeyNotFound => "key_not_found",
            Self::KeysUnavailable => "keys_unavailable",
            Self::IssuerUnknown => "issuer_unknown",
            Self::InvalidSignature => "signature_invalid",
            Self::InvalidPayload => "token_payload_invalid",
            Self::InvalidClaim => "claim_invalid",
            Self::MissingClaim => "claim_missing",
            Self::Expired => "token_expired",
            Self::NotYetValid => "token_not_yet_valid",
            Self::IssuerMismatch => "issuer_mismatch",
            Self::AudienceMismatch => "audience_mismatch",
            Self::SubjectMismatch => "subject_mismatch",
            Self::TypeMismatch => "token_type_mismatch",
            Self::IdMismatch => "token_id_mismatch",
            Self::NonceMismatch => "nonce_mismatch",
            Self::TooOld => "token_too_old",
            Self::IssuedInFuture => "token_issued_in_future",
            Self::LifetimeTooLong => "token_lifetime_too_long",
            Self::Revoked => "token_revoked",
            Self::AudienceNotConfigured => "audience_not_configured",
            Self::ScratchTooSmall => "scratch_too_small",
        }
    }

    /// Every error, for tables and tests.
    pub const ALL: [Self; 29] = [
        Self::TooLarge,
        Self::Malformed,
        Self::Encrypted,
        Self::Detached,
        Self::Nested,
        Self::InvalidHeader,
        Self::CriticalHeader,
        Self::AlgorithmNotAllowed,
        Self::KeyNotFound,
        Self::KeysUnavailable,
        Self::IssuerUnknown,
        Self::InvalidSignature,
        Self::InvalidPayload,
        Self::InvalidClaim,
        Self::MissingClaim,
        Self::Expired,
        Self::NotYetValid,
        Self::IssuerMismatch,
        Self::AudienceMismatch,
        Self::SubjectMismatch,
        Self::TypeMismatch,
        Self::IdMismatch,
        Self::NonceMismatch,
        Self::TooOld,
        Self::IssuedInFuture,
        Self::LifetimeTooLong,
        Self::Revoked,
        Self::AudienceNotConfigured,
        Self::ScratchTooSmall,
    ];

    /// Whether the signature held, so that whoever sent the token was no guesser: an expired or misaddressed
    /// token is an honest mistake and spends nothing of its address's bucket.
    #[must_use]
    pub const fn signature_held(self) -> bool {
        matches!(
            self,
            Self::InvalidPayload
                | Self::Nested
                | Self::InvalidClaim
                | Self::MissingClaim
                | Self::Expired
                | Self::NotYetValid
                | Self::IssuerMismatch
                | Self::AudienceMismatch
                | Self::SubjectMismatch
                | Self::TypeMismatch
                | Self::IdMismatch
                | Self::NonceMismatch
                | Self::TooOld
                | Self::IssuedInFuture
                | Self::LifetimeTooLong
                | Self::Revoked
        )
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::TooLarge => "the token or its header is too long",
            Self::Malformed => "not a token of three base64url segments",
            Self::Encrypted => "an encrypted token, which cannot be verified here",
            Self::Detached => "the token's payload is detached, and can't be had from elsewhere here",
            Self::Nested => "the token holds another token, which is not unwrapped here",
            Self::InvalidHeader => "the token's header is not one that can be read",
            Self::CriticalHeader => "the token's header names an extension that is not supported",
            Self::AlgorithmNotAllowed => "the token's algorithm is not one the keys are for",
            Self::KeyNotFound => "no key has the token's kid",
            Self::KeysUnavailable => "the issuer's keys could not be fetched",
            Self::IssuerUnknown => "the token names no issuer that is trusted",
            Self::InvalidSignature => "the signature does not hold",
            Self::InvalidPayload => "the payload is not one JSON object with every name once",
            Self::InvalidClaim => "a registered claim has the wrong type or range",
            Self::MissingClaim => "a required claim is missing",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::IssuerMismatch => "the issuer is not one that is trusted",
            Self::AudienceMismatch => "the token is for another audience",
            Self::SubjectMismatch => "the subject is not the expected one",
            Self::TypeMismatch => "the token is of another type",
            Self::IdMismatch => "the token's id is not the expected one",
            Self::NonceMismatch => "the nonce is not the expected one",
            Self::TooOld => "the token was issued too long ago",
            Self::IssuedInFuture => "the token was issued in the future",
            Self::LifetimeTooLong => "the token is good for longer than is allowed",
            Self::Revoked => "the token was revoked",
            Self::AudienceNotConfigured => {
                "a public key needs an audience rule, or Audience::Any spelled out"
            }
            Self::ScratchTooSmall => "the scratch space is shorter than the token",
        })
    }
}

impl core::error::Error for TokenError {}

/// The error of a header or payload on its way through the JSON reader.
pub(super) enum ReadError {
    Json,
    Token(TokenError),
}

impl From<JsonError> for ReadError {
    fn from(_: JsonError) -> Self {
        Self::Json
    }
}

impl From<TokenError> for ReadError {
    fn from(error: TokenError) -> Self {
        Self::Token(error)
    }
}

impl ReadError {
    /// The token's error; `json` where the text itself was at fault.
    pub(super) const fn or(self, json: TokenError) -> TokenError {
        match self {
            Self::Json => json,
            Self::Token(error) => error,
        }
    }
}
