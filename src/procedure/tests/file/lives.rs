//! Random lives of files: whatever is asked in whatever order, what holds always holds.

use proptest::collection::vec;
use proptest::prelude::*;
use tiande_core::file::asset::PriceWay;
use tiande_core::file::closing::ClosedBy;
use tiande_core::file::measure::{Measure, MeasureKind};
use tiande_core::ids::OfficerId;
use tiande_core::money::Account;

use super::*;

/// What is tried; numbers are taken modulo what there is.
#[derive(Clone, Debug)]
enum Step {
    Find(usize, u8),
    Asset(u8, u16, u64),
    Receive(u64),
    PayOut(u64),
    Reverse(u32),
    Enter(usize, u64),
    Measure(u128, u16),
    Lead(bool),
    Verify(u16),
    Inquire(bool),
    Answer(u16, u16),
    Issue(usize),
    Close(u8),
    Pass(u64),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (0_usize..5, 0_u8..4).prop_map(|(kind, how)| Step::Find(kind, how)),
        14 => (0_u8..17, 1_u16..5, 1_u64..9_000_000).prop_map(|(d, a, m)| Step::Asset(d, a, m)),
        2 => (1_u64..5_000_000).prop_map(Step::Receive),
        3 => (1_u64..5_000_000).prop_map(Step::PayOut),
        1 => (1_u32..20).prop_map(Step::Reverse),
        2 => (0_usize..Posting::ALL.len(), 1_u64..3_000_000).prop_map(|(w, m)| Step::Enter(w, m)),
        2 => (1_u128..6, 1_u16..5).prop_map(|(n, asset)| Step::Measure(n, asset)),
        1 => any::<bool>().prop_map(Step::Lead),
        1 => (1_u16..4).prop_map(Step::Verify),
        1 => any::<bool>().prop_map(Step::Inquire),
        1 => (1_u16..4, 0_u16..3).prop_map(|(i, found)| Step::Answer(i, found)),
        2 => (0_usize..4).prop_map(Step::Issue),
        1 => (0_u8..5).prop_map(Step::Close),
        4 => (0_u64..40).prop_map(Step::Pass),
    ];
    vec(step, 1..60)
}

