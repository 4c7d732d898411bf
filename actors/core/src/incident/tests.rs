//! The incident's rules, one test a rule.

use uuid::Uuid;

use super::*;
use crate::dispatch::Decision;
use crate::geo::{LatLon, Place};
use crate::ids::{AlarmId, CaseId, IncidentId, OfferId, OfficerId, TipId};
use crate::journal::Subject;
use crate::officer::{OfferEnd, OfficerPart, ReleaseKind, Stage};
use crate::time::{Millis, UnixMillis};

const ID: IncidentId = IncidentId(Uuid::from_u128(1));
const ALARM: AlarmId = AlarmId(Uuid::from_u128(2));
const NOW: UnixMillis = UnixMillis(1_000_000);
const RECEIVE_BY: UnixMillis = UnixMillis(1_006_000);
const EXPIRES: UnixMillis = UnixMillis(1_020_000);
const PATIENCE: Patience = Patience {
    director_after: Millis(60_000),
    silent_after: Millis(900_000),
    answer_within: Millis(60_000),
};

fn officer(n: u128) -> OfficerId {
    OfficerId(Uuid::from_u128(n))
}
fn offer(n: u128) -> OfferId {
    OfferId(Uuid::from_u128(n))
}
fn place() -> Place {
    Place { at: LatLon::new(35.2, 114.67).expect("a place"), accuracy: None }
}

fn by_tip(trusted: bool) -> Origin {
    Origin::Tip { tip: TipId(Uuid::from_u128(3)), source: "alpha".into(), trusted }
}

fn by_judge() -> Origin {
    Origin::Task { case: CaseId(Uuid::from_u128(4)), asset: None }
}

fn opening(origin: Origin, urgency: Urgency, at: Option<Place>) -> IncidentOpened {
    IncidentOpened {
        incident: ID,
        number: 1,
        year: 2026,
        origin,
        kind: IncidentKind::DebtorSighted,
        urgency,
        need: 2,
        skills: Vec::new(),
        case_number: None,
        case: None,
        excluded: vec![officer(99)],
        exercise: false,
        alarm: None,
        procedure: None,
        subject: Subject(Uuid::from_u128(3)),
        personal: Some(IncidentPersonal { place: at, ..IncidentPersonal::default() }),
    }
}

fn opened(origin: Origin, urgency: Urgency, at: Option<Place>) -> Incident {
    let mut incident = Incident::new(ID);
    act(&mut incident, IncidentCommand::Open(Box::new(opening(origin, urgency, at))))
        .expect("opens");
    incident
}

/// An emergency with two seats, and offers 1, 2 and 3 to the officers of these numbers.
fn searching() -> Incident {
    let mut incident = opened(by_tip(true), Urgency::Emergency, Some(place()));
    round(&mut incident, &[1, 2, 3]);
    incident
}

fn round(incident: &mut Incident, who: &[u128]) -> Decided {
    let offers = who.iter().map(|n| OfferMade {
        offer: offer(*n),
        officer: officer(*n),
        distance_m: 10.0,
        fix_age_ms: 5,
        receive_by: RECEIVE_BY,
        expires_at: EXPIRES,
    });
    let (offers, decision) = (offers.collect(), Decision::default());
    act(incident, IncidentCommand::RecordRound { offers, decision, alarm: ALARM })
        .expect("is alive")
}

fn act(incident: &mut Incident, command: IncidentCommand) -> Result<Decided, IncidentRefusal> {
    act_at(incident, command, NOW)
}

fn act_at(
    incident: &mut Incident,
    command: IncidentCommand,
    now: UnixMillis,
) -> Result<Decided, IncidentRefusal> {
    let decided = incident.decide(&command, now)?;
    decided.events.iter().for_each(|event| incident.apply(event, now));
    Ok(decided)
}

