use proptest::prelude::*;

use super::*;

fn named(code: &str) -> NamedDraft {
    NamedDraft { code: code.into(), zh: "名".into(), en: "name".into() }
}

fn row(code: &str) -> NodeDraft {
    NodeDraft {
        code: code.into(),
        zh: "节点".into(),
        en: "node".into(),
        start: StartDraft { event: Some("began".into()), ..StartDraft::default() },
        limit: LimitDraft { unit: "days".into(), count: 10, exact: false },
        kind: "deadline".into(),
        warn: vec!["3d".into(), "1d".into()],
        documents: Some(vec!["paper".into()]),
        told: vec!["applicant".into()],
        alarm_warn: vec!["handler".into()],
        alarm_expiry: vec!["president".into(), "discipline".into()],
        suspended_by: vec!["stay".into()],
        article: "an article".into(),
        rank: "law".into(),
        sure: "verified".into(),
        ..NodeDraft::default()
    }
}

fn after(codes: &[&str]) -> StartDraft {
    StartDraft {
        after: Some(codes.iter().map(|code| (*code).to_owned()).collect()),
        zh: Some("完成".into()),
        en: Some("done".into()),
        ..StartDraft::default()
    }
}

fn draft() -> ProcedureDraft {
    ProcedureDraft {
        name: "test".into(),
        version: 3,
        effective_from: "2026-12-01".into(),
        answer_working_days: 3,
        ladder: vec!["director".into(), "president".into(), "discipline".into()],
        reasons: vec![ReasonDraft {
            named: named("stay"),
            article: "an article".into(),
            sure: "memory".into(),
        }],
        events: vec![named("began")],
        documents: vec![named("paper"), named("other")],
        nodes: vec![row("A01"), NodeDraft { start: after(&["A01"]), ..row("B01X") }],
    }
}

fn faults(draft: &ProcedureDraft) -> Vec<(ProcedureSpot, ProcedureFault)> {
    Procedure::parse(draft).err().unwrap_or_default()
}

#[test]
fn a_sound_draft_becomes_a_procedure() {
    let procedure = Procedure::parse(&draft()).expect("sound");
    assert_eq!(procedure.version().version, 3);
    let code: NodeCode = "B01X".parse().expect("a code");
    let node = procedure.node(code).expect("the second row");
    assert_eq!(node.start.nodes(), ["A01".parse().expect("a code")]);
    assert_eq!(node.warn, [Offset::Days(3), Offset::Days(1)]);
    assert_eq!(node.documents, Documents::All(vec!["paper".into()]));
    assert_eq!(node.telling, Telling::Full);
    assert_eq!(procedure.node("C01".parse().expect("a code")), None);
    assert!(procedure.reasons()["stay"].sure.must_be_confirmed());
}

type Change = fn(&mut ProcedureDraft);

