//! A case without property: its five conditions, hearing and approval; then queries, and how it goes on again.

use tiande_core::file::closing::{ClosedBy, ClosingRefusal, Condition, conditions};
use tiande_core::file::paper::SigningWay;
use tiande_core::file::search::{Restriction, RestrictionDeed};
use tiande_core::nodes::NodeCommand;
use tiande_core::procedure::Office;

use super::*;

fn missing(world: &World<'_>) -> Vec<(Condition, Vec<String>)> {
    let waited = world.case.has_waited(world.now, world.rules);
    let all = conditions(world.file(), &world.case.roles(), waited);
    let lacking = all.into_iter().filter(|checked| !checked.missing.is_empty());
    lacking.map(|checked| (checked.condition, checked.missing)).collect()
}

fn restrict(world: &mut World<'_>) {
    let (restriction, deed) = (Restriction::Consumption, RestrictionDeed::Imposed);
    world.search(SearchCommand::Restrict { restriction, party: 2, deed, at: world.now });
}

fn approve(world: &mut World<'_>, office: Office) -> Result<usize, FileRefusal> {
    let command = FileCommand::Closing(ClosingCommand::Approve { office });
    world.ask(Acting::Staff(DIRECTOR), command, "")
}

/// Up to the ruling, everything in order.
fn closed<'a>(rules: &'a Rules) -> World<'a> {
    let mut world = World::running(rules);
    world.search(SearchCommand::Inquire { party: 2, requery: None });
    world.search(SearchCommand::Answer { inquiry: 1, found: 0 });
    restrict(&mut world);
    world.state(&[
        Finding::ReportChecked,
        Finding::ListingNotDue,
        Finding::DebtorPresent,
        Finding::LocalSearchDone,
    ]);
    world.pass_days(95);
    world.close(ClosingCommand::Intend).expect("the handler may");
    let record = world.issue("closing_interview", Some("Z02"), &[1]);
    world.close(ClosingCommand::Interview { record, at: world.now }).expect("recorded");
    let (party, way) = (1, SigningWay::OnPaper);
    let sign = PaperCommand::Sign { paper: record, party, way, drawing: None };
    world.please(FileCommand::Paper(sign), "");
    world.close(ClosingCommand::Ask).expect("all is met");
    approve(&mut world, Office::Director).expect("signed");
    world.issue("closing_ruling", Some("Z03"), &[1, 2]);
    world.close(ClosingCommand::CloseRound).expect("approved");
    world
}

#[test]
fn the_file_itself_says_what_is_missing() {
    let rules = rules();
    let mut world = World::running(&rules);
    let all: Vec<_> = missing(&world).into_iter().map(|(condition, _)| condition).collect();
    assert_eq!(all, Condition::ALL, "five of five");
    let lead = FileCommand::Search(SearchCommand::Lead { urgent: true });
    world.ask(APPLICANT, lead, "被执行人在新乡有房").expect("fits");
    assert_eq!(world.runs("C04"), 1, "three days to verify an urgent lead");
    world.search(SearchCommand::Inquire { party: 2, requery: None });
    world.search(SearchCommand::Answer { inquiry: 1, found: 1 });
    let car = world.find(AssetKind::Vehicle, FoundBy::Query);
    restrict(&mut world);
    world.state(&[Finding::ReportChecked, Finding::ListingNotDue, Finding::DebtorSought]);
    let three = vec![
        (
            Condition::SearchExhausted,
            vec!["local_search_done".into(), "lead:1".into(), "asset:1".into()],
        ),
        (Condition::ThreeMonths, vec!["three_months".into()]),
    ];
    assert_eq!(missing(&world), three);
    world.search(SearchCommand::Verify { lead: 1, useful: false });
    assert_eq!(world.runs("C04"), 0);
    world.state(&[Finding::LocalSearchDone]);
    world.asset(AssetCommand::GiveUp { asset: car, at: world.now });
    world.pass_days(91);
    // Docketed on March 2: the wait is over when June 2 is.
    assert_eq!(missing(&world), [(Condition::ThreeMonths, vec!["three_months".into()])]);
    world.pass_days(2);
    assert_eq!(missing(&world), []);
    world.is_whole();
}

