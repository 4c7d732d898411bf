//! The ledger's rules, and that it balances whatever is posted.

use proptest::prelude::*;
use uuid::Uuid;

use super::state::sums;
use super::*;
use crate::ids::UserId;
use crate::time::UnixMillis;

const CLERK: UserId = UserId(Uuid::from_u128(1));

fn yuan(amount: u64) -> Fen {
    Fen(amount * 100)
}

fn post(money: &mut CaseMoney, what: Posting, amount: Fen) -> Result<u32, MoneyRefusal> {
    let command = MoneyCommand::Post { what, amount, document: "银行回单 0001".into() };
    act(money, &command)
}

fn act(money: &mut CaseMoney, command: &MoneyCommand) -> Result<u32, MoneyRefusal> {
    let event = money.decide(command, Some(CLERK), UnixMillis(1))?;
    money.apply(&event);
    Ok(u32::try_from(money.entries().len()).expect("few"))
}

#[test]
fn what_follows_from_assets_is_not_posted_by_hand() {
    let mut money = CaseMoney::default();
    let by_hand = |money: &CaseMoney, command: &MoneyCommand| money.check_by_hand(command);
    let document = || "裁定".to_owned();
    for (what, fits) in [
        (Posting::Frozen, false),
        (Posting::Unfrozen, false),
        (Posting::Transferred, false),
        (Posting::SetOff, false),
        (Posting::Received, true),
        (Posting::Claimed, true),
    ] {
        let command = MoneyCommand::Post { what, amount: Fen(1), document: document() };
        assert_eq!(by_hand(&money, &command).is_ok(), fits, "{what:?}");
    }
    let lines = Posting::Frozen.lines(Fen(1));
    let enter = MoneyCommand::Enter { lines, document: document() };
    assert_eq!(by_hand(&money, &enter), Err(MoneyRefusal::Derived));
    let post = MoneyCommand::Post { what: Posting::Frozen, amount: Fen(1), document: document() };
    let event = money.decide(&post, None, UnixMillis(1)).expect("fits");
    money.apply(&event);
    let reverse = MoneyCommand::Reverse { entry: 1, reason: document() };
    assert_eq!(by_hand(&money, &reverse), Err(MoneyRefusal::Derived));
}

#[test]
fn a_case_from_its_claim_to_the_last_payment() {
    let mut money = CaseMoney::default();
    post(&mut money, Posting::Claimed, yuan(100_000)).expect("claimed");
    post(&mut money, Posting::Frozen, yuan(60_000)).expect("frozen");
    post(&mut money, Posting::Transferred, yuan(50_000)).expect("transferred");
    post(&mut money, Posting::Unfrozen, yuan(10_000)).expect("freed");
    post(&mut money, Posting::Received, yuan(55_000)).expect("received");
    post(&mut money, Posting::PaidOut, yuan(50_000)).expect("paid");
    let totals = money.totals();
    assert_eq!(
        (totals.owed, totals.held, totals.recovered),
        (yuan(50_000), yuan(55_000), yuan(50_000))
    );
    post(&mut money, Posting::Waived, yuan(2_000)).expect("waived");
    post(&mut money, Posting::PaidOut, yuan(48_000)).expect("paid");
    post(&mut money, Posting::Refunded, yuan(7_000)).expect("the debtor paid too much");
    let done = Totals { claimed: yuan(98_000), recovered: yuan(98_000), ..Totals::default() };
    assert_eq!(money.totals(), done);
}

#[test]
fn nobody_is_paid_what_did_not_come_in_or_is_not_owed() {
    let mut money = CaseMoney::default();
    post(&mut money, Posting::Claimed, yuan(100)).expect("claimed");
    let refused = post(&mut money, Posting::PaidOut, yuan(1));
    assert!(matches!(refused, Err(MoneyRefusal::NotEnough(Account::Held | Account::Fund))));
    post(&mut money, Posting::Received, yuan(200)).expect("received");
    let refused = post(&mut money, Posting::PaidOut, yuan(101));
    assert_eq!(refused, Err(MoneyRefusal::NotEnough(Account::Owed)));
    let refused = post(&mut money, Posting::Unfrozen, yuan(1));
    assert!(matches!(refused, Err(MoneyRefusal::NotEnough(_))));
}

