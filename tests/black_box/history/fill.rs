//! Writes a long history into a store that no server works on, as fast as the journal takes it.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::join_all;
use tiande::journal::{OpenOptions, PostgresOptions, Store};
use tiande::telemetry::SystemClock;
use tiande_actors::ports::Clock as _;
use tiande_actors::ports::journal::{Append, Delivery, Journal as _, StreamAppend};
use tiande_core::case::{CaseEvent, CaseNumber, CaseParties, Party, PartyRole};
use tiande_core::geo::{LatLon, Place};
use tiande_core::ids::{CaseId, CourtId, IncidentId, OfficerId, TipId};
use tiande_core::incident::{
    IncidentEvent, IncidentKind, IncidentOpened, IncidentPersonal, Origin, Outcome, Urgency,
};
use tiande_core::journal::{By, Event, Fold, StreamId, Subject};
use tiande_core::officer::{DutyChange, Officer, OfficerEvent, OfficerPersonal};
use tiande_core::time::UnixMillis;
use tiande_core::tip::{TipEvent, TipPersonal, TipReceived, TipSealed};
use uuid::Uuid;

/// Decisions on their way at once: less than the journal's queue holds.
const AT_ONCE: usize = 2_000;
/// A snapshot of an officer stands so many events before the end at most.
const SNAPSHOT_EVERY: u64 = 32;
/// Events of an officer in one decision.
const SHIFT: u64 = 25;

/// How much of everything.
#[derive(Debug, Clone, Copy)]
pub struct Fill {
    pub officers: u64,
    /// Of each officer.
    pub events: u64,
    pub open_incidents: u64,
    pub closed_incidents: u64,
    /// All of them open.
    pub cases: u64,
}

/// The history of one court, so far.
pub struct History {
    court: CourtId,
    cases: u64,
    incidents: u64,
    officers: u64,
}

fn id(kind: u128, n: u64) -> Uuid {
    Uuid::from_u128(0x0192_d3a4_0000_7000_8000_0000_0000_0000 | kind << 56 | u128::from(n))
}

