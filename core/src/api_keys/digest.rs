//! What a set stores instead of a key: its SHA-256 (FIPS 180-4).
//!
//! A plain digest, unsalted and fast, is right for keys drawn at random (160 bits cannot be searched) and
//! poor for secrets a person chose: whoever reads a digest file can try a dictionary on it. Nothing here
//! slows that down.

use super::ApiKeyError;
use alloc::string::String;
use core::fmt;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use zeroize::Zeroize as _;

/// The SHA-256 of an API key.
///
/// Equality takes the same time wherever two digests differ. `Debug` shows nothing of the value; writing a
/// digest to a file takes an explicit [`to_hex`](Self::to_hex).
///
/// ```
/// use doorward::api_keys::KeyDigest;
///
/// let digest = KeyDigest::of(b"correct-horse-battery-staple");
/// assert_eq!(KeyDigest::from_hex(&digest.to_hex())?, digest);
/// assert_eq!(format!("{digest:?}"), "KeyDigest(..)");
/// # Ok::<(), doorward::api_keys::ApiKeyError>(())
/// ```
#[derive(Clone, Copy)]
pub struct KeyDigest {
    /// The 32 bytes as little-endian words: four of them are compared, not thirty-two.
    words: [u64; 4],
}

impl KeyDigest {
    /// Digests the bytes of a key. The time depends on their number alone.
    #[must_use]
    pub fn of(key: &[u8]) -> Self {
        let mut output = Sha256::digest(key);
        let mut words = [0; 4];
        for (word, bytes) in words.iter_mut().zip(output.as_slice().as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*bytes);
        }
        // A store and a barrier: `zeroize` writes byte by byte, 20 ns of a hundred.
        output.fill(0);
        zeroize::optimization_barrier(&output);
        Self { words }
    }

    /// The digest whose 32 bytes are given, as another SHA-256 computed them.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; 32]) -> Self {
        let mut words = [0; 4];
        for (word, chunk) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*chunk);
        }
        Self { words }
    }

    /// Reads 64 hexadecimal digits of either case, as `sha256sum` prints them. Meant for configuration: the
    /// time may depend on the digits.
    ///
    /// # Errors
    /// [`ApiKeyError::DigestInvalid`] for any other text.
    pub fn from_hex(text: &str) -> Result<Self, ApiKeyError> {
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if pairs.len() != 32 || !rest.is_empty() {
            return Err(ApiKeyError::DigestInvalid);
        }
        let mut bytes = [0; 32];
        for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
            let (Some(high), Some(low)) = (nibble(*high), nibble(*low)) else {
                return Err(ApiKeyError::DigestInvalid);
            };
            *byte = high << 4 | low;
        }
        Ok(Self::from_bytes(&bytes))
    }

    /// 64 lower-case hexadecimal digits, for a file.
    #[must_use]
    pub fn to_hex(&self) -> String {
        let mut text = String::with_capacity(64);
        for byte in self.to_bytes() {
            for nibble in [byte >> 4, byte & 15] {
                text.push(char::from_digit(u32::from(nibble), 16).unwrap_or_default());
            }
        }
        text
    }

    /// The 32 bytes of the digest.
    #[must_use]
    pub fn to_bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(self.words) {
            *chunk = word.to_le_bytes();
        }
        bytes
    }

    /// Zero where the two are equal: four words to one, without a branch.
    #[inline]
    pub(super) const fn difference(&self, other: &Self) -> u64 {
        let [a, b, c, d] = self.words;
        let [e, f, g, h] = other.words;
        (a ^ e) | (b ^ f) | (c ^ g) | (d ^ h)
    }

    pub(super) const fn from_words(words: [u64; 4]) -> Self {
        Self { words }
    }

    /// For sorting while a set is built: ordering takes a time that depends on the digests.
    pub(super) const fn words_vartime(&self) -> [u64; 4] {
        self.words
    }

    /// Overwrites the digest, for copies that end with a request.
    pub(super) fn wipe(&mut self) {
        self.words.zeroize();
    }
}

impl PartialEq for KeyDigest {
    fn eq(&self, other: &Self) -> bool {
        self.difference(other).ct_eq(&0).into()
    }
}

impl Eq for KeyDigest {}

impl fmt::Debug for KeyDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyDigest(..)")
    }
}

fn nibble(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).and_then(|value| u8::try_from(value).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    /// FIPS 180-4, the example "abc".
    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn the_digest_is_sha_256() {
        assert_eq!(KeyDigest::of(b"abc").to_hex(), ABC);
        assert_eq!(KeyDigest::from_hex(ABC).unwrap(), KeyDigest::of(b"abc"));
        assert_eq!(KeyDigest::from_hex(&ABC.to_uppercase()).unwrap(), KeyDigest::of(b"abc"));
        assert_eq!(KeyDigest::from_bytes(&KeyDigest::of(b"abc").to_bytes()), KeyDigest::of(b"abc"));
    }

    #[test]
    fn every_bit_counts() {
        let digest = KeyDigest::of(b"abc");
        for bit in 0..256 {
            let mut bytes = digest.to_bytes();
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(KeyDigest::from_bytes(&bytes), digest, "bit {bit}");
        }
    }

    #[test]
    fn other_texts_are_no_digest() {
        let (short, long) = (&ABC[1..], format!("{ABC}0"));
        let (spaced, signed) = (format!(" {}", &ABC[1..]), format!("+{}", &ABC[1..]));
        let wide = format!("é{}", &ABC[2..]);
        for text in ["", short, &ABC[2..], &long, &spaced, &signed, &wide, &ABC.replace('b', "g")] {
            assert_eq!(KeyDigest::from_hex(text), Err(ApiKeyError::DigestInvalid), "{text}");
        }
    }

    #[test]
    fn a_wiped_digest_is_gone() {
        let mut digest = KeyDigest::of(b"abc");
        digest.wipe();
        assert_eq!(digest.to_bytes(), [0; 32]);
    }
}
