//! The officer's rules, one test a rule.

use uuid::Uuid;

use super::*;
use crate::ids::{IncidentId, OfferId, OfficerId};
use crate::time::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_000_000);
const LATER: UnixMillis = UnixMillis(1_020_000);

fn incident(n: u128) -> IncidentId {
    IncidentId(Uuid::from_u128(n))
}
fn offer(n: u128) -> OfferId {
    OfferId(Uuid::from_u128(n))
}

fn stranger() -> Officer {
    Officer::new(OfficerId(Uuid::from_u128(7)))
}

fn off_duty() -> Officer {
    let mut officer = stranger();
    let personal = OfficerPersonal { name: "王建国".into(), badge: Some("豫0783-07".into()) };
    let skills = vec!["vehicle".into()];
    command(&mut officer, OfficerCommand::Register { skills, personal }).expect("a new officer");
    officer
}

fn on_duty() -> Officer {
    let mut officer = off_duty();
    command(&mut officer, OfficerCommand::GoOnDuty { how: DutyChange::Reported })
        .expect("may work");
    officer
}

fn on_break() -> Officer {
    let mut officer = on_duty();
    command(&mut officer, OfficerCommand::StartBreak).expect("may rest");
    officer
}

fn offered() -> Officer {
    let mut officer = on_duty();
    part(&mut officer, be_offered(1)).expect("is free");
    officer
}

fn committed() -> Officer {
    let mut officer = offered();
    part(&mut officer, OfficerPart::Accept { incident: incident(1), offer: offer(1) })
        .expect("in time");
    officer
}

fn command(officer: &mut Officer, command: OfficerCommand) -> Result<usize, OfficerRefusal> {
    let events = officer.decide(&command)?;
    events.iter().for_each(|event| officer.apply(event, NOW));
    Ok(events.len())
}

fn part(officer: &mut Officer, part: OfficerPart) -> Result<Vec<OfficerEvent>, OfficerRefusal> {
    let events = officer.decide_part(&part, NOW)?;
    events.iter().for_each(|event| officer.apply(event, NOW));
    Ok(events)
}

fn be_offered(n: u128) -> OfficerPart {
    OfficerPart::BeOffered { incident: incident(n), offer: offer(n), expires_at: LATER }
}
fn be_ordered(n: u128, stack: bool) -> OfficerPart {
    OfficerPart::BeOrdered { incident: incident(n), offer: offer(n), stack, stack_max: 2 }
}
fn close(n: u128) -> OfficerPart {
    OfficerPart::CloseOffer { incident: incident(n), offer: offer(n), how: OfferEnd::Declined }
}
fn release(n: u128) -> OfficerPart {
    OfficerPart::BeReleased { incident: incident(n), how: ReleaseKind::Released }
}
fn open() -> OpenOffer {
    OpenOffer { incident: incident(1), offer: offer(1), expires_at: LATER }
}

#[test]
fn each_duty_command_in_each_duty_state() {
    use Duty::{Break, Off, On};
    let go_on = OfficerCommand::GoOnDuty { how: DutyChange::Geofence };
    let silent = OfficerCommand::LoseContact { last_heard: NOW };
    // From, command, how many events or the refusal, and the duty afterwards.
    let table = [
        (off_duty(), go_on.clone(), Ok(1), On),
        (on_duty(), go_on.clone(), Ok(0), On),
        (on_break(), go_on, Ok(1), On),
        (off_duty(), OfficerCommand::GoOffDuty { how: DutyChange::Reported }, Ok(0), Off),
        (on_duty(), OfficerCommand::GoOffDuty { how: DutyChange::Reported }, Ok(1), Off),
        (on_break(), OfficerCommand::GoOffDuty { how: DutyChange::Reported }, Ok(1), Off),
        (off_duty(), OfficerCommand::StartBreak, Err(OfficerRefusal::OffDuty), Off),
        (on_duty(), OfficerCommand::StartBreak, Ok(1), Break),
        (on_break(), OfficerCommand::StartBreak, Ok(0), Break),
        (off_duty(), silent.clone(), Ok(0), Off),
        (on_duty(), silent.clone(), Ok(1), On),
        (on_break(), silent, Ok(1), Break),
        (off_duty(), OfficerCommand::RegainContact, Ok(0), Off),
        (on_duty(), OfficerCommand::RegainContact, Ok(0), On),
        (on_break(), OfficerCommand::RegainContact, Ok(0), Break),
    ];
    for (mut officer, wanted, expected, after) in table {
        let from = officer.duty;
        assert_eq!(command(&mut officer, wanted.clone()), expected, "{wanted:?} from {from:?}");
        assert_eq!(officer.duty, after, "{wanted:?} from {from:?}");
        if expected.is_ok() {
            assert_eq!(
                command(&mut officer, wanted.clone()),
                Ok(0),
                "twice: {wanted:?} from {from:?}"
            );
        }
    }
}

