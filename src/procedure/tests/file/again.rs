//! What holds whatever was done to a clock, and what runs again when that which had ended it counts no more.

use tiande_core::file::asset::{AssetRefusal, PriceWay};
use tiande_core::nodes::{NodeCommand, NodeRefusal};

use super::*;

#[test]
fn the_notice_of_an_auction_is_out_long_enough_whatever_was_done_to_its_clock() {
    let rules = rules();
    let mut world = World::running(&rules);
    let asset = world.find(AssetKind::Immovable, FoundBy::Query);
    let from = exact(world.now);
    world.asset(AssetCommand::Control { asset, from, waiting: false, amount: None });
    world.asset(AssetCommand::AskPrice { asset, way: PriceWay::Online, at: world.now });
    world.asset(AssetCommand::FixPrice { asset, price: yuan(100), at: world.now });
    world.asset(AssetCommand::Publish { asset, at: world.now });
    let complete = NodeCommand::Complete { node: code("D09"), round: 1, at: world.now };
    let refused = world.order(&CaseCommand::Node(complete));
    assert_eq!(refused, Err(CaseRefusal::Node(NodeRefusal::TooEarly)));
    let document = "误启动".to_owned();
    let cancel = NodeCommand::Cancel { node: code("D09"), opening: 1, document };
    world.order(&CaseCommand::Node(cancel)).expect("by a document");
    world.pass_days(29);
    let sell = |at| FileCommand::Asset(AssetCommand::Sell { asset, price: yuan(90), at });
    let refused = world.ask(Acting::Staff(JUDGE), sell(world.now), "成交");
    assert_eq!(refused, Err(FileRefusal::Asset(AssetRefusal::TooEarly)));
    world.pass_days(1);
    world.please(sell(world.now), "成交");
    world.is_whole();
}

#[test]
fn a_payout_that_is_reversed_is_owed_again_from_where_its_clock_ran() {
    let rules = rules();
    let mut world = World::running(&rules);
    for amount in [100, 50] {
        let document = "银行回单".into();
        let what = Posting::Received;
        let receive = MoneyCommand::Post { what, amount: yuan(amount), document };
        world.please(FileCommand::Money(receive), "");
        world.pass_days(1);
    }
    let due = |world: &World<'_>| {
        let all = world.case.running(world.rules);
        let of = all.iter().filter(|running| running.node == code("M02"));
        of.map(|running| running.due).collect::<Vec<_>>()
    };
    let first = due(&world);
    world.pass_days(5);
    world.pay_out(yuan(150)).expect("there is so much");
    assert_eq!(due(&world), []);
    let paid = u32::try_from(world.file().money.entries().len()).expect("few");
    let reverse = MoneyCommand::Reverse { entry: paid, reason: "退汇".into() };
    world.please(FileCommand::Money(reverse), "");
    assert_eq!(due(&world), first);
    world.pay_out(yuan(100)).expect("there is so much");
    assert_eq!(due(&world), first[1..]);
    world.is_whole();
}

#[test]
fn what_waits_behind_another_court_is_no_frozen_money_before_it_has_effect() {
    let rules = rules();
    let mut world = World::running(&rules);
    let (from, amount) = (exact(world.now), Some(yuan(500)));
    let asset = world.find(AssetKind::Deposit, FoundBy::Query);
    world.asset(AssetCommand::Control { asset, from, waiting: true, amount });
    assert_eq!((world.totals().frozen, world.runs("V01")), (Fen(0), 0));
    world.asset(AssetCommand::TakeEffect { asset, from });
    assert_eq!((world.totals().frozen, world.runs("V01")), (yuan(500), 1));
    let other = world.find(AssetKind::Deposit, FoundBy::Query);
    world.asset(AssetCommand::Control { asset: other, from, waiting: true, amount });
    world.asset(AssetCommand::Release { asset: other, at: world.now });
    assert_eq!(world.totals().frozen, yuan(500), "it never had any");
    world.is_whole();
}

#[test]
fn a_document_that_is_withdrawn_leaves_its_node_to_be_done_from_where_it_ran() {
    let rules = rules();
    let mut world = World::filed(&rules);
    world.order(&CaseCommand::SetHandler { handler: JUDGE, reason: String::new() }).expect("fits");
    let due = |world: &World<'_>| {
        let all = world.case.running(world.rules);
        let of = all.iter().filter(|running| running.node == code("B01"));
        of.map(|running| running.due).collect::<Vec<_>>()
    };
    let first = due(&world);
    let notice = world.issue("execution_notice", Some("B01"), &[2]);
    for template in ["asset_report_order", "blacklist_warning"] {
        world.issue(template, Some("B01"), &[2]);
    }
    assert_eq!((due(&world), world.runs("B01X")), (Vec::new(), 0));
    world.pass_days(1);
    let withdraw = |paper| FileCommand::Paper(PaperCommand::Withdraw { paper });
    world.please(withdraw(notice), "当事人姓名有误");
    assert_eq!((due(&world), world.runs("B01X")), (first.clone(), 1));
    let second = world.issue("execution_notice", Some("B01"), &[2]);
    assert_eq!((due(&world), world.runs("B01X")), (Vec::new(), 0), "the others are still good");
    world.please(withdraw(second), "案号有误");
    assert_eq!((due(&world), world.runs("B01X")), (first, 1));
    world.is_whole();
}

#[test]
fn a_control_that_has_ended_by_itself_is_not_renewed_and_something_may_be_taken_hold_of_anew() {
    let rules = rules();
    let mut world = World::running(&rules);
    let asset = world.find(AssetKind::Deposit, FoundBy::Query);
    let (start, amount) = (exact(world.now), Some(yuan(500)));
    let control = |from| {
        let waiting = false;
        FileCommand::Asset(AssetCommand::Control { asset, from, waiting, amount })
    };
    let renew = |from| FileCommand::Asset(AssetCommand::Renew { asset, from });
    let judge = Acting::Staff(JUDGE);
    world.please(control(start), "");
    world.pass_days(100);
    let back = exact(at("2026-03-01T10:00:00+08:00"));
    let refused = world.ask(judge, renew(back), "");
    assert_eq!(refused, Err(FileRefusal::Asset(AssetRefusal::Order)), "not from before it began");
    world.pass_days(300);
    let lapsed = Err(FileRefusal::Asset(AssetRefusal::Lapsed));
    for from in [exact(at("2027-03-01T10:00:00+08:00")), exact(world.now)] {
        assert_eq!(world.ask(judge, renew(from), ""), lapsed);
    }
    let transfer = AssetCommand::Transfer { asset, amount: yuan(1), at: world.now };
    assert_eq!(world.ask(judge, FileCommand::Asset(transfer), ""), lapsed);
    assert_eq!(world.ask(judge, control(start), ""), lapsed, "over before it is recorded");
    world.please(control(exact(world.now)), "");
    assert_eq!((world.runs("V01"), world.totals().frozen), (1, yuan(500)));
    world.is_whole();
}
