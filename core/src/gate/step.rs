//! What a gate says next.

use super::limits::Entry;
use super::session::Presented;
use super::{Code, Denial, Notes, Principal};
#[cfg(feature = "std")]
use super::{IntrospectionReply, IntrospectionWanted, KeyWanted, SharedWanted};
use crate::address::ClientAddress;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use crate::jwks::{Fetch, Jwks};
use crate::mcp::{Kind, Said};
use crate::rate::layers::LayerId;
use crate::rate::{Decision, Receipt};
use alloc::boxed::Box;
use alloc::string::String;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use alloc::sync::Arc;
use core::fmt;
#[cfg(all(feature = "std", feature = "asymmetric"))]
use core::time::Duration;
use zeroize::Zeroizing;

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
    /// The bucket with the fewest calls left, after this request: see [`Gate::rate_headers`](super::Gate::rate_headers).
    pub rate: Decision,
    /// The named limit whose bucket that is; nothing for the principal's.
    pub limit: Option<LayerId>,
    /// When the credential ends, in seconds since the epoch: a streaming answer must end by then.
    pub valid_until: Option<f64>,
    /// The address it came from.
    pub address: ClientAddress,
    /// What it asked for, the first of a batch: cut at 128 bytes, control characters escaped.
    pub target: Option<(Kind, String)>,
    /// Its session by the service's own id, where the gate [binds them](super::Gate::binds_sessions) and it has one.
    pub session: Option<Box<str>>,
    /// What the operator should be told.
    pub notes: Notes,
}

/// Whose request it is, as of its head.
#[derive(Debug)]
pub(super) struct Caller {
    pub(super) principal: Principal,
    pub(super) address: ClientAddress,
    pub(super) session: Option<Box<str>>,
    pub(super) notes: Notes,
}

/// A request whose head was good. Owns all that is needed to go on.
#[derive(Debug)]
pub struct NeedBody {
    pub(super) entry: Entry,
    pub(super) caller: Caller,
    pub(super) said: Said,
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
        &self.caller.principal
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

/// How a request goes on once it is known whose it is. Owns what the head said.
#[derive(Debug, Default)]
pub(super) struct Then {
    pub(super) session: Presented,
    /// Where its body decides; else it has none that matters.
    pub(super) body: Option<ThenBody>,
}

/// What the head said of the body.
#[derive(Debug)]
pub(super) struct ThenBody {
    pub(super) said: Said,
    /// Why it is refused before that.
    pub(super) refuse: Option<Code>,
}

/// A question only the host can answer, with all that is needed to go on.
///
/// An ask that is dropped refuses nothing and admits nobody; the attempt it took from the caller's address stays taken.
#[must_use]
#[cfg_attr(not(feature = "std"), expect(dead_code, reason = "there is no question then"))]
pub struct Ask {
    pub(super) question: Question,
    /// The credential in question.
    pub(super) credential: Zeroizing<Box<[u8]>>,
    pub(super) address: ClientAddress,
    pub(super) then: Then,
    pub(super) notes: Notes,
    /// The attempt taken from the address's bucket, to be given back when it was no guess.
    pub(super) receipt: Option<Receipt>,
}

impl Ask {
    /// What is asked.
    #[must_use]
    pub const fn question(&self) -> &Question {
        &self.question
    }

    /// What is asked, for taking a [`Fetch`](crate::jwks::Fetch) out of it.
    pub const fn question_mut(&mut self) -> &mut Question {
        &mut self.question
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ask").field("question", &self.question).finish_non_exhaustive()
    }
}

/// What a gate may ask its host.
#[derive(Debug)]
#[non_exhaustive]
pub enum Question {
    /// The key of a token is not there: wait until the set has been fetched.
    #[cfg(all(feature = "std", feature = "asymmetric"))]
    Keys(KeysWanted),
    /// An API key is none of the gate's own: is it one of the host's?
    #[cfg(feature = "std")]
    ApiKey(KeyWanted),
    /// A token can be read by its issuer alone: ask it.
    #[cfg(feature = "std")]
    Introspect(IntrospectionWanted),
    /// The principal's bucket is shared with other processes: spend from it.
    #[cfg(feature = "std")]
    SharedLimit(SharedWanted),
    /// There is none.
    #[cfg(not(feature = "std"))]
    #[doc(hidden)]
    Never(core::convert::Infallible),
}

/// A key set that somebody waits for.
#[cfg(all(feature = "std", feature = "asymmetric"))]
#[derive(Debug)]
pub struct KeysWanted {
    pub(super) jwks: Arc<Jwks>,
    pub(super) fetch: Option<Fetch>,
}

#[cfg(all(feature = "std", feature = "asymmetric"))]
impl KeysWanted {
    /// The set. Answer [`Answer::Ready`] once it [is no longer being fetched](Jwks::is_fetching), and
    /// [`Answer::Unavailable`] after [`deadline`](Self::deadline).
    #[must_use]
    pub const fn jwks(&self) -> &Arc<Jwks> {
        &self.jwks
    }

    /// The fetch to do, if no other request has it already. It should outlive this request: others wait for it.
    pub const fn take_fetch(&mut self) -> Option<Fetch> {
        self.fetch.take()
    }

    /// How long to wait.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.jwks.patience()
    }
}

/// A host's answer to an [`Ask`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// What was waited for is over, well or not.
    Ready,
    /// The entry of the API key that was asked for; nothing where there is no such key.
    #[cfg(feature = "std")]
    ApiKey(Option<Box<crate::api_keys::ApiKey>>),
    /// What the introspection endpoint answered.
    #[cfg(feature = "std")]
    Introspection(IntrospectionReply),
    /// What the server said to the shared limit's command.
    #[cfg(feature = "std")]
    SharedLimit(crate::rate::shared::Reply),
    /// There was no answer within the deadline.
    Unavailable,
}
