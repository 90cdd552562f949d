//! Comparing secrets in time that depends on their lengths alone, and saying where a value stops being one.
//!
//! [`declassify`] does nothing. It marks the few places at which what was computed from a secret may be branched on or
//! used as an address; `tests/constant-time` checks the compiled program against them.

use subtle::ConstantTimeEq as _;

/// Whether two byte strings are equal. Only a difference in length ends it early.
///
/// Folded by words and compared once: `subtle` on slices takes a barrier a byte (about 42 ns for 32 bytes), far too
/// long for a token of 640.
#[must_use]
pub(crate) fn equal(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let (a_words, a_rest) = a.as_chunks::<8>();
    let (b_words, b_rest) = b.as_chunks::<8>();
    let mut difference = 0;
    for (a, b) in a_words.iter().zip(b_words) {
        difference |= u64::from_ne_bytes(*a) ^ u64::from_ne_bytes(*b);
    }
    for (a, b) in a_rest.iter().zip(b_rest) {
        difference |= u64::from(a ^ b);
    }
    declassify("equality", difference.ct_eq(&0).unwrap_u8()) != 0
}

/// The value itself, from here on no secret. Each use is listed in `SIDE-CHANNELS.md`.
#[inline(always)]
pub(crate) fn declassify<T: Copy>(what: &'static str, value: T) -> T {
    #[cfg(doorward_memcheck)]
    let value = crate::memcheck::declassified(what, value);
    let _ = what;
    value
}

/// Reads the public form of a credential: its length, its alphabet, its checksum. What is read stays a secret, what
/// comes of it is none.
#[cfg(feature = "alloc")]
#[inline(always)]
pub(crate) fn public_form(presented: &[u8], read: impl FnOnce(&[u8]) -> bool) -> bool {
    #[cfg(doorward_memcheck)]
    let presented = &*crate::memcheck::declassified_copy("form", presented);
    read(presented)
}

#[cfg(test)]
mod tests {
    use super::equal;

    #[test]
    fn every_position_counts() {
        let a = [7_u8; 37];
        assert!(equal(&a, &a));
        assert!(equal(&[], &[]));
        assert!(!equal(&a, &a[1..]));
        for at in 0..a.len() {
            for bit in 0..8 {
                let mut b = a;
                b[at] ^= 1 << bit;
                assert!(!equal(&a, &b), "{at} {bit}");
            }
        }
    }
}
