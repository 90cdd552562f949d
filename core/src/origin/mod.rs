//! Which Host and Origin a request may carry: against DNS rebinding and calls from other sites.
//!
//! [`HostRules`] answers both questions for a request; [`Origin`] (RFC 6454 §6.2) and [`PublicUrl`] are what it is
//! configured with. The public URL is also the only source of the addresses the server names to its clients.
//!
//! What is not done here: forwarded hosts (`X-Forwarded-Host`, `Forwarded`) are never read, names are not
//! resolved, and names outside ASCII must come in their `xn--` form.
//!
//! ```
//! use doorward::origin::{HostRules, Origin, PublicUrl, Refusal};
//!
//! let rules = HostRules::new(
//!     [0, 0, 0, 0].into(),
//!     Some(PublicUrl::parse("https://mcp.example.com/mcp")?),
//!     &[],
//!     vec![Origin::parse("https://app.example.com")?],
//! )?;
//! assert_eq!(rules.check_host(&[b"mcp.example.com"]), Ok(()));
//! assert_eq!(rules.check_host(&[b"rebound.example.net"]), Err(Refusal::HostNotListed));
//! assert_eq!(rules.check_origin(&[b"https://app.example.com"]), Ok(()));
//! assert_eq!(rules.check_origin(&[b"null"]), Err(Refusal::OriginNull));
//! # Ok::<(), doorward::origin::OriginError>(())
//! ```

mod authority;
mod error;
mod public_url;
mod rules;
mod serialized;

#[cfg(test)]
mod properties;

pub(crate) use authority::Parts;
pub use error::{OriginError, Refusal};
pub use public_url::PublicUrl;
pub use rules::HostRules;
pub use serialized::Origin;