/// A text as a part of an address.
pub fn percent(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// The number of a case as a part of an address.
pub fn address_of(n: u64) -> String {
    percent(&number(n).to_string())
}

fn number(n: u64) -> CaseNumber {
    let text = format!("(2026)豫0783执{n}号");
    CaseNumber::parse(&text).expect("a case number")
}

/// The identity of the nth case.
pub fn case_id(n: u64) -> CaseId {
    CaseId(id(6, n))
}

/// How the nth case begins.
pub fn opening(n: u64) -> CaseEvent {
    let party = |role, name: &str| Party::named(role, &format!("{name}{n}"));
    let parties = vec![party(PartyRole::Applicant, "申请人"), party(PartyRole::Debtor, "被执行人")];
    let personal = Some(CaseParties { parties });
    CaseEvent::Opened { case: case_id(n), number: number(n), personal }
}

/// Opens the store of that data folder, or the database of that address.
pub async fn open(data: &Path, database: Option<&str>) -> Store {
    let options = OpenOptions::new(data.to_owned(), "sha256", Arc::new(SystemClock));
    let place = database.map(|url| PostgresOptions::new(url, None).expect("an address"));
    Store::open(options, place).await.expect("opens")
}

/// Makes decisions durable, so many at once as a busy journal has; the position of the last record.
pub async fn append_all(journal: &Store, decisions: impl Iterator<Item = Append>) -> u64 {
    let mut decisions = decisions.peekable();
    let mut last = 0;
    while decisions.peek().is_some() {
        let lot: Vec<_> =
            decisions.by_ref().take(AT_ONCE).map(|append| journal.append(append)).collect();
        for end in join_all(lot).await {
            last = last.max(end.expect("durable").position);
        }
    }
    last
}

impl History {
    /// Nothing yet.
    pub fn of(court: &str) -> Self {
        Self::after(court, 0, 0)
    }

    /// So many cases and incidents were written before, and no officers.
    pub fn after(court: &str, cases: u64, incidents: u64) -> Self {
        let court = CourtId::parse(court).expect("a court");
        Self { court, cases, incidents, officers: 0 }
    }

    /// The number and the identity of the newest case.
    pub fn some_case(&self) -> (String, CaseId) {
        (number(self.cases).to_string(), case_id(self.cases))
    }

    /// Adds to the history in that data folder, or in the database of that address.
    pub fn write(&mut self, data: &Path, database: Option<&str>, fill: &Fill) {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let journal = open(data, database).await;
            let now = SystemClock.now();
            let cases = self.cases + 1..=self.cases + fill.cases;
            append_all(&journal, cases.map(|n| self.case(now, n))).await;
            let closed = self.incidents + 1..=self.incidents + fill.closed_incidents;
            let open = *closed.end() + 1..=*closed.end() + fill.open_incidents;
            let last = *open.end();
            append_all(&journal, closed.map(|n| self.incident(now, n, true))).await;
            append_all(&journal, open.map(|n| self.incident(now, n, false))).await;
            let officers = self.officers + 1..=self.officers + fill.officers;
            for n in (0..fill.events).step_by(usize::try_from(SHIFT).unwrap_or(1)) {
                let shift = officers.clone().map(|officer| self.shift(now, officer, n));
                append_all(&journal, shift).await;
            }
            self.snapshots(&journal, officers, fill.events).await;
            (self.cases, self.incidents) = (self.cases + fill.cases, last);
            self.officers += fill.officers;
            journal.shutdown().await;
        });
    }

    /// As the officers' actors leave them: each somewhere in the last so many events.
    async fn snapshots(&self, journal: &Store, officers: impl Iterator<Item = u64>, events: u64) {
        let mut lot = Vec::new();
        for n in officers {
            let stream = StreamId::Officer(OfficerId(id(3, n)));
            let mut fold = Fold::<Officer>::before(stream).expect("an officer");
            for record in journal.read_stream(stream).await.expect("readable") {
                if record.seq + n % SNAPSHOT_EVERY <= events {
                    fold.take(record.seq, &record.event, record.at);
                }
            }
            if fold.seq > 0 {
                lot.push((stream, fold.snapshot()));
            }
            if lot.len() == 500 {
                journal.keep(std::mem::take(&mut lot)).await;
            }
        }
        journal.keep(lot).await;
    }

    /// A decision of that court by the rules themselves.
    pub fn decision(&self, at: UnixMillis, streams: Vec<StreamAppend>) -> Append {
        let (court, by) = (self.court.clone(), By::System);
        let (delivery, notices, case) = (None, Vec::new(), None);
        Append { court, at, by, why: None, streams, delivery, notices, case }
    }

    fn case(&self, at: UnixMillis, n: u64) -> Append {
        let (stream, events) = (StreamId::Case(case_id(n)), vec![Event::Case(opening(n))]);
        self.decision(at, vec![StreamAppend { stream, expected_seq: 0, events }])
    }

    fn incident(&self, at: UnixMillis, n: u64, over: bool) -> Append {
        let (tip, incident) = (TipId(id(1, n)), IncidentId(id(2, n)));
        let place =
            Some(Place { at: LatLon::new(35.2, 114.67).expect("in range"), accuracy: None });
        let told = TipPersonal {
            description: format!("被执行人在门店内，第{n}条线索"),
            address: Some("蒲西街道".into()),
            reporter_name: Some("王某".into()),
            reporter_phone: Some("13800000000".into()),
        };
        let personal = IncidentPersonal {
            place,
            address: told.address.clone(),
            description: told.description.clone(),
        };
        let received = TipReceived {
            tip,
            source: "history".into(),
            trusted: false,
            kind: IncidentKind::DebtorSighted,
            urgency: Urgency::Routine,
            case_number: None,
            occurred_at: Some(at),
            media: Vec::new(),
            exercise: false,
            personal: Some(TipSealed { told, place }),
        };
        let opened = IncidentOpened {
            incident,
            number: n,
            year: 2026,
            origin: Origin::Tip { tip, source: "history".into(), trusted: false },
            kind: IncidentKind::DebtorSighted,
            urgency: Urgency::Routine,
            need: 1,
            skills: Vec::new(),
            case_number: None,
            case: None,
            excluded: Vec::new(),
            exercise: false,
            alarm: None,
            procedure: None,
            subject: Subject(tip.0),
            personal: Some(personal),
        };
        let mut events = vec![IncidentEvent::Opened(Box::new(opened))];
        if over {
            events.push(IncidentEvent::Finished { outcome: Outcome::Found });
        }
        let events = events.into_iter().map(Event::Incident).collect();
        let of_tip = vec![
            Event::Tip(TipEvent::Received(Box::new(received))),
            Event::Tip(TipEvent::Linked { incident }),
        ];
        let streams = vec![
            StreamAppend { stream: StreamId::Tip(tip), expected_seq: 0, events: of_tip },
            StreamAppend { stream: StreamId::Incident(incident), expected_seq: 0, events },
        ];
        let delivery = Some(Delivery {
            source: format!("{}/history", self.court),
            webhook_id: format!("msg_history_{n}"),
            body_sha256: [7; 32],
            tip,
            incident,
        });
        Append { delivery, ..self.decision(at, streams) }
    }

    /// Events of one officer, after so many.
    fn shift(&self, at: UnixMillis, n: u64, after: u64) -> Append {
        let officer = OfficerId(id(3, n));
        let events = (after..after + SHIFT).map(|seq| match seq {
            0 => OfficerEvent::Registered {
                officer,
                skills: vec!["vehicle".into()],
                personal: Some(OfficerPersonal { name: format!("干警{n}"), badge: None }),
            },
            seq if seq % 4 == 1 => OfficerEvent::WentOnDuty { how: DutyChange::Reported },
            seq if seq % 4 == 2 => OfficerEvent::BreakStarted {},
            seq if seq % 4 == 3 => OfficerEvent::BreakEnded {},
            _ => OfficerEvent::WentOffDuty { how: DutyChange::Reported },
        });
        let events = events.map(Event::Officer).collect();
        let stream = StreamId::Officer(officer);
        self.decision(at, vec![StreamAppend { stream, expected_seq: after, events }])
    }
}
