//! HTTP answers that are wrong on purpose.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
};
use hyper::body::Frame;
use tokio::time::{Interval, interval};

use crate::{HttpFault, OcspBehaviour};

/// The answer with what is wrong about it.
pub(crate) async fn respond(answer: Vec<u8>, behaviour: OcspBehaviour) -> Response {
    let of_type = |kind: &'static str, body: Body| ([(header::CONTENT_TYPE, kind)], body).into_response();
    match behaviour.http {
        None => of_type(OCSP_RESPONSE, answer.into()),
        Some(HttpFault::Drip) => of_type(OCSP_RESPONSE, Body::new(Drip::new(answer, behaviour.delay))),
        Some(HttpFault::Endless) => of_type(OCSP_RESPONSE, Body::new(Endless)),
        Some(HttpFault::Garbage) => of_type(OCSP_RESPONSE, "no answer".into()),
        Some(HttpFault::InternalError) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        Some(HttpFault::Redirect) => (StatusCode::FOUND, [(header::LOCATION, RIGHT_PATH)]).into_response(),
        Some(HttpFault::Silent) => std::future::pending().await,
        Some(HttpFault::Truncated) => {
            let (length, answer) = (answer.len(), Bytes::from(answer));
            let half = Cut::Half(answer.slice(..length / 2));
            let mut response = of_type(OCSP_RESPONSE, Body::new(half));
            response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
            response
        }
        Some(HttpFault::Unavailable) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        Some(HttpFault::WrongContentType) => of_type("text/html", answer.into()),
    }
}

/// Octets without end.
struct Endless;

impl hyper::body::Body for Endless {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(&[0x30; 16 * 1024])))))
    }
}

/// One octet at a time.
struct Drip {
    rest: std::vec::IntoIter<u8>,
    interval: Interval,
}

impl Drip {
    fn new(answer: Vec<u8>, delay: Duration) -> Self {
        Self { rest: answer.into_iter(), interval: interval(if delay.is_zero() { DRIP } else { delay }) }
    }
}

impl hyper::body::Body for Drip {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.interval
            .poll_tick(context)
            .map(|_| self.rest.next().map(|octet| Ok(Frame::data(Bytes::from(vec![octet])))))
    }
}

/// Half an answer, and then the connection breaks.
enum Cut {
    Half(Bytes),
    /// Half an answer is given, but perhaps not sent: hyper sends before it asks a second time.
    Given,
    Sent,
}

impl hyper::body::Body for Cut {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
        match std::mem::replace(&mut *self, Self::Sent) {
            Self::Half(octets) => {
                *self = Self::Given;
                Poll::Ready(Some(Ok(Frame::data(octets))))
            }
            Self::Given => {
                context.waker().wake_by_ref();
                Poll::Pending
            }
            Self::Sent => Poll::Ready(Some(Err(io::ErrorKind::ConnectionReset.into()))),
        }
    }
}

/// Answers well whatever fault is set: where a redirect leads.
pub(crate) const RIGHT_PATH: &str = "/right";
const OCSP_RESPONSE: &str = "application/ocsp-response";
const DRIP: Duration = Duration::from_millis(100);
