//! Bytes of events: they come back as they were, personal parts are apart, and the shapes of the first
//! release are held by a golden file.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::calendar::CalendarVersion;
use crate::case::{CaseEvent, CaseNumber, CaseParties, Party, PartyRole};
use crate::deadline::{Begin, Level};
use crate::dispatch::{Considered, Decision, Verdict};
use crate::geo::{LatLon, Metres, Place};
use crate::ids::{AlarmId, CaseId, IncidentId, OfferId, OfficerId, TipId, UserId};
use crate::incident::{
    AlarmLevel, ClockRung, IncidentEvent, IncidentKind, IncidentOpened, IncidentPersonal,
    OfferMade, Origin, Outcome, PlacedAt, Said, SearchReason, StageSource, TipMerged, Urgency,
};
use crate::nodes::{NodeEvent, Suspension};
use crate::officer::{
    CommitmentKind, DutyChange, OfferEnd, OfficerEvent, OfficerPersonal, ReleaseKind, Stage,
    TrackReadPersonal,
};
use crate::procedure::{NodeCode, Office, ProcedureVersion};
use crate::time::{Millis, UnixMillis};
use crate::tip::{
    Likeness, LikenessRule, MediaType, TipEvent, TipMedia, TipPersonal, TipReceived, TipSealed,
};

/// What stands in the journal since the first release. A test that fails here says that a shape has
/// changed: that needs a new schema version and an upcast, not a new golden file.
const GOLDEN: &str = include_str!("../../tests/golden/events.json");

pub(super) const CASE: CaseId = CaseId(Uuid::from_u128(1));
pub(super) const INCIDENT: IncidentId = IncidentId(Uuid::from_u128(2));
pub(super) const OFFICER: OfficerId = OfficerId(Uuid::from_u128(3));
const OFFER: OfferId = OfferId(Uuid::from_u128(4));
const TIP: TipId = TipId(Uuid::from_u128(5));
const JUDGE: UserId = UserId(Uuid::from_u128(7));
const ALARM: AlarmId = AlarmId(Uuid::from_u128(6));
pub(super) const AT: UnixMillis = UnixMillis(1_795_413_600_000);

/// Words of people; none of them may stand in a body.
pub(super) const SECRETS: [&str; 20] = [
    "李四",
    "王建国",
    "豫0783-07",
    "人民路1号",
    "被执行人在家",
    "张三",
    "13800138000",
    "路远",
    "离得最近",
    "已查封",
    "另有任务",
    "误报",
    "另一处",
    "辨认车牌",
    "核实执行经过",
    "原承办人休假",
    "已去函催办",
    "请附回函",
    "已并案",
    "凌晨集中行动",
];

fn place() -> Place {
    let at = LatLon::new(35.199_712_345_678_91, 114.668_912_345_678_9).expect("a place");
    Place { at, accuracy: Some(Metres(20.5)) }
}

fn number() -> CaseNumber {
    CaseNumber::parse("(2026)豫0783执123号").expect("a number")
}

fn decision() -> Decision {
    let considered = vec![
        Considered {
            officer: OFFICER,
            distance_m: Some(1_234.567_890_123_456_7),
            fix_age_ms: Some(900),
            verdict: Verdict::Asked,
        },
        Considered {
            officer: OFFICER,
            distance_m: None,
            fix_age_ms: None,
            verdict: Verdict::NoFix,
        },
    ];
    Decision { seats: 2, considered, not_listed: 3 }
}

