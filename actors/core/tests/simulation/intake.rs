//! The intake: tips that come by mail, calls for help, and what is opened for them.

use tiande_core::ids::{AlarmId, IncidentId, OfficerId, TipId};
use tiande_core::incident::{
    IncidentCommand, IncidentKind, IncidentOpened, IncidentPersonal, Origin, TipMerged, Urgency,
};
use tiande_core::journal::{Event, StreamId, Subject};
use tiande_core::time::UnixMillis;
use tiande_core::tip::{Account, Fingerprint, Tip, TipEvent, TipReceived, TipSealed, compare};

use super::bugs::Bug;
use super::invariants::{Check, ensure};
use super::journal::{Batch, Delivery};
use super::mail::trusted;
use super::server::{Caller, Job, Reply, Want};
use super::world::World;

/// Tips at work at once; the others are sent away before anything is done for them.
const TIPS_AT_WORK: usize = 2;

fn received(tip: TipId, source: u8, it: Tip) -> TipEvent {
    TipEvent::Received(Box::new(TipReceived {
        tip,
        source: source.to_string(),
        trusted: trusted(source),
        kind: it.kind,
        urgency: it.urgency,
        case_number: it.case_number,
        occurred_at: it.occurred_at,
        media: it.media,
        exercise: it.exercise,
        personal: Some(TipSealed { told: it.personal, place: it.place }),
    }))
}

impl World {
    pub fn sos(
        &mut self,
        officer: OfficerId,
        place: Option<tiande_core::geo::Place>,
    ) -> IncidentOpened {
        let wall = self.wall();
        let personal = Some(IncidentPersonal { place, ..IncidentPersonal::default() });
        let alarm = Some(AlarmId::new(wall, &mut self.ids));
        let (kind, subject) = (IncidentKind::OfficerSos, Subject(officer.0));
        let origin = Origin::Sos { officer };
        self.opened(origin, kind, Urgency::Emergency, alarm, subject, personal)
    }

    fn opened(
        &mut self,
        origin: Origin,
        kind: IncidentKind,
        urgency: Urgency,
        alarm: Option<AlarmId>,
        subject: Subject,
        personal: Option<IncidentPersonal>,
    ) -> IncidentOpened {
        self.incident_number += 1;
        let mut excluded = Vec::new();
        if self.rng.chance(150) {
            excluded.extend(self.rng.pick(&self.devices).map(|device| device.officer));
        }
        IncidentOpened {
            incident: IncidentId::new(self.wall(), &mut self.ids),
            number: self.incident_number,
            year: 2026,
            origin,
            kind,
            urgency,
            need: self.court.need(kind),
            skills: self.court.dispatch.skills.get(&kind).cloned().unwrap_or_default(),
            case_number: None,
            case: None,
            excluded,
            exercise: false,
            alarm,
            procedure: None,
            subject,
            personal,
        }
    }

    /// A tip has come.
    pub fn letter_arrives(&mut self, number: usize) -> Check {
        let wall = self.wall();
        let Some(letter) = self.letters.get(number).filter(|_| self.server.is_some()) else {
            return Ok(());
        };
        let (key, body) = (letter.key, letter.body);
        let caller = Caller::Mail { letter: number };
        let tip = match Tip::parse(&letter.draft, &self.court, wall) {
            Ok(tip) => tip,
            Err(_faults) => {
                self.leave_row();
                return self.reply(caller, Reply::Invalid);
            }
        };
        if let Some(kept) = self.store.deliveries.get(&key).copied() {
            let same = kept.body == body || self.bug == Bug::AnswerOtherBody;
            return self.reply(caller, if same { Reply::Tip(kept) } else { Reply::Mismatch });
        }
        if self.tips_at_work() >= TIPS_AT_WORK {
            return self.reply(caller, Reply::Overloaded);
        }
        let id = TipId::new(wall, &mut self.ids);
        if let Some((incident, command)) = self.same_as(&tip, id, key.0, wall) {
            let delivery = Delivery { body, tip: id, incident };
            let received = received(id, key.0, tip);
            self.valid_tips.insert(id);
            return self
                .job(caller, Want::Merge { incident, command, tip: (received, key, delivery) });
        }
        let origin = Origin::Tip { tip: id, source: key.0.to_string(), trusted: trusted(key.0) };
        let personal = IncidentPersonal {
            place: tip.place,
            address: tip.personal.address.clone(),
            description: tip.personal.description.clone(),
        };
        let opened =
            self.opened(origin, tip.kind, tip.urgency, None, Subject(id.0), Some(personal));
        let exercise = tip.exercise;
        let opened = IncidentOpened { exercise, case_number: tip.case_number.clone(), ..opened };
        let received = received(id, key.0, tip);
        self.valid_tips.insert(id);
        let delivery = Delivery { body, tip: id, incident: opened.incident };
        let want = Want::Open { opened: Box::new(opened), tip: Some((received, key, delivery)) };
        if self.bug == Bug::AckBeforeAppend {
            self.reply(caller, Reply::Tip(delivery))?;
        }
        self.job(caller, want)
    }