fn accept(n: u128) -> IncidentCommand {
    IncidentCommand::Accept { offer: offer(n), officer: officer(n) }
}
fn decline(n: u128) -> IncidentCommand {
    IncidentCommand::Decline { offer: offer(n), officer: officer(n), reason: None }
}
fn tick() -> IncidentCommand {
    IncidentCommand::Tick { alarm: ALARM, patience: PATIENCE }
}
fn assign(n: u128) -> IncidentCommand {
    IncidentCommand::Assign {
        offer: offer(n + 50),
        officer: officer(n),
        stack: false,
        stack_max: 3,
        reason: Some("离得最近".into()),
    }
}
fn finish(n: u128) -> IncidentCommand {
    IncidentCommand::Finish { officer: officer(n), outcome: Outcome::Seized, note: None }
}
fn cancel() -> IncidentCommand {
    IncidentCommand::Cancel { reason: "误报".into() }
}
fn release(n: u128) -> IncidentCommand {
    IncidentCommand::Release { officer: officer(n), reason: "另有任务".into() }
}

#[test]
fn who_sent_it_how_urgent_and_where_decide_how_it_starts() {
    use IncidentStatus::{AwaitingDispatch, AwaitingPlace, Queued, Searching};
    let sos = || Origin::Sos { officer: officer(1) };
    let (urgent, slow) = (Urgency::Emergency, Urgency::Routine);
    for (origin, urgency, placed, status) in [
        (by_tip(true), urgent, true, Searching),
        (by_tip(true), urgent, false, AwaitingPlace),
        (by_tip(true), slow, true, Queued),
        (by_tip(true), slow, false, AwaitingPlace),
        (by_tip(false), urgent, true, AwaitingDispatch),
        (by_tip(false), urgent, false, AwaitingPlace),
        (by_tip(false), slow, true, Queued),
        (by_tip(false), slow, false, AwaitingPlace),
        (sos(), urgent, true, Searching),
        (sos(), urgent, false, AwaitingPlace),
        (by_judge(), urgent, true, Searching),
        (by_judge(), slow, true, Searching),
        (by_judge(), slow, false, AwaitingPlace),
    ] {
        let incident = opened(origin.clone(), urgency, placed.then(place));
        assert_eq!(incident.status(), Some(status), "{origin:?} {urgency:?} {placed}");
    }
}

#[test]
fn a_place_starts_what_only_waited_for_it() {
    let sos = Origin::Sos { officer: officer(1) };
    for (origin, starts) in
        [(by_tip(true), true), (by_tip(false), false), (by_judge(), true), (sos, true)]
    {
        let mut incident = opened(origin, Urgency::Emergency, None);
        let set = IncidentCommand::SetPlace { place: place() };
        assert_eq!(act(&mut incident, IncidentCommand::Dispatch), Err(IncidentRefusal::NoPlace));
        act(&mut incident, set.clone()).expect("is alive");
        assert_eq!(incident.searching, starts);
        assert_eq!(act(&mut incident, set), Ok(Decided::default()), "the same place again");
        act(&mut incident, IncidentCommand::Dispatch).expect("has a place");
        assert!(incident.searching);
        assert_eq!(act(&mut incident, IncidentCommand::Dispatch), Ok(Decided::default()));
    }
}

#[test]
fn nothing_happens_to_what_was_never_opened_and_nothing_is_opened_twice() {
    for command in [tick(), cancel(), accept(1), IncidentCommand::Dispatch] {
        assert_eq!(Incident::new(ID).decide(&command, NOW), Err(IncidentRefusal::NotOpen));
    }
    let again = opening(by_tip(true), Urgency::Routine, None);
    let again = IncidentCommand::Open(Box::new(again));
    assert_eq!(searching().decide(&again, NOW), Err(IncidentRefusal::AlreadyOpen));
}

#[test]
fn an_accepted_offer_binds_and_the_same_yes_again_changes_nothing() {
    let mut incident = searching();
    let decided = act(&mut incident, accept(1)).expect("in time");
    let part = OfficerPart::Accept { incident: ID, offer: offer(1) };
    assert_eq!(decided.parts, [(officer(1), part)]);
    assert_eq!(act(&mut incident, accept(1)), Ok(Decided::default()));
    assert_eq!((incident.seats_open(), incident.status()), (1, Some(IncidentStatus::Searching)));
    assert_eq!(incident.decide(&decline(1), NOW), Err(IncidentRefusal::OfferAccepted));
}