pub(super) fn officer_events() -> Vec<OfficerEvent> {
    let (officer, incident, offer) = (OFFICER, INCIDENT, OFFER);
    let personal = OfficerPersonal { name: "王建国".into(), badge: Some("豫0783-07".into()) };
    let skills = vec!["vehicle".into()];
    vec![
        OfficerEvent::Registered { officer, skills, personal: Some(personal) },
        OfficerEvent::WentOnDuty { how: DutyChange::Geofence },
        OfficerEvent::WentOffDuty { how: DutyChange::Reported },
        OfficerEvent::BreakStarted {},
        OfficerEvent::BreakEnded {},
        OfficerEvent::ContactLost { last_heard: AT },
        OfficerEvent::ContactRegained {},
        OfficerEvent::Offered { incident, offer, expires_at: AT },
        OfficerEvent::OfferClosed { incident, offer, how: OfferEnd::Undelivered },
        OfficerEvent::Committed { incident, offer, how: CommitmentKind::Ordered, stacked: true },
        OfficerEvent::StageReached { incident, stage: Stage::EnRoute },
        OfficerEvent::WelfareAsked { incident },
        OfficerEvent::WelfareAnswered { incident },
        OfficerEvent::Released { incident, how: ReleaseKind::Finished },
        OfficerEvent::SosRaised { incident },
        OfficerEvent::SosEnded { incident },
        OfficerEvent::TrackRead {
            officer,
            from: AT,
            to: AT.plus(Millis::from_secs(1_800)),
            personal: Some(TrackReadPersonal { reason: Some("核实执行经过".into()) }),
        },
    ]
}

fn opened(origin: Origin) -> IncidentOpened {
    IncidentOpened {
        incident: INCIDENT,
        number: 123,
        year: 2026,
        origin,
        kind: IncidentKind::DebtorSighted,
        urgency: Urgency::Emergency,
        need: 2,
        skills: vec!["vehicle".into()],
        case_number: Some(number()),
        case: Some(CASE),
        excluded: vec![OFFICER],
        exercise: false,
        alarm: Some(ALARM),
        procedure: None,
        subject: Subject(TIP.0),
        personal: Some(IncidentPersonal {
            place: Some(place()),
            address: Some("人民路1号".into()),
            description: "被执行人在家".into(),
        }),
    }
}

fn merged() -> TipMerged {
    TipMerged {
        tip: TIP,
        source: "alpha".into(),
        trusted: true,
        kind: IncidentKind::DebtorSighted,
        urgency: Urgency::Emergency,
        case_number: Some(number()),
        exercise: true,
        told_at: AT,
        pictures: 1,
        why: Likeness {
            rule: LikenessRule::SameCase,
            distance_m: 12.5,
            apart_ms: 60_000,
            text_percent: 71,
        },
        subject: Subject(TIP.0),
        personal: Some(IncidentPersonal {
            place: Some(place()),
            address: Some("人民路1号".into()),
            description: "被执行人在家".into(),
        }),
    }
}

pub(super) fn incident_events() -> Vec<IncidentEvent> {
    let (officer, offer, alarm) = (OFFICER, OFFER, ALARM);
    let made = OfferMade {
        offer,
        officer,
        distance_m: 0.1 + 0.2,
        fix_age_ms: 900,
        receive_by: AT,
        expires_at: AT,
    };
    let tip = Origin::Tip { tip: TIP, source: "alpha".into(), trusted: true };
    let said = |words| Said::under(Subject(TIP.0), Some(words));
    vec![
        IncidentEvent::Opened(opened(tip).into()),
        IncidentEvent::Opened(opened(Origin::Sos { officer }).into()),
        IncidentEvent::Placed {
            subject: Subject(TIP.0),
            personal: Some(PlacedAt { place: place() }),
        },
        IncidentEvent::SearchStarted { why: SearchReason::TrustedEmergency },
        IncidentEvent::OffersMade { round: 1, offers: vec![made], decision: decision() },
        IncidentEvent::OfferReceived { offer },
        IncidentEvent::OfferAccepted { offer, officer },
        IncidentEvent::OfferClosed {
            offer, officer, how: OfferEnd::Declined, said: said("路远")
        },
        IncidentEvent::OfferClosed {
            offer,
            officer,
            how: OfferEnd::Expired,
            said: Said::default(),
        },
        IncidentEvent::Assigned { offer, officer, said: said("离得最近") },
        IncidentEvent::StageReached { officer, stage: Stage::OnScene, how: StageSource::Geofence },
        IncidentEvent::WelfareAsked { officer },
        IncidentEvent::WelfareAnswered { officer },
        IncidentEvent::WelfareAlarmed { officer, level: AlarmLevel::Centre, alarm },
        IncidentEvent::OfficerFinished {
            officer, outcome: Outcome::Seized, said: said("已查封")
        },
        IncidentEvent::OfficerReleased { officer, said: said("另有任务") },
        IncidentEvent::Exhausted { alarm, decision: decision() },
        IncidentEvent::DirectorAlarmed { alarm },
        IncidentEvent::ClockRang(ClockRung {
            node: "E03".parse().expect("a code"),
            level: Level::Due,
            due: AT,
            alarms: vec![(Office::Director, alarm)],
        }),
        IncidentEvent::Finished { outcome: Outcome::FalseReport },
        IncidentEvent::Cancelled { said: said("误报") },
        IncidentEvent::TipMerged(merged().into()),
        IncidentEvent::TipSplit { tip: TIP, incident: INCIDENT, said: said("另一处") },
    ]
}

