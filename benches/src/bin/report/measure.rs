//! Batches by turns, and what is made of them.

use doorward_benches::{Run, Sides};
use std::time::Duration;

/// How long a figure is measured.
pub(crate) struct Effort {
    /// Batches a side.
    batches: usize,
    /// About how long a batch should take.
    batch: Duration,
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
    // A batch is much shorter than a scheduler's time slice, so that on a busy machine most batches are whole and
    // the median is one of those: with batches of 1 ms and eight programs on two cores, it was not.
    /// About two seconds a figure.
    pub(crate) const FULL: Self = Self { batches: 5001, batch: Duration::from_micros(200) };
    /// About a third of a second.
    pub(crate) const QUICK: Self = Self { batches: 1501, batch: Duration::from_micros(100) };

    /// Runs both sides by turns.
    pub(crate) fn measure(&self, sides: Sides) -> Figure {
        let Sides { mut ours, mut theirs } = sides;
        let our_times = self.times(&mut ours);
        let their_times = theirs.as_mut().map(|theirs| self.times(theirs));
        let (mut our_nanos, mut their_nanos) = (Vec::new(), Vec::new());
        for _ in 0..self.batches {
            our_nanos.push(nanos(&mut ours, our_times));
            if let Some((theirs, times)) = theirs.as_mut().zip(their_times) {
                their_nanos.push(nanos(theirs, times));
            }
        }
        let theirs = theirs.map(|_| Side::of(their_nanos));
        Figure { ours: Side::of(our_nanos), theirs, batches: self.batches }
    }

    /// How many operations fill a batch. Warms up on the way.
    fn times(&self, run: &mut Run) -> u64 {
        let mut times = 1;
        loop {
            let took = run(times);
            if took >= self.batch / 2 {
                let per_batch = times as f64 * self.batch.as_secs_f64() / took.as_secs_f64();
                return (per_batch as u64).max(1);
            }
            times *= 2;
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
