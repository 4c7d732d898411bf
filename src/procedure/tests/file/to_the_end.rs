//! A case with property, from filing to the last yuan.

use std::collections::BTreeSet;

use tiande_core::draw::{Candidate, DrawRecord, draw};
use tiande_core::file::asset::{AssetRefusal, Outcome, PriceWay};
use tiande_core::file::closing::ClosedBy;
use tiande_core::file::measure::{Measure, MeasureKind};
use tiande_core::file::party::{Arrival, Channel, ServiceCommand};
use tiande_core::file::search::{Restriction, RestrictionDeed};
use tiande_core::ids::OfficerId;

use super::*;

fn officers(n: u128) -> BTreeSet<OfficerId> {
    (1..=n).map(|n| OfficerId(Uuid::from_u128(n))).collect()
}

#[test]
fn filing_starts_the_clocks_and_the_draw_ends_them() {
    let rules = rules();
    let mut world = World::filed(&rules);
    // Docketed: A01 is done, and what follows from it runs; the application's own clocks run on.
    for (node, times) in [("A01", 0), ("A02", 1), ("A03", 1), ("B01X", 1), ("C01", 1), ("T01", 1)] {
        assert_eq!(world.runs(node), times, "{node}");
    }
    assert_eq!((world.totals().claimed, world.totals().owed), (CLAIM, CLAIM));
    assert_eq!(world.told("node", "A01"), 1, "the applicant hears that the case is docketed");

    let seed = [9; 32];
    let candidates =
        [(JUDGE, 3), (CLERK, 9)].map(|(judge, load)| Candidate { judge, load }).to_vec();
    let number = world.case.number.clone().expect("open");
    let judge = draw(&seed, &number, &candidates).expect("somebody");
    let record = DrawRecord {
        chain: 1,
        nth: 1,
        seed,
        candidates,
        excluded: Vec::new(),
        judge,
        replaces: None,
        only: false,
        at: world.now,
    };
    let alone = DrawRecord {
        candidates: record.candidates[..1].to_vec(),
        judge: record.candidates[0].judge,
        ..record.clone()
    };
    let refused = world.ask(Acting::System, FileCommand::Draw(alone), "");
    assert_eq!(refused, Err(FileRefusal::OneCandidate));
    let other = if judge == JUDGE { CLERK } else { JUDGE };
    let forged = DrawRecord { judge: other, ..record.clone() };
    let refused = world.ask(Acting::System, FileCommand::Draw(forged), "");
    assert_eq!(refused, Err(FileRefusal::Draw), "not what the seed gives");
    world.ask(Acting::System, FileCommand::Draw(record.clone()), "").expect("fits");
    assert_eq!(world.case.handler, Some(judge));
    for (node, times) in [("A02", 0), ("A03", 0), ("B01", 1), ("B03", 1), ("C06", 1)] {
        assert_eq!(world.runs(node), times, "{node}: the judge has the file at once");
    }
    assert_eq!(world.told("node", "A03"), 1, "the applicant hears who has the case");
    // Another draw of the same moment saw nobody in the case's hands.
    let second = world.ask(Acting::System, FileCommand::Draw(record.clone()), "回避");
    assert_eq!(second, Err(FileRefusal::HandlerChanged));
    let record = DrawRecord { replaces: Some(judge), ..record };
    let again = world.ask(Acting::System, FileCommand::Draw(record.clone()), "");
    assert_eq!(again, Err(FileRefusal::Reason), "who has it loses it for a reason only");
    world.ask(Acting::System, FileCommand::Draw(record), "回避").expect("with one");
    assert_eq!((world.runs("B01"), world.last_round("B01")), (1, 1), "the file is received once");
    world.is_whole();
}

