//! What the world does with the server: calls in, steps of decisions, effects out.

use std::collections::BTreeSet;

use tiande_core::ids::OfficerId;
use tiande_core::incident::{IncidentCommand, IncidentEvent, Origin};
use tiande_core::journal::StreamId;
use tiande_core::officer::{Duty, FixVerdict, OfficerCommand, OfficerRefusal};

use super::bugs::Bug;
use super::device::{Call, Request, SampleKind, Word};
use super::invariants::{self, Check, ensure};
use super::journal::AppendFault;
use super::network::arrivals;
use super::server::{Caller, Flight, Job, Reply, Step, Want};
use super::truth::{Behind, Shift};
use super::world::{Happening, World};

impl World {
    /// A device's message has come.
    pub fn arrives(&mut self, officer: OfficerId, call: Call) -> Check {
        let (now, wall) = (self.now, self.wall());
        let Some(server) = &mut self.server else { return Ok(()) };
        server.heard.insert(officer, now);
        let lost = server.glances.get(&officer).is_some_and(|g| g.officer.contact_lost && !g.busy);
        match call {
            Call::Hello => self.tell_state(officer),
            Call::Fix(sample) => {
                let known = server.glances.get(&officer).is_some_and(|g| g.fix.is_some());
                // With nothing to compare to, nobody could tell a jump.
                if sample.kind != SampleKind::Jump || known {
                    let verdict = server.take_fix(officer, &sample, wall, &self.court);
                    self.count_fix(verdict);
                    self.knowledge.arrived(officer, &sample, wall);
                    self.position(officer)?;
                }
            }
            Call::Received { incident, offer } => {
                let command = IncidentCommand::NoteReceived { offer, officer };
                self.job(Caller::Clock, Want::Incident { incident, command })?;
            }
            Call::Command { id, request } => {
                let caller = Caller::Device { officer, command: id };
                if self.bug == Bug::ShedCommands && server.flights.len() > 1 {
                    return self.reply(caller, Reply::Overloaded);
                }
                match request {
                    Request::Duty(command) => self.job(caller, Want::Duty { officer, command })?,
                    Request::Incident(incident, command) => {
                        self.job(caller, Want::Incident { incident, command })?;
                    }
                    Request::Sos(place) => {
                        let opened = self.sos(officer, place);
                        let opened = Box::new(opened);
                        self.job(caller, Want::Open { opened, tip: None })?;
                    }
                }
            }
        }
        if lost {
            let command = OfficerCommand::RegainContact;
            return self.job(Caller::Clock, Want::Duty { officer, command });
        }
        Ok(())
    }

    fn count_fix(&mut self, verdict: Option<FixVerdict>) {
        let c = &mut self.counters;
        c.fixes += 1;
        match verdict {
            Some(FixVerdict::Taken) => c.fixes_taken += 1,
            Some(FixVerdict::Older) => c.fixes_older += 1,
            Some(FixVerdict::Future) => c.fixes_future += 1,
            Some(FixVerdict::Stale) => c.fixes_stale += 1,
            Some(FixVerdict::Implausible) => c.fixes_implausible += 1,
            Some(FixVerdict::Inaccurate) => c.fixes_inaccurate += 1,
            Some(FixVerdict::OffDuty) => c.fixes_off_duty += 1,
            Some(FixVerdict::OutOfRange) | None => {}
        }
    }

    /// I16–I18 of one officer, unless a decision about it is on its way.
    fn position(&self, officer: OfficerId) -> Check {
        match &self.server {
            Some(server) if server.glances.get(&officer).is_some_and(|g| !g.busy) => {
                invariants::position(server, &self.knowledge, officer)
            }
            _ => Ok(()),
        }
    }

