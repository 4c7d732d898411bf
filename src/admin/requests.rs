//! The requests and what they do.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tiande_actors::court::{CaseImport, CommandFault, CourtHandle, EnrolOfficer, ForgetTip};
use tiande_actors::ports::Journal as _;
use tiande_core::access::{Action, Actor, Context, Resource, Role, can};
use tiande_core::calendar::Day;
use tiande_core::case::{Case, CaseCommand, CaseNumber, Filed, Party, PartyRole};
use tiande_core::court::CourtProfile;
use tiande_core::deadline::Begin;
use tiande_core::file::{CaseKind, Filing, FilingBasis, Particulars};
use tiande_core::ids::{CaseId, CourtId, DeviceId, OfficerId, TipId, UserId};
use tiande_core::journal::By;
use tiande_core::money::Fen;
use tiande_core::officer::OfficerPersonal;
use tiande_core::text::clean_text;
use tiande_core::time::{Millis, UnixMillis};

use super::officers::{DutyTo, OfficerIn};
use super::{clock, gateways, officers, proof, tracks};
use crate::access::store::{NewStaff, NotRotated};
use crate::app::App;
use crate::entropy::IdEntropy;

/// A request, as it stands on a line of the admin socket.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum AdminRequest {
    /// Adds a court.
    CourtAdd {
        /// The court's file as JSON.
        profile: Box<CourtProfile>,
    },
    /// Adds a source of tips.
    SourceAdd {
        /// Court.
        court: String,
        /// Name, unique on this server.
        name: String,
        /// It may start a dispatch by itself.
        #[serde(default)]
        trusted: bool,
    },
    /// Gives a source a new secret.
    SourceRotate {
        /// Court.
        court: String,
        /// Which.
        name: String,
        /// The one before is accepted for so many hours, 0..=720; at 0 all from before end at once.
        grace_hours: u64,
    },
    /// Ends a source.
    SourceRevoke {
        /// Court.
        court: String,
        /// Which.
        name: String,
    },
    /// Forgets what a tip tells of people, pictures and all.
    TipForget {
        /// Court.
        court: String,
        /// Which.
        tip: String,
    },
    /// Adds a gateway.
    GatewayAdd {
        /// Court.
        court: String,
        /// Name, unique on this server.
        name: String,
    },
    /// Shuts a gateway out.
    GatewayRevoke {
        /// Its name.
        name: String,
    },
    /// Lists all gateways.
    GatewayList {},
    /// Says what time it is for the deadlines of each court.
    ClockShow {},
    /// Believes the machine's clock again: somebody has looked at it.
    ClockConfirm {},
    /// Forgets where an officer was in a month.
    TrackForget {
        /// Court.
        court: String,
        /// The officer's id.
        officer: String,
        /// Which month, UTC: `2026-11`.
        month: String,
    },
    /// Gives a one-time code for a handheld of an officer; makes the officer if need be.
    DeviceEnrol {
        /// Court.
        court: String,
        /// The officer's name.
        officer: String,
        /// Badge, for a new officer.
        #[serde(default)]
        badge: Option<String>,
        /// Skills, for a new officer.
        #[serde(default)]
        skills: Vec<String>,
    },
    /// Takes many officers in.
    OfficersAdd {
        /// Court.
        court: String,
        /// Who; 1..=5000.
        officers: Vec<OfficerIn>,
    },
    /// Orders officers on or off duty.
    OfficersDuty {
        /// Court.
        court: String,
        /// Their ids; 1..=5000.
        officers: Vec<String>,
        /// Which way.
        to: DutyTo,
    },
    /// Shuts a handheld out.
    DeviceRevoke {
        /// Which.
        device: String,
    },
    /// Adds a member of staff.
    UserAdd {
        /// Court.
        court: String,
        /// Name for signing in.
        username: String,
        /// Name for people.
        name: String,
        /// Roles.
        roles: Vec<String>,
        /// Password, at least 10 characters.
        password: String,
    },
    /// Takes cases in.
    CaseImport {
        /// Court.
        court: String,
        /// The cases.
        cases: Vec<CaseIn>,
    },
    /// Writes the whole file of a case with its proof into a folder of this machine.
    CaseExport {
        /// Court.
        court: String,
        /// The case's number.
        number: String,
        /// The folder, from the root on; empty or not there yet.
        out: PathBuf,
    },
    /// Makes a court's root now, over everything since the last one.
    ProofClose {
        /// Court.
        court: String,
    },
}

