//! One named limit, as its owner states it.

use super::names::Names;
use crate::mcp::Kind;
use crate::rate::{BadPolicyName, Quota, QuotaError};
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// What a limit counts by: whoever shares it shares a bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Per {
    /// Each principal has a bucket.
    Principal,
    /// Each principal has a bucket for each tool, resource, prompt or method that it names, to the letter.
    PrincipalAndTool,
    /// Each client address has a bucket, whoever calls from there.
    Address,
    /// There is one bucket for all.
    Everybody,
}

impl Per {
    const ALL: [Self; 4] = [Self::Principal, Self::PrincipalAndTool, Self::Address, Self::Everybody];

    /// `principal`, `principal-tool`, `address` or `everybody`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Principal => "principal",
            Self::PrincipalAndTool => "principal-tool",
            Self::Address => "address",
            Self::Everybody => "everybody",
        }
    }

    /// By its [`name`](Self::name).
    #[must_use]
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|per| per.name() == name)
    }

    /// How many keys are counted at once unless it is said.
    const fn slots(self) -> usize {
        match self {
            Self::Principal => 1 << 17,
            Self::PrincipalAndTool | Self::Address => 1 << 18,
            Self::Everybody => 1,
        }
    }
}

/// A named limit: how much, counted by what, for whom and for which calls.
///
/// To begin with it concerns every principal and every request, at a cost of 1 a call.
#[derive(Clone, Debug)]
#[must_use]
pub struct Layer {
    pub(super) name: String,
    pub(super) quota: Quota,
    pub(super) per: Per,
    pub(super) roles: Option<Vec<String>>,
    pub(super) names: Option<Names>,
    pub(super) cost: u32,
    pub(super) slots: usize,
}

impl Layer {
    /// A limit called `name`, which its answers carry in `RateLimit-Policy`.
    pub fn new(name: impl Into<String>, quota: Quota, per: Per) -> Self {
        Self { name: name.into(), quota, per, roles: None, names: None, cost: 1, slots: per.slots() }
    }

    /// Only principals with one of these roles.
    pub fn roles<R: Into<String>>(mut self, roles: impl IntoIterator<Item = R>) -> Self {
        self.roles = Some(roles.into_iter().map(Into::into).collect());
        self
    }

    /// Only calls of these tools: `*` for all, `prefix*`, or the name itself. With [`resources`](Self::resources),
    /// [`prompts`](Self::prompts) or [`methods`](Self::methods) as well, calls of any of them.
    pub fn tools<T: AsRef<str>>(self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.named(Kind::Tool, patterns)
    }

    /// Only requests for these resources, by URI. What a server could read as one of them counts too: other spellings, and
    /// whatever may lead anywhere (`..`, `%2f` and so on), as with [`Policy::require`](crate::policy::Policy::require). A
    /// `subscriptions/listen` is one call of that method, however many it listens to.
    pub fn resources<T: AsRef<str>>(self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.named(Kind::Resource, patterns)
    }

    /// Only requests for these prompts.
    pub fn prompts<T: AsRef<str>>(self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.named(Kind::Prompt, patterns)
    }

    /// Only these methods, of those whose calls name no tool, resource or prompt: `tools/list`, say.
    pub fn methods<T: AsRef<str>>(self, patterns: impl IntoIterator<Item = T>) -> Self {
        self.named(Kind::Method, patterns)
    }

    fn named<T: AsRef<str>>(mut self, kind: Kind, patterns: impl IntoIterator<Item = T>) -> Self {
        self.names.get_or_insert_default().add(kind, patterns);
        self
    }

    /// What a call costs, in units of the quota.
    pub const fn cost(mut self, units: u32) -> Self {
        self.cost = units;
        self
    }

