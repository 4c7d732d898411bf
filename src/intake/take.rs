//! From a delivery to an answer: who sent it, what it says, and then all of it or nothing of it.
//!
//! Knows no HTTP; what it needs of the server is [`Server`], so that the tests can be one.

use actix_web::web::{self, Bytes};
use sha2::{Digest, Sha256};
use tiande_actors::incident::IncidentFault;
use tiande_actors::intake::{SubmitTip, TipFault, TipTaken};
use tiande_actors::ports::AppendFault;
use tiande_actors::ports::journal::Delivery;
use tiande_actors::turnstile::{Pass, Turnstile};
use tiande_core::court::CourtProfile;
use tiande_core::ids::{CourtId, IncidentId, TipId};
use tiande_core::time::UnixMillis;
use tiande_core::tip::{FaultCode, MediaDraft, MediaType, Tip, TipDraft, TipFault as FieldOfTip};

use super::body::PLAIN_BODY_MAX;
use super::media::MediaStore;
use super::rates::Rates;
use super::signature::{Secret, Signed};
use super::wire;
use crate::api::problem::{FieldFault, Problem};
use crate::entropy::IdEntropy;
use crate::fault;
use crate::pictures::head::{self, HeadFault};
use crate::strict_json;

/// Refused tips come back within this, seconds.
const RETRY_SPREAD_S: u32 = 5;

/// A source of tips, as far as the intake needs to know it.
#[derive(Debug, Clone)]
pub(super) struct KnownSource {
    /// Its court.
    pub(super) court: CourtId,
    /// It may start a dispatch by itself.
    pub(super) trusted: bool,
    /// Its secret, or two while it is changed.
    pub(super) secrets: Vec<Secret>,
}

/// A court, as far as the intake needs it.
pub(super) trait Court: Clone + Send + 'static {
    fn profile(&self) -> &CourtProfile;
    /// Where its tips wait.
    fn tips(&self) -> &Turnstile;
    async fn submit(&self, pass: Pass, tip: SubmitTip) -> Result<TipTaken, TipFault>;
}

/// The server around the intake.
pub(super) trait Server: Clone + 'static {
    type Court: Court;

    fn now(&self) -> UnixMillis;
    /// What the machine's clock shows, believed or not.
    fn shown(&self) -> UnixMillis;
    fn rates(&self) -> &Rates;
    fn media(&self) -> &MediaStore;
    fn court(&self, id: &CourtId) -> Option<Self::Court>;
    async fn source(&self, name: &str) -> Result<Option<KnownSource>, Problem>;
    async fn delivery(&self, key: String, id: String) -> Result<Option<Delivery>, Problem>;
}

/// What a sender is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) tip: TipId,
    pub(super) incident: IncidentId,
    /// It was taken before.
    pub(super) repeated: bool,
}

/// A picture that was checked: its hash and its bytes.
type Picture = ([u8; 32], Vec<u8>);

/// Takes a delivery in. Resolves when its tip is durable.
pub(super) async fn take<S: Server>(
    server: &S,
    source: &str,
    signed: Signed,
    body: Bytes,
) -> Result<Answer, Problem> {
    let now = server.now();
    let its_now = signed.clock(now, server.shown());
    let known = server.source(source).await?;
    let KnownSource { court, trusted, .. } = genuine(known, &signed, &body, its_now).await?;
    if !server.rates().take(source, now) {
        return Err(Problem::too_many());
    }
    // Its source is there, so it is only not open yet, or not any more.
    let court = server.court(&court).ok_or_else(Problem::starting)?;
    // Before the body is read as JSON: to say no must be cheap.
    if court.tips().sheds() {
        court.tips().count_shed();
        return Err(come_back(&signed.id));
    }
    let key = format!("{}/{source}", court.profile().id);
    let body_sha256 = <[u8; 32]>::from(Sha256::digest(&body));
    let reader = court.clone();
    let size = body.len();
    let read = off_thread(size, move || read_tip(&body, reader.profile(), its_now)).await?;
    let (tip, pictures) = match read {
        Ok(read) => read,
        Err(Unread::Refused(problem)) => return Err(problem),
        Err(Unread::Fields(faults)) => {
            let earlier = server.delivery(key, signed.id).await?;
            return answer_faults(earlier, body_sha256, faults);
        }
    };
    // In this task: when the sender hangs up while it waits, the tip goes with it.
    let pass = court.tips().enter().await.map_err(|_no_room| come_back(&signed.id))?;
    let id = TipId::new(now, &mut IdEntropy);
    let tip = SubmitTip {
        tip: Box::new(tip),
        id,
        source: source.to_owned(),
        trusted,
        delivery_source: key,
        webhook_id: signed.id,
        body_sha256,
    };
    // A task of its own: a sender who hangs up now must not leave pictures without their tip.
    let store = server.media().clone();
    let kept = actix_web::rt::spawn(async move { keep(&store, &court, pass, tip, pictures).await });
    kept.await.unwrap_or_else(|_panicked| Err(Problem::journal_unavailable()))
}

