//! The doors on both stores: each statement runs on each, and says the same.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use tiande::access::peers::PeerNetwork;
use tiande::access::store::{Doors, NewStaff, NotRotated, SignInFault};
use tiande::journal::{OpenOptions, Store};
use tiande_actors::ports::clock::Clock;
use tiande_core::access::Role;
use tiande_core::court::CourtProfile;
use tiande_core::ids::{DeviceId, UserId};
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

use crate::postgres::place;
use crate::samples::{NOW, court, officer};
use crate::server::{Database, is_here};
use crate::sqlite::Folder;

const HERE: PeerNetwork = PeerNetwork::V4([203, 0, 113]);

struct ByHand(AtomicI64);

impl Clock for ByHand {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

fn profile() -> CourtProfile {
    let json = r#"{"id":"changyuan","name":"长垣市人民法院","area":[114.40,34.97,114.99,35.40],
        "court_house":{"lat":35.2,"lon":114.67,"radius_m":150.0}}"#;
    serde_json::from_str(json).expect("a profile")
}

fn staff(username: &str) -> NewStaff {
    NewStaff {
        user: UserId(Uuid::from_u128(u128::from(username.as_bytes()[1]))),
        court: court(),
        username: username.into(),
        name: "李娜".into(),
        roles: vec![Role::Dispatcher, Role::Clerk],
        password: "correct horse".into(),
    }
}

/// The secrets of a source that change: the one before counts for its hour, and ends with the source.
async fn walk_secrets(doors: &Doors, clock: &ByHand, first: &str) {
    let hour = Millis(3_600_000);
    let unknown = doors.rotate_source(&court(), "beta", hour).await.expect("asked");
    assert_eq!(unknown, Err(NotRotated::Unknown));
    let rotate_for =
        async |grace| doors.rotate_source(&court(), "alpha", grace).await.expect("asked");
    let rotate = async || rotate_for(hour).await;
    let source = async || doors.source_by_name("alpha").await.expect("read").expect("there");
    let (second, until) = rotate().await.expect("there");
    assert_eq!(until, clock.now().plus(hour));
    assert_eq!(
        (source().await.secret, source().await.old_secrets),
        (second.clone(), vec![first.to_owned()])
    );
    clock.0.fetch_add(1_800_000, Ordering::Relaxed);
    let (third, _) = rotate().await.expect("there");
    assert_eq!(source().await.old_secrets, [second.clone(), first.to_owned()]);
    clock.0.fetch_add(1_800_000, Ordering::Relaxed);
    assert_eq!(
        (source().await.secret, source().await.old_secrets),
        (third.clone(), vec![second.clone()])
    );
    // A fourth old one is refused; the one just replaced counts, however soon its end.
    let fourth = rotate_for(Millis(60_000)).await.expect("there").0;
    let fifth = rotate_for(Millis(30_000)).await.expect("there").0;
    let all = [second, third, fourth];
    assert_eq!(source().await.old_secrets, all);
    assert_eq!(rotate().await, Err(NotRotated::TooManyOld));
    assert_eq!((source().await.secret, source().await.old_secrets), (fifth, all.to_vec()));
    // Without grace all of them end at once.
    let (sixth, until) = rotate_for(Millis(0)).await.expect("there");
    assert_eq!(until, clock.now());
    assert_eq!((source().await.secret, source().await.old_secrets), (sixth, vec![]));
    rotate().await.expect("there");
    assert!(doors.revoke_source(&court(), "alpha").await.expect("revoked"));
    doors.add_source(&court(), "alpha", false).await.expect("added").expect("again");
    assert_eq!(source().await.old_secrets, Vec::<String>::new());
}

async fn walk_gateways(doors: &Doors) {
    let (first, secret) = doors.add_gateway(&court(), "cars").await.expect("added").expect("new");
    assert_eq!(doors.add_gateway(&court(), "cars").await.expect("asked"), None);
    let known = async |secret: &str| doors.gateway_by_secret(secret).await.expect("read");
    let row = known(&secret).await.expect("known");
    assert_eq!((row.gateway, row.court), (first, court()));
    assert_eq!(known("tgw_other").await, None);
    assert!(doors.gateway_allowed(first).await.expect("read"));
    assert!(doors.revoke_gateway("cars").await.expect("revoked"));
    assert!(!doors.revoke_gateway("cars").await.expect("asked"));
    assert!(known(&secret).await.is_none() && !doors.gateway_allowed(first).await.expect("read"));
    let (second, _) = doors.add_gateway(&court(), "cars").await.expect("added").expect("again");
    let listed = doors.gateways().await.expect("read");
    assert_eq!((listed.len(), listed[0].gateway, listed[0].revoked_at), (1, second, None));
    assert_ne!(first, second);
}