/// A case to be taken in.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CaseIn {
    /// Its number.
    pub number: String,
    /// Its parties.
    pub parties: Vec<PartyIn>,
    /// What is enforced; with it the case is filed, without it only known.
    #[serde(default)]
    pub kind: Option<CaseKind>,
    /// What it rests on.
    #[serde(default)]
    pub basis: Option<FilingBasis>,
    /// The instrument's number.
    #[serde(default)]
    pub instrument: String,
    /// What is claimed, fen.
    #[serde(default)]
    pub claim: u64,
    /// The claim in words.
    #[serde(default)]
    pub claim_text: String,
    /// Day on which the application was received.
    #[serde(default)]
    pub applied: Option<Day>,
    /// Day on which it was docketed.
    #[serde(default)]
    pub docketed: Option<Day>,
}

impl CaseIn {
    /// What it is filed with; `None` when it is only made known by its number.
    fn filed(&self) -> Result<Option<Filed>, AdminFault> {
        let Some(kind) = self.kind else { return Ok(None) };
        let missing =
            || AdminFault::new("invalid", "a case that is filed has the day of application");
        let applied = Begin { at: self.applied.ok_or_else(missing)?.begins(), whole_day: true };
        let basis = self.basis.unwrap_or(FilingBasis::Judgment);
        let filing = Filing { kind, basis, applied, claim: Fen(self.claim) };
        let words = Particulars {
            title: self.instrument.clone(),
            text: self.claim_text.clone(),
            ..Particulars::default()
        };
        Ok(Some(Filed { filing, docketed: self.docketed.map(Day::begins), words }))
    }
}

/// A party of such a case.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PartyIn {
    /// `applicant`, `debtor` or `third`.
    pub role: PartyRole,
    /// Name.
    pub name: String,
    /// Number of an identity card or of a legal person.
    #[serde(default)]
    pub id_number: String,
    /// Telephone.
    #[serde(default)]
    pub phone: String,
    /// Address.
    #[serde(default)]
    pub address: String,
    /// Of an agent: for which party, by number from 1.
    #[serde(default)]
    pub acts_for: Option<u16>,
}

impl PartyIn {
    fn party(&self) -> Result<Party, AdminFault> {
        let line = |text: &str, what| {
            if text.is_empty() { Ok(String::new()) } else { name_of(text, what) }
        };
        Ok(Party {
            role: self.role,
            name: name_of(&self.name, "a party's name")?,
            id_number: line(&self.id_number, "a party's id number")?,
            phone: line(&self.phone, "a party's telephone")?,
            address: line(&self.address, "a party's address")?,
            acts_for: self.acts_for,
        })
    }
}

/// Why a request was refused.
#[derive(Debug, Serialize, Deserialize)]
pub struct AdminFault {
    /// Stable code.
    pub code: String,
    /// In words.
    pub title: String,
    /// One line per fault, where there are several.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

impl AdminFault {
    pub(super) fn new(code: &str, title: impl Into<String>) -> Self {
        Self { code: code.to_owned(), title: title.into(), faults: Vec::new() }
    }

    pub(super) fn store(fault: impl std::fmt::Display) -> Self {
        Self::new("store", fault.to_string())
    }
}

impl std::fmt::Display for AdminFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.code, self.title)?;
        self.faults.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}

/// Shortest password, characters.
const PASSWORD_MIN: usize = 10;

/// A name that may stand in an address.
pub(super) fn plain_name(name: &str, what: &str) -> Result<(), AdminFault> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_');
    if (1..=64).contains(&name.len()) && name.bytes().all(plain) {
        return Ok(());
    }
    Err(AdminFault::new("invalid", format!("{what} is 1-64 of letters, digits, - and _")))
}

