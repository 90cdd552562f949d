//! What a set knows of one key, the key itself excepted.

use super::ApiKeyRefusal;
use crate::Now;
use crate::rate::Quota;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The entry of one API key: who presents it, what they may do, and when.
///
/// ```
/// use doorward::api_keys::ApiKey;
///
/// let entry = ApiKey::new("ci").role("deploy").scope("tools:read").expires(1_900_000_000.0);
/// assert_eq!(entry.id(), "ci");
/// assert_eq!(entry.roles(), ["deploy"]);
/// assert_eq!(entry.valid_until(), Some(1_900_000_000.0));
/// ```
#[derive(Clone, PartialEq)]
pub struct ApiKey {
    id: String,
    name: Option<String>,
    roles: Vec<String>,
    scopes: Vec<String>,
    not_before: Option<f64>,
    expires: Option<f64>,
    disabled: bool,
    strong: bool,
    quota: Option<Quota>,
    metadata: BTreeMap<String, String>,
}

impl ApiKey {
    /// An entry with no roles, no scopes and no end.
    ///
    /// `id` names the key, and the caller in principals, buckets and logs unless that is
    /// [named](Self::named) otherwise. It is public and unique in a set: 1 to 128
    /// bytes without control characters, checked when the set is built.
    pub fn new(id: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: None,
            roles: Vec::new(),
            scopes: Vec::new(),
            not_before: None,
            expires: None,
            disabled: false,
            strong: false,
            quota: None,
            metadata: BTreeMap::new(),
        }
    }

    /// Names the caller, where that is not the key's id. Keys of one name are one caller: the same principal, spending
    /// from the same bucket, as while an old key and its successor overlap. Held to the same rules as an id, but for
    /// being unique.
    #[must_use]
    pub fn named(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The entry under another id.
    #[cfg(feature = "key-file")]
    pub(super) fn with_id(self, id: String) -> Self {
        Self { id, ..self }
    }

    /// What the caller may spend, in place of the gate's quota for principals. Its window may be 16 times the gate's at
    /// most, and a sixteenth at least.
    #[must_use]
    pub const fn quota(mut self, quota: Quota) -> Self {
        self.quota = Some(quota);
        self
    }

    /// Adds a role.
    #[must_use]
    pub fn role(mut self, role: impl Into<String>) -> Self {
        self.roles.push(role.into());
        self
    }

    /// Adds a scope.
    #[must_use]
    pub fn scope(mut self, scope: impl Into<String>) -> Self {
        self.scopes.push(scope.into());
        self
    }

    /// The first moment at which the key is valid, in seconds since the epoch.
    #[must_use]
    pub const fn not_before(mut self, unix: f64) -> Self {
        self.not_before = Some(unix);
        self
    }

    /// The first moment at which the key is no longer valid, in seconds since the epoch.
    #[must_use]
    pub const fn expires(mut self, unix: f64) -> Self {
        self.expires = Some(unix);
        self
    }

    /// Switches the key off, or on again. A disabled key is refused and its reason logged; a removed one is
    /// merely unknown.
    #[must_use]
    pub const fn disabled(mut self, disabled: bool) -> Self {
        self.disabled = disabled;
        self
    }

    /// Says of a key that is added by its digest that it is of the set's own format, and so has a secret of
    /// 160 bits. A key that is added as text is judged by the text, whatever is said here.
    #[must_use]
    pub const fn strong(mut self, strong: bool) -> Self {
        self.strong = strong;
        self
    }

    /// Attaches a name and a value of the host's own. `Debug` shows the name only.
    #[must_use]
    pub fn meta(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(name.into(), value.into());
        self
    }

    /// The canonical public id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The caller's name: the id where no other was given.
    #[must_use]
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(&self.id)
    }

    /// The quota of its own.
    #[must_use]
    pub const fn own_quota(&self) -> Option<&Quota> {
        self.quota.as_ref()
    }

    /// The roles, in the order they were added.
    #[must_use]
    pub fn roles(&self) -> &[String] {
        &self.roles
    }

    /// The scopes, in the order they were added.
    #[must_use]
    pub fn scopes(&self) -> &[String] {
        &self.scopes
    }

    /// Seconds since the epoch before which the key is refused.
    #[must_use]
    pub const fn valid_from(&self) -> Option<f64> {
        self.not_before
    }

    /// Seconds since the epoch from which on the key is refused.
    #[must_use]
    pub const fn valid_until(&self) -> Option<f64> {
        self.expires
    }

    /// Whether the key is switched off.
    #[must_use]
    pub const fn is_disabled(&self) -> bool {
        self.disabled
    }

    /// Whether the key is of the set's own format, whose secret nobody guesses. This is a fact about the
    /// form: that the secret was drawn at random is up to whoever minted it.
    #[must_use]
    pub const fn is_strong(&self) -> bool {
        self.strong
    }

    /// What the host attached.
    #[must_use]
    pub const fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// An entry for another key of the same caller: everything but times and the switch, under the caller's name.
    ///
    /// ```
    /// use doorward::api_keys::ApiKey;
    /// let old = ApiKey::new("first").role("user").expires(1_900_000_000.0);
    /// let new = old.successor("second");
    /// assert_eq!((new.id(), new.name(), new.valid_until()), ("second", "first", None));
    /// ```
    #[must_use]
    pub fn successor(&self, id: impl Into<String>) -> Self {
        let (id, name) = (id.into(), Some(self.name().into()));
        Self { id, name, not_before: None, expires: None, disabled: false, ..self.clone() }
    }

    /// Whether the key may be used now.
    ///
    /// # Errors
    /// Why not: disabled, expired, or not yet valid.
    pub fn standing(&self, now: Now) -> Result<(), ApiKeyRefusal> {
        self.standing_at(now.unix)
    }

    /// Whether the entry may be used at `unix`, in seconds. A time that is no number is within no bound.
    pub(super) fn standing_at(&self, unix: f64) -> Result<(), ApiKeyRefusal> {
        if self.disabled {
            return Err(ApiKeyRefusal::Disabled);
        }
        if self.not_before.is_some_and(|start| !at_or_after(unix, start)) {
            return Err(ApiKeyRefusal::NotYetValid);
        }
        if self.expires.is_some_and(|end| !before(unix, end)) {
            return Err(ApiKeyRefusal::Expired);
        }
        Ok(())
    }

    /// Whether the times are finite and some moment lies between them.
    pub(super) fn can_be_valid(&self) -> bool {
        let finite = |time: Option<f64>| time.is_none_or(f64::is_finite);
        let ordered = match (self.not_before, self.expires) {
            (Some(start), Some(end)) => start < end,
            _ => true,
        };
        finite(self.not_before) && finite(self.expires) && ordered
    }
}