#[test]
fn an_officer_is_registered_once_and_before_anything_else() {
    let personal = OfficerPersonal { name: "x".into(), badge: None };
    let register = OfficerCommand::Register { skills: Vec::new(), personal };
    assert_eq!(command(&mut off_duty(), register), Err(OfficerRefusal::AlreadyRegistered));
    assert_eq!(
        command(&mut stranger(), OfficerCommand::GoOffDuty { how: DutyChange::Reported }),
        Err(OfficerRefusal::NotRegistered)
    );
    assert_eq!(part(&mut stranger(), be_offered(1)), Err(OfficerRefusal::NotRegistered));
    assert_eq!(off_duty().name, "王建国");
}

#[test]
fn who_is_bound_can_neither_leave_nor_rest() {
    let mut caller = on_duty();
    part(&mut caller, OfficerPart::RaiseSos { incident: incident(9) }).expect("may call");
    for (officer, refusal) in [
        (offered(), OfficerRefusal::OfferOpen(open())),
        (committed(), OfficerRefusal::Committed(incident(1))),
        (caller, OfficerRefusal::InSos),
    ] {
        for wanted in
            [OfficerCommand::GoOffDuty { how: DutyChange::Reported }, OfficerCommand::StartBreak]
        {
            assert_eq!(command(&mut officer.clone(), wanted), Err(refusal));
        }
    }
}

#[test]
fn silence_is_noted_once_and_ends_with_the_shift() {
    let mut officer = on_duty();
    assert_eq!(command(&mut officer, OfficerCommand::LoseContact { last_heard: NOW }), Ok(1));
    assert_eq!(command(&mut officer, OfficerCommand::LoseContact { last_heard: LATER }), Ok(0));
    assert_eq!(officer.status(), OfficerStatus::OutOfContact);
    assert_eq!(command(&mut officer.clone(), OfficerCommand::RegainContact), Ok(1));
    assert_eq!(
        command(&mut officer, OfficerCommand::GoOffDuty { how: DutyChange::Reported }),
        Ok(1)
    );
    assert!(!officer.contact_lost);
}

#[test]
fn an_offer_is_taken_only_by_who_is_there_and_free() {
    let mut silent = on_duty();
    command(&mut silent, OfficerCommand::LoseContact { last_heard: NOW }).expect("noted");
    for (officer, expected) in [
        (off_duty(), OfficerRefusal::OffDuty),
        (on_break(), OfficerRefusal::OnBreak),
        (silent, OfficerRefusal::OutOfContact),
        (offered(), OfficerRefusal::OfferOpen(open())),
        (committed(), OfficerRefusal::Committed(incident(1))),
    ] {
        assert_eq!(part(&mut officer.clone(), be_offered(2)), Err(expected));
    }
    assert_eq!(offered().offer, Some(open()));
    assert_eq!(offered().status(), OfficerStatus::Offered);
}

#[test]
fn an_expired_offer_cannot_be_accepted() {
    let officer = offered();
    let accept = OfficerPart::Accept { incident: incident(1), offer: offer(1) };
    assert_eq!(officer.decide_part(&accept, LATER), Err(OfficerRefusal::OfferExpired));
    let just_before = UnixMillis(LATER.0 - 1);
    assert!(officer.decide_part(&accept, just_before).is_ok());
}

#[test]
fn only_the_open_offer_can_be_accepted() {
    for (i, o) in [(1, 2), (2, 1)] {
        let accept = OfficerPart::Accept { incident: incident(i), offer: offer(o) };
        assert_eq!(part(&mut offered(), accept), Err(OfficerRefusal::NoSuchOffer));
    }
    let accept = OfficerPart::Accept { incident: incident(1), offer: offer(1) };
    assert_eq!(part(&mut committed(), accept), Err(OfficerRefusal::NoSuchOffer));
    assert_eq!(committed().offer, None);
    assert_eq!(committed().status(), OfficerStatus::Committed);
}

#[test]
fn closing_and_releasing_what_is_not_there_changes_nothing() {
    assert_eq!(part(&mut on_duty(), close(1)), Ok(vec![]));
    assert_eq!(part(&mut offered(), close(2)), Ok(vec![]));
    assert_eq!(part(&mut on_duty(), release(1)), Ok(vec![]));
    assert_eq!(part(&mut on_duty(), OfficerPart::EndSos { incident: incident(1) }), Ok(vec![]));
    let mut officer = offered();
    assert_eq!(part(&mut officer, close(1)).map(|events| events.len()), Ok(1));
    assert_eq!(officer.status(), OfficerStatus::Available);
}

