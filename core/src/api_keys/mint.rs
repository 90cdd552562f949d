//! Minting: the one moment at which a key is seen in plain.

use super::base62::{encode, is_base62};
use super::format::{CHECKSUM_LEN, ID_LEN, SECRET_LEN, WORD_MAX, checksum, is_word};
use super::{ApiKeyError, KeyDigest, KeyFormat};
use core::fmt;
use zeroize::Zeroize as _;

/// Longest key of any format, in bytes.
const KEY_MAX: usize = WORD_MAX + 1 + WORD_MAX + 1 + ID_LEN + 1 + SECRET_LEN + CHECKSUM_LEN;

/// A key just minted: give it to its owner with [`expose`](Self::expose), keep its [`digest`](Self::digest).
///
/// `Debug` shows the public parts only. The text is overwritten when the value is dropped; copies that moves
/// of the value left on the stack, and those the host makes of the exposed text, are not.
///
/// ```
/// use doorward::api_keys::KeyFormat;
///
/// let key = KeyFormat::default().mint("test", "Zy9Xw8Vu7Ts6", &[0x5a; 20])?;
/// assert!(key.expose().starts_with("dw_test_Zy9Xw8Vu7Ts6_"));
/// assert_eq!(key.public(), "dw_test_Zy9Xw8Vu7Ts6");
/// assert_eq!(format!("{key:?}"), r#"NewKey("dw_test_Zy9Xw8Vu7Ts6_..")"#);
/// # Ok::<(), doorward::api_keys::ApiKeyError>(())
/// ```
pub struct NewKey {
    text: [u8; KEY_MAX],
    len: usize,
}

impl KeyFormat {
    /// Makes a key of 20 bytes (160 bits) that the caller drew from a cryptographic random generator. Each
    /// value gives another secret: none is lost and none is likelier.
    ///
    /// `env` is 1 to 16 characters of `a-z0-9`; `id` is 12 of `0-9A-Za-z`, and public.
    ///
    /// # Errors
    /// [`ApiKeyError::EnvInvalid`], [`ApiKeyError::PublicIdInvalid`].
    pub fn mint(&self, env: &str, id: &str, secret: &[u8; 20]) -> Result<NewKey, ApiKeyError> {
        if !is_word(env.as_bytes()) {
            return Err(ApiKeyError::EnvInvalid);
        }
        if id.len() != ID_LEN || !is_base62(id.as_bytes()) {
            return Err(ApiKeyError::PublicIdInvalid);
        }
        let mut limbs = [0_u32; 5];
        for (limb, bytes) in limbs.iter_mut().zip(secret.as_chunks::<4>().0) {
            *limb = u32::from_be_bytes(*bytes);
        }
        let mut digits: [u8; SECRET_LEN] = encode(&mut limbs);
        let mut key = NewKey { text: [0; KEY_MAX], len: 0 };
        for part in [self.prefix(), "_", env, "_", id, "_"] {
            key.push(part.as_bytes());
        }
        key.push(&digits);
        digits.zeroize();
        key.push(&checksum(key.bytes()));
        Ok(key)
    }

    /// Makes a key whose id and secret are drawn from the operating system.
    ///
    /// # Errors
    /// [`ApiKeyError::EnvInvalid`]; [`ApiKeyError::NoRandomness`] if the system gives none.
    ///
    /// ```
    /// use doorward::api_keys::KeyFormat;
    ///
    /// let format = KeyFormat::default();
    /// let key = format.mint_random("live")?;
    /// assert!(format.parse(key.expose()).is_some());
    /// # Ok::<(), doorward::api_keys::ApiKeyError>(())
    /// ```
    #[cfg(feature = "std")]
    pub fn mint_random(&self, env: &str) -> Result<NewKey, ApiKeyError> {
        let id = random_id()?;
        let mut secret = [0; 20];
        getrandom::fill(&mut secret).map_err(|_| ApiKeyError::NoRandomness)?;
        let key = self.mint(env, core::str::from_utf8(&id).unwrap_or_default(), &secret);
        secret.zeroize();
        key
    }
}

