//! All the limits of a gate: spend in order, give back what a later one refuses.

use super::calls::{Call, Calls};
use super::layer::{Layer, LayerError, Per};
use crate::Now;
use crate::mcp::Kind;
use crate::rate::{Decision, Limiter, RateHeaders, Receipt, Stats};
use ahash::RandomState;
use alloc::vec::Vec;
use core::fmt;
use core::hash::{BuildHasher as _, Hasher as _};
use core::sync::atomic::{AtomicU64, Ordering};

/// The most limits there are: each is a bit of a [`Call`].
const MOST: usize = 64;
/// The names of the gate's own buckets.
const RESERVED: [&str; 4] = ["principal", "address", "anonymous", "unauthenticated"];

/// Named limits, in the order they are spent from.
pub struct Layers {
    pub(super) rows: Vec<Row>,
    hasher: RandomState,
    lost: AtomicU64,
}

pub(super) struct Row {
    layer: Layer,
    pub(super) limiter: Limiter,
    /// For callers without a credential, whose ids are addresses that anybody can choose.
    strangers: Option<Limiter>,
    headers: RateHeaders,
}

/// Who calls, as far as limits go by it.
#[derive(Clone, Copy, Debug)]
pub struct Caller<'a, R> {
    /// The canonical id: [`Principal::id`](crate::gate::Principal::id).
    pub principal: &'a str,
    /// Whether it has shown no credential, so that its id is an address.
    pub is_anonymous: bool,
    /// The principal's roles.
    pub roles: &'a [R],
    /// The address it calls from, in bytes that tell any two apart:
    /// [`ClientAddress::key`](crate::address::ClientAddress::key).
    pub address: &'a [u8],
}

/// One of the limits of a [`Layers`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayerId(u8);

/// Where one limit stands.
#[derive(Debug, PartialEq, Eq)]
pub struct Told {
    /// Which.
    pub layer: LayerId,
    /// Its bucket: limit, remaining, reset and retry-after are in its own units. Its receipt is in [`Spent`].
    pub decision: Decision,
}

/// Every limit that is concerned had room.
#[derive(Debug, Default)]
#[must_use]
pub struct Spent {
    least: Option<Told>,
    taken: Taken,
}

impl Spent {
    /// The limit with the fewest calls left, the first of several; nothing where none is concerned.
    #[must_use]
    pub fn least(&self) -> Option<&Told> {
        self.least.as_ref()
    }

    pub(crate) fn into_parts(self) -> (Option<Told>, Taken) {
        (self.least, self.taken)
    }

    /// What was taken, for [`Layers::give_back`].
    #[must_use]
    pub fn taken(self) -> Taken {
        self.taken
    }
}

/// What one request took of every limit.
#[derive(Debug, Default)]
pub struct Taken(Vec<One>);

/// What was taken of one limit.
#[derive(Debug)]
struct One {
    layer: LayerId,
    is_anonymous: bool,
    receipt: Receipt,
}

/// Which of several limits can't be kept, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LayersError {
    /// The limit's place, counted from 0.
    pub at: usize,
    /// What is wrong with it.
    pub error: LayerError,
}

impl fmt::Display for LayersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "limit {}: {}", self.at + 1, self.error)
    }
}

impl core::error::Error for LayersError {}

impl Layers {
    /// The tables of these limits. `seed` must be random and secret: it keeps callers from aiming at each other's
    /// buckets.
    ///
    /// # Errors
    /// The first limit that can't be kept.
    pub fn new(layers: impl IntoIterator<Item = Layer>, seed: [u64; 4]) -> Result<Self, LayersError> {
        let [a, b, c, d] = seed;
        let hasher = RandomState::with_seeds(a, b, c, d);
        let mut rows: Vec<Row> = Vec::new();
        for (at, layer) in layers.into_iter().enumerate() {
            // Each table is seeded by a number nobody can tell from another's.
            let seed = core::array::from_fn(|word| hasher.hash_one(("table", at, word)));
            let row = Row::new(layer, seed, at, &rows).map_err(|error| LayersError { at, error })?;
            rows.push(row);
        }
        Ok(Self { rows, hasher, lost: AtomicU64::new(0) })
    }