    /// How many keys are counted at once: see [`Limiter`](crate::rate::Limiter) for sizing. By default 2¹⁷ principals, or 2¹⁸
    /// addresses or pairs of principal and tool.
    pub const fn slots(mut self, slots: usize) -> Self {
        self.slots = slots;
        self
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// How much it lets through.
    #[must_use]
    pub const fn quota(&self) -> &Quota {
        &self.quota
    }

    /// What it counts by.
    #[must_use]
    pub const fn per(&self) -> Per {
        self.per
    }

    /// What a call costs: see [`cost`](Self::cost).
    #[must_use]
    pub const fn units(&self) -> u32 {
        self.cost
    }

    /// The roles it is for; none where it is for all.
    #[must_use]
    pub fn role_names(&self) -> &[String] {
        self.roles.as_deref().unwrap_or_default()
    }

    pub(super) fn check(&self) -> Result<(), LayerError> {
        let nobody = self.roles.as_ref().is_some_and(Vec::is_empty);
        if let Some(mistake) = self.names.as_ref().and_then(Names::mistake) {
            return Err(mistake);
        }
        match () {
            () if nobody => Err(LayerError::NeverConcerned),
            () if self.cost == 0 => Err(LayerError::CostZero),
            () if self.cost > self.quota.capacity() => Err(LayerError::CostAboveBurst),
            () => Ok(()),
        }
    }

    /// Whether it is for somebody with these roles.
    pub(super) fn is_for<R: AsRef<str>>(&self, roles: &[R]) -> bool {
        self.roles
            .as_ref()
            .is_none_or(|own| roles.iter().any(|role| own.iter().any(|one| one == role.as_ref())))
    }

    /// Whether it concerns a call that names this, or a request that names nothing.
    pub(super) fn concerns(&self, call: Option<(Kind, &str)>) -> bool {
        match (&self.names, call) {
            (None, _) => true,
            (Some(names), Some((kind, name))) => names.cover(kind, name),
            (Some(_), None) => false,
        }
    }
}

/// Why a limit can't be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LayerError {
    /// Its name can't stand in a header.
    Name,
    /// Its name is another limit's, or `principal` or `address`, which are the gate's own.
    NameTaken,
    /// Its quota can't be kept.
    Quota(QuotaError),
    /// It costs nothing.
    CostZero,
    /// A call costs more than its bucket holds, so none would ever pass.
    CostAboveBurst,
    /// It lists no role, or no name: nothing would ever be counted.
    NeverConcerned,
    /// A pattern has a `*` that is not at its end, so it would not cover what it seems to.
    Pattern,
    /// It is for a method whose calls are counted by the tool, resource or prompt that they name.
    MethodNames,
    /// There are over 64 of them.
    TooMany,
}

impl LayerError {
    /// The stable code, the same in every language.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Name => "limit_name_invalid",
            Self::NameTaken => "limit_name_taken",
            Self::Quota(error) => error.code(),
            Self::CostZero => "limit_cost_zero",
            Self::CostAboveBurst => "limit_cost_above_burst",
            Self::NeverConcerned => "limit_never_concerned",
            Self::Pattern => "limit_pattern_invalid",
            Self::MethodNames => "limit_method_invalid",
            Self::TooMany => "limits_too_many",
        }
    }
}

impl fmt::Display for LayerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Name => return BadPolicyName.fmt(f),
            Self::NameTaken => {
                "the name is taken; every limit needs one of its own other than principal and address"
            }
            Self::Quota(error) => return error.fmt(f),
            Self::CostZero => "the cost of a call must be at least 1",
            Self::CostAboveBurst => {
                "a call costs more than may ever be spent at once; raise the burst or lower the cost"
            }
            Self::NeverConcerned => {
                "it lists no role or no name, so it would never count; leave the list out for all, or fill it"
            }
            Self::Pattern => "a * in a pattern must be its last character",
            Self::MethodNames => {
                "calls of that method are counted by what they name; limit the tools, resources or prompts"
            }
            Self::TooMany => "there may be at most 64 limits",
        })
    }
}

impl core::error::Error for LayerError {}

impl From<QuotaError> for LayerError {
    fn from(error: QuotaError) -> Self {
        Self::Quota(error)
    }
}

impl From<BadPolicyName> for LayerError {
    fn from(_: BadPolicyName) -> Self {
        Self::Name
    }
}
