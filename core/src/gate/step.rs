//! What a gate says next.

use super::{Denial, Notes, Principal};
use crate::address::ClientAddress;
use crate::mcp::{Kind, ProtocolVersion};
use crate::rate::Decision;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::convert::Infallible;

/// The gate's next word on a request. Exhaustive: a step that were new would have to be handled by every host.
#[derive(Debug)]
pub enum Step {
    /// The request may go on. A body that was not asked for by `NeedBody` was not decided on: leave it out.
    Admitted(Admitted),
    /// The request is refused: send the answer.
    Denied(Box<Denial>),
    /// The head is good: read the body, at most [`NeedBody::limit`] bytes, and call [`Gate::body`](super::Gate::body).
    NeedBody(NeedBody),
    /// A question for the host: answer it, and call [`Gate::resume`](super::Gate::resume).
    Ask(Ask),
}

/// An admitted request.
#[derive(Debug)]
#[non_exhaustive]
pub struct Admitted {
    /// Who it is from.
    pub principal: Principal,
    /// The principal's bucket after this request: see [`Gate::rate_headers`](super::Gate::rate_headers).
    pub rate: Decision,
    /// When the credential ends, in seconds since the epoch: a streaming answer must end by then.
    pub valid_until: Option<f64>,
    /// The address it came from.
    pub address: ClientAddress,
    /// What it asked for, the first of a batch: cut at 128 bytes, control characters escaped.
    pub target: Option<(Kind, String)>,
    /// What the operator should be told.
    pub notes: Notes,
}

/// A request whose head was good. Owns all that is needed to go on.
#[derive(Debug)]
pub struct NeedBody {
    pub(super) principal: Principal,
    pub(super) address: ClientAddress,
    pub(super) version: ProtocolVersion,
    pub(super) mcp_method: Option<Vec<u8>>,
    pub(super) mcp_name: Option<Vec<u8>>,
    pub(super) notes: Notes,
    pub(super) limit: usize,
}

impl NeedBody {
    /// The most bytes to read. When there are more, say [`Body::TooLarge`].
    #[must_use]
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// Who the request is from: known, but not admitted yet.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }
}

/// What came of reading a body.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Body<'a> {
    /// All of it.
    Read(&'a [u8]),
    /// It is longer than [`NeedBody::limit`].
    TooLarge,
    /// The connection failed before its end, or it took too long.
    Broken,
}

/// A question only the host can answer, with all that is needed to go on.
#[derive(Debug)]
pub struct Ask {
    pub(super) question: Question,
}

impl Ask {
    /// What is asked.
    #[must_use]
    pub const fn question(&self) -> &Question {
        &self.question
    }
}

/// What a gate may ask its host. There is no question yet: keys and limits are all the gate's own.
#[derive(Debug)]
#[non_exhaustive]
pub enum Question {
    #[doc(hidden)]
    Never(Infallible),
}

/// A host's answer to an [`Ask`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// There was none within the deadline.
    Unavailable,
}