/// Checks whose delivery it is. A source that there is not takes the same way as one that is.
async fn genuine(
    known: Option<KnownSource>,
    signed: &Signed,
    body: &Bytes,
    now: UnixMillis,
) -> Result<KnownSource, Problem> {
    let secrets = match &known {
        Some(source) => source.secrets.clone(),
        None => vec![Secret::nobodys()],
    };
    let (signed, body) = (signed.clone(), body.clone());
    off_thread(body.len(), move || signed.verify(&body, &secrets, now)).await??;
    known.ok_or_else(Problem::signature)
}

/// Does work in proportion to a body: on a thread for such work when the body is large, so that the
/// other connections of this one do not wait for it.
async fn off_thread<T, F>(size: usize, work: F) -> Result<T, Problem>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    if size <= PLAIN_BODY_MAX {
        return Ok(work());
    }
    web::block(work).await.map_err(|_pool_gone| Problem::overloaded())
}

/// Why a body is no tip.
#[derive(Debug, PartialEq)]
enum Unread {
    /// As a whole.
    Refused(Problem),
    /// Some fields.
    Fields(Vec<FieldOfTip>),
}

/// Reads a body whose signature was right.
fn read_tip(
    body: &[u8],
    court: &CourtProfile,
    now: UnixMillis,
) -> Result<(Tip, Vec<Picture>), Unread> {
    let value = strict_json::parse(body).map_err(|fault| {
        tracing::debug!(%fault, "a signed body is no JSON");
        Unread::Refused(Problem::json_invalid())
    })?;
    if body.len() > PLAIN_BODY_MAX && !wire::has_media(&value) {
        return Err(Unread::Refused(Problem::too_large()));
    }
    let (draft, mut faults) = wire::read(value);
    faults.extend(unfit_pictures(&draft));
    match Tip::parse(&draft, court, now) {
        Ok(tip) if faults.is_empty() => {
            let mut pictures: Vec<Picture> = Vec::with_capacity(draft.media.len());
            for picture in draft.media {
                if pictures.iter().all(|(hash, _)| *hash != picture.sha256) {
                    pictures.push((picture.sha256, picture.bytes));
                }
            }
            Ok((tip, pictures))
        }
        Ok(_) => Err(Unread::Fields(faults)),
        Err(found) => Err(Unread::Fields(wire::join(faults, found))),
    }
}

/// Pictures that nobody is to decode, by what they say of themselves. One of another type than declared
/// is the core's fault to find.
fn unfit_pictures(draft: &TipDraft) -> Vec<FieldOfTip> {
    let fault = |(index, picture): (usize, &MediaDraft)| {
        let kind = MediaType::from_magic(&picture.bytes)?;
        let code = match head::look(kind, &picture.bytes) {
            Ok(_size) => return None,
            Err(HeadFault::Broken) => FaultCode::ImageBroken,
            Err(HeadFault::TooLarge) => FaultCode::ImageTooLarge,
        };
        Some(FieldOfTip { pointer: format!("/media/{index}/data"), code })
    };
    draft.media.iter().enumerate().filter_map(fault).collect()
}