    /// I01–I04 of an answer that is about to leave; then it leaves.
    pub fn reply(&mut self, caller: Caller, reply: Reply) -> Check {
        if reply == Reply::Officer(OfficerRefusal::OfferExpired) {
            self.counters.accepts_refused_expired += 1;
        }
        if let Some(server) = &self.server {
            self.owners.answers(server.owner, reply)?;
        }
        match caller {
            Caller::Clock => Ok(()),
            Caller::Desk => {
                let refused = matches!(reply, Reply::Officer(_));
                self.counters.orders_refused += u64::from(refused);
                Ok(())
            }
            Caller::Device { officer, command: id } => {
                ensure(reply != Reply::Overloaded, "I19", || {
                    format!("{officer} was sent away with a command or a call for help")
                })?;
                let word = match reply {
                    Reply::Unavailable => return Ok(()),
                    Reply::Done | Reply::Sos(_) => Word::Done { id },
                    _ => Word::Refused { id },
                };
                let off = matches!(
                    reply,
                    Reply::Officer(OfficerRefusal::Committed(_) | OfficerRefusal::OfferOpen(_))
                );
                self.counters.duty_off_refused += u64::from(off);
                self.tell(officer, &word);
                Ok(())
            }
            Caller::Mail { letter: number } => {
                let Some(letter) = self.letters.get(number) else { return Ok(()) };
                let (key, body, valid) = (letter.key, letter.body, letter.valid);
                match reply {
                    Reply::Tip(told) => {
                        ensure(valid, "I04", || format!("{key:?} is no tip, but was taken"))?;
                        invariants::acknowledged(&self.truth, &told)?;
                        invariants::same_answer(&mut self.answers, key, body, &told)?;
                        self.acked.push(told);
                    }
                    Reply::Overloaded => {
                        self.counters.tips_shed += 1;
                        let written = self.store.deliveries.get(&key);
                        ensure(written.is_none(), "I19", || {
                            format!("{key:?} was sent away, and yet is {written:?}")
                        })?;
                        // No answer that ends it: its sender comes again.
                        return Ok(());
                    }
                    Reply::Mismatch => invariants::real_conflict(&self.store, key, body)?,
                    Reply::Invalid => {
                        ensure(!valid, "I04", || format!("{key:?} is a tip, but was refused"))?;
                        let clean = self.store.records.len() == self.truth.records;
                        ensure(clean, "I04", || format!("{key:?} was refused and left a row"))?;
                    }
                    _ => return Ok(()),
                }
                for at in arrivals(self.now, &self.faults, &mut self.rng, &mut self.counters) {
                    self.agenda.push(at, Happening::LetterAnswered(number, reply));
                }
                Ok(())
            }
        }
    }

    /// Starts a job, or puts it off.
    pub fn begin(&mut self, job: Job) -> Check {
        let wall = self.wall();
        let Some(server) = &mut self.server else { return Ok(()) };
        if let Want::Open { opened, .. } = &job.want
            && let Origin::Sos { officer } = opened.origin
            && let Some(sos) = server.glances.get(&officer).and_then(|g| g.officer.sos)
        {
            self.counters.sos_repeated += 1;
            return self.reply(job.caller, Reply::Sos(sos));
        }
        let busy = job.busy.clone();
        let step = server.begin(job, wall, &self.court, &mut self.ids, &mut self.counters);
        if let Step::Flying(serial) = step {
            let mut held: BTreeSet<OfficerId> =
                server.glances.iter().filter(|(_, g)| g.busy).map(|(id, _)| *id).collect();
            held.extend(busy);
            let age_max = self.age_max();
            let witness = self.knowledge.witness(&self.truth, wall, age_max, &held);
            let flight = self.server.as_mut().and_then(|s| s.flights.get_mut(&serial));
            let events = flight.map(|flight| {
                flight.witness = Some(witness);
                flight.events().to_vec()
            });
            if self.bug == Bug::OfferBeforeAppend {
                self.tell_offers(&events.unwrap_or_default())?;
            }
        }
        self.step(step)
    }

    fn step(&mut self, step: Step) -> Check {
        match step {
            Step::Later(mut job) => {
                job.busy.clear();
                self.counters.commands_waited += 1;
                let at = self.now + self.rng.range(5, 80);
                self.agenda.push(at, Happening::Again(self.boots, Box::new(job)));
                Ok(())
            }
            Step::Replan(job) => {
                self.counters.replans += 1;
                self.begin(job)
            }
            Step::Reply(caller, reply) => self.reply(caller, reply),
            Step::Flying(serial) => {
                let at = self.now + self.rng.range(0, 25);
                self.agenda.push(at, Happening::Asks(self.boots, serial));
                Ok(())
            }
            Step::Ready(serial) => {
                let slow = self.rng.chance(self.faults.append_slow);
                self.counters.slow_appends += u64::from(slow);
                let after = if slow { self.rng.range(100, 800) } else { self.rng.range(1, 15) };
                self.agenda.push(self.now + after, Happening::Commits(self.boots, serial));
                Ok(())
            }
        }
    }