#[test]
fn the_last_seat_withdraws_the_other_offers() {
    let mut incident = searching();
    act(&mut incident, accept(1)).expect("in time");
    let decided = act(&mut incident, accept(2)).expect("in time");
    let how = OfferEnd::Withdrawn;
    let part = OfficerPart::CloseOffer { incident: ID, offer: offer(3), how };
    assert!(decided.parts.contains(&(officer(3), part)));
    assert_eq!(incident.status(), Some(IncidentStatus::Underway));
    assert_eq!(incident.decide(&accept(3), NOW), Err(IncidentRefusal::OfferReassigned));
    let late = act(&mut incident, decline(3)).expect("a late no harms nobody");
    let part = OfficerPart::CloseOffer { incident: ID, offer: offer(3), how };
    assert_eq!((late.events, late.parts), (vec![], vec![(officer(3), part)]), "it is let go");
    act(&mut incident, release(1)).expect("is crew");
    assert_eq!(incident.decide(&accept(3), NOW), Err(IncidentRefusal::OfferWithdrawn));
}

#[test]
fn an_expired_offer_cannot_be_accepted() {
    let mut incident = searching();
    assert!(incident.decide(&accept(1), UnixMillis(EXPIRES.0 - 1)).is_ok());
    assert_eq!(incident.decide(&accept(1), EXPIRES), Err(IncidentRefusal::OfferExpired));
    act_at(&mut incident, tick(), EXPIRES).expect("time passes");
    assert_eq!(incident.decide(&accept(1), NOW), Err(IncidentRefusal::OfferExpired));
}

#[test]
fn each_closed_offer_has_its_own_refusal() {
    let mut incident = searching();
    act(&mut incident, decline(1)).expect("may say no");
    assert_eq!(incident.decide(&accept(1), NOW), Err(IncidentRefusal::OfferDeclined));
    for (o, who) in [(9, 9), (2, 3)] {
        let strange = IncidentCommand::Accept { offer: offer(o), officer: officer(who) };
        assert_eq!(incident.decide(&strange, NOW), Err(IncidentRefusal::OfferUnknown));
    }
    act(&mut incident, cancel()).expect("is alive");
    assert_eq!(incident.decide(&accept(2), NOW), Err(IncidentRefusal::OfferWithdrawn));
}

#[test]
fn an_offer_no_device_has_shown_ends_early_and_a_shown_one_does_not() {
    let mut incident = searching();
    let received = IncidentCommand::NoteReceived { offer: offer(1), officer: officer(1) };
    assert_eq!(act(&mut incident, received.clone()).map(|d| d.events.len()), Ok(1));
    assert_eq!(act(&mut incident, received), Ok(Decided::default()));
    assert_eq!(incident.next_due(PATIENCE), Some(RECEIVE_BY));
    assert_eq!(act_at(&mut incident, tick(), UnixMillis(RECEIVE_BY.0 - 1)), Ok(Decided::default()));
    act_at(&mut incident, tick(), RECEIVE_BY).expect("time passes");
    let state = |n: u128| incident.offers.get(&offer(n)).map(|o| o.state);
    assert_eq!(state(1), Some(OfferState::Open { received: true }));
    assert_eq!(state(2), Some(OfferState::Closed(OfferEnd::Undelivered)));
    assert_eq!(incident.next_due(PATIENCE), Some(EXPIRES));
    act_at(&mut incident, tick(), EXPIRES).expect("time passes");
    let first = incident.offers.get(&offer(1)).map(|o| o.state);
    assert_eq!(first, Some(OfferState::Closed(OfferEnd::Expired)));
}

#[test]
fn as_many_are_asked_as_seats_and_extras_want() {
    let mut incident = opened(by_tip(true), Urgency::Emergency, Some(place()));
    assert_eq!(incident.to_ask(1), 3);
    round(&mut incident, &[1]);
    assert_eq!(incident.to_ask(1), 2);
    act(&mut incident, accept(1)).expect("in time");
    assert_eq!(incident.to_ask(1), 2, "one seat and the extra one");
    round(&mut incident, &[2]);
    act(&mut incident, accept(2)).expect("in time");
    assert_eq!(incident.to_ask(8), 0, "no seat is open");
}

