//! Flipped bits in files while the server is down (F07): found at the start or by `journal verify`,
//! and never served as truth.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::driver::{Driver, Store};
use crate::support::server::files_below;
use crate::support::waiting::SOON;

/// How many.
const TIPS: u32 = 24;

/// A folder with some tips, whose server has ended in order, or was killed with its log full.
fn written(orderly: bool) -> Driver {
    let mut driver = Driver::start(Store::Sqlite, None, ",journal.wal_pages=1000000")
        .expect("SQLite is built in");
    for _ in 0..TIPS {
        assert_eq!(driver.send_one().map(|(status, _)| status), Some(202));
    }
    if orderly {
        driver.server.ask_to_end();
        assert!(driver.server.ended(SOON).is_some_and(|status| status.success()));
    } else {
        driver.server.kill();
    }
    driver
}

fn flip(path: &Path, at: usize) {
    let mut bytes = fs::read(path).expect("the file");
    bytes[at] ^= 0x10;
    fs::write(path, bytes).expect("the file");
}

fn verify(driver: &Driver) -> (Option<i32>, String) {
    let said = driver.server.command(&["journal", "verify"], "");
    (said.code, said.out + &said.err)
}

#[test]
fn a_flipped_bit_in_the_journals_own_rows_is_found_by_verify() {
    let driver = written(true);
    let path = driver.server.data.join("tiande.sqlite");
    assert_eq!(verify(&driver).0, Some(0));
    let bytes = fs::read(&path).expect("the database");
    // In a record's body, which is text of ours: it stands as it is in the page.
    let words = b"\"debtor_sighted\"";
    let places: Vec<usize> =
        (0..bytes.len()).filter(|at| bytes[*at..].starts_with(words)).collect();
    let mut broken = 0;
    for at in &places {
        flip(&path, at + 3);
        let (code, said) = verify(&driver);
        broken += u32::from(code == Some(1) && said.contains("was changed"));
        fs::write(&path, &bytes).expect("the database");
    }
    eprintln!("flips in {} records: {broken} found", places.len());
    // A tip and its incident hold the word; what is more is left over in a page that was split.
    assert!(broken >= 2 * TIPS, "{broken} of {}", places.len());
    assert_eq!(verify(&driver).0, Some(0), "each was taken back");
}

#[test]
fn a_flipped_bit_anywhere_is_found_or_changes_nothing_that_was_recorded() {
    let driver = written(true);
    let path = driver.server.data.join("tiande.sqlite");
    let whole = fs::read(&path).expect("the database");
    let (mut found, mut harmless) = (0, 0);
    let (_, good) = verify(&driver);
    // Spread over all pages, at a stride that meets each place of a page.
    let stride = (whole.len() / 40).max(1) | 1;
    for at in (0..whole.len()).step_by(stride) {
        flip(&path, at);
        let (code, said) = verify(&driver);
        if code == Some(0) {
            // Free room, or a page of a read model: the journal reads the same as before.
            assert_eq!(head(&said), head(&good), "byte {at}");
            harmless += 1;
        } else {
            found += 1;
        }
        fs::write(&path, &whole).expect("the database");
    }
    eprintln!("flips in the database: {found} found, {harmless} outside of the journal");
    assert!(found > 0, "no flip met the journal");
}

fn head(said: &str) -> Option<&str> {
    said.lines().find(|line| line.starts_with("head:"))
}

#[test]
fn a_flipped_bit_in_the_log_is_a_cut_end_that_the_checkpoints_show() {
    let mut driver = written(false);
    let wal = driver.server.data.join("tiande.sqlite-wal");
    let length = fs::metadata(&wal).expect("the log").len();
    assert!(length > 100_000, "{length}");
    assert_eq!(verify(&driver).0, Some(0));
    // SQLite takes the log as it is up to the first frame whose sum is wrong.
    flip(&wal, usize::try_from(length / 2).expect("small"));
    fs::remove_file(driver.server.data.join("tiande.sqlite-shm")).ok();
    let (code, said) = verify(&driver);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.contains("the journal was cut"), "{said}");
    // What a restart serves of it is the beginning, never a changed record.
    driver.server.start_again();
    let (code, said) = verify(&driver);
    assert_eq!(code, Some(1), "{said}");
}

#[test]
fn a_flipped_bit_in_the_checkpoints_is_found_by_verify() {
    let driver = written(true);
    let path = driver.server.data.join("checkpoints").join("journal.checkpoints");
    let text = fs::read_to_string(&path).expect("checkpoints");
    let at = text.find("\"signature\":\"").expect("a signature") + 20;
    flip(&path, at);
    let (code, said) = verify(&driver);
    assert!(said.contains("of the checkpoints"), "{said}");
    let at = text.find("\"position\":").expect("a position") + 11;
    fs::write(&path, &text).expect("checkpoints");
    let mut bytes = text.clone().into_bytes();
    bytes[at] = if bytes[at] == b'1' { b'2' } else { b'1' };
    fs::write(&path, bytes).expect("checkpoints");
    let (changed, said) = verify(&driver);
    assert_eq!(changed, Some(1), "{code:?} {said}");
    assert!(said.contains("wrong signature"), "{said}");
}

#[test]
fn a_flipped_bit_in_the_master_key_refuses_to_start() {
    let driver = written(true);
    flip(&driver.server.data.join("keys").join("master.key"), 7);
    let (status, said) = driver.server.try_start(Duration::from_secs(10));
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{said}");
    assert!(said.contains("the master key is not the one"), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[test]
fn a_flipped_bit_in_the_databases_head_refuses_to_start() {
    let driver = written(true);
    flip(&driver.server.data.join("tiande.sqlite"), 3);
    let (status, said) = driver.server.try_start(Duration::from_secs(10));
    assert_eq!(status.and_then(|status| status.code()), Some(1), "{said}");
    assert!(said.contains("database"), "{said}");
}

#[test]
fn a_flipped_bit_in_a_picture_does_not_touch_the_others() {
    let mut driver = written(true);
    let pictures: Vec<PathBuf> = files_below(&driver.server.data.join("media"));
    assert!(pictures.len() > 1, "{}", pictures.len());
    flip(&pictures[0], 40);
    driver.server.start_again();
    // The journal holds its hash, and nobody is given a picture yet (no address serves them): what
    // reads one is proved in src/intake/media_tests.rs.
    let counts = driver.check(None);
    assert!(counts.is_clean(), "{counts:?}");
}
