//! Tests of the picture store, on a real file system.

use std::os::unix::fs::PermissionsExt;

use super::*;

const PICTURE: &[u8] = b"\xFF\xD8\xFFa picture of somebody's car";

fn folder(name: &str) -> PathBuf {
    let unique = hex::encode(random::<8>());
    let path = std::env::temp_dir().join(format!("tiande-media-{name}-{unique}"));
    fs::create_dir_all(&path).expect("a temporary folder");
    path
}

fn store(folder: &Path) -> MediaStore {
    MediaStore::open(folder, Arc::new(MasterKey::from_bytes([3; 32]))).expect("opened")
}

fn tip(last: char) -> TipId {
    format!("0190a5b0-0000-7000-8000-00000000000{last}").parse().expect("an id")
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn files(store: &MediaStore) -> Vec<PathBuf> {
    let folders = store.0.folders().expect("listed");
    let files = folders.into_iter().flat_map(|folder| fs::read_dir(folder).expect("listed"));
    files.map(|file| file.expect("listed").path()).collect()
}

#[actix_web::test]
async fn a_picture_comes_back_until_it_is_removed() {
    let data = folder("back");
    let kept = store(&data);
    let sha256 = hash(PICTURE);
    for _ in 0..2 {
        kept.put(tip('1'), sha256, PICTURE.to_vec()).await.expect("kept");
    }
    assert_eq!(files(&kept).len(), 1, "the same picture of the same tip is one file");
    let again = store(&data);
    assert_eq!(again.get(tip('1'), sha256).await.expect("read").as_deref(), Some(PICTURE));
    assert_eq!(again.get(tip('2'), sha256).await.expect("looked"), None);
    again.remove(tip('2'), sha256).await.expect("nothing there is no fault");
    again.remove(tip('1'), sha256).await.expect("removed");
    assert_eq!(again.get(tip('1'), sha256).await.expect("looked"), None);
    assert!(files(&again).is_empty());
}

#[actix_web::test]
async fn copies_are_sealed_by_their_own_names_and_go_with_the_picture() {
    let data = folder("copies");
    let kept = store(&data);
    let sha256 = hash(PICTURE);
    let get = |copy| kept.get_copy(tip('1'), sha256, copy);
    kept.put(tip('1'), sha256, PICTURE.to_vec()).await.expect("kept");
    assert_eq!(get(Copy::View).await.expect("looked"), None);
    kept.put_copy(tip('1'), sha256, Copy::View, b"the view".to_vec()).await.expect("kept");
    kept.put_copy(tip('1'), sha256, Copy::Preview, b"small".to_vec()).await.expect("kept");
    assert_eq!(get(Copy::View).await.expect("read").as_deref(), Some(&b"the view"[..]));
    assert_eq!(get(Copy::Preview).await.expect("read").as_deref(), Some(&b"small"[..]));
    for path in files(&kept) {
        let on_disk = fs::read(&path).expect("read");
        assert!(!on_disk.windows(5).any(|part| part == b"small"), "{path:?}");
    }
    // One is not the other, nor is it the original.
    let path = |copy| kept.0.copy_path(tip('1'), sha256, copy);
    let swapped = fs::read(path(Copy::Preview)).expect("read");
    fs::write(path(Copy::View), &swapped).expect("written");
    let fault = get(Copy::View).await.expect_err("bound to its name");
    assert_eq!(fault.kind(), io::ErrorKind::InvalidData);
    kept.remove(tip('1'), sha256).await.expect("removed");
    assert!(files(&kept).is_empty(), "both copies are gone with it");
}

#[actix_web::test]
async fn no_copy_stays_of_a_picture_that_was_removed_while_it_was_painted() {
    let data = folder("late-copy");
    let kept = store(&data);
    let sha256 = hash(PICTURE);
    kept.put(tip('1'), sha256, PICTURE.to_vec()).await.expect("kept");
    kept.remove(tip('1'), sha256).await.expect("removed");
    let late = kept.put_copy(tip('1'), sha256, Copy::View, b"painted".to_vec()).await;
    assert_eq!(late.expect_err("nothing to keep it for").kind(), io::ErrorKind::NotFound);
    assert!(files(&kept).is_empty());
}

#[actix_web::test]
async fn what_was_removed_is_gone_for_good_or_the_removal_fails() {
    /// A disk that does not take in that the last file is gone.
    fn stubborn(folder: &Path) -> io::Result<()> {
        match fs::read_dir(folder)?.next() {
            None => Err(io::Error::other("not synced")),
            Some(_) => sync_folder(folder),
        }
    }
    let data = folder("power-cut");
    let good = store(&data);
    let master = Arc::clone(&good.0.master);
    let inner = Inner { folder: good.0.folder.clone(), master, sync: stubborn };
    let kept = MediaStore(Arc::new(inner));
    let sha256 = hash(PICTURE);
    kept.put(tip('1'), sha256, PICTURE.to_vec()).await.expect("kept");
    kept.put_copy(tip('1'), sha256, Copy::View, b"the view".to_vec()).await.expect("kept");
    for round in 0..2 {
        let fault = kept.remove(tip('1'), sha256).await.expect_err("not yet durable");
        assert_eq!(fault.kind(), io::ErrorKind::Other, "{round}: {fault}");
    }
    // Nor a copy that comes too late.
    let late = kept.put_copy(tip('1'), sha256, Copy::View, b"painted".to_vec()).await;
    assert_eq!(late.expect_err("not yet durable").kind(), io::ErrorKind::Other);
    good.remove(tip('1'), sha256).await.expect("done again, and durable");
    assert!(files(&good).is_empty());
    kept.remove(tip('1'), hash(b"never kept")).await.expect("no folder, nothing to make durable");
}

#[actix_web::test]
async fn nothing_of_it_can_be_read_on_the_disk() {
    let data = folder("clear");
    let kept = store(&data);
    kept.put(tip('1'), hash(PICTURE), PICTURE.to_vec()).await.expect("kept");
    let path = files(&kept).remove(0);
    let name = format!(
        "media/{}/{}-{}",
        hex::encode(&hash(PICTURE)[..1]),
        hex::encode(hash(PICTURE)),
        tip('1')
    );
    assert_eq!(path, data.join(name));
    let on_disk = fs::read(&path).expect("read");
    assert!(PICTURE.windows(8).all(|part| !on_disk.windows(8).any(|other| part == other)));
    for (path, mode) in [(path.as_path(), 0o600), (path.parent().expect("one"), 0o700)] {
        let permissions = fs::metadata(path).expect("there").permissions();
        assert_eq!(permissions.mode() & 0o777, mode);
    }
}

#[actix_web::test]
async fn tampering_is_noticed() {
    let data = folder("tamper");
    let kept = store(&data);
    let sha256 = hash(PICTURE);
    kept.put(tip('1'), sha256, PICTURE.to_vec()).await.expect("kept");
    let path = files(&kept).remove(0);
    let good = fs::read(&path).expect("read");
    let refused = async |bytes: &[u8]| {
        fs::write(&path, bytes).expect("written");
        let read = kept.get(tip('1'), sha256).await;
        read.expect_err("must be noticed").kind() == io::ErrorKind::InvalidData
    };
    for at in [0, 24, good.len() - 1] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        assert!(refused(&changed).await, "{at}");
    }
    assert!(refused(&good[..10]).await);
    assert!(refused(b"").await);
    fs::write(&path, &good).expect("written");
    // Another tip's name does not open it either.
    fs::copy(&path, kept.0.path(tip('2'), sha256)).expect("copied");
    assert!(kept.get(tip('2'), sha256).await.is_err());
    assert!(kept.get(tip('1'), sha256).await.expect("good again").is_some());
    let other = MediaStore::open(&data, Arc::new(MasterKey::from_bytes([4; 32]))).expect("opened");
    assert!(other.get(tip('1'), sha256).await.is_err());
}

#[actix_web::test]
async fn a_picture_that_cannot_be_kept_leaves_nothing() {
    let data = folder("refused");
    let kept = store(&data);
    let sha256 = hash(PICTURE);
    // Something is in the way of the folder.
    let way = kept.0.path(tip('1'), sha256).parent().expect("one").to_owned();
    fs::write(&way, b"").expect("written");
    assert!(kept.put(tip('1'), sha256, PICTURE.to_vec()).await.is_err());
    fs::remove_file(&way).expect("removed");
    // Something is in the way of the file itself.
    fs::create_dir_all(kept.0.path(tip('1'), sha256)).expect("made");
    assert!(kept.put(tip('1'), sha256, PICTURE.to_vec()).await.is_err());
    let left: Vec<_> = files(&kept).into_iter().filter(|path| path.is_file()).collect();
    assert!(left.is_empty(), "{left:?}");
}
