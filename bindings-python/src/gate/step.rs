//! What the gate says next.

use super::PyGate;
use super::principal::PyPrincipal;
use crate::api_keys::PyApiKey;
use crate::convert::{Moment, Octets};
use crate::jwks::{PyFetch, take};
use doorward::Now;
use doorward::address::ClientAddress;
use doorward::gate::{
    Admitted, Answer, Ask, Body, Denial, Gate, IntrospectionReply, NeedBody, Notes, Principal, Question,
    Step, query_with_session,
};
use doorward::mcp::Kind;
use doorward::rate::shared::Reply;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The Python object of a step.
pub(super) fn convert<'py>(gate: &Bound<'py, PyGate>, step: Step) -> PyResult<Bound<'py, PyAny>> {
    let py = gate.py();
    Ok(match step {
        Step::Admitted(admitted) => Bound::new(py, PyAdmitted::of(&gate.get().gate, admitted))?.into_any(),
        Step::Denied(denial) => Bound::new(py, PyDenial { denial: *denial })?.into_any(),
        Step::NeedBody(need) => Bound::new(py, PyNeedBody::of(gate, need))?.into_any(),
        Step::Ask(ask) => Bound::new(py, PyAsk::of(gate, ask))?.into_any(),
    })
}

/// Goes on with a body that is there, and with nobody to ask.
pub(super) fn to_the_end(gate: &Gate, mut step: Step, body: Body<'_>, now: Now) -> Step {
    loop {
        step = match step {
            Step::NeedBody(need) => gate.body(need, body, now),
            Step::Ask(ask) => gate.resume(ask, Answer::Unavailable, now),
            decided => return decided,
        }
    }
}

fn target(target: Option<&(Kind, String)>) -> Option<(&'static str, &str)> {
    target.map(|(kind, name)| (kind.name(), name.as_str()))
}

fn notes(notes: Notes) -> Vec<&'static str> {
    notes.iter().map(|note| note.code()).collect()
}

/// Pairs of `bytes`.
fn raw<'py, 'a>(
    py: Python<'py>,
    headers: impl ExactSizeIterator<Item = (&'a str, &'a str)>,
) -> PyResult<Bound<'py, PyList>> {
    let pairs: Vec<_> = headers
        .map(|(name, value)| (PyBytes::new(py, name.as_bytes()), PyBytes::new(py, value.as_bytes())))
        .collect();
    PyList::new(py, pairs)
}

/// A request that may go on. True.
#[pyclass(frozen, name = "Admitted", module = "doorward")]
pub(crate) struct PyAdmitted {
    admitted: Admitted,
    headers: Vec<(&'static str, String)>,
}

impl PyAdmitted {
    fn of(gate: &Gate, admitted: Admitted) -> Self {
        let lines = gate.rate_headers(&admitted);
        let headers = lines.iter().map(|(name, value)| (name, value.to_owned())).collect();
        Self { admitted, headers }
    }
}

#[pymethods]
impl PyAdmitted {
    /// Who it is from.
    #[getter]
    fn principal(&self) -> PyPrincipal {
        PyPrincipal::of(&self.admitted.principal)
    }

    /// The rate headers of the answer: names in lower case, and values.
    #[getter]
    fn headers(&self) -> Vec<(&'static str, String)> {
        self.headers.clone()
    }

    /// The same as bytes, as ASGI has them.
    #[getter]
    fn raw_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        raw(py, self.headers.iter().map(|(name, value)| (*name, value.as_str())))
    }

    /// The query with the session's id by the service's own in the place of the outward one, of a request begun with
    /// ``session_in_query``; ``None`` where it has no such parameter.
    fn query_with_session(&self, parameter: &str, query: &str) -> Option<String> {
        query_with_session(parameter, query, self.admitted.session.as_deref()?)
    }

    /// When the credential ends, in seconds since the epoch, or ``None``: a streaming answer must end by then.
    #[getter]
    fn valid_until(&self) -> Option<f64> {
        self.admitted.valid_until
    }

    /// The address it counts against.
    #[getter]
    fn address(&self) -> String {
        self.admitted.address.to_string()
    }

    /// What it asked for, the first of a batch: a pair of its kind and its name, cut and escaped for logs; ``None`` where no body was read.
    #[getter]
    fn target(&self) -> Option<(&'static str, &str)> {
        target(self.admitted.target.as_ref())
    }

