//! Many threads, a few buckets, three layers: what all layers admitted is audited afterwards, bucket by bucket.
//!
//! Time stands still for a round and then moves for all, so that the moment of each admission is known exactly.

use super::*;
use crate::rate::tests::{Event, assert_claim};
use crate::rate::{Limiter, Prepared, Quota};
use alloc::collections::BTreeMap;
use std::sync::Barrier;
use std::thread;

const THREADS: u64 = 8;
const ROUNDS: u64 = 40;
const CALLS: u64 = 400;
/// Above the clock's granularity, in µs.
const STEP: u64 = 200_000;
const TOOLS: [&str; 3] = ["x", "y", "z"];

/// SplitMix64.
fn mix(value: u64) -> u64 {
    let mixed = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// One admitted request: when, whose, and the tools it called.
type Admission = (u64, usize, Vec<usize>);

fn prepared(quota: Quota) -> Prepared {
    *Limiter::new(1, quota, SEED).unwrap().base()
}

#[test]
fn no_layer_lets_through_more_than_it_may_and_nothing_is_leaked() {
    let quotas = [per(60, SECOND), per(40, SECOND), per(20, SECOND).burst(9).unwrap()];
    let layers = Layers::new(
        [
            Layer::new("all", quotas[0], Per::Everybody),
            Layer::new("own", quotas[1], Per::Principal).slots(70).cost(2),
            Layer::new("tool", quotas[2], Per::PrincipalAndTool).slots(700).tools(["x", "y"]),
        ],
        SEED,
    )
    .unwrap();
    let barrier = Barrier::new(usize::try_from(THREADS).unwrap());
    let admissions: Vec<Admission> = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let (layers, barrier) = (&layers, &barrier);
                scope.spawn(move || {
                    let mut admitted = Vec::new();
                    for round in 0..ROUNDS {
                        barrier.wait();
                        let mono = STEP * (1 + round);
                        for number in 0..CALLS {
                            let random = mix(thread << 40 | round << 20 | number);
                            let index =
                                |shift: u32, of: u64| usize::try_from((random >> shift) % of).unwrap();
                            let principal = index(0, 3);
                            let tools: Vec<usize> = (0..=index(8, 3))
                                .map(|at| index(16 + 4 * u32::try_from(at).unwrap(), 3))
                                .collect();
                            let names: Vec<&str> = tools.iter().map(|tool| TOOLS[*tool]).collect();
                            let who = format!("{principal}");
                            if call(layers, &caller(&who, &[], b""), &names, mono).is_ok() {
                                admitted.push((mono, principal, tools));
                            }
                        }
                    }
                    admitted
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });

    let mut events = [BTreeMap::new(), BTreeMap::new(), BTreeMap::new()];
    let mut note = |layer: usize, key: usize, at: u64, units: usize| {
        let units = i64::try_from(units).unwrap();
        let interval = i64::try_from(prepared(quotas[layer]).interval).unwrap();
        let events: &mut BTreeMap<u64, Vec<Event>> = &mut events[layer];
        events.entry(u64::try_from(key).unwrap()).or_default().push(Event {
            at,
            units,
            ticks: units * interval,
        });
    };
    for (at, principal, tools) in &admissions {
        note(0, 0, *at, tools.len());
        note(1, 10 * principal, *at, 2 * tools.len());
        for tool in 0..2 {
            let times = tools.iter().filter(|one| **one == tool).count();
            if times > 0 {
                note(2, 10 * principal + tool, *at, times);
            }
        }
    }
    // What the buckets owe at the end is what was admitted, but for what could not be given back.
    let end = STEP * ROUNDS;
    let (mut owed, mut due) = (0, 0);
    for (layer, events) in events.iter_mut().enumerate() {
        let quota = prepared(quotas[layer]);
        assert_claim(events, &quota);
        for (key, events) in events {
            let tat = events.iter().fold(0, |tat, event| event.at.max(tat) + event.ticks.unsigned_abs());
            due += tat.saturating_sub(end);
            let (principal, tool) = (format!("{}", key / 10), TOOLS[usize::try_from(key % 10).unwrap()]);
            let key = layers.key(
                &layers.rows[layer],
                &caller(&principal, &[], b""),
                layers.name_hash(Some((Kind::Tool, tool))),
            );
            let limiter = &layers.rows[layer].limiter;
            let stands = limiter.peek(&key.to_ne_bytes(), limiter.base(), 0, Now::new(0.0, end));
            // Ticks are microseconds here.
            owed += stands.reset_after_micros;
        }
    }
    let (all, lost) = (admissions.len(), layers.lost());
    let most = 6 * quotas.iter().map(|quota| prepared(*quota).interval).max().unwrap();
    assert!(owed >= due && owed - due <= lost * most, "{owed} µs owed, {due} due, {lost} lost");
    // The run must have gone through what it is there for.
    assert!(all > 200 && lost < all as u64 / 4, "{all} admitted, {lost} lost");
}