#[test]
fn documents_end_their_node_when_all_are_issued_and_start_clocks_when_they_arrive() {
    let rules = rules();
    let mut world = World::filed(&rules);
    world.order(&CaseCommand::SetHandler { handler: JUDGE, reason: String::new() }).expect("fits");
    let order = world.issue("asset_report_order", Some("B01"), &[2]);
    world.issue("execution_notice", Some("B01"), &[2]);
    assert_eq!(world.runs("B01"), 1, "one is missing");
    world.issue("blacklist_warning", Some("B01"), &[2]);
    assert_eq!((world.runs("B01"), world.told("node", "B01")), (0, 1));
    assert_eq!(world.runs("B01X"), 0, "the outer limit has the same notice");
    assert_eq!(world.told("paper", "execution_notice"), 1);
    // To an address that nobody has confirmed it is information, and no service.
    let (paper, party, channel) = (order, 2, Channel::Sms);
    let send = || FileCommand::Service(ServiceCommand::Send { paper, party, channel });
    let arrived =
        |how, at| FileCommand::Service(ServiceCommand::Arrived { paper, party, channel, how, at });
    world.please(send(), "");
    let at = world.now;
    assert!(world.ask(Acting::System, arrived(Arrival::Delivered, at), "").is_err());
    assert_eq!(world.runs("B04"), 0);
    world.pass_days(1);
    let debtor = Acting::Party(2, PartyRole::Debtor);
    let read = arrived(Arrival::Read, world.now);
    world.ask(debtor, read, "").expect("the debtor has opened it");
    let served = |world: &World<'_>, paper| world.file().services.served(paper, 2);
    assert_eq!((world.runs("B04"), served(&world, order)), (0, None), "told, and not served");
    let channel = Channel::InPerson;
    world.please(FileCommand::Service(ServiceCommand::Send { paper, party, channel }), "");
    let by_hand = |at| {
        let how = Arrival::Receipt;
        FileCommand::Service(ServiceCommand::Arrived { paper, party, channel, how, at })
    };
    let sent = world.now;
    world.pass_days(2);
    world.please(by_hand(world.now), "");
    assert_eq!((world.runs("B04"), served(&world, order)), (1, Some(world.now)));
    // Word of an earlier one changes what is known, and starts no second clock.
    world.please(by_hand(sent), "");
    assert_eq!((world.runs("B04"), served(&world, order)), (1, Some(sent)));
    // With consent the system of the address counts.
    let channel = Channel::Sms;
    let consent = ServiceCommand::Consent { party: 2, channels: vec![channel] };
    let consent = FileCommand::Service(consent);
    assert_eq!(world.ask(debtor, consent.clone(), "手机 139…"), Ok(1));
    assert_eq!(world.ask(debtor, consent.clone(), "手机 138…"), Ok(1), "another address");
    assert_eq!(world.ask(debtor, consent, ""), Ok(0), "nothing new");
    let ruling = world.issue("execution_ruling", None, &[2]);
    let send = ServiceCommand::Send { paper: ruling, party: 2, channel };
    world.please(FileCommand::Service(send), "");
    let (how, at) = (Arrival::Delivered, world.now);
    let arrived = ServiceCommand::Arrived { paper: ruling, party: 2, channel, how, at };
    world.ask(Acting::System, FileCommand::Service(arrived), "").expect("fits");
    assert_eq!(world.file().services.served(ruling, 2), Some(at));
    world.is_whole();
}