#[test]
fn nobody_left_alarms_the_centre_once_and_the_director_once_later() {
    let mut incident = searching();
    assert_eq!(round(&mut incident, &[]), Decided::default(), "somebody still weighs it");
    for n in 1..=3 {
        act(&mut incident, decline(n)).expect("may say no");
    }
    assert_eq!(round(&mut incident, &[]).events.len(), 1);
    assert_eq!(round(&mut incident, &[]), Decided::default());
    assert_eq!(incident.status(), Some(IncidentStatus::Exhausted));
    assert_eq!(incident.alarm, Some(AlarmLevel::Centre));
    let due = UnixMillis(NOW.0 + 60_000);
    assert_eq!(incident.next_due(PATIENCE), Some(due));
    assert_eq!(act_at(&mut incident, tick(), UnixMillis(due.0 - 1)), Ok(Decided::default()));
    assert_eq!(act_at(&mut incident, tick(), due).map(|d| d.events.len()), Ok(1));
    assert_eq!(act_at(&mut incident, tick(), due), Ok(Decided::default()));
    assert_eq!(incident.alarm, Some(AlarmLevel::Director));
    round(&mut incident, &[4]);
    assert_eq!(incident.status(), Some(IncidentStatus::Searching));
}

#[test]
fn a_search_that_swings_reaches_the_director_all_the_same() {
    let mut incident = opened(by_tip(true), Urgency::Emergency, Some(place()));
    assert_eq!(round(&mut incident, &[]).events.len(), 1);
    // Somebody new is asked and says no, over and over: still one spell, and one alarm.
    for n in 1..=3 {
        round(&mut incident, &[n]);
        assert_eq!(incident.status(), Some(IncidentStatus::Searching), "somebody weighs it");
        act(&mut incident, decline(n)).expect("may say no");
        assert_eq!(incident.status(), Some(IncidentStatus::Exhausted));
        assert_eq!(round(&mut incident, &[]), Decided::default());
    }
    // One of two seats filled is not enough either, nor is an offer that is weighed right now.
    act(&mut incident, assign(7)).expect("may be ordered");
    round(&mut incident, &[4]);
    let patience = Patience { director_after: Millis(5_000), ..PATIENCE };
    let due = UnixMillis(NOW.0 + 5_000);
    assert_eq!((incident.exhausted_since, incident.next_due(patience)), (Some(NOW), Some(due)));
    let soon = IncidentCommand::Tick { alarm: ALARM, patience };
    let decided = act_at(&mut incident, soon, due).expect("time passes");
    assert_eq!(decided.events, [IncidentEvent::DirectorAlarmed { alarm: ALARM }]);
    assert_eq!(incident.next_due(patience), Some(RECEIVE_BY));
}

#[test]
fn after_the_seats_were_filled_a_new_spell_alarms_everybody_again() {
    let mut incident = opened(by_tip(true), Urgency::Emergency, Some(place()));
    for n in [1, 11] {
        assert_eq!(round(&mut incident, &[]).events.len(), 1, "the centre");
        let due = UnixMillis(NOW.0 + 60_000);
        assert_eq!(act_at(&mut incident, tick(), due).map(|d| d.events.len()), Ok(1));
        assert_eq!(incident.alarm, Some(AlarmLevel::Director));
        act(&mut incident, assign(n)).expect("may be ordered");
        assert!(incident.exhausted_since.is_some(), "one seat is still open");
        act(&mut incident, assign(n + 1)).expect("may be ordered");
        assert_eq!((incident.exhausted_since, incident.alarm), (None, None));
        assert_eq!(incident.next_due(PATIENCE), None);
        act(&mut incident, release(n)).expect("is crew");
        act(&mut incident, release(n + 1)).expect("is crew");
        assert_eq!(incident.status(), Some(IncidentStatus::Searching));
    }
}

#[test]
fn a_search_whose_place_is_forgotten_waits_for_a_new_one() {
    let mut incident = searching();
    let gone = IncidentEvent::Placed { subject: Subject(Uuid::from_u128(3)), personal: None };
    incident.apply(&gone, NOW);
    assert_eq!(incident.status(), Some(IncidentStatus::AwaitingPlace));
    assert_eq!(incident.to_ask(8), 0);
    assert_eq!(act(&mut incident, IncidentCommand::Dispatch), Err(IncidentRefusal::NoPlace));
    // Somebody says again where it is: the search goes on by itself.
    act(&mut incident, IncidentCommand::SetPlace { place: place() }).expect("is alive");
    assert_eq!(incident.status(), Some(IncidentStatus::Searching));
    assert_eq!(incident.to_ask(1), 0, "three are being asked");
    act(&mut incident, decline(1)).expect("may say no");
    assert_eq!(incident.to_ask(1), 1);
}