/// The answer to a body with faults. It may have been taken before, when it had none yet: a time in
/// it grows too old, a court's area changes. Then the first answer stands.
fn answer_faults(
    earlier: Option<Delivery>,
    body_sha256: [u8; 32],
    faults: Vec<FieldOfTip>,
) -> Result<Answer, Problem> {
    match earlier {
        Some(Delivery { body_sha256: same, tip, incident, .. }) if same == body_sha256 => {
            Ok(Answer { tip, incident, repeated: true })
        }
        Some(_) => Err(Problem::idempotency_mismatch()),
        None => {
            let errors = faults
                .into_iter()
                .map(|fault| FieldFault { pointer: fault.pointer, code: fault.code.name().into() });
            Err(Problem::field_invalid().with_errors(errors.collect()))
        }
    }
}

/// Keeps the pictures, then submits the tip; takes the pictures away again when it is certain that
/// the tip is not there.
async fn keep<C: Court>(
    store: &MediaStore,
    court: &C,
    pass: Pass,
    tip: SubmitTip,
    pictures: Vec<Picture>,
) -> Result<Answer, Problem> {
    let id = tip.id;
    let hashes: Vec<[u8; 32]> = pictures.iter().map(|(hash, _)| *hash).collect();
    for (hash, bytes) in pictures {
        if let Err(fault) = store.put(id, hash, bytes).await {
            tracing::error!(kind = ?fault.kind(), "a picture could not be kept");
            remove(store, id, &hashes).await;
            return Err(problem_of_store(&fault));
        }
    }
    fault::point("intake.after_pictures");
    match court.submit(pass, tip).await {
        Ok(taken) => {
            fault::point("intake.before_answer");
            if taken.tip != id {
                // Taken before, with its pictures.
                remove(store, id, &hashes).await;
            }
            Ok(Answer { tip: taken.tip, incident: taken.incident, repeated: taken.repeated })
        }
        Err(fault) => {
            if is_certain(&fault) {
                remove(store, id, &hashes).await;
            }
            Err(problem_of(&fault))
        }
    }
}

/// Too many tips wait. Those who are sent away together must not come back together: the wait, 1 to
/// [`RETRY_SPREAD_S`] seconds, is spread by the delivery's own id.
fn come_back(webhook_id: &str) -> Problem {
    let spread = webhook_id
        .bytes()
        .fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(u32::from(byte)));
    Problem::overloaded().retry_after(1 + spread % RETRY_SPREAD_S)
}

async fn remove(store: &MediaStore, tip: TipId, hashes: &[[u8; 32]]) {
    for hash in hashes {
        if let Err(fault) = store.remove(tip, *hash).await {
            tracing::error!(kind = ?fault.kind(), %tip, "a picture could not be removed");
        }
    }
}

fn problem_of_store(fault: &std::io::Error) -> Problem {
    match fault.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Problem::storage_full()
        }
        _ => Problem::journal_unavailable(),
    }
}

/// True when the tip is not in the journal for sure.
fn is_certain(fault: &TipFault) -> bool {
    match fault {
        TipFault::NoAnswer | TipFault::Incident(IncidentFault::Append(AppendFault::Unknown)) => {
            false
        }
        TipFault::Mismatch | TipFault::Incident(_) | TipFault::Read(_) | TipFault::Overloaded => {
            true
        }
    }
}

/// How a tip that was not taken is refused. Apart from the mismatch all of it passes: the sender
/// sends again, with the same id.
fn problem_of(fault: &TipFault) -> Problem {
    match fault {
        TipFault::Mismatch => Problem::idempotency_mismatch(),
        TipFault::Incident(IncidentFault::Append(fault)) => match fault {
            AppendFault::StorageFull => Problem::storage_full(),
            AppendFault::Unavailable | AppendFault::Unknown => Problem::journal_unavailable(),
            AppendFault::Conflict { .. }
            | AppendFault::DuplicateDelivery
            | AppendFault::Violates(_) => Problem::overloaded(),
        },
        TipFault::Read(_) | TipFault::NoAnswer => Problem::journal_unavailable(),
        TipFault::Incident(_) | TipFault::Overloaded => Problem::overloaded(),
    }
}

#[cfg(test)]
#[path = "take_tests.rs"]
mod tests;
