//! One thread, arbitrary clocks: against an exact model, and against the claim.

use super::super::clock::GRANULARITY;
use super::*;
use proptest::prelude::*;

const SECOND: u64 = 1_000_000;
const YEAR: u64 = 365 * 86_400 * SECOND;

/// GCRA on unbounded numbers (2^64 µs in 128 bits of ticks), one bucket a key.
#[derive(Default)]
struct Model {
    tats: BTreeMap<u64, i128>,
    high: u64,
}

impl Model {
    /// The moment the table counts with: not before what it has noted, which is coarse.
    fn now(&mut self, mono: u64) -> u64 {
        if mono > self.high + GRANULARITY {
            self.high = mono;
        }
        mono.max(self.high)
    }

    fn ticks(quota: &Prepared, micros: u64) -> i128 {
        let range = u128::from(quota.scale.range_micros());
        i128::try_from((u128::from(micros) << 36) / range).unwrap()
    }

    /// Whether the cost fits, and the debt in ticks.
    fn check(&mut self, key: u64, quota: &Prepared, cost: u32, mono: u64) -> (bool, i128) {
        let now = Self::ticks(quota, self.now(mono));
        let tat = self.tats.entry(key).or_insert(0);
        let next = (*tat).max(now) + i128::from(u64::from(cost) * quota.interval);
        let fits = next - now <= i128::from(quota.tolerance);
        if fits {
            *tat = next;
        }
        (fits, (*tat - now).max(0))
    }
}

#[derive(Clone, Debug)]
enum Step {
    Check { key: u64, cost: u32 },
    GiveBack { which: usize },
    Forward { micros: u64 },
    Back { micros: u64 },
}

fn quotas() -> impl Strategy<Value = Quota> {
    let plain = prop_oneof![
        Just(per(5, 60 * SECOND)),
        Just(per(1, SECOND)),
        Just(per(7, SECOND)),
        Just(per(3, 1000)),
        Just(per(100_000, SECOND)),
        Just(per(999_983, SECOND)),
        Just(per(6, 86_400 * SECOND)),
        Just(per(13, YEAR)),
        Just(per(8862, 86_400 * SECOND)),
    ];
    (plain, prop_oneof![Just(None), (1_u32..6).prop_map(Some)], any::<bool>()).prop_map(
        |(quota, burst, strict)| {
            let quota = burst.map_or(quota, |burst| quota.burst(burst).unwrap());
            if strict { quota.strict() } else { quota }
        },
    )
}

/// `scale` µs is what a unit takes to flow back.
fn steps(keys: u64, scale: u64) -> impl Strategy<Value = Vec<Step>> {
    let time = prop_oneof![
        8 => 0..=scale.saturating_mul(2),
        4 => 0..=GRANULARITY + 2,
        4 => Just(scale),
        1 => 0..scale.saturating_mul(1000),
        1 => 0..3 * YEAR,
        1 => (0_u64..100, 0_u64..8, 0_u64..3).prop_map(move |(turns, eighths, more)| {
            // Whole turns of some range, and the edges of its halves and quarters.
            (turns << 36) + (eighths << 33) + more
        }),
    ];
    let step = prop_oneof![
        12 => (0..keys, 1_u32..4).prop_map(|(key, cost)| Step::Check { key, cost }),
        3 => (0_usize..8).prop_map(|which| Step::GiveBack { which }),
        4 => time.clone().prop_map(|micros| Step::Forward { micros }),
        1 => time.prop_map(|micros| Step::Back { micros }),
    ];
    prop::collection::vec(step, 1..200)
}

fn unit_micros(quota: &Quota) -> u64 {
    let (nanos, units) = quota.refill();
    u64::try_from((nanos / units / 1000).max(1)).unwrap()
}

