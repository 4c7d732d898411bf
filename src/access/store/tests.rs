//! Rules of the doors, on a real database.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};

use tiande_core::access::Role;
use tiande_core::court::CourtProfile;
use tiande_core::ids::{CourtId, DeviceId, OfficerId, UserId};
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

use super::*;
use crate::access::peers::PeerNetwork;
use crate::journal::OpenOptions;

struct ByHand(AtomicI64);

impl Clock for ByHand {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

struct House {
    doors: Doors,
    clock: Arc<ByHand>,
    journal: Arc<Store>,
    folder: PathBuf,
}

impl Drop for House {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

impl House {
    async fn new() -> Self {
        let name = format!("tiande-doors-{}", hex::encode(crate::keys::random::<8>()));
        let folder = std::env::temp_dir().join(name);
        let clock = Arc::new(ByHand(AtomicI64::new(1_780_000_000_000)));
        let shared: Arc<dyn Clock> = clock.clone();
        let options = OpenOptions::new(folder.clone(), "sha256", Arc::clone(&shared));
        let journal = Arc::new(Store::open(options, None).await.expect("opens"));
        let doors = Doors::new(Arc::clone(&journal), shared, journal.master_key());
        let house = Self { doors, clock, journal, folder };
        house.doors.add_court(&profile("changyuan")).await.expect("added");
        house
    }
    fn later(&self, ms: i64) {
        self.clock.0.fetch_add(ms, Ordering::Relaxed);
    }
}

impl House {
    /// From the same place and without a known browser.
    async fn sign_in(&self, name: &str, password: &str) -> Result<StaffSession, SignInFault> {
        self.doors.sign_in(name, password, HERE, None).await
    }

    /// Both steps of an enrolment.
    async fn redeem(&self, code: &str, device: DeviceId, token: [u8; 32]) -> Option<DeviceRow> {
        let found = self.doors.find_enrolment(code).await.expect("read")?;
        self.doors.redeem_enrolment(found, device, token).await.expect("asked")
    }
}

const HERE: PeerNetwork = PeerNetwork::V4([203, 0, 113]);

fn network(n: u8) -> PeerNetwork {
    PeerNetwork::V4([198, 51, n])
}

fn profile(id: &str) -> CourtProfile {
    let json = format!(
        r#"{{"id":"{id}","name":"长垣市人民法院","area":[114.40,34.97,114.99,35.40],
            "court_house":{{"lat":35.2,"lon":114.67,"radius_m":150.0}}}}"#
    );
    serde_json::from_str(&json).expect("a profile")
}

fn court() -> CourtId {
    CourtId::parse("changyuan").expect("a court")
}

fn officer(n: u128) -> OfficerId {
    OfficerId(Uuid::from_u128(n))
}

fn dispatcher(username: &str) -> NewStaff {
    NewStaff {
        user: UserId(Uuid::from_u128(u128::from(username.as_bytes()[1]))),
        court: court(),
        username: username.into(),
        name: "李娜".into(),
        roles: vec![Role::Dispatcher, Role::Clerk],
        password: "correct horse".into(),
    }
}

#[tokio::test]
async fn courts_are_kept_and_given_once() {
    let house = House::new().await;
    let again = house.doors.add_court(&profile("changyuan")).await.expect_err("taken");
    assert!(again.is_taken(), "{again:?}");
    house.doors.add_court(&profile("anyang")).await.expect("added");
    let ids: Vec<_> = house.doors.courts().await.expect("read");
    assert_eq!(ids, [profile("anyang"), profile("changyuan")]);
}

#[tokio::test]
async fn both_secrets_count_until_the_grace_ends_and_never_again() {
    let house = House::new().await;
    let doors = &house.doors;
    let now = || async { doors.source_by_name("alpha").await.expect("read").expect("there") };
    let rotate = |hours: u64| async move {
        let grace = Millis(hours * 3_600_000);
        doors.rotate_source(&court(), "alpha", grace).await.expect("asked").map(|new| new.0)
    };
    assert_eq!(rotate(1).await, Err(NotRotated::Unknown), "there is none of that name");
    let first = doors.add_source(&court(), "alpha", true).await.expect("added").expect("new");
    let second = rotate(2).await.expect("there");
    assert_ne!(first, second);
    let found = now().await;
    assert_eq!((&found.secret, &found.old_secrets), (&second, &vec![first.clone()]));
    assert!(found.trusted, "nothing else has changed");
    // Once more: each ends at its own time.
    let third = rotate(1).await.expect("there");
    assert_eq!(now().await.old_secrets, [first.clone(), second.clone()]);
    house.later(3_600_000 - 1);
    assert_eq!(now().await.old_secrets, [first.clone(), second]);
    house.later(1);
    assert_eq!(now().await.old_secrets, [first]);
    house.later(3_600_000);
    assert_eq!((now().await.secret, now().await.old_secrets), (third, vec![]));
}