#[test]
fn what_people_say_is_under_the_incidents_key_and_silence_is_under_none() {
    let subject = Subject(Uuid::from_u128(3));
    let decline = |reason: Option<&str>| {
        let reason = reason.map(str::to_owned);
        IncidentCommand::Decline { offer: offer(1), officer: officer(1), reason }
    };
    let finish = |note: Option<&str>| {
        let (officer, outcome) = (officer(1), Outcome::Other);
        IncidentCommand::Finish { officer, outcome, note: note.map(str::to_owned) }
    };
    let mut going = searching();
    act(&mut going, accept(1)).expect("in time");
    let ask = searching();
    for (incident, command, words) in [
        (&ask, decline(Some("路远")), Some("路远")),
        (&ask, decline(None), None),
        (&ask, decline(Some("")), None),
        (&ask, assign(8), Some("离得最近")),
        (&ask, cancel(), Some("误报")),
        (&going, finish(Some("已查封")), Some("已查封")),
        (&going, finish(None), None),
        (&going, release(1), Some("另有任务")),
    ] {
        let decided = incident.decide(&command, NOW).expect("allowed");
        let mut said = decided.events.iter().filter_map(IncidentEvent::said);
        let expected = words.map_or_else(Said::default, |words| Said {
            subject: Some(subject),
            personal: Some(Words { text: words.into() }),
        });
        assert!(said.any(|said| *said == expected), "{command:?}: {decided:?}");
        let keys = decided.events.iter().filter_map(IncidentEvent::subject).count();
        assert_eq!(keys, usize::from(words.is_some()), "{command:?}");
    }
}

#[test]
fn a_cancellation_whose_words_are_forgotten_is_still_one() {
    let mut incident = searching();
    let said = Said { subject: Some(Subject(Uuid::from_u128(3))), personal: None };
    incident.apply(&IncidentEvent::Cancelled { said }, NOW);
    assert_eq!(incident.closed, Some(Closed::Cancelled(String::new())));
    assert_eq!(incident.status(), Some(IncidentStatus::Cancelled));
}

#[test]
fn an_order_fills_a_seat_and_replaces_the_offer_of_the_same_officer() {
    let mut incident = searching();
    let decided = act(&mut incident, assign(1)).expect("may be ordered");
    assert_eq!(decided.parts.len(), 1, "the officer closes its own offer with the order");
    assert_eq!(incident.open_offers().count(), 2);
    assert_eq!(act(&mut incident, assign(1)), Ok(Decided::default()));
    act(&mut incident, assign(7)).expect("may be ordered");
    assert_eq!(
        (incident.status(), incident.open_offers().count()),
        (Some(IncidentStatus::Underway), 0)
    );
    act(&mut incident, assign(8)).expect("more than needed, by explicit word");
    assert_eq!(incident.crew.len(), 3);
}

#[test]
fn who_must_not_go_is_not_ordered_either() {
    assert_eq!(searching().decide(&assign(99), NOW), Err(IncidentRefusal::Excluded));
    let sos = opened(Origin::Sos { officer: officer(1) }, Urgency::Emergency, Some(place()));
    assert_eq!(sos.decide(&assign(1), NOW), Err(IncidentRefusal::Excluded));
}

#[test]
fn progress_goes_forward_and_only_for_the_crew() {
    let progress = |n: u128, stage| {
        let how = StageSource::Reported;
        IncidentCommand::Progress { officer: officer(n), stage, how }
    };
    let mut incident = searching();
    act(&mut incident, accept(1)).expect("in time");
    let there = progress(1, Stage::OnScene);
    assert_eq!(
        act(&mut incident, there.clone()).map(|d| (d.events.len(), d.parts.len())),
        Ok((1, 1))
    );
    assert_eq!(act(&mut incident, there), Ok(Decided::default()));
    assert_eq!(act(&mut incident, progress(1, Stage::EnRoute)), Ok(Decided::default()));
    assert_eq!(incident.decide(&progress(2, Stage::EnRoute), NOW), Err(IncidentRefusal::NotCrew));
}

