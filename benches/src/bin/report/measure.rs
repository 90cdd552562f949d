//! Batches by turns, and what is made of them.

use doorward_benches::{Case, Run, Sides};
use std::time::Duration;

/// How long a figure is measured.
pub(crate) struct Effort {
    short: Batches,
    long: Batches,
}

/// How many batches a side, and about how long each should take.
struct Batches {
    count: usize,
    time: Duration,
}

impl Batches {
    const fn new(count: usize, micros: u64) -> Self {
        Self { count, time: Duration::from_micros(micros) }
    }
}

/// One side's figure.
#[derive(Clone, Copy)]
pub(crate) struct Side {
    /// Nanoseconds an operation, the median of its batches.
    pub(crate) median: f64,
    /// (p90 − p10) / p50.
    pub(crate) spread: f64,
}

/// What both came to.
pub(crate) struct Figure {
    pub(crate) ours: Side,
    pub(crate) theirs: Option<Side>,
    /// Batches a side.
    pub(crate) batches: usize,
}

impl Effort {
    // A short batch is much shorter than a scheduler's time slice, so that on a busy machine most are whole and the
    // median is one of those.
    /// About two seconds a figure, five with long batches.
    pub(crate) const FULL: Self = Self { short: Batches::new(5001, 200), long: Batches::new(501, 5000) };
    /// About a third of a second a figure, half a second with long batches.
    pub(crate) const QUICK: Self = Self { short: Batches::new(1501, 100), long: Batches::new(61, 4000) };

    /// Runs both sides by turns.
    pub(crate) fn measure(&self, case: &Case) -> Figure {
        let Sides { mut ours, mut theirs } = case.build();
        let batches = if case.long { &self.long } else { &self.short };
        let our_times = batches.times(&mut ours);
        let their_times = theirs.as_mut().map(|theirs| batches.times(theirs));
        let (mut our_nanos, mut their_nanos) = (Vec::new(), Vec::new());
        for _ in 0..batches.count {
            our_nanos.push(nanos(&mut ours, our_times));
            if let Some((theirs, times)) = theirs.as_mut().zip(their_times) {
                their_nanos.push(nanos(theirs, times));
            }
        }
        let theirs = theirs.map(|_| Side::of(their_nanos));
        Figure { ours: Side::of(our_nanos), theirs, batches: batches.count }
    }
}

impl Batches {
    /// How many operations fill a batch. Warms up on the way.
    fn times(&self, run: &mut Run) -> u64 {
        // Of the first operations one may take as long as a whole batch: a few in a row have to.
        const IN_A_ROW: u32 = 8;
        let (mut times, mut in_a_row) = (1, 0);
        loop {
            let took = run(times);
            if took < self.time / 2 {
                (times, in_a_row) = (times * 2, 0);
                continue;
            }
            in_a_row += 1;
            if in_a_row == IN_A_ROW {
                let per_batch = times as f64 * self.time.as_secs_f64() / took.as_secs_f64();
                return (per_batch as u64).max(1);
            }
        }
    }
}

fn nanos(run: &mut Run, times: u64) -> f64 {
    run(times).as_secs_f64() * 1e9 / times as f64
}

impl Side {
    fn of(mut nanos: Vec<f64>) -> Self {
        nanos.sort_unstable_by(f64::total_cmp);
        let at = |percent| nanos[(nanos.len() - 1) * percent / 100];
        Self { median: at(50), spread: (at(90) - at(10)) / at(50) }
    }
}
