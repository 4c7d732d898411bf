//! Tests of likeness, on sentences as people write them.

use super::*;
use crate::geo::{LatLon, Metres};

const NOW: UnixMillis = UnixMillis(1_795_413_900_000);

fn alike(one: &str, other: &str) -> u8 {
    let (one, other) = (Fingerprint::of(one), Fingerprint::of(other));
    assert_eq!(one.alike(&other), other.alike(&one), "the same both ways round");
    one.alike(&other)
}

fn limit() -> u8 {
    MergeSettings::default().text_percent
}

#[test]
fn the_same_thing_in_other_words_is_alike() {
    let pairs = [
        (
            "被执行人王某在人民路家乐超市门口，穿黑色外套",
            "被执行人王某出现在人民路家乐超市，身穿黑色外套",
        ),
        ("法院的车被一群人堵在村口，不让执行", "村口有一群人堵住法院的车，不让执行"),
        ("老赖的白色宝马停在蒲东大桥下面", "白色宝马停在蒲东大桥下面，老赖的车"),
        (
            "The debtor's white van is parked behind the flour mill",
            "white van of the debtor parked behind the flour mill",
        ),
        (
            "Crowd blocks the officers at the village gate",
            "A crowd is blocking officers at village gate",
        ),
    ];
    for (one, other) in pairs {
        assert!(alike(one, other) >= limit(), "{} % {one} / {other}", alike(one, other));
    }
}

#[test]
fn other_things_in_the_same_street_are_not() {
    let pairs = [
        ("被执行人王某在人民路家乐超市门口", "人民路有人拦截法院执行车辆，需要支援"),
        ("被执行人王某出现在火车站候车室", "被查封的挖掘机正在工地作业"),
        (
            "The debtor is at the railway station",
            "An excavator under seizure is working at the site",
        ),
        ("debtor's car at the bank", "crowd blocks officers at the bank gate"),
    ];
    for (one, other) in pairs {
        assert!(alike(one, other) < limit(), "{} % {one} / {other}", alike(one, other));
    }
}

#[test]
fn numbers_tell_apart_what_words_do_not() {
    assert_eq!(alike("被执行人住在3号楼2单元501室", "被执行人住在5号楼1单元302室"), 0);
    assert_eq!(
        alike("Debtor is home, flat 12, Mill Road", "Debtor is home, flat 13, Mill Road"),
        0
    );
    // Who leaves a number out says nothing against it.
    assert!(alike("被执行人住在幸福小区3号楼", "被执行人住在幸福小区") >= limit());
}

#[test]
fn spelling_does_not_matter_and_short_words_are_no_evidence() {
    assert_eq!(alike("车牌ＡＢＣ１２３，在桥下", "车牌abc123 在桥下。"), 100);
    for short in ["", "老赖在家", "here", "……"] {
        assert_eq!(alike(short, short), 0, "{short}");
    }
}

#[test]
fn names_and_chinese_numerals_tell_apart_what_words_do_not() {
    let pairs = [
        ("发现被执行人张建国在万达广场，穿黑色外套", "发现被执行人李秀英在万达广场，穿黑色外套"),
        ("被执行人刘强的车停在阳光小区门口", "被执行人陈芳的车停在阳光小区门口"),
        ("被执行人王某住在幸福小区三号楼二单元", "被执行人王某住在幸福小区五号楼一单元"),
        ("老赖周伟正在茶馆二层打牌", "老赖吴敏正在茶馆二层打牌"),
        ("We saw Zhang Wei at the market gate", "We saw Li Na at the market gate"),
    ];
    for (one, other) in pairs {
        assert_eq!(alike(one, other), 0, "{one} / {other}");
    }
    // A word that is no name, and a numeral that counts people, are no marks.
    let pairs = [
        ("被执行人在人民路家乐超市门口", "被执行人出现在人民路家乐超市门口"),
        ("法院的车被一群人堵在村口，不让执行", "法院的车被两群人堵在村口，不让执行"),
    ];
    for (one, other) in pairs {
        assert!(alike(one, other) >= limit(), "{} % {one} / {other}", alike(one, other));
    }
}

