//! The case's rules, one test a rule.

use uuid::Uuid;

use super::*;
use crate::ids::{CaseId, IncidentId};

fn number() -> CaseNumber {
    CaseNumber::parse("(2026)豫0783执123号").expect("a number")
}

fn parties(count: usize) -> Vec<Party> {
    vec![Party { role: PartyRole::Debtor, name: "李四".into() }; count]
}

fn fresh() -> Case {
    Case::new(CaseId(Uuid::from_u128(1)))
}

fn open(parties: Vec<Party>) -> CaseCommand {
    CaseCommand::Open { number: number(), parties }
}

fn opened() -> Case {
    let mut case = fresh();
    for event in case.decide(&open(parties(2))).expect("may open") {
        case.apply(&event);
    }
    case
}

#[test]
fn a_case_is_opened_once() {
    let case = opened();
    assert_eq!((case.number.as_ref(), case.parties.len()), (Some(&number()), 2));
    assert_eq!(case.decide(&open(parties(1))), Err(CaseRefusal::AlreadyOpen));
}

#[test]
fn a_case_has_one_to_two_hundred_parties() {
    for (count, fits) in [(0, false), (1, true), (200, true), (201, false)] {
        let decided = fresh().decide(&open(parties(count)));
        assert_eq!(decided.is_ok(), fits, "{count}");
        assert!(fits || decided == Err(CaseRefusal::Parties));
    }
}

#[test]
fn an_incident_is_linked_once() {
    let link = CaseCommand::LinkIncident { incident: IncidentId(Uuid::from_u128(5)) };
    assert_eq!(fresh().decide(&link), Err(CaseRefusal::NotOpen));
    let mut case = opened();
    for event in case.decide(&link).expect("is open") {
        case.apply(&event);
    }
    assert_eq!(case.incidents.len(), 1);
    assert_eq!(case.decide(&link), Ok(vec![]));
}

#[test]
fn a_forgotten_case_keeps_its_number_and_loses_its_parties() {
    let mut case = fresh();
    case.apply(&CaseEvent::Opened { case: case.id, number: number(), personal: None });
    assert_eq!((case.number, case.parties.len()), (Some(number()), 0));
}
