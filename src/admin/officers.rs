//! Many officers at once: imported, and ordered on or off duty.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tiande_actors::court::{DutyOrder, EnrolMany, EnrolOfficer};
use tiande_core::ids::OfficerId;
use tiande_core::officer::OfficerPersonal;

use super::AdminFault;
use super::requests::{command, court_of, name_of};
use crate::api::refusal::refusal_of;
use crate::app::App;
use crate::entropy::IdEntropy;

/// Most officers in one request: some seconds of work at most.
const OFFICERS_MAX: usize = 5_000;
/// Names that are looked up in one errand: some milliseconds of the writer's time.
const NAMES_LOT: usize = 250;
/// Skills of one officer.
const SKILLS_MAX: usize = 32;
/// Faults that are named; more would not be read.
const FAULTS_MAX: usize = 50;

/// An officer to be taken in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficerIn {
    /// Name, unique in the court.
    pub name: String,
    /// Badge.
    #[serde(default)]
    pub badge: Option<String>,
    /// Skills.
    #[serde(default)]
    pub skills: Vec<String>,
}

/// Which way duty is ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DutyTo {
    /// On duty.
    OnDuty,
    /// Off duty.
    OffDuty,
}

fn checked(one: &OfficerIn) -> Result<(OfficerPersonal, Vec<String>), AdminFault> {
    let name = name_of(&one.name, "the name")?;
    let badge = one.badge.as_deref().map(|badge| name_of(badge, "the badge")).transpose()?;
    if one.skills.len() > SKILLS_MAX {
        return Err(AdminFault::new("invalid", format!("at most {SKILLS_MAX} skills")));
    }
    let skills = one.skills.iter().map(|skill| name_of(skill, "a skill"));
    Ok((OfficerPersonal { name, badge }, skills.collect::<Result<_, _>>()?))
}

fn refused(mut faults: Vec<String>) -> AdminFault {
    let more = faults.len().saturating_sub(FAULTS_MAX);
    faults.truncate(FAULTS_MAX);
    if more > 0 {
        faults.push(format!("and {more} more"));
    }
    AdminFault { faults, ..AdminFault::new("invalid", "nothing was imported") }
}

/// Takes officers in; whom the court knows by that name already stays as known.
pub(super) async fn add(
    app: &App,
    court: &str,
    officers: &[OfficerIn],
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    if !(1..=OFFICERS_MAX).contains(&officers.len()) {
        return Err(AdminFault::new("invalid", format!("1-{OFFICERS_MAX} officers at once")));
    }
    let (mut good, mut faults) = (Vec::with_capacity(officers.len()), Vec::new());
    let mut first: BTreeMap<String, usize> = BTreeMap::new();
    for (row, one) in (1..).zip(officers) {
        match checked(one) {
            Ok((personal, skills)) => {
                if let Some(before) = first.insert(personal.name.clone(), row) {
                    faults.push(format!("officer {row}: has the name of officer {before}"));
                }
                good.push((personal, skills));
            }
            Err(fault) => faults.push(format!("officer {row}: {}", fault.title)),
        }
    }
    if !faults.is_empty() {
        return Err(refused(faults));
    }
    let (mut ids, mut new) = (Vec::with_capacity(good.len()), 0);
    let mut good = good.into_iter().peekable();
    while good.peek().is_some() {
        let lot: Vec<_> = good.by_ref().take(NAMES_LOT).collect();
        let fresh = || OfficerId::new(app.clock.now(), &mut IdEntropy);
        let named = lot.iter().map(|(personal, _)| (personal.name.clone(), fresh())).collect();
        let known = app.doors.officers_named(&court.profile().id, named).await;
        let known = known.map_err(AdminFault::store)?;
        // Registering is idempotent, so that a crash between the two heals on the next call.
        let lot = lot.into_iter().zip(&known).map(|((personal, skills), officer)| EnrolOfficer {
            officer: *officer,
            personal,
            skills,
        });
        let enrolled = court.enrol_many(EnrolMany { officers: lot.collect() }).await;
        new += enrolled.map_err(|fault| command(&fault))?;
        ids.extend(known.iter().map(ToString::to_string));
    }
    Ok(json!({"officers": ids, "new": new}))
}

/// Orders officers on or off duty.
pub(super) async fn duty(
    app: &App,
    court: &str,
    officers: &[String],
    to: DutyTo,
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    if !(1..=OFFICERS_MAX).contains(&officers.len()) {
        return Err(AdminFault::new("invalid", format!("1-{OFFICERS_MAX} officers at once")));
    }
    let mut ids: Vec<OfficerId> = Vec::with_capacity(officers.len());
    for (row, text) in (1..).zip(officers) {
        let id = text.parse();
        ids.push(id.map_err(|_bad| {
            AdminFault::new("invalid", format!("officer {row}: is named by the id"))
        })?);
    }
    let order = DutyOrder { officers: ids, on: to == DutyTo::OnDuty };
    let done = court.order_duty(order).await.map_err(|fault| command(&fault))?;
    let refused = done.refused.iter();
    let refused: Vec<_> =
        refused.map(|(officer, why)| (officer.to_string(), refusal_of(why).code)).collect();
    Ok(json!({"changed": done.changed.len(), "refused": refused}))
}
