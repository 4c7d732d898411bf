//! A case without property: its five conditions, hearing and approval; then queries, and how it goes on again.

use tiande_core::file::closing::{ClosedBy, ClosingRefusal, Condition, conditions};
use tiande_core::file::paper::SigningWay;
use tiande_core::file::search::{Restriction, RestrictionDeed, SearchRefusal};
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
    restrict_party(world, Restriction::Consumption, 2);
}

fn restrict_party(world: &mut World<'_>, restriction: Restriction, party: u16) {
    let deed = RestrictionDeed::Imposed;
    world.search(SearchCommand::Restrict { restriction, party, deed, at: world.now });
}

/// A query that is answered at once.
fn query(world: &mut World<'_>, party: u16, requery: Option<u16>, found: u16) {
    world.search(SearchCommand::Inquire { party, requery });
    let inquiry = u16::try_from(world.file().search.inquiries.len()).expect("few");
    world.search(SearchCommand::Answer { inquiry, found });
}

fn approve(world: &mut World<'_>, office: Office) -> Result<usize, FileRefusal> {
    let command = FileCommand::Closing(ClosingCommand::Approve { office });
    world.ask(Acting::Staff(DIRECTOR), command, "")
}

/// Up to the ruling, everything in order.
fn closed<'a>(rules: &'a Rules) -> World<'a> {
    let mut world = World::running(rules);
    query(&mut world, 2, None, 0);
    restrict(&mut world);
    stated(&mut world);
    world.pass_days(95);
    heard_and_ruled(&mut world);
    world
}

fn stated(world: &mut World<'_>) {
    world.state(&[
        Finding::ReportChecked,
        Finding::ListingNotDue,
        Finding::DebtorPresent,
        Finding::LocalSearchDone,
    ]);
}

/// From the intention to the ruling.
fn heard_and_ruled(world: &mut World<'_>) {
    world.close(ClosingCommand::Intend).expect("the handler may");
    let record = world.issue("closing_interview", Some("Z02"), &[1]);
    world.close(ClosingCommand::Interview { record, at: world.now }).expect("recorded");
    let (party, way) = (1, SigningWay::OnPaper);
    let sign = PaperCommand::Sign { paper: record, party, way, drawing: None };
    world.please(FileCommand::Paper(sign), "");
    world.close(ClosingCommand::Ask).expect("all is met");
    approve(world, Office::Director).expect("signed");
    world.issue("closing_ruling", Some("Z03"), &[1, 2]);
    world.close(ClosingCommand::CloseRound).expect("approved");
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
    query(&mut world, 2, Some(2), 1);
    assert_eq!((world.runs("Z05"), world.file().closing.resumption.is_some()), (1, true));
    world.close(ClosingCommand::DecideResumption { granted: true }).expect("the handler decides");
    assert_eq!((world.runs("Z05"), world.file().closing.closed), (0, None));
    assert!(world.file().search.findings.is_empty(), "the new round is searched anew");
    assert_eq!(world.told("closing", "resumed"), 1);
    // It is no closed case any more, and its terms run from today.
    let runs = ["Z04", "Z06", "T01", "Z01"].map(|node| world.runs(node));
    assert_eq!(runs, [0, 0, 1, 1]);
    world.is_whole();
}

#[test]
fn what_was_done_before_it_went_on_closes_it_no_second_time() {
    let rules = rules();
    let mut world = closed(&rules);
    world.pass_days(170);
    query(&mut world, 2, Some(1), 1);
    world.close(ClosingCommand::DecideResumption { granted: true }).expect("granted");
    let lacking = missing(&world);
    let lacks = |condition| {
        let of = lacking.iter().find(|(of, _)| *of == condition);
        of.map(|(_, missing)| missing.clone()).unwrap_or_default()
    };
    let notice = ["execution_notice", "asset_report_order", "report_checked"].map(String::from);
    assert_eq!(lacks(Condition::NoticeAndReport), notice);
    let search = ["inquiry:2", "hits:2", "local_search_done"].map(String::from);
    assert_eq!(lacks(Condition::SearchExhausted), search);
    assert_eq!(lacks(Condition::ThreeMonths), ["three_months"]);
    assert_eq!(world.standing().hits, 1);
    // What was found is entered, and nothing can be had of it.
    let asset = world.find(AssetKind::Vehicle, FoundBy::Query);
    assert_eq!(world.standing().hits, 0);
    world.asset(AssetCommand::GiveUp { asset, at: world.now });
    for template in ["execution_notice", "asset_report_order"] {
        world.issue(template, None, &[2]);
    }
    query(&mut world, 2, None, 0);
    stated(&mut world);
    world.pass_days(60);
    let old = world.file().papers.iter().position(|paper| {
        matches!(&paper.origin, tiande_core::file::paper::Origin::Court { template, .. }
            if template == "closing_interview")
    });
    let record = u16::try_from(old.expect("the first one's") + 1).expect("few");
    world.close(ClosingCommand::Intend).expect("the handler may");
    let refused = world.close(ClosingCommand::Interview { record, at: world.now });
    assert_eq!(refused, Err(FileRefusal::Closing(ClosingRefusal::Record)), "of the first closing");
    let record = world.issue("closing_interview", Some("Z02"), &[1]);
    world.close(ClosingCommand::Interview { record, at: world.now }).expect("recorded");
    let refused = world.close(ClosingCommand::Ask);
    assert_eq!(refused, Err(FileRefusal::Closing(ClosingRefusal::Conditions)), "two months");
    world.pass_days(40);
    world.close(ClosingCommand::Ask).expect("all is met");
    approve(&mut world, Office::President).expect("a panel agrees");
    let refused = world.close(ClosingCommand::CloseRound);
    assert_eq!(refused, Err(FileRefusal::Closing(ClosingRefusal::NoRuling)), "the old ruling");
    world.issue("closing_ruling", Some("Z03"), &[1, 2]);
    world.close(ClosingCommand::CloseRound).expect("now");
    assert_eq!((world.runs("Z04"), world.runs("Z06"), world.runs("T01")), (10, 1, 0));
    let grade = world.standing().grade;
    assert_eq!((grade.in_time, grade.to_standard), (Some(true), Some(true)));
    world.pass_days(170);
    query(&mut world, 2, Some(1), 0);
    assert_eq!(world.runs("Z04"), 9, "the first query after the second closing");
    world.is_whole();
}