#[test]
fn a_deposit_is_frozen_transferred_paid_out_and_the_case_is_closed() {
    let rules = rules();
    let mut world = World::running(&rules);
    world.search(SearchCommand::Inquire { party: 2, requery: None });
    assert_eq!(world.runs("C01"), 0, "the query is out");
    world.search(SearchCommand::Answer { inquiry: 1, found: 1 });
    let deposit = world.find(AssetKind::Deposit, FoundBy::Query);
    assert_eq!((world.runs("C02"), world.runs("C07")), (1, 0), "a day to freeze it");
    let (from, amount) = (exact(world.now), Some(yuan(90_000)));
    world.asset(AssetCommand::Control { asset: deposit, from, waiting: false, amount });
    assert_eq!((world.runs("C02"), world.runs("V01"), world.runs("V02")), (0, 1, 0));
    assert_eq!(world.totals().frozen, yuan(90_000));
    assert_eq!(world.told("node", "C02"), 1);
    // The freeze is about to end: it is warned of, renewed, and its clock is another.
    world.pass_days(340);
    assert!(world.case.escalation(code("V01"), 1).is_some(), "warned of");
    let from = exact(world.now);
    world.asset(AssetCommand::Renew { asset: deposit, from });
    assert_eq!((world.runs("V01"), world.last_round("V01")), (1, 2));

    let (asset, at) = (deposit, world.now);
    world.asset(AssetCommand::Transfer { asset, amount: CLAIM, at });
    let totals = world.totals();
    assert_eq!((totals.held, totals.frozen), (CLAIM, yuan(10_000)), "the rest stays frozen");
    assert_eq!(world.runs("V01"), 1, "and its clock runs");
    world.asset(AssetCommand::Release { asset, at });
    assert_eq!((world.runs("V01"), world.totals().frozen), (0, Fen(0)));
    assert_eq!((world.runs("M01"), world.runs("M02")), (0, 1), "thirty days to pay it out");

    assert!(world.close(ClosingCommand::Close { how: ClosedBy::Fulfilled, at }).is_err());
    world.pay_out(yuan(30_000)).expect("there is so much");
    assert_eq!(world.runs("M02"), 1, "part of it");
    assert!(world.pay_out(yuan(50_001)).is_err(), "nobody is paid what did not come in");
    world.pay_out(yuan(50_000)).expect("the rest");
    assert_eq!((world.runs("M02"), world.told("node", "M02")), (0, 1));
    assert_eq!((world.totals().recovered, world.totals().owed), (CLAIM, Fen(0)));

    let consumption = SearchCommand::Restrict {
        restriction: Restriction::Consumption,
        party: 2,
        deed: RestrictionDeed::Imposed,
        at,
    };
    world.search(consumption);
    world
        .close(ClosingCommand::Close { how: ClosedBy::Fulfilled, at: world.now })
        .expect("all paid");
    // What is left: to lift the restriction, and the archive.
    assert_eq!(world.running_nodes(), ["X03", "Z06"]);
    assert_eq!(world.told("closing", "fulfilled"), 1);
    let lift = SearchCommand::Restrict {
        restriction: Restriction::Consumption,
        party: 2,
        deed: RestrictionDeed::Lifted,
        at: world.now,
    };
    world.search(lift);
    world.close(ClosingCommand::Archive).expect("closed");
    assert_eq!((world.running_nodes(), world.case.next(world.rules)), (Vec::new(), None));
    let grade = world.standing().grade;
    assert!(grade.with_assets);
    assert_eq!(grade.in_time, Some(false), "it took almost a year");
    world.is_whole();
}

