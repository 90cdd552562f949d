//! What the gate says next. One object goes through all steps of a request, so that JavaScript keeps one external a request.

use super::Core;
use crate::boundary::NUMBERS;
use crate::errors::{self, Result};
use crate::now::now;
use doorward::Now;
use doorward::gate::{Admitted, Answer, Ask, Body, Denial, NeedBody, Principal, Question, Step};
use napi::bindgen_prelude::External;
use napi_derive::napi;
use std::cell::RefCell;
use std::mem;
use std::sync::Arc;

/// A request on its way.
pub(crate) struct StepHandle {
    pub(super) core: Arc<Core>,
    pub(super) state: RefCell<State>,
    /// Who it is from, where that was known before the decision.
    principal: Option<Principal>,
}

/// Where it is.
pub(super) enum State {
    NeedBody(NeedBody),
    Ask(Ask),
    Admitted(Admitted),
    Denied(Box<Denial>),
    /// Under way: nobody sees it.
    Gone,
}

impl From<Step> for State {
    fn from(step: Step) -> Self {
        match step {
            Step::Admitted(admitted) => Self::Admitted(admitted),
            Step::Denied(denial) => Self::Denied(denial),
            Step::NeedBody(need) => Self::NeedBody(need),
            Step::Ask(ask) => Self::Ask(ask),
        }
    }
}

impl StepHandle {
    pub(super) fn of(core: Arc<Core>, step: Step) -> Self {
        let principal = match &step {
            Step::NeedBody(need) => Some(need.principal().clone()),
            _ => None,
        };
        Self { core, state: RefCell::new(step.into()), principal }
    }

    /// What it is, for JavaScript: 0 and when the credential ends (NaN where it does not); 1 and the status; 2 and how much of
    /// the body to read; 3, the question's number and how many seconds its answer may take.
    pub(super) fn told(&self) -> [f64; NUMBERS] {
        #[expect(clippy::cast_precision_loss, reason = "no limit is that large")]
        let [a, b, c] = match &*self.state.borrow() {
            State::Admitted(admitted) => [0.0, admitted.valid_until.unwrap_or(f64::NAN), 0.0],
            State::Denied(denial) => [1.0, f64::from(denial.status), 0.0],
            State::NeedBody(need) => [2.0, need.limit() as f64, 0.0],
            State::Ask(ask) => [3.0, number(ask.question()), 0.0],
            State::Gone => [f64::NAN; 3],
        };
        [a, b, c, 0.0, 0.0, 0.0, 0.0, 0.0]
    }

    /// How much of a body to read, where one is needed.
    pub(super) fn body_limit(&self) -> Option<usize> {
        match &*self.state.borrow() {
            State::NeedBody(need) => Some(need.limit()),
            _ => None,
        }
    }

    /// Goes on with a body. False where none is needed.
    pub(super) fn go_on(&self, core: &Core, body: Body<'_>, now: Now) -> bool {
        let need = match self.state.replace(State::Gone) {
            State::NeedBody(need) => need,
            other => {
                self.state.replace(other);
                return false;
            }
        };
        let step = core.gate.body(need, body, now);
        self.state.replace(step.into());
        true
    }

    /// Goes on with an answer.
    pub(super) fn answer(&self, answer: Answer, now: Now) -> Result<Vec<f64>> {
        let mut state = self.state.borrow_mut();
        let ask = match mem::replace(&mut *state, State::Gone) {
            State::Ask(ask) => ask,
            other => {
                *state = other;
                return Err(errors::used());
            }
        };
        drop(state);
        let step = self.core.gate.resume(ask, answer, now);
        self.state.replace(step.into());
        Ok(self.told().to_vec())
    }

    /// Who it is from, as far as that is known.
    fn principal(&self) -> Option<Principal> {
        if let Some(known) = &self.principal {
            return Some(known.clone());
        }
        match &*self.state.borrow() {
            State::Admitted(admitted) => Some(admitted.principal.clone()),
            State::Denied(denial) => denial.principal.clone(),
            State::NeedBody(need) => Some(need.principal().clone()),
            State::Ask(_) | State::Gone => None,
        }
    }
}

const fn number(question: &Question) -> f64 {
    match question {
        Question::Keys(_) => 0.0,
        Question::ApiKey(_) => 1.0,
        Question::Introspect(_) => 2.0,
        Question::SharedLimit(_) => 3.0,
        _ => 4.0,
    }
}

/// Who a request is from, as far as that is known.
#[napi]
#[must_use]
pub(crate) fn step_principal(step: &External<StepHandle>) -> Option<External<Principal>> {
    step.principal().map(External::new)
}

/// The body is longer than may be read, or it broke off. The numbers of the next step.
#[napi]
pub(crate) fn step_unread(
    step: &External<StepHandle>,
    too_large: bool,
    unix: f64,
    milliseconds: f64,
) -> Result<Vec<f64>> {
    let body = if too_large { Body::TooLarge } else { Body::Broken };
    match step.go_on(&step.core, body, now(unix, milliseconds)) {
        true => Ok(step.told().to_vec()),
        false => Err(errors::used()),
    }
}
