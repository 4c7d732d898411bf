//! Tests of the whole way behind HTTP, with a server made for them: every bad input, and that a
//! refused tip leaves nothing (I04).

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::{Arc, Mutex};

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tiande_actors::class::Class;
use tiande_actors::ports::journal::ReadFault;

use super::*;
use crate::keys::{MasterKey, random};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const AT: i64 = 1_800_000_000;
const JPEG: &[u8] = b"\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x10\x00\x10\x01\x01\x11\x00 a picture";

/// How the court answers next; as it should when there is none.
type NextAnswer = Arc<Mutex<Option<Result<TipTaken, TipFault>>>>;

#[derive(Clone)]
struct FakeCourt {
    profile: Arc<CourtProfile>,
    next: NextAnswer,
    tips: Turnstile,
    /// Deliveries that are durable, by key and id.
    taken: Arc<Mutex<BTreeMap<(String, String), Delivery>>>,
}

impl Court for FakeCourt {
    fn profile(&self) -> &CourtProfile {
        &self.profile
    }

    fn tips(&self) -> &Turnstile {
        &self.tips
    }

    async fn submit(&self, _pass: Pass, tip: SubmitTip) -> Result<TipTaken, TipFault> {
        if let Some(answer) = self.next.lock().expect("whole").take() {
            return answer;
        }
        let mut taken = self.taken.lock().expect("whole");
        let key = (tip.delivery_source.clone(), tip.webhook_id.clone());
        if let Some(known) = taken.get(&key) {
            return if known.body_sha256 == tip.body_sha256 {
                Ok(TipTaken { tip: known.tip, incident: known.incident, repeated: true })
            } else {
                Err(TipFault::Mismatch)
            };
        }
        let incident = IncidentId::new(UnixMillis(AT), &mut IdEntropy);
        let delivery = Delivery {
            source: tip.delivery_source,
            webhook_id: tip.webhook_id,
            body_sha256: tip.body_sha256,
            tip: tip.id,
            incident,
        };
        taken.insert(key, delivery);
        Ok(TipTaken { tip: tip.id, incident, repeated: false })
    }
}

struct Inside {
    now: RefCell<UnixMillis>,
    /// What the machine's clock shows, when it is another time.
    shown: Cell<Option<UnixMillis>>,
    rates: Rates,
    media: MediaStore,
    folder: PathBuf,
    court: FakeCourt,
}

type Fake = Rc<Inside>;

impl Server for Fake {
    type Court = FakeCourt;

    fn now(&self) -> UnixMillis {
        *self.now.borrow()
    }

    fn shown(&self) -> UnixMillis {
        self.shown.get().unwrap_or_else(|| self.now())
    }

    fn rates(&self) -> &Rates {
        &self.rates
    }

    fn media(&self) -> &MediaStore {
        &self.media
    }

    fn court(&self, id: &CourtId) -> Option<FakeCourt> {
        (*id == self.court.profile.id).then(|| self.court.clone())
    }

    async fn source(&self, name: &str) -> Result<Option<KnownSource>, Problem> {
        let court = match name {
            "hotline" => "changyuan",
            "homeless" => "elsewhere",
            _ => return Ok(None),
        };
        let court = CourtId::parse(court).expect("a name");
        let secrets = vec![Secret::parse(SECRET).expect("a secret")];
        Ok(Some(KnownSource { court, trusted: true, secrets }))
    }

    async fn delivery(&self, key: String, id: String) -> Result<Option<Delivery>, Problem> {
        Ok(self.court.taken.lock().expect("whole").get(&(key, id)).cloned())
    }
}

fn server() -> Fake {
    let profile = json!({
        "id": "changyuan", "name": "长垣", "area": [114.3, 34.9, 115.0, 35.5],
        "court_house": {"lat": 35.2, "lon": 114.67, "radius_m": 150.0}
    });
    let profile = serde_json::from_value(profile).expect("a profile");
    let folder = std::env::temp_dir().join(format!("tiande-take-{}", hex::encode(random::<8>())));
    std::fs::create_dir_all(&folder).expect("a temporary folder");
    let master = Arc::new(MasterKey::from_bytes([5; 32]));
    Rc::new(Inside {
        now: RefCell::new(UnixMillis(AT * 1_000)),
        shown: Cell::new(None),
        rates: Rates::new(),
        media: MediaStore::open(&folder, master).expect("opened"),
        folder,
        court: FakeCourt {
            profile: Arc::new(profile),
            next: Arc::default(),
            tips: Turnstile::new(Class::Tip, 1),
            taken: Arc::default(),
        },
    })
}

impl Inside {
    /// Number of pictures on the disk.
    fn files(&self) -> usize {
        let folders = std::fs::read_dir(self.folder.join("media")).expect("there");
        folders.map(|it| std::fs::read_dir(it.expect("one").path()).expect("there").count()).sum()
    }

