//! A streaming answer that ends when the credential it was given for does.

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use std::error::Error;
use std::future::Future as _;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Sleep, sleep};

pin_project! {
    /// A body that is cut off, cleanly, after a time.
    pub(crate) struct Ending<B> {
        #[pin]
        body: B,
        #[pin]
        end: Sleep,
        ended: bool,
    }
}

/// The longest wait a timer is set for: a year.
const LONGEST: f64 = 366.0 * 24.0 * 3600.0;

impl<B> Ending<B> {
    /// `seconds` from now; anything that is no number of seconds ahead ends at once.
    pub(crate) fn new(body: B, seconds: f64) -> Self {
        let left = if seconds > 0.0 { Duration::from_secs_f64(seconds.min(LONGEST)) } else { Duration::ZERO };
        Self { body, end: sleep(left), ended: false }
    }
}

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
        let this = self.project();
        if *this.ended || this.end.poll(cx).is_ready() {
            *this.ended = true;
            return Poll::Ready(None);
        }
        let frame = ready!(this.body.poll_frame(cx));
        *this.ended = frame.is_none();
        Poll::Ready(frame.map(|frame| frame.map_err(axum::Error::new)))
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        // It may end early, so nothing is promised.
        SizeHint::default()
    }
}
