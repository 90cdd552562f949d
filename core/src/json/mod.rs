//! A strict, single-pass JSON reader for the two small objects doorward reads on every request: what a token
//! says, and which method and name an MCP message names (RFC 8259).
//!
//! It borrows from the text, allocates nothing, refuses duplicate member names at the levels asked for (also
//! when one spelling is escaped), bounds depth and members, and accepts nothing that RFC 8259 does not: no BOM,
//! no trailing garbage, no lone surrogates, no leading zeros. It does *not* build a tree and does not convert
//! numbers until asked to.

mod names;
mod scan;
#[cfg(test)]
mod tests;
mod text;
mod walk;

pub(crate) use names::pack_bytes;
#[cfg(feature = "alloc")]
pub(crate) use scan::Reader;
use scan::eight_digits;
pub(crate) use scan::{Depth, Members, Raw, array_items, object_members};
pub use text::JsonStr;

use core::fmt;

/// Why a text is not what the reader accepts. Carries nothing of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum JsonError {
    /// Not JSON by RFC 8259.
    Syntax,
    /// A member name twice in one object.
    Duplicate,
    /// Nested deeper than the bound.
    TooDeep,
    /// More members in one object than the bound.
    TooManyMembers,
    /// The text is JSON, but not an object where one is needed.
    NotAnObject,
}

/// One JSON value, borrowed from its text. Arrays and objects have been checked, and are kept as text.
#[derive(Clone, Copy, PartialEq)]
pub enum Value<'a> {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number, as it was written.
    Number(Number<'a>),
    /// A string.
    String(JsonStr<'a>),
    /// An array: its text, brackets included.
    Array(&'a str),
    /// An object: its text, braces included.
    Object(&'a str),
}

impl fmt::Debug for Value<'_> {
    /// Its kind alone: what it says is somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Null => "Null",
            Self::Bool(_) => "Bool",
            Self::Number(_) => "Number",
            Self::String(_) => "String",
            Self::Array(_) => "Array",
            Self::Object(_) => "Object",
        })
    }
}

impl<'a> Value<'a> {
    /// The string, if this is one.
    #[must_use]
    pub const fn as_str(&self) -> Option<JsonStr<'a>> {
        match self {
            Self::String(text) => Some(*text),
            _ => None,
        }
    }
}

/// A JSON number as it was written; converted only when asked for.
#[derive(Clone, Copy, PartialEq)]
pub struct Number<'a>(pub(crate) &'a str);

impl fmt::Debug for Number<'_> {
    /// Nothing of it: what it says is somebody's.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number")
    }
}

impl<'a> Number<'a> {
    /// The digits as they stand in the text.
    #[must_use]
    pub const fn as_text(&self) -> &'a str {
        self.0
    }

    /// The nearest `f64`; infinite where the text is out of range.
    #[must_use]
    #[inline]
    pub fn to_f64(&self) -> f64 {
        if self.0.len() <= 15 {
            let (mut whole, mut rest) = (0, self.0.as_bytes());
            if let Some((chunk, behind)) = rest.split_first_chunk::<8>()
                && eight_digits(u64::from_le_bytes(*chunk))
            {
                (whole, rest) = (of_eight_digits(u64::from_le_bytes(*chunk)), behind);
            }
            for byte in rest {
                match byte {
                    b'0'..=b'9' => whole = whole * 10 + u64::from(*byte - b'0'),
                    _ => return self.slow_f64(),
                }
            }
            // At most 15 digits: below 2^53, so exact; signed, for that is one instruction.
            #[allow(clippy::cast_precision_loss)]
            return whole.cast_signed() as f64;
        }
        self.slow_f64()
    }

    #[cold]
    fn slow_f64(&self) -> f64 {
        // The grammar was checked by the reader and is a subset of what `f64::from_str` takes.
        self.0.parse().unwrap_or(f64::INFINITY)
    }
}

/// The number that eight decimal digits write, the first in the lowest byte: pairs, then fours, then all.
const fn of_eight_digits(word: u64) -> u64 {
    let digits = word & 0x0F0F_0F0F_0F0F_0F0F;
    let pairs = (digits * 10 + (digits >> 8)) & 0x00FF_00FF_00FF_00FF;
    let fours = (pairs * 100 + (pairs >> 16)) & 0x0000_FFFF_0000_FFFF;
    (fours * 10_000 + (fours >> 32)) & 0xFFFF_FFFF
}