    /// Its session by the service's own id, where the gate binds them and it has one.
    #[getter]
    fn session(&self) -> Option<&str> {
        self.admitted.session.as_deref()
    }

    /// What else the operator should be told, by codes.
    #[getter]
    fn notes(&self) -> Vec<&'static str> {
        notes(self.admitted.notes)
    }

    /// The audit event of this decision, a line of JSON; ``micros`` is how long it took.
    #[pyo3(signature = (micros=0, *, now=None))]
    fn audit(&self, micros: u64, now: Option<Moment>) -> String {
        self.admitted.audit(Moment::or_system(now), micros).to_json()
    }

    fn __bool__(&self) -> bool {
        true
    }

    fn __repr__(&self) -> String {
        format!("<doorward.Admitted {:?}>", self.admitted.principal.id())
    }
}

/// A refusal, finished: an HTTP answer to send as it is. False.
#[pyclass(frozen, name = "Denial", module = "doorward")]
pub(crate) struct PyDenial {
    denial: Denial,
}

#[pymethods]
impl PyDenial {
    /// The HTTP status.
    #[getter]
    fn status(&self) -> u16 {
        self.denial.status
    }

    /// The answer's headers, challenge and rate headers included: names in lower case, and values.
    #[getter]
    fn headers(&self) -> Vec<(&'static str, &str)> {
        self.denial.headers.iter().map(|(name, value)| (*name, &**value)).collect()
    }

    /// The same as bytes, as ASGI has them.
    #[getter]
    fn raw_headers<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        raw(py, self.denial.headers.iter().map(|(name, value)| (*name, &**value)))
    }

    /// The answer's body: JSON.
    #[getter]
    fn body<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, self.denial.body.as_bytes())
    }

    /// Why, exactly, by its code: for the log, never for the caller.
    #[getter]
    fn code(&self) -> &'static str {
        self.denial.code.as_str()
    }

    /// More of why, for the log, or ``None``.
    #[getter]
    fn detail(&self) -> Option<&str> {
        self.denial.detail.as_deref()
    }

    /// Who it was, where that was known by then, or ``None``.
    #[getter]
    fn principal(&self) -> Option<PyPrincipal> {
        self.denial.principal.as_ref().map(PyPrincipal::of)
    }

    /// The address it counts against, or ``None``.
    #[getter]
    fn address(&self) -> Option<String> {
        self.denial.address.as_ref().map(ClientAddress::to_string)
    }

    /// What it asked for, where the body was read: a pair of its kind and its name, cut and escaped for logs.
    #[getter]
    fn target(&self) -> Option<(&'static str, &str)> {
        target(self.denial.target.as_ref())
    }

    /// What else the operator should be told, by codes.
    #[getter]
    fn notes(&self) -> Vec<&'static str> {
        notes(self.denial.notes)
    }

    /// The audit event of this decision, a line of JSON; ``micros`` is how long it took.
    #[pyo3(signature = (micros=0, *, now=None))]
    fn audit(&self, micros: u64, now: Option<Moment>) -> String {
        self.denial.audit(Moment::or_system(now), micros).to_json()
    }

    fn __bool__(&self) -> bool {
        false
    }

    fn __repr__(&self) -> String {
        format!("<doorward.Denial: {} {}>", self.denial.status, self.denial.code)
    }
}

/// A request whose head is good: read its body, at most ``limit`` bytes, and say what came of that, once. Each answer is the next step: ``Admitted``, ``Denial`` or
/// ``Ask``.
#[pyclass(frozen, name = "NeedBody", module = "doorward")]
pub(crate) struct PyNeedBody {
    gate: Py<PyGate>,
    principal: Principal,
    /// The most bytes to read.
    #[pyo3(get)]
    limit: usize,
    need: Mutex<Option<NeedBody>>,
}

impl PyNeedBody {
    fn of(gate: &Bound<'_, PyGate>, need: NeedBody) -> Self {
        Self {
            gate: gate.clone().unbind(),
            principal: need.principal().clone(),
            limit: need.limit(),
            need: Mutex::new(Some(need)),
        }
    }

    fn go_on<'py>(
        &self,
        py: Python<'py>,
        body: Body<'_>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let need = take(&self.need)?;
        let (gate, now) = (self.gate.bind(py), Moment::or_system(now));
        convert(gate, gate.get().gate.body(need, body, now))
    }
}