#[test]
fn it_is_closed_only_heard_met_approved_and_ruled() {
    let rules = rules();
    let mut world = World::running(&rules);
    let refused = |refusal| Err(FileRefusal::Closing(refusal));
    let at = world.now;
    let by_hand = ClosingCommand::Close { how: ClosedBy::RoundClosed, at };
    assert_eq!(world.close(by_hand), refused(ClosingRefusal::Order), "not by the other way");
    assert_eq!(
        world.close(ClosingCommand::Ask),
        refused(ClosingRefusal::Order),
        "nobody was heard"
    );
    let other = FileCommand::Closing(ClosingCommand::Intend);
    let by_other = world.ask(Acting::Staff(CLERK), other, "");
    assert_eq!(by_other, refused(ClosingRefusal::NotHandler));
    world.close(ClosingCommand::Intend).expect("the handler may");
    assert_eq!(world.runs("Z02"), 1, "seven days to hear the applicant");
    let notice = 1;
    let interview = ClosingCommand::Interview { record: notice, at };
    assert_eq!(world.close(interview), refused(ClosingRefusal::Record), "not a record");
    let record = world.issue("closing_interview", None, &[1]);
    world.close(ClosingCommand::Interview { record, at }).expect("recorded");
    assert_eq!((world.runs("Z02"), world.runs("Z03")), (0, 1));
    assert_eq!(world.close(ClosingCommand::Ask), refused(ClosingRefusal::Conditions));

    world.search(SearchCommand::Inquire { party: 2, requery: None });
    world.search(SearchCommand::Answer { inquiry: 1, found: 0 });
    restrict(&mut world);
    world.state(Finding::ALL);
    world.pass_days(100);
    world.close(ClosingCommand::Ask).expect("all is met");
    // The applicant has not signed: that is not for the director, and never for who asked.
    assert_eq!(approve(&mut world, Office::Director), refused(ClosingRefusal::President));
    let own = FileCommand::Closing(ClosingCommand::Approve { office: Office::President });
    let own = world.ask(Acting::Staff(JUDGE), own, "");
    assert_eq!(own, refused(ClosingRefusal::OwnApproval));
    approve(&mut world, Office::President).expect("a panel agrees");
    assert_eq!(world.close(ClosingCommand::CloseRound), refused(ClosingRefusal::NoRuling));
    world.issue("closing_ruling", Some("Z03"), &[1, 2]);
    // A lead of today has to be verified first.
    let lead = FileCommand::Search(SearchCommand::Lead { urgent: false });
    world.ask(APPLICANT, lead, "看到他的车").expect("fits");
    assert_eq!(world.close(ClosingCommand::CloseRound), refused(ClosingRefusal::Conditions));
    world.search(SearchCommand::Verify { lead: 1, useful: false });
    world.close(ClosingCommand::CloseRound).expect("now");
    world.is_whole();
}

#[test]
fn after_the_closing_it_is_queried_ten_times_and_goes_on_when_something_is_found() {
    let rules = rules();
    let mut world = closed(&rules);
    assert_eq!((world.runs("Z04"), world.runs("Z06"), world.runs("T01")), (10, 1, 0));
    assert_eq!((world.runs("Z01"), world.runs("Z03")), (0, 0));
    assert_eq!(world.standing().grade.to_standard, Some(true));
    world.pass_days(170);
    world.search(SearchCommand::Inquire { party: 2, requery: Some(1) });
    world.search(SearchCommand::Answer { inquiry: 2, found: 0 });
    assert_eq!((world.runs("Z04"), world.told("node", "Z04")), (9, 1), "the applicant hears it");
    // The second one is forgotten: to standard it is no more.
    world.pass_days(200);
    assert_eq!(world.standing().grade.to_standard, Some(false));
    world.search(SearchCommand::Inquire { party: 2, requery: Some(2) });
    world.search(SearchCommand::Answer { inquiry: 3, found: 1 });
    assert_eq!((world.runs("Z05"), world.file().closing.resumption.is_some()), (1, true));
    world.close(ClosingCommand::DecideResumption { granted: true }).expect("the handler decides");
    assert_eq!((world.runs("Z05"), world.file().closing.closed), (0, None));
    assert!(world.file().search.findings.is_empty(), "the new round is searched anew");
    assert_eq!(world.told("closing", "resumed"), 1);
    world.is_whole();
}

#[test]
fn a_wait_that_is_ended_by_hand_is_not_waited() {
    let rules = rules();
    let mut world = World::running(&rules);
    world.pass_days(40);
    let waited = |world: &World<'_>| world.case.has_waited(world.now, world.rules);
    let document = "误启动".to_owned();
    let cancel = NodeCommand::Cancel { node: code("Z01"), opening: 1, document };
    world.order(&CaseCommand::Node(cancel)).expect("by a document");
    assert!(!waited(&world));
    world.pass_days(100);
    assert!(!waited(&world), "nobody knows since when");
    let begin = exact(at("2026-03-02T10:00:00+08:00"));
    let open = NodeCommand::Open { node: code("Z01"), begin };
    world.order(&CaseCommand::Node(open)).expect("opened anew");
    assert!(waited(&world), "the newest one counts");
}