#[tokio::test]
async fn without_grace_every_secret_from_before_is_over_at_once() {
    let house = House::new().await;
    let doors = &house.doors;
    let now = || async { doors.source_by_name("alpha").await.expect("read").expect("there") };
    let rotate = |hours: u64| async move {
        let grace = Millis(hours * 3_600_000);
        let rotated = doors.rotate_source(&court(), "alpha", grace).await.expect("asked");
        rotated.expect("there")
    };
    doors.add_source(&court(), "alpha", true).await.expect("added").expect("new");
    doors.add_source(&court(), "beta", true).await.expect("added").expect("new");
    let other = doors.rotate_source(&court(), "beta", Millis(3_600_000)).await.expect("asked");
    other.expect("there");
    rotate(720).await;
    rotate(24).await;
    let (newest, until) = rotate(0).await;
    assert_eq!(until, house.clock.now());
    assert_eq!((now().await.secret, now().await.old_secrets), (newest, vec![]));
    // Nor does one count again when the clock is set back.
    house.later(-3_600_000);
    assert_eq!(now().await.old_secrets, Vec::<String>::new());
    let beta = doors.source_by_name("beta").await.expect("read").expect("there");
    assert_eq!(beta.old_secrets.len(), 1, "another source's own");
}

#[tokio::test]
async fn a_fourth_old_secret_is_refused_and_what_was_promised_holds() {
    let house = House::new().await;
    let doors = &house.doors;
    let now = || async { doors.source_by_name("alpha").await.expect("read").expect("there") };
    let rotate = |hours: u64| async move {
        let grace = Millis(hours * 3_600_000);
        doors.rotate_source(&court(), "alpha", grace).await.expect("asked").map(|new| new.0)
    };
    let first = doors.add_source(&court(), "alpha", true).await.expect("added").expect("new");
    let second = rotate(4).await.expect("there");
    let third = rotate(3).await.expect("there");
    let fourth = rotate(2).await.expect("there");
    let before = now().await;
    assert_eq!((&before.secret, before.old_secrets.len()), (&fourth, 3));
    assert_eq!(before.old_secrets, [first.clone(), second.clone(), third]);
    for hours in [1, 720] {
        assert_eq!(rotate(hours).await, Err(NotRotated::TooManyOld));
        assert!(now().await == before, "nothing has changed");
    }
    // As soon as one has ended there is place, and none of the others gives way.
    house.later(2 * 3_600_000 + 1); // No two end at one moment: they come in the order of their ends.
    let fifth = rotate(1).await.expect("there");
    assert_eq!((now().await.secret, now().await.old_secrets), (fifth, vec![first, fourth, second]));
    assert_eq!(rotate(1).await, Err(NotRotated::TooManyOld));
    // Whoever has lost one need not wait.
    let sixth = rotate(0).await.expect("there");
    assert_eq!((now().await.secret, now().await.old_secrets), (sixth, vec![]));
}

