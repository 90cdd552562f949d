//! Where JavaScript's values are read and made by hand: the crate's one module with `unsafe`.
//!
//! napi's own conversions are for what is set up once. Two things of theirs won't do for what every request brings.
//! A string comes out as UTF-8 with U+FFFD in place of a lone surrogate, which is another text than was given; here it is
//! read as what it is, UTF-16, and a lone surrogate stays one ([`Octets`]). And a call of a `#[napi]` function takes some
//! 200 ns before its first line, for an allocation, a lock and a table of what is borrowed; here a function is bound to its
//! value and called with nothing in between ([`Bound`]).

#![allow(unsafe_code, reason = "Node-API is C: each block says why it is sound")]

mod call;
mod numbers;
mod text;

pub(crate) use call::{Answer, Bound, Call, forget_exception};
pub(crate) use numbers::NUMBERS;
pub(crate) use text::{Argument, Octets, Room};