pub(super) fn court_of(app: &App, court: &str) -> Result<CourtHandle, AdminFault> {
    let id = CourtId::parse(court).map_err(|_bad| AdminFault::new("unknown-court", court))?;
    app.court(&id).ok_or_else(|| AdminFault::new("unknown-court", court))
}

pub(super) fn name_of(text: &str, what: &str) -> Result<String, AdminFault> {
    clean_text(text, 60, false).map_err(|_fault| {
        AdminFault::new("invalid", format!("{what} must be 1-60 plain characters"))
    })
}

pub(super) fn command(fault: &CommandFault) -> AdminFault {
    let refusal = crate::api::refusal::refusal_of(fault);
    AdminFault::new(refusal.code, refusal.title)
}

/// Does what a request wants.
///
/// # Errors
/// [`AdminFault`].
pub async fn execute(app: &App, request: AdminRequest) -> Result<Value, AdminFault> {
    if !can(&Actor::Operator, Action::Administer, &Resource::Server, Context::default()) {
        return Err(AdminFault::new("forbidden", "not permitted"));
    }
    match request {
        AdminRequest::CourtAdd { profile } => court_add(app, *profile).await,
        AdminRequest::SourceAdd { court, name, trusted } => {
            source_add(app, &court, &name, trusted).await
        }
        AdminRequest::SourceRotate { court, name, grace_hours } => {
            source_rotate(app, &court, &name, grace_hours).await
        }
        AdminRequest::TipForget { court, tip } => tip_forget(app, &court, &tip).await,
        AdminRequest::SourceRevoke { court, name } => source_revoke(app, &court, &name).await,
        AdminRequest::GatewayAdd { court, name } => gateways::add(app, &court, &name).await,
        AdminRequest::GatewayRevoke { name } => gateways::revoke(app, &name).await,
        AdminRequest::GatewayList {} => gateways::list(app).await,
        AdminRequest::ClockShow {} => clock::show(app).await,
        AdminRequest::ClockConfirm {} => clock::confirm(app).await,
        AdminRequest::TrackForget { court, officer, month } => {
            tracks::forget(app, &court, &officer, month).await
        }
        AdminRequest::DeviceEnrol { court, officer, badge, skills } => {
            device_enrol(app, &court, &officer, badge, skills).await
        }
        AdminRequest::OfficersAdd { court, officers } => {
            officers::add(app, &court, &officers).await
        }
        AdminRequest::OfficersDuty { court, officers, to } => {
            officers::duty(app, &court, &officers, to).await
        }
        AdminRequest::DeviceRevoke { device } => device_revoke(app, &device).await,
        AdminRequest::UserAdd { court, username, name, roles, password } => {
            user_add(app, &court, username, &name, &roles, password).await
        }
        AdminRequest::CaseImport { court, cases } => case_import(app, &court, cases).await,
        AdminRequest::CaseExport { court, number, out } => {
            proof::export_case(app, &court, &number, &out).await
        }
        AdminRequest::ProofClose { court } => proof::close(app, &court).await,
    }
}

async fn court_add(app: &App, profile: CourtProfile) -> Result<Value, AdminFault> {
    let faults = profile.check();
    if !faults.is_empty() {
        let mut fault = AdminFault::new("profile", "the court's file contradicts itself");
        fault.faults = faults.iter().map(|f| format!("{}: must be {}", f.key, f.rule)).collect();
        return Err(fault);
    }
    if app.court(&profile.id).is_some() {
        return Err(AdminFault::new("exists", "there is a court of that id already"));
    }
    app.doors.add_court(&profile).await.map_err(AdminFault::store)?;
    let id = profile.id.to_string();
    let opened = crate::server::open_court(app, profile).await;
    opened.map_err(|fault| AdminFault::new("court", fault.to_string()))?;
    Ok(json!({"court": id}))
}

async fn source_add(
    app: &App,
    court: &str,
    name: &str,
    trusted: bool,
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    plain_name(name, "a source's name")?;
    let added = app.doors.add_source(&court.profile().id, name, trusted).await;
    let secret = added.map_err(AdminFault::store)?;
    let secret = secret
        .ok_or_else(|| AdminFault::new("exists", "there is a source of that name already"))?;
    Ok(json!({"source": name, "secret": secret}))
}

