//! Days of a million leaves, logs of roots, and the bytes that are signed.

use sha2::{Digest as _, Sha256};

use super::*;
use crate::calendar::Day;
use crate::ids::CourtId;
use crate::time::UnixMillis;

fn numbered(count: usize) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

/// Position of the leaf at an index: other courts' records stand between.
fn position(index: usize) -> u64 {
    index as u64 * 3 + 7
}

fn counted(leaves: &[Hash]) -> Blocks {
    let mut growing = Growing::default();
    for (index, leaf) in leaves.iter().enumerate() {
        growing.push(position(index), *leaf);
    }
    growing.finish()
}

#[test]
fn a_tree_that_grows_has_the_root_of_its_leaves() {
    let mut peaks = Peaks::default();
    assert_eq!(peaks.root(), root(&[]));
    let leaves = numbered(200);
    for (index, leaf) in leaves.iter().enumerate() {
        peaks.push(*leaf);
        assert_eq!(peaks.root(), root(&leaves[..=index]), "{index}");
    }
    assert_eq!(peaks.size(), 200);
}

#[test]
fn a_day_in_blocks_is_the_tree_of_its_leaves() {
    for size in [0, 1, 2, 1_023, 1_024, 1_025, 2_047, 2_048, 2_049, 3_072, 5_000] {
        let leaves = numbered(size);
        let blocks = counted(&leaves);
        assert_eq!((blocks.size(), blocks.root()), (size as u64, root(&leaves)), "{size}");
        let read = Blocks::from_bytes(size as u64, &blocks.to_bytes());
        assert_eq!(read.as_ref(), Some(&blocks), "{size}");
        for index in [0, 1, 511, 1_023, 1_024, 2_047, 2_048, 3_071, 4_999] {
            if index >= size {
                continue;
            }
            let place = blocks.place(position(index)).expect("a block");
            assert_eq!(place.block, index / BLOCK);
            let from = place.block * BLOCK;
            let of_block = &leaves[from..leaves.len().min(from + BLOCK)];
            let proof = blocks.inclusion(place.block, of_block, index - from);
            assert_eq!(proof, inclusion(&leaves, index), "{index} of {size}");
        }
    }
}

#[test]
fn a_block_that_was_changed_proves_nothing() {
    let mut leaves = numbered(1_500);
    let blocks = counted(&leaves);
    leaves[3] = leaf_hash(b"changed");
    assert_eq!(blocks.inclusion(0, &leaves[..BLOCK], 5), None);
    assert_eq!(blocks.inclusion(0, &leaves[..BLOCK - 1], 5), None);
    assert!(blocks.inclusion(1, &leaves[BLOCK..], 5).is_some());
    assert_eq!(blocks.inclusion(1, &leaves[BLOCK..], 476), None);
    assert_eq!(blocks.inclusion(2, &[], 0), None);
    assert_eq!(blocks.place(6), None);
    let bytes = blocks.to_bytes();
    assert_eq!(Blocks::from_bytes(1_500, &bytes[1..]), None);
    assert_eq!(Blocks::from_bytes(1_024, &bytes), None);
}

fn sample() -> DayRoot {
    DayRoot {
        court: CourtId::parse("changyuan").expect("a court"),
        number: 7,
        day: Day::from_civil(2026, 11, 30).expect("a day"),
        first: 101,
        last: 250,
        size: 149,
        root: [0xAB; 32],
        at: UnixMillis(1_795_968_030_000),
        log_root: [0xCD; 32],
    }
}

// Computed with Python's hashlib from docs/PROOF.md. What was signed once must be checked for ever.
#[test]
fn golden_messages_never_change() {
    let digest = |bytes: &[u8]| -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let hex = |hash: Hash| -> String { hash.iter().map(|byte| format!("{byte:02x}")).collect() };
    assert_eq!(
        hex(sample().leaf()),
        "7f9cd914fc59c9fa541592edf6acac830c983786aacac657088e79dc66b8fe56"
    );
    assert_eq!(
        digest(&sample().message()),
        "41d94cb3e8937f5b50886f495979a13d6070fcf746142f653d3299b800334263"
    );
    let promise = Promise {
        court: sample().court,
        hash: [0xEF; 32],
        at: UnixMillis(1_795_968_030_000),
        due: UnixMillis(1_796_140_800_000),
    };
    assert_eq!(
        digest(&promise.message()),
        "1d2c26b374b249d775834b18fd9f0c328b0eac5ae4e55f89f95ae4282660053a"
    );
}

#[test]
fn a_promise_is_due_a_day_after_its_day() {
    // 2026-11-30 23:59:59.999 and 2026-12-01 00:00 in Shanghai.
    let midnight = Day::from_civil(2026, 12, 1).expect("a day").begins();
    let due = |at| Promise::given(sample().court, [0; 32], UnixMillis(at)).due;
    assert_eq!(due(midnight.0 - 1), midnight.plus(crate::time::Millis(86_400_000)));
    assert_eq!(due(midnight.0), midnight.plus(crate::time::Millis(2 * 86_400_000)));
}

/// A log of so many roots, each over ten positions.
fn history(count: u64) -> Vec<DayRoot> {
    let mut log = Log::default();
    let mut roots = Vec::new();
    for number in 1..=count {
        let (first, last) = (number * 10 - 9, number * 10);
        let mut root = DayRoot { number, first, last, ..sample() };
        root.log_root = log.push(&root);
        roots.push(root);
    }
    roots
}

#[test]
fn a_history_is_one_only_in_one_piece() {
    let check = |roots: &[DayRoot]| {
        let mut log = Log::default();
        roots.iter().try_for_each(|root| log.check(root))
    };
    let good = history(9);
    assert_eq!(check(&good), Ok(()));
    let mut gap = good.clone();
    gap.remove(4);
    assert_eq!(check(&gap), Err(LogFault::Number));
    let mut other = good.clone();
    other[3].court = CourtId::parse("b").expect("a court");
    assert_eq!(check(&other), Err(LogFault::Court));
    let mut hole = good.clone();
    hole[3].first += 1;
    assert_eq!(check(&hole), Err(LogFault::Range));
    let mut back = good.clone();
    back[3].last = back[3].first - 2;
    assert_eq!(check(&back), Err(LogFault::Range));
    let mut changed = good.clone();
    changed[3].root = [1; 32];
    assert_eq!(check(&changed), Err(LogFault::LogRoot));
    // A root that was changed together with its own log root is betrayed by the next one.
    let mut log = Log::default();
    for root in &good[..3] {
        log.push(root);
    }
    changed[3].log_root = log.push(&changed[3]);
    assert_eq!(check(&changed[..4]), Ok(()));
    assert_eq!(check(&changed), Err(LogFault::LogRoot));
}
