//! Decisions as the actors make them, small.

use tiande_actors::ports::clock::Clock;
use tiande_actors::ports::journal::{Append, Audience, Delivery, NoticeChange, StreamAppend};
use tiande_core::case::{CaseEvent, CaseNumber, CaseParties, Party, PartyRole};
use tiande_core::geo::{LatLon, Place};
use tiande_core::ids::{AlarmId, CaseId, CourtId, DeviceId, IncidentId, OfferId, OfficerId, TipId};
use tiande_core::incident::{
    IncidentEvent, IncidentKind, IncidentOpened, IncidentPersonal, Origin, Outcome, Urgency,
};
use tiande_core::journal::{By, Event, StreamId, Subject};
use tiande_core::officer::{
    CommitmentKind, DutyChange, OfficerEvent, OfficerPersonal, ReleaseKind,
};
use tiande_core::time::UnixMillis;
use tiande_core::tip::{TipEvent, TipPersonal, TipReceived, TipSealed};
use uuid::Uuid;

/// The year that the clock stands in.
pub const YEAR: u16 = 2026;
/// A moment of that year.
pub const NOW: UnixMillis = UnixMillis(1_780_000_000_000);

/// A clock that stands still.
pub struct Still;

impl Clock for Still {
    fn now(&self) -> UnixMillis {
        NOW
    }
}

pub fn court() -> CourtId {
    CourtId::parse("changyuan").expect("a court")
}

fn uuid(kind: u128, n: u64) -> Uuid {
    Uuid::from_u128(0x0192_d3a4_0000_7000_8000_0000_0000_0000 | kind << 48 | u128::from(n))
}
pub fn tip(n: u64) -> TipId {
    TipId(uuid(1, n))
}
pub fn incident(n: u64) -> IncidentId {
    IncidentId(uuid(2, n))
}
pub fn officer(n: u64) -> OfficerId {
    OfficerId(uuid(3, n))
}
pub fn offer(n: u64) -> OfferId {
    OfferId(uuid(4, n))
}
pub fn alarm(n: u64) -> AlarmId {
    AlarmId(uuid(5, n))
}
pub fn case(n: u64) -> CaseId {
    CaseId(uuid(6, n))
}

/// Events for one stream.
pub fn part(stream: StreamId, expected_seq: u64, events: Vec<Event>) -> StreamAppend {
    StreamAppend { stream, expected_seq, events }
}

/// A decision of the system.
pub fn decision(streams: Vec<StreamAppend>) -> Append {
    Append {
        court: court(),
        at: NOW,
        by: By::System,
        why: None,
        streams,
        delivery: None,
        notices: Vec::new(),
        case: None,
    }
}

/// One event of an officer.
pub fn officer_event(n: u64, expected_seq: u64, event: OfficerEvent) -> Append {
    let device = Some(DeviceId(uuid(7, n)));
    let by = By::Officer { officer: officer(n), device };
    Append {
        by,
        ..decision(vec![part(
            StreamId::Officer(officer(n)),
            expected_seq,
            vec![Event::Officer(event)],
        )])
    }
}

pub fn registered(n: u64) -> OfficerEvent {
    let personal = OfficerPersonal { name: "王建国".into(), badge: Some("豫0783-07".into()) };
    OfficerEvent::Registered {
        officer: officer(n),
        skills: vec!["vehicle".into()],
        personal: Some(personal),
    }
}

pub fn on_duty() -> OfficerEvent {
    OfficerEvent::WentOnDuty { how: DutyChange::Reported }
}

pub fn committed(to: u64, stacked: bool) -> OfficerEvent {
    OfficerEvent::Committed {
        incident: incident(to),
        offer: offer(to),
        how: CommitmentKind::Accepted,
        stacked,
    }
}

pub fn released(from: u64) -> OfficerEvent {
    OfficerEvent::Released { incident: incident(from), how: ReleaseKind::Finished }
}

pub fn finished() -> Event {
    Event::Incident(IncidentEvent::Finished { outcome: Outcome::Found })
}

fn place() -> Place {
    Place { at: LatLon::new(35.1997, 114.6689).expect("in range"), accuracy: None }
}

/// What is secret in every tip here.
pub const SECRET: &str = "债务人在院子里";

/// A tip and its incident, as one decision: four records in two streams.
pub fn tip_taken(n: u64) -> Append {
    let received = TipReceived {
        tip: tip(n),
        source: "alpha".into(),
        trusted: true,
        kind: IncidentKind::DebtorSighted,
        urgency: Urgency::Emergency,
        case_number: None,
        occurred_at: Some(NOW),
        media: Vec::new(),
        exercise: false,
        personal: Some(TipSealed {
            told: TipPersonal {
                description: SECRET.into(),
                address: Some("蒲城东街 1 号".into()),
                reporter_name: Some("张三".into()),
                reporter_phone: Some("13800000000".into()),
            },
            place: Some(place()),
        }),
    };
    let tip_events = vec![
        Event::Tip(TipEvent::Received(received.into())),
        Event::Tip(TipEvent::Linked { incident: incident(n) }),
    ];
    let incident_events = vec![
        Event::Incident(IncidentEvent::Opened(opened(n).into())),
        Event::Incident(IncidentEvent::SearchStarted {
            why: tiande_core::incident::SearchReason::TrustedEmergency,
        }),
    ];
    Append {
        by: By::Source { name: "alpha".into() },
        delivery: Some(delivery(n)),
        ..decision(vec![
            part(StreamId::Tip(tip(n)), 0, tip_events),
            part(StreamId::Incident(incident(n)), 0, incident_events),
        ])
    }
}

pub fn opened(n: u64) -> IncidentOpened {
    IncidentOpened {
        incident: incident(n),
        number: n,
        year: YEAR,
        origin: Origin::Tip { tip: tip(n), source: "alpha".into(), trusted: true },
        kind: IncidentKind::DebtorSighted,
        urgency: Urgency::Emergency,
        need: 2,
        skills: Vec::new(),
        case_number: None,
        case: None,
        excluded: Vec::new(),
        exercise: false,
        alarm: None,
        procedure: None,
        subject: Subject(tip(n).0),
        personal: Some(IncidentPersonal {
            place: Some(place()),
            address: Some("蒲城东街 1 号".into()),
            description: SECRET.into(),
        }),
    }
}

pub fn delivery(n: u64) -> Delivery {
    Delivery {
        source: "changyuan/alpha".into(),
        webhook_id: format!("msg_{n}"),
        body_sha256: [u8::try_from(n % 256).expect("a byte"); 32],
        tip: tip(n),
        incident: incident(n),
    }
}

pub fn case_opened(n: u64, number: &str) -> Append {
    let parties = vec![Party::named(PartyRole::Applicant, "李四")];
    let event = CaseEvent::Opened {
        case: case(n),
        number: CaseNumber::parse(number).expect("a case number"),
        personal: Some(CaseParties { parties }),
    };
    decision(vec![part(StreamId::Case(case(n)), 0, vec![Event::Case(event)])])
}

pub fn raise(n: u64, about: u64) -> NoticeChange {
    NoticeChange::Raise {
        alarm: alarm(n),
        audience: Audience::Centre,
        kind: "exhausted".into(),
        incident: Some(incident(about)),
        officer: None,
        node: None,
    }
}

/// A decision of notices alone.
pub fn notices(notices: Vec<NoticeChange>) -> Append {
    Append { notices, ..decision(Vec::new()) }
}
