//! Fitness, the search and whole plans, one test a rule; the search against brute force.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::court::CourtProfile;
use crate::geo::{LatLon, Metres, Place};
use crate::ids::{IdSource, IncidentId, OfficerId, TipId};
use crate::incident::{
    Incident, IncidentCommand, IncidentEvent, IncidentKind, IncidentOpened, IncidentPersonal,
    IncidentStatus, Origin, Urgency,
};
use crate::journal::Subject;
use crate::officer::{Commitment, Duty, Fix, KnownFix, Officer, OfficerPart, OpenOffer, Stage};
use crate::spatial::SpatialIndex;
use crate::time::{Millis, UnixMillis};

const NOW: UnixMillis = UnixMillis(1_000_000);
const ELSEWHERE: IncidentId = IncidentId(Uuid::from_u128(77));

fn id(n: u128) -> OfficerId {
    OfficerId(Uuid::from_u128(n))
}

fn at(north_m: f64) -> LatLon {
    LatLon::new(35.2 + north_m / 111_000.0, 114.67).expect("a place")
}

/// On duty, free, with a fresh fix so many metres to the north.
fn glance(n: u128, north_m: f64) -> Glance {
    let fix = Fix {
        epoch: 1,
        seq: 1,
        taken_at: UnixMillis(NOW.0 - 1_000),
        at: at(north_m),
        accuracy: Some(Metres(10.0)),
        speed_mps: None,
        heading_deg: None,
    };
    let mut officer = Officer::new(id(n));
    officer.registered = true;
    officer.duty = Duty::On;
    Glance { officer, fix: Some(KnownFix { fix, received_at: NOW }), busy: false }
}

/// A court of officers, indexed as the shell does it: who is on duty and has a fix.
struct Court {
    profile: CourtProfile,
    glances: BTreeMap<OfficerId, Glance>,
    index: SpatialIndex<OfficerId>,
}

impl Court {
    fn of(glances: impl IntoIterator<Item = Glance>) -> Self {
        let glances: BTreeMap<_, _> = glances.into_iter().map(|g| (g.officer.id, g)).collect();
        let mut index = SpatialIndex::default();
        for (id, glance) in &glances {
            if let (Some(known), true) = (glance.fix, glance.officer.duty != Duty::Off) {
                index.update(*id, known.fix.at);
            }
        }
        let profile = serde_json::from_str(
            r#"{"id":"changyuan","name":"长垣","area":[114.4,34.97,114.99,35.4],
                "court_house":{"lat":35.2,"lon":114.67,"radius_m":150.0}}"#,
        );
        Self { profile: profile.expect("a profile"), glances, index }
    }

    fn plan(&self, incident: &Incident, command: &IncidentCommand, busy: &[u128]) -> Plan {
        let busy = busy.iter().map(|n| id(*n)).collect();
        let (court, index, glances) = (&self.profile, &self.index, &self.glances);
        let planner = Planner { court, index, glances, busy: &busy, now: NOW };
        planner.plan(incident, command, &mut Counting(0)).expect("is not refused")
    }

    fn find(&self, want: usize) -> Found {
        let none = BTreeSet::new();
        let wanted = wanted(&none, &none);
        search(&self.index, &self.glances, at(0.0), want, 1, &wanted, NOW)
    }
}

struct Counting(u8);
impl IdSource for Counting {
    fn random_bytes(&mut self) -> [u8; 10] {
        self.0 += 1;
        [self.0; 10]
    }
}

fn wanted<'a>(asked: &'a BTreeSet<OfficerId>, excluded: &'a BTreeSet<OfficerId>) -> SearchFor<'a> {
    let skills = &[];
    let caller = None;
    SearchFor { skills, asked, excluded, caller, busy: asked, fix_age_max: Millis(45_000) }
}

fn open(origin: Origin) -> IncidentCommand {
    let kind = match origin {
        Origin::Sos { .. } => IncidentKind::OfficerSos,
        Origin::Tip { .. } => IncidentKind::DebtorSighted,
        Origin::Task { .. } => IncidentKind::FieldTask,
    };
    let place = Some(Place { at: at(0.0), accuracy: None });
    IncidentCommand::Open(Box::new(IncidentOpened {
        incident: IncidentId(Uuid::from_u128(1)),
        number: 1,
        year: 2026,
        origin,
        kind,
        urgency: Urgency::Emergency,
        need: 2,
        skills: Vec::new(),
        case_number: None,
        case: None,
        excluded: Vec::new(),
        exercise: false,
        alarm: None,
        procedure: None,
        subject: Subject(Uuid::from_u128(1)),
        personal: Some(IncidentPersonal { place, ..IncidentPersonal::default() }),
    }))
}

fn fresh() -> Incident {
    Incident::new(IncidentId(Uuid::from_u128(1)))
}

