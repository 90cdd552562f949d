//! Questions, and their answers.

use super::step::{State, StepHandle};
use crate::api_keys::ApiKeyHandle;
use crate::boundary::Octets;
use crate::errors::Result;
use crate::jwks::FetchParts;
use crate::now::now;
use doorward::gate::{Answer, IntrospectionReply, Question};
use doorward::rate::shared::Reply;
use napi::bindgen_prelude::{Buffer, External, ExternalRef};
use napi_derive::napi;

impl StepHandle {
    /// What is asked; nothing once it was answered.
    fn question<T>(&self, tell: impl FnOnce(&mut Question) -> Option<T>) -> Option<T> {
        match &mut *self.state.borrow_mut() {
            State::Ask(ask) => tell(ask.question_mut()),
            _ => None,
        }
    }
}

/// Seconds the answer may take from now on.
#[napi]
#[must_use]
pub(crate) fn ask_deadline(step: &External<StepHandle>, unix: f64, milliseconds: f64) -> Option<f64> {
    let deadline = step.question(|question| match question {
        Question::Keys(wanted) => Some(wanted.deadline()),
        Question::ApiKey(wanted) => Some(wanted.deadline()),
        Question::Introspect(wanted) => Some(wanted.deadline()),
        Question::SharedLimit(wanted) => Some(wanted.command().time_left(now(unix, milliseconds))),
        _ => None,
    });
    deadline.map(|deadline| deadline.as_secs_f64())
}

/// The fetch to do, if no other request has it already.
#[napi]
pub(crate) fn ask_take_fetch(step: &External<StepHandle>) -> Option<FetchParts> {
    step.question(|question| match question {
        Question::Keys(wanted) => wanted.take_fetch().map(FetchParts::of),
        _ => None,
    })
}

/// Whether the keys are still being fetched.
#[napi]
#[must_use]
pub(crate) fn ask_is_waiting(step: &External<StepHandle>, unix: f64, milliseconds: f64) -> bool {
    let waiting = step.question(|question| match question {
        Question::Keys(wanted) => Some(wanted.jwks().is_fetching(now(unix, milliseconds))),
        _ => None,
    });
    waiting.unwrap_or_default()
}

/// The SHA-256 of the credential, hexadecimal.
#[napi]
#[must_use]
pub(crate) fn ask_digest(step: &External<StepHandle>) -> Option<String> {
    step.question(|question| match question {
        Question::ApiKey(wanted) => Some(wanted.digest().to_hex()),
        Question::Introspect(wanted) => {
            Some(wanted.digest().iter().map(|byte| format!("{byte:02x}")).collect())
        }
        _ => None,
    })
}

/// What to POST, and where.
#[napi(object, object_from_js = false)]
pub(crate) struct IntrospectionParts {
    /// Where to.
    pub url: String,
    /// The form, which holds the token.
    pub body: String,
    /// The most bytes of an answer to read.
    pub limit: f64,
}

/// What an introspection endpoint is to be asked.
#[napi]
#[must_use]
pub(crate) fn ask_introspection(step: &External<StepHandle>) -> Option<IntrospectionParts> {
    step.question(|question| match question {
        Question::Introspect(wanted) => Some(IntrospectionParts {
            url: wanted.url().to_owned(),
            body: wanted.body().to_owned(),
            #[expect(clippy::cast_precision_loss, reason = "no limit is that large")]
            limit: wanted.limit() as f64,
        }),
        _ => None,
    })
}

/// A command for Redis.
#[napi(object, object_from_js = false)]
pub(crate) struct RedisCommand {
    /// `EVALSHA` or `EVAL`.
    pub command: &'static str,
    /// The script's SHA-1, or the script.
    pub script: &'static str,
    /// The one key.
    pub key: Buffer,
    /// What follows the key, in decimal digits.
    pub args: Vec<String>,
}

/// The command to run.
#[napi]
#[must_use]
pub(crate) fn ask_command(step: &External<StepHandle>) -> Option<RedisCommand> {
    step.question(|question| match question {
        Question::SharedLimit(wanted) => {
            let command = wanted.command();
            Some(RedisCommand {
                command: command.command(),
                script: command.script(),
                key: command.key().to_vec().into(),
                args: command.args().map(|number| number.to_string()).to_vec(),
            })
        }
        _ => None,
    })
}

/// An answer that says no more than itself: 0 ready, 1 unreachable, anything else unavailable. The numbers of the next step.
#[napi]
pub(crate) fn ask_over(
    step: &External<StepHandle>,
    answer: u32,
    unix: f64,
    milliseconds: f64,
) -> Result<Vec<f64>> {
    let answer = match answer {
        0 => Answer::Ready,
        1 => Answer::SharedLimit(Reply::Unreachable),
        _ => Answer::Unavailable,
    };
    step.answer(answer, now(unix, milliseconds))
}

/// The entry of the API key, or that there is none.
#[napi]
pub(crate) fn ask_found(
    step: &External<StepHandle>,
    entry: Option<ExternalRef<ApiKeyHandle>>,
    unix: f64,
    milliseconds: f64,
) -> Result<Vec<f64>> {
    let entry = entry.map(|entry| Box::new(entry.entry.clone()));
    step.answer(Answer::ApiKey(entry), now(unix, milliseconds))
}

/// What the introspection endpoint answered.
#[napi]
pub(crate) fn ask_replied(
    step: &External<StepHandle>,
    status: u16,
    body: Octets,
    unix: f64,
    milliseconds: f64,
) -> Result<Vec<f64>> {
    let reply = IntrospectionReply::new(status, body.as_bytes().to_vec());
    step.answer(Answer::Introspection(reply), now(unix, milliseconds))
}

/// What Redis returned: integers, or an error's text; something else where it is neither.
#[napi]
pub(crate) fn ask_returned(
    step: &External<StepHandle>,
    integers: Option<Vec<i64>>,
    error: Option<String>,
    unix: f64,
    milliseconds: f64,
) -> Result<Vec<f64>> {
    let reply = match (integers, error) {
        (Some(integers), _) => Reply::Integers(integers),
        (None, Some(error)) => Reply::Error(error),
        (None, None) => Reply::Other,
    };
    step.answer(Answer::SharedLimit(reply), now(unix, milliseconds))
}
