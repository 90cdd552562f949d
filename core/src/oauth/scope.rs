//! Scopes as they may stand in a header (RFC 6749 §3.3).

use super::ResourceError;
use alloc::string::String;
use alloc::vec::Vec;

/// Bytes of all scopes of a challenge.
const LONGEST: usize = 2048;
/// A client asks for it by itself; a resource never does (MCP authorization, 2026-07-28).
const OFFLINE_ACCESS: &str = "offline_access";

/// Whether it is a `scope-token`: `%x21 / %x23-5B / %x5D-7E`. Nothing of it can end a quoted string.
pub(crate) fn is_scope(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| matches!(byte, b'!' | b'#'..=b'[' | b']'..=b'~'))
}

/// Whether a resource may ask for it.
pub(crate) fn may_be_asked_for(scope: &str) -> bool {
    scope != OFFLINE_ACCESS
}

/// A list of scopes, each once, without `offline_access`.
pub(super) fn list<T: AsRef<str>>(scopes: impl IntoIterator<Item = T>) -> Result<Vec<String>, ResourceError> {
    let mut list: Vec<String> = Vec::new();
    let mut bytes = 0_usize;
    for (at, scope) in scopes.into_iter().enumerate() {
        let scope = scope.as_ref();
        if !is_scope(scope) {
            return Err(ResourceError::Scope { at });
        }
        if may_be_asked_for(scope) && !list.iter().any(|one| one == scope) {
            bytes = bytes.saturating_add(scope.len() + 1);
            list.push(scope.into());
        }
    }
    if bytes > LONGEST { Err(ResourceError::ScopesTooLong) } else { Ok(list) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::vec;

    #[test]
    fn nothing_that_could_end_a_quoted_string_is_a_scope() {
        for good in ["read", "mcp:tools", "https://a.example/x", "!#[]~", "A.b-c_d*"] {
            assert!(is_scope(good), "{good}");
        }
        for bad in ["", "a b", "a\"", "a\\", "a\r\n", "\u{e9}", "a\t", "\u{7f}", "a\0"] {
            assert!(!is_scope(bad), "{bad:?}");
        }
    }

    #[test]
    fn a_list_has_each_once_and_never_offline_access() {
        assert_eq!(list(["b", "a", "b", "offline_access"]), Ok(vec!["b".into(), "a".into()]));
        assert_eq!(list(["a", "Offline_Access"]).map(|list| list.len()), Ok(2));
        assert_eq!(list(["a", "b c"]), Err(ResourceError::Scope { at: 1 }));
        assert_eq!(list([&"x".repeat(2047)]).map(|list| list.len()), Ok(1));
        assert_eq!(list([&"x".repeat(2048)]), Err(ResourceError::ScopesTooLong));
    }
}
