//! Every interleaving of a few checks on one set of two slots: nobody gets more than their burst.
//!
//! `RUSTFLAGS="--cfg doorward_loom" CARGO_TARGET_DIR=../../target/loom cargo test --release`
//!
//! Waiting is cut to two turns and retries to four, so these models also go through the denials of a busy set.
//! With three threads, schedules are bounded at two preemptions.
#![cfg(doorward_loom)]

use doorward::rate::Receipt;
use doorward::rate::model::{INTERVAL, Model, RANGE};
use loom::sync::Arc;
use loom::thread;

const QUARTER: u64 = RANGE / 4;

fn explore(preemptions: Option<usize>, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(model);
}

fn spawn<T: 'static>(table: &Arc<Model>, act: impl FnOnce(&Model) -> T + 'static) -> thread::JoinHandle<T> {
    let table = Arc::clone(table);
    thread::spawn(move || act(&table))
}

/// How many of `tries` checks are admitted.
fn admitted(table: &Model, key: u32, burst: u64, mono: u64, tries: usize) -> usize {
    (0..tries).filter(|_| table.check(key, burst, mono).is_some()).count()
}

#[test]
fn one_new_key_inserted_twice_has_one_bucket() {
    explore(None, || {
        let table = Arc::new(Model::new());
        let other = spawn(&table, |table| admitted(table, 1, 1, 0, 1));
        let here = admitted(&table, 1, 1, 0, 1);
        let total = here + other.join().unwrap() + admitted(&table, 1, 1, 0, 1);
        // One of the two may find the set busy, but not both; and never are both let in.
        assert_eq!(total, 1);
    });
}

#[test]
fn one_new_key_inserted_three_times_has_one_bucket() {
    explore(Some(2), || {
        let table = Arc::new(Model::new());
        let others = [1, 2].map(|_| spawn(&table, |table| admitted(table, 1, 2, 0, 1)));
        let here = admitted(&table, 1, 2, 0, 1);
        let total = here + others.map(|t| t.join().unwrap()).iter().sum::<usize>();
        assert!(total <= 2);
        assert!(total + admitted(&table, 1, 2, 0, 2) == 2);
    });
}

#[test]
fn a_hit_races_the_eviction_of_its_slot() {
    explore(None, || {
        let table = Arc::new(Model::new());
        // Key 1 has the lesser debt, so it is the victim.
        assert_eq!(admitted(&table, 1, 2, 0, 1), 1);
        assert_eq!(admitted(&table, 2, 3, 0, 2), 2);
        let evictor = spawn(&table, |table| admitted(table, 3, 3, 0, 1));
        let hits = 1 + admitted(&table, 1, 2, 0, 1);
        let evicts = evictor.join().unwrap();
        let total = hits + admitted(&table, 1, 2, 0, 2);
        assert!(total <= 2, "{total} of 2");
        assert!(evicts + admitted(&table, 3, 3, 0, 3) <= 3);
    });
}

#[test]
fn a_hit_races_two_evictions() {
    explore(Some(2), || {
        let table = Arc::new(Model::new());
        assert_eq!(admitted(&table, 1, 2, 0, 1), 1);
        assert_eq!(admitted(&table, 2, 2, 0, 1), 1);
        let evictors = [3, 4].map(|key| spawn(&table, move |table| admitted(table, key, 2, 0, 1)));
        let hits = 1 + admitted(&table, 1, 2, 0, 1);
        for evictor in evictors {
            evictor.join().unwrap();
        }
        let total = hits + admitted(&table, 1, 2, 0, 2);
        assert!(total <= 2, "{total} of 2");
    });
}

/// Key 1 with two units, one of which comes back; key 2 evicts, key 1 is pushed out and returns.
fn give_back_against(preemptions: Option<usize>, evictors: &'static [u32]) {
    explore(preemptions, move || {
        let table = Arc::new(Model::new());
        assert_eq!(admitted(&table, 1, 2, 0, 1), 1);
        let receipt: Receipt = table.check(1, 2, 0).expect("one more");
        assert_eq!(admitted(&table, 2, 2, 0, 2), 2);
        let threads: Vec<_> =
            evictors.iter().map(|&key| spawn(&table, move |t| admitted(t, key, 3, 0, 1))).collect();
        let given = usize::from(table.give_back(&receipt) > 0);
        let mut total = 2 - given + admitted(&table, 1, 2, 0, 1);
        for thread in threads {
            thread.join().unwrap();
        }
        total += admitted(&table, 1, 2, 0, 2);
        assert!(total <= 2, "{total} of 2, {given} given back");
        // Key 2 was full all along, wherever it has been.
        assert_eq!(admitted(&table, 2, 2, 0, 1), 0);
    });
}

