//! What the actors really append for one tip: from the tip over two offers and two acceptances to the
//! end, so that the officers are free for the next one.
//!
//! **Not here:** measuring.

use tiande_actors::ports::journal::{Append, NoticeChange, StreamAppend};
use tiande_core::dispatch::{Considered, Decision, Verdict};
use tiande_core::ids::DeviceId;
use tiande_core::incident::{IncidentEvent, OfferMade, Outcome, Said, SearchReason, StageSource};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::officer::{CommitmentKind, OfficerEvent, ReleaseKind, Stage};
use tiande_core::time::UnixMillis;
use uuid::Uuid;

use crate::samples::{self, NOW, decision, incident, offer, officer, part, registered, tip};

/// Officers whom the search looks at and does not ask, beside the two that it asks.
const CONSIDERED: u64 = 6;

/// Two officers, and how many events each has.
pub struct Pair {
    first: u64,
    seqs: [u64; 2],
}

impl Pair {
    /// The `n`th pair, and the decisions that make them known.
    pub fn new(n: u64) -> (Self, Vec<Append>) {
        let first = 2 * n;
        let made = [first, first + 1].map(|n| samples::officer_event(n, 0, registered(n)));
        (Self { first, seqs: [1, 1] }, made.into())
    }

    fn part(&mut self, which: usize, event: OfficerEvent) -> StreamAppend {
        let seq = self.seqs[which];
        self.seqs[which] += 1;
        part(StreamId::Officer(officer(self.id(which))), seq, vec![Event::Officer(event)])
    }

    fn id(&self, which: usize) -> u64 {
        self.first + u64::try_from(which).expect("0 or 1")
    }

    fn by(&self, which: usize) -> By {
        let device = Some(DeviceId(Uuid::from_u128(u128::from(self.id(which)) + 7)));
        By::Officer { officer: officer(self.id(which)), device }
    }

    /// The tip itself: seven events in four streams, its delivery, five rows of read models.
    pub fn tip(&mut self, n: u64) -> Append {
        let mut append = samples::tip_taken(n);
        let offers = [0, 1].map(|which| OfferMade {
            offer: offer(2 * n + which),
            officer: officer(self.first + which),
            distance_m: 184.25 + 90.5 * which as f64,
            fix_age_ms: 1_800,
            receive_by: UnixMillis(NOW.0 + 5_000),
            expires_at: UnixMillis(NOW.0 + 30_000),
        });
        let asked = offers.iter().map(|made| (made.officer, made.distance_m, Verdict::Asked));
        let others = (0..CONSIDERED)
            .map(|n| (officer(900_000 + n), 400.0 + 77.5 * n as f64, Verdict::Committed));
        let considered = |(officer, distance, verdict)| Considered {
            officer,
            distance_m: Some(distance),
            fix_age_ms: Some(2_100),
            verdict,
        };
        let considered = asked.chain(others).map(considered).collect();
        let round = IncidentEvent::OffersMade {
            round: 1,
            offers: offers.to_vec(),
            decision: Decision { seats: 2, considered, not_listed: 0 },
        };
        let of_incident = append.streams.last_mut().expect("a tip and its incident");
        debug_assert!(of_incident.events.contains(&Event::Incident(
            IncidentEvent::SearchStarted { why: SearchReason::TrustedEmergency }
        )));
        of_incident.events.push(Event::Incident(round));
        for which in [0, 1] {
            let offered = OfficerEvent::Offered {
                incident: incident(n),
                offer: offers[which].offer,
                expires_at: offers[which].expires_at,
            };
            append.streams.push(self.part(which, offered));
        }
        debug_assert!(append.streams.iter().any(|part| part.stream == StreamId::Tip(tip(n))));
        append
    }

    /// All that becomes of one tip, in order: 26 events in 11 decisions.
    pub fn life(&mut self, n: u64) -> Vec<Append> {
        let mut appends = vec![self.tip(n)];
        let mut seq = 3;
        let mut step = |pair: &mut Self, which: usize, events: Vec<IncidentEvent>, own| {
            let count = u64::try_from(events.len()).expect("few");
            let events = events.into_iter().map(Event::Incident).collect();
            let mut streams = vec![part(StreamId::Incident(incident(n)), seq, events)];
            seq += count;
            if let Some(own) = own {
                streams.push(pair.part(which, own));
            }
            appends.push(Append { by: pair.by(which), ..decision(streams) });
        };
        let (about, at) = (incident(n), |which| offer(2 * n + which as u64));
        for which in [0, 1] {
            step(self, which, vec![IncidentEvent::OfferReceived { offer: at(which) }], None);
        }
        for which in [0, 1] {
            let accepted =
                IncidentEvent::OfferAccepted { offer: at(which), officer: officer(self.id(which)) };
            let (how, stacked) = (CommitmentKind::Accepted, false);
            let committed =
                OfficerEvent::Committed { incident: about, offer: at(which), how, stacked };
            step(self, which, vec![accepted], Some(committed));
        }
        for (stage, how) in
            [(Stage::EnRoute, StageSource::Reported), (Stage::OnScene, StageSource::Geofence)]
        {
            for which in [0, 1] {
                let officer = officer(self.id(which));
                let reached = IncidentEvent::StageReached { officer, stage, how };
                let own = OfficerEvent::StageReached { incident: about, stage };
                step(self, which, vec![reached], Some(own));
            }
        }
        for which in [0, 1] {
            let (outcome, said) = (Outcome::Found, Said::default());
            let officer = officer(self.id(which));
            let mut events = vec![IncidentEvent::OfficerFinished { officer, outcome, said }];
            if which == 1 {
                events.push(IncidentEvent::Finished { outcome });
            }
            let released = OfficerEvent::Released { incident: about, how: ReleaseKind::Finished };
            step(self, which, events, Some(released));
        }
        // Every fourth incident was exhausted for a while: an alarm, which its end settles.
        if n.is_multiple_of(4) {
            appends[2].notices.push(samples::raise(n, n));
        }
        let last = appends.last_mut().expect("eleven decisions");
        last.notices.push(NoticeChange::Settle { incident: about });
        appends
    }
}

/// Events of a decision.
pub fn events(append: &Append) -> usize {
    append.streams.iter().map(|part| part.events.len()).sum()
}
