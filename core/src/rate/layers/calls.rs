//! What one request asks for, as its limits count it.

use alloc::vec::Vec;

/// The calls of one request, counted: made by [`Layers::count`](super::Layers::count). Borrows nothing of the request, and
/// allocates only for a second kind of call in a batch.
#[derive(Debug, Default)]
pub struct Calls {
    first: Call,
    others: Vec<Call>,
}

/// Calls that are alike to all limits.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Call {
    /// What they name, hashed.
    pub(super) name: u64,
    /// The limits whose patterns cover it, a bit each.
    pub(super) layers: u64,
    pub(super) times: u32,
}

impl Calls {
    /// None yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { first: Call { name: 0, layers: 0, times: 0 }, others: Vec::new() }
    }

    pub(super) fn add(&mut self, name: u64, layers: u64) {
        let alike = |call: &&mut Call| call.times == 0 || (call.name == name && call.layers == layers);
        match core::iter::once(&mut self.first).chain(&mut self.others).find(alike) {
            Some(call) => *call = Call { name, layers, times: call.times.saturating_add(1) },
            None => self.others.push(Call { name, layers, times: 1 }),
        }
    }

    /// Those that concern the limit at this place.
    pub(super) fn of(&self, layer: usize) -> impl Iterator<Item = Call> + '_ {
        let calls = core::iter::once(&self.first).chain(&self.others).copied();
        calls.filter(move |call| call.layers >> layer & 1 == 1)
    }
}