#[test]
fn a_vehicle_is_sealed_by_two_officers_sold_at_the_second_auction_and_handed_over() {
    let rules = rules();
    let mut world = World::running(&rules);
    let car = world.find(AssetKind::Vehicle, FoundBy::Lead);
    assert_eq!((world.runs("C07"), world.runs("C02")), (1, 0));
    let measure = |n, kind, many| Measure {
        measure: Uuid::from_u128(n),
        kind,
        incident: None,
        asset: (kind == MeasureKind::Sealed).then_some(car),
        party: None,
        officers: officers(many),
        pictures: Vec::new(),
        at: at("2026-03-03T10:00:00+08:00"),
    };
    let officer = Acting::Officer(OfficerId(Uuid::from_u128(1)));
    let alone = FileCommand::Measure(measure(1, MeasureKind::Sealed, 1));
    assert!(world.ask(officer, alone, "").is_err(), "two officers seal");
    for (n, kind) in
        [(1, MeasureKind::Arrived), (2, MeasureKind::Announced), (3, MeasureKind::Sealed)]
    {
        let command = FileCommand::Measure(measure(n, kind, 2));
        assert!(world.ask(officer, command.clone(), "停在院内").expect("fits") > 0);
        assert_eq!(world.ask(officer, command, "停在院内"), Ok(0), "sent twice it is one");
    }
    assert_eq!((world.runs("C07"), world.runs("V02"), world.runs("D01")), (0, 1, 1));
    assert_eq!(world.told("measure", "sealed"), 1);
    let (asset, way) = (car, PriceWay::Appraisal);
    world.asset(AssetCommand::AskPrice { asset, way, at: world.now });
    assert_eq!((world.runs("D02"), world.runs("D04")), (1, 1));
    world.pass_days(10);
    world.asset(AssetCommand::ReportPrice { asset, at: world.now });
    assert_eq!((world.runs("D04"), world.runs("D05")), (0, 1));
    world.asset(AssetCommand::FixPrice { asset, price: yuan(60_000), at: world.now });
    assert_eq!((world.runs("D01"), world.runs("D06")), (0, 1));
    world.asset(AssetCommand::Publish { asset, at: world.now });
    assert_eq!((world.runs("D06"), world.runs("D08"), world.runs("D09")), (0, 1, 0));
    world.pass_days(14);
    let early = FileCommand::Asset(AssetCommand::Fail { asset, at: world.now });
    let refused = world.ask(Acting::Staff(JUDGE), early, "流拍");
    let too_early = FileRefusal::Asset(AssetRefusal::TooEarly);
    assert_eq!(refused, Err(too_early), "fifteen days");
    world.pass_days(1);
    let early = FileCommand::Asset(AssetCommand::Fail { asset, at: world.now });
    let refused = world.ask(Acting::Staff(JUDGE), early, "流拍");
    assert_eq!(refused, Err(FileRefusal::TooEarly), "and the fifteenth is one of them");
    world.pass_days(1);
    world.asset(AssetCommand::Fail { asset, at: world.now });
    assert_eq!((world.runs("D08"), world.runs("D10")), (0, 1));
    world.asset(AssetCommand::Publish { asset, at: world.now });
    assert_eq!(world.runs("D10"), 0);
    world.pass_days(6);
    let sell = |world: &World<'_>| AssetCommand::Sell { asset, price: yuan(50_000), at: world.now };
    let early = FileCommand::Asset(sell(&world));
    assert!(world.ask(Acting::Staff(JUDGE), early, "").is_err(), "seven days");
    world.pass_days(1);
    world.asset(sell(&world));
    world.asset(AssetCommand::PayPrice { asset, at: world.now });
    assert_eq!((world.totals().held, world.runs("M02")), (yuan(50_000), 1));
    assert_eq!(world.runs("D11"), 1);
    world.asset(AssetCommand::Confirm { asset, at: world.now });
    assert_eq!((world.runs("D11"), world.runs("D12"), world.runs("V02")), (0, 1, 1));
    world.asset(AssetCommand::HandOver { asset, at: world.now });
    assert_eq!((world.runs("D12"), world.runs("V02")), (0, 0), "its seizure is over with it");
    assert_eq!(world.file().assets[0].outcome, Some(Outcome::Sold));
    world.pay_out(yuan(50_000)).expect("there is so much");
    assert_eq!(world.totals().owed, yuan(30_000));
    world.is_whole();
}

#[test]
fn a_measure_before_the_notice_is_followed_by_it_and_one_after_it_starts_nothing() {
    let rules = rules();
    let mut world = World::filed(&rules);
    world.order(&CaseCommand::SetHandler { handler: JUDGE, reason: String::new() }).expect("fits");
    let control = |world: &mut World<'_>| {
        let car = world.find(AssetKind::Vehicle, FoundBy::Query);
        let from = exact(world.now);
        world.asset(AssetCommand::Control { asset: car, from, waiting: false, amount: None });
    };
    control(&mut world);
    assert_eq!(world.runs("B02"), 1, "three days to send the notice");
    for template in ["execution_notice", "asset_report_order", "blacklist_warning"] {
        world.issue(template, Some("B01"), &[2]);
    }
    assert_eq!((world.runs("B01"), world.runs("B01X"), world.runs("B02")), (0, 0, 0));
    control(&mut world);
    assert_eq!(world.runs("B02"), 0, "the debtor has it");
    world.is_whole();
}