#[pymethods]
impl PyNeedBody {
    /// Who the request is from: known, but not admitted yet.
    #[getter]
    fn principal(&self) -> PyPrincipal {
        PyPrincipal::of(&self.principal)
    }

    /// All of the body was read.
    #[pyo3(signature = (body, *, now=None))]
    fn read<'py>(
        &self,
        py: Python<'py>,
        body: Octets<'_>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.go_on(py, Body::Read(body.as_ref()), now)
    }

    /// The body is longer than ``limit``.
    #[pyo3(signature = (*, now=None))]
    fn too_large<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.go_on(py, Body::TooLarge, now)
    }

    /// The connection failed before the body's end, or it took too long.
    #[pyo3(signature = (*, now=None))]
    fn broken<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.go_on(py, Body::Broken, now)
    }

    fn __repr__(&self) -> &'static str {
        "<doorward.NeedBody>"
    }
}

/// A question for the host: answer it within ``deadline`` seconds, once. Each answer is the next step. ``unavailable()`` is an answer to each.
///
/// | ``kind`` | what to do |
/// |---|---|
/// | ``keys`` | do the GET of ``take_fetch()``, if there is one; once ``is_waiting()`` is false, ``ready()`` |
/// | ``api_key`` | look ``digest`` up; ``found(entry)``, an ``ApiKey`` or ``None`` |
/// | ``introspection`` | POST ``body`` to ``url``; ``replied(status, body)`` |
/// | ``shared_limit`` | run ``command`` in Redis; ``returned(reply)``, or ``unreachable()`` |
#[pyclass(frozen, name = "Ask", module = "doorward")]
pub(crate) struct PyAsk {
    gate: Py<PyGate>,
    ask: Mutex<Option<Ask>>,
}

impl PyAsk {
    fn of(gate: &Bound<'_, PyGate>, ask: Ask) -> Self {
        Self { gate: gate.clone().unbind(), ask: Mutex::new(Some(ask)) }
    }

    /// What is asked; nothing once it was answered.
    fn question<T>(&self, tell: impl FnOnce(&mut Question) -> Option<T>) -> Option<T> {
        let mut ask = self.ask.lock().unwrap_or_else(PoisonError::into_inner);
        tell(ask.as_mut()?.question_mut())
    }

    fn answer<'py>(
        &self,
        py: Python<'py>,
        answer: Answer,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let ask = take(&self.ask)?;
        let (gate, now) = (self.gate.bind(py), Moment::or_system(now));
        let inner = &gate.get().gate;
        convert(gate, gate.get().run(py, || inner.resume(ask, answer, now)))
    }
}

