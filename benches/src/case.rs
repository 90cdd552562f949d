//! One figure: what is run, and beside what.

use cpu_time::ThreadTime;
use std::hint::black_box;
use std::time::Duration;

/// Runs an operation so many times, and says how long that took.
pub type Run = Box<dyn FnMut(u64) -> Duration>;

/// Who pays for reading a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// Nobody: the time is made up.
    Neither,
    /// Both sides read the system's clock once an operation.
    Both,
}

impl Clock {
    /// As it stands in the report.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Neither => "neither",
            Self::Both => "both",
        }
    }
}

/// What the design asks of a figure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Budget {
    /// At most so many nanoseconds.
    Nanos(f64),
    /// At most so many times the peer's time.
    Ratio(f64),
}

/// Both sides, built and warm.
pub struct Sides {
    /// Doorward's.
    pub ours: Run,
    /// The peer's, where there is one.
    pub theirs: Option<Run>,
}

/// One figure of the report.
pub struct Case {
    /// Its id; cases that differ in the peer alone share one.
    pub id: String,
    /// The peer and what of it is run.
    pub vs: Option<&'static str>,
    /// Which library does the cryptography of our side, where there is a choice.
    pub by: Option<&'static str>,
    /// Who pays for a clock.
    pub clock: Clock,
    /// What it should come to.
    pub budget: Option<Budget>,
    /// Whether a side needs long batches to have the processor's caches to itself.
    pub long: bool,
    ours: Build,
    theirs: Option<Build>,
}

type Build = Box<dyn Fn() -> Run>;

impl Case {
    /// A case without a peer.
    pub fn alone(id: impl Into<String>, ours: impl Fn() -> Run + 'static) -> Self {
        Self {
            id: id.into(),
            vs: None,
            by: None,
            clock: Clock::Neither,
            budget: None,
            long: false,
            ours: Box::new(ours),
            theirs: None,
        }
    }

    /// A case beside a peer.
    pub fn versus(
        id: impl Into<String>,
        vs: &'static str,
        ours: impl Fn() -> Run + 'static,
        theirs: impl Fn() -> Run + 'static,
    ) -> Self {
        Self { vs: Some(vs), theirs: Some(Box::new(theirs)), ..Self::alone(id, ours) }
    }

    /// Says which library does the cryptography of our side.
    #[must_use]
    pub fn by(mut self, library: &'static str) -> Self {
        self.by = Some(library);
        self
    }

    /// Says that both sides read the clock.
    #[must_use]
    pub fn clock_on_both_sides(mut self) -> Self {
        self.clock = Clock::Both;
        self
    }

    /// For tables larger than the processor's caches: a short batch would find the other side's in them.
    #[must_use]
    pub fn long_batches(mut self) -> Self {
        self.long = true;
        self
    }

    /// Says what it should come to.
    #[must_use]
    pub fn budget(mut self, budget: Budget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Builds both sides: tables filled, keys prepared. May take seconds and hundreds of megabytes.
    #[must_use]
    pub fn build(&self) -> Sides {
        Sides { ours: (self.ours)(), theirs: self.theirs.as_ref().map(|theirs| theirs()) }
    }

    /// Builds our side alone.
    #[must_use]
    pub fn build_ours(&self) -> Run {
        (self.ours)()
    }
}

/// A loop around `op`, whose result is kept from being optimised away. Told in the thread's own time: on a shared
/// machine, what others took in between is not counted.
pub fn timed<R>(mut op: impl FnMut() -> R + 'static) -> Run {
    Box::new(move |times| {
        let start = ThreadTime::now();
        for _ in 0..times {
            black_box(&op());
        }
        start.elapsed()
    })
}