    pub fn asks(&mut self, serial: u64) -> Check {
        let wall = self.wall();
        let Some(server) = &mut self.server else { return Ok(()) };
        let step = server.ask(serial, wall, &mut self.ids, &mut self.counters);
        step.map_or(Ok(()), |step| self.step(step))
    }

    pub fn commits(&mut self, serial: u64) -> Check {
        let flight = self.server.as_ref().and_then(|server| server.flights.get(&serial));
        let Some((batch, witness, job)) =
            flight.and_then(|f| Some((f.batch.clone()?, f.witness.clone(), f.job.clone())))
        else {
            return Ok(());
        };
        let caller = job.caller;
        let stack = matches!(
            job.want,
            Want::Incident { command: IncidentCommand::Assign { stack: true, .. }, .. }
        );
        let behind = Behind { witness: witness.as_deref(), stack };
        if batch.streams.is_empty() {
            self.server.as_mut().and_then(|server| server.land(serial));
            return self.reply(caller, Reply::Done);
        }
        if self.rng.chance(self.faults.append_fails) {
            self.counters.appends_failed += 1;
            self.liveness.reset();
            let flight = self.server.as_mut().and_then(|server| server.land(serial));
            if let (Bug::KeepHold, Some(server), Some(flight)) =
                (self.bug, &mut self.server, &flight)
            {
                server.hold_again(flight);
            }
            if let (Bug::AckFailedAppend, Some(flight)) = (self.bug, &flight)
                && let Want::Open { tip: Some((_, _, told)), .. } = &flight.job.want
            {
                return self.reply(caller, Reply::Tip(*told));
            }
            if let (Bug::SnapshotOfNothing, Some(server), Some(flight)) =
                (self.bug, &self.server, flight)
            {
                self.store.snapshots.extend(server.snapshot_of_nothing(&flight));
            }
            return self.reply(caller, Reply::Unavailable);
        }
        if self.rng.chance(self.faults.sync_fails) {
            self.sync_fails(&batch, behind)?;
            let carried_on = self.server.as_mut().and_then(|server| server.land(serial));
            return carried_on.map_or(Ok(()), |_flight| self.reply(caller, Reply::Unavailable));
        }
        if self.rng.chance(self.faults.crash_at_append) {
            match self.rng.below(3) {
                0 => self.pause(),
                1 => self.crash(),
                _ => {
                    self.counters.crashes_after_commit_before_effect += 1;
                    let _written_or_refused = self.commit(&batch, behind)?;
                    self.crash();
                }
            }
            return Ok(());
        }
        let unknown = self.rng.chance(self.faults.append_unknown);
        if unknown && self.rng.chance(500) {
            self.counters.appends_unknown_lost += 1;
            return self.read_again(serial);
        }
        match self.commit(&batch, behind)? {
            Ok(()) if unknown => {
                self.counters.appends_unknown_written += 1;
                self.read_again(serial)
            }
            Ok(()) => {
                if let Some(flight) = self.server.as_mut().and_then(|s| s.flights.get_mut(&serial))
                {
                    flight.committed = true;
                }
                let at = self.now + self.rng.range(0, 20);
                self.agenda.push(at, Happening::Applies(self.boots, serial));
                Ok(())
            }
            Err(AppendFault::DuplicateDelivery) => {
                self.counters.tips_raced_to_the_journal += 1;
                self.server.as_mut().and_then(|server| server.land(serial));
                let Some((key, mine)) = batch.delivery else { return Ok(()) };
                let Some(kept) = self.store.deliveries.get(&key).copied() else { return Ok(()) };
                let same = kept.body == mine.body || self.bug == Bug::AnswerOtherBody;
                self.reply(caller, if same { Reply::Tip(kept) } else { Reply::Mismatch })
            }
            Err(AppendFault::Fenced) => {
                ensure(false, "I24", || "the owner itself was refused".into())
            }
            Err(AppendFault::Conflict(stream)) => {
                ensure(false, "FOLD", || format!("{stream} was decided about twice at once"))
            }
        }
    }

    /// Nobody knows whether the append was written: its streams are folded anew.
    fn read_again(&mut self, serial: u64) -> Check {
        self.liveness.reset();
        let Some(server) = &mut self.server else { return Ok(()) };
        let Some(flight) = server.land(serial) else { return Ok(()) };
        server.reload(&flight, &self.store);
        self.settle(&flight)
    }