fn tip() -> Origin {
    Origin::Tip { tip: TipId(Uuid::from_u128(1)), source: "alpha".into(), trusted: true }
}

fn asked(plan: &Plan) -> Vec<OfficerId> {
    let made = plan.events.iter().filter_map(|event| match event {
        IncidentEvent::OffersMade { offers, .. } => Some(offers),
        _ => None,
    });
    made.flatten().map(|made| made.officer).collect()
}

#[test]
fn each_reason_against_an_officer_has_its_verdict() {
    let change = |change: fn(&mut Glance)| {
        let mut glance = glance(1, 10.0);
        change(&mut glance);
        glance
    };
    let bound = Commitment {
        asked_well: None,
        incident: ELSEWHERE,
        offer: crate::ids::OfferId(Uuid::nil()),
        stage: Stage::Accepted,
        stacked: false,
    };
    let mut committed = glance(1, 10.0);
    committed.officer.commitments.push(bound);
    let table = [
        (glance(1, 10.0), None),
        (change(|g| g.officer.duty = Duty::Off), Some(Verdict::OffDuty)),
        (change(|g| g.officer.duty = Duty::Break), Some(Verdict::OnBreak)),
        (change(|g| g.officer.sos = Some(ELSEWHERE)), Some(Verdict::Committed)),
        (committed, Some(Verdict::Committed)),
        (
            change(|g| {
                let offer = crate::ids::OfferId(Uuid::nil());
                g.officer.offer = Some(OpenOffer { incident: ELSEWHERE, offer, expires_at: NOW });
            }),
            Some(Verdict::OfferedElsewhere),
        ),
        (change(|g| g.officer.contact_lost = true), Some(Verdict::OutOfContact)),
        (change(|g| g.fix = None), Some(Verdict::NoFix)),
        (change(|g| age(g, 45_000)), None),
        (change(|g| age(g, 45_001)), Some(Verdict::FixStale)),
        (change(|g| vague(g, 500.0)), None),
        (change(|g| vague(g, 500.1)), Some(Verdict::FixInaccurate)),
        (change(|g| g.busy = true), Some(Verdict::Busy)),
    ];
    let none = BTreeSet::new();
    for (glance, verdict) in table {
        assert_eq!(fitness(&glance, &wanted(&none, &none), NOW).err(), verdict);
    }
    let (free, one) = (glance(1, 10.0), BTreeSet::from([id(1)]));
    let asked = SearchFor { busy: &none, ..wanted(&one, &none) };
    assert_eq!(fitness(&free, &asked, NOW), Err(Verdict::AlreadyAsked));
    assert_eq!(fitness(&free, &wanted(&none, &one), NOW), Err(Verdict::ConflictOfInterest));
    let calls = SearchFor { caller: Some(id(1)), ..wanted(&none, &none) };
    assert_eq!(fitness(&free, &calls, NOW), Err(Verdict::Committed));
    let drivers = ["vehicle".to_owned()];
    let driver = SearchFor { skills: &drivers, ..wanted(&none, &none) };
    assert_eq!(fitness(&free, &driver, NOW), Err(Verdict::LacksSkill));
}

fn age(glance: &mut Glance, ms: i64) {
    if let Some(known) = &mut glance.fix {
        known.fix.taken_at = UnixMillis(NOW.0 - ms);
    }
}

fn vague(glance: &mut Glance, metres: f64) {
    if let Some(known) = &mut glance.fix {
        known.fix.accuracy = Some(Metres(metres));
    }
}

#[test]
fn everybody_nearer_than_the_last_one_asked_is_explained_and_nobody_farther() {
    let mut rests = glance(2, 20.0);
    rests.officer.duty = Duty::Break;
    let court = Court::of([glance(1, 10.0), rests, glance(3, 30.0), glance(4, 40.0)]);
    let found = court.find(2);
    let seen: Vec<_> = found.decision.considered.iter().map(|c| (c.officer, c.verdict)).collect();
    let expected = [(id(1), Verdict::Asked), (id(2), Verdict::OnBreak), (id(3), Verdict::Asked)];
    assert_eq!(seen, expected);
}

#[test]
fn when_too_few_are_found_everybody_is_explained() {
    let mut home = glance(2, 20.0);
    home.officer.duty = Duty::Off;
    let mut lost = glance(3, 30.0);
    lost.fix = None;
    let found = Court::of([glance(1, 10.0), home, lost]).find(2);
    let verdicts: Vec<_> = found.decision.considered.iter().map(|c| c.verdict).collect();
    assert_eq!(verdicts, [Verdict::Asked, Verdict::OffDuty, Verdict::NoFix]);
    assert_eq!(found.decision.considered[1].distance_m, None, "nothing is told of who is off duty");
}