#[pymethods]
impl PyAsk {
    /// ``keys``, ``api_key``, ``introspection`` or ``shared_limit``; ``None`` once it was answered.
    #[getter]
    fn kind(&self) -> Option<&'static str> {
        self.question(|question| match question {
            Question::Keys(_) => Some("keys"),
            Question::ApiKey(_) => Some("api_key"),
            Question::Introspect(_) => Some("introspection"),
            Question::SharedLimit(_) => Some("shared_limit"),
            _ => Some("other"),
        })
    }

    /// Seconds the answer may take from now on.
    #[getter]
    fn deadline(&self) -> Option<f64> {
        let deadline = self.question(|question| match question {
            Question::Keys(wanted) => Some(wanted.deadline()),
            Question::ApiKey(wanted) => Some(wanted.deadline()),
            Question::Introspect(wanted) => Some(wanted.deadline()),
            Question::SharedLimit(wanted) => Some(wanted.command().time_left(Now::system())),
            _ => None,
        });
        deadline.as_ref().map(Duration::as_secs_f64)
    }

    /// Of ``keys``: the ``Fetch`` to do, if no other request has it already. It should outlive this request, for others wait for it.
    fn take_fetch(&self) -> Option<PyFetch> {
        self.question(|question| match question {
            Question::Keys(wanted) => wanted.take_fetch().map(PyFetch::of),
            _ => None,
        })
    }

    /// Of ``keys``: whether they are still being fetched.
    #[pyo3(signature = (*, now=None))]
    fn is_waiting(&self, now: Option<Moment>) -> bool {
        let waiting = self.question(|question| match question {
            Question::Keys(wanted) => Some(wanted.jwks().is_fetching(Moment::or_system(now))),
            _ => None,
        });
        waiting.unwrap_or_default()
    }

    /// Of ``api_key`` and ``introspection``: the SHA-256 of the credential, 64 hexadecimal digits.
    #[getter]
    fn digest(&self) -> Option<String> {
        self.question(|question| match question {
            Question::ApiKey(wanted) => Some(wanted.digest().to_hex()),
            Question::Introspect(wanted) => {
                Some(wanted.digest().iter().map(|byte| format!("{byte:02x}")).collect())
            }
            _ => None,
        })
    }

    /// Of ``introspection``: where to POST, with the server's own client credentials and without following redirects.
    #[getter]
    fn url(&self) -> Option<String> {
        self.question(|question| match question {
            Question::Introspect(wanted) => Some(wanted.url().to_owned()),
            _ => None,
        })
    }

    /// Of ``introspection``: the form to send (``application/x-www-form-urlencoded``). It holds the token.
    #[getter]
    fn body(&self) -> Option<String> {
        self.question(|question| match question {
            Question::Introspect(wanted) => Some(wanted.body().to_owned()),
            _ => None,
        })
    }

    /// Of ``introspection``: the most bytes of an answer to read; of a longer one say ``unavailable()``.
    #[getter]
    fn limit(&self) -> Option<usize> {
        self.question(|question| match question {
            Question::Introspect(wanted) => Some(wanted.limit()),
            _ => None,
        })
    }

    /// Of ``shared_limit``: the command, ``EVALSHA`` or ``EVAL``, the script or its SHA-1, the number of keys, the key and its arguments.
    #[getter]
    fn command<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let parts = self.question(|question| match question {
            Question::SharedLimit(wanted) => {
                let command = wanted.command();
                Some((command.command(), command.script(), command.key().to_vec(), command.args()))
            }
            _ => None,
        });
        let Some((command, script, key, [a, b, c, d])) = parts else { return Ok(None) };
        (command, script, 1, PyBytes::new(py, &key), a, b, c, d).into_pyobject(py).map(Some)
    }

    /// Of ``keys``: the fetch is over, well or not.
    #[pyo3(signature = (*, now=None))]
    fn ready<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, Answer::Ready, now)
    }

    /// Of ``api_key``: the key's entry, an ``ApiKey``; ``None`` where there is no such key.
    #[pyo3(signature = (entry, *, now=None))]
    fn found<'py>(
        &self,
        py: Python<'py>,
        entry: Option<Bound<'_, PyApiKey>>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let entry = entry.map(|entry| Box::new(entry.get().entry.clone()));
        self.answer(py, Answer::ApiKey(entry), now)
    }

    /// Of ``introspection``: what the endpoint answered.
    #[pyo3(signature = (status, body, *, now=None))]
    fn replied<'py>(
        &self,
        py: Python<'py>,
        status: u16,
        body: Octets<'_>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, Answer::Introspection(IntrospectionReply::new(status, body.as_ref().to_vec())), now)
    }

    /// Of ``shared_limit``: what the server returned, a list of ``int``; or the text of its error, a ``str``.
    #[pyo3(signature = (reply, *, now=None))]
    fn returned<'py>(
        &self,
        py: Python<'py>,
        reply: &Bound<'_, PyAny>,
        now: Option<Moment>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let reply = match (reply.extract::<Vec<i64>>(), reply.extract::<String>()) {
            (_, Ok(error)) => Reply::Error(error),
            (Ok(integers), _) => Reply::Integers(integers),
            _ if reply.is_none() => return Err(PyTypeError::new_err("a reply is a list of int, or a str")),
            _ => Reply::Other,
        };
        self.answer(py, Answer::SharedLimit(reply), now)
    }

    /// Of ``shared_limit``: there is no connection, or it broke.
    #[pyo3(signature = (*, now=None))]
    fn unreachable<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, Answer::SharedLimit(Reply::Unreachable), now)
    }

    /// There was no answer in time.
    #[pyo3(signature = (*, now=None))]
    fn unavailable<'py>(&self, py: Python<'py>, now: Option<Moment>) -> PyResult<Bound<'py, PyAny>> {
        self.answer(py, Answer::Unavailable, now)
    }

    fn __repr__(&self) -> String {
        format!("<doorward.Ask: {}>", self.kind().unwrap_or("answered"))
    }
}