    pub fn applies(&mut self, serial: u64) -> Check {
        let Some(server) = &mut self.server else { return Ok(()) };
        let Some(flight) = server.apply(serial) else { return Ok(()) };
        server.take_snapshots(&flight, &mut self.counters);
        self.settle(&flight)?;
        self.tell_offers(flight.events())?;
        let crowded = self.tips_at_work() > 0;
        let reply = match &flight.job.want {
            Want::Open { tip: Some(_), .. } | Want::Merge { .. }
                if crowded && self.bug == Bug::ShedWritten =>
            {
                Reply::Overloaded
            }
            Want::Open { tip: Some((_, _, told)), .. } | Want::Merge { tip: (_, _, told), .. } => {
                Reply::Tip(*told)
            }
            Want::Split { .. } => Reply::Done,
            Want::Open { opened, tip: None } => Reply::Sos(opened.incident),
            Want::Duty { .. } | Want::Incident { .. } | Want::Round { .. } => Reply::Done,
        };
        self.reply(flight.job.caller, reply)
    }

    /// The live state has caught up with the journal: it is compared, and the devices hear of it.
    fn settle(&mut self, flight: &Flight) -> Check {
        let streams: Vec<StreamId> =
            flight.batch.iter().flat_map(|b| b.streams.iter().map(|(s, _, _)| *s)).collect();
        if let Some(server) = &self.server {
            invariants::folded(server, &self.fold, &streams)?;
        }
        for event in flight.events() {
            if let IncidentEvent::OffersMade { decision, .. } = event {
                invariants::explained(decision)?;
            }
        }
        for stream in streams {
            if let StreamId::Incident(id) = stream {
                self.consoles_hear(id);
            }
            if let StreamId::Officer(id) = stream {
                let since = self.truth.officers.get(&id).and_then(|o| o.since);
                self.knowledge.set_since(id, since);
                self.position(id)?;
                self.tell_state(id);
            }
        }
        Ok(())
    }

    /// Offers leave for the devices: never before they are in the journal.
    fn tell_offers(&mut self, events: &[IncidentEvent]) -> Check {
        for event in events {
            let IncidentEvent::OffersMade { offers, .. } = event else { continue };
            for made in offers {
                let durable =
                    self.truth.incidents.iter().find(|(_, i)| i.offers.contains_key(&made.offer));
                let incident = durable.map(|(id, _)| *id);
                ensure(incident.is_some(), "FIRST", || format!("{} is not durable", made.offer))?;
                if let Some(incident) = incident {
                    self.tell(made.officer, &Word::Offer { incident, offer: made.offer });
                }
            }
        }
        Ok(())
    }

    fn tell_state(&mut self, officer: OfficerId) {
        let Some(state) = self.server.as_ref().and_then(|s| s.glances.get(&officer)) else {
            return;
        };
        let state = &state.officer;
        let shift = match state.duty {
            Duty::Off => Shift::Off,
            Duty::On => Shift::On,
            Duty::Break => Shift::Break,
        };
        let word = Word::State {
            sent: self.now,
            shift,
            offer: state.offer.map(|open| (open.incident, open.offer)),
            bound: state.commitments.iter().map(|c| (c.incident, c.stage)).collect(),
            asked_well: state
                .commitments
                .iter()
                .find(|c| c.asked_well.is_some())
                .map(|c| c.incident),
            sos: state.sos.is_some(),
        };
        self.tell(officer, &word);
    }

    pub fn sweep(&mut self) -> Check {
        let (wall, now) = (self.wall(), self.now);
        self.agenda.push(now + 1_000, Happening::Sweep);
        let Some(server) = &mut self.server else { return Ok(()) };
        for (stream, snapshot) in server.unsaved.drain(..) {
            self.counters.snapshots_saved += 1;
            self.store.save(stream, snapshot);
        }
        let wants = server.sweep(wall, now, &self.court, &mut self.ids);
        for want in wants {
            self.job(Caller::Clock, want)?;
        }
        let officers: Vec<OfficerId> = self.devices.iter().map(|device| device.officer).collect();
        officers.into_iter().try_for_each(|officer| self.position(officer))?;
        let age_max = self.age_max();
        self.liveness.check(&self.truth, &self.knowledge, wall, now, age_max)
    }
}
