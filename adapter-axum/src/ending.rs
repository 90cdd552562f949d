//! A streaming answer that ends when the credential it was given for does.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::error::Error;
use std::future::{Future as _, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// Whether the credential is still good.
type Good = Box<dyn Fn() -> bool + Send + Sync>;

/// Who is told how it ended.
#[cfg(feature = "metrics")]
type Counted = Option<crate::metrics::Stream>;
#[cfg(not(feature = "metrics"))]
type Counted = ();

/// How often that is asked: a key that is gone, or a token that was revoked, ends its answers within this time.
pub(crate) const SWEEP: Duration = Duration::from_secs(15);

/// A body, and what came of it already.
pub(crate) struct Rest {
    first: Option<Result<Frame<Bytes>, axum::Error>>,
    body: axum::body::Body,
}

/// Whether an answer is all there. Nearly all are, and then nothing need look after them.
pub(crate) enum Begun {
    Whole(axum::body::Body),
    /// One that says its length may be such a one too, as what is passed on from another server is.
    Lasting(Rest),
}

impl Begun {
    /// Looks once at a body that says its length, and waits for nothing.
    pub(crate) async fn of(mut body: axum::body::Body) -> Self {
        if body.is_end_stream() {
            return Self::Whole(body);
        }
        if body.size_hint().exact().is_none() {
            return Self::Lasting(Rest { first: None, body });
        }
        let first = match poll_fn(|cx| Poll::Ready(Pin::new(&mut body).poll_frame(cx))).await {
            Poll::Ready(None) => return Self::Whole(axum::body::Body::empty()),
            Poll::Ready(first) => first,
            Poll::Pending => None,
        };
        match first {
            Some(Ok(frame)) if body.is_end_stream() && frame.is_data() => {
                Self::Whole(frame.into_data().unwrap_or_default().into())
            }
            first => Self::Lasting(Rest { first, body }),
        }
    }
}

#[cfg(feature = "metrics")]
impl Rest {
    pub(crate) fn says_its_length(&self) -> bool {
        self.body.size_hint().exact().is_some()
    }
}

impl Body for Rest {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        match self.first.take() {
            Some(first) => Poll::Ready(Some(first)),
            None => Pin::new(&mut self.body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.first.is_none() && self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let first =
            self.first.as_ref().and_then(|first| first.as_ref().ok()?.data_ref()).map_or(0, Bytes::len);
        let exact = self.body.size_hint().exact();
        exact.map_or_else(SizeHint::default, |rest| SizeHint::with_exact(rest + first as u64))
    }
}

pin_project! {
    /// A body that is cut off, cleanly, at a time or when its credential is found to be good no more.
    pub(crate) struct Ending<B> {
        #[pin]
        body: B,
        #[pin]
        next: Sleep,
        end: Option<Instant>,
        good: Good,
        ended: bool,
        counted: Counted,
    }
}

/// The longest wait a timer is set for: a year.
const LONGEST: f64 = 366.0 * 24.0 * 3600.0;

impl<B> Ending<B> {
    /// `seconds` from now, where there is an end; anything that is no number of seconds ahead ends at once. Until then,
    /// `good` is asked at each sweep.
    pub(crate) fn new(
        body: B,
        seconds: Option<f64>,
        good: impl Fn() -> bool + Send + Sync + 'static,
    ) -> Self {
        let left = |seconds: f64| {
            if seconds > 0.0 { Duration::from_secs_f64(seconds.min(LONGEST)) } else { Duration::ZERO }
        };
        let now = Instant::now();
        let end = seconds.map(|seconds| now + left(seconds));
        let first = end.map_or(SWEEP, |end| SWEEP.min(end - now));
        Self {
            body,
            next: sleep(first),
            end,
            good: Box::new(good),
            ended: false,
            counted: Counted::default(),
        }
    }
}

#[cfg(feature = "metrics")]
impl<B> Ending<B> {
    pub(crate) fn counted(mut self, counted: Counted) -> Self {
        self.counted = counted;
        self
    }
}

#[cfg(feature = "metrics")]
fn tell(counted: &mut Counted, cause: &'static str) {
    if let Some(mut stream) = counted.take() {
        stream.ended(cause);
    }
}

#[cfg(not(feature = "metrics"))]
const fn tell((): &mut Counted, _: &'static str) {}

impl<B> Body for Ending<B>
where
    B: Body<Data = Bytes>,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let mut this = self.project();
        while !*this.ended {
            let now = Instant::now();
            if now >= this.next.deadline() {
                let next = now + SWEEP;
                let cause = match this.end {
                    Some(end) if *end <= now => Some("expired"),
                    _ => (!(this.good)()).then_some("withdrawn"),
                };
                if let Some(cause) = cause {
                    *this.ended = true;
                    tell(this.counted, cause);
                }
                this.next.as_mut().reset(this.end.map_or(next, |end| end.min(next)));
                continue;
            }
            if let Poll::Ready(frame) = this.body.as_mut().poll_frame(cx) {
                *this.ended = frame.is_none();
                if *this.ended {
                    tell(this.counted, "finished");
                }
                return Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)));
            }
            // Only who has to wait needs the timer: an answer that is all there never sets it.
            ready!(this.next.as_mut().poll(cx));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // It may end early, so nothing is promised but a length that the body itself promises: one that is cut off then
        // ends in an error of the connection, by which its reader sees that.
        self.body.size_hint().exact().map_or_else(SizeHint::default, SizeHint::with_exact)
    }
}
