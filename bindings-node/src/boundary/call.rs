//! Functions bound to a value of ours, for what is called all the time.

use super::text::{Argument, Room};
use napi::bindgen_prelude::{ToNapiValue, TypeName};
use napi::{Env, Error, Result, Status, ValueType, sys};
use std::ffi::{CString, c_void};
use std::panic::{self, AssertUnwindSafe};
use std::ptr;

/// The most arguments a bound function is given.
const ARGUMENTS: usize = 4;

/// A JavaScript function over whatever the closure owns, which goes when the function is collected. A panic in it is
/// thrown as an `Error`.
pub(crate) struct Bound(Box<Closure>);

type Closure = dyn Fn(&Call) -> Answer;

/// One call: its arguments, and what makes an answer of it.
pub(crate) struct Call {
    env: sys::napi_env,
    arguments: [sys::napi_value; ARGUMENTS],
}

/// What a call gives back: made by [`Call`]'s methods. Null, which is `undefined`, where an exception was thrown.
pub(crate) struct Answer(sys::napi_value);

impl Bound {
    pub(crate) fn new(closure: impl Fn(&Call) -> Answer + 'static) -> Self {
        Self(Box::new(closure))
    }
}

impl Call {
    /// A string or bytes, of `limit` bytes at most, read into `room`.
    #[inline]
    pub(crate) fn octets<'a>(&self, place: usize, room: &'a mut Room, limit: usize) -> Argument<'a> {
        match self.arguments.get(place) {
            // SAFETY: those of the running call, which is all that makes a `Call`. What is borrowed of it ends with the
            // closure's answer at the latest, and nothing a closure can do with a `Call` runs JavaScript.
            Some(value) => unsafe { room.read(self.env, *value, limit) },
            None => Argument::Other,
        }
    }

    /// A number: of anything else NaN, which no rule takes for a time.
    #[inline]
    pub(crate) fn number(&self, place: usize) -> f64 {
        let mut number = f64::NAN;
        if let Some(value) = self.arguments.get(place) {
            // SAFETY: that of the running call. What is no number gives an error and leaves the NaN.
            unsafe { sys::napi_get_value_double(self.env, *value, &mut number) };
        }
        number
    }

    pub(super) const fn env(&self) -> sys::napi_env {
        self.env
    }

    pub(super) fn argument(&self, place: usize) -> Option<sys::napi_value> {
        self.arguments.get(place).copied()
    }

    /// A value that was made for this call's environment.
    #[expect(clippy::unused_self, reason = "an answer is a call's")]
    pub(super) const fn answer(&self, value: sys::napi_value) -> Answer {
        Answer(value)
    }

    /// `undefined`
    #[inline]
    pub(crate) const fn nothing(&self) -> Answer {
        Answer(ptr::null_mut())
    }

    /// A small whole number.
    #[inline]
    pub(crate) fn int(&self, number: i32) -> Answer {
        let mut value = ptr::null_mut();
        // SAFETY: a result to write to. Were there no room for it, it would stay null.
        unsafe { sys::napi_create_int32(self.env, number, &mut value) };
        Answer(value)
    }

    /// A string.
    #[inline]
    pub(crate) fn text(&self, text: &str) -> Answer {
        let mut value = ptr::null_mut();
        // Below 2^63, as every length.
        let len = text.len().cast_signed();
        if text.is_ascii() {
            // SAFETY: so many bytes are there; of ASCII, Latin-1 is the same text, and made faster.
            unsafe { sys::napi_create_string_latin1(self.env, text.as_ptr().cast(), len, &mut value) };
        } else {
            // SAFETY: so many bytes are there.
            unsafe { sys::napi_create_string_utf8(self.env, text.as_ptr().cast(), len, &mut value) };
        }
        Answer(value)
    }

    /// Throws an `Error`.
    #[cold]
    fn throw(&self, message: &str) -> Answer {
        let message = CString::new(message).unwrap_or_default();
        // SAFETY: two texts that end with a zero.
        unsafe { sys::napi_throw_error(self.env, ptr::null(), message.as_ptr()) };
        Answer(ptr::null_mut())
    }
}

/// Takes back what a function of JavaScript's has thrown, if anything.
pub(crate) fn forget_exception(env: &Env) {
    let mut exception = ptr::null_mut();
    // SAFETY: a result to write to.
    unsafe { sys::napi_get_and_clear_last_exception(env.raw(), &mut exception) };
}

impl TypeName for Bound {
    fn type_name() -> &'static str {
        "Function"
    }

    fn value_type() -> ValueType {
        ValueType::Function
    }
}

impl ToNapiValue for Bound {
    unsafe fn to_napi_value(env: sys::napi_env, bound: Self) -> Result<sys::napi_value> {
        // Boxed twice: what JavaScript keeps is one word.
        let data = Box::into_raw(Box::new(bound.0)).cast::<c_void>();
        let mut function = ptr::null_mut();
        // SAFETY: no name; `run` is given `data` back, which lives until `finalize`.
        let status =
            unsafe { sys::napi_create_function(env, ptr::null(), 0, Some(run), data, &mut function) };
        if status == sys::Status::napi_ok {
            // SAFETY: the function just made; from here on `data` is its finalizer's.
            let status = unsafe {
                sys::napi_add_finalizer(env, function, data, Some(finalize), ptr::null_mut(), ptr::null_mut())
            };
            if status == sys::Status::napi_ok {
                return Ok(function);
            }
        }
        // SAFETY: nobody has it: the function, if there is one, was handed to nobody.
        drop(unsafe { Box::from_raw(data.cast::<Box<Closure>>()) });
        Err(Error::new(Status::from(status), "a function could not be made".to_owned()))
    }
}

unsafe extern "C" fn run(env: sys::napi_env, info: sys::napi_callback_info) -> sys::napi_value {
    let mut arguments = [ptr::null_mut(); ARGUMENTS];
    let (mut count, mut data) = (ARGUMENTS, ptr::null_mut());
    // SAFETY: the running call's; there is room for as many arguments as it says, and those not given are `undefined`.
    let status = unsafe {
        sys::napi_get_cb_info(env, info, &mut count, arguments.as_mut_ptr(), ptr::null_mut(), &mut data)
    };
    if status != sys::Status::napi_ok || data.is_null() {
        return ptr::null_mut();
    }
    // SAFETY: what `to_napi_value` bound; the function that runs keeps it alive, and nobody borrows it mutably.
    let closure = unsafe { &*data.cast::<Box<Closure>>() };
    let call = Call { env, arguments };
    match panic::catch_unwind(AssertUnwindSafe(|| closure(&call))) {
        Ok(Answer(value)) => value,
        Err(_) => call.throw("doorward failed inside: please report this").0,
    }
}

unsafe extern "C" fn finalize(_: sys::napi_env, data: *mut c_void, _: *mut c_void) {
    // SAFETY: made by `to_napi_value`, and this is called once, when nobody can call the function any more.
    drop(unsafe { Box::from_raw(data.cast::<Box<Closure>>()) });
}