#[test]
fn a_give_back_races_an_eviction_and_the_return() {
    give_back_against(None, &[3]);
}

#[test]
fn a_give_back_races_two_evictions() {
    give_back_against(Some(2), &[3, 4]);
}

#[test]
fn a_give_back_races_the_eviction_of_a_neighbour() {
    explore(None, || {
        let table = Arc::new(Model::new());
        // Both owe two; key 2 is the first of the two, and so the victim. It is full, and must find that out
        // when it is back, in whatever slot.
        assert_eq!(admitted(&table, 2, 2, 0, 2), 2);
        assert_eq!(admitted(&table, 1, 4, 0, 1), 1);
        let receipt: Receipt = table.check(1, 4, 0).expect("one more");
        let evictor = spawn(&table, |table| admitted(table, 3, 4, 0, 1));
        table.give_back(&receipt);
        let here = admitted(&table, 2, 2, 0, 1);
        evictor.join().unwrap();
        assert_eq!(here + admitted(&table, 2, 2, 0, 1), 0);
    });
}

#[test]
fn a_hit_and_its_give_back_race_the_eviction_of_a_neighbour() {
    explore(None, || {
        let table = Arc::new(Model::new());
        // Key 1 owes less than key 2, until its hit makes it as much and key 2 the victim.
        assert_eq!(admitted(&table, 2, 3, 0, 3), 3);
        assert_eq!(admitted(&table, 1, 4, 0, 2), 2);
        let evictor = spawn(&table, |table| admitted(table, 3, 4, 0, 1));
        if let Some(receipt) = table.check(1, 4, 0) {
            table.give_back(&receipt);
        }
        evictor.join().unwrap();
        assert_eq!(admitted(&table, 2, 3, 0, 1), 0);
    });
}

#[test]
fn a_sweep_races_a_hit() {
    explore(Some(3), || {
        let table = Arc::new(Model::new());
        // Behind `high` once time has moved; key 1 hits in the moment before the sweep clears it, or after.
        assert_eq!(admitted(&table, 1, 2, 0, 1), 1);
        let sweeper = spawn(&table, |table| admitted(table, 2, 2, QUARTER, 1));
        let early = admitted(&table, 1, 2, INTERVAL, 1);
        sweeper.join().unwrap();
        let late = admitted(&table, 1, 2, QUARTER, 3);
        // `early` counted at INTERVAL or, clamped, at QUARTER: at the latter, at most two in all.
        assert!(late <= 2 && early + late <= 3);
        assert_eq!(admitted(&table, 1, 2, QUARTER, 1), 0);
    });
}

#[test]
fn two_hits_at_the_moment_of_the_sweep() {
    explore(Some(3), || {
        let table = Arc::new(Model::new());
        assert_eq!(admitted(&table, 1, 2, 0, 1), 1);
        let other = spawn(&table, |table| admitted(table, 1, 2, QUARTER, 1));
        let here = admitted(&table, 1, 2, QUARTER, 1);
        let total = here + other.join().unwrap();
        assert!(total + admitted(&table, 1, 2, QUARTER, 2) <= 2);
    });
}

#[test]
fn a_jump_over_many_ranges_races_a_hit_at_its_end() {
    explore(Some(2), || {
        let table = Arc::new(Model::new());
        let end = 1000 * RANGE + 3 * QUARTER;
        assert_eq!(admitted(&table, 1, 2, 0, 2), 2);
        let other = spawn(&table, move |table| admitted(table, 1, 2, end, 1));
        // One of the two jumps; the other waits, and may give up.
        let here = admitted(&table, 1, 2, end, 1);
        let total = here + other.join().unwrap();
        assert!(total >= 1);
        assert_eq!(total + admitted(&table, 1, 2, end, 2), 2);
        assert_eq!(table.debt(1, end), 2 * INTERVAL as i64);
    });
}

