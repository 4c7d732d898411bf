//! What a file does not take.

use tiande_core::file::asset::AssetRefusal;
use tiande_core::file::handover::{HandoverCommand, HandoverRefusal, Segment};
use tiande_core::file::paper::{BYTES_MAX, PaperRefusal, Quota};
use tiande_core::file::party::{
    AppointmentCommand, AppointmentDeed, MessageCommand, MessageRefusal,
};
use tiande_core::file::{LinkCommand, Purpose};
use tiande_core::money::{Account, Line, MoneyRefusal, Side};

use super::*;

fn handover(
    world: &mut World<'_>,
    by: UserId,
    command: HandoverCommand,
) -> Result<usize, FileRefusal> {
    world.ask(Acting::Staff(by), FileCommand::Handover(command), "")
}

#[test]
fn a_code_hands_a_file_over_once_to_one_and_not_for_long() {
    let rules = rules();
    let mut world = World::running(&rules);
    let bad = Err(FileRefusal::Handover(HandoverRefusal::Code));
    let offer = |code, secs| HandoverCommand::Offer {
        segment: Segment::Field,
        code: [code; 32],
        lasts: Millis::from_secs(secs),
    };
    let take = |code| HandoverCommand::Take { code: [code; 32] };
    assert_eq!(handover(&mut world, CLERK, take(1)), bad, "nothing is offered");
    let not_his = handover(&mut world, CLERK, offer(1, 60));
    assert_eq!(not_his, Err(FileRefusal::Handover(HandoverRefusal::NotHolder)));
    assert!(handover(&mut world, JUDGE, offer(1, 3_600)).is_err(), "not an hour");
    handover(&mut world, JUDGE, offer(1, 60)).expect("the handler has it");
    assert_eq!(handover(&mut world, CLERK, take(2)), bad, "another's");
    let oneself = handover(&mut world, JUDGE, take(1));
    assert_eq!(oneself, Err(FileRefusal::Handover(HandoverRefusal::Oneself)));
    world.now = world.now.plus(Millis::from_secs(60));
    assert_eq!(handover(&mut world, CLERK, take(1)), bad, "old");
    handover(&mut world, JUDGE, offer(3, 60)).expect("again");
    handover(&mut world, CLERK, take(3)).expect("in time");
    assert_eq!(world.file().hands.holder, Some(CLERK));
    assert_eq!(
        handover(&mut world, DIRECTOR, take(3)),
        bad,
        "two people take one case: one of them"
    );
    let not_his = handover(&mut world, JUDGE, offer(4, 60));
    assert_eq!(not_his, Err(FileRefusal::Handover(HandoverRefusal::NotHolder)));
    world.is_whole();
}

#[test]
fn things_are_done_in_order_and_once() {
    let rules = rules();
    let mut world = World::running(&rules);
    let judge = Acting::Staff(JUDGE);
    let car = world.find(AssetKind::Vehicle, FoundBy::Query);
    let now = world.now;
    let mut refused = |command, refusal| {
        let asked = world.ask(judge, FileCommand::Asset(command), "豫G12345");
        assert_eq!(asked, Err(FileRefusal::Asset(refusal)), "{command:?}");
    };
    let later = now.plus(Millis(1));
    refused(AssetCommand::Publish { asset: car, at: now }, AssetRefusal::NotHeld);
    refused(AssetCommand::Sell { asset: car, price: yuan(1), at: now }, AssetRefusal::Order);
    refused(AssetCommand::Release { asset: car, at: now }, AssetRefusal::NotHeld);
    refused(AssetCommand::Transfer { asset: car, amount: yuan(1), at: now }, AssetRefusal::NotHeld);
    refused(AssetCommand::Release { asset: 9, at: now }, AssetRefusal::Unknown);
    refused(AssetCommand::Release { asset: car, at: later }, AssetRefusal::Future);
    let from = exact(now);
    let money = AssetCommand::Control { asset: car, from, waiting: false, amount: Some(yuan(1)) };
    refused(money, AssetRefusal::Amount);
    let control = AssetCommand::Control { asset: car, from, waiting: false, amount: None };
    world.asset(control);
    let twice = world.ask(judge, FileCommand::Asset(control), "");
    assert_eq!(twice, Err(FileRefusal::Asset(AssetRefusal::HeldAlready)));
    let docket = world.ask(judge, FileCommand::Docket { at: now }, "");
    assert_eq!(docket, Err(FileRefusal::Docketed));
    let unknown = FileCommand::Note { event: "no_such".into(), at: from };
    assert_eq!(world.ask(judge, unknown, ""), Err(FileRefusal::UnknownEvent));
    world.is_whole();
}

#[test]
fn a_ledger_that_does_not_balance_and_words_that_lie_about_their_order_are_refused() {
    let rules = rules();
    let mut world = World::running(&rules);
    let line = |account, side, amount| Line { account, side, amount: Fen(amount) };
    let lines = vec![line(Account::Fund, Side::Debit, 100), line(Account::Held, Side::Credit, 99)];
    let enter = MoneyCommand::Enter { lines, document: "银行回单".into() };
    let refused = world.ask(Acting::Staff(JUDGE), FileCommand::Money(enter), "");
    assert_eq!(refused, Err(FileRefusal::Money(MoneyRefusal::Unbalanced)));
    let lead = FileCommand::Search(SearchCommand::Lead { urgent: false });
    assert_eq!(world.ask(APPLICANT, lead.clone(), "a\u{202E}b"), Err(FileRefusal::Words));
    assert_eq!(world.ask(APPLICANT, lead, &"长".repeat(10_001)), Err(FileRefusal::Words));
}