#[tokio::test]
async fn a_source_is_found_by_its_name_until_it_is_revoked() {
    let house = House::new().await;
    let doors = &house.doors;
    let secret = doors.add_source(&court(), "alpha", true).await.expect("added").expect("new");
    assert!(secret.starts_with("whsec_") && secret.len() == 6 + 44, "{}", secret.len());
    assert_eq!(doors.add_source(&court(), "alpha", false).await.expect("asked"), None);
    let found = doors.source_by_name("alpha").await.expect("read").expect("there");
    assert_eq!((found.secret.as_str(), found.trusted), (secret.as_str(), true));
    assert!(!format!("{found:?}").contains(&secret));
    assert!(doors.source_by_name("beta").await.expect("read").is_none());
    assert!(doors.revoke_source(&court(), "alpha").await.expect("revoked"));
    assert!(!doors.revoke_source(&court(), "alpha").await.expect("asked"));
    assert!(doors.source_by_name("alpha").await.expect("read").is_none());
    let fresh = doors.add_source(&court(), "alpha", false).await.expect("added").expect("new");
    assert_ne!(fresh, secret);
    let strange = CourtId::parse("nowhere").expect("a court");
    assert!(matches!(
        doors.add_source(&strange, "gamma", true).await,
        Err(StoreFault::Statement(_))
    ));
    // Such a refusal is the job's own: the writer goes on.
    assert!(!house.journal.is_poisoned());
    assert!(doors.source_by_name("alpha").await.expect("read").is_some());
    // What it signed with before it was ended is not taken again.
    let (_, until) = doors
        .rotate_source(&court(), "alpha", Millis(3_600_000))
        .await
        .expect("asked")
        .expect("there");
    assert!(until > house.clock.now());
    doors.revoke_source(&court(), "alpha").await.expect("revoked");
    doors.add_source(&court(), "alpha", false).await.expect("added").expect("again");
    let back = doors.source_by_name("alpha").await.expect("read").expect("there");
    assert_eq!(back.old_secrets, Vec::<String>::new());
    // A webhook's address names no court: a name is one source on the whole server.
    doors.add_court(&profile("anyang")).await.expect("added");
    let anyang = CourtId::parse("anyang").expect("a court");
    assert_eq!(doors.add_source(&anyang, "alpha", true).await.expect("asked"), None);
}

#[tokio::test]
async fn secrets_and_names_are_not_in_the_file() {
    let house = House::new().await;
    let secret = house.doors.add_source(&court(), "alpha", true).await.expect("added");
    let secret = secret.expect("new");
    house.doors.officer_named(&court(), "王建国", officer(1)).await.expect("named");
    house.doors.add_staff(dispatcher("d1")).await.expect("added");
    let code = house.doors.add_enrolment(&court(), officer(1)).await.expect("made");
    house.journal.shutdown().await;
    let bytes = std::fs::read(house.folder.join("tiande.sqlite")).expect("read");
    let holds = |text: &str| bytes.windows(text.len()).any(|w| w == text.as_bytes());
    assert!(holds("alpha") && holds("$argon2id$"));
    assert!(!holds(&secret) && !holds("王建国") && !holds("correct horse") && !holds(&code));
}

#[tokio::test]
async fn a_name_of_an_officer_is_one_officer_of_a_court() {
    let house = House::new().await;
    house.doors.add_court(&profile("anyang")).await.expect("added");
    let anyang = CourtId::parse("anyang").expect("a court");
    let here = court();
    let named = |court, name, n| house.doors.officer_named(court, name, officer(n));
    assert_eq!(named(&here, "王建国", 1).await.expect("named"), officer(1));
    assert_eq!(named(&here, "王建国", 2).await.expect("named"), officer(1));
    assert_eq!(named(&here, "李强", 2).await.expect("named"), officer(2));
    assert_eq!(named(&anyang, "王建国", 3).await.expect("named"), officer(3));
    house.doors.forget_officer_name(officer(1)).await.expect("forgotten");
    assert_eq!(named(&here, "王建国", 4).await.expect("named"), officer(4));
}

#[tokio::test]
async fn a_code_enrols_one_device_once_within_a_day() {
    let house = House::new().await;
    let doors = &house.doors;
    let device = |n: u128| DeviceId(Uuid::from_u128(n));
    let code = doors.add_enrolment(&court(), officer(1)).await.expect("made");
    // Both have found it good before either is redeemed.
    let first = doors.find_enrolment(&code).await.expect("read").expect("good");
    let second = doors.find_enrolment(&code).await.expect("read").expect("good");
    assert_eq!(first.court, court());
    let (one, two) = tokio::join!(
        doors.redeem_enrolment(first, device(1), [1; 32]),
        doors.redeem_enrolment(second, device(2), [2; 32])
    );
    let won: Vec<_> = [one, two].into_iter().filter_map(|end| end.expect("asked")).collect();
    assert_eq!(won.len(), 1, "{won:?}");
    assert_eq!((&won[0].court, won[0].officer), (&court(), officer(1)));
    assert_eq!(house.redeem(&code, device(3), [3; 32]).await, None);
    assert_eq!(house.redeem("x", device(3), [3; 32]).await, None);
    let old = doors.add_enrolment(&court(), officer(1)).await.expect("made");
    let late = doors.find_enrolment(&old).await.expect("read").expect("good");
    house.later(24 * 3_600 * 1_000);
    assert_eq!(house.redeem(&old, device(3), [3; 32]).await, None);
    let late = doors.redeem_enrolment(late, device(3), [3; 32]).await.expect("asked");
    assert_eq!(late, None, "it grew old between the two");
    assert_eq!(doors.device_by_token([3; 32]).await.expect("read"), None);
}

