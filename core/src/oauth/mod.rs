//! The server as an OAuth 2.1 resource server: what it says of itself, and where issuers put what it asks for.
//!
//! [`Resource`] is the protected resource (RFC 8707, RFC 9728): its URI, its metadata document and the addresses of that.
//! A [gate](crate::gate::GateBuilder::resource) with one challenges as the MCP authorization rules say, and
//! [serves](crate::gate::Gate::well_known) the document.
//!
//! `Issuer` is one whose tokens are accepted: its keys, its audience, and by [`ClaimMapping`] where its tokens say who, which
//! scopes and which roles; [`Preset`] knows that of some products.
//!
//! Not here: an authorization server. Tokens are issued elsewhere; no client is registered and no code exchanged.

mod claims;
#[cfg(feature = "std")]
mod endpoint;
mod error;
#[cfg(all(feature = "std", feature = "asymmetric"))]
mod issuer;
mod preset;
mod resource;
mod scope;
mod well_known;

pub use claims::{ClaimMapping, ClaimPath};
#[cfg(feature = "std")]
pub use endpoint::EndpointError;
pub use error::ResourceError;
#[cfg(all(feature = "std", feature = "asymmetric"))]
pub use issuer::{Issuer, IssuerError};
pub use preset::Preset;
pub use resource::Resource;
pub use well_known::WellKnown;

pub(crate) use claims::Who;
#[cfg(feature = "std")]
pub(crate) use endpoint::check_endpoint;
pub(crate) use scope::{is_scope, may_be_asked_for};
pub(crate) use well_known::Documents;
