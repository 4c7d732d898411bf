//! From a batch to its answer: to its court, and back when all of it is on the disk.

use std::time::Duration;

use actix_web::rt::time::timeout;
use metrics::counter;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tiande_actors::officer::{Gateway, GatewayBatch, Record, RecordEnd};
use tiande_core::access::{Action, Actor, Context, Resource, can};
use tiande_core::ids::{DeviceId, GatewayId, OfficerId};

use super::budget::Pass;
use crate::access::store::GatewayRow;
use crate::api::problem::Problem;
use crate::app::App;

/// A batch that is not on the disk by then is answered as not taken; the gateway sends it again.
const DURABLE_WITHIN: Duration = Duration::from_secs(10);

/// What became of a batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// So many became the position of their officer.
    pub taken: usize,
    /// The others, by their place in the batch.
    pub refused: Vec<(usize, &'static str)>,
}

impl Answer {
    fn of(ends: &[RecordEnd]) -> Self {
        let codes = || ends.iter().map(|end| end.code());
        let refused = codes().enumerate().filter_map(|(index, code)| Some((index, code?)));
        Self { taken: codes().filter(Option::is_none).count(), refused: refused.collect() }
    }

    /// The fields of the answer, on sockets and in HTTP alike.
    #[must_use]
    pub fn json(&self) -> Value {
        json!({"taken": self.taken, "refused": self.refused})
    }
}

/// The tracker of one officer behind a gateway, as the track store knows it: always the same.
fn tracker(gateway: GatewayId, officer: OfficerId) -> DeviceId {
    let mut digest = Sha256::new();
    digest.update(b"tracker of a gateway ");
    digest.update(gateway.0.as_bytes());
    digest.update(officer.0.as_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    DeviceId(uuid::Builder::from_custom_bytes(bytes).into_uuid())
}

fn gateway(known: &GatewayRow) -> Gateway {
    Gateway { id: known.gateway, tracker }
}

/// May this gateway report for its court?
fn check(known: &GatewayRow) -> Result<(), Problem> {
    let GatewayRow { gateway, court } = known;
    let actor = Actor::Gateway { court: court.clone(), gateway: *gateway };
    let here = Resource::Court(court.clone());
    let allowed = can(&actor, Action::ReportPositions, &here, Context::default());
    if allowed { Ok(()) } else { Err(Problem::forbidden()) }
}

/// The officers of a gateway's court: the run in which their numbers are good, and the numbers.
///
/// # Errors
/// [`Problem`].
pub fn officers(app: &App, known: &GatewayRow) -> Result<Value, Problem> {
    check(known)?;
    let court = app.court(&known.court).ok_or_else(Problem::starting)?;
    let numbers = court.lanes().numbers();
    let officers: Vec<_> =
        numbers.iter().map(|(n, officer)| json!({"n": n, "id": officer.to_string()})).collect();
    Ok(json!({"run": court.lanes().run(), "officers": officers}))
}

/// A place for a batch, before it is read.
///
/// # Errors
/// 429 when too many of that gateway are under way.
pub fn begin(app: &App, known: &GatewayRow) -> Result<Pass, Problem> {
    app.gateways.begin(known.gateway, app.clock.now()).ok_or_else(Problem::too_many)
}

/// Takes a batch in; resolves when what of it can be stored is stored. `run` is the run in which the
/// gateway learnt its numbers, where it uses them.
///
/// # Errors
/// [`Problem`]; then nothing is said of any record, and the same batch again is safe.
pub async fn take(
    app: &App,
    known: &GatewayRow,
    pass: Pass,
    run: Option<u32>,
    records: Vec<Record>,
) -> Result<Answer, Problem> {
    app.check_open()?;
    check(known)?;
    let court = app.court(&known.court).ok_or_else(Problem::starting)?;
    if run.is_some_and(|run| run != court.lanes().run()) {
        return Err(Problem::numbers_changed());
    }
    if !pass.charge(records.len(), app.clock.now()) {
        court.miss(gateway(known), &records);
        return Err(Problem::too_many());
    }
    counter!("tiande_gateway_records_total").increment(records.len() as u64);
    let (batch, told) = GatewayBatch::new(gateway(known), records);
    court.report(batch);
    let ends = timeout(DURABLE_WITHIN, told).await;
    let ends = ends.ok().and_then(Result::ok).ok_or_else(Problem::overloaded)?;
    if ends.iter().all(|end| *end == RecordEnd::Again) {
        return Err(Problem::overloaded()); // Also for forwarders that look at nothing but the status.
    }
    Ok(Answer::of(&ends))
}

/// A batch that was read is sent away: what comes after it is not kept before it has come again.
pub fn sent_away(app: &App, known: &GatewayRow, run: Option<u32>, records: &[Record]) {
    let court = app.court(&known.court);
    let theirs = court.filter(|court| run.is_none_or(|run| run == court.lanes().run()));
    if let Some(court) = theirs {
        court.miss(gateway(known), records);
    }
}

#[cfg(test)]
mod tests {
    use tiande_core::officer::FixVerdict;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn a_tracker_is_always_the_same_and_nobody_elses() {
        let (a, b) = (GatewayId(Uuid::from_u128(1)), GatewayId(Uuid::from_u128(2)));
        let (x, y) = (OfficerId(Uuid::from_u128(1)), OfficerId(Uuid::from_u128(2)));
        assert_eq!(tracker(a, x), tracker(a, x));
        let all = [tracker(a, x), tracker(a, y), tracker(b, x), tracker(b, y)];
        let different: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(different.len(), all.len());
        // Tracks of years lie under it.
        assert_eq!(tracker(a, x).to_string(), "52d381bc-2e7b-8e21-92cb-6a022e127512");
    }

    #[test]
    fn an_answer_names_what_was_not_taken_by_its_place() {
        let ends = [
            RecordEnd::Judged(FixVerdict::Taken),
            RecordEnd::Invalid,
            RecordEnd::Judged(FixVerdict::Older),
            RecordEnd::Again,
        ];
        let expected =
            json!({"taken": 1, "refused": [[1, "field-invalid"], [2, "older"], [3, "overloaded"]]});
        assert_eq!(Answer::of(&ends).json(), expected);
    }
}