pub(super) fn tip_events() -> Vec<TipEvent> {
    let told = TipPersonal {
        description: "被执行人在家".into(),
        address: Some("人民路1号".into()),
        reporter_name: Some("张三".into()),
        reporter_phone: Some("13800138000".into()),
    };
    let picture = TipMedia { content_type: MediaType::Jpeg, sha256: [0xA5; 32], bytes: 1_024 };
    let received = TipReceived {
        tip: TIP,
        source: "alpha".into(),
        trusted: true,
        kind: IncidentKind::DebtorSighted,
        urgency: Urgency::Emergency,
        case_number: Some(number()),
        occurred_at: Some(AT),
        media: vec![picture],
        exercise: true,
        personal: Some(TipSealed { told, place: Some(place()) }),
    };
    vec![
        TipEvent::Received(received.into()),
        TipEvent::Linked { incident: INCIDENT },
        TipEvent::Relinked { from: INCIDENT, incident: INCIDENT },
        TipEvent::OriginalRead {
            picture: 1, said: Said::under(Subject(TIP.0), Some("辨认车牌"))
        },
    ]
}

pub(super) fn case_events() -> Vec<CaseEvent> {
    let parties = vec![Party::named(PartyRole::Debtor, "李四")];
    vec![
        CaseEvent::Opened { case: CASE, number: number(), personal: Some(CaseParties { parties }) },
        CaseEvent::IncidentLinked { incident: INCIDENT },
        CaseEvent::StepReached { incident: INCIDENT, node: "E03".parse().expect("a code"), at: AT },
        CaseEvent::HandlerSet { handler: JUDGE, said: case_words("原承办人休假") },
    ]
    .into_iter()
    .chain(node_events().into_iter().map(CaseEvent::Node))
    .chain(escalation_events())
    .chain(crate::file::samples::events(Subject(CASE.0)))
    .collect()
}

fn case_words(text: &str) -> Said {
    Said::under(Subject(CASE.0), Some(text))
}

fn node() -> NodeCode {
    "T01".parse().expect("a code")
}

