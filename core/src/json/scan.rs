//! The reader itself: one pass over the bytes, a value at a time.

use super::names::{MAX_ESCAPED_NAME, Names, pack, pack_short};
use super::text::{Spelling, unescape};
use super::{JsonError, JsonStr, Number, Value};

/// How far the reader goes: nesting, and members an object.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Depth {
    /// Levels of nesting still allowed below here.
    pub(crate) left: usize,
    /// The bound on members where names are checked; `None` leaves nested objects' names unchecked.
    pub(crate) members: Option<usize>,
}

impl Depth {
    fn deeper(self) -> Result<Self, JsonError> {
        let left = self.left.checked_sub(1).ok_or(JsonError::TooDeep)?;
        Ok(Self { left, ..self })
    }
}

/// A place in a JSON text.
#[derive(Clone, Debug)]
pub(crate) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

const HIGH: u64 = 0x8080_8080_8080_8080;
const LOW: u64 = 0x0101_0101_0101_0101;

/// The high bit of every byte of `word` that ends a plain run of string bytes: a quote, a backslash, or a
/// control character. Bits above the first hit may be wrong (the usual borrow), the lowest is right.
#[inline]
const fn stops(word: u64) -> u64 {
    let quote = word ^ (LOW * 0x22);
    let slash = word ^ (LOW * 0x5C);
    ((quote.wrapping_sub(LOW) & !quote)
        | (slash.wrapping_sub(LOW) & !slash)
        | (word.wrapping_sub(LOW * 0x20) & !word))
        & HIGH
}

/// Whether all eight bytes are decimal digits: 3 is the high half of each, also when 6 is added.
#[inline]
const fn eight_digits(word: u64) -> bool {
    const HALVES: u64 = LOW * 0xF0;
    word & HALVES == LOW * 0x30 && word.wrapping_add(LOW * 6) & HALVES == LOW * 0x30
}