/// Longest grace of an old secret, hours.
const GRACE_MAX_HOURS: u64 = 720;

async fn source_rotate(
    app: &App,
    court: &str,
    name: &str,
    grace_hours: u64,
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    if grace_hours > GRACE_MAX_HOURS {
        return Err(AdminFault::new("invalid", "the grace is 0-720 hours"));
    }
    let grace = Millis(grace_hours * 3_600_000);
    let rotated = app.doors.rotate_source(&court.profile().id, name, grace).await;
    let (secret, until) = rotated.map_err(AdminFault::store)?.map_err(|fault| match fault {
        NotRotated::Unknown => AdminFault::new("not-found", "no such source that may deliver"),
        NotRotated::TooManyOld => AdminFault::new(
            "too-many-secrets",
            "three secrets from before are still accepted: wait until one of them ends, or give no \
             grace, which ends them all",
        ),
    })?;
    Ok(json!({"source": name, "secret": secret, "old_until": until.0}))
}

async fn source_revoke(app: &App, court: &str, name: &str) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    let revoked = app.doors.revoke_source(&court.profile().id, name).await;
    if revoked.map_err(AdminFault::store)? {
        return Ok(json!({}));
    }
    Err(AdminFault::new("not-found", "no such source that may deliver"))
}

async fn tip_forget(app: &App, court: &str, tip: &str) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    let unknown = || AdminFault::new("not-found", "no such tip of this court");
    let tip: TipId = tip.parse().map_err(|_bad| unknown())?;
    let failed = || AdminFault::new("store", "it could not be forgotten; do it again");
    let row = app.journal.tip_row(&court.profile().id, tip).await.map_err(|_fault| failed())?;
    let row = row.ok_or_else(unknown)?;
    let moves = app.journal.tip_moves(tip).await.map_err(|_fault| failed())?;
    crate::api::pictures::forget_tip(app, tip).await.map_err(|_problem| failed())?;
    let incidents = row.incident.into_iter().chain(moves.into_iter().map(|it| it.from)).collect();
    court.forget_tip(ForgetTip { incidents }).await.map_err(|_fault| failed())?;
    Ok(json!({}))
}

async fn device_enrol(
    app: &App,
    court: &str,
    officer: &str,
    badge: Option<String>,
    skills: Vec<String>,
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    let id = court.profile().id.clone();
    let name = name_of(officer, "the officer's name")?;
    let badge = badge.map(|badge| name_of(&badge, "the badge")).transpose()?;
    let skills: Result<Vec<_>, _> = skills.iter().map(|skill| name_of(skill, "a skill")).collect();
    let fresh = OfficerId::new(app.clock.now(), &mut IdEntropy);
    let known = app.doors.officer_named(&id, &name, fresh).await.map_err(AdminFault::store)?;
    // Registering is idempotent, so that a crash between the two heals on the next call.
    let enrol =
        EnrolOfficer { officer: known, personal: OfficerPersonal { name, badge }, skills: skills? };
    court.enrol_officer(enrol).await.map_err(|fault| command(&fault))?;
    let code = app.doors.add_enrolment(&id, known).await.map_err(AdminFault::store)?;
    Ok(json!({"officer": known.to_string(), "code": code}))
}

async fn device_revoke(app: &App, device: &str) -> Result<Value, AdminFault> {
    let unknown = || AdminFault::new("not-found", "no such device");
    let device: DeviceId = device.parse().map_err(|_bad| unknown())?;
    let row = app.doors.revoke_device(device).await.map_err(AdminFault::store)?;
    let row = row.ok_or_else(unknown)?;
    if let Some(court) = app.court(&row.court) {
        court.revoke(row.officer, device).await.map_err(|fault| command(&fault))?;
    }
    Ok(json!({}))
}