    fn tips(&self) -> usize {
        self.court.taken.lock().expect("whole").len()
    }

    fn answer_next(&self, answer: Result<TipTaken, TipFault>) {
        *self.court.next.lock().expect("whole") = Some(answer);
    }
}

fn good() -> Value {
    json!({
        "court": "changyuan", "kind": "debtor_sighted", "urgency": "emergency",
        "description": "在超市门口", "location": {"lat": 35.1997, "lon": 114.6689}
    })
}

fn with_picture() -> Value {
    let mut body = good();
    body["media"] = json!([{"content_type": "image/jpeg", "data": STANDARD.encode(JPEG)}]);
    body
}

/// The headers of a delivery that is signed right.
fn signed(id: &str, at: i64, body: &[u8]) -> Signed {
    let signature = Webhook::new(SECRET).and_then(|it| it.sign(id, at, body)).expect("signed");
    with_headers(id, at, &signature)
}

fn with_headers(id: &str, at: i64, signature: &str) -> Signed {
    let (at, value) = (at.to_string(), |text: &str| HeaderValue::from_str(text).expect("a value"));
    let fields =
        [("webhook-id", id), ("webhook-timestamp", at.as_str()), ("webhook-signature", signature)];
    let headers: HeaderMap =
        fields.iter().map(|(name, it)| (HeaderName::from_static(name), value(it))).collect();
    Signed::read(&headers).expect("whole")
}

async fn deliver(server: &Fake, id: &str, body: &[u8]) -> Result<Answer, Problem> {
    let body = Bytes::copy_from_slice(body);
    take(server, "hotline", signed(id, AT, &body), body).await
}

async fn send(server: &Fake, id: &str, body: &Value) -> Result<Answer, Problem> {
    deliver(server, id, body.to_string().as_bytes()).await
}

fn field(pointer: &str, code: &str) -> Problem {
    let fault = FieldFault { pointer: pointer.to_owned(), code: code.to_owned() };
    Problem::field_invalid().with_errors(vec![fault])
}

#[actix_web::test]
async fn a_good_tip_is_taken_with_its_pictures() {
    let server = server();
    let answer = send(&server, "a", &with_picture()).await.expect("taken");
    assert!(!answer.repeated);
    assert_eq!((server.tips(), server.files()), (1, 1));
    let kept = server.media.get(answer.tip, Sha256::digest(JPEG).into()).await.expect("read");
    assert_eq!(kept.as_deref(), Some(JPEG));
}

#[actix_web::test]
async fn the_same_delivery_again_has_the_same_answer_and_adds_nothing() {
    let server = server();
    let first = send(&server, "a", &with_picture()).await.expect("taken");
    for _ in 0..3 {
        let again = send(&server, "a", &with_picture()).await.expect("taken before");
        assert_eq!(again, Answer { repeated: true, ..first });
    }
    assert_eq!((server.tips(), server.files()), (1, 1));
    let other = send(&server, "a", &good()).await;
    assert_eq!(other, Err(Problem::idempotency_mismatch()));
    assert_eq!((server.tips(), server.files()), (1, 1));
}

#[actix_web::test]
async fn an_answer_stands_when_the_tips_time_has_grown_too_old() {
    let server = server();
    let mut body = good();
    body["occurred_at"] = json!("2027-01-15T08:00:00Z");
    let first = send(&server, "a", &body).await.expect("taken");
    let later = AT + 40 * 86_400;
    *server.now.borrow_mut() = UnixMillis(later * 1_000);
    let bytes = Bytes::from(body.to_string());
    let again = take(&server, "hotline", signed("a", later, &bytes), bytes.clone()).await;
    assert_eq!(again, Ok(Answer { repeated: true, ..first }));
    let fresh = take(&server, "hotline", signed("b", later, &bytes), bytes).await;
    assert_eq!(fresh, Err(field("/occurred_at", "too-old")));
    body["description"] = json!("changed");
    let bytes = Bytes::from(body.to_string());
    let changed = take(&server, "hotline", signed("a", later, &bytes), bytes).await;
    assert_eq!(changed, Err(Problem::idempotency_mismatch()));
}

#[actix_web::test]
async fn a_tip_that_is_fresh_by_the_machine_comes_in_while_its_clock_is_doubted() {
    let server = server();
    let bytes = Bytes::from(
        json!({
            "court": "changyuan", "kind": "other", "urgency": "routine", "description": "线索",
        })
        .to_string(),
    );
    let hour = 3_600;
    let tip = |id: &str| signed(id, AT + hour, &bytes);
    let ahead = take(&server, "hotline", tip("a"), bytes.clone()).await;
    assert_eq!(ahead, Err(Problem::timestamp()), "by neither clock");
    server.shown.set(Some(UnixMillis((AT + hour) * 1_000)));
    assert!(take(&server, "hotline", tip("a"), bytes.clone()).await.is_ok());
}

