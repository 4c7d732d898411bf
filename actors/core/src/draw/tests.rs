//! The draw is fixed beforehand, can be checked, and follows the loads.

use std::collections::BTreeMap;

use proptest::prelude::*;
use uuid::Uuid;

use super::*;

const FIRST: Seed = [7; 32];
const LENGTH: u32 = 1_000;

fn judge(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}

fn number(n: usize) -> CaseNumber {
    CaseNumber::parse(&format!("(2026)豫0783执{n}号")).expect("a number")
}

fn candidates(loads: &[u32]) -> Vec<Candidate> {
    let list = (1..).zip(loads);
    list.map(|(n, load)| Candidate { judge: judge(n), load: *load }).collect()
}

fn drawn(nth: u32, case: usize, loads: &[u32]) -> Drawn {
    let (seed, candidates) = (link(&FIRST, LENGTH, nth).expect("a link"), candidates(loads));
    let number = number(case);
    let judge = draw(&seed, &number, &candidates).expect("somebody");
    Drawn { nth, seed, number, candidates, judge }
}

#[test]
fn a_draw_can_be_checked_by_the_published_end_and_only_as_it_was() {
    let published = link(&FIRST, LENGTH, 0).expect("the end");
    for nth in [1, 2, 999, 1_000] {
        let drawn = drawn(nth, 5, &[3, 1, 4]);
        assert_eq!(drawn.check(&published), Ok(()));
        let other = (1..4).map(judge).find(|other| *other != drawn.judge).expect("another");
        let forged = Drawn { judge: other, ..drawn.clone() };
        assert_eq!(forged.check(&published), Err(DrawFault::Judge));
        let chosen = Drawn { seed: [9; 32], ..drawn.clone() };
        assert_eq!(chosen.check(&published), Err(DrawFault::Seed));
        let again = Drawn { nth: nth + 1, ..drawn };
        assert_eq!(again.check(&published), Err(DrawFault::Seed));
    }
    assert_eq!(link(&FIRST, LENGTH, LENGTH + 1), None, "used up");
    assert_eq!(draw(&FIRST, &number(1), &[]), None);
}

#[test]
fn who_has_less_gets_more_and_nobody_nothing() {
    let loads = [10, 5, 0];
    let mut got: BTreeMap<UserId, u32> = BTreeMap::new();
    let many = 12_000;
    for case in 1..=many {
        let seed = shown_before(&[u8::try_from(case % 251).expect("small"); 32]);
        *got.entry(draw(&seed, &number(case), &candidates(&loads)).expect("somebody"))
            .or_default() += 1;
    }
    // 1 : 6 : 11 of 18.
    for (n, share) in [(1, 1), (2, 6), (3, 11)] {
        let expected = u32::try_from(many).expect("few") * share / 18;
        let count = got[&judge(n)];
        assert!(count.abs_diff(expected) < expected / 5 + 20, "judge {n}: {count}, not {expected}");
    }
}

proptest! {
    /// Neither the order of the list nor a name in it twice changes who is drawn; another case may.
    #[test]
    fn order_means_nothing(loads in proptest::collection::vec(0_u32..50, 1..12), case in 1_usize..9_999, turn in 0_usize..12) {
        let list = candidates(&loads);
        let mut turned = list.clone();
        turned.rotate_left(turn % list.len());
        turned.push(list[0]);
        let number = number(case);
        prop_assert_eq!(draw(&FIRST, &number, &list), draw(&FIRST, &number, &turned));
    }
}

#[test]
fn a_draw_has_a_choice_or_says_that_there_was_none() {
    let one = |n: u128| Candidate { judge: judge(n), load: 0 };
    let record = |candidates: &[Candidate], excluded: &[u128], only| DrawRecord {
        chain: 1,
        nth: 1,
        seed: FIRST,
        candidates: candidates.to_vec(),
        excluded: excluded.iter().map(|n| (judge(*n), Exclusion::Recused)).collect(),
        judge: judge(1),
        replaces: Some(judge(9)),
        only,
        at: UnixMillis(1),
    };
    assert!(record(&[one(1), one(2)], &[3], false).had_a_choice());
    assert!(!record(&[one(1), one(2)], &[], true).had_a_choice(), "there was one");
    assert!(record(&[one(1)], &[9], true).had_a_choice(), "who loses it is none");
    assert!(!record(&[one(1)], &[2], true).had_a_choice(), "all others were kept out");
    assert!(!record(&[one(1), one(1)], &[], false).had_a_choice(), "twice the same");
    assert!(!record(&[], &[], true).had_a_choice());
}