/// Each shape within `case.node`.
fn node_events() -> Vec<NodeEvent> {
    let (node, opening, round) = (node(), 1, 1);
    let begin = Begin { at: AT, whole_day: true };
    let document = || "(2026)豫0783执123号之一".to_owned();
    let day = |text: &str| text.parse().expect("a date");
    vec![
        NodeEvent::ProcedureChosen(ProcedureVersion { name: "enforcement".into(), version: 1 }),
        NodeEvent::Opened { node, opening, begin },
        NodeEvent::Corrected { node, opening, begin, document: document() },
        NodeEvent::Extended { node, opening, days: 30, document: document() },
        NodeEvent::Completed { node, round, at: AT },
        NodeEvent::Cancelled { node, opening, document: document() },
        NodeEvent::Suspended(Suspension {
            reason: "settlement".into(),
            document: document(),
            first: day("2026-12-01"),
            until: Some(day("2026-12-24")),
        }),
        NodeEvent::Resumed { document: document(), until: day("2026-12-24") },
        NodeEvent::Fired {
            node,
            round,
            level: Level::Warning(1),
            due: AT,
            at: AT,
            calendar: CalendarVersion { name: "cn".into(), version: 1, last_year: 2026 },
            provisional: true,
        },
    ]
}

fn escalation_events() -> Vec<CaseEvent> {
    let (node, round, at, by) = (node(), 1, AT, JUDGE);
    vec![
        CaseEvent::EscalationRaised {
            node,
            round,
            level: Level::Due,
            offices: vec![Office::Director, Office::President],
            at,
            answer_by: Some(AT),
        },
        CaseEvent::EscalationClimbed {
            node,
            round,
            climb: 1,
            office: Some(Office::Discipline),
            due: AT,
            at,
            answer_by: None,
        },
        CaseEvent::EscalationAcknowledged { node, round, by, at },
        CaseEvent::EscalationAnswered { node, round, by, at, said: case_words("已去函催办") },
        CaseEvent::EscalationReturned {
            node,
            round,
            by,
            at,
            answer_by: AT,
            said: case_words("请附回函"),
        },
        CaseEvent::EscalationClosed {
            node,
            round,
            by: Some(by),
            accepted: false,
            at,
            said: case_words("已并案"),
        },
        CaseEvent::NoticesHeld { by, at, said: case_words("凌晨集中行动") },
        CaseEvent::NoticesReleased { by, at },
    ]
}

/// One sample of each kind, at least.
fn samples() -> Vec<Event> {
    let mut events: Vec<Event> = case_events().into_iter().map(Event::Case).collect();
    events.extend(incident_events().into_iter().map(Event::Incident));
    events.extend(officer_events().into_iter().map(Event::Officer));
    events.extend(tip_events().into_iter().map(Event::Tip));
    events
}

