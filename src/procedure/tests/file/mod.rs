//! Whole cases through their files, by the shipped procedure: what each act does to nodes, ledger and notices.

mod again;
mod lives;
mod refusals;
mod to_the_end;
mod without_property;

use tiande_core::case::{
    Case, CaseCommand, CaseEvent, CaseNumber, CaseRefusal, CaseStanding, Filed, Party, PartyNotice,
    PartyRole,
};
use tiande_core::deadline::Begin;
use tiande_core::file::asset::{AssetCommand, FoundBy};
use tiande_core::file::closing::ClosingCommand;
use tiande_core::file::paper::{Content, PaperCommand};
use tiande_core::file::search::{Finding, SearchCommand};
use tiande_core::file::{
    Acting, CaseFile, CaseKind, FileCommand, FileRefusal, Filing, FilingBasis, Particulars,
};
use tiande_core::ids::{CaseId, UserId};
use tiande_core::journal::{Event, Fold, StreamId, decode, encode};
use tiande_core::money::{Fen, MoneyCommand, Posting, Totals};
use tiande_core::nodes::Rulebook;
use tiande_core::procedure::{AssetKind, NodeCode};
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

use super::rules;
use crate::procedure::Rules;

const JUDGE: UserId = UserId(Uuid::from_u128(0x11));
const CLERK: UserId = UserId(Uuid::from_u128(0x12));
const DIRECTOR: UserId = UserId(Uuid::from_u128(0x13));
const APPLICANT: Acting = Acting::Party(1, PartyRole::Applicant);
/// 80,000 yuan.
const CLAIM: Fen = Fen(8_000_000);

fn at(text: &str) -> UnixMillis {
    tiande_core::rfc3339::parse(text).expect("a time")
}

fn exact(at: UnixMillis) -> Begin {
    Begin { at, whole_day: false }
}

fn code(code: &str) -> NodeCode {
    code.parse().expect("a code")
}

fn pdf(n: u8) -> Content {
    Content { sha256: [n; 32], bytes: 1_000, content_type: "application/pdf".into() }
}

fn yuan(yuan: u64) -> Fen {
    Fen(yuan * 100)
}

/// A case, its judge, and time that only goes on when it is told to.
struct World<'a> {
    rules: Rulebook<'a>,
    case: Case,
    now: UnixMillis,
    events: Vec<CaseEvent>,
    notices: Vec<PartyNotice>,
}

impl<'a> World<'a> {
    /// Filed and docketed on a Monday, and nobody's yet: an applicant and a debtor.
    fn filed(rules: &'a Rules) -> Self {
        Self::filed_against(rules, 1)
    }

    /// The same against so many debtors.
    fn filed_against(rules: &'a Rules, debtors: usize) -> Self {
        let rules = Rulebook { procedure: &rules.procedure, calendar: &rules.calendar };
        let case = Case::new(CaseId(Uuid::from_u128(1)));
        let now = at("2026-03-02T10:00:00+08:00");
        let mut world = Self { rules, case, now, events: Vec::new(), notices: Vec::new() };
        let filing = Filing {
            kind: CaseKind::Money,
            basis: FilingBasis::Judgment,
            applied: exact(at("2026-02-27T15:00:00+08:00")),
            claim: CLAIM,
        };
        let words = Particulars::titled("(2025)豫0783民初88号");
        let filed = Filed { filing, docketed: Some(now), words };
        let number = CaseNumber::parse("(2026)豫0783执123号").expect("a number");
        let mut parties = vec![Party::named(PartyRole::Applicant, "张三")];
        parties.extend(vec![Party::named(PartyRole::Debtor, "李四"); debtors]);
        let open = CaseCommand::Open { number, parties, filing: Some(filed) };
        world.order(&open).expect("fits");
        world
    }

    /// The same in the hands of a judge, notice and report order issued.
    fn running(rules: &'a Rules) -> Self {
        Self::running_against(rules, 1)
    }

    /// The same against so many debtors.
    fn running_against(rules: &'a Rules, debtors: usize) -> Self {
        let mut world = Self::filed_against(rules, debtors);
        world
            .order(&CaseCommand::SetHandler { handler: JUDGE, reason: String::new() })
            .expect("fits");
        world.pass_days(1);
        for template in ["execution_notice", "asset_report_order", "blacklist_warning"] {
            world.issue(template, Some("B01"), &[2]);
        }
        world
    }

    fn order(&mut self, command: &CaseCommand) -> Result<usize, CaseRefusal> {
        let events = self.case.decide(command, self.now, self.rules)?;
        Ok(self.take(&events))
    }

    fn take(&mut self, events: &[CaseEvent]) -> usize {
        self.notices.extend(self.case.rows(events, self.rules).notices);
        for event in events {
            self.case.apply(event);
            self.events.push(event.clone());
        }
        events.len()
    }