    /// Tips that are being decided about.
    pub fn tips_at_work(&self) -> usize {
        let tips =
            |job: &Job| matches!(&job.want, Want::Open { tip: Some(_), .. } | Want::Merge { .. });
        let flights = self.server.iter().flat_map(|server| server.flights.values());
        flights.filter(|flight| tips(&flight.job)).count()
    }

    /// The open incident that a tip is about, as the shell finds it.
    fn same_as(
        &self,
        tip: &Tip,
        id: TipId,
        source: u8,
        now: UnixMillis,
    ) -> Option<(IncidentId, IncidentCommand)> {
        let account = Account {
            place: tip.place?,
            at: tip.occurred_at.unwrap_or(now),
            kind: tip.kind,
            urgency: tip.urgency,
            exercise: tip.exercise,
            case_number: tip.case_number.clone(),
            moving: trusted(source) && tip.urgency == Urgency::Emergency,
            words: Fingerprint::of(&tip.personal.description),
        };
        let need = self.court.need(tip.kind);
        let skills = self.court.dispatch.skills.get(&tip.kind).cloned().unwrap_or_default();
        self.server.as_ref()?.incidents.values().find_map(|known| {
            let opened = known.opened.as_ref().filter(|_| known.closed.is_none())?;
            let mixes = self.bug == Bug::MergeExercise;
            let open = Account {
                place: known.place?,
                at: known.told_last()?,
                kind: opened.kind,
                urgency: opened.urgency,
                exercise: if mixes { account.exercise } else { opened.exercise },
                case_number: opened.case_number.clone(),
                moving: known.is_moving(),
                words: Fingerprint::of(&opened.description),
            };
            let why = compare(&account, &open, &self.court.merge)?;
            let merged = TipMerged {
                tip: id,
                source: source.to_string(),
                trusted: trusted(source),
                kind: tip.kind,
                urgency: tip.urgency,
                case_number: tip.case_number.clone(),
                exercise: if mixes { opened.exercise } else { tip.exercise },
                told_at: account.at,
                pictures: 0,
                why,
                subject: Subject(id.0),
                personal: Some(IncidentPersonal {
                    place: tip.place,
                    address: tip.personal.address.clone(),
                    description: tip.personal.description.clone(),
                }),
            };
            let skills = skills.clone();
            let command = IncidentCommand::MergeTip { tip: Box::new(merged), need, skills };
            known.decide(&command, now).is_ok().then_some((known.id, command))
        })
    }

    /// A dispatcher splits some merged tip off.
    pub fn split(&mut self) -> Check {
        let Some(server) = &self.server else { return Ok(()) };
        let merged = server.incidents.values().filter(|known| known.closed.is_none());
        let merged: Vec<_> = merged
            .flat_map(|known| known.merged_tips().map(|it| (known.id, it.merged.clone())))
            .collect();
        let Some((from, merged)) = self.rng.pick(&merged).cloned() else { return Ok(()) };
        let TipMerged { tip, source, trusted, kind, urgency, exercise, .. } = merged;
        let origin = Origin::Tip { tip, source, trusted };
        let opened = self.opened(origin, kind, urgency, None, merged.subject, merged.personal);
        let opened = IncidentOpened { exercise, case_number: merged.case_number, ..opened };
        self.job(Caller::Desk, Want::Split { from, tip, opened: Box::new(opened) })
    }

    /// A planted bug: the refused tip's stream is there all the same.
    fn leave_row(&mut self) {
        if self.bug == Bug::RowOnRefusal {
            let tip = TipId::new(self.wall(), &mut self.ids);
            let incident = IncidentId::new(self.wall(), &mut self.ids);
            let event = Event::Tip(TipEvent::Linked { incident });
            let streams = vec![(StreamId::Tip(tip), 0, vec![event])];
            let _row = self.store.append(&Batch {
                owner: self.store.owner,
                at: self.wall(),
                streams,
                delivery: None,
            });
        }
    }

    pub fn letter_answered(&mut self, number: usize, reply: Reply) -> Check {
        let Some(letter) = self.letters.get_mut(number) else { return Ok(()) };
        match (letter.answer, reply) {
            (Some(first), again) => {
                self.counters.tips_repeated += 1;
                let (key, same) = (letter.key, first == again);
                return ensure(same, "I03", || format!("{key:?}: first {first:?}, then {again:?}"));
            }
            (None, Reply::Tip(_)) => self.counters.tips_acked += 1,
            (None, Reply::Mismatch) => self.counters.tips_conflicting += 1,
            (None, _) => self.counters.tips_refused += 1,
        }
        letter.answer = Some(reply);
        Ok(())
    }
}
