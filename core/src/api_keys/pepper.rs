//! A secret beside the digests: who reads a file or a table of them then has nothing to try guesses on.
//!
//! What is stored is HMAC-SHA-256 (RFC 2104) under the pepper, of the key's SHA-256 and not of the key: so a set that
//! was kept without a pepper gets one without a look at its keys, [`KeyDigest::peppered`] by digest. It costs two more
//! SHA-256 blocks a look-up. For keys drawn at random it adds nothing but that; secrets that people chose it protects for as
//! long as the pepper is not read too. It can't be changed without new keys.

use super::{ApiKeyError, KeyDigest};
use core::fmt;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

/// Shortest pepper, in bytes: what RFC 7518 §3.2 asks of an HS256 secret.
const SHORTEST: usize = 32;

/// A secret that stored digests depend on. `Debug` shows nothing of it, and its states are overwritten when dropped.
///
/// ```
/// use doorward::Now;
/// use doorward::api_keys::{ApiKey, ApiKeys, KeyDigest, Pepper};
///
/// let pepper = Pepper::new(b"thirty-two bytes kept beside no digest")?;
/// let stored = KeyDigest::of(b"a-secret-from-before").peppered(&pepper);
/// let keys = ApiKeys::builder().pepper(pepper).add_peppered(stored, ApiKey::new("old-laptop")).build([7; 32])?;
/// assert_eq!(keys.find(b"a-secret-from-before", Now::new(0.0, 0)).map(ApiKey::id), Ok("old-laptop"));
/// # Ok::<(), doorward::api_keys::ApiKeyError>(())
/// ```
#[derive(Clone)]
pub struct Pepper(Hmac<Sha256>);

impl Pepper {
    /// Makes ready a secret of 32 bytes or more.
    ///
    /// # Errors
    /// [`ApiKeyError::PepperShort`].
    pub fn new(secret: &[u8]) -> Result<Self, ApiKeyError> {
        if secret.len() < SHORTEST {
            return Err(ApiKeyError::PepperShort);
        }
        Hmac::new_from_slice(secret).map(Self).map_err(|_| ApiKeyError::PepperShort)
    }

    /// Eight bytes by which a pepper is known again, to be stored beside the digests made with it. They are of use to a
    /// guesser only where the pepper itself can be guessed.
    #[must_use]
    pub fn mark(&self) -> [u8; 8] {
        // No digest is as long as this, so no stored digest is this one's tag.
        let tag = self.tag(b"doorward pepper mark 1");
        tag.first_chunk().copied().unwrap_or_default()
    }

    fn tag(&self, message: &[u8]) -> [u8; 32] {
        self.0.clone().chain_update(message).finalize().into_bytes().into()
    }
}

impl KeyDigest {
    /// What is stored in a digest's place under that pepper. The time depends on nothing.
    #[must_use]
    pub fn peppered(&self, pepper: &Pepper) -> Self {
        let mut plain = self.to_bytes();
        let mut tag = pepper.tag(&plain);
        let peppered = Self::from_bytes(&tag);
        for bytes in [&mut plain, &mut tag] {
            bytes.fill(0);
            zeroize::optimization_barrier(bytes);
        }
        peppered
    }
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pepper(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    /// Made with Python: `hmac.digest(SECRET, hashlib.sha256(b"abc").digest(), "sha256")`, and of the mark's text.
    #[test]
    fn it_is_hmac_sha_256_of_the_digest() {
        let pepper = Pepper::new(SECRET).unwrap();
        assert_eq!(
            KeyDigest::of(b"abc").peppered(&pepper).to_hex(),
            "17d2ee3fc0554754e3fe964b163897bab8b301aa6c894a0436ca0a150f0ce798"
        );
        assert_eq!(u64::from_be_bytes(pepper.mark()), 0xe226_e4de_6f3c_23e3);
    }

    #[test]
    fn short_ones_are_refused_and_others_differ() {
        assert_eq!(Pepper::new(&SECRET[1..]).unwrap_err(), ApiKeyError::PepperShort);
        assert_eq!(Pepper::new(b"").unwrap_err(), ApiKeyError::PepperShort);
        let (one, other) = (Pepper::new(SECRET).unwrap(), Pepper::new(&[SECRET, b"x"].concat()).unwrap());
        assert_ne!(one.mark(), other.mark());
        assert_ne!(KeyDigest::of(b"abc").peppered(&one), KeyDigest::of(b"abc").peppered(&other));
        assert_ne!(KeyDigest::of(b"abc").peppered(&one), KeyDigest::of(b"abc"));
    }
}
