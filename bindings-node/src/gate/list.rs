//! A revocation list of the host's own: a function of JavaScript's, asked in the thread that decides.
//!
//! A gate may be shared by threads, and a function can't: each thread has its own for a gate's list. Where a thread has none,
//! every token counts as revoked, for a list that can't be read lets nobody in.

use super::GateHandle;
use crate::boundary::forget_exception;
use doorward::gate::Listed;
use doorward::jwt::Revocable;
use napi::Env;
use napi::bindgen_prelude::{External, FnArgs, FunctionRef};
use napi_derive::napi;
use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

/// Token, issuer, subject, whether that is a client's, id, and when it was issued. The answer is how many seconds not to ask
/// again, 0 to ask each time; below zero, or none, it is revoked.
pub(super) type Function =
    FunctionRef<FnArgs<(String, String, String, bool, Option<String>, Option<f64>)>, f64>;

thread_local! {
    static FUNCTIONS: RefCell<HashMap<u64, Rc<(Env, Function)>>> = RefCell::default();
}

/// A gate's list, by its number in every thread.
pub(crate) struct List(u64);

impl List {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        Self(COUNT.fetch_add(1, Relaxed))
    }

    pub(super) const fn number(&self) -> u64 {
        self.0
    }

    /// Sets this thread's function.
    pub(super) fn listen(&self, env: &Env, function: Function) {
        let function = Rc::new((Env::from_raw(env.raw()), function));
        FUNCTIONS.with_borrow_mut(|functions| functions.insert(self.0, function));
    }
}

impl Drop for List {
    /// Of other threads, the functions go with them.
    fn drop(&mut self) {
        // Not while the thread ends: then they are gone already.
        let _ = FUNCTIONS.try_with(|functions| functions.borrow_mut().remove(&self.0));
    }
}

/// What this thread's function says of a token.
pub(super) fn ask(list: u64, token: Revocable<'_>) -> Listed {
    // Not borrowed while JavaScript runs: it may make another gate.
    let Some(function) = FUNCTIONS.with_borrow(|functions| functions.get(&list).cloned()) else {
        return Listed::Revoked;
    };
    let (env, function) = &*function;
    let told = (
        String::from_utf8_lossy(token.token).into_owned(),
        token.issuer.to_owned(),
        token.subject.to_owned(),
        token.client,
        token.id.map(str::to_owned),
        token.issued_at,
    );
    // Not by `call`: what is thrown it makes an error of, by calling JavaScript again, and so with what that throws; where the
    // stack is full, without end.
    match function.borrow_back(env).and_then(|function| function.apply((), told.into())) {
        Ok(0.0) => Listed::Good,
        Ok(seconds) => Duration::try_from_secs_f64(seconds).map_or(Listed::Revoked, Listed::GoodFor),
        Err(_) => {
            forget_exception(env);
            Listed::Revoked
        }
    }
}

/// Sets the function that a shared gate's list is in this thread. False where the gate has no list.
#[napi(
    ts_args_type = "gate: ExternalObject<GateHandle>, list: (token: string, issuer: string, subject: string, isClient: boolean, id: string | null, issuedAt: number | null) => number"
)]
pub(crate) fn gate_listen(env: &Env, gate: &External<GateHandle>, list: Function) -> bool {
    let has = gate.0.list.as_ref();
    has.inspect(|known| known.listen(env, list)).is_some()
}