    fn ask(&mut self, by: Acting, command: FileCommand, words: &str) -> Result<usize, FileRefusal> {
        let command = CaseCommand::file(by, command, Particulars::said(words));
        self.order(&command).map_err(|refusal| match refusal {
            CaseRefusal::File(refusal) => refusal,
            other => unreachable!("{command:?}: {other}"),
        })
    }

    fn please(&mut self, command: FileCommand, words: &str) -> usize {
        let shown = format!("{command:?}");
        let done = self.ask(Acting::Staff(JUDGE), command, words);
        done.unwrap_or_else(|refusal| unreachable!("{shown}: {refusal}"))
    }

    fn asset(&mut self, command: AssetCommand) {
        self.please(FileCommand::Asset(command), "豫G12345 轿车");
    }

    fn find(&mut self, kind: AssetKind, how: FoundBy) -> u16 {
        let at = self.now;
        self.asset(AssetCommand::Find { kind, how, estimate: None, at });
        u16::try_from(self.file().assets.len()).expect("few")
    }

    fn search(&mut self, command: SearchCommand) {
        self.please(FileCommand::Search(command), "依据在卷");
    }

    fn state(&mut self, findings: &[Finding]) {
        for finding in findings {
            self.search(SearchCommand::State { finding: *finding });
        }
    }

    fn pay_out(&mut self, amount: Fen) -> Result<usize, FileRefusal> {
        let document = "发放审批表".to_owned();
        let command = MoneyCommand::Post { what: Posting::PaidOut, amount, document };
        self.ask(Acting::Staff(JUDGE), FileCommand::Money(command), "")
    }

    fn issue(&mut self, template: &str, node: Option<&str>, to: &[u16]) -> u16 {
        let number = self.file().papers.len() + 1;
        let node = node.map(|node| (code(node), self.last_round(node)));
        let command = PaperCommand::Issue {
            template: template.into(),
            version: 1,
            content: pdf(u8::try_from(number).expect("few")),
            node,
            to: to.to_vec(),
        };
        self.please(FileCommand::Paper(command), template);
        u16::try_from(number).expect("few")
    }

    fn close(&mut self, command: ClosingCommand) -> Result<usize, FileRefusal> {
        self.ask(Acting::Staff(JUDGE), FileCommand::Closing(command), "依据在卷")
    }

    fn file(&self) -> &CaseFile {
        self.case.file.as_deref().expect("a file")
    }

    fn totals(&self) -> Totals {
        self.file().money.totals()
    }

    fn standing(&self) -> CaseStanding {
        self.case.standing(self.rules).expect("a file")
    }

    fn last_round(&self, node: &str) -> u16 {
        let openings = self.case.nodes.opened.get(&code(node)).map_or(0, Vec::len);
        u16::try_from(openings).expect("few")
    }

    /// Nodes that run, by code, each as often as it runs.
    fn running_nodes(&self) -> Vec<String> {
        let all = self.case.running(self.rules);
        all.iter().map(|running| running.node.to_string()).collect()
    }

    fn runs(&self, node: &str) -> usize {
        self.running_nodes().iter().filter(|running| *running == node).count()
    }

    /// Time goes on; clocks ring on the way.
    fn pass_days(&mut self, days: u64) {
        let until = self.now.plus(Millis::from_secs(days * 86_400));
        while let Some(next) = self.case.next(self.rules).filter(|next| *next <= until) {
            self.now = self.now.max(next);
            let events = self.case.ring(next, self.now, self.rules);
            assert!(!events.is_empty(), "what is due happens");
            self.take(&events);
        }
        self.now = until;
    }

    /// What was told, by topic and code.
    fn told(&self, topic: &str, of: &str) -> usize {
        let same = |notice: &&PartyNotice| notice.topic.name() == topic && notice.code == of;
        self.notices.iter().filter(same).count()
    }

    /// The journal gives the same case back, from its beginning and from a snapshot anywhere.
    fn is_whole(&self) {
        let stream = StreamId::Case(self.case.id);
        let mut fold: Fold<Case> = Fold::before(stream).expect("a case");
        let half = self.events.len() / 2;
        let mut snapshot = None;
        let mut kept = Vec::new();
        for (seq, event) in (1..).zip(&self.events) {
            let event = Event::Case(event.clone());
            let bytes = encode(&event);
            let back = decode(&bytes.kind, bytes.version, &bytes.body, bytes.personal.as_deref());
            assert_eq!(back.expect("was just written"), event);
            fold.take(seq, &event, self.now);
            kept.push((seq, event));
            if kept.len() == half {
                snapshot = Some(fold.snapshot());
            }
        }
        assert_eq!(fold.state, self.case);
        if let Some(snapshot) = snapshot {
            let kept = kept.iter().map(|(seq, event)| (*seq, event));
            let mut resumed: Fold<Case> = Fold::restore(&snapshot, kept).expect("of use");
            for (seq, event) in (1..).zip(&self.events).skip(half) {
                resumed.take(seq, &Event::Case(event.clone()), self.now);
            }
            assert_eq!(resumed.state, self.case);
        }
    }
}