/// Does not compile when a kind is added: then it wants a sample above and a line in the golden file.
fn kinds_known_to_the_samples(event: &Event) -> usize {
    const { assert!(KINDS == 14 + 21 + 17 + 4, "case, incident, officer, tip") };
    match event {
        Event::Case(
            CaseEvent::Opened { .. }
            | CaseEvent::IncidentLinked { .. }
            | CaseEvent::StepReached { .. }
            | CaseEvent::HandlerSet { .. }
            | CaseEvent::Node(
                NodeEvent::ProcedureChosen(_)
                | NodeEvent::Opened { .. }
                | NodeEvent::Corrected { .. }
                | NodeEvent::Extended { .. }
                | NodeEvent::Completed { .. }
                | NodeEvent::Cancelled { .. }
                | NodeEvent::Suspended(_)
                | NodeEvent::Resumed { .. }
                | NodeEvent::Fired { .. },
            )
            | CaseEvent::File(_)
            | CaseEvent::EscalationRaised { .. }
            | CaseEvent::EscalationClimbed { .. }
            | CaseEvent::EscalationAcknowledged { .. }
            | CaseEvent::EscalationAnswered { .. }
            | CaseEvent::EscalationReturned { .. }
            | CaseEvent::EscalationClosed { .. }
            | CaseEvent::NoticesHeld { .. }
            | CaseEvent::NoticesReleased { .. },
        )
        | Event::Tip(
            TipEvent::Received(_)
            | TipEvent::Linked { .. }
            | TipEvent::Relinked { .. }
            | TipEvent::OriginalRead { .. },
        )
        | Event::Incident(
            IncidentEvent::Opened(_)
            | IncidentEvent::Placed { .. }
            | IncidentEvent::SearchStarted { .. }
            | IncidentEvent::OffersMade { .. }
            | IncidentEvent::OfferReceived { .. }
            | IncidentEvent::OfferAccepted { .. }
            | IncidentEvent::OfferClosed { .. }
            | IncidentEvent::Assigned { .. }
            | IncidentEvent::StageReached { .. }
            | IncidentEvent::WelfareAsked { .. }
            | IncidentEvent::WelfareAnswered { .. }
            | IncidentEvent::WelfareAlarmed { .. }
            | IncidentEvent::OfficerFinished { .. }
            | IncidentEvent::OfficerReleased { .. }
            | IncidentEvent::Exhausted { .. }
            | IncidentEvent::DirectorAlarmed { .. }
            | IncidentEvent::ClockRang(_)
            | IncidentEvent::Finished { .. }
            | IncidentEvent::Cancelled { .. }
            | IncidentEvent::TipMerged(_)
            | IncidentEvent::TipSplit { .. },
        )
        | Event::Officer(
            OfficerEvent::Registered { .. }
            | OfficerEvent::WentOnDuty { .. }
            | OfficerEvent::WentOffDuty { .. }
            | OfficerEvent::BreakStarted {}
            | OfficerEvent::BreakEnded {}
            | OfficerEvent::ContactLost { .. }
            | OfficerEvent::ContactRegained {}
            | OfficerEvent::Offered { .. }
            | OfficerEvent::OfferClosed { .. }
            | OfficerEvent::Committed { .. }
            | OfficerEvent::StageReached { .. }
            | OfficerEvent::WelfareAsked { .. }
            | OfficerEvent::WelfareAnswered { .. }
            | OfficerEvent::Released { .. }
            | OfficerEvent::SosRaised { .. }
            | OfficerEvent::SosEnded { .. }
            | OfficerEvent::TrackRead { .. },
        ) => KINDS,
    }
}
const KINDS: usize = 56;

fn stored(event: &Event) -> Value {
    let encoded = encode(event);
    let read = |bytes: &[u8]| serde_json::from_slice::<Value>(bytes).expect("JSON");
    json!({
        "kind": encoded.kind,
        "version": encoded.version,
        "body": read(&encoded.body),
        "personal": encoded.personal.as_deref().map(read),
    })
}

#[test]
fn what_a_judge_ordered_is_read_back_as_it_was_written() {
    let by_judge = opened(Origin::Task { case: CASE, asset: Some(1) });
    let event = Event::Incident(IncidentEvent::Opened(by_judge.into()));
    let bytes = encode(&event);
    assert!(String::from_utf8_lossy(&bytes.body).contains("\"type\":\"task\""));
    let back = decode(&bytes.kind, bytes.version, &bytes.body, bytes.personal.as_deref());
    assert_eq!(back.expect("was just written"), event);
}

#[test]
fn each_kind_of_event_has_a_sample() {
    let kinds: BTreeSet<String> = samples().iter().map(|event| encode(event).kind).collect();
    let known = samples().first().map(kinds_known_to_the_samples);
    assert_eq!(Some(kinds.len()), known, "{kinds:?}");
}

#[test]
fn each_event_comes_back_as_it_was() {
    for event in samples() {
        let bytes = encode(&event);
        let back = decode(&bytes.kind, bytes.version, &bytes.body, bytes.personal.as_deref());
        assert_eq!(back.expect("was just written"), event);
        assert_eq!(encode(&event), bytes, "the same bytes each time: they are hashed");
    }
}

#[test]
fn the_shapes_of_the_first_release_are_held() {
    let golden: Vec<Value> = serde_json::from_str(GOLDEN).expect("a JSON list");
    let now: Vec<Value> = samples().iter().map(stored).collect();
    for (index, event) in now.iter().enumerate() {
        assert_eq!(golden.get(index), Some(event), "the shape of {} has changed", event["kind"]);
    }
    assert_eq!(golden.len(), now.len(), "the golden file holds a line for each sample");
}

