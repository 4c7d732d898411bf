//! Receipts that are good, and every way in which they can be wrong.

use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};
use tiande_core::calendar::Day;
use tiande_core::ids::CourtId;
use tiande_core::proof::{DayRoot, Log, Promise, inclusion, leaf_hash, root};
use tiande_core::time::UnixMillis;

use super::check::{Against, Refusal, check, read};
use super::consistency::{self, ConsistencyFault};
use super::kept::{KeptFault, KeptRoots};
use super::page::page;
use super::wire::{Hex, HexBytes, PromiseShape, RECEIPT, Receipt, RecordShape, RootShape};
use crate::journal::day_roots::SignedRoot;

const PAPER: &[u8] = b"an application";

fn key() -> SigningKey {
    SigningKey::from_bytes(&[4; 32])
}

fn public() -> [u8; 32] {
    key().verifying_key().to_bytes()
}

fn court() -> CourtId {
    CourtId::parse("changyuan").expect("a court")
}

fn record(position: u64) -> RecordShape {
    let paper = hex::encode(Sha256::digest(PAPER));
    RecordShape {
        position,
        court: court().to_string(),
        stream: "case/0192d3a4-0000-7000-8000-000000000001".to_owned(),
        seq: position,
        epoch: 1,
        kind: "case.paper_received".to_owned(),
        schema_version: 1,
        at_ms: 1_795_000_000_000,
        by: r#"{"type":"system"}"#.to_owned(),
        why: Some("申请".to_owned()),
        hash_alg: "sha256".to_owned(),
        prev_hash: Hex([0xAB; 32]),
        subject: Some(HexBytes(vec![7; 16])),
        body: format!(r#"{{"papers":[{{"sha256":"{paper}"}}]}}"#),
        sealed: Some(HexBytes(b"sealed".to_vec())),
    }
}

/// Roots over ten positions each.
fn history(count: u64) -> Vec<SignedRoot> {
    let mut log = Log::default();
    let mut signed = Vec::new();
    for number in 1..=count {
        let (first, last) = (number * 10 - 9, number * 10);
        let leaves: Vec<_> = leaves(first..=last);
        let at = UnixMillis(1_795_100_000_000);
        let day = Day::of(at).plus(i32::try_from(number).expect("small"));
        let (size, top) = (leaves.len() as u64, root(&leaves));
        let mut root = DayRoot {
            court: court(),
            number,
            day,
            first,
            last,
            size,
            root: top,
            at,
            log_root: [0; 32],
        };
        root.log_root = log.push(&root);
        signed.push(sign(root));
    }
    signed
}

fn sign(root: DayRoot) -> SignedRoot {
    let signature = key().sign(&root.message()).to_bytes();
    SignedRoot { root, signature }
}

fn leaves(positions: impl Iterator<Item = u64>) -> Vec<[u8; 32]> {
    positions.map(|at| leaf_hash(&record(at).hash().expect("a hash"))).collect()
}

fn receipt(position: u64) -> Receipt {
    let history = history(3);
    let over = history.iter().find(|signed| signed.root.last >= position).expect("a root");
    let leaves = leaves(over.root.first..=over.root.last);
    let index = usize::try_from(position - over.root.first).expect("small");
    let record = record(position);
    Receipt {
        format: RECEIPT.to_owned(),
        hash: Hex(record.hash().expect("a hash")),
        record,
        root: Some(RootShape::from(over)),
        inclusion: inclusion(&leaves, index).map(Into::into),
        promise: None,
        public_key: Hex(public()),
    }
}

fn promised(position: u64) -> Receipt {
    let mut receipt = receipt(position);
    let promise = Promise::given(court(), receipt.hash.0, UnixMillis(1_795_000_000_000));
    let signature = key().sign(&promise.message()).to_bytes();
    (receipt.root, receipt.inclusion) = (None, None);
    receipt.promise = Some(PromiseShape::new(&promise, signature));
    receipt
}

fn bytes(receipt: &Receipt) -> Vec<u8> {
    serde_json::to_vec(receipt).expect("plain data")
}

fn lines(roots: &[SignedRoot]) -> String {
    roots.iter().map(|one| super::file::line(&RootShape::from(one))).collect()
}

fn verdict(text: &[u8], against: &Against) -> Result<Vec<String>, Refusal> {
    read(text).and_then(|receipt| check(receipt, against)).map(|shown| shown.words)
}

fn everything() -> Against {
    let file = Some(Sha256::digest(PAPER).into());
    Against { key: Some(public()), roots: Some(lines(&history(3))), file }
}

#[test]
fn a_good_receipt_shows_what_it_says() {
    for position in [1, 10, 11, 17, 30] {
        let text = bytes(&receipt(position));
        assert_eq!(verdict(&text, &everything()).map(|words| words.len()), Ok(5), "{position}");
        assert_eq!(verdict(&text, &Against::default()).map(|words| words.len()), Ok(2));
        let text = bytes(&promised(position));
        let against = Against { roots: None, ..everything() };
        assert_eq!(verdict(&text, &against).map(|words| words.len()), Ok(4), "{position}");
    }
}

#[test]
fn no_byte_of_a_receipt_can_change_unseen() {
    for receipt in [receipt(17), promised(17)] {
        let good = bytes(&receipt);
        assert!(verdict(&good, &Against::default()).is_ok());
        for at in 0..good.len() {
            for flip in [0x01, 0x04, 0x20, 0xFF] {
                let mut bad = good.clone();
                bad[at] ^= flip;
                let shown = verdict(&bad, &Against::default());
                assert!(shown.is_err(), "{at} ^ {flip}: {}", String::from_utf8_lossy(&bad));
            }
            assert!(verdict(&good[..at], &Against::default()).is_err(), "cut at {at}");
        }
    }
}

#[test]
fn each_way_to_be_wrong_has_its_words() {
    let refused = |change: &dyn Fn(&mut Receipt)| {
        let mut bad = receipt(17);
        change(&mut bad);
        verdict(&bytes(&bad), &everything()).expect_err("refused")
    };
    let root = |change: fn(&mut RootShape)| {
        refused(&|receipt: &mut Receipt| {
            let shape = receipt.root.as_mut().expect("a root");
            change(shape);
            // Even by the court itself.
            if let Some(signed) = shape.signed() {
                shape.signature = Hex(sign(signed.root).signature);
            }
        })
    };
    assert_eq!(refused(&|bad| bad.format.push('x')), Refusal::Unreadable);
    assert_eq!(refused(&|bad| bad.record.seq += 1), Refusal::RecordChanged);
    assert_eq!(refused(&|bad| bad.record.hash_alg = "md5".into()), Refusal::RecordChanged);
    assert_eq!(refused(&|bad| bad.hash.0[0] ^= 1), Refusal::RecordChanged);
    assert_eq!(refused(&|bad| bad.public_key = Hex([1; 32])), Refusal::OtherKey);
    assert_eq!(refused(&|bad| bad.inclusion = None), Refusal::Incomplete);
    assert_eq!(refused(&|bad| bad.promise = promised(17).promise), Refusal::Incomplete);
    assert_eq!(root(|root| root.day = "2026-1-1".into()), Refusal::RootUnreadable);
    let changed = |bad: &mut Receipt| {
        if let Some(root) = &mut bad.root {
            root.size += 1;
        }
    };
    assert_eq!(refused(&changed), Refusal::RootSignature);
    assert_eq!(root(|root| root.court = "b".into()), Refusal::RootOfOtherCourt);
    assert_eq!(root(|root| root.first = 18), Refusal::RootElsewhere);
    assert_eq!(root(|root| root.last = 16), Refusal::RootElsewhere);
    assert_eq!(root(|root| root.size = 9), Refusal::OtherSize);
    assert_eq!(root(|root| root.root.0[5] ^= 1), Refusal::OtherRoot);
    assert_eq!(root(|root| root.at_ms += 1), Refusal::Contradicts(2, "changyuan".into()));
    let moved = |bad: &mut Receipt| {
        if let Some(way) = &mut bad.inclusion {
            way.index += 1;
        }
    };
    assert_eq!(refused(&moved), Refusal::OtherRoot);
    // The record of another place with its own good hash.
    let swapped = |bad: &mut Receipt| {
        bad.record = record(18);
        bad.hash = Hex(bad.record.hash().expect("a hash"));
    };
    assert_eq!(refused(&swapped), Refusal::OtherRoot);
    let promise = |change: &dyn Fn(&mut PromiseShape)| {
        let mut bad = promised(17);
        bad.promise.as_mut().map(change).expect("a promise");
        verdict(&bytes(&bad), &Against::default()).expect_err("refused")
    };
    assert_eq!(promise(&|bad| bad.court = "B!".into()), Refusal::PromiseUnreadable);
    assert_eq!(promise(&|bad| bad.court = "b".into()), Refusal::PromiseElsewhere);
    assert_eq!(promise(&|bad| bad.hash.0[0] ^= 1), Refusal::PromiseElsewhere);
    assert_eq!(promise(&|bad| bad.due_ms += 1), Refusal::PromiseSignature);
    let good = bytes(&receipt(17));
    let held = |against: Against| verdict(&good, &against).expect_err("refused");
    let short = Some(lines(&history(1)));
    let not_kept = Refusal::NotKept(2, "changyuan".into());
    assert_eq!(held(Against { roots: short, ..Against::default() }), not_kept);
    let file = Some([9; 32]);
    assert_eq!(held(Against { file, ..Against::default() }), Refusal::OtherFile);
    let unusable = Some("{}".to_owned());
    let kept = Refusal::Kept(KeptFault::Unreadable(1));
    assert_eq!(held(Against { roots: unusable, ..Against::default() }), kept);
    let mut bare = receipt(17);
    bare.record.body = "{}".to_owned();
    let hash = bare.record.hash().expect("a hash");
    bare.hash = Hex(hash);
    bare.root = None;
    bare.inclusion = None;
    let given = Promise::given(court(), hash, UnixMillis(0));
    let signature = key().sign(&given.message()).to_bytes();
    bare.promise = Some(PromiseShape::new(&given, signature));
    let against = Against { file: Some([9; 32]), ..Against::default() };
    assert_eq!(verdict(&bytes(&bare), &against), Err(Refusal::NoFile));
}

#[test]
fn somebody_elses_receipt_is_good_only_by_its_own_key() {
    let other = SigningKey::from_bytes(&[5; 32]);
    let mut forged = receipt(17);
    let shape = forged.root.as_mut().expect("a root");
    let signed = shape.signed().expect("a root");
    shape.signature = Hex(other.sign(&signed.root.message()).to_bytes());
    assert_eq!(verdict(&bytes(&forged), &Against::default()), Err(Refusal::RootSignature));
    forged.public_key = Hex(other.verifying_key().to_bytes());
    // Without the court's key nobody can tell; that is what the note says.
    let shown = check(forged.clone(), &Against::default()).expect("agrees with itself");
    assert!(shown.notes.iter().any(|note| note.contains("compare the key")), "{:?}", shown.notes);
    assert_eq!(verdict(&bytes(&forged), &everything()), Err(Refusal::OtherKey));
}

#[test]
fn a_root_from_a_photograph_is_a_copy_of_it() {
    let shape = RootShape::from(&history(2)[1]);
    let text = shape.to_qr();
    let packed =
        |byte: u8| byte.is_ascii_digit() || byte.is_ascii_uppercase() || b":-".contains(&byte);
    assert!(text.bytes().all(packed), "{text}");
    assert_eq!(RootShape::from_line(&text), Some(shape.clone()));
    for at in 0..text.len() {
        for flip in [0x01, 0x20] {
            let mut bad = text.clone().into_bytes();
            bad[at] ^= flip;
            let bad = String::from_utf8(bad).expect("ASCII");
            let kept = KeptRoots::read(&bad, &key().verifying_key());
            assert!(kept.is_err(), "{bad}");
        }
    }
    // It is enough to hold a receipt against.
    let against = Against { roots: Some(text), ..everything() };
    assert!(verdict(&bytes(&receipt(17)), &against).is_ok());
    let page = page(&shape, "<长垣>", public()).expect("a page");
    assert!(page.contains("<svg") && page.contains("&lt;长垣&gt;") && !page.contains("<script"));
}

#[test]
fn kept_roots_are_one_history_or_none() {
    let verifying = key().verifying_key();
    let read = |text: &str| KeptRoots::read(text, &verifying).map(|kept| kept.len());
    let all = history(5);
    assert_eq!(read(&lines(&all)), Ok(5));
    // With gaps, and twice the same, as a person collects them.
    let some = [all[3].clone(), all[1].clone(), all[3].clone()];
    assert_eq!(read(&lines(&some)), Ok(2));
    let mut fork = all.clone();
    fork[2].root.size -= 1;
    let other = sign(fork[2].root.clone());
    assert_eq!(read(&lines(&[all[2].clone(), other.clone()])), Err(KeptFault::Fork(2)));
    fork[2] = other;
    assert!(matches!(read(&lines(&fork)), Err(KeptFault::Log(3, _))));
    let mut unsigned = all.clone();
    unsigned[1].signature[7] ^= 1;
    assert_eq!(read(&lines(&unsigned)), Err(KeptFault::Signature(2)));
}

#[test]
fn a_later_root_is_shown_to_go_on_from_every_earlier_one() {
    let all = history(12);
    for second in 1..=12 {
        for first in 1..=second {
            let proof = consistency::prove(&all, first, second, public()).expect("two roots");
            let kept = lines(&all[..usize::try_from(first).expect("small")]);
            let shown = consistency::check(&proof, Some(public()), Some(&kept));
            assert!(shown.is_ok(), "{first} {second}: {shown:?}");
        }
    }
    for (first, second) in [(0, 3), (3, 2), (1, 13)] {
        assert_eq!(consistency::prove(&all, first, second, public()), None);
    }
    let good = consistency::prove(&all, 5, 11, public()).expect("two roots");
    let good = serde_json::to_vec(&good).expect("plain data");
    for at in 0..good.len() {
        let mut bad = good.clone();
        bad[at] ^= 1;
        let shown = consistency::read(&bad).and_then(|bad| consistency::check(&bad, None, None));
        assert!(shown.is_err(), "{at}");
    }
    // Another history, signed by the court, does not go on from the one that was kept.
    let mut proof = consistency::prove(&all, 5, 11, public()).expect("two roots");
    let mut other = all[4].root.clone();
    other.log_root = [1; 32];
    proof.first = RootShape::from(&sign(other));
    let shown = consistency::check(&proof, None, None);
    assert_eq!(shown, Err(ConsistencyFault::Broken));
}

#[test]
fn what_was_handed_out_once_is_good_for_ever() {
    // Of a server of the day on which this format began, on both hash functions.
    let golden = include_str!("../../tests/golden/proof.json");
    let golden: serde_json::Value = serde_json::from_str(golden).expect("JSON");
    let kept = |name: &str| -> String {
        let roots = golden[name].as_array().expect("a list").iter();
        roots.map(|root| format!("{root}\n")).collect()
    };
    for (name, roots) in [("receipt", "roots"), ("later", "roots"), ("receipt_sm3", "roots_sm3")] {
        let against = Against { roots: Some(kept(roots)), ..Against::default() };
        let words = verdict(golden[name].to_string().as_bytes(), &against);
        assert_eq!(words.map(|words| words.len()), Ok(3), "{name}");
    }
    let promise = golden["promise"].to_string();
    assert!(verdict(promise.as_bytes(), &Against::default()).is_ok());
    let proof = consistency::read(golden["consistency"].to_string().as_bytes()).expect("a proof");
    assert!(consistency::check(&proof, None, Some(&kept("roots"))).is_ok());
    let root: RootShape = serde_json::from_value(golden["roots"][0].clone()).expect("a root");
    assert_eq!(golden["qr"], root.to_qr());
}