    /// Counts anonymous callers in tables of their own, as large as the others, so that addresses push no principal out.
    ///
    /// # Errors
    /// There is no memory for one.
    pub fn with_anonymous(mut self) -> Result<Self, LayersError> {
        for (at, row) in self.rows.iter_mut().enumerate() {
            if let Per::Principal | Per::PrincipalAndTool = row.layer.per {
                let seed = core::array::from_fn(|word| self.hasher.hash_one(("strangers", at, word)));
                let table = Limiter::new(row.layer.slots, row.layer.quota, seed);
                row.strangers = Some(table.map_err(|error| LayersError { at, error: error.into() })?);
            }
        }
        Ok(self)
    }

    /// Which rate headers are written: see [`RateHeaders::families`].
    #[must_use]
    pub fn families(mut self, x_ratelimit: bool, ratelimit: bool) -> Self {
        for row in &mut self.rows {
            row.headers = row.headers.clone().families(x_ratelimit, ratelimit);
        }
        self
    }

    /// Counts one call among those of its request: what it names, or nothing where it names nothing, as a request without a
    /// body does and an answer to the server.
    #[inline]
    pub fn count(&self, calls: &mut Calls, call: Option<(Kind, &str)>) {
        let bits = self.rows.iter().enumerate().filter(|(_, row)| row.layer.concerns(call));
        let layers = bits.fold(0, |bits, (at, _)| bits | 1 << at);
        calls.add(self.name_hash(call), layers);
    }

    /// Spends from every limit that is concerned, in order; the first that has no room refuses the request, and what was
    /// taken of those before it is given back, as far as it can be.
    ///
    /// # Errors
    /// The limit that refuses, and where its bucket stands.
    pub fn spend<R: AsRef<str>>(
        &self,
        caller: &Caller<'_, R>,
        calls: &Calls,
        now: Now,
    ) -> Result<Spent, Told> {
        let mut spent = Spent::default();
        for (at, row) in self.rows.iter().enumerate().filter(|(_, row)| row.layer.is_for(caller.roles)) {
            let Ok(layer) = u8::try_from(at).map(LayerId) else { break };
            let each = calls.of(at);
            let done = if row.layer.per == Per::PrincipalAndTool {
                each.into_iter().try_for_each(|call| {
                    self.spend_one((layer, row), caller, (call.name, call.times), now, &mut spent)
                })
            } else {
                let times = each.fold(0_u32, |sum, Call { times, .. }| sum.saturating_add(times));
                self.spend_one((layer, row), caller, (0, times), now, &mut spent)
            };
            if let Err(told) = done {
                self.give_back(spent.taken);
                return Err(told);
            }
        }
        Ok(spent)
    }

    /// [`count`](Self::count) of each call, and [`spend`](Self::spend). A request that names nothing has no calls.
    ///
    /// # Errors
    /// As [`spend`](Self::spend).
    pub fn check<'n, R: AsRef<str>>(
        &self,
        caller: &Caller<'_, R>,
        named: impl IntoIterator<Item = (Kind, &'n str)>,
        now: Now,
    ) -> Result<Spent, Told> {
        let mut calls = Calls::new();
        let mut named = named.into_iter().peekable();
        if named.peek().is_none() {
            self.count(&mut calls, None);
        }
        named.for_each(|call| self.count(&mut calls, Some(call)));
        self.spend(caller, &calls, now)
    }