impl World<'_> {
    fn step(&mut self, step: &Step) {
        let now = self.now;
        let judge = Acting::Staff(JUDGE);
        let from = exact(now);
        let command = match *step {
            Step::Find(kind, how) => {
                let (kind, how) = (AssetKind::ALL[kind], FoundBy::ALL[usize::from(how)]);
                FileCommand::Asset(AssetCommand::Find { kind, how, estimate: None, at: now })
            }
            Step::Asset(deed, asset, money) => {
                let (price, at) = (Fen(money), now);
                let deposit = |a: &tiande_core::file::asset::Asset| {
                    a.asset == asset && a.kind == AssetKind::Deposit
                };
                let amount = self.file().assets.iter().any(deposit).then_some(price);
                FileCommand::Asset(match deed {
                    0 | 1 => AssetCommand::Control { asset, from, waiting: deed == 1, amount },
                    2 => AssetCommand::TakeEffect { asset, from },
                    3 => AssetCommand::Renew { asset, from },
                    4 => AssetCommand::AskPrice { asset, way: PriceWay::Appraisal, at },
                    5 => AssetCommand::FixPrice { asset, price, at },
                    6 => AssetCommand::Publish { asset, at },
                    7 => AssetCommand::Fail { asset, at },
                    8 => AssetCommand::Sell { asset, price, at },
                    9 => AssetCommand::PayPrice { asset, at },
                    10 => AssetCommand::Confirm { asset, at },
                    11 => AssetCommand::HandOver { asset, at },
                    12 => AssetCommand::Transfer { asset, amount: price, at },
                    13 => AssetCommand::GiveUp { asset, at },
                    14 => AssetCommand::SetOff { asset, price, at },
                    15 => AssetCommand::ReportPrice { asset, at },
                    _ => AssetCommand::Release { asset, at },
                })
            }
            Step::Receive(amount) => self.post(Posting::Received, amount),
            Step::PayOut(amount) => self.post(Posting::PaidOut, amount),
            Step::Reverse(entry) => {
                FileCommand::Money(MoneyCommand::Reverse { entry, reason: "更正".into() })
            }
            Step::Enter(what, amount) => {
                let lines = Posting::ALL[what].lines(Fen(amount));
                FileCommand::Money(MoneyCommand::Enter { lines, document: "凭证".into() })
            }
            Step::Measure(n, asset) => FileCommand::Measure(Measure {
                measure: Uuid::from_u128(n),
                kind: MeasureKind::Sealed,
                incident: None,
                asset: Some(asset),
                party: Some(2),
                officers: [1, 2].map(|n| OfficerId(Uuid::from_u128(n))).into(),
                pictures: Vec::new(),
                at: now,
            }),
            Step::Lead(urgent) => FileCommand::Search(SearchCommand::Lead { urgent }),
            Step::Verify(lead) => FileCommand::Search(SearchCommand::Verify { lead, useful: true }),
            Step::Inquire(re) => {
                let requery = re.then_some(1);
                FileCommand::Search(SearchCommand::Inquire { party: 2, requery })
            }
            Step::Answer(inquiry, found) => {
                FileCommand::Search(SearchCommand::Answer { inquiry, found })
            }
            Step::Issue(nth) => {
                let template = ["lead_feedback", "execution_ruling", "leads_request", "asset_form"];
                FileCommand::Paper(PaperCommand::Issue {
                    template: template[nth].into(),
                    version: 1,
                    content: pdf(1),
                    node: Some((code("B03"), 1)),
                    to: vec![1],
                })
            }
            Step::Close(nth) => {
                let how = ClosedBy::ALL[usize::from(nth)];
                FileCommand::Closing(ClosingCommand::Close { how, at: now })
            }
            Step::Pass(days) => return self.pass_days(days),
        };
        // What is refused changes nothing; what is not is checked.
        let before = self.case.clone();
        match self.order(&CaseCommand::file(judge, command, Particulars::said("依据在卷"))) {
            Err(_) => assert_eq!(self.case, before),
            Ok(_) => self.holds(),
        }
    }

    fn post(&self, what: Posting, amount: u64) -> FileCommand {
        let document = "银行回单".into();
        FileCommand::Money(MoneyCommand::Post { what, amount: Fen(amount), document })
    }

    /// What holds always.
    fn holds(&self) {
        let file = self.file();
        let balance = |account| file.money.balance(account);
        // The ledger knows of every frozen yuan, and of every yuan that the court holds.
        let frozen: u64 = file.assets.iter().filter_map(|asset| asset.frozen).map(|f| f.0).sum();
        assert_eq!(balance(Account::Frozen), Fen(frozen));
        assert_eq!(balance(Account::Frozen), balance(Account::FrozenWith));
        assert_eq!(balance(Account::Fund), balance(Account::Held));
        // Who holds something with effect has a clock for it, and who holds nothing has none.
        let running = self.case.running(self.rules);
        for asset in &file.assets {
            let own = |running: &&tiande_core::case::RunningNode| {
                let of = file.about(running.node, running.round);
                of == Some(tiande_core::file::About::Asset(asset.asset))
                    && ["V01", "V02", "V03"].contains(&running.node.as_str())
            };
            let clocks = running.iter().filter(own).count();
            let closed_for_good =
                file.closing.closed.is_some_and(|closed| closed.how != ClosedBy::RoundClosed);
            if !closed_for_good {
                assert_eq!(clocks, usize::from(asset.is_held()), "{asset:?}");
            }
        }
        // Each receipt waits to be paid out until all of it was, and no longer.
        let waits = |entry: u32| {
            let of = running.iter().filter(|running| running.node == code("M02"));
            let about = Some(tiande_core::file::About::Receipt(entry));
            of.filter(|running| file.about(running.node, running.round) == about).count()
        };
        for (entry, paid) in file.money.receipts() {
            assert_eq!(waits(entry), usize::from(!paid), "{entry}: {:?}", file.money);
        }
        let all = running.iter().filter(|running| running.node == code("M02")).count();
        let unpaid = file.money.receipts().iter().filter(|(_, paid)| !paid).count();
        assert_eq!(all, unpaid, "what was reversed waits for nothing");
        assert!(unpaid > 0 || balance(Account::Held) == Fen(0), "{:?}", file.money);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_is_asked_what_holds_holds(steps in steps()) {
        let rules = rules();
        let mut world = World::running(&rules);
        for step in &steps {
            world.step(step);
        }
        world.is_whole();
    }
}
