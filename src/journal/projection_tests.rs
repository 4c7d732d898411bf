//! Rules of folding changes together.

use super::*;
use tiande_core::officer::{CommitmentKind, DutyChange, ReleaseKind};
use uuid::Uuid;

fn court() -> CourtId {
    CourtId::parse("changyuan").expect("a court")
}

fn incident_id(n: u128) -> IncidentId {
    IncidentId(Uuid::from_u128(n))
}

fn officer_id(n: u128) -> OfficerId {
    OfficerId(Uuid::from_u128(n))
}

fn fold(events: &[(StreamId, Event)]) -> Changes {
    let mut changes = Changes::default();
    for (n, (stream, event)) in events.iter().enumerate() {
        let at = UnixMillis(i64::try_from(n).expect("few"));
        for operation in operations(&court(), *stream, at, event).expect("of its stream") {
            changes.take(operation);
        }
    }
    changes
}

fn committed(incident: IncidentId, stacked: bool) -> Event {
    let offer = OfferId(Uuid::from_u128(9));
    Event::Officer(OfficerEvent::Committed {
        incident,
        offer,
        how: CommitmentKind::ALL[0],
        stacked,
    })
}

fn released(incident: IncidentId) -> Event {
    Event::Officer(OfficerEvent::Released { incident, how: ReleaseKind::Finished })
}

#[test]
fn what_a_group_makes_and_changes_is_one_row() {
    let officer = StreamId::Officer(officer_id(1));
    let registered =
        OfficerEvent::Registered { officer: officer_id(1), skills: Vec::new(), personal: None };
    let changes = fold(&[
        (officer, Event::Officer(registered)),
        (officer, Event::Officer(OfficerEvent::WentOnDuty { how: DutyChange::Reported })),
    ]);
    assert_eq!(changes.officers.len(), 1);
    assert_eq!(changes.officers[0].duty, "on");
    assert!(changes.duties.is_empty());
}

#[test]
fn an_ending_is_not_undone_by_a_later_change() {
    let stream = StreamId::Incident(incident_id(1));
    let changes = fold(&[
        (stream, Event::Incident(IncidentEvent::Finished { outcome: Outcome::Found })),
        (stream, Event::Incident(IncidentEvent::OfferReceived { offer: OfferId(Uuid::nil()) })),
    ]);
    let patch = changes.incident_patches[&incident_id(1)];
    assert_eq!(patch.updated, UnixMillis(1));
    assert_eq!(patch.closing.map(|c| (c.status, c.at)), Some(("finished", UnixMillis(0))));
}

#[test]
fn commitments_are_folded_to_how_they_end() {
    let stream = StreamId::Officer(officer_id(1));
    let (one, two) = (incident_id(1), incident_id(2));
    let changes = fold(&[
        (stream, committed(one, false)),
        (stream, released(one)),
        (stream, committed(two, false)),
    ]);
    assert_eq!(changes.commitments[&(officer_id(1), one)], None);
    assert!(changes.commitments[&(officer_id(1), two)].is_some());
}

#[test]
fn an_alarm_raised_after_a_settlement_stays_open() {
    let mut changes = Changes::default();
    let raise = |n: u128| NoticeChange::Raise {
        alarm: AlarmId(Uuid::from_u128(n)),
        audience: Audience::Centre,
        kind: "exhausted".into(),
        incident: Some(incident_id(1)),
        officer: None,
        node: None,
    };
    changes.notice(&court(), 1, UnixMillis(1), &raise(1));
    changes.notice(&court(), 1, UnixMillis(2), &NoticeChange::Settle { incident: incident_id(1) });
    changes.notice(&court(), 1, UnixMillis(3), &raise(2));
    let ack =
        |by: &str| NoticeChange::Acknowledge { alarm: AlarmId(Uuid::from_u128(2)), by: by.into() };
    changes.notice(&court(), 1, UnixMillis(4), &ack("a"));
    changes.notice(&court(), 1, UnixMillis(5), &ack("b"));
    assert_eq!(changes.alarms[0].settled, Some(UnixMillis(2)));
    assert_eq!(changes.alarms[1].settled, None);
    assert_eq!(changes.alarms[1].acknowledged, Some(("a".into(), UnixMillis(4))));
    assert!(changes.acknowledgements.is_empty());
}

#[test]
fn an_event_on_a_strange_stream_is_a_bug() {
    let stream = StreamId::Incident(incident_id(1));
    assert_eq!(operations(&court(), stream, UnixMillis(0), &released(incident_id(1))), None);
}