/// A change of the sound draft, where its fault is, and what it is.
fn cases() -> Vec<(Change, ProcedureSpot, ProcedureFault)> {
    use ProcedureFault as F;
    use ProcedureSpot::{Document, Event, Head, Node, Reason};
    vec![
        (|d| d.name = "Test".into(), Head("procedure"), F::Name),
        (|d| d.version = 0, Head("version"), F::Version),
        (|d| d.effective_from = "soon".into(), Head("effective_from"), F::Date("soon".into())),
        (|d| d.nodes.clear(), Head("node"), F::Nodes),
        (|d| d.events[0].zh = " ".into(), Event(0), F::Text),
        (|d| d.documents[1].code = "Paper!".into(), Document(1), F::EntryCode),
        (|d| d.reasons[0].article.clear(), Reason(0), F::Text),
        (|d| d.nodes[0].code = "A1".into(), Node(0, "code"), F::Code("A1".into())),
        (
            |d| d.nodes[1].code = "A01".into(),
            Node(1, "code"),
            F::DoubledCode("A01".parse().expect("a code")),
        ),
        (|d| d.nodes[0].zh = "\u{202e}x".into(), Node(0, "zh"), F::Text),
        (|d| d.nodes[0].en.clear(), Node(0, "en"), F::Text),
        (|d| d.nodes[0].article = "x".repeat(201), Node(0, "article"), F::Text),
        (
            |d| d.nodes[0].start.event = Some("never".into()),
            Node(0, "start"),
            F::UnknownEvent("never".into()),
        ),
        (|d| d.nodes[1].start = after(&["Z99"]), Node(1, "start"), F::UnknownNode("Z99".into())),
        (|d| d.nodes[0].start.zh = Some("x".into()), Node(0, "start"), F::StartWords),
        (|d| d.nodes[1].start.en = None, Node(1, "start"), F::StartWords),
        (|d| d.nodes[0].start.event = None, Node(0, "start"), F::StartForm),
        (|d| d.nodes[1].start.event = Some("began".into()), Node(1, "start"), F::StartForm),
        (|d| d.nodes[1].start = after(&[]), Node(1, "start"), F::StartForm),
        (
            |d| {
                let nodes = d.nodes[1].start.after.take();
                d.nodes[1].start.before_end_of = nodes;
            },
            Node(1, "start"),
            F::NotBackwards,
        ),
        (
            |d| {
                let nodes = d.nodes[1].start.after.take();
                d.nodes[1].start.before_end_of = nodes;
                d.nodes[0].kind = "expiry".into();
            },
            Node(1, "start"),
            F::NoEnd("A01".parse().expect("a code")),
        ),
        (
            |d| d.nodes[0].start = after(&["B01X"]),
            Node(0, "start"),
            F::Cycle("A01 → B01X → A01".into()),
        ),
        (|d| d.nodes[1].start = after(&["B01X"]), Node(1, "start"), F::Cycle("B01X → B01X".into())),
        (
            |d| d.nodes[0].limit.unit = "weeks".into(),
            Node(0, "limit"),
            F::UnknownUnit("weeks".into()),
        ),
        (|d| d.nodes[0].limit.count = 0, Node(0, "limit"), F::LimitRange(3_660)),
        (|d| d.nodes[0].limit.exact = true, Node(0, "limit"), F::ExactUnit),
        (|d| d.nodes[0].kind = "maybe".into(), Node(0, "kind"), F::UnknownKind("maybe".into())),
        (
            |d| {
                d.nodes[0].kind = "expiry".into();
                d.nodes[0].limit.unit = "working_days".into();
            },
            Node(0, "limit"),
            F::UnitOfKind("expiry", "working_days"),
        ),
        (|d| d.nodes[0].kind = "recurring".into(), Node(0, "rounds"), F::Rounds),
        (|d| d.nodes[0].rounds = Some(3), Node(0, "rounds"), F::Rounds),
        (|d| d.nodes[0].warn = vec!["soon".into()], Node(0, "warn"), F::Warning("soon".into())),
        (|d| d.nodes[0].warn = vec!["4h".into()], Node(0, "warn"), F::WarningUnit("4h".into())),
        (
            |d| d.nodes[0].warn = vec!["10d".into()],
            Node(0, "warn"),
            F::WarningTooLong("10d".into()),
        ),
        (|d| d.nodes[0].warn = vec!["1d".into(), "3d".into()], Node(0, "warn"), F::WarningOrder),
        (
            |d| d.nodes[0].documents = Some(vec!["lost".into()]),
            Node(0, "documents"),
            F::UnknownDocument("lost".into()),
        ),
        (|d| d.nodes[0].documents = None, Node(0, "documents"), F::DocumentForm),
        (|d| d.nodes[0].no_document = Some("x".into()), Node(0, "documents"), F::DocumentForm),
        (|d| d.nodes[0].documents = Some(vec![]), Node(0, "documents"), F::DocumentForm),
        (
            |d| d.nodes[0].told = vec!["king".into()],
            Node(0, "told"),
            F::UnknownOffice("king".into()),
        ),
        (|d| d.nodes[0].alarm_warn.clear(), Node(0, "alarm_warn"), F::NoOffice),
        (
            |d| d.nodes[0].alarm_expiry = vec!["president".into(), "president".into()],
            Node(0, "alarm_expiry"),
            F::Twice("president".into()),
        ),
        (
            |d| d.nodes[0].suspended_by = vec!["rain".into()],
            Node(0, "suspended_by"),
            F::UnknownReason("rain".into()),
        ),
        (
            |d| d.nodes[0].kind = "expiry".into(),
            Node(0, "suspended_by"),
            F::NeverSuspended("expiry"),
        ),
        (|d| d.nodes[0].limit.unit = "hours".into(), Node(0, "suspended_by"), F::SuspendedHours),
        (|d| d.nodes[0].sure = "default".into(), Node(0, "sure"), F::RankAndSure),
        (
            |d| d.nodes[0].tell = Some("some".into()),
            Node(0, "tell"),
            F::UnknownWord { what: "tell", word: "some".into(), known: "full, summary".into() },
        ),
    ]
}