/// 12 uniform digits: a number of 72 bits, drawn again while it is not below 62^12 (32 % of draws).
#[cfg(feature = "std")]
fn random_id() -> Result<[u8; ID_LEN], ApiKeyError> {
    loop {
        let mut bytes = [0; 16];
        let (_, drawn) = bytes.split_at_mut(7);
        getrandom::fill(drawn).map_err(|_| ApiKeyError::NoRandomness)?;
        let number = u128::from_be_bytes(bytes);
        if number < 62_u128.pow(12) {
            return Ok(encode(&mut [(number >> 64) as u32, (number >> 32) as u32, number as u32]));
        }
    }
}

impl NewKey {
    /// The key itself. This is the place to look for when reviewing where keys go.
    #[must_use]
    pub fn expose(&self) -> &str {
        core::str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// Everything before the secret, without the last underscore: prefix, environment and id.
    #[must_use]
    pub fn public(&self) -> &str {
        let secret = 1 + SECRET_LEN + CHECKSUM_LEN;
        self.expose().get(..self.len.saturating_sub(secret)).unwrap_or_default()
    }

    /// What a set stores of the key.
    #[must_use]
    pub fn digest(&self) -> KeyDigest {
        KeyDigest::of(self.bytes())
    }

    fn bytes(&self) -> &[u8] {
        self.text.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, part: &[u8]) {
        for (to, from) in self.text.iter_mut().skip(self.len).zip(part) {
            *to = *from;
        }
        self.len = KEY_MAX.min(self.len + part.len());
    }
}

impl Drop for NewKey {
    fn drop(&mut self) {
        self.text.zeroize();
    }
}

impl fmt::Debug for NewKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NewKey(\"{}_..\")", self.public())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use alloc::string::ToString as _;

    const ID: &str = "Zy9Xw8Vu7Ts6";

    #[test]
    fn known_bytes_give_a_known_key() {
        let mut secret = [0; 20];
        for (index, byte) in secret.iter_mut().enumerate() {
            *byte = index as u8;
        }
        let key = KeyFormat::default().mint("live", ID, &secret).unwrap();
        assert_eq!(key.expose(), "dw_live_Zy9Xw8Vu7Ts6_0029sS3yqsuDyR1vGFhTuuRAq1b0qqGGk");
        assert_eq!(key.digest(), KeyDigest::of(key.expose().as_bytes()));
    }

    #[test]
    fn the_longest_key_fits() {
        let word = "abcdefghijklmnop";
        let format = KeyFormat::new(word).unwrap();
        let key = format.mint(word, ID, &[0xff; 20]).unwrap();
        assert_eq!(key.expose().len(), KEY_MAX);
        assert!(format.parse(key.expose()).is_some());
    }

    #[test]
    fn bad_parts_are_refused() {
        let format = KeyFormat::default();
        for env in ["", "Live", "li_ve", "abcdefghijklmnopq"] {
            assert_eq!(format.mint(env, ID, &[0; 20]).unwrap_err(), ApiKeyError::EnvInvalid);
        }
        for id in ["", &ID[1..], "Zy9Xw8Vu7Ts67", "Zy9Xw8Vu7Ts_", "Zy9Xw8Vu7Té"] {
            assert_eq!(format.mint("live", id, &[0; 20]).unwrap_err(), ApiKeyError::PublicIdInvalid);
        }
    }

    #[test]
    fn one_bit_of_the_secret_is_one_other_key() {
        let format = KeyFormat::default();
        let mut seen = BTreeSet::new();
        for bit in 0..160 {
            let mut secret = [0; 20];
            secret[bit / 8] = 1 << (bit % 8);
            assert!(seen.insert(format.mint("live", ID, &secret).unwrap().expose().to_string()));
        }
    }

    #[cfg(feature = "std")]
    #[test]
    fn drawn_keys_differ_and_every_digit_is_drawn() {
        let mut ids = BTreeSet::new();
        let mut digits = [const { BTreeSet::new() }; ID_LEN];
        for _ in 0..2000 {
            let id = random_id().unwrap();
            digits.iter_mut().zip(id).for_each(|(seen, digit)| {
                seen.insert(digit);
            });
            assert!(ids.insert(id));
        }
        // That a given digit is missing from 2,000 uniform draws has probability e^-32.5.
        assert!(digits.iter().all(|seen| seen.len() == 62));
        let format = KeyFormat::default();
        let (one, two) = (format.mint_random("live").unwrap(), format.mint_random("live").unwrap());
        assert_ne!(one.public(), two.public());
        assert_ne!(one.expose()[21..], two.expose()[21..]);
    }
}
