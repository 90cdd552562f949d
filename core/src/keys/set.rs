//! Several keys at once, found by `kid` and algorithm.

use super::{Key, KeyError};
#[cfg(feature = "std")]
use crate::jwt::KnownHeaders;
use crate::jwt::{Algorithm, Header, JsonStr, Limits};
#[cfg(feature = "std")]
use alloc::boxed::Box;
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
    /// Headers of tokens that its keys verified. There as soon as a key is, so that no token allocates.
    #[cfg(feature = "std")]
    known: Option<Box<KnownHeaders>>,
}

#[derive(Clone)]
struct Named {
    kid: Option<String>,
    key: Key,
}

impl KeySet {
    /// No keys yet.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            keys: Vec::new(),
            fetched: false,
            #[cfg(feature = "std")]
            known: None,
        }
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
        self.push(Named { kid: None, key });
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
        self.push(Named { kid, key });
        Ok(())
    }

    fn push(&mut self, named: Named) {
        self.keys.push(named);
        #[cfg(feature = "std")]
        self.known.get_or_insert_default();
    }

    /// What a token's header says, where a token with the same was verified by one of these keys before.
    #[cfg(feature = "std")]
    #[inline]
    pub(crate) fn known_header(&self, segment: &[u8], limits: &Limits) -> Option<Header<'_>> {
        self.known.as_ref()?.find(segment, limits)
    }

    /// Remembers the header of a token that one of these keys has just verified.
    #[cfg(feature = "std")]
    pub(crate) fn remember_header(&self, segment: &[u8], limits: &Limits, header: &Header<'_>) {
        if let Some(known) = &self.known {
            known.remember(segment, limits, header);
        }
    }

    #[cfg(not(feature = "std"))]
    #[expect(clippy::unused_self, reason = "there is no OnceLock without std")]
    pub(crate) const fn known_header(&self, _: &[u8], _: &Limits) -> Option<Header<'_>> {
        None
    }

    #[cfg(not(feature = "std"))]
    #[expect(clippy::unused_self, reason = "nothing is remembered")]
    pub(crate) const fn remember_header(&self, _: &[u8], _: &Limits, _: &Header<'_>) {}

    /// The `kid` of each key, in order; nothing for a key without one.
    pub fn kids(&self) -> impl Iterator<Item = Option<&str>> {
        self.keys.iter().map(|named| named.kid.as_deref())
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

    /// Whether there is a public key among them: such keys need an audience rule, and take longer.
    #[must_use]
    pub fn has_public(&self) -> bool {
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

impl Clone for KeySet {
    /// The same keys; what headers the tokens had that they verified, each set learns for itself.
    fn clone(&self) -> Self {
        Self {
            keys: self.keys.clone(),
            fetched: self.fetched,
            #[cfg(feature = "std")]
            known: self.known.as_ref().map(|_| Box::default()),
        }
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