#[test]
fn a_reversal_undoes_once_and_only_what_can_still_be_undone() {
    let mut money = CaseMoney::default();
    post(&mut money, Posting::Claimed, yuan(100)).expect("claimed");
    let received = post(&mut money, Posting::Received, yuan(100)).expect("received");
    let paid = post(&mut money, Posting::PaidOut, yuan(100)).expect("paid");
    let reverse = |entry| MoneyCommand::Reverse { entry, reason: "记账有误".into() };
    let refused = act(&mut money, &reverse(received));
    assert!(matches!(refused, Err(MoneyRefusal::NotEnough(_))), "it is paid out already");
    let reversal = act(&mut money, &reverse(paid)).expect("reversed");
    act(&mut money, &reverse(received)).expect("now it can");
    assert_eq!(money.totals(), Totals { claimed: yuan(100), owed: yuan(100), ..Totals::default() });
    for entry in [paid, reversal] {
        assert_eq!(act(&mut money, &reverse(entry)), Err(MoneyRefusal::Reversed));
    }
    assert_eq!(act(&mut money, &reverse(99)), Err(MoneyRefusal::UnknownEntry));
    assert_eq!(money.reversed_by(paid), Some(reversal));
}

#[test]
fn what_is_no_entry_is_refused() {
    let mut money = CaseMoney::default();
    let enter = |lines: &[(Account, Side, u64)]| MoneyCommand::Enter {
        lines: lines
            .iter()
            .map(|(account, side, amount)| Line {
                account: *account,
                side: *side,
                amount: Fen(*amount),
            })
            .collect(),
        document: "凭证".into(),
    };
    let (owed, claim) = (Account::Owed, Account::Claim);
    let uneven = enter(&[(owed, Side::Debit, 5), (claim, Side::Credit, 4)]);
    assert_eq!(act(&mut money, &uneven), Err(MoneyRefusal::Unbalanced));
    let alone = enter(&[(owed, Side::Debit, 5)]);
    assert_eq!(act(&mut money, &alone), Err(MoneyRefusal::Lines));
    for amount in [0, Fen::MAX.0 + 1] {
        let none = enter(&[(owed, Side::Debit, amount), (claim, Side::Credit, amount)]);
        assert_eq!(act(&mut money, &none), Err(MoneyRefusal::Amount));
    }
    let command =
        MoneyCommand::Post { what: Posting::Claimed, amount: yuan(1), document: " ".into() };
    assert_eq!(act(&mut money, &command), Err(MoneyRefusal::Document));
    assert_eq!(money, CaseMoney::default());
}

fn commands() -> impl Strategy<Value = MoneyCommand> {
    let document = || "凭证".to_owned();
    let amount = prop_oneof![4 => 1_u64..1_000, 1 => Just(0), 1 => Just(Fen::MAX.0)];
    let posting = proptest::sample::select(Posting::ALL);
    let posting_again = posting.clone();
    let line = (proptest::sample::select(Account::ALL), any::<bool>(), 1_u64..4);
    let line = line.prop_map(|(account, debit, amount)| Line {
        account,
        side: if debit { Side::Debit } else { Side::Credit },
        amount: Fen(amount),
    });
    prop_oneof![
        6 => (posting, amount).prop_map(move |(what, amount)| MoneyCommand::Post {
            what, amount: Fen(amount), document: document(),
        }),
        2 => proptest::collection::vec(line, 0..5)
            .prop_map(move |lines| MoneyCommand::Enter { lines, document: document() }),
        // Lines by hand that hold together, two things in one entry.
        2 => proptest::collection::vec((posting_again, 1_u64..1_000), 1..4).prop_map(move |all| {
            let lines = all.into_iter().flat_map(|(what, amount)| what.lines(Fen(amount)));
            MoneyCommand::Enter { lines: lines.collect(), document: document() }
        }),
        2 => (1_u32..30).prop_map(move |entry| MoneyCommand::Reverse { entry, reason: document() }),
    ]
}

proptest! {
    /// Whatever is posted: every entry balances, debits and credits of all balances are equal, what the court
    /// holds is what is to be paid out, and the debt is what was asked for less what was paid.
    #[test]
    fn the_ledger_balances(commands in proptest::collection::vec(commands(), 1..40)) {
        let mut money = CaseMoney::default();
        for command in &commands {
            let before = money.clone();
            match act(&mut money, command) {
                Ok(number) => {
                    let entry = money.entries().last().expect("posted");
                    prop_assert_eq!(entry.number, number);
                    let (debits, credits) = sums(&entry.lines);
                    prop_assert_eq!(debits, credits);
                }
                Err(_) => prop_assert_eq!(&money, &before),
            }
            let side = |side| -> u64 {
                Account::ALL.iter().filter(|a| a.usual() == side).map(|a| money.balance(*a).0).sum()
            };
            prop_assert_eq!(side(Side::Debit), side(Side::Credit));
            prop_assert_eq!(money.balance(Account::Fund), money.balance(Account::Held));
            prop_assert_eq!(money.balance(Account::Frozen), money.balance(Account::FrozenWith));
            let totals = money.totals();
            prop_assert_eq!(totals.owed.0 + totals.recovered.0, totals.claimed.0);
        }
        // The fold of its entries is the ledger.
        let mut again = CaseMoney::default();
        money.entries().iter().for_each(|entry| again.apply(&MoneyEvent::Posted(entry.clone())));
        prop_assert_eq!(again, money);
    }
}