/// Goes through every door.
async fn walk(doors: &Doors, clock: &ByHand) {
    doors.add_court(&profile()).await.expect("added");
    assert!(doors.add_court(&profile()).await.is_err_and(|fault| fault.is_taken()));
    assert_eq!(doors.courts().await.expect("read"), [profile()]);

    let secret = doors.add_source(&court(), "alpha", true).await.expect("added").expect("new");
    assert_eq!(doors.add_source(&court(), "alpha", false).await.expect("asked"), None);
    let source = doors.source_by_name("alpha").await.expect("read").expect("there");
    assert!(source.trusted && source.secret == secret && source.court == court());
    assert!(doors.source_by_name("a\0").await.expect("no fault").is_none());
    assert!(doors.revoke_source(&court(), "alpha").await.expect("revoked"));
    assert!(!doors.revoke_source(&court(), "alpha").await.expect("asked"));
    assert!(doors.source_by_name("alpha").await.expect("read").is_none());
    let again = doors.add_source(&court(), "alpha", false).await.expect("added").expect("again");
    let source = doors.source_by_name("alpha").await.expect("read").expect("there");
    assert!(!source.trusted && source.secret == again && again != secret);

    walk_secrets(doors, clock, &again).await;
    walk_gateways(doors).await;

    let named = async |n| doors.officer_named(&court(), "王建国", officer(n)).await.expect("named");
    assert_eq!((named(1).await, named(2).await), (officer(1), officer(1)));
    doors.forget_officer_name(officer(1)).await.expect("forgotten");
    assert_eq!(named(3).await, officer(3));

    let code = doors.add_enrolment(&court(), officer(3)).await.expect("added");
    let find = async || doors.find_enrolment(&code).await.expect("read");
    let (device, token) = (DeviceId(Uuid::from_u128(9)), [7; 32]);
    let (one, two) = (find().await.expect("there"), find().await.expect("there"));
    let row = doors.redeem_enrolment(one, device, token).await.expect("redeemed").expect("good");
    assert_eq!((row.court, row.officer), (court(), officer(3)));
    assert!(doors.redeem_enrolment(two, device, [8; 32]).await.expect("asked").is_none());
    assert!(find().await.is_none());
    let known = doors.device_by_token(token).await.expect("read").expect("known");
    assert_eq!((known.device, known.officer), (device, officer(3)));
    assert!(doors.device_allowed(device).await.expect("read"));
    assert!(doors.revoke_device(device).await.expect("revoked").is_some());
    assert!(doors.device_by_token(token).await.expect("read").is_none());
    assert!(!doors.device_allowed(device).await.expect("read"));

    assert!(doors.add_staff(staff("d1")).await.expect("added"));
    let same = NewStaff { user: UserId(Uuid::from_u128(77)), ..staff("d1") };
    assert!(!doors.add_staff(same).await.expect("asked"));
    assert_eq!(doors.staff_names(&court()).await.expect("read").len(), 1);
    let sign_in =
        |name: &'static str, password: &'static str| doors.sign_in(name, password, HERE, None);
    let who = sign_in("d1", "correct horse").await.expect("right");
    assert_eq!((who.username.as_str(), who.roles.len()), ("d1", 2));
    assert!(matches!(sign_in("d\0", "x").await, Err(SignInFault::Wrong)));
    for _ in 0..5 {
        assert!(matches!(sign_in("d1", "wrong horse").await, Err(SignInFault::Wrong)));
    }
    let locked = sign_in("d1", "correct horse").await;
    assert!(matches!(locked, Err(SignInFault::Locked { .. })), "{locked:?}");
    clock.0.fetch_add(16 * 60 * 1_000, Ordering::Relaxed);
    sign_in("d1", "correct horse").await.expect("unlocked");

    let token = [3; 32];
    doors.add_session(token, who.user).await.expect("added");
    clock.0.fetch_add(120_000, Ordering::Relaxed);
    // The second time it has been noted that it was seen.
    for _ in 0..2 {
        let session = doors.session(token).await.expect("read").expect("good");
        assert_eq!(session.user, who.user);
    }
    doors.end_session(token).await.expect("ended");
    assert!(doors.session(token).await.expect("read").is_none());
    doors.add_session(token, who.user).await.expect("added");
    assert!(doors.disable_staff(who.user).await.expect("disabled"));
    assert!(doors.session(token).await.expect("read").is_none());
    assert!(matches!(sign_in("d1", "correct horse").await, Err(SignInFault::Wrong)));
}

async fn walk_on(folder: &Folder, database: Option<&Database>) {
    let clock = Arc::new(ByHand(AtomicI64::new(NOW.0)));
    let shared: Arc<dyn Clock> = clock.clone();
    let options = OpenOptions::new(folder.path().to_owned(), "sha256", Arc::clone(&shared));
    let store = Store::open(options, database.map(|d| place(&d.url))).await.expect("opens");
    let store = Arc::new(store);
    let doors = Doors::new(Arc::clone(&store), shared, store.master_key());
    walk(&doors, &clock).await;
    store.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_opens_and_shuts_in_sqlite() {
    walk_on(&Folder::new(), None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_door_opens_and_shuts_in_postgres() {
    if is_here() {
        let database = Database::fresh().await;
        walk_on(&Folder::new(), Some(&database)).await;
    }
}