#[actix_web::test]
async fn a_stranger_is_refused_before_anything_is_read() {
    let server = server();
    let wrong = "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=";
    for body in ["{}", "no JSON", "\u{feff}", &with_picture().to_string()] {
        let bytes = Bytes::copy_from_slice(body.as_bytes());
        let forged = take(&server, "hotline", with_headers("a", AT, wrong), bytes.clone()).await;
        assert_eq!(forged, Err(Problem::signature()), "{body}");
        let stale = take(&server, "hotline", with_headers("a", 1, wrong), bytes.clone()).await;
        assert_eq!(stale, Err(Problem::signature()), "{body}");
        let nobody = take(&server, "nobody", signed("a", AT, &bytes), bytes.clone()).await;
        assert_eq!(nobody, Err(Problem::signature()), "{body}");
        let late = take(&server, "hotline", signed("a", AT - 301, &bytes), bytes).await;
        assert_eq!(late, Err(Problem::timestamp()), "{body}");
    }
    assert_eq!((server.tips(), server.files()), (0, 0));
}

#[actix_web::test]
async fn what_is_no_json_is_refused_as_such() {
    let server = server();
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    let bodies = ["", "x", "{", "{}{}", "\u{feff}{}", r#"{"kind":1,"kind":2}"#, &deep, "[1e999]"];
    for body in bodies {
        let refused = deliver(&server, "a", body.as_bytes()).await;
        assert_eq!(refused, Err(Problem::json_invalid()), "{body}");
    }
    assert_eq!((server.tips(), server.files()), (0, 0));
}

#[actix_web::test]
async fn fields_with_faults_are_named_and_nothing_is_kept() {
    let server = server();
    let cases: [(&str, Value, &str, &str); 17] = [
        ("/court", json!("beijing"), "/court", "unknown-court"),
        ("/court", json!(1), "/court", "wrong-type"),
        ("/kind", json!("officer_sos"), "/kind", "kind-unknown"),
        ("/urgency", json!("soon"), "/urgency", "out-of-range"),
        ("/location/lat", json!(91), "/location/lat", "out-of-range"),
        ("/location/lon", json!(-181), "/location/lon", "out-of-range"),
        ("/location/lat", json!("35.2"), "/location/lat", "wrong-type"),
        ("/location/lat", json!(39.9), "/location", "outside-court"),
        ("/location/accuracy_m", json!(-1), "/location/accuracy_m", "out-of-range"),
        ("/location/datum", json!("BD-09"), "/location/datum", "out-of-range"),
        ("/description", json!("x".repeat(2_001)), "/description", "too-long"),
        ("/case_number", json!("123"), "/case_number", "case-number-invalid"),
        ("/occurred_at", json!("yesterday"), "/occurred_at", "time-invalid"),
        ("/reporter", json!({"phone": "110a"}), "/reporter/phone", "phone-invalid"),
        ("/extra", json!(1), "/extra", "unknown-field"),
        ("/media/0/data", json!("!"), "/media/0/data", "base64-invalid"),
        ("/media/0/content_type", json!("image/png"), "/media/0/data", "media-type"),
    ];
    for (changed, value, pointer, code) in cases {
        let mut body = with_picture();
        let (parent, name) = changed.rsplit_once('/').expect("a pointer");
        body.pointer_mut(parent).expect("there")[name] = value;
        let refused = send(&server, "a", &body).await;
        assert_eq!(refused, Err(field(pointer, code)), "{changed}");
    }
    for missing in ["court", "kind", "urgency"] {
        let mut body = with_picture();
        body.as_object_mut().expect("an object").remove(missing);
        let refused = send(&server, "a", &body).await;
        assert_eq!(refused, Err(field(&format!("/{missing}"), "missing")));
    }
    assert_eq!((server.tips(), server.files()), (0, 0));
}

#[actix_web::test]
async fn a_tip_without_accuracy_or_without_a_place_is_taken() {
    let server = server();
    assert!(send(&server, "a", &good()).await.is_ok());
    let mut nowhere = good();
    nowhere.as_object_mut().expect("an object").remove("location");
    assert!(send(&server, "b", &nowhere).await.is_ok());
}

#[actix_web::test]
async fn a_large_body_needs_pictures() {
    let server = server();
    let mut body = good().to_string();
    body.push_str(&" ".repeat(PLAIN_BODY_MAX - body.len()));
    assert!(deliver(&server, "a", body.as_bytes()).await.is_ok(), "just not too large");
    body.push(' ');
    assert_eq!(deliver(&server, "b", body.as_bytes()).await, Err(Problem::too_large()));
    let mut large = with_picture();
    let picture = [JPEG, &vec![7; 200_000]].concat();
    large["media"][0]["data"] = json!(STANDARD.encode(picture));
    assert!(send(&server, "c", &large).await.is_ok());
    assert_eq!((server.tips(), server.files()), (2, 1));
}

#[actix_web::test]
async fn a_court_that_refuses_leaves_no_pictures_unless_it_is_unsure() {
    let unread = ReadFault { what: "x".to_owned(), source: None };
    let append = |fault| TipFault::Incident(IncidentFault::Append(fault));
    let busy = TipFault::Incident(IncidentFault::Busy);
    let cases = [
        (TipFault::Mismatch, Problem::idempotency_mismatch(), 0),
        (TipFault::Overloaded, Problem::overloaded(), 0),
        (TipFault::Read(unread), Problem::journal_unavailable(), 0),
        (busy, Problem::overloaded(), 0),
        (append(AppendFault::StorageFull), Problem::storage_full(), 0),
        (append(AppendFault::Unavailable), Problem::journal_unavailable(), 0),
        (append(AppendFault::Violates("x".to_owned())), Problem::overloaded(), 0),
        (append(AppendFault::Unknown), Problem::journal_unavailable(), 1),
        (TipFault::NoAnswer, Problem::journal_unavailable(), 1),
    ];
    for (fault, problem, files) in cases {
        let server = server();
        let shown = format!("{fault:?}");
        server.answer_next(Err(fault));
        assert_eq!(send(&server, "a", &with_picture()).await, Err(problem), "{shown}");
        assert_eq!(server.files(), files, "{shown}");
    }
}

#[actix_web::test]
async fn pictures_that_cannot_be_kept_keep_the_tip_out() {
    let server = server();
    let hash = hex::encode(Sha256::digest(JPEG));
    // Something is in the way of the picture's folder.
    let way = server.folder.join("media").join(&hash[..2]);
    std::fs::write(&way, b"").expect("written");
    let refused = send(&server, "a", &with_picture()).await;
    assert_eq!(refused, Err(Problem::journal_unavailable()));
    assert_eq!(server.tips(), 0);
    assert!(send(&server, "b", &good()).await.is_ok());
    let full = std::io::Error::from(std::io::ErrorKind::StorageFull);
    assert_eq!(problem_of_store(&full), Problem::storage_full());
}

#[actix_web::test]
async fn the_rate_counts_only_what_was_signed() {
    let server = server();
    let now = server.now();
    let wrong = "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=";
    let forged = take(&server, "hotline", with_headers("a", AT, wrong), Bytes::new()).await;
    assert_eq!(forged, Err(Problem::signature()));
    for _ in 0..super::super::rates::TIPS_BURST {
        assert!(server.rates.take("hotline", now));
    }
    assert_eq!(send(&server, "a", &good()).await, Err(Problem::too_many()));
    assert_eq!(server.tips(), 0);
}

#[actix_web::test]
async fn a_source_whose_court_is_not_open_waits() {
    let server = server();
    let body = Bytes::from(good().to_string());
    let refused = take(&server, "homeless", signed("a", AT, &body), body).await;
    assert_eq!(refused, Err(Problem::starting()));
}

#[actix_web::test]
async fn a_sender_who_hangs_up_while_the_tip_waits_leaves_nothing() {
    let server = server();
    let at_work = server.court.tips.enter().await.expect("room");
    let body = with_picture().to_string();
    let headers = signed("msg_gone", AT, body.as_bytes());
    let waiting = take(&server, "hotline", headers, Bytes::from(body.clone()));
    let given_up = tokio::time::timeout(std::time::Duration::from_millis(50), waiting).await;
    assert!(given_up.is_err(), "it waits");
    drop(at_work);
    actix_web::rt::task::yield_now().await;
    assert_eq!((server.tips(), server.files()), (0, 0));
    let headers = signed("msg_gone", AT, body.as_bytes());
    take(&server, "hotline", headers, Bytes::from(body)).await.expect("the same again is taken");
}

#[test]
fn those_who_are_sent_away_come_back_at_different_times() {
    let waits: Vec<u32> = (0..1_000)
        .map(|n| {
            let answer = actix_web::ResponseError::error_response(&come_back(&format!("msg_{n}")));
            let wait = answer.headers().get("retry-after").and_then(|wait| wait.to_str().ok());
            wait.and_then(|wait| wait.parse().ok()).expect("seconds")
        })
        .collect();
    for wait in 1..=RETRY_SPREAD_S {
        let share = waits.iter().filter(|one| **one == wait).count();
        assert!((100..400).contains(&share), "{share} of 1000 come back after {wait} s");
    }
    assert!(waits.iter().all(|wait| (1..=RETRY_SPREAD_S).contains(wait)));
}
