//! What a token says, borrowed from its payload (RFC 7519 §4).

use super::error::ReadError;
use super::{JsonStr, Limits, TokenError, Value};
use crate::json::{Depth, Members, Raw, array_items, object_members, pack_bytes};
use core::fmt;

/// The claims of a token whose signature held. Registered claims are typed and found in one pass; any other is
/// looked up by [`get`](Self::get). Everything borrows from the decoded payload.
#[derive(Clone, Copy)]
pub struct Claims<'a> {
    payload: &'a str,
    limits: Limits,
    pub(super) issuer: Option<JsonStr<'a>>,
    pub(super) subject: Option<JsonStr<'a>>,
    pub(super) audience: Option<Value<'a>>,
    pub(super) expiry: Option<f64>,
    pub(super) not_before: Option<f64>,
    issued_at: Option<f64>,
    id: Option<JsonStr<'a>>,
    scope: Option<Value<'a>>,
    scp: Option<Value<'a>>,
    role: Option<Value<'a>>,
    roles: Option<Value<'a>>,
}

/// The last second a date may name: 2⁵³, the last up to which every whole number is an `f64` of its own.
const LAST_DATE: f64 = 9_007_199_254_740_992.0;

impl<'a> Claims<'a> {
    pub(super) const fn none(payload: &'a str, limits: &Limits) -> Self {
        Self {
            payload,
            limits: *limits,
            issuer: None,
            subject: None,
            audience: None,
            expiry: None,
            not_before: None,
            issued_at: None,
            id: None,
            scope: None,
            scp: None,
            role: None,
            roles: None,
        }
    }

    /// As [`fill`](Self::fill), into a value of its own.
    #[cfg(any(feature = "alloc", test))]
    pub(crate) fn read(payload: &'a str, limits: &Limits) -> Result<Self, TokenError> {
        let mut claims = Self::none("", limits);
        claims.fill(payload)?;
        Ok(claims)
    }

    /// Reads a payload that has been decoded into what was [`none`](Self::none), its registered claims checked for their
    /// types.
    pub(super) fn fill(&mut self, payload: &'a str) -> Result<(), TokenError> {
        const ISS: u64 = pack_bytes(b"iss");
        const SUB: u64 = pack_bytes(b"sub");
        const AUD: u64 = pack_bytes(b"aud");
        const EXP: u64 = pack_bytes(b"exp");
        const NBF: u64 = pack_bytes(b"nbf");
        const IAT: u64 = pack_bytes(b"iat");
        const JTI: u64 = pack_bytes(b"jti");
        const SCOPE: u64 = pack_bytes(b"scope");
        const SCP: u64 = pack_bytes(b"scp");
        const ROLE: u64 = pack_bytes(b"role");
        const ROLES: u64 = pack_bytes(b"roles");

        self.payload = payload;
        let unreadable = |_| TokenError::InvalidPayload;
        let mut members = Members::of(payload, self.limits.json()).map_err(unreadable)?;
        while members.more().map_err(unreadable)? {
            let (_, name, value) = members.read().map_err(unreadable)?;
            match name {
                ISS => self.issuer = Some(string(value)?),
                SUB => self.subject = Some(string(value)?),
                JTI => self.id = Some(string(value)?),
                AUD => self.audience = Some(audience(value)?),
                EXP => self.expiry = Some(date(value)?),
                NBF => self.not_before = Some(date(value)?),
                IAT => self.issued_at = Some(date(value)?),
                SCOPE => self.scope = Some(value.value()),
                SCP => self.scp = Some(value.value()),
                ROLE => self.role = Some(value.value()),
                ROLES => self.roles = Some(value.value()),
                _ => {}
            }
        }
        Ok(())
    }

