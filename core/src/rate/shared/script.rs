//! The script that spends, its digest, and the names of keys.

use alloc::vec::Vec;
use sha2::{Digest as _, Sha256};

/// The script, in Lua 5.1: for `EVAL`.
pub const SCRIPT: &str = include_str!("script.lua");

/// The SHA-1 of [`SCRIPT`], in lower-case hexadecimal: for `EVALSHA`. It names the script and protects nothing.
pub const SCRIPT_SHA1: &str = "21fe38208c0e3ff6f34e6aed5c3207e57a8e32d2";

/// The longest id that stands in a key as it is, in bytes.
const LONGEST: usize = 128;

/// The key of an id's bucket: `<prefix>:<name>:{<id>}`.
///
/// The braces are a cluster's hash tag. An id that is long, that holds a brace, white space or anything beyond visible
/// ASCII, or that begins with `#` stands there as `#` and its SHA-256 in hexadecimal, so two ids never share a key.
pub(super) fn key(prefix: &str, name: &str, id: &[u8]) -> Vec<u8> {
    let plain = |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'{' | b'}');
    let is_plain = !id.is_empty() && id.len() <= LONGEST && !id.starts_with(b"#") && id.iter().all(plain);
    let mut key = Vec::with_capacity(prefix.len() + name.len() + LONGEST + 4);
    key.extend_from_slice(prefix.as_bytes());
    key.push(b':');
    key.extend_from_slice(name.as_bytes());
    key.extend_from_slice(b":{");
    if is_plain {
        key.extend_from_slice(id);
    } else {
        const DIGITS: [char; 16] =
            ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
        let digit = |nibble: u8| DIGITS.get(usize::from(nibble)).map_or(b'0', |digit| *digit as u8);
        key.push(b'#');
        key.extend(Sha256::digest(id).iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
    }
    key.push(b'}');
    key
}
