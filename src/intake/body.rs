//! The request around a tip: what it says about its body, and the body itself within its bounds of
//! size and time.

use std::time::Duration;

use actix_web::error::PayloadError;
use actix_web::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap};
use actix_web::web::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt};

use super::budget::Coming;
use crate::api::problem::Problem;

/// No body is larger, pictures and all.
pub const BODY_MAX: usize = 8 * 1024 * 1024;
/// A body without pictures is not larger.
pub const PLAIN_BODY_MAX: usize = 64 * 1024;
/// A body has to be there after this.
pub const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// Refuses a request whose head says already that its body will not be taken.
///
/// # Errors
/// 415 unless it is `application/json` (UTF-8) without content encoding, 413 when it announces more
/// than [`BODY_MAX`].
pub fn check_head(headers: &HeaderMap) -> Result<(), Problem> {
    let mut types = headers.get_all(CONTENT_TYPE);
    let is_json = match (types.next(), types.next()) {
        (Some(only), None) => only.to_str().is_ok_and(is_json_type),
        _ => false,
    };
    let is_plain = headers
        .get_all(CONTENT_ENCODING)
        .all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"));
    if !is_json || !is_plain {
        return Err(Problem::media_type());
    }
    match announced(headers) {
        Some(length) if length > BODY_MAX => Err(Problem::too_large()),
        _ => Ok(()),
    }
}

/// `application/json`, alone or with the charset it has anyway.
fn is_json_type(text: &str) -> bool {
    let mut parts = text.split(';').map(str::trim);
    let is_json = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("application/json"));
    is_json
        && parts.all(|parameter| {
            parameter.split_once('=').is_some_and(|(name, value)| {
                name.eq_ignore_ascii_case("charset")
                    && value.trim_matches('"').eq_ignore_ascii_case("utf-8")
            })
        })
}

/// The length the head announces. One that is no number is left to the HTTP parser; one that is too
/// large for a number is too large.
pub fn announced(headers: &HeaderMap) -> Option<usize> {
    let text = headers.get(CONTENT_LENGTH)?.to_str().ok()?;
    let is_number = !text.is_empty() && text.bytes().all(|digit| digit.is_ascii_digit());
    is_number.then(|| text.parse().unwrap_or(usize::MAX))
}

