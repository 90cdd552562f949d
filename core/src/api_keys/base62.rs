//! Base62 (`0-9A-Za-z`) of fixed width, most significant digit first.
//!
//! A number is converted whole, by long division, so that no digit is biased and no bit is lost. No table
//! is read and no branch taken by a digit: the digits of a secret leave no trace in a cache.

/// Writes the number whose 32-bit limbs are given, most significant first, and leaves the quotient that did
/// not fit (zero when `62^N` exceeds the number) in `limbs`.
pub(super) fn encode<const N: usize>(limbs: &mut [u32]) -> [u8; N] {
    let mut digits = [0; N];
    for digit in digits.iter_mut().rev() {
        let mut remainder = 0_u64;
        for limb in limbs.iter_mut() {
            let value = remainder << 32 | u64::from(*limb);
            *limb = (value / 62) as u32;
            remainder = value % 62;
        }
        *digit = digit_of(remainder as u8);
    }
    digits
}

/// The character of a value below 62.
const fn digit_of(value: u8) -> u8 {
    let past_digits = ((9_u8.wrapping_sub(value) as i8) >> 7) as u8;
    let past_upper = ((35_u8.wrapping_sub(value) as i8) >> 7) as u8;
    b'0' + value + (past_digits & (b'A' - b'9' - 1)) + (past_upper & (b'a' - b'Z' - 1))
}

/// Whether every byte is a base62 digit.
pub(super) fn is_base62(bytes: &[u8]) -> bool {
    bytes.iter().fold(true, |all, byte| all & byte.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::collections::BTreeSet;
    use proptest::prelude::*;

    const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    #[test]
    fn the_digits_are_the_alphabet() {
        for (value, character) in ALPHABET.iter().enumerate() {
            assert_eq!(digit_of(value as u8), *character);
        }
        let accepted: BTreeSet<u8> = (0..=255).filter(|byte| is_base62(&[*byte])).collect();
        assert_eq!(accepted, ALPHABET.iter().copied().collect());
    }

    #[test]
    fn the_largest_numbers_fit() {
        let mut crc = [u32::MAX];
        assert_eq!(encode::<6>(&mut crc), *b"4gfFC3");
        assert_eq!(crc, [0]);
        let mut secret = [u32::MAX; 5];
        encode::<27>(&mut secret);
        assert_eq!(secret, [0; 5]);
    }

    proptest! {
        #[test]
        fn the_text_is_the_number(number: u128) {
            let mut limbs = [(number >> 96) as u32, (number >> 64) as u32, (number >> 32) as u32, number as u32];
            let text = encode::<22>(&mut limbs);
            let mut back = 0_u128;
            for character in text {
                let value = ALPHABET.iter().position(|digit| *digit == character).unwrap();
                back = back * 62 + value as u128;
            }
            prop_assert_eq!(back, number);
        }
    }
}
