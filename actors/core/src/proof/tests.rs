//! Against the test vectors of Certificate Transparency, and all trees up to some size.

use proptest::prelude::*;

use super::*;

/// Records of the reference implementation's tests.
const RECORDS: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];
/// Roots of the trees of the first 1 to 8 of them.
const ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|n| u8::from_str_radix(&hex[n..n + 2], 16).expect("hex"))
        .collect()
}

fn leaves() -> Vec<Hash> {
    RECORDS.iter().map(|record| leaf_hash(&bytes(record))).collect()
}

#[test]
fn roots_are_those_of_the_reference_implementation() {
    let leaves = leaves();
    for (n, expected) in ROOTS.iter().enumerate() {
        assert_eq!(root(&leaves[..=n]).to_vec(), bytes(expected), "{} leaves", n + 1);
    }
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(root(&[]).to_vec(), bytes(nothing));
}

fn numbered(count: usize) -> Vec<Hash> {
    (0..count).map(|n| leaf_hash(&n.to_be_bytes())).collect()
}

#[test]
fn every_leaf_of_every_small_tree_is_shown_to_be_in_it() {
    for size in 1..=70 {
        let leaves = numbered(size);
        let root = root(&leaves);
        for (index, leaf) in leaves.iter().enumerate() {
            let proof = inclusion(&leaves, index).expect("a leaf");
            assert_eq!(proof.root_with(leaf), Some(root), "{index} of {size}");
        }
        assert_eq!(inclusion(&leaves, size), None);
    }
}

#[test]
fn every_small_tree_is_shown_to_go_on_from_every_earlier_one() {
    for later in 1..=40_usize {
        let leaves = numbered(later);
        let new = root(&leaves);
        for earlier in 1..=later {
            let old = root(&leaves[..earlier]);
            let path = consistency(&leaves, earlier).expect("earlier");
            let (first, second) = ((earlier as u64, &old), (later as u64, &new));
            assert!(is_consistent(first, second, &path), "{earlier} of {later}");
            // Another history is none.
            let mut forged = numbered(earlier);
            forged[0] = leaf_hash(b"forged");
            let other = root(&forged);
            assert!(
                !is_consistent((earlier as u64, &other), second, &path),
                "{earlier} of {later}"
            );
        }
        assert_eq!(consistency(&leaves, later + 1), None);
    }
}

proptest! {
    /// A proof that was changed in any way shows nothing.
    #[test]
    fn a_changed_proof_shows_nothing(size in 2_usize..200, seed: u64, what in 0_u8..4, bit in 0_usize..256) {
        let leaves = numbered(size);
        let index = usize::try_from(seed % size as u64).expect("small");
        let (root, mut leaf) = (root(&leaves), leaves[index]);
        let mut proof = inclusion(&leaves, index).expect("a leaf");
        let place = usize::try_from(seed / 7).unwrap_or(0) % proof.path.len();
        match what {
            0 => leaf[bit / 8] ^= 1 << (bit % 8),
            1 => proof.path[place][bit / 8] ^= 1 << (bit % 8),
            2 => drop(proof.path.remove(place)),
            _ => proof.path.insert(place, leaf),
        }
        prop_assert_ne!(proof.root_with(&leaf), Some(root));
    }
}
