//! Numbers both ways by one `Float64Array`, and values of ours behind externals.

use super::call::{Answer, Call};
use napi::bindgen_prelude::{External, FromNapiRef, ToNapiValue};
use napi::sys;
use std::marker::PhantomData;
use std::ptr;

/// The most numbers a call takes or gives so.
pub(crate) const NUMBERS: usize = 8;

/// A `Float64Array` of [`NUMBERS`], of the running call.
pub(crate) struct Numbers<'a> {
    data: *mut [f64; NUMBERS],
    call: PhantomData<&'a Call>,
}

impl Numbers<'_> {
    #[inline]
    pub(crate) const fn get(&self) -> [f64; NUMBERS] {
        // SAFETY: so many are there, aligned as JavaScript aligns them; no JavaScript runs while there is one of these.
        unsafe { self.data.read() }
    }

    #[inline]
    pub(crate) const fn set(self, numbers: [f64; NUMBERS]) {
        // SAFETY: as for `get`; nothing of ours borrows them.
        unsafe { self.data.write(numbers) }
    }
}

impl Call {
    /// The numbers at that place. Not to be kept while JavaScript may run: it could take the array's buffer away.
    #[inline]
    pub(crate) fn numbers(&self, place: usize) -> Option<Numbers<'_>> {
        self.floats(place).map(|data| Numbers { data, call: PhantomData })
    }

    fn floats(&self, place: usize) -> Option<*mut [f64; NUMBERS]> {
        const FLOAT64: sys::napi_typedarray_type = sys::TypedarrayType::float64_array;
        let value = self.argument(place)?;
        let (mut kind, mut len, mut data, mut buffer, mut offset) =
            (0, 0, ptr::null_mut(), ptr::null_mut(), 0);
        // SAFETY: what is no typed array gives an error and writes nothing.
        let status = unsafe {
            sys::napi_get_typedarray_info(
                self.env(),
                value,
                &mut kind,
                &mut len,
                &mut data,
                &mut buffer,
                &mut offset,
            )
        };
        let fits = status == sys::Status::napi_ok && kind == FLOAT64 && len == NUMBERS && !data.is_null();
        fits.then_some(data.cast())
    }

    /// A value of ours.
    #[inline]
    pub(crate) fn external<T: 'static>(&self, place: usize) -> Option<&T> {
        let value = self.argument(place)?;
        // SAFETY: that of the running call, which keeps it alive; what is no external of that type is an error.
        unsafe { External::<T>::from_napi_ref(self.env(), value) }.ok().map(AsRef::as_ref)
    }

    /// A value of ours, for JavaScript to keep.
    #[inline]
    pub(crate) fn keep<T: 'static>(&self, value: T) -> Answer {
        // SAFETY: the running call's environment.
        let value = unsafe { ToNapiValue::to_napi_value(self.env(), External::new(value)) };
        self.answer(value.unwrap_or(ptr::null_mut()))
    }
}