#[test]
fn a_buyer_who_does_not_pay_has_not_bought() {
    let rules = rules();
    let mut world = World::running(&rules);
    let asset = world.find(AssetKind::Vehicle, FoundBy::Query);
    let from = exact(world.now);
    world.asset(AssetCommand::Control { asset, from, waiting: false, amount: None });
    world.asset(AssetCommand::AskPrice { asset, way: PriceWay::Online, at: world.now });
    world.asset(AssetCommand::FixPrice { asset, price: yuan(100), at: world.now });
    world.asset(AssetCommand::Publish { asset, at: world.now });
    world.pass_days(16);
    world.asset(AssetCommand::Sell { asset, price: yuan(90), at: world.now });
    world.asset(AssetCommand::Fail { asset, at: world.now });
    world.asset(AssetCommand::GiveUp { asset, at: world.now });
    assert_eq!((world.runs("D10"), world.runs("D01"), world.runs("V02")), (0, 0, 1), "still held");
    world.is_whole();
}

#[test]
fn each_restriction_has_its_own_time_to_be_lifted() {
    let rules = rules();
    let mut world = World::running(&rules);
    for (restriction, deed) in [
        (Restriction::Consumption, RestrictionDeed::Imposed),
        (Restriction::Blacklist, RestrictionDeed::Imposed),
        (Restriction::Consumption, RestrictionDeed::GroundArose),
        (Restriction::Blacklist, RestrictionDeed::GroundArose),
        (Restriction::Consumption, RestrictionDeed::Lifted),
    ] {
        let at = world.now;
        world.search(SearchCommand::Restrict { restriction, party: 2, deed, at });
    }
    assert_eq!(world.runs("X03"), 1, "the list is still to be cleaned");
    world.is_whole();
}

#[test]
fn each_of_two_cars_has_its_own_clocks() {
    let rules = rules();
    let mut world = World::running(&rules);
    let first = world.find(AssetKind::Vehicle, FoundBy::Query);
    world.pass_days(1);
    let second = world.find(AssetKind::Vehicle, FoundBy::Query);
    assert_eq!(world.runs("C07"), 2);
    let from = exact(world.now);
    let control = |asset| AssetCommand::Control { asset, from, waiting: false, amount: None };
    world.asset(control(second));
    let running = world.case.running(world.rules);
    let left = running.iter().find(|running| running.node == code("C07")).expect("one is left");
    assert_eq!(left.round, 1, "the one of the first car");
    world.asset(control(first));
    world.asset(AssetCommand::Release { asset: first, at: world.now });
    let running = world.case.running(world.rules);
    let held: Vec<_> = running.iter().filter(|running| running.node == code("V02")).collect();
    assert_eq!((held.len(), held[0].round), (1, 1), "the second car's, opened first");
    // One that waits behind another court's has no term of its own yet.
    let third = world.find(AssetKind::Immovable, FoundBy::Query);
    let from = exact(world.now);
    world.asset(AssetCommand::Control { asset: third, from, waiting: true, amount: None });
    assert_eq!(world.runs("V03"), 0);
    world.asset(AssetCommand::TakeEffect { asset: third, from });
    assert_eq!(world.runs("V03"), 1);
    world.is_whole();
}

#[test]
fn what_came_in_last_is_paid_out_last() {
    let rules = rules();
    let mut world = World::running(&rules);
    let receive = |amount| MoneyCommand::Post {
        what: Posting::Received,
        amount,
        document: "银行回单".into(),
    };
    world.please(FileCommand::Money(receive(yuan(100))), "");
    world.pass_days(3);
    world.please(FileCommand::Money(receive(yuan(50))), "");
    assert_eq!(world.runs("M02"), 2);
    world.pay_out(yuan(100)).expect("fits");
    let running = world.case.running(world.rules);
    let left: Vec<_> = running.iter().filter(|running| running.node == code("M02")).collect();
    assert_eq!((left.len(), left[0].round), (1, 2));
    // The second was another case's: what is reversed is not owed to anybody.
    let entry = world.file().money.entries().iter().filter(|e| e.received() == yuan(50)).count();
    assert_eq!(entry, 1);
    let number = world.file().money.entries().iter().find(|e| e.received() == yuan(50));
    let entry = number.expect("posted").number;
    let reverse = MoneyCommand::Reverse { entry, reason: "另案款项".into() };
    world.please(FileCommand::Money(reverse), "");
    assert_eq!((world.runs("M02"), world.totals().held), (0, Fen(0)));
    world.is_whole();
}