#[test]
fn each_fault_is_found_at_its_spot() {
    assert_eq!(faults(&draft()), []);
    for (change, spot, fault) in cases() {
        let mut bad = draft();
        change(&mut bad);
        let found = faults(&bad);
        assert!(found.contains(&(spot, fault.clone())), "{fault}: {found:?}");
    }
}

#[test]
fn all_faults_come_at_once() {
    let mut bad = draft();
    bad.nodes[0].kind = "maybe".into();
    bad.nodes[0].told = vec!["king".into()];
    bad.nodes[1].documents = Some(vec!["lost".into()]);
    bad.version = -1;
    assert_eq!(faults(&bad).len(), 4, "{:?}", faults(&bad));
}

#[test]
fn circles_are_found_each_once_however_they_are_tangled() {
    let code = |text: &str| -> NodeCode { text.parse().expect("a code") };
    let graph = |edges: &[(&str, &[&str])]| {
        let edges = edges
            .iter()
            .map(|(from, to)| (code(from), to.iter().map(|to| code(to)).collect::<Vec<_>>()));
        super::cycle::circles(&edges.collect())
    };
    assert!(graph(&[("A01", &["B01", "C01"]), ("B01", &["C01"]), ("C01", &[])]).is_empty());
    let two = graph(&[("A01", &["B01"]), ("B01", &["A01"]), ("C01", &["D01"]), ("D01", &["C01"])]);
    assert_eq!(two, [vec![code("A01"), code("B01")], vec![code("C01"), code("D01")]]);
    // B and C lead into A's circle, and are in none of their own.
    let tail = graph(&[("A01", &["D01"]), ("B01", &["A01"]), ("C01", &["B01"]), ("D01", &["A01"])]);
    assert_eq!(tail, [vec![code("A01"), code("D01")]]);
    // Two hundred nodes in one ring.
    let names: Vec<String> =
        (0..200).map(|n| format!("{}{:02}", ['A', 'B'][n / 100], n % 100)).collect();
    let ring: std::collections::BTreeMap<_, _> =
        (0..200).map(|n| (code(&names[n]), vec![code(&names[(n + 1) % 200])])).collect();
    assert_eq!(super::cycle::circles(&ring).iter().map(Vec::len).collect::<Vec<_>>(), [200]);
}

#[test]
fn codes_have_one_spelling() {
    for good in ["A01", "B01X", "Z99"] {
        let code: NodeCode = good.parse().expect("a code");
        assert_eq!(code.to_string(), good);
        assert_eq!(serde_json::to_string(&code).expect("JSON"), format!("{good:?}"));
        let back: NodeCode = serde_json::from_str(&format!("{good:?}")).expect("JSON");
        assert_eq!(back, code);
    }
    for bad in ["", "A1", "a01", "A001", "A01x", "A01XY", "Ａ01", "A0１"] {
        assert_eq!(bad.parse::<NodeCode>(), Err(InvalidNodeCode), "{bad}");
    }
}

proptest! {
    #[test]
    fn no_draft_makes_it_panic(
        text in "\\PC{0,12}", number: i64, code in "[A-C0-9X]{0,5}", warn in "[0-9]{0,12}(d|h|min|x)",
    ) {
        let mut draft = draft();
        draft.version = number;
        draft.nodes[0].limit.count = number;
        draft.nodes[0].rounds = Some(number);
        draft.nodes[0].code = code.clone();
        draft.nodes[0].warn = vec![warn];
        draft.nodes[1].start = after(&[&code, &text]);
        draft.nodes[1].kind = text.clone();
        draft.effective_from = text;
        let _either = Procedure::parse(&draft);
    }
}
