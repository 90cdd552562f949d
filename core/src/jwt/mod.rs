//! JSON Web Tokens in compact form: what a token must be before anybody believes it (RFC 7515, 7518, 7519, 8725).
//!
//! [`verify`] is the bare path, with no allocation for HS*; [`Verifier`] holds keys and rules and picks the key.
//! The order is fixed: split, header, key, signature, and only then the payload. Nothing a token says is
//! believed before its signature holds; its header may only *agree* with what the key was made for.
//!
//! Not done here: encrypted tokens (JWE), nested tokens, unencoded payloads (RFC 7797), keys named or carried
//! by the token itself (`jku`, `jwk`, `x5u`, `x5c` are never read).

mod algorithm;
#[cfg(feature = "std")]
mod cache;
#[cfg(feature = "std")]
mod cached;
mod claims;
#[cfg(feature = "serde")]
mod deserialize;
mod error;
mod form;
mod header;
#[cfg(feature = "alloc")]
mod issuers;
#[cfg(feature = "std")]
mod known;
mod limits;
mod mismatch;
#[cfg(feature = "std")]
mod revocation;
mod rules;
#[cfg(feature = "alloc")]
mod sign;
mod split;
#[cfg(feature = "alloc")]
mod verifier;
mod verify;

pub use crate::json::{JsonStr, Number, Value};
pub use algorithm::Algorithm;
#[cfg(feature = "std")]
pub use cache::{CacheStats, TokenCache};
#[cfg(feature = "std")]
pub use cached::{CachedVerifier, Kept, Verified};
#[cfg(feature = "alloc")]
pub use claims::OwnedClaims;
pub use claims::{Claims, Words};
#[cfg(feature = "serde")]
pub use deserialize::ClaimsError;
pub use error::TokenError;
pub use form::{object_text, unverified_payload};
#[cfg(feature = "alloc")]
pub use issuers::Issuers;
pub use limits::Limits;
pub use mismatch::Mismatch;
#[cfg(feature = "std")]
pub use revocation::{Revocable, Revocations, RevocationsFull};
#[cfg(feature = "alloc")]
pub use rules::Window;
pub use rules::{Audience, OneOf, Rules};
#[cfg(feature = "alloc")]
pub use sign::{SignError, SigningKey, sign};
#[cfg(feature = "alloc")]
pub use verifier::{Verifier, VerifierError};
pub use verify::{verify, verify_jws};

#[cfg(feature = "alloc")]
pub(crate) use header::Header;
#[cfg(feature = "std")]
pub(crate) use known::KnownHeaders;
#[cfg(feature = "alloc")]
pub(crate) use split::looks_like_jwt;