#[test]
fn an_insert_under_way_is_not_lost_to_time_that_moves_on() {
    explore(Some(2), || {
        let table = Arc::new(Model::new());
        // Two keys fill the set; 3 evicts the lesser while 1 hits ever later, until its TAT is half the range from
        // where 3 began.
        assert_eq!(admitted(&table, 1, 2, 0, 2), 2);
        assert_eq!(admitted(&table, 2, 2, 0, 1), 1);
        let evictor = spawn(&table, |table| admitted(table, 3, 2, 0, 1));
        let first = admitted(&table, 1, 2, QUARTER - 1, 2);
        let end = 2 * QUARTER - 1;
        let second = admitted(&table, 1, 2, end, 2);
        evictor.join().unwrap();
        let total = second + admitted(&table, 1, 2, end, 2);
        assert!(first <= 2 && total <= 2, "{total} of 2");
    });
}

#[test]
fn a_sweep_races_an_insert() {
    explore(Some(3), || {
        let table = Arc::new(Model::new());
        // Key 1's slot is behind `high` once time has moved; key 2 comes into the other, early or late.
        assert_eq!(admitted(&table, 1, 2, 0, 1), 1);
        let sweeper = spawn(&table, |table| admitted(table, 3, 2, QUARTER, 1));
        let early = admitted(&table, 2, 1, QUARTER - 1, 1);
        sweeper.join().unwrap();
        // A microsecond has given nothing back: what was let in early is still owed, whatever was swept meanwhile.
        assert!(early + admitted(&table, 2, 1, QUARTER, 2) <= 1);
    });
}

#[test]
fn a_sweep_races_an_eviction_and_a_hit() {
    explore(Some(2), || {
        let table = Arc::new(Model::new());
        // Key 2 is full to the last moment before the sweep and stays so; key 1 has long been paid off.
        assert_eq!(admitted(&table, 1, 2, 0, 1), 1);
        assert_eq!(admitted(&table, 2, 2, QUARTER - 1, 2), 2);
        let sweeper = spawn(&table, |table| admitted(table, 2, 2, QUARTER, 1));
        let evictor = spawn(&table, |table| admitted(table, 3, 2, QUARTER - 1, 2));
        let hits = admitted(&table, 1, 2, QUARTER, 2);
        assert_eq!(sweeper.join().unwrap(), 0);
        let evicts = evictor.join().unwrap();
        assert!(hits + admitted(&table, 1, 2, QUARTER, 2) <= 2);
        assert!(evicts + admitted(&table, 3, 2, QUARTER, 2) <= 2);
        assert_eq!(admitted(&table, 2, 2, QUARTER, 1), 0);
    });
}

#[test]
fn a_sweep_races_a_give_back() {
    explore(Some(3), || {
        let table = Arc::new(Model::new());
        // Both units are taken just before time moves on, so one that comes back can be taken again, and no more.
        assert_eq!(admitted(&table, 1, 2, QUARTER - 1, 1), 1);
        let receipt: Receipt = table.check(1, 2, QUARTER - 1).expect("one more");
        let sweeper = spawn(&table, |table| admitted(table, 2, 2, QUARTER, 1));
        let given = usize::from(table.give_back(&receipt) > 0);
        sweeper.join().unwrap();
        assert_eq!(admitted(&table, 1, 2, QUARTER, 3), given);
    });
}

#[test]
fn two_give_backs_race_a_hit() {
    explore(Some(2), || {
        let table = Arc::new(Model::new());
        let receipts = [(); 2].map(|()| table.check(1, 2, 0).expect("two units"));
        let threads = receipts.map(|receipt| spawn(&table, move |table| table.give_back(&receipt) > 0));
        let hits = admitted(&table, 1, 2, 0, 2);
        let given = threads.map(|thread| thread.join().unwrap()).into_iter().filter(|given| *given).count();
        assert!(hits <= given);
        assert_eq!(hits + admitted(&table, 1, 2, 0, 3), given);
    });
}

#[test]
fn three_hits_of_one_bucket_take_what_is_in_it() {
    explore(Some(2), || {
        let table = Arc::new(Model::new());
        assert_eq!(admitted(&table, 1, 3, 0, 1), 1);
        let others = [0, 1].map(|_| spawn(&table, |table| admitted(table, 1, 3, 0, 1)));
        let here = admitted(&table, 1, 3, 0, 1);
        let total = 1 + here + others.map(|thread| thread.join().unwrap()).iter().sum::<usize>();
        // Nobody waits for anybody: of three swaps at one word no thread loses more than two.
        assert_eq!((total, admitted(&table, 1, 3, 0, 1)), (3, 0));
    });
}