impl<'a> Reader<'a> {
    pub(crate) const fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    #[inline]
    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    #[inline]
    fn rest(&self) -> &'a [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or(&[])
    }

    /// The next byte that is not white space (RFC 8259 §2), left in place.
    #[inline]
    pub(crate) fn peek(&mut self) -> Option<u8> {
        match self.byte() {
            Some(b' ' | b'\t' | b'\n' | b'\r') => self.peek_behind_space(),
            other => other,
        }
    }

    /// Apart, because tokens hold no white space.
    fn peek_behind_space(&mut self) -> Option<u8> {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.byte() {
            self.at += 1;
        }
        self.byte()
    }

    /// Takes `expected`, which is no white space, if it is the next byte that is none.
    #[inline(always)]
    pub(crate) fn take(&mut self, expected: u8) -> bool {
        let found = self.byte() == Some(expected) || self.peek() == Some(expected);
        self.at += usize::from(found);
        found
    }

    #[inline(always)]
    fn need(&mut self, expected: u8) -> Result<(), JsonError> {
        if self.take(expected) { Ok(()) } else { Err(JsonError::Syntax) }
    }

    /// Nothing but white space is left.
    pub(crate) fn end(&mut self) -> Result<(), JsonError> {
        if self.peek().is_none() { Ok(()) } else { Err(JsonError::Syntax) }
    }

    /// The text from `start` to here.
    #[inline(always)]
    fn since(&self, start: usize) -> Result<&'a str, JsonError> {
        self.text.get(start..self.at).ok_or(JsonError::Syntax)
    }

    /// A string whose opening quote was taken.
    #[inline(always)]
    fn string(&mut self) -> Result<JsonStr<'a>, JsonError> {
        let start = self.at;
        let mut spelling = Spelling::Plain;
        loop {
            while let Some((chunk, _)) = self.rest().split_first_chunk::<8>() {
                let found = stops(u64::from_le_bytes(*chunk));
                if found == 0 {
                    self.at += 8;
                } else {
                    self.at += (found.trailing_zeros() / 8) as usize;
                    break;
                }
            }
            match self.byte().ok_or(JsonError::Syntax)? {
                b'"' => {
                    let raw = self.since(start)?;
                    self.at += 1;
                    return Ok(JsonStr { raw, spelling });
                }
                b'\\' => {
                    spelling = Spelling::Escaped;
                    let rest = self.text.get(self.at + 1..).ok_or(JsonError::Syntax)?;
                    let (_, used) = unescape(rest).ok_or(JsonError::Syntax)?;
                    self.at += 1 + used;
                }
                0..=0x1F => return Err(JsonError::Syntax),
                _ => self.at += 1,
            }
        }
    }

    /// A member's name whose opening quote was taken, and its packed word (see [`pack`]).
    #[inline(always)]
    fn name(&mut self) -> Result<(JsonStr<'a>, u64), JsonError> {
        // Nearly every name in a token has at most seven bytes: one load finds its end and packs it.
        if let Some((chunk, _)) = self.rest().split_first_chunk::<8>() {
            let word = u64::from_le_bytes(*chunk);
            let len = (stops(word).trailing_zeros() / 8) as usize;
            if chunk.get(len) == Some(&b'"') {
                let start = self.at;
                self.at += len;
                let raw = self.since(start)?;
                self.at += 1;
                return Ok((JsonStr::plain(raw), pack_short(word, len)));
            }
        }
        let name = self.string()?;
        Ok((name, pack(&name)))
    }

    fn digits(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        while let Some((chunk, _)) = self.rest().split_first_chunk::<8>()
            && eight_digits(u64::from_le_bytes(*chunk))
        {
            self.at += 8;
        }
        while let Some(b'0'..=b'9') = self.byte() {
            self.at += 1;
        }
        if self.at > start { Ok(()) } else { Err(JsonError::Syntax) }
    }

    fn number(&mut self) -> Result<Number<'a>, JsonError> {
        let start = self.at;
        self.at += usize::from(self.byte() == Some(b'-'));
        match self.byte() {
            Some(b'0') => self.at += 1,
            _ => self.digits()?,
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.byte() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.byte() {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(Number(self.since(start)?))
    }

    fn literal(&mut self, word: &str, value: Value<'a>) -> Result<Value<'a>, JsonError> {
        if !self.rest().starts_with(word.as_bytes()) {
            return Err(JsonError::Syntax);
        }
        self.at += word.len();
        Ok(value)
    }

    /// One value of any kind. `depth.left` counts the levels it may open.
    ///
    /// Strings are read in place, always: handed back through memory, each stalled a load that overlapped two
    /// stores.
    #[inline(always)]
    pub(crate) fn value(&mut self, depth: Depth) -> Result<Value<'a>, JsonError> {
        if self.take(b'"') {
            return Ok(Value::String(self.string()?));
        }
        self.other_value(depth)
    }

    fn other_value(&mut self, depth: Depth) -> Result<Value<'a>, JsonError> {
        match self.peek().ok_or(JsonError::Syntax)? {
            b'-' | b'0'..=b'9' => Ok(Value::Number(self.number()?)),
            b'{' => {
                let start = self.at;
                let depth = depth.deeper()?;
                if depth.members.is_some() {
                    self.checked_object(depth)?;
                } else {
                    self.object(depth, |_, _| Ok(()))?;
                }
                Ok(Value::Object(self.since(start)?))
            }
            b'[' => {
                let start = self.at;
                self.array(depth.deeper()?, |_| Ok(()))?;
                Ok(Value::Array(self.since(start)?))
            }
            b't' => self.literal("true", Value::Bool(true)),
            b'f' => self.literal("false", Value::Bool(false)),
            b'n' => self.literal("null", Value::Null),
            _ => Err(JsonError::Syntax),
        }
    }

    /// The members of an object, in order, each name still unchecked against the others.
    #[inline]
    pub(crate) fn object<E: From<JsonError>>(
        &mut self,
        depth: Depth,
        member: impl FnMut(JsonStr<'a>, Value<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.object_named(depth, |reader| reader.string(), member)
    }

    /// The members of an object, whose names are read by `name`.
    #[inline(always)]
    fn object_named<N, E: From<JsonError>>(
        &mut self,
        depth: Depth,
        name: impl Fn(&mut Self) -> Result<N, JsonError>,
        mut member: impl FnMut(N, Value<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.need(b'{')?;
        if self.take(b'}') {
            return Ok(());
        }
        loop {
            self.need(b'"')?;
            let name = name(self)?;
            self.need(b':')?;
            let value = self.value(depth)?;
            member(name, value)?;
            if !self.take(b',') {
                return Ok(self.need(b'}')?);
            }
        }
    }

    /// A nested object of which only the correctness matters.
    fn checked_object(&mut self, depth: Depth) -> Result<(), JsonError> {
        let bound = depth.members.unwrap_or(usize::MAX);
        let mut names = Names::new();
        self.object_named(
            depth,
            |reader| reader.name(),
            |(name, packed), _| {
                if name.as_plain().is_none() && name.written_len() > MAX_ESCAPED_NAME {
                    return Err(JsonError::Syntax);
                }
                names.insert(packed, bound)
            },
        )
    }

    /// The items of an array, in order.
    #[inline]
    pub(crate) fn array<E: From<JsonError>>(
        &mut self,
        depth: Depth,
        mut item: impl FnMut(Value<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.need(b'[')?;
        if self.take(b']') {
            return Ok(());
        }
        loop {
            item(self.value(depth)?)?;
            if !self.take(b',') {
                return Ok(self.need(b']')?);
            }
        }
    }
}

/// Reads `text` as one object and nothing else. Every name, here and below, is checked against the others of
/// its object; `member` gets each with its packed word (see [`pack`]).
#[inline]
pub(crate) fn object_members<'a, E: From<JsonError>>(
    text: &'a str,
    depth: Depth,
    mut member: impl FnMut(u64, JsonStr<'a>, Value<'a>) -> Result<(), E>,
) -> Result<(), E> {
    let mut reader = Reader::new(text);
    if reader.peek() != Some(b'{') {
        reader.value(depth)?;
        return Err(JsonError::NotAnObject.into());
    }
    let depth = depth.deeper()?;
    let bound = depth.members.unwrap_or(super::names::MAX_MEMBERS);
    let mut names = Names::new();
    reader.object_named(
        depth,
        |reader| reader.name(),
        |(name, packed), value| {
            if name.as_plain().is_none() && name.written_len() > MAX_ESCAPED_NAME {
                return Err(E::from(JsonError::Syntax));
            }
            names.insert(packed, bound)?;
            member(packed, name, value)
        },
    )?;
    Ok(reader.end()?)
}

/// The items of an array's text that a [`Reader`] has already checked.
pub(crate) fn array_items<'a>(text: &'a str, mut item: impl FnMut(Value<'a>)) {
    let depth = Depth { left: usize::MAX, members: None };
    // Checked before, so the only way this ends early is at its end.
    let _: Result<(), JsonError> = Reader::new(text).array(depth, |value| {
        item(value);
        Ok(())
    });
}
