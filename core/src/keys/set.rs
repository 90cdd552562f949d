//! Several keys at once, found by `kid` and algorithm.

use super::{Key, KeyError};
use crate::jwt::{Algorithm, JsonStr};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The most keys tried for one token that names none of them.
const MAX_TRIES: usize = 4;

/// The keys a verifier may use. Several without a `kid` are for rotation: each is tried, at most four a token.
#[derive(Default)]
pub struct KeySet {
    keys: Vec<Named>,
    /// Whether it was fetched, so that its issuer may have others tomorrow.
    fetched: bool,
}

struct Named {
    kid: Option<String>,
    key: Key,
}

impl KeySet {
    /// No keys yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { keys: Vec::new(), fetched: false }
    }

    /// The same set, as one that was fetched: a token of an algorithm that none of its keys is for then lacks its key,
    /// which a later set may have.
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    pub(crate) fn fetched(self) -> Self {
        Self { fetched: true, ..self }
    }

    /// Adds a key with no `kid`: it may verify tokens whatever `kid` they name, or none.
    #[must_use]
    pub fn with(mut self, key: Key) -> Self {
        self.keys.push(Named { kid: None, key });
        self
    }

    /// Adds a key under its `kid`, 1 to 256 bytes, compared byte for byte.
    ///
    /// # Errors
    /// The `kid` is empty, too long, or taken by another key.
    pub fn with_kid(mut self, kid: impl Into<String>, key: Key) -> Result<Self, KeyError> {
        self.add(Some(kid.into()), key)?;
        Ok(self)
    }

    /// The keys of a JWK Set (RFC 7517 §5) that can verify signatures, and for each other why not, by its place.
    ///
    /// One bad key does not spoil the others; of two with one `kid`, the first counts. Shared secrets do not belong in a
    /// set that is fetched, so `oct` keys are left out too.
    ///
    /// # Errors
    /// Not JSON, not a JWK Set, nested too deep, or one of over 256 KiB or 100 keys.
    ///
    /// ```
    /// use doorward::keys::{KeyError, KeySet};
    /// let (keys, left_out) = KeySet::from_jwks(r#"{"keys":[{"kty":"RSA","n":"AQAB","e":"AQAB"}]}"#)?;
    /// assert!(keys.is_empty() && left_out == [(0, KeyError::RsaSize)]);
    /// # Ok::<(), KeyError>(())
    /// ```
    #[cfg(feature = "asymmetric")]
    pub fn from_jwks(text: &str) -> Result<(Self, Vec<(usize, KeyError)>), KeyError> {
        let (mut set, mut left_out) = (Self::new(), Vec::new());
        super::jwk::read_set(text, |place, read| {
            let added = read.and_then(|(kid, key)| match kid {
                _ if key.is_secret() => Err(KeyError::Unsupported),
                kid => set.add(kid, key),
            });
            if let Err(error) = added {
                left_out.push((place, error));
            }
        })?;
        Ok((set, left_out))
    }

    fn add(&mut self, kid: Option<String>, key: Key) -> Result<(), KeyError> {
        if kid.as_ref().is_some_and(|kid| kid.is_empty() || kid.len() > 256) {
            return Err(KeyError::BadKid);
        }
        if kid.is_some() && self.keys.iter().any(|named| named.kid == kid) {
            return Err(KeyError::DuplicateKid);
        }
        self.keys.push(Named { kid, key });
        Ok(())
    }

    /// How many keys there are.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.keys.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(crate) fn has_public(&self) -> bool {
        self.keys.iter().any(|named| !named.key.is_secret())
    }

    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        match self.fetched {
            true => !algorithm.is_symmetric(),
            false => self.keys.iter().any(|named| named.key.allows(algorithm)),
        }
    }

    /// The keys that may have made a token with that algorithm and `kid`. A token that names a `kid` is verified
    /// by the key of that name, which goes first, or by keys without one; a token that names none by any.
    pub(crate) fn candidates<'k>(
        &'k self,
        algorithm: Algorithm,
        kid: Option<JsonStr<'k>>,
    ) -> impl Iterator<Item = &'k Key> {
        let named = self.keys.iter().filter(move |named| match (&named.kid, kid) {
            (Some(ours), Some(theirs)) => theirs == **ours,
            _ => false,
        });
        let others = self.keys.iter().filter(move |named| named.kid.is_none() || kid.is_none());
        named.chain(others).map(|named| &named.key).filter(move |key| key.allows(algorithm)).take(MAX_TRIES)
    }
}

impl From<Key> for KeySet {
    fn from(key: Key) -> Self {
        Self::new().with(key)
    }
}

impl fmt::Debug for KeySet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.keys.iter().map(|named| (named.kid.as_deref(), &named.key));
        f.debug_list().entries(keys).finish()
    }
}