#[tokio::test]
async fn what_strangers_guess_never_reaches_the_writer() {
    let house = House::new().await;
    let (doors, journal) = (&house.doors, Arc::clone(&house.journal));
    let used = doors.add_enrolment(&court(), officer(1)).await.expect("made");
    house.redeem(&used, DeviceId(Uuid::from_u128(1)), [1; 32]).await.expect("good");
    for _ in 0..5 {
        let wrong = house.sign_in("d1", "wrong").await;
        assert!(matches!(wrong, Err(SignInFault::Wrong)), "{wrong:?}");
    }
    // The writer is busy until the end of this test.
    let (go, wait) = tokio::sync::oneshot::channel::<()>();
    let (begun, has_begun) = tokio::sync::oneshot::channel();
    let held = tokio::spawn(async move {
        let work = journal.write(move |_conn| {
            Box::pin(async move {
                begun.send(()).expect("the test waits");
                drop(wait.await);
                Ok(())
            })
        });
        work.await.expect("nothing fails");
    });
    has_begun.await.expect("begun");
    let asked = async {
        assert_eq!(house.redeem("nonsense", DeviceId(Uuid::nil()), [2; 32]).await, None);
        assert_eq!(house.redeem(&used, DeviceId(Uuid::nil()), [2; 32]).await, None);
        let locked = house.sign_in("d1", "wrong").await;
        assert!(matches!(locked, Err(SignInFault::Locked { .. })), "{locked:?}");
    };
    timeout(READ_LIMIT, asked).await.expect("none of them waits for the writer");
    go.send(()).expect("the writer waits");
    held.await.expect("no panic");
}

#[tokio::test]
async fn enrolments_are_few_at_once_and_of_one_network_fewer() {
    let house = House::new().await;
    let mut held = Vec::new();
    while let Some(place) = house.doors.admit_enrolment(HERE) {
        held.push(place);
    }
    assert_eq!(held.len(), ENROLMENTS_EACH);
    assert!(house.doors.admit_enrolment(network(1)).is_some());
    drop(held);
    assert!(house.doors.admit_enrolment(HERE).is_some());
}

#[tokio::test]
async fn a_device_is_known_by_its_token_until_it_is_revoked() {
    let house = House::new().await;
    let doors = &house.doors;
    let device = DeviceId(Uuid::from_u128(1));
    let code = doors.add_enrolment(&court(), officer(1)).await.expect("made");
    let row = house.redeem(&code, device, [1; 32]).await.expect("good");
    assert_eq!(doors.device_by_token([1; 32]).await.expect("read"), Some(row.clone()));
    assert_eq!(doors.device_by_token([2; 32]).await.expect("read"), None);
    assert!(doors.device_allowed(device).await.expect("read"));
    assert_eq!(doors.revoke_device(device).await.expect("revoked"), Some(row.clone()));
    assert_eq!(doors.revoke_device(device).await.expect("revoked"), Some(row));
    assert_eq!(doors.revoke_device(DeviceId(Uuid::nil())).await.expect("asked"), None);
    assert_eq!(doors.device_by_token([1; 32]).await.expect("read"), None);
    assert!(!doors.device_allowed(device).await.expect("read"));
}