#[test]
fn the_last_one_there_speaks_for_the_incident() {
    let mut incident = searching();
    act(&mut incident, accept(1)).expect("in time");
    act(&mut incident, accept(2)).expect("in time");
    act(&mut incident, finish(1)).expect("is crew");
    assert_eq!(incident.status(), Some(IncidentStatus::Underway), "a finished seat stays filled");
    assert_eq!(act(&mut incident, finish(1)), Ok(Decided::default()));
    act(&mut incident, finish(2)).expect("is crew");
    assert_eq!(incident.closed, Some(Closed::Finished(Outcome::Seized)));
    assert_eq!(act(&mut incident, finish(2)), Ok(Decided::default()), "said again");
    assert_eq!(incident.decide(&finish(3), NOW), Err(IncidentRefusal::NotCrew));
}

#[test]
fn finishing_with_offers_open_withdraws_them() {
    let mut incident = searching();
    act(&mut incident, accept(1)).expect("in time");
    let decided = act(&mut incident, finish(1)).expect("is crew");
    assert_eq!(decided.parts.len(), 3);
    assert_eq!(
        (incident.status(), incident.open_offers().count()),
        (Some(IncidentStatus::Finished), 0)
    );
}

#[test]
fn a_released_seat_is_open_again_and_its_officer_is_not_asked_again() {
    let mut incident = searching();
    act(&mut incident, accept(1)).expect("in time");
    act(&mut incident, accept(2)).expect("in time");
    act(&mut incident, release(1)).expect("is crew");
    assert_eq!((incident.seats_open(), incident.to_ask(0)), (1, 1));
    assert!(incident.asked.contains(&officer(1)));
    assert_eq!(incident.decide(&release(1), NOW), Err(IncidentRefusal::NotCrew));
}

#[test]
fn what_is_over_stays_over() {
    let mut done = searching();
    act(&mut done, accept(1)).expect("in time");
    act(&mut done, finish(1)).expect("is crew");
    let mut off = searching();
    act(&mut off, accept(1)).expect("in time");
    let decided = act(&mut off, cancel()).expect("is alive");
    let freed = OfficerPart::BeReleased { incident: ID, how: ReleaseKind::Cancelled };
    assert!(decided.parts.contains(&(officer(1), freed)));
    assert_eq!(act(&mut off, cancel()), Ok(Decided::default()));
    assert_eq!(done.decide(&cancel(), NOW), Err(IncidentRefusal::Closed(IncidentStatus::Finished)));
    for (incident, status) in [(done, IncidentStatus::Finished), (off, IncidentStatus::Cancelled)] {
        let closed = Err(IncidentRefusal::Closed(status));
        let empty = IncidentCommand::RecordRound {
            offers: Vec::new(),
            decision: Decision::default(),
            alarm: ALARM,
        };
        let set = IncidentCommand::SetPlace { place: place() };
        for command in [set, IncidentCommand::Dispatch, empty, assign(5), release(1)] {
            assert_eq!(incident.decide(&command, NOW), closed, "{command:?}");
        }
        assert_eq!(incident.decide(&tick(), UnixMillis(i64::MAX)), Ok(Decided::default()));
        assert_eq!((incident.next_due(PATIENCE), incident.to_ask(8)), (None, 0));
    }
}

#[test]
fn a_call_for_help_binds_and_frees_its_caller() {
    let origin = Origin::Sos { officer: officer(1) };
    let open = IncidentCommand::Open(Box::new(opening(origin.clone(), Urgency::Emergency, None)));
    let decided = Incident::new(ID).decide(&open, NOW).expect("opens");
    assert_eq!(decided.parts, [(officer(1), OfficerPart::RaiseSos { incident: ID })]);
    let mut incident = opened(origin, Urgency::Emergency, None);
    let decided = act(&mut incident, cancel()).expect("is alive");
    assert_eq!(decided.parts, [(officer(1), OfficerPart::EndSos { incident: ID })]);
}