#[test]
fn a_long_explanation_is_cut_but_never_loses_who_is_asked() {
    let far = glance(1_000, 5_000.0);
    let crowd = (1..=60).map(|n| {
        let mut glance = glance(n, 10.0 * n as f64);
        glance.officer.duty = Duty::Break;
        glance
    });
    let found = Court::of(crowd.chain([far])).find(1);
    assert_eq!(found.decision.considered.len(), Decision::LISTED_MAX + 1);
    assert_eq!(found.decision.considered.last().map(|c| c.verdict), Some(Verdict::Asked));
    assert_eq!(found.decision.not_listed, 20);
}

#[test]
fn opening_and_the_first_round_are_one_plan() {
    let court = Court::of((1..=5).map(|n| glance(n, 10.0 * n as f64)));
    let plan = court.plan(&fresh(), &open(tip()), &[]);
    assert_eq!(asked(&plan), [id(1), id(2), id(3)], "two seats and one more");
    assert!(plan.parts.values().all(|parts| matches!(parts[..], [OfficerPart::BeOffered { .. }])));
    assert_eq!(plan.incident.status(), Some(IncidentStatus::Searching));
}

#[test]
fn a_no_and_the_next_one_asked_are_one_plan() {
    let court = Court::of((1..=5).map(|n| glance(n, 10.0 * n as f64)));
    let plan = court.plan(&fresh(), &open(tip()), &[]);
    let (offer, _) = plan.incident.open_offers().find(|(_, o)| o.officer == id(2)).expect("asked");
    let decline = IncidentCommand::Decline { offer, officer: id(2), reason: None };
    let next = court.plan(&plan.incident, &decline, &[]);
    assert_eq!(asked(&next), [id(4)]);
    assert!(matches!(next.events[0], IncidentEvent::OfferClosed { .. }));
}

#[test]
fn who_is_in_another_decision_is_passed_over() {
    let court = Court::of((1..=5).map(|n| glance(n, 10.0 * n as f64)));
    let plan = court.plan(&fresh(), &open(tip()), &[1, 3]);
    assert_eq!(asked(&plan), [id(2), id(4), id(5)]);
}

#[test]
fn nobody_to_ask_is_an_alarm_in_the_same_plan() {
    let plan = Court::of([]).plan(&fresh(), &open(tip()), &[]);
    assert!(matches!(plan.events.last(), Some(IncidentEvent::Exhausted { .. })));
    assert_eq!(plan.incident.status(), Some(IncidentStatus::Exhausted));
    assert!(plan.parts.is_empty());
}

#[test]
fn nobody_is_sent_to_oneself() {
    let court = Court::of([glance(1, 0.0), glance(2, 500.0)]);
    let plan = court.plan(&fresh(), &open(Origin::Sos { officer: id(1) }), &[]);
    assert_eq!(asked(&plan), [id(2)]);
    assert!(matches!(plan.parts[&id(1)][..], [OfficerPart::RaiseSos { .. }]));
}

proptest! {
    #[test]
    fn the_search_finds_what_brute_force_finds(
        people in prop::collection::vec((0.0..9_000.0_f64, 0..6_u8), 0..60), want in 0..9_usize,
    ) {
        let glances = people.iter().enumerate().map(|(n, (north_m, state))| {
            let mut glance = glance(n as u128, *north_m);
            match state {
                0 => glance.officer.duty = Duty::Off,
                1 => glance.officer.duty = Duty::Break,
                2 => age(&mut glance, 60_000),
                3 => glance.busy = true,
                _ => {}
            }
            glance
        });
        let court = Court::of(glances);
        let mut right: Vec<(f64, OfficerId)> = people
            .iter()
            .enumerate()
            .filter(|(_, (_, state))| *state > 3)
            .map(|(n, (north_m, _))| (at(0.0).distance(at(*north_m)).0, id(n as u128)))
            .collect();
        right.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let found = court.find(want);
        let got: Vec<_> = found.candidates.iter().map(|c| (c.distance_m, c.officer)).collect();
        right.truncate(want);
        prop_assert_eq!(&got, &right);
        // The explanation: everybody on duty who is nearer than the last one asked stands in it.
        if let Some((farthest, _)) = right.last().filter(|_| right.len() == want) {
            let nearer = people.iter().filter(|(north_m, state)| {
                *state > 0 && at(0.0).distance(at(*north_m)).0 <= *farthest
            });
            let decision = &found.decision;
            let told = decision.considered.len() + decision.not_listed as usize;
            prop_assert_eq!(told, nearer.count());
        } else if want > 0 {
            let decision = &found.decision;
            let told = decision.considered.len() + decision.not_listed as usize;
            prop_assert_eq!(told, people.len(), "too few were found: everybody is explained");
        }
    }
}