    /// Gives back what a request took, last first, for it was refused elsewhere: as far as
    /// [`Limiter::give_back`](crate::rate::Limiter::give_back) can.
    pub fn give_back(&self, taken: Taken) {
        for One { layer, is_anonymous, receipt } in taken.0.into_iter().rev() {
            if !self.row(layer).is_some_and(|row| row.table(is_anonymous).give_back(receipt)) {
                self.lost.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A limit's name.
    #[must_use]
    pub fn name(&self, layer: LayerId) -> &str {
        self.row(layer).map_or("", |row| &row.layer.name)
    }

    /// What writes its headers; nothing for a limit of another set.
    #[must_use]
    pub fn headers(&self, layer: LayerId) -> Option<&RateHeaders> {
        self.row(layer).map(|row| &row.headers)
    }

    /// What a call costs there, in units.
    pub(crate) fn cost(&self, layer: LayerId) -> u32 {
        self.row(layer).map_or(1, |row| row.layer.cost)
    }

    /// How many further calls that bucket has room for.
    pub(crate) fn calls_left(&self, told: &Told) -> u32 {
        told.decision.remaining.checked_div(self.cost(told.layer)).unwrap_or(0)
    }

    /// The limits in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Layer> {
        self.rows.iter().map(|row| &row.layer)
    }

    /// What each limit's table has seen, by name, for metrics.
    pub fn stats(&self) -> impl Iterator<Item = (&str, Stats)> {
        self.rows.iter().map(|row| (row.layer.name.as_str(), row.limiter.stats()))
    }

    /// How many times what a request had taken of one limit could not be given back, so that a bucket is short of it until it
    /// has flowed back.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    fn row(&self, layer: LayerId) -> Option<&Row> {
        self.rows.get(usize::from(layer.0))
    }

    fn spend_one<R>(
        &self,
        (layer, row): (LayerId, &Row),
        caller: &Caller<'_, R>,
        (name, times): (u64, u32),
        now: Now,
        spent: &mut Spent,
    ) -> Result<(), Told> {
        if times == 0 {
            return Ok(());
        }
        let units = times.saturating_mul(row.layer.cost);
        let (table, is_anonymous) = (row.table(caller.is_anonymous), caller.is_anonymous);
        let key = self.key(row, caller, name).to_ne_bytes();
        let mut decision = table.check(&key, table.base(), units, now);
        if !decision.allowed {
            return Err(Told { layer, decision });
        }
        spent.taken.0.extend(decision.receipt.take().map(|receipt| One { layer, is_anonymous, receipt }));
        let told = Told { layer, decision };
        if spent.least.as_ref().is_none_or(|least| self.calls_left(&told) < self.calls_left(least)) {
            spent.least = Some(told);
        }
        Ok(())
    }

    /// Whose bucket it is, hashed: what is hashed tells any two apart, for every text goes behind its length.
    pub(super) fn key<R>(&self, row: &Row, caller: &Caller<'_, R>, name: u64) -> u64 {
        let mut state = self.hasher.build_hasher();
        match row.layer.per {
            Per::Principal => write(&mut state, caller.principal.as_bytes()),
            Per::PrincipalAndTool => {
                write(&mut state, caller.principal.as_bytes());
                state.write_u64(name);
            }
            Per::Address => write(&mut state, caller.address),
            Per::Everybody => {}
        }
        state.finish()
    }

    /// What a call names; 0 for all where no limit goes by it.
    pub(super) fn name_hash(&self, call: Option<(Kind, &str)>) -> u64 {
        if self.rows.iter().all(|row| row.layer.per != Per::PrincipalAndTool) {
            return 0;
        }
        let mut state = self.hasher.build_hasher();
        if let Some((kind, name)) = call {
            write(&mut state, kind.name().as_bytes());
            write(&mut state, name.as_bytes());
        }
        state.finish()
    }
}

fn write(state: &mut impl core::hash::Hasher, text: &[u8]) {
    state.write_u64(text.len() as u64);
    state.write(text);
}

impl Row {
    fn new(layer: Layer, seed: [u64; 4], at: usize, before: &[Self]) -> Result<Self, LayerError> {
        if at >= MOST {
            return Err(LayerError::TooMany);
        }
        let headers = RateHeaders::new(&layer.name, &layer.quota)?;
        if RESERVED.contains(&layer.name.as_str()) || before.iter().any(|row| row.layer.name == layer.name) {
            return Err(LayerError::NameTaken);
        }
        layer.check()?;
        let limiter = Limiter::new(layer.slots, layer.quota, seed)?;
        Ok(Self { layer, limiter, strangers: None, headers })
    }

    fn table(&self, is_anonymous: bool) -> &Limiter {
        self.strangers.as_ref().filter(|_| is_anonymous).unwrap_or(&self.limiter)
    }
}

impl fmt::Debug for Layers {
    /// Neither the seed nor the buckets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}
