//! The server as an OAuth 2.1 resource server: what it says of itself, and where issuers put what it asks for.
//!
//! [`Resource`] is the protected resource (RFC 8707, RFC 9728): its URI, its metadata document and the addresses of that.
//! A [gate](crate::gate::GateBuilder::resource) with one challenges as the MCP authorization rules say, and
//! [serves](crate::gate::Gate::well_known) the document.
//!
//! Not here: an authorization server. Tokens are issued elsewhere; no client is registered and no code exchanged.

mod error;
mod resource;
mod scope;
mod well_known;

pub use error::ResourceError;
pub use resource::Resource;
pub use well_known::WellKnown;

pub(crate) use scope::{is_scope, may_be_asked_for};
pub(crate) use well_known::Documents;