    /// `iss`
    #[must_use]
    pub const fn issuer(&self) -> Option<JsonStr<'a>> {
        self.issuer
    }

    /// `sub`
    #[must_use]
    pub const fn subject(&self) -> Option<JsonStr<'a>> {
        self.subject
    }

    /// `jti`
    #[must_use]
    pub const fn id(&self) -> Option<JsonStr<'a>> {
        self.id
    }

    /// `aud`: a string, or the strings of an array.
    #[must_use]
    pub fn audience(&self) -> Words<'a> {
        Words::whole(self.audience)
    }

    /// `exp`, in seconds since the epoch.
    #[must_use]
    pub const fn expiry(&self) -> Option<f64> {
        self.expiry
    }

    /// `nbf`, in seconds since the epoch.
    #[must_use]
    pub const fn not_before(&self) -> Option<f64> {
        self.not_before
    }

    /// `iat`, in seconds since the epoch.
    #[must_use]
    pub const fn issued_at(&self) -> Option<f64> {
        self.issued_at
    }

    /// The scopes: `scope` if it is there, otherwise `scp`; a string separated by spaces (RFC 8693 §4.2) or an
    /// array of strings. Of any other type there are none.
    #[must_use]
    pub fn scopes(&self) -> Words<'a> {
        Words::spaced(self.scope.or(self.scp))
    }

    /// The roles: `roles` if it is there, otherwise `role`; an array of strings, or one string, which is one role.
    #[must_use]
    pub fn roles(&self) -> Words<'a> {
        Words::whole(self.roles.or(self.role))
    }

    /// Any claim by its name. Reads the payload again, at about the cost of verifying the claims once.
    #[must_use]
    pub fn get(&self, claim: &str) -> Option<Value<'a>> {
        member(self.payload, claim, self.limits.json())
    }

    /// The claim at the end of these names, each inside the one before. An array, or whatever else is no object, has
    /// nothing inside.
    #[must_use]
    pub fn at(&self, path: &[impl AsRef<str>]) -> Option<Value<'a>> {
        let (first, rest) = path.split_first()?;
        let mut depth = self.limits.json();
        rest.iter().try_fold(self.get(first.as_ref())?, |value, name| {
            let Value::Object(text) = value else { return None };
            depth = depth.deeper().ok()?;
            member(text, name.as_ref(), depth)
        })
    }

    /// Every claim, registered or not, in the order they stand. Reads the payload again.
    ///
    /// ```
    /// use doorward::{Now, jwt::{self, Algorithm, Rules, SigningKey, Verifier}, keys::{Key, KeySet}};
    /// let secret = b"a secret of at least 32 bytes, kept well";
    /// let token = jwt::sign(r#"{"sub":"anna","exp":4102444800}"#, &SigningKey::hmac(Algorithm::HS256, secret)?)?;
    /// let verifier = Verifier::new(KeySet::from(Key::hmac(Algorithm::HS256, secret)?), Rules::new())?;
    /// let mut names = vec![];
    /// let claims = verifier.verify(token.as_bytes(), Now::new(1_800_000_000.0, 0))?;
    /// claims.claims().for_each(|name, _| names.push(name.to_string()));
    /// assert_eq!(names, ["sub", "exp"]);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn for_each(&self, mut each: impl FnMut(JsonStr<'a>, Value<'a>)) {
        // Read before, so the only way this ends early is at its end.
        let _: Result<(), ReadError> = object_members(self.payload, self.limits.json(), |_, name, value| {
            each(name, value);
            Ok(())
        });
    }

    /// The payload as it was signed: one JSON object, checked.
    #[must_use]
    pub const fn payload(&self) -> &'a str {
        self.payload
    }
}

impl fmt::Debug for Claims<'_> {
    /// Shows nothing of the token: claims are somebody's, and logs are read by others.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").finish_non_exhaustive()
    }
}

/// The member of that name of an object.
fn member<'a>(object: &'a str, wanted: &str, depth: Depth) -> Option<Value<'a>> {
    let mut found = None;
    let _: Result<(), ReadError> = object_members(object, depth, |_, name, value| {
        if name == *wanted {
            found = Some(value);
        }
        Ok(())
    });
    found
}