#[tokio::test]
async fn five_wrong_passwords_lock_a_name_for_a_quarter_of_an_hour() {
    let house = House::new().await;
    let doors = &house.doors;
    assert!(doors.add_staff(dispatcher("d1")).await.expect("added"));
    assert!(!doors.add_staff(dispatcher("d1")).await.expect("asked"));
    // Four wrong ones and a right one: the count starts again.
    for _ in 0..4 {
        assert!(matches!(house.sign_in("d1", "wrong").await, Err(SignInFault::Wrong)));
    }
    let staff = house.sign_in("d1", "correct horse").await.expect("right");
    assert_eq!((staff.name.as_str(), staff.court.clone()), ("李娜", court()));
    assert_eq!(staff.roles, [Role::Dispatcher, Role::Clerk]);
    // A name nobody has behaves the same.
    for name in ["d1", "nobody"] {
        for _ in 0..5 {
            assert!(matches!(house.sign_in(name, "wrong").await, Err(SignInFault::Wrong)));
        }
        let locked = house.sign_in(name, "correct horse").await;
        assert!(matches!(locked, Err(SignInFault::Locked { wait_s: 900 })), "{locked:?}");
    }
    house.later(15 * 60 * 1_000 - 1);
    let locked = house.sign_in("d1", "correct horse").await;
    assert!(matches!(locked, Err(SignInFault::Locked { wait_s: 1 })), "{locked:?}");
    house.later(1);
    house.sign_in("d1", "correct horse").await.expect("open again");
}

#[tokio::test]
async fn strangers_elsewhere_lock_nobody_out() {
    let house = House::new().await;
    let doors = &house.doors;
    doors.add_staff(dispatcher("d1")).await.expect("added");
    for name in ["d1", "nobody"] {
        for _ in 0..5 {
            let wrong = doors.sign_in(name, "wrong", network(1), None).await;
            assert!(matches!(wrong, Err(SignInFault::Wrong)), "{wrong:?}");
        }
        let locked = doors.sign_in(name, "wrong", network(1), None).await;
        assert!(matches!(locked, Err(SignInFault::Locked { wait_s: 900 })), "{locked:?}");
    }
    house.sign_in("d1", "correct horse").await.expect("another place");
}

#[tokio::test]
async fn guessing_from_many_places_grows_slow_but_not_for_a_known_browser() {
    let house = House::new().await;
    let doors = &house.doors;
    doors.add_staff(dispatcher("d1")).await.expect("added");
    let token = doors.browser_token("d1");
    let browser = doors.browser("d1", &token).expect("known");
    for name in ["d1", "nobody"] {
        for n in 0..11 {
            let wrong = doors.sign_in(name, "wrong", network(n), None).await;
            assert!(matches!(wrong, Err(SignInFault::Wrong)), "{n}: {wrong:?}");
        }
        // The eleventh was one too many: the next waits a second, the one after it two.
        for (n, wait) in [(20, 1), (21, 2), (22, 4)] {
            let slow = doors.sign_in(name, "correct horse", network(n), None).await;
            let told = matches!(slow, Err(SignInFault::Locked { wait_s }) if wait_s == wait);
            assert!(told, "{name} {n}: {slow:?}");
            house.later(i64::from(wait) * 1_000);
            let wrong = doors.sign_in(name, "wrong", network(n), None).await;
            assert!(matches!(wrong, Err(SignInFault::Wrong)), "{name} {n}: {wrong:?}");
        }
    }
    // Not even from the network of those who guess.
    let known = doors.sign_in("d1", "correct horse", network(1), Some(&browser)).await;
    known.expect("a known browser does not wait for strangers");
    // But it has no more tries than others.
    for _ in 0..5 {
        let wrong = doors.sign_in("d1", "wrong", HERE, Some(&browser)).await;
        assert!(matches!(wrong, Err(SignInFault::Wrong)), "{wrong:?}");
    }
    let locked = doors.sign_in("d1", "correct horse", HERE, Some(&browser)).await;
    assert!(matches!(locked, Err(SignInFault::Locked { wait_s: 900 })), "{locked:?}");
}

#[tokio::test]
async fn a_browser_is_known_for_one_name_and_for_ninety_days() {
    let house = House::new().await;
    let doors = &house.doors;
    let token = doors.browser_token("d1");
    let browser = doors.browser("d1", &token).expect("known");
    assert_ne!(doors.browser("d1", &doors.browser_token("d1")), Some(browser), "each its own");
    assert_eq!(doors.browser("d2", &token), None);
    assert_ne!(doors.browser_token_name("d1"), doors.browser_token_name("d2"));
    for at in [0, 20, token.len() - 2] {
        let other = if &token[at..=at] == "A" { "B" } else { "A" };
        let forged = format!("{}{other}{}", &token[..at], &token[at + 1..]);
        assert_eq!(doors.browser("d1", &forged), None, "{at}");
    }
    for bad in ["", "x", &token[1..], &format!("{token}A")] {
        assert_eq!(doors.browser("d1", bad), None, "{bad:?}");
    }
    house.later(KNOWN_MS - 1);
    assert!(doors.browser("d1", &token).is_some());
    house.later(1);
    assert_eq!(doors.browser("d1", &token), None);
}

