//! Tests of the sweep, on a real file system.

use std::cell::RefCell;
use std::fs::{self, File};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use tiande_core::ids::IdSource;

use super::*;
use crate::intake::media::Copy;
use crate::keys::{MasterKey, random};

const HOUR: i64 = 3_600_000;
/// When the server starts.
const START: UnixMillis = UnixMillis(1_000 * HOUR);

struct Fresh;

impl IdSource for Fresh {
    fn random_bytes(&mut self) -> [u8; 10] {
        random()
    }
}

struct Setting {
    data: PathBuf,
    store: MediaStore,
}

impl Setting {
    fn new() -> Self {
        let data =
            std::env::temp_dir().join(format!("tiande-sweep-{}", hex::encode(random::<8>())));
        fs::create_dir_all(&data).expect("a temporary folder");
        let store = MediaStore::open(&data, Arc::new(MasterKey::from_bytes([3; 32])));
        Self { store: store.expect("opened"), data }
    }

    /// A picture of a tip made so many hours before the start.
    async fn picture(&self, hours: i64) -> TipId {
        let tip = TipId::new(UnixMillis(START.0 - hours * HOUR), &mut Fresh);
        self.store.put(tip, [7; 32], b"picture".to_vec()).await.expect("kept");
        tip
    }

    async fn is_there(&self, tip: TipId) -> bool {
        // The bytes do not have that hash: what is there is found to be damaged.
        !matches!(self.store.get(tip, [7; 32]).await, Ok(None))
    }

    /// Sweeps at a start so many hours later; returns how many went and who was asked about.
    async fn sweep(&self, hours: i64, known: &[TipId]) -> (usize, Vec<TipId>) {
        let asked = RefCell::new(Vec::new());
        let started = UnixMillis(START.0 + hours * HOUR);
        let gone = sweep(&self.store, &self.data, started, |tip| {
            asked.borrow_mut().push(tip);
            let known = known.contains(&tip);
            async move { Ok(known) }
        });
        let gone = gone.await.expect("swept");
        (gone, asked.into_inner())
    }
}

impl Drop for Setting {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.data).ok();
    }
}

#[actix_web::test]
async fn what_a_crash_left_goes_and_what_may_be_under_way_stays() {
    let setting = Setting::new();
    let (known, lost, fresh) =
        (setting.picture(5).await, setting.picture(4).await, setting.picture(0).await);
    let draft = |name: &str, hours: i64| {
        let folder = setting.data.join("media").join("07");
        let file = File::create(folder.join(name)).expect("made");
        let at = Duration::from_millis(u64::try_from(START.0 - hours * HOUR).expect("after 1970"));
        file.set_modified(UNIX_EPOCH + at).expect("set");
        folder.join(name)
    };
    let (old, new) = (draft("00ff.new", 3), draft("00fe.new", 0));
    let (gone, _) = setting.sweep(0, &[known]).await;
    assert_eq!(gone, 1);
    assert!(setting.is_there(known).await && setting.is_there(fresh).await);
    assert!(!setting.is_there(lost).await);
    assert!(!old.exists() && new.exists());
    // Its turn comes at a later start.
    assert_eq!(setting.sweep(2, &[known]).await, (1, vec![fresh]));
    assert!(!new.exists());
}

#[actix_web::test]
async fn a_sweep_asks_only_about_what_is_newer_than_the_last_one() {
    let setting = Setting::new();
    let mut known = Vec::new();
    for hours in [90, 80, 70, 60] {
        known.push(setting.picture(hours).await);
    }
    assert_eq!(setting.sweep(0, &known).await.1.len(), 4);
    let newer = setting.picture(-3).await;
    known.push(newer);
    assert_eq!(setting.sweep(10, &known).await, (0, vec![newer]));
    // Without its note it begins anew.
    fs::remove_file(setting.data.join(NOTE)).expect("removed");
    assert_eq!(setting.sweep(10, &known).await.1.len(), 5);
    fs::write(setting.data.join(NOTE), "no number").expect("written");
    assert_eq!(setting.sweep(10, &known).await.1.len(), 5);
}

#[actix_web::test]
async fn copies_go_with_their_picture_also_when_it_is_gone_already() {
    let setting = Setting::new();
    let (whole, torn) = (setting.picture(5).await, setting.picture(4).await);
    for tip in [whole, torn] {
        let kept = setting.store.put_copy(tip, [7; 32], Copy::View, b"view".to_vec()).await;
        kept.expect("kept");
    }
    let folder = setting.data.join("media").join("07");
    fs::remove_file(folder.join(format!("{}-{torn}", hex::encode([7; 32])))).expect("removed");
    assert_eq!(setting.sweep(0, &[]).await.0, 2, "each counts once");
    assert_eq!(fs::read_dir(&folder).expect("listed").count(), 0);
}

#[actix_web::test]
async fn a_sweep_that_fails_is_done_again() {
    let setting = Setting::new();
    let lost = setting.picture(5).await;
    let failed = sweep(&setting.store, &setting.data, START, |_| async {
        Err(io::Error::other("the journal cannot be read"))
    });
    assert!(failed.await.is_err());
    assert!(setting.is_there(lost).await);
    assert_eq!(setting.sweep(0, &[]).await, (1, vec![lost]));
}