fn string(value: Raw<'_>) -> Result<JsonStr<'_>, TokenError> {
    value.as_str().ok_or(TokenError::InvalidClaim)
}

fn date(value: Raw<'_>) -> Result<f64, TokenError> {
    let number = value.as_number().ok_or(TokenError::InvalidClaim)?;
    let text = number.as_text();
    if text.starts_with('-') || text.len() > 32 {
        return Err(TokenError::InvalidClaim);
    }
    let seconds = number.to_f64();
    if seconds <= LAST_DATE { Ok(seconds) } else { Err(TokenError::InvalidClaim) }
}

/// An audience is a non-empty string, or a non-empty array of such (RFC 7519 §4.1.3).
fn audience(value: Raw<'_>) -> Result<Value<'_>, TokenError> {
    let value = value.value();
    let good = match value {
        Value::String(one) => !one.is_empty(),
        Value::Array(items) => {
            let (mut any, mut all) = (false, true);
            array_items(items, |item| {
                any = true;
                all &= item.as_str().is_some_and(|one| !one.is_empty());
            });
            any && all
        }
        _ => false,
    };
    if good { Ok(value) } else { Err(TokenError::InvalidClaim) }
}

/// A claim that is one string or several; for scopes, a string of several words separated by spaces.
#[derive(Clone, Copy, Debug)]
pub struct Words<'a> {
    claim: Option<Value<'a>>,
    /// Whether a string is several words (RFC 6749 §3.3) rather than one.
    spaced: bool,
}

impl<'a> Words<'a> {
    pub(crate) const fn whole(claim: Option<Value<'a>>) -> Self {
        Self { claim, spaced: false }
    }

    pub(crate) const fn spaced(claim: Option<Value<'a>>) -> Self {
        Self { claim, spaced: true }
    }

    /// Each word: those of the string, or the items of the array as they are. An array with anything but strings in
    /// it has none.
    pub fn for_each(&self, mut each: impl FnMut(JsonStr<'a>)) {
        match self.claim {
            Some(Value::String(one)) if self.spaced => one.split_spaces().for_each(each),
            Some(Value::String(one)) if !one.is_empty() => each(one),
            Some(Value::Array(items)) => {
                let mut all = true;
                array_items(items, |item| all &= item.as_str().is_some());
                if all {
                    array_items(items, |item| {
                        if let Some(one) = item.as_str().filter(|one| !self.spaced || !one.is_empty()) {
                            each(one);
                        }
                    });
                }
            }
            _ => {}
        }
    }

    /// Whether the claim is not there at all, which is not the same as to say nothing.
    pub(super) const fn is_absent(&self) -> bool {
        self.claim.is_none()
    }

    /// Whether one of the words is `word`.
    #[must_use]
    pub fn contains(&self, word: &str) -> bool {
        let mut found = false;
        self.for_each(|one| found |= one == *word);
        found
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let mut none = true;
        self.for_each(|_| none = false);
        none
    }

    /// The words, owned.
    #[cfg(feature = "alloc")]
    #[must_use]
    pub fn to_vec(&self) -> alloc::vec::Vec<alloc::string::String> {
        let mut words = alloc::vec::Vec::new();
        self.for_each(|one| words.push(one.to_cow().into_owned()));
        words
    }
}

#[cfg(feature = "alloc")]
pub use owned::OwnedClaims;

#[cfg(feature = "alloc")]
mod owned {
    use super::{Claims, JsonStr, Limits, Members, TokenError, Value};
    use alloc::boxed::Box;
    use core::fmt;

    /// Claims that own their payload.
    #[derive(Clone)]
    pub struct OwnedClaims {
        payload: Box<str>,
        limits: Limits,
    }

    impl OwnedClaims {
        /// The claims of a payload that was verified elsewhere, or is to be read as if it had been: nothing here says that
        /// anybody signed it.
        ///
        /// # Errors
        /// [`TokenError::InvalidPayload`] for what is no JSON object within these bounds, [`TokenError::InvalidClaim`] for a
        /// registered claim of the wrong type.
        ///
        /// ```
        /// use doorward::jwt::{Limits, OwnedClaims};
        /// let claims = OwnedClaims::read(r#"{"scope":"read write"}"#, &Limits::DEFAULT)?;
        /// assert_eq!(claims.claims().scopes().to_vec(), ["read", "write"]);
        /// # Ok::<(), doorward::jwt::TokenError>(())
        /// ```
        pub fn read(payload: &str, limits: &Limits) -> Result<Self, TokenError> {
            Claims::read(payload, limits).map(|claims| claims.to_owned())
        }

        /// The claims, borrowed. Reads the payload again (one pass, no allocation).
        #[must_use]
        pub fn claims(&self) -> Claims<'_> {
            // The payload was read before it was kept, so an error here cannot be; were it one, nothing is claimed.
            Claims::read(&self.payload, &self.limits).unwrap_or_else(|_| Claims::none("{}", &self.limits))
        }

        /// As [`Claims::get`], without reading the registered claims first, and no further than to the one that is asked for.
        #[must_use]
        pub fn get(&self, claim: &str) -> Option<Value<'_>> {
            let mut members = Members::of(&self.payload, self.limits.json()).ok()?;
            while members.more().ok()? {
                let (name, _, value) = members.read().ok()?;
                // There is one of each name: that was seen to when it was verified.
                if name == *claim {
                    return Some(value.value());
                }
            }
            None
        }

        /// As [`Claims::for_each`], without reading the registered claims first.
        pub fn for_each<'a>(&'a self, each: impl FnMut(JsonStr<'a>, Value<'a>)) {
            Claims::none(&self.payload, &self.limits).for_each(each);
        }

        /// The payload as it was signed: one JSON object.
        #[must_use]
        pub fn payload(&self) -> &str {
            &self.payload
        }
    }

    impl Claims<'_> {
        /// A copy that owns its payload.
        #[must_use]
        pub fn to_owned(&self) -> OwnedClaims {
            OwnedClaims { payload: self.payload.into(), limits: self.limits }
        }
    }

    impl fmt::Debug for OwnedClaims {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.debug_struct("OwnedClaims").finish_non_exhaustive()
        }
    }
}