/// Reads a body, at most [`BODY_MAX`] bytes in at most `time_max`, within the budget of all bodies.
/// Whatever it holds of that is given back after `time_max` at the latest, unless it is whole.
///
/// # Errors
/// 413 as soon as it is too large, 400 when it breaks off or takes too long; those of
/// [`Coming::room_for`], before anything of a large body is read that announces its length.
pub async fn read<S>(
    mut payload: S,
    announced: Option<usize>,
    mut coming: Coming<'_>,
    time_max: Duration,
) -> Result<Bytes, Problem>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    if let Some(length) = announced.filter(|length| *length > PLAIN_BODY_MAX) {
        coming.room_for(length)?;
    }
    let reading = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|broken| match broken {
                PayloadError::Overflow => Problem::too_large(),
                _ => Problem::request_invalid(),
            })?;
            let total = body.len() + chunk.len();
            if total > BODY_MAX {
                return Err(Problem::too_large());
            }
            coming.room_for(total)?;
            body.extend_from_slice(&chunk);
        }
        Ok(coming.whole(body))
    };
    let in_time = actix_web::rt::time::timeout(time_max, reading).await;
    in_time.unwrap_or_else(|_too_slow| Err(Problem::request_invalid()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::peers::PeerNetwork;
    use crate::intake::budget::{BodyBudget, LARGE_EACH};
    use crate::intake::signature::{a_head, at};
    use actix_web::http::header::{HeaderName, HeaderValue};
    use futures_util::stream;

    fn head(fields: &[(HeaderName, &'static str)]) -> HeaderMap {
        fields.iter().map(|(name, value)| (name.clone(), HeaderValue::from_static(value))).collect()
    }

    #[test]
    fn json_in_utf_8_is_taken() {
        let taken = [
            "application/json",
            "Application/JSON",
            "application/json; charset=utf-8",
            "application/json;charset=\"UTF-8\"",
        ];
        for good in taken {
            assert_eq!(check_head(&head(&[(CONTENT_TYPE, good)])), Ok(()), "{good}");
        }
        let identity = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, "Identity")];
        assert_eq!(check_head(&head(&identity)), Ok(()));
    }

    #[test]
    fn other_types_and_encodings_are_not() {
        let refused = [
            "",
            "text/plain",
            "application/json; charset=gbk",
            "application/json; charset",
            "application/json; boundary=x",
            "application/jsonp",
            "application/x-www-form-urlencoded",
        ];
        for bad in refused {
            let checked = check_head(&head(&[(CONTENT_TYPE, bad)]));
            assert_eq!(checked, Err(Problem::media_type()), "{bad}");
        }
        assert_eq!(check_head(&HeaderMap::new()), Err(Problem::media_type()));
        for coding in ["gzip", "br", "gzip, identity", ""] {
            let coded = [(CONTENT_TYPE, "application/json"), (CONTENT_ENCODING, coding)];
            assert_eq!(check_head(&head(&coded)), Err(Problem::media_type()), "{coding}");
        }
        let mut twice = head(&[(CONTENT_TYPE, "application/json")]);
        twice.append(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        assert_eq!(check_head(&twice), Err(Problem::media_type()));
    }

    #[test]
    fn an_announced_excess_is_refused_at_once() {
        let of = |length| head(&[(CONTENT_TYPE, "application/json"), (CONTENT_LENGTH, length)]);
        assert_eq!(check_head(&of("8388608")), Ok(()));
        for length in ["8388609", "99999999999999999999999999"] {
            assert_eq!(check_head(&of(length)), Err(Problem::too_large()), "{length}");
        }
    }

    const HERE: PeerNetwork = PeerNetwork::Unknown;

    async fn read_with<S>(
        budget: &BodyBudget,
        payload: S,
        within: Duration,
    ) -> Result<Bytes, Problem>
    where
        S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
    {
        let signed = a_head(0);
        read(payload, None, budget.begin(HERE, &signed, at(0)), within).await
    }

    #[actix_web::test]
    async fn a_body_is_bounded_whatever_was_announced() {
        let budget = BodyBudget::new();
        let chunk = Bytes::from(vec![b'x'; 1024 * 1024]);
        let fits = stream::iter(vec![chunk.clone(); 8]).map(Ok);
        assert_eq!(read_with(&budget, fits, BODY_TIME_MAX).await.expect("fits").len(), BODY_MAX);
        // Never ends: has to be refused on the way.
        let endless = stream::repeat_with(move || Ok(chunk.clone()));
        let read = read_with(&budget, endless, BODY_TIME_MAX).await;
        assert_eq!(read, Err(Problem::too_large()));
    }

    #[actix_web::test]
    async fn a_body_that_breaks_off_or_never_comes_is_refused() {
        let budget = BodyBudget::new();
        let broken =
            stream::iter([Ok(Bytes::from_static(b"{")), Err(PayloadError::Incomplete(None))]);
        let read = read_with(&budget, broken, BODY_TIME_MAX).await;
        assert_eq!(read, Err(Problem::request_invalid()));
        let read = read_with(&budget, stream::pending(), Duration::from_millis(5)).await;
        assert_eq!(read, Err(Problem::request_invalid()));
    }

    #[actix_web::test]
    async fn without_a_place_nothing_of_a_large_body_is_read() {
        let (budget, signed) = (BodyBudget::new(), a_head(0));
        let mut held = Vec::new();
        for _ in 0..LARGE_EACH {
            let mut coming = budget.begin(HERE, &signed, at(0));
            coming.room_for(BODY_MAX).expect("room");
            held.push(coming);
        }
        let read_of = std::cell::Cell::new(0);
        let chunks = || {
            stream::repeat_with(|| {
                read_of.set(read_of.get() + 1);
                Ok(Bytes::from(vec![b'x'; 16 * 1024]))
            })
        };
        let coming = budget.begin(HERE, &signed, at(0));
        let announced = read(chunks(), Some(BODY_MAX), coming, BODY_TIME_MAX).await;
        assert_eq!((announced, read_of.get()), (Err(Problem::overloaded()), 0));
        // Without a length it is refused where it stops being a plain one.
        let unannounced = read_with(&budget, chunks(), BODY_TIME_MAX).await;
        assert_eq!((unannounced, read_of.get()), (Err(Problem::overloaded()), 5));
        drop(held);
        let fits = stream::iter([Ok(Bytes::from(vec![b'x'; PLAIN_BODY_MAX + 1]))]);
        assert!(read_with(&budget, fits, BODY_TIME_MAX).await.is_ok());
    }

    #[actix_web::test]
    async fn a_body_that_does_not_come_gives_its_place_back_in_time() {
        let (budget, signed) = (BodyBudget::new(), a_head(0));
        for _ in 0..=LARGE_EACH {
            let begun = stream::iter([Ok(Bytes::from_static(b"{"))]).chain(stream::pending());
            let coming = budget.begin(HERE, &signed, at(0));
            let slow =
                read(Box::pin(begun), Some(BODY_MAX), coming, Duration::from_millis(5)).await;
            assert_eq!(slow, Err(Problem::request_invalid()));
        }
    }
}