/// False if either is no number.
fn at_or_after(time: f64, bound: f64) -> bool {
    time >= bound
}

/// False if either is no number, and so not the contrary of [`at_or_after`].
fn before(time: f64, bound: f64) -> bool {
    time < bound
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("name", &self.name)
            .field("roles", &self.roles)
            .field("quota", &self.quota)
            .field("scopes", &self.scopes)
            .field("not_before", &self.not_before)
            .field("expires", &self.expires)
            .field("disabled", &self.disabled)
            .field("strong", &self.strong)
            .field("metadata", &self.metadata.keys())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    #[test]
    fn the_bounds_are_half_open() {
        let entry = ApiKey::new("a").not_before(100.0).expires(200.0);
        assert_eq!(entry.standing_at(99.999), Err(ApiKeyRefusal::NotYetValid));
        assert_eq!(entry.standing_at(100.0), Ok(()));
        assert_eq!(entry.standing_at(199.999), Ok(()));
        assert_eq!(entry.standing_at(200.0), Err(ApiKeyRefusal::Expired));
        assert_eq!(entry.disabled(true).standing_at(300.0), Err(ApiKeyRefusal::Disabled));
    }

    #[test]
    fn a_time_that_is_no_number_is_refused_where_time_matters() {
        assert_eq!(ApiKey::new("a").standing_at(f64::NAN), Ok(()));
        assert_eq!(ApiKey::new("a").expires(1.0).standing_at(f64::NAN), Err(ApiKeyRefusal::Expired));
        assert_eq!(ApiKey::new("a").not_before(1.0).standing_at(f64::NAN), Err(ApiKeyRefusal::NotYetValid));
    }

    #[test]
    fn times_that_leave_no_moment_are_seen() {
        assert!(ApiKey::new("a").not_before(1.0).expires(2.0).can_be_valid());
        assert!(!ApiKey::new("a").not_before(2.0).expires(2.0).can_be_valid());
        for time in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            assert!(!ApiKey::new("a").not_before(time).can_be_valid());
            assert!(!ApiKey::new("a").expires(time).can_be_valid());
        }
    }

    #[test]
    fn debug_shows_names_of_metadata_and_no_values() {
        let shown = format!("{:?}", ApiKey::new("a").meta("owner", "hidden"));
        assert!(shown.contains("owner") && !shown.contains("hidden"), "{shown}");
    }
}
