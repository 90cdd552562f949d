//! What a rule expected and what a token said, for the operator's log.
//!
//! A [`TokenError`](super::TokenError) says no more than that the issuer, say, is not the expected one; whoever runs the service needs to
//! see the two side by side. Worked out after the refusal, and only for tokens whose signature held: what a stranger
//! writes does not reach the log this way. Everything is escaped and cut.

use super::rules::{Audience, OneOf};
use super::{JsonStr, Words};
use crate::escape;
use core::fmt;

/// The most pieces shown of either side.
const SHOWN: usize = 4;

/// What was expected and what was found instead, from [`Rules::mismatch`](super::Rules::mismatch).
///
/// Displays as `expected "https://a.example", found "https://b.example"`: pieces escaped as far as they are no plain
/// text and cut at 128 bytes, at most four of a side. Never for the caller: it tells the rules.
#[derive(Clone)]
pub struct Mismatch<'a> {
    expected: Expected<'a>,
    found: Found<'a>,
}

#[derive(Clone)]
enum Expected<'a> {
    Nothing,
    OneOf(&'a OneOf<'a>),
    /// Whatever the caller's own test accepts.
    Accepted,
}

#[derive(Clone)]
enum Found<'a> {
    One(Option<JsonStr<'a>>),
    Words(Words<'a>),
}

impl<'a> Mismatch<'a> {
    pub(super) const fn one(expected: &'a OneOf<'a>, found: Option<JsonStr<'a>>) -> Self {
        Self { expected: Expected::OneOf(expected), found: Found::One(found) }
    }

    /// Nothing where every audience will do.
    pub(super) const fn audience(expected: &'a Audience<'a>, found: Words<'a>) -> Option<Self> {
        let expected = match expected {
            Audience::Unset => Expected::Nothing,
            Audience::Any => return None,
            Audience::OneOf(expected) | Audience::OneOfOrNone(expected) => Expected::OneOf(expected),
            Audience::Accepted(_) => Expected::Accepted,
        };
        Some(Self { expected, found: Found::Words(found) })
    }
}

impl fmt::Display for Mismatch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("expected ")?;
        match self.expected {
            Expected::Nothing => f.write_str("none")?,
            Expected::Accepted => f.write_str("one that the service's own test accepts")?,
            Expected::OneOf(expected) => {
                let mut list = List::new(f);
                expected.any(|one| {
                    list.piece(one.chars());
                    false
                });
                list.end()?;
            }
        }
        f.write_str(", found ")?;
        let mut list = List::new(f);
        match &self.found {
            Found::One(found) => found.iter().for_each(|one| list.piece(one.chars())),
            Found::Words(found) => found.for_each(|one| list.piece(one.chars())),
        }
        list.end()
    }
}

impl fmt::Debug for Mismatch<'_> {
    /// Nothing of the token: that is for `Display`, on purpose.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mismatch").finish_non_exhaustive()
    }
}

/// Pieces in quotes, the first few of them.
struct List<'f, 'b> {
    out: &'f mut fmt::Formatter<'b>,
    count: usize,
    result: fmt::Result,
}

impl<'f, 'b> List<'f, 'b> {
    const fn new(out: &'f mut fmt::Formatter<'b>) -> Self {
        Self { out, count: 0, result: Ok(()) }
    }

    fn piece(&mut self, piece: impl Iterator<Item = char>) {
        self.count += 1;
        if self.result.is_ok() && self.count <= SHOWN {
            self.result = self.write(piece);
        }
    }

    fn write(&mut self, piece: impl Iterator<Item = char>) -> fmt::Result {
        self.out.write_str(if self.count > 1 { ", \"" } else { "\"" })?;
        escape::for_the_log(piece, self.out)?;
        self.out.write_str("\"")
    }

    fn end(self) -> fmt::Result {
        self.result?;
        match self.count {
            0 => self.out.write_str("none"),
            count if count > SHOWN => write!(self.out, " and {} more", count - SHOWN),
            _ => Ok(()),
        }
    }
}

#[cfg(feature = "alloc")]
mod of_a_token {
    use crate::base64url;
    use crate::jwt::header::Header;
    use crate::jwt::split::split;
    use crate::jwt::{Claims, TokenError, Verifier};
    use alloc::string::{String, ToString as _};
    use alloc::vec;

    impl Verifier {
        /// What the rules expected and what `token` says, where this verifier has just refused it with `error` for its
        /// issuer, audience, subject or `typ`; for the operator's log, as [`Mismatch`](crate::jwt::Mismatch) displays it.
        ///
        /// Verifies nothing: of a token that was refused for another reason, its signature above all, there is nothing
        /// to be told.
        ///
        /// ```
        /// use doorward::{Now, jwt::{Algorithm, Rules, SigningKey, Verifier, sign}};
        /// let key = SigningKey::hmac(Algorithm::HS256, b"a secret of at least 32 bytes, kept well")?;
        /// let token = sign(r#"{"iss":"https://b.example","exp":4102444800}"#, &key)?;
        ///
        /// let verifier = Verifier::new(key.verifying_key().into(), Rules::new().issuer("https://a.example"))?;
        /// let error = verifier.verify(token.as_bytes(), Now::new(1_800_000_000.0, 0)).unwrap_err();
        /// let mismatch = verifier.mismatch(error, token.as_bytes()).unwrap_or_default();
        /// assert_eq!(mismatch, r#"expected "https://a.example", found "https://b.example""#);
        /// # Ok::<(), Box<dyn std::error::Error>>(())
        /// ```
        #[must_use]
        pub fn mismatch(&self, error: TokenError, token: &[u8]) -> Option<String> {
            if !is_one(error) {
                return None;
            }
            let limits = &self.rules.limits;
            let segments = split(token, limits).ok()?;
            let mut scratch = vec![0; token.len()];
            if error == TokenError::TypeMismatch {
                let header = Header::read(segments.header, limits, &mut scratch).ok()?;
                return self.rules.type_mismatch(header.typ).map(|mismatch| mismatch.to_string());
            }
            let payload = base64url::decode(segments.payload, &mut scratch).ok()?;
            let claims = Claims::read(core::str::from_utf8(payload).ok()?, limits).ok()?;
            self.rules.mismatch(error, &claims).map(|mismatch| mismatch.to_string())
        }
    }

    /// Whether an error is one that [`Mismatch`](super::Mismatch) has something to say of.
    const fn is_one(error: TokenError) -> bool {
        matches!(
            error,
            TokenError::IssuerMismatch
                | TokenError::AudienceMismatch
                | TokenError::SubjectMismatch
                | TokenError::TypeMismatch
        )
    }
}
