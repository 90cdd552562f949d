//! Strings and bytes on their way in.

use napi::bindgen_prelude::{FromNapiValue, TypeName, ValidateNapiValue};
use napi::{Error, Result, Status, ValueType, sys};
use std::mem::MaybeUninit;
use std::ptr;
use std::sync::atomic::{AtomicU8, Ordering::Relaxed};

/// Strings up to this length are read into the stack: all but the longest tokens.
const ON_STACK: usize = 4096;

/// Where an argument is read into. Longer ones get room on the heap.
pub(crate) struct Room {
    units: MaybeUninit<[u16; ON_STACK]>,
    bytes: MaybeUninit<[u8; ON_STACK]>,
    heap: Vec<u8>,
}

/// What an argument is.
#[derive(Clone, Copy)]
pub(crate) enum Argument<'a> {
    /// The string's UTF-8, or the bytes. A lone surrogate is written as UTF-8 would write it were that allowed, so that what
    /// wants text sees that there is none.
    Bytes(&'a [u8]),
    /// Longer than was asked for: not read at all.
    TooLong,
    /// No string, no `Uint8Array`.
    Other,
}

impl Room {
    /// Made in place: as one value, its arrays are filled with zeros, which takes as long as all else of a call (measured: 120 ns).
    #[inline]
    pub(crate) fn new() -> Self {
        let mut room = MaybeUninit::<Self>::uninit();
        // SAFETY: the one field that must be something is written; the arrays may be anything.
        unsafe {
            (&raw mut (*room.as_mut_ptr()).heap).write(Vec::new());
            room.assume_init()
        }
    }

    /// A string or a `Uint8Array`, of `limit` bytes at most.
    ///
    /// # Safety
    /// `env` and `value` must be those of the running call, and no JavaScript may run while what comes back is in use.
    #[inline]
    pub(super) unsafe fn read(
        &mut self,
        env: sys::napi_env,
        value: sys::napi_value,
        limit: usize,
    ) -> Argument<'_> {
        let mut len = 0;
        // SAFETY: no buffer: it tells the length in UTF-16 units, and copies nothing.
        let status = unsafe { sys::napi_get_value_string_utf16(env, value, ptr::null_mut(), 0, &mut len) };
        if status != sys::Status::napi_ok {
            // SAFETY: as the caller has it.
            return unsafe { self.read_bytes(env, value, limit) };
        }
        if len > limit {
            return Argument::TooLong;
        }
        // One more than the length, for the zero that is written after it.
        if len >= ON_STACK {
            // SAFETY: as the caller has it; `len` is the string's length.
            return unsafe { self.read_long(env, value, len, limit) };
        }
        let mut written = 0;
        // SAFETY: there is room for `ON_STACK` units, the zero included, and no more than those are written.
        let status = unsafe {
            sys::napi_get_value_string_utf16(
                env,
                value,
                self.units.as_mut_ptr().cast(),
                ON_STACK,
                &mut written,
            )
        };
        if status != sys::Status::napi_ok || written != len {
            return Argument::Other;
        }
        // SAFETY: so many units were written.
        let units = unsafe { std::slice::from_raw_parts(self.units.as_ptr().cast::<u16>(), written) };
        // SAFETY: there are fewer than `ON_STACK`; what comes back borrows from `self`, by the signature.
        if let Some(ascii) = unsafe { narrow(units, self.bytes.as_mut_ptr().cast()) } {
            return Argument::Bytes(ascii);
        }
        encode(units, &mut self.heap);
        Argument::bytes(&self.heap, limit)
    }

    /// # Safety
    /// As for [`read`](Self::read); `len` must be the string's length in units.
    #[cold]
    unsafe fn read_long(
        &mut self,
        env: sys::napi_env,
        value: sys::napi_value,
        len: usize,
        limit: usize,
    ) -> Argument<'_> {
        let mut units = zeroize::Zeroizing::new(vec![0_u16; len + 1]);
        let mut written = 0;
        // SAFETY: there is room for that many units, the zero included.
        let status = unsafe {
            sys::napi_get_value_string_utf16(env, value, units.as_mut_ptr(), units.len(), &mut written)
        };
        if status != sys::Status::napi_ok || written != len {
            return Argument::Other;
        }
        units.truncate(written);
        if units.iter().fold(0, |all, unit| all | unit) < 0x80 {
            self.heap.clear();
            self.heap.extend(units.iter().map(|unit| (*unit & 0x7f) as u8));
        } else {
            encode(&units, &mut self.heap);
        }
        Argument::bytes(&self.heap, limit)
    }

    /// # Safety
    /// As for [`read`](Self::read).
    unsafe fn read_bytes(
        &mut self,
        env: sys::napi_env,
        value: sys::napi_value,
        limit: usize,
    ) -> Argument<'_> {
        const UINT8: sys::napi_typedarray_type = sys::TypedarrayType::uint8_array;
        let (mut kind, mut len, mut data, mut buffer, mut offset) =
            (0, 0, ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: what is no typed array gives an error and writes nothing.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                env,
                value,
                &mut kind,
                &mut len,
                &mut data,
                &mut buffer,
                &mut offset,
            )
        };
        if status != sys::Status::napi_ok || kind != UINT8 {
            return Argument::Other;
        }
        if len > limit {
            return Argument::TooLong;
        }
        // What is empty or detached may have no address.
        if len == 0 || data.is_null() {
            return Argument::Bytes(&[]);
        }
        let mut owned = false;
        // SAFETY: the array's buffer. A `SharedArrayBuffer` is none in the sense of this question.
        let status = unsafe { sys::napi_is_arraybuffer(env, buffer, &mut owned) };
        if status == sys::Status::napi_ok && owned {
            // SAFETY: so many bytes are there; they are this thread's own, which runs no JavaScript meanwhile.
            return Argument::Bytes(unsafe { std::slice::from_raw_parts(data.cast::<u8>(), len) });
        }
        // SAFETY: so many bytes are there; bytes need no alignment, and other threads may write them.
        let shared = unsafe { std::slice::from_raw_parts(data.cast::<AtomicU8>(), len) };
        self.heap.clear();
        self.heap.extend(shared.iter().map(|byte| byte.load(Relaxed)));
        Argument::Bytes(&self.heap)
    }
}