#[test]
fn a_query_after_the_closing_is_the_one_that_is_owed_and_done_with_all_debtors() {
    let rules = rules();
    let mut world = World::running_against(&rules, 2);
    for party in [2, 3] {
        query(&mut world, party, None, 0);
        restrict_party(&mut world, Restriction::Consumption, party);
        restrict_party(&mut world, Restriction::Blacklist, party);
    }
    stated(&mut world);
    world.pass_days(95);
    heard_and_ruled(&mut world);
    let ask = |party, requery| {
        let requery = Some(requery);
        FileCommand::Search(SearchCommand::Inquire { party, requery })
    };
    let refused = Err(FileRefusal::Search(SearchRefusal::Round));
    assert_eq!(world.ask(Acting::System, ask(2, 1), ""), refused, "not yet");
    world.pass_days(170);
    assert_eq!(world.ask(Acting::System, ask(2, 2), ""), refused, "not that one");
    query(&mut world, 2, Some(1), 0);
    assert_eq!(world.runs("Z04"), 10, "the other debtor has no answer");
    // One that fails is no answer, and another is sent.
    world.search(SearchCommand::Inquire { party: 3, requery: Some(1) });
    let inquiry = u16::try_from(world.file().search.inquiries.len()).expect("few");
    world.search(SearchCommand::Fail { inquiry });
    assert_eq!(world.runs("Z04"), 10);
    query(&mut world, 3, Some(1), 0);
    assert_eq!((world.runs("Z04"), world.runs("X03")), (9, 0));
    assert_eq!(world.ask(Acting::System, ask(2, 2), ""), refused, "not yet");
    world.pass_days(183);
    query(&mut world, 2, Some(2), 0);
    query(&mut world, 3, Some(2), 1);
    // Twice nothing was found of the first debtor: off the list. Of the other something was.
    assert_eq!((world.runs("Z04"), world.runs("X03"), world.runs("Z05")), (8, 1, 1));
    let stands = |party| world.file().search.restriction(Restriction::Blacklist, party);
    assert_eq!(stands(2), Some(RestrictionDeed::GroundArose));
    assert_eq!(stands(3), Some(RestrictionDeed::Imposed));
    world.is_whole();
}

#[test]
fn a_lead_after_the_closing_keeps_the_debtor_on_the_list() {
    let rules = rules();
    let mut world = closed(&rules);
    restrict_party(&mut world, Restriction::Blacklist, 2);
    let lead = FileCommand::Search(SearchCommand::Lead { urgent: false });
    world.ask(APPLICANT, lead, "看到他的车").expect("fits");
    world.pass_days(170);
    query(&mut world, 2, Some(1), 0);
    world.pass_days(183);
    query(&mut world, 2, Some(2), 0);
    assert_eq!(world.runs("X03"), 0);
}

#[test]
fn a_query_that_fails_is_still_owed_and_what_one_finds_is_entered_or_settled() {
    let rules = rules();
    let mut world = World::running(&rules);
    let due = |world: &World<'_>| {
        let all = world.case.running(world.rules);
        all.iter().find(|running| running.node == code("C01")).map(|running| running.due)
    };
    let first = due(&world).expect("it runs");
    world.search(SearchCommand::Inquire { party: 2, requery: None });
    assert_eq!(due(&world), None);
    world.pass_days(1);
    world.search(SearchCommand::Fail { inquiry: 1 });
    assert_eq!(due(&world), Some(first), "from where it ran");
    world.search(SearchCommand::Inquire { party: 2, requery: None });
    world.search(SearchCommand::Fail { inquiry: 2 });
    assert_eq!(world.runs("C01"), 1);
    world.search(SearchCommand::Answer { inquiry: 2, found: 3 });
    assert_eq!((world.runs("C01"), world.standing().hits), (0, 3), "it went out after all");
    world.find(AssetKind::Deposit, FoundBy::Query);
    world.find(AssetKind::Deposit, FoundBy::Lead);
    let settle = |hits| FileCommand::Search(SearchCommand::Settle { inquiry: 2, hits });
    let more = world.ask(Acting::Staff(JUDGE), settle(3), "余额为零");
    assert_eq!(more, Err(FileRefusal::Search(SearchRefusal::Unknown)), "two are left");
    assert!(world.ask(Acting::Staff(JUDGE), settle(1), "").is_err(), "say why");
    world.please(settle(1), "余额为零");
    assert_eq!(world.standing().hits, 1);
    assert!(missing(&world).iter().any(|(_, missing)| missing.contains(&"hits:2".to_owned())));
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
