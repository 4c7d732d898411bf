//! Before the courts are open, and at the end, nothing is used up: a code, a sign-in, a ticket. And
//! while too many reports are read, more of them are refused, and nothing else.

use std::path::PathBuf;
use std::sync::Arc;

use actix_web::dev::ServiceResponse;
use actix_web::http::header::RETRY_AFTER;
use actix_web::test::{TestRequest, call_service, init_service, read_body_json};
use actix_web::web::Data;
use serde_json::{Value, json};
use tiande_actors::ports::Clock;
use tiande_actors::testkit::plain_rules;
use tiande_core::access::Role;
use tiande_core::ids::{CourtId, OfficerId, UserId};
use uuid::Uuid;

use crate::access::guard::COOKIE;
use crate::access::store::{Doors, NewStaff};
use crate::access::{random_token, token_hash};
use crate::app::{App, Phase};
use crate::config::Config;
use crate::intake::media::MediaStore;
use crate::journal::{OpenOptions, Store};
use crate::papers::PaperStore;
use crate::proof::Proof;
use crate::telemetry::SystemClock;
use crate::tracks::{Medium, TrackOptions, TrackStore};

struct Folder(PathBuf);

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// A server with a court in its store that is not open.
async fn house() -> (Data<App>, Folder) {
    let name = format!("tiande-phase-{}", hex::encode(crate::keys::random::<8>()));
    let folder = Folder(std::env::temp_dir().join(name));
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let options = OpenOptions::new(folder.0.clone(), "sha256", Arc::clone(&clock));
    let journal = Arc::new(Store::open(options, None).await.expect("opens"));
    let master = journal.master_key();
    let doors = Doors::new(Arc::clone(&journal), Arc::clone(&clock), Arc::clone(&master));
    let media = MediaStore::open(&folder.0, Arc::clone(&master)).expect("opens");
    let profile = json!({
        "id": "changyuan", "name": "长垣", "area": [114.3, 34.9, 115.0, 35.5],
        "court_house": {"lat": 35.2, "lon": 114.67, "radius_m": 150.0}
    });
    doors.add_court(&serde_json::from_value(profile).expect("a profile")).await.expect("added");
    let tracks = TrackStore::open(TrackOptions {
        folder: folder.0.join("tracks"),
        master: Arc::clone(&master),
        clock: Arc::clone(&clock),
        keep_days: 90,
        wal_max: TrackOptions::WAL_MAX,
        medium: Medium::default(),
    });
    let tracks = Arc::new(tracks.expect("opens"));
    let papers = PaperStore::open(&folder.0, Arc::clone(&master)).expect("opens");
    let proof = Proof::open(Arc::clone(&journal), Arc::clone(&clock)).expect("opens");
    let documents = Arc::new(crate::documents::Documents::built_in().expect("documents"));
    let config = Config::default();
    let app = App::new(
        config,
        clock,
        journal,
        doors,
        media,
        papers,
        proof,
        tracks,
        master,
        plain_rules(),
        documents,
    );
    (Data::new(app), folder)
}

async fn refused(answer: ServiceResponse, code: &str, what: &str) {
    assert_eq!(answer.status(), 503, "{what}");
    assert!(answer.headers().contains_key(RETRY_AFTER), "{what}: no Retry-After");
    let body: Value = read_body_json(answer).await;
    assert_eq!(body["code"], code, "{what}");
}

#[actix_web::test]
async fn nothing_is_used_up_before_the_courts_are_open_or_at_the_end() {
    let (app, _folder) = house().await;
    let court = CourtId::parse("changyuan").expect("a court");
    let code = app.doors.add_enrolment(&court, OfficerId(Uuid::from_u128(1))).await.expect("made");
    let web = actix_web::App::new().app_data(app.clone()).configure(super::routes);
    let web = init_service(web.configure(crate::intake::routes)).await;
    let good = async || app.doors.find_enrolment(&code).await.expect("read").is_some();
    for (phase, word) in
        [(Phase::Starting, "starting"), (Phase::Ready, "starting"), (Phase::Stopping, "stopping")]
    {
        app.set_phase(phase);
        let requests = [
            ("/api/devices/enrol", json!({"code": code})),
            ("/api/session", json!({"username": "x", "password": "y"})),
            ("/api/ws-tickets", json!({})),
            ("/hooks/tips/hotline", json!({})),
        ];
        // Ready, but this one court is not: the code is kept for it all the same.
        let count = if phase == Phase::Ready { 1 } else { requests.len() };
        for (path, body) in requests.into_iter().take(count) {
            let request = TestRequest::post().uri(path).set_json(body).to_request();
            let what = format!("{path} {phase:?}");
            refused(call_service(&web, request).await, word, &what).await;
        }
        assert!(good().await, "the code is lost, {phase:?}");
    }
    app.journal.shutdown().await;
}

#[actix_web::test]
async fn reports_are_refused_while_too_many_are_read() {
    let (app, _folder) = house().await;
    let court = CourtId::parse("changyuan").expect("a court");
    let profile = app.doors.courts().await.expect("read").remove(0);
    crate::server::open_court(&app, profile).await.expect("opens");
    app.set_phase(Phase::Ready);
    let user = UserId(Uuid::from_u128(2));
    let director = NewStaff {
        user,
        court: court.clone(),
        username: "boss".into(),
        name: "院长".into(),
        roles: vec![Role::Director],
        password: "correct horse".into(),
    };
    assert!(app.doors.add_staff(director).await.expect("added"));
    let token = random_token();
    app.doors.add_session(token_hash(&token), user).await.expect("added");
    let web = actix_web::App::new().app_data(app.clone()).configure(super::routes);
    let web = init_service(web).await;
    let get = |path: &str| {
        let cookie = format!("{COOKIE}={token}");
        TestRequest::get().uri(path).insert_header(("cookie", cookie)).to_request()
    };
    let list = "/api/incidents?state=all";
    assert_eq!(call_service(&web, get(list)).await.status(), 200);

    let reading = [app.report().await.expect("room"), app.report().await.expect("room")];
    refused(call_service(&web, get(list)).await, "overloaded", "a third list").await;
    assert_eq!(call_service(&web, get("/api/officers")).await.status(), 200, "what is no report");
    drop(reading);
    assert_eq!(call_service(&web, get(list)).await.status(), 200, "room again");
    app.courts().iter().for_each(tiande_actors::court::CourtHandle::stop);
    app.journal.shutdown().await;
}