impl<'a> Argument<'a> {
    const fn bytes(bytes: &'a [u8], limit: usize) -> Self {
        if bytes.len() > limit { Self::TooLong } else { Self::Bytes(bytes) }
    }
}

/// The units as bytes, if all are ASCII: of a token nothing else is. In one pass that the compiler makes wide.
///
/// # Safety
/// There must be room for as many bytes at `bytes`.
#[inline]
unsafe fn narrow<'a>(units: &[u16], bytes: *mut u8) -> Option<&'a [u8]> {
    let mut all = 0;
    for (at, unit) in units.iter().enumerate() {
        all |= *unit;
        // SAFETY: as the caller has it.
        unsafe { bytes.add(at).write((*unit & 0x7f) as u8) };
    }
    // SAFETY: each of them was written just now.
    (all < 0x80).then(|| unsafe { std::slice::from_raw_parts(bytes, units.len()) })
}

/// UTF-8, and three bytes for a lone surrogate, which no decoder takes for text.
fn encode(units: &[u16], bytes: &mut Vec<u8>) {
    bytes.clear();
    // Of one unit come three bytes at most: it never moves, and leaves no copy of a secret behind.
    bytes.reserve(units.len() * 3);
    for unit in char::decode_utf16(units.iter().copied()) {
        match unit {
            Ok(character) => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
            Err(lone) => {
                let [high, low] = lone.unpaired_surrogate().to_be_bytes();
                bytes.extend([
                    0xe0 | (high >> 4),
                    0x80 | ((high & 0xf) << 2) | (low >> 6),
                    0x80 | (low & 0x3f),
                ]);
            }
        }
    }
}

/// Bytes of an argument, unless it is said how many: more than any text has.
const MOST: usize = usize::MAX - 1;

/// A string or a `Uint8Array`, as an argument of a `#[napi]` function: its bytes, owned. One of more than `LIMIT` bytes is not
/// read.
pub(crate) struct Octets<const LIMIT: usize = MOST> {
    bytes: Vec<u8>,
    is_text: bool,
    is_too_long: bool,
}

impl<const LIMIT: usize> Octets<LIMIT> {
    /// Whether there was more than `LIMIT` bytes of it: then it has none.
    pub(crate) fn is_too_long(&self) -> bool {
        self.is_too_long
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Whether these are all there is to it: no string with a lone surrogate in it, which has no bytes.
    pub(crate) fn is_whole(&self) -> bool {
        !self.is_text || self.text().is_some()
    }

    /// The text, unless there is a lone surrogate in it, or the bytes are no UTF-8.
    pub(crate) fn text(&self) -> Option<&str> {
        std::str::from_utf8(&self.bytes).ok()
    }
}

impl<const LIMIT: usize> Drop for Octets<LIMIT> {
    /// It may be a secret.
    fn drop(&mut self) {
        zeroize::Zeroize::zeroize(&mut self.bytes);
    }
}

impl<const LIMIT: usize> TypeName for Octets<LIMIT> {
    fn type_name() -> &'static str {
        "string | Uint8Array"
    }

    fn value_type() -> ValueType {
        ValueType::Unknown
    }
}

impl<const LIMIT: usize> ValidateNapiValue for Octets<LIMIT> {}

impl<const LIMIT: usize> FromNapiValue for Octets<LIMIT> {
    unsafe fn from_napi_value(env: sys::napi_env, value: sys::napi_value) -> Result<Self> {
        let mut room = Room::new();
        let mut kind = 0;
        // SAFETY: those of the running call.
        let is_text = unsafe { sys::napi_typeof(env, value, &mut kind) } == sys::Status::napi_ok
            && kind == sys::ValueType::napi_string;
        // SAFETY: as before; no JavaScript runs.
        match unsafe { room.read(env, value, LIMIT) } {
            Argument::Bytes(bytes) => Ok(Self { bytes: bytes.to_vec(), is_text, is_too_long: false }),
            Argument::TooLong => Ok(Self { bytes: Vec::new(), is_text, is_too_long: true }),
            Argument::Other => {
                Err(Error::new(Status::InvalidArg, "must be a string or a Uint8Array".to_owned()))
            }
        }
    }
}

impl Drop for Room {
    /// What was read may be a secret: the heap's part of it, for the stack's is written over soon.
    fn drop(&mut self) {
        if !self.heap.is_empty() {
            zeroize::Zeroize::zeroize(&mut self.heap);
        }
    }
}