/// Keys of one set with distinct fingerprints.
fn hash(key: u64) -> u64 {
    (key + 1) << 36
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 500 } else { 20_000 }))]

    /// With room for every key the table is GCRA to the tick, whatever the clock does.
    #[test]
    fn with_room_for_all_it_is_the_model(
        (quota, steps) in quotas().prop_flat_map(|q| (Just(q), steps(5, unit_micros(&q))))
    ) {
        let (table, quota) = table::<7>(7, quota);
        let (mut model, mut mono) = (Model::default(), 0_u64);
        for step in steps {
            match step {
                Step::Forward { micros } => mono = mono.saturating_add(micros).min(u64::MAX >> 1),
                Step::Back { micros } => mono = mono.saturating_sub(micros),
                Step::GiveBack { .. } => {}
                Step::Check { key, cost } => {
                    let cost = cost.min(quota.capacity);
                    let expected = model.check(key, &quota, cost, mono);
                    let got = match table.check(hash(key), spend(&quota, cost), mono) {
                        Outcome::Admitted { debt, .. } => (true, debt),
                        Outcome::Denied { debt, .. } => (false, debt),
                        Outcome::Busy => panic!("busy with one thread"),
                    };
                    prop_assert_eq!((got.0, i128::from(got.1)), expected);
                    let (debt, _) = table.peek(hash(key), mono);
                    prop_assert_eq!(i128::from(debt), expected.1);
                }
            }
        }
    }

    /// With more keys than slots, and with give-backs, the claim holds for every key and interval.
    #[test]
    fn with_evictions_and_give_backs_the_claim_holds(
        (quota, steps) in quotas().prop_flat_map(|q| (Just(q), steps(6, unit_micros(&q))))
    ) {
        let (table, quota) = table::<2>(2, quota);
        let mut events = BTreeMap::new();
        let mut receipts = Vec::new();
        let mut mono = 0_u64;
        let mut high = 0_u64;
        for step in steps {
            match step {
                Step::Forward { micros } => mono = mono.saturating_add(micros).min(u64::MAX >> 1),
                // Within the granularity the order of moments is not the order of events, and "meanwhile" means
                // nothing for a give-back; beyond it, time is clamped.
                Step::Back { micros } => mono = mono.saturating_sub(micros).max(high),
                Step::Check { key, cost } => {
                    let cost = cost.min(quota.capacity);
                    let receipt = note(&table, &mut events, hash(key), &quota, cost, mono);
                    high = high.max(mono);
                    receipts.extend(receipt.map(|receipt| (hash(key), cost, receipt)));
                }
                Step::GiveBack { which } if !receipts.is_empty() => {
                    let (key, cost, receipt) = receipts.remove(receipts.len() - 1 - which % receipts.len());
                    let given = table.give_back(&receipt);
                    prop_assert!(given <= u64::from(cost) * quota.interval);
                    if given > 0 {
                        let ticks = -i64::try_from(given).unwrap();
                        events.get_mut(&key).unwrap().push(Event { at: high, units: -units(cost), ticks });
                    }
                }
                Step::GiveBack { .. } => {}
            }
        }
        assert_claim(&mut events, &quota);
    }

    /// Clocks that go back by any amount, without give-backs.
    #[test]
    fn whatever_the_clock_does_the_claim_holds(
        (quota, steps) in quotas().prop_flat_map(|q| (Just(q), steps(6, unit_micros(&q))))
    ) {
        let (table, quota) = table::<2>(2, quota);
        let (mut events, mut mono) = (BTreeMap::new(), 0_u64);
        for step in steps {
            match step {
                Step::Forward { micros } => mono = mono.saturating_add(micros).min(u64::MAX >> 1),
                Step::Back { micros } => mono = mono.saturating_sub(micros),
                Step::Check { key, cost } => {
                    let cost = cost.min(quota.capacity);
                    note(&table, &mut events, hash(key), &quota, cost, mono);
                }
                Step::GiveBack { .. } => {}
            }
        }
        assert_claim(&mut events, &quota);
    }
}

#[test]
fn a_flood_of_fresh_keys_resets_nobody() {
    let (table, quota) = table::<7>(7, per(10, 60 * SECOND));
    let victim = hash(0);
    let mut events = BTreeMap::new();
    while note(&table, &mut events, victim, &quota, 1, 0).is_some() {}
    let mut admitted = 0;
    for fresh in 1..10_000 {
        admitted += u32::from(note(&table, &mut events, hash(fresh), &quota, 1, 0).is_some());
        if fresh % 7 == 0 {
            assert!(note(&table, &mut events, victim, &quota, 1, 0).is_none());
        }
    }
    // The set as a whole admits seven buckets' worth, however many keys come.
    assert_eq!(events[&victim].len(), 10);
    assert_eq!(admitted, 60);
    assert_eq!(table.stats().evictions_with_debt, 54);
    assert_claim(&mut events, &quota);
    // And lets go as time passes: one unit a slot every six seconds.
    assert!((0..7).all(|key| note(&table, &mut events, hash(20_000 + key), &quota, 1, 6 * SECOND).is_some()));
    assert!(note(&table, &mut events, victim, &quota, 1, 6 * SECOND).is_none());
}

#[test]
fn give_back_returns_what_was_taken_and_no_more() {
    let (table, quota) = table::<2>(2, per(2, 2 * SECOND));
    let (alice, one) = (hash(1), quota.interval);
    let take = |mono| match table.check(alice, spend(&quota, 1), mono) {
        Outcome::Admitted { receipt, .. } => Some(receipt),
        _ => None,
    };
    let (first, second) = (take(0).unwrap(), take(0).unwrap());
    assert!(take(0).is_none());
    assert_eq!(table.give_back(&first), one);
    let third = take(0).unwrap();
    assert!(take(0).is_none());
    // Half of the third is paid by time; the second is paid altogether.
    assert!(take(SECOND + SECOND / 2).is_some());
    assert_eq!(table.give_back(&second), one / 2);
    assert_eq!(table.give_back(&third), one / 2);
    assert_eq!(table.peek(alice, SECOND + SECOND / 2).0, i64::try_from(one / 2).unwrap());
}