#[tokio::test]
async fn many_tries_at_once_do_not_outrun_the_count() {
    let house = House::new().await;
    house.doors.add_staff(dispatcher("d1")).await.expect("added");
    let tries = (0..20).map(|_| house.sign_in("d1", "wrong"));
    let ends = futures_util::future::join_all(tries).await;
    let checked = ends.iter().filter(|end| matches!(end, Err(SignInFault::Wrong))).count();
    assert!(checked <= 5, "{checked} passwords were tried");
    // Nor from many places.
    let tries = (0..30).map(|n| house.doors.sign_in("d1", "wrong", network(n), None));
    let ends = futures_util::future::join_all(tries).await;
    let checked = ends.iter().filter(|end| matches!(end, Err(SignInFault::Wrong))).count();
    assert!(checked <= 11, "{checked} passwords were tried");
}

#[tokio::test]
async fn a_session_dies_of_idleness_age_sign_out_and_dismissal() {
    let house = House::new().await;
    let doors = &house.doors;
    doors.add_staff(dispatcher("d1")).await.expect("added");
    let user = house.sign_in("d1", "correct horse").await.expect("right").user;
    let alive = |token| async move { doors.session(token).await.expect("read").is_some() };
    doors.add_session([1; 32], user).await.expect("begun");
    assert!(alive([1; 32]).await && !alive([9; 32]).await);
    // Used every hour, and over after twelve all the same.
    for _ in 0..11 {
        house.later(3_600 * 1_000);
        assert!(alive([1; 32]).await);
    }
    house.later(3_600 * 1_000);
    assert!(!alive([1; 32]).await);
    doors.add_session([2; 32], user).await.expect("begun");
    doors.end_session([2; 32]).await.expect("ended");
    assert!(!alive([2; 32]).await);
    doors.add_session([3; 32], user).await.expect("begun");
    assert!(doors.disable_staff(user).await.expect("disabled"));
    assert!(!alive([3; 32]).await);
    assert!(matches!(house.sign_in("d1", "correct horse").await, Err(SignInFault::Wrong)));
    let names = doors.staff_names(&court()).await.expect("read");
    assert_eq!(names.get(&user).map(String::as_str), Some("李娜"));
}

#[tokio::test]
async fn a_gateway_is_known_by_its_secret_until_it_is_revoked() {
    let house = House::new().await;
    let doors = &house.doors;
    let (first, secret) = doors.add_gateway(&court(), "cars").await.expect("asked").expect("new");
    let known = doors.gateway_by_secret(&secret).await.expect("read").expect("known");
    assert_eq!((known.gateway, known.court), (first, court()));
    assert_eq!(doors.gateway_by_secret("tgw_other").await.expect("read"), None);
    assert!(doors.add_gateway(&court(), "cars").await.expect("asked").is_none(), "taken");
    assert!(doors.gateway_allowed(first).await.expect("read"));
    house.later(1_000);
    assert!(doors.revoke_gateway("cars").await.expect("asked"));
    assert!(!doors.revoke_gateway("cars").await.expect("asked"), "once");
    assert_eq!(doors.gateway_by_secret(&secret).await.expect("read"), None);
    assert!(!doors.gateway_allowed(first).await.expect("read"));
    let listed = doors.gateways().await.expect("read").remove(0);
    assert_eq!(listed.revoked_at.map(|at| at.0 - listed.added_at.0), Some(1_000));
    let (second, other) = doors.add_gateway(&court(), "cars").await.expect("asked").expect("again");
    assert!(second != first && other != secret);
    assert!(!doors.gateway_allowed(first).await.expect("read"), "the old one stays out");
    let nowhere = CourtId::parse("nowhere").expect("a name");
    assert!(doors.add_gateway(&nowhere, "x").await.is_err(), "bound to a court there is");
}