async fn user_add(
    app: &App,
    court: &str,
    username: String,
    name: &str,
    roles: &[String],
    password: String,
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    let name = name_of(name, "the name")?;
    let username = name_of(&username, "the username")?;
    let roles: Option<Vec<Role>> = roles.iter().map(|role| Role::from_name(role)).collect();
    let roles = roles.filter(|roles| !roles.is_empty());
    let roles = roles.ok_or_else(|| {
        let known: Vec<_> = Role::ALL.iter().map(|role| role.name()).collect();
        AdminFault::new("invalid", format!("roles must be some of {}", known.join(", ")))
    })?;
    if password.chars().count() < PASSWORD_MIN {
        return Err(AdminFault::new("invalid", "a password has at least 10 characters"));
    }
    let user = UserId::new(app.clock.now(), &mut IdEntropy);
    let court = court.profile().id.clone();
    let staff = NewStaff { user, court, username, name, roles, password };
    let added = app.doors.add_staff(staff).await.map_err(AdminFault::store)?;
    if !added {
        return Err(AdminFault::new("exists", "there is somebody of that username already"));
    }
    Ok(json!({"user": user.to_string()}))
}

/// What the rules say to a case that is not there yet.
fn try_out(app: &App, now: UnixMillis, open: &CaseCommand) -> Result<(), String> {
    let case = Case::new(CaseId::new(now, &mut IdEntropy));
    let rules = app.rules.for_command(&case, open).ok_or("no procedure")?;
    case.decide(open, now, rules).map(drop).map_err(|refusal| refusal.to_string())
}

async fn case_import(app: &App, court: &str, cases: Vec<CaseIn>) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?;
    let mut checked = Vec::with_capacity(cases.len());
    let mut faults = Vec::new();
    let mut seen = BTreeMap::new();
    for (row, case) in cases.iter().enumerate() {
        let row = row + 1;
        let number = CaseNumber::parse(&case.number);
        let parties: Result<Vec<Party>, AdminFault> =
            case.parties.iter().map(PartyIn::party).collect();
        match (number, parties, case.filed()) {
            (Ok(number), Ok(parties), Ok(filing)) if (1..=200).contains(&parties.len()) => {
                if let Some(first) = seen.insert(number.clone(), row) {
                    faults.push(format!("case {row}: the same number as case {first}"));
                }
                let known = app.journal.case_numbered(court.profile().id.clone(), number.clone());
                let known = known.await.map_err(AdminFault::store)?;
                // A case that is only made known may be made known again; one that is filed is filed once. The
                // very same one is what a lot that was broken off has left: the lot goes on behind it.
                match (known, &filing) {
                    (Some(known), Some(filed)) => {
                        let known = court.case(known).await.map_err(|fault| command(&fault))?;
                        let filing = known.file.as_deref().and_then(|file| file.filing);
                        if filing != Some(filed.filing) || known.parties != parties {
                            faults.push(format!(
                                "case {row}: {number} is known already, and otherwise"
                            ));
                        }
                    }
                    (Some(_), None) => {}
                    // What the rules would refuse is seen before anything is written.
                    (None, _) => {
                        let open = CaseCommand::Open {
                            number: number.clone(),
                            parties: parties.clone(),
                            filing: filing.clone(),
                        };
                        if let Err(refusal) = try_out(app, app.clock.now(), &open) {
                            faults.push(format!("case {row}: {refusal}"));
                        }
                    }
                }
                checked.push(CaseImport {
                    number,
                    parties,
                    filing,
                    by: By::Operator,
                    only_new: false,
                });
            }
            (Ok(_), Ok(_), Ok(_)) => faults.push(format!("case {row}: 1-200 parties")),
            (Err(_), ..) => faults.push(format!("case {row}: not a case number")),
            (_, Err(fault), _) | (_, _, Err(fault)) => {
                faults.push(format!("case {row}: {}", fault.title));
            }
        }
    }
    if !faults.is_empty() {
        let mut fault = AdminFault::new("invalid", "nothing was imported");
        fault.faults = faults;
        return Err(fault);
    }
    let mut ids = Vec::with_capacity(checked.len());
    for case in checked {
        let id = court.import_case(case).await.map_err(|fault| command(&fault))?;
        ids.push(id.to_string());
    }
    Ok(json!({"cases": ids}))
}