#[test]
fn an_order_reaches_all_but_those_off_duty_and_those_who_weigh_another_offer() {
    assert_eq!(part(&mut off_duty(), be_ordered(2, true)), Err(OfficerRefusal::OffDuty));
    assert_eq!(part(&mut offered(), be_ordered(2, true)), Err(OfficerRefusal::OfferOpen(open())));
    let mut silent = on_duty();
    command(&mut silent, OfficerCommand::LoseContact { last_heard: NOW }).expect("noted");
    for mut officer in [on_duty(), on_break(), silent] {
        part(&mut officer, be_ordered(2, false)).expect("is reached");
        assert!(officer.commitment(incident(2)).is_some_and(|c| !c.stacked));
    }
}

#[test]
fn an_order_to_the_incident_one_weighs_closes_that_offer() {
    let mut officer = offered();
    let events = part(&mut officer, be_ordered(1, false)).expect("the same incident");
    assert!(matches!(events[0], OfficerEvent::OfferClosed { how: OfferEnd::Withdrawn, .. }));
    assert_eq!((officer.offer, officer.commitments.len()), (None, 1));
}

#[test]
fn commitments_are_stacked_only_by_word_and_only_so_many() {
    let mut officer = committed();
    assert_eq!(
        part(&mut officer, be_ordered(2, false)),
        Err(OfficerRefusal::Committed(incident(1)))
    );
    part(&mut officer, be_ordered(2, true)).expect("by word");
    assert_eq!(officer.commitments.iter().map(|c| c.stacked).collect::<Vec<_>>(), [false, true]);
    assert_eq!(part(&mut officer, be_ordered(3, true)), Err(OfficerRefusal::StackFull));
    // The same order again is no second commitment.
    assert_eq!(part(&mut officer, be_ordered(2, true)), Ok(vec![]));
    part(&mut officer, release(1)).expect("always");
    assert_eq!(
        part(&mut officer, be_ordered(3, false)),
        Err(OfficerRefusal::Committed(incident(2)))
    );
}

#[test]
fn stages_only_go_forward() {
    let stage = |stage| OfficerPart::ReachStage { incident: incident(1), stage };
    let mut officer = committed();
    assert_eq!(part(&mut officer, stage(Stage::OnScene)).map(|e| e.len()), Ok(1));
    for earlier in [Stage::OnScene, Stage::EnRoute, Stage::Accepted] {
        assert_eq!(part(&mut officer, stage(earlier)), Ok(vec![]));
    }
    assert_eq!(part(&mut on_duty(), stage(Stage::EnRoute)), Err(OfficerRefusal::NotCommitted));
}

#[test]
fn the_moment_of_going_on_duty_is_known_until_its_end() {
    let mut officer = off_duty();
    assert_eq!(officer.on_duty_since, None);
    let how = DutyChange::Reported;
    officer.apply(&OfficerEvent::WentOnDuty { how }, NOW);
    officer.apply(&OfficerEvent::BreakStarted {}, LATER);
    officer.apply(&OfficerEvent::BreakEnded {}, LATER);
    assert_eq!(officer.on_duty_since, Some(NOW), "a break is on duty");
    officer.apply(&OfficerEvent::WentOffDuty { how }, LATER);
    assert_eq!(officer.on_duty_since, None);
}

#[test]
fn who_calls_for_help_off_duty_is_on_duty_from_then_on() {
    let sos = OfficerPart::RaiseSos { incident: incident(9) };
    let mut officer = off_duty();
    assert_eq!(part(&mut officer, sos.clone()).map(|events| events.len()), Ok(2));
    assert_eq!((officer.duty, officer.sos), (Duty::On, Some(incident(9))));
    assert_eq!(part(&mut officer, sos.clone()), Err(OfficerRefusal::InSos));
    assert_eq!(part(&mut officer, be_offered(2)), Err(OfficerRefusal::InSos));
    part(&mut officer, OfficerPart::EndSos { incident: incident(8) }).expect("another one");
    assert!(officer.sos.is_some());
    part(&mut officer, OfficerPart::EndSos { incident: incident(9) }).expect("this one");
    assert_eq!(officer.status(), OfficerStatus::Available);
    // Not only who is free calls for help.
    for mut bound in [offered(), committed(), on_break()] {
        assert_eq!(part(&mut bound, sos.clone()).map(|events| events.len()), Ok(1));
    }
}
