//! For thirty days a delivery that comes again gets the answer it got; then it is forgotten. A real
//! court on a real store, with a clock by hand.

use std::sync::Arc;

use actix::Arbiter;
use tiande::journal::aging::DELIVERY_KEPT;
use tiande::journal::{HashAlg, OpenOptions, Store};
use tiande_actors::court::{CourtHandle, Idle, RoomPorts};
use tiande_actors::intake::{SubmitTip, TipFault, TipTaken};
use tiande_actors::ports::Clock as _;
use tiande_actors::ports::clock::Ids as _;
use tiande_actors::testkit::{ManualClock, MemoryTracks, PlainWire, SeededIds, plain_rules};
use tiande_core::court::CourtProfile;
use tiande_core::ids::TipId;
use tiande_core::incident::{IncidentKind, Urgency};
use tiande_core::time::Millis;
use tiande_core::tip::{Tip, TipPersonal};

use crate::home::Home;
use crate::samples::{NOW, court};

const DAY: u64 = 24 * 3_600_000;

fn profile() -> CourtProfile {
    serde_json::from_value(serde_json::json!({
        "id": "changyuan", "name": "长垣", "area": [114.3, 34.9, 115.0, 35.5],
        "court_house": {"lat": 35.2, "lon": 114.67, "radius_m": 150.0},
    }))
    .expect("a profile")
}

struct House {
    journal: Store,
    clock: ManualClock,
    court: CourtHandle,
    ids: SeededIds,
    arbiter: Arbiter,
    _home: Home,
}

impl House {
    async fn open(home: Home) -> Self {
        let (clock, ids) = (ManualClock::at(NOW), SeededIds::new(3));
        let options = OpenOptions::new(
            home.path().to_owned(),
            HashAlg::Sha256.name(),
            Arc::new(clock.clone()),
        );
        let journal = home.try_open(options).await.expect("opens");
        let ports = RoomPorts {
            journal: Arc::new(journal.clone()),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(ids.clone()),
            wire: Arc::new(PlainWire::default()),
            tracks: Arc::new(MemoryTracks::default()),
            rules: plain_rules(),
            idle: Idle::default(),
            acks_round: tiande_actors::limits::ACKS_ROUND,
            bell_look: tiande_actors::limits::BELL_LOOK,
        };
        let arbiter = Arbiter::new();
        let court = CourtHandle::open(&arbiter.handle(), profile(), ports).await.expect("open");
        Self { journal, clock, court, ids, arbiter, _home: home }
    }

    /// A delivery of that id and body. Each has a tip's id of its own, as the edge makes it.
    async fn deliver(&self, id: &str, body: u8) -> Result<TipTaken, TipFault> {
        let tip = Tip {
            court: court(),
            kind: IncidentKind::Other,
            urgency: Urgency::Routine,
            case_number: None,
            occurred_at: None,
            place: None,
            personal: TipPersonal::default(),
            media: Vec::new(),
            exercise: false,
        };
        let submitted = SubmitTip {
            tip: Box::new(tip),
            id: TipId::new(self.clock.now(), self.ids.source().as_mut()),
            source: "police".into(),
            trusted: true,
            delivery_source: "changyuan/police".into(),
            webhook_id: id.into(),
            body_sha256: [body; 32],
        };
        self.court.submit_tip(submitted).await
    }

    /// Everything that may be forgotten now; how many it were.
    async fn sweep(&self) -> u64 {
        self.journal.sweep_deliveries(self.clock.now(), 500).await.expect("swept")
    }

    async fn close(self) {
        self.court.stop();
        self.journal.shutdown().await;
        self.arbiter.stop();
    }
}

async fn a_delivery_gets_its_answer_for_thirty_days_and_is_then_forgotten(home: Home) {
    let house = House::open(home).await;
    let first = house.deliver("m1", 1).await.expect("taken");
    let same = Ok(TipTaken { repeated: true, ..first });
    for days in [0, 1, 28, 1] {
        house.clock.advance(Millis(days * DAY));
        assert_eq!(house.sweep().await, 0);
        assert_eq!(house.deliver("m1", 1).await.map_err(drop), same);
        let other = house.deliver("m1", 2).await;
        assert!(matches!(other, Err(TipFault::Mismatch)), "{other:?}");
    }
    // Thirty days to the millisecond: it counts still.
    assert_eq!(house.clock.now(), NOW.plus(DELIVERY_KEPT));
    let newer = house.deliver("m2", 1).await.expect("taken");
    house.clock.advance(Millis(1));
    assert_eq!(house.sweep().await, 1);
    // The same bytes are a new tip now, and so would other ones be.
    let again = house.deliver("m1", 1).await.expect("taken");
    assert!(!again.repeated);
    assert_ne!((again.tip, again.incident), (first.tip, first.incident));
    assert!(matches!(house.deliver("m1", 2).await, Err(TipFault::Mismatch)));
    let kept = house.deliver("m2", 1).await.expect("kept");
    assert_eq!((kept.tip, kept.repeated), (newer.tip, true));
    // The tip itself is never forgotten with its delivery.
    assert!(house.journal.has_tip(first.tip).await.expect("read"));
    house.close().await;
}

async fn a_sweep_takes_the_oldest_and_not_more_than_it_may(home: Home) {
    let house = House::open(home).await;
    for n in 0..7 {
        house.deliver(&format!("m{n}"), 1).await.expect("taken");
        house.clock.advance(Millis(1));
    }
    house.clock.advance(DELIVERY_KEPT);
    let now = house.clock.now();
    assert_eq!(house.journal.sweep_deliveries(now, 3).await.expect("swept"), 3);
    let repeated = |n: u64| {
        let house = &house;
        async move { house.deliver(&format!("m{n}"), 1).await.expect("taken").repeated }
    };
    assert!(!repeated(2).await && repeated(3).await, "the oldest three are gone");
    assert_eq!(house.journal.sweep_deliveries(now, 500).await.expect("swept"), 4);
    assert_eq!(house.sweep().await, 0);
    house.close().await;
}

mod a_delivery_gets_its_answer_for_thirty_days_and_is_then_forgotten {
    use crate::home::Home;

    #[actix::test]
    async fn in_sqlite() {
        super::a_delivery_gets_its_answer_for_thirty_days_and_is_then_forgotten(Home::in_sqlite())
            .await;
    }

    #[actix::test]
    async fn in_postgres() {
        if let Some(home) = Home::in_postgres().await {
            super::a_delivery_gets_its_answer_for_thirty_days_and_is_then_forgotten(home).await;
        }
    }
}

mod a_sweep_takes_the_oldest_and_not_more_than_it_may {
    use crate::home::Home;

    #[actix::test]
    async fn in_sqlite() {
        super::a_sweep_takes_the_oldest_and_not_more_than_it_may(Home::in_sqlite()).await;
    }

    #[actix::test]
    async fn in_postgres() {
        if let Some(home) = Home::in_postgres().await {
            super::a_sweep_takes_the_oldest_and_not_more_than_it_may(home).await;
        }
    }
}
