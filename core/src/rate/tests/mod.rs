//! The claim, checked: what a key is admitted in [a, b], less what it gives back, is at most
//! `burst + (b − a) × rate`.

mod audit;
mod door;
mod exact;

use super::quota::Quota;
use super::scale::{Prepared, Scale};
use super::table::{Outcome, Receipt, Spend, Table};
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::time::Duration;

pub(super) fn per(amount: u32, micros: u64) -> Quota {
    Quota::per(amount, Duration::from_micros(micros)).unwrap()
}

/// A table with its base quota in ticks.
pub(super) fn table<const SLOTS: usize>(slots: usize, base: Quota) -> (Table<SLOTS>, Prepared) {
    let scale = Scale::for_quota(&base).unwrap();
    (Table::new(slots, scale).unwrap(), scale.prepare(&base).unwrap())
}

pub(super) fn spend(quota: &Prepared, cost: u32) -> Spend {
    Spend { cost: u64::from(cost) * quota.interval, tolerance: quota.tolerance }
}

/// What happened to one key at one moment (µs) of the table's time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Event {
    pub(super) at: u64,
    /// Units admitted, or given back where negative.
    pub(super) units: i64,
    /// The same in ticks, where part of a unit can be given back.
    pub(super) ticks: i64,
}

/// Fails if any interval of any key's events holds more than the claim allows, in ticks and in exact units.
pub(super) fn assert_claim(events: &mut BTreeMap<u64, Vec<Event>>, quota: &Prepared) {
    let period = i128::try_from(quota.quota().refill().0).unwrap();
    let amount = i128::try_from(quota.quota().refill().1).unwrap();
    for (key, events) in events {
        events.sort_by_key(|event| event.at);
        // The greatest sum over intervals that end here, moments taken whole (Kadane). Units are counted in
        // multiples of 1 / amount: one of them comes back every `period / amount` ns.
        let (mut ticks, mut units, mut last) = (0_i128, 0_i128, 0);
        for moment in events.chunk_by(|a, b| a.at == b.at) {
            let at = moment[0].at;
            ticks -= i128::from(quota.scale.between(last, at));
            units -= i128::from(at - last) * 1000 * amount;
            ticks = ticks.max(0) + moment.iter().map(|event| i128::from(event.ticks)).sum::<i128>();
            units = units.max(0) + moment.iter().map(|event| i128::from(event.units)).sum::<i128>() * period;
            assert!(ticks <= i128::from(quota.tolerance), "key {key}: {ticks} ticks at {at} of {quota:?}");
            assert!(units <= i128::from(quota.capacity) * period, "key {key}: {units} at {at} of {quota:?}");
            last = at;
        }
    }
}

#[test]
fn the_claim_itself_can_fail() {
    let (_, quota) = table::<2>(2, per(2, 1000));
    let event = |at| Event { at, units: 1, ticks: i64::try_from(quota.interval).unwrap() };
    let check = |moments: &[u64]| {
        let mut events = BTreeMap::from([(1, moments.iter().copied().map(event).collect())]);
        std::panic::catch_unwind(move || assert_claim(&mut events, &quota)).is_ok()
    };
    assert!(check(&[0, 0, 500, 1000]));
    assert!(!check(&[0, 0, 499]));
    assert!(!check(&[0, 300, 400]));
    assert!(check(&[0, 499, 999, 5000, 5000]));
}

fn units(cost: u32) -> i64 {
    i64::from(cost)
}

/// One check, noted.
pub(super) fn note<const SLOTS: usize>(
    table: &Table<SLOTS>,
    events: &mut BTreeMap<u64, Vec<Event>>,
    hash: u64,
    quota: &Prepared,
    cost: u32,
    mono: u64,
) -> Option<Receipt> {
    match table.check(hash, spend(quota, cost), mono) {
        Outcome::Admitted { now, receipt, .. } => {
            let ticks = i64::try_from(u64::from(cost) * quota.interval).unwrap();
            events.entry(hash).or_default().push(Event { at: now, units: units(cost), ticks });
            Some(receipt)
        }
        Outcome::Denied { .. } | Outcome::Busy => None,
    }
}
