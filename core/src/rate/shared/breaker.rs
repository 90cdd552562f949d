//! The breaker: closed, everybody asks; open, nobody; after a cool-down one asks, and what comes of it decides.

/// How a shared limit is kept at the moment: for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Mode {
    /// By the server.
    Shared,
    /// By the fallback.
    Fallback,
    /// By the fallback, while one request asks whether the server is back.
    Probing,
}

impl Mode {
    /// The mode's stable name, the same in every language.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Shared => "shared",
            Self::Fallback => "fallback",
            Self::Probing => "probing",
        }
    }
}

/// Which of the breaker's states an ask was begun in: what comes of it later says nothing of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Epoch(u64);

#[derive(Debug)]
pub(super) struct Breaker {
    mode: Mode,
    /// In a row.
    failures: u32,
    /// When somebody may ask again, in µs; of no meaning in [`Mode::Shared`].
    until: u64,
    epoch: u64,
    limit: u32,
    cool_down: u64,
}

impl Breaker {
    /// Opens after `limit` failures in a row, for `cool_down` µs.
    pub(super) const fn new(limit: u32, cool_down: u64) -> Self {
        Self { mode: Mode::Shared, failures: 0, until: 0, epoch: 0, limit, cool_down }
    }

    pub(super) const fn mode(&self) -> Mode {
        self.mode
    }

    /// Whether a request may ask at `now` µs. Who gets leave to probe and never tells what came of it, as a caller who hung
    /// up, is replaced after another cool-down.
    pub(super) fn may_ask(&mut self, now: u64) -> Option<Epoch> {
        if self.mode != Mode::Shared {
            // Longer than a cool-down is a clock that went back.
            if self.until > now && self.until - now <= self.cool_down {
                return None;
            }
            self.to(Mode::Probing, now);
        }
        Some(Epoch(self.epoch))
    }

    /// What came of an ask: whether the server is well.
    pub(super) fn ended(&mut self, epoch: Epoch, well: bool, now: u64) {
        if epoch.0 != self.epoch {
            return;
        }
        if well {
            self.failures = 0;
            if self.mode != Mode::Shared {
                self.to(Mode::Shared, now);
            }
            return;
        }
        self.failures = self.failures.saturating_add(1);
        if self.mode == Mode::Probing || self.failures >= self.limit {
            self.to(Mode::Fallback, now);
        }
    }

    fn to(&mut self, mode: Mode, now: u64) {
        self.mode = mode;
        self.until = now.saturating_add(self.cool_down);
        self.epoch = self.epoch.wrapping_add(1);
    }
}