#[test]
fn a_party_acts_for_itself_and_for_nobody_else() {
    let rules = rules();
    let mut world = World::running(&rules);
    let write = |party| FileCommand::Message(MessageCommand::Write { party });
    let own = Err(FileRefusal::Message(MessageRefusal::NotOwn));
    assert_eq!(world.ask(APPLICANT, write(2), "你好"), own, "another's thread");
    world.ask(APPLICANT, write(1), "进展如何").expect("the own one");
    let asked = world.standing().waits_since;
    assert_eq!(asked, Some(world.now));
    world.please(write(1), "已发起查询");
    assert_eq!((world.standing().waits_since, world.told("message", "message")), (None, 1));
    let read = |upto| FileCommand::Message(MessageCommand::Read { party: 1, upto });
    assert_eq!(world.ask(APPLICANT, read(2), ""), Ok(1));
    assert_eq!(world.ask(APPLICANT, read(2), ""), Ok(0));
    assert!(world.ask(APPLICANT, read(3), "").is_err());
    let huge = Content { bytes: BYTES_MAX + 1, ..pdf(1) };
    let hand_in =
        |content| FileCommand::Paper(PaperCommand::HandIn { content, most: Quota::default() });
    let refused = world.ask(APPLICANT, hand_in(huge), "借条");
    assert_eq!(refused, Err(FileRefusal::Paper(PaperRefusal::Content)));
    let program = Content { content_type: "application/x-msdownload".into(), ..pdf(1) };
    assert!(world.ask(APPLICANT, hand_in(program), "借条").is_err());
    world.ask(APPLICANT, hand_in(pdf(7)), "借条").expect("fits");
    assert!(world.ask(Acting::Staff(JUDGE), hand_in(pdf(7)), "借条").is_err(), "not the court");
    for command in [
        FileCommand::Docket { at: world.now },
        FileCommand::Closing(ClosingCommand::Archive),
        FileCommand::Link(LinkCommand::Revoke { link: 1 }),
        FileCommand::Search(SearchCommand::Inquire { party: 2, requery: None }),
    ] {
        assert!(world.ask(APPLICANT, command.clone(), "x").is_err(), "{command:?}");
    }
    world.is_whole();
}

#[test]
fn an_appointment_is_remembered_a_day_before_and_once() {
    let rules = rules();
    let mut world = World::running(&rules);
    let when = world.now.plus(Millis::from_secs(5 * 86_400));
    let ask = FileCommand::Appointment(AppointmentCommand::Ask { at: when });
    world.ask(APPLICANT, ask, "想了解进展").expect("fits");
    assert!(world.standing().appointment_asked);
    world.pass_days(1);
    assert_eq!(world.told("appointment", "reminder"), 0, "nobody has agreed");
    let agree = AppointmentCommand::Agree { appointment: 1, at: when };
    world.please(FileCommand::Appointment(agree), "执行局二楼");
    assert_eq!(world.standing().appointment, Some(when));
    world.pass_days(2);
    assert_eq!(world.told("appointment", "reminder"), 0);
    world.pass_days(1);
    assert_eq!(world.told("appointment", "reminder"), 1);
    let close = |kept| FileCommand::Appointment(AppointmentCommand::Close { appointment: 1, kept });
    assert!(world.ask(Acting::Staff(JUDGE), close(true), "").is_err(), "it has not been yet");
    world.pass_days(3);
    assert_eq!(world.told("appointment", "reminder"), 1);
    world.please(close(false), "");
    assert_eq!(world.file().appointments[0].deed, AppointmentDeed::Missed);
    world.is_whole();
}

#[test]
fn a_link_opens_for_its_token_until_it_ends_or_is_revoked() {
    let rules = rules();
    let mut world = World::running(&rules);
    let grant = |party| LinkCommand::Grant {
        party,
        purpose: Purpose::Party,
        token: [5; 32],
        lasts: Millis::from_secs(86_400),
    };
    let court = Acting::Staff(CLERK);
    assert!(world.ask(court, FileCommand::Link(grant(3)), "").is_err(), "no such party");
    assert!(
        world.ask(APPLICANT, FileCommand::Link(grant(1)), "").is_err(),
        "the court gives links"
    );
    world.ask(court, FileCommand::Link(grant(1)), "").expect("fits");
    let link = world.file().links[0];
    assert!(link.opens(&[5; 32], world.now) && !link.opens(&[6; 32], world.now));
    assert!(!link.opens(&[5; 32], link.until), "ended");
    world.ask(court, FileCommand::Link(LinkCommand::Revoke { link: 1 }), "").expect("fits");
    assert!(!world.file().links[0].opens(&[5; 32], world.now));
    assert!(world.ask(court, FileCommand::Link(LinkCommand::Revoke { link: 1 }), "").is_err());
    world.is_whole();
}