#[test]
fn the_golden_events_can_still_be_read() {
    let golden: Vec<Value> = serde_json::from_str(GOLDEN).expect("a JSON list");
    for (stored, event) in golden.iter().zip(samples()) {
        let kind = stored["kind"].as_str().expect("a kind");
        let version = stored["version"].as_u64().and_then(|v| u16::try_from(v).ok());
        let body = serde_json::to_vec(&stored["body"]).expect("JSON");
        let personal = serde_json::to_vec(&stored["personal"]).expect("JSON");
        let personal = (!stored["personal"].is_null()).then_some(personal.as_slice());
        let read = decode(kind, version.expect("a version"), &body, personal);
        assert_eq!(read.expect("was readable once"), event);
    }
}

#[test]
fn what_tells_of_people_stands_only_in_the_personal_part() {
    let mut apart = 0;
    for event in samples() {
        let encoded = encode(&event);
        let body = String::from_utf8(encoded.body).expect("JSON is text");
        for secret in SECRETS {
            assert!(!body.contains(secret), "{} tells {secret}: {body}", encoded.kind);
        }
        assert!(!body.contains("35.19"), "{} tells where: {body}", encoded.kind);
        assert!(!body.contains("personal"), "{}: {body}", encoded.kind);
        let sealed = encoded.personal.is_some();
        assert_eq!(sealed, event.subject().is_some(), "{}: whose key?", encoded.kind);
        apart += usize::from(sealed);
    }
    assert_eq!(
        apart, 24,
        "case, two openings, a place, a merge, words of thirteen, four of a file, an officer, a tip"
    );
}

#[test]
fn an_event_whose_key_is_destroyed_can_still_be_read() {
    for event in samples() {
        let bytes = encode(&event);
        let without = decode(&bytes.kind, bytes.version, &bytes.body, None).expect("readable");
        assert_eq!(without.subject(), event.subject());
        let again = encode(&without);
        assert_eq!((again.body, again.personal), (bytes.body, None), "{}", bytes.kind);
    }
}

#[test]
fn a_body_that_lacks_a_field_is_refused_and_named() {
    let fault = decode("officer.offered", 1, b"{}", None).expect_err("lacks everything");
    assert!(matches!(&fault, DecodeFault::Body { kind, .. } if kind == "officer.offered"));
    assert!(decode("officer.offered", 2, b"{}", None).is_err(), "from the future");
    assert!(decode("officer", 1, b"{}", None).is_err(), "no kind");
    assert!(decode("officer.sos_ended", 1, b"[]", None).is_err(), "no object");
}

#[test]
fn the_name_of_a_stream_is_read_back() {
    for stream in [
        StreamId::Case(CASE),
        StreamId::Incident(INCIDENT),
        StreamId::Officer(OFFICER),
        StreamId::Tip(TIP),
    ] {
        assert_eq!(stream.to_string().parse(), Ok(stream));
    }
    for bad in ["", "case", "case/", "cases/00000000-0000-0000-0000-000000000001", "case/1"] {
        assert!(bad.parse::<StreamId>().is_err(), "{bad}");
    }
}

#[test]
fn a_place_read_back_is_the_same_to_the_last_bit() {
    // Places for which a quick float parser is off by one.
    for lon in [114.662_446_887_225_19, 114.668_912_345_678_9, 0.1 + 0.2, 179.999_999_999_999_97] {
        let at = LatLon::new(35.2, lon).expect("a place");
        let personal = Some(PlacedAt { place: Place { at, accuracy: None } });
        let event = Event::Incident(IncidentEvent::Placed { subject: Subject(TIP.0), personal });
        let bytes = encode(&event);
        let back = decode(&bytes.kind, bytes.version, &bytes.body, bytes.personal.as_deref());
        assert_eq!(back.expect("was just written"), event);
    }
}