#[test]
fn give_back_after_an_eviction_is_dropped() {
    let (table, quota) = table::<2>(2, per(4, 4 * SECOND));
    let check = |key, cost| match table.check(hash(key), spend(&quota, cost), 0) {
        Outcome::Admitted { receipt, .. } => Some(receipt),
        _ => None,
    };
    let kept = check(1, 3).unwrap();
    check(2, 1).unwrap();
    // Takes the slot of 2 with its debt of 1; what 2 owes is kept by the set as long as nothing is lowered.
    let inherits = check(3, 1).unwrap();
    assert_eq!(table.stats().evictions_with_debt, 1);
    assert_eq!(table.give_back(&kept), 0);
    assert_eq!(table.give_back(&inherits), quota.interval);
    assert_eq!(table.peek(hash(2), 0).0, i64::try_from(quota.interval).unwrap());
}

#[test]
fn a_receipt_does_not_outlive_its_key() {
    let (table, quota) = table::<2>(2, per(1, SECOND));
    let Outcome::Admitted { receipt, .. } = table.check(hash(1), spend(&quota, 1), 0) else { panic!() };
    assert!(table.reset(hash(1)) && !table.reset(hash(1)));
    assert!(matches!(table.check(hash(1), spend(&quota, 1), 0), Outcome::Admitted { .. }));
    assert_eq!(table.give_back(&receipt), 0);
}

#[test]
fn a_sweep_goes_by_what_every_later_check_will_see() {
    // A check 1 ms ahead of `high` finds a slot behind it; a check that comes in between must not start afresh.
    let (table, quota) = table::<1>(1, per(1, 500));
    let range = quota.scale.range_micros();
    let mut events = BTreeMap::new();
    let base = range / 4 - 1;
    assert!(note(&table, &mut events, hash(1), &quota, 1, base).is_some());
    assert!(note(&table, &mut events, hash(2), &quota, 1, base + 700).is_some());
    assert!(note(&table, &mut events, hash(1), &quota, 1, base + 1).is_none());
    assert_claim(&mut events, &quota);
}

/// Spends ticks, which are microseconds here, of 500.
fn ticks(table: &Table<2>, key: u64, cost: u64, mono: u64) -> Option<Receipt> {
    match table.check(hash(key), Spend { cost, tolerance: 500 }, mono) {
        Outcome::Admitted { receipt, .. } => Some(receipt),
        _ => None,
    }
}

#[test]
fn the_least_debt_is_taken_even_where_all_of_it_has_passed() {
    let (table, _) = table::<2>(2, per(1, SECOND));
    assert!(ticks(&table, 1, 500, 0).is_some() && ticks(&table, 2, 300, 0).is_some());
    // Both debts have passed at 700, but not for key 1 when it comes with 1. It still has its slot.
    assert!(ticks(&table, 3, 1, 700).is_some());
    assert!(ticks(&table, 1, 200, 1).is_none());
}

#[test]
fn debt_that_has_passed_for_one_caller_only_still_voids_receipts() {
    let (table, _) = table::<2>(2, per(1, SECOND));
    assert!(ticks(&table, 1, 300, 0).is_some());
    let (first, second) = (ticks(&table, 2, 300, 0).unwrap(), ticks(&table, 2, 100, 0).unwrap());
    assert!(ticks(&table, 3, 1, 700).is_some());
    assert_eq!((table.give_back(&second), table.give_back(&first)), (0, 0));
    assert!(ticks(&table, 1, 300, 1).is_none());
}

#[test]
fn a_jump_of_whole_ranges_leaves_no_debt_behind() {
    // From just before half the range after the last sweep, which is where a jump used to leave time.
    let (table, quota) = table::<7>(7, per(2, SECOND));
    let range = quota.scale.range_micros();
    let start = 5 * range - 100;
    for mono in [start, start + range + 1000, start + 7 * range] {
        assert!(matches!(table.check(hash(0), spend(&quota, 2), mono), Outcome::Admitted { .. }));
    }
}

#[test]
fn memory_is_fixed_and_slots_come_in_sets() {
    let (table, _) = table::<7>(1000, per(1, SECOND));
    assert_eq!(table.stats().slots, 1001);
    assert!(Table::<7>::new(usize::MAX, Scale::for_quota(&per(1, SECOND)).unwrap()).is_none());
}
