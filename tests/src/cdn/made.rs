//! What a CDN makes when it is asked for, so that there may be as much of it as a test wants: nothing of it is kept.

use std::convert::Infallible;
use std::iter;

use futures_util::stream::{self, Stream, StreamExt as _};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::Response;
use hyper::body::{Bytes, Frame};
use hyper::header::CONTENT_LENGTH;

/// A body of any sort.
pub(super) type Body = UnsyncBoxBody<Bytes, Infallible>;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\x38\0\0\x05\x46";
const FILM: &[u8] = b"\0\0\0\x20ftypisom";
/// Follow what names it.
const ZEROS: &[u8] = &[0; 64 << 10];

/// What comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Made {
    /// A picture.
    Picture,
    /// A film.
    Film,
    /// A film whose length is not said.
    Unmeasured,
    /// A picture that stops coming after its first bytes.
    Stalled,
    /// A picture that ends after its first bytes, although more was said.
    Cut,
}

impl Made {
    const ALL: [Self; 5] = [Self::Picture, Self::Film, Self::Unmeasured, Self::Stalled, Self::Cut];

    /// Where it is.
    pub(super) fn path(self, bytes: u64, name: &str) -> String {
        format!("/{}/{bytes}/{name}", self.as_str())
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Picture => "picture",
            Self::Film => "film",
            Self::Unmeasured => "unmeasured",
            Self::Stalled => "stalled",
            Self::Cut => "cut",
        }
    }

    fn response(self, bytes: u64, name: &str) -> Response<Body> {
        let magic = if matches!(self, Self::Film | Self::Unmeasured) { FILM } else { PNG };
        let head = Bytes::from([magic, name.as_bytes()].concat());
        let rest = zeros(bytes.saturating_sub(head.len() as u64));
        let head = stream::iter([head]);
        let mut response = Response::new(match self {
            Self::Picture | Self::Film | Self::Unmeasured => body(head.chain(stream::iter(rest))),
            Self::Stalled => body(head.chain(stream::pending())),
            Self::Cut => body(head),
        });
        if self != Self::Unmeasured {
            response.headers_mut().insert(CONTENT_LENGTH, bytes.into());
        }
        response
    }
}

/// What lies at a path of [`Made::path`].
pub(super) fn response(path: &str) -> Option<Response<Body>> {
    let mut words = path.strip_prefix('/')?.splitn(3, '/');
    let (what, bytes, name) = (words.next()?, words.next()?.parse().ok()?, words.next()?);
    let made = Made::ALL.into_iter().find(|made| made.as_str() == what)?;
    Some(made.response(bytes, name))
}

fn zeros(bytes: u64) -> impl Iterator<Item = Bytes> + Send + 'static {
    let piece = Bytes::from_static(ZEROS);
    let size = ZEROS.len() as u64;
    let whole = usize::try_from(bytes / size).unwrap_or(usize::MAX);
    let last = piece.slice(..usize::try_from(bytes % size).unwrap_or_default());
    iter::repeat_n(piece, whole).chain(iter::once(last))
}

fn body(pieces: impl Stream<Item = Bytes> + Send + 'static) -> Body {
    StreamBody::new(pieces.map(|piece| Ok::<_, Infallible>(Frame::data(piece)))).boxed_unsync()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_made_has_its_length_and_differs_by_name() {
        let made = async |path: &str| {
            let body = response(path).unwrap().into_body().collect().await.unwrap();
            body.to_bytes()
        };
        let (one, other) = (made("/picture/200000/1").await, made("/picture/200000/2").await);
        assert_eq!((one.len(), other.len()), (200_000, 200_000));
        assert_ne!(one, other);
        assert!(response("/picture").is_none() && response("/picture/many/1").is_none());
    }
}