fn account(metres_north: f64) -> Account {
    let at = LatLon::new(35.2 + metres_north / 110_950.0, 114.67).expect("a place");
    Account {
        place: Place { at, accuracy: None },
        at: NOW,
        kind: IncidentKind::DebtorSighted,
        urgency: Urgency::Emergency,
        exercise: false,
        case_number: None,
        moving: false,
        words: Fingerprint::of("被执行人王某在人民路家乐超市门口"),
    }
}

fn number(text: &str) -> Option<CaseNumber> {
    Some(CaseNumber::parse(text).expect("a number"))
}

fn merges(new: &Account, open: &Account) -> Option<LikenessRule> {
    compare(new, open, &MergeSettings::default()).map(|likeness| likeness.rule)
}

#[test]
fn near_in_place_within_both_accuracies() {
    let open = account(0.0);
    assert_eq!(merges(&account(149.0), &open), Some(LikenessRule::SimilarText));
    assert_eq!(merges(&account(152.0), &open), None);
    let vague = |metres: f64, accuracy: f64| {
        let mut it = account(metres);
        it.place.accuracy = Some(Metres(accuracy));
        it
    };
    assert!(merges(&vague(200.0, 60.0), &open).is_some());
    assert_eq!(merges(&vague(200.0, 40.0), &open), None);
    // A place that may be anywhere is not near everything.
    assert_eq!(merges(&vague(320.0, 100_000.0), &open), None);
}

#[test]
fn near_in_time_either_way() {
    let open = account(0.0);
    for (ms, merged) in [(900_000, true), (-900_000, true), (900_001, false), (-900_001, false)] {
        let new = Account { at: UnixMillis(NOW.0 + ms), ..account(0.0) };
        assert_eq!(merges(&new, &open).is_some(), merged, "{ms}");
    }
}

#[test]
fn the_same_case_needs_no_words_and_another_is_never_merged() {
    let (one, two) = (number("(2026)豫0783执123号"), number("(2026)豫0783执124号"));
    let of = |case_number: &Option<CaseNumber>, words: &str| Account {
        case_number: case_number.clone(),
        words: Fingerprint::of(words),
        ..account(0.0)
    };
    assert_eq!(merges(&of(&one, "一"), &of(&one, "二")), Some(LikenessRule::SameCase));
    let told = "被执行人王某在人民路家乐超市门口";
    assert_eq!(merges(&of(&one, told), &of(&two, told)), None);
    assert_eq!(merges(&of(&one, told), &of(&None, told)), None, "it may rule officers out");
    assert_eq!(merges(&of(&None, told), &of(&one, told)), Some(LikenessRule::SimilarText));
}

#[test]
fn what_must_never_merge_does_not() {
    let open = account(0.0);
    let drill = Account { exercise: true, ..account(0.0) };
    assert_eq!((merges(&drill, &open), merges(&open, &drill)), (None, None));
    assert!(merges(&drill, &drill).is_some());
    let sos = Account { kind: IncidentKind::OfficerSos, ..account(0.0) };
    assert_eq!((merges(&sos, &open), merges(&open, &sos), merges(&sos, &sos)), (None, None, None));
    let routine = Account { urgency: Urgency::Routine, ..account(0.0) };
    assert_eq!(merges(&open, &routine), None, "it would wait in the queue");
    assert!(merges(&routine, &open).is_some());
    let other = Account { kind: IncidentKind::Other, ..account(0.0) };
    assert_eq!(merges(&other, &open), None);
    let case_number = number("(2026)豫0783执123号");
    let case = Account { case_number: case_number.clone(), ..account(0.0) };
    let blocked = Account { kind: IncidentKind::Obstruction, ..case.clone() };
    assert_eq!(merges(&blocked, &case), None, "who goes there has to know");
    let believed = Account { moving: true, ..account(0.0) };
    assert_eq!(merges(&believed, &open), None, "nobody has let a stranger's tip start");
    assert!(merges(&open, &believed).is_some() && merges(&believed, &believed).is_some());
    let off = MergeSettings { within_m: 0.0, ..MergeSettings::default() };
    assert_eq!(compare(&open, &open, &off), None, "a court may turn it off");
}
