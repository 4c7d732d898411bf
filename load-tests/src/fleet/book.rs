//! An officer's book: which offers are open, what is planned, which commands wait for an answer.
//!
//! Pure: it is told what came in and what time it is, and says what to send. A command stays in the
//! book until its answer is known, so that it can be sent again, with the same id, after a reconnect.

use std::collections::HashMap;

use serde_json::{Value, json};

use crate::record::{Held, Verb};
use crate::rng::Rng;
use crate::scenario::Answers;

/// A command that was issued and not yet answered.
#[derive(Debug, Clone)]
pub struct Command {
    pub id: String,
    pub verb: Verb,
    /// The offer's id for accept and decline, else the incident's.
    pub subject: String,
}

impl Command {
    /// The frame of this command.
    pub fn frame(&self) -> Value {
        let (id, subject) = (&self.id, &self.subject);
        match self.verb {
            Verb::Accept => json!({ "type": "accept", "id": id, "offer": subject }),
            Verb::Decline => {
                json!({ "type": "decline", "id": id, "offer": subject, "reason": "drill" })
            }
            Verb::EnRoute => {
                json!({ "type": "progress", "id": id, "incident": subject, "stage": "en_route" })
            }
            Verb::OnScene => {
                json!({ "type": "progress", "id": id, "incident": subject, "stage": "on_scene" })
            }
            Verb::Finish => {
                json!({ "type": "finish", "id": id, "incident": subject, "outcome": "resolved" })
            }
        }
    }
}

#[derive(Debug)]
struct Planned {
    at_us: u64,
    verb: Verb,
    subject: String,
}

/// The book of one officer.
#[derive(Debug)]
pub struct Book {
    rng: Rng,
    answers: Answers,
    /// Open offers, each with its incident.
    offers: HashMap<String, String>,
    /// Offers ever seen, so that one shown again is no new one.
    seen: HashMap<String, String>,
    /// Incidents this officer has taken on and not finished.
    work: HashMap<String, ()>,
    planned: Vec<Planned>,
    pending: Vec<Command>,
    commands: u32,
}

impl Book {
    /// An empty book with a seeded plan.
    pub fn new(seed: u64, officer: u32, answers: Answers) -> Self {
        Self {
            rng: Rng::new(seed ^ (u64::from(officer) << 32) ^ 0x424f_4f4b),
            answers,
            offers: HashMap::new(),
            seen: HashMap::new(),
            work: HashMap::new(),
            planned: Vec::new(),
            pending: Vec::new(),
            commands: 0,
        }
    }

    /// Things that are not over yet: open offers, work, unanswered commands.
    pub fn open(&self) -> usize {
        self.offers.len() + self.work.len() + self.pending.len()
    }

    /// An offer came. True when it is new; then the answer is planned.
    pub fn offered(&mut self, now_us: u64, offer: &str, incident: &str) -> bool {
        if self.seen.insert(offer.to_owned(), incident.to_owned()).is_some() {
            return false;
        }
        self.offers.insert(offer.to_owned(), incident.to_owned());
        let (share, delay) = (self.rng.unit(), self.rng.between(self.answers.delay_ms));
        let verb = if share < self.answers.accept {
            Verb::Accept
        } else if share < self.answers.accept + self.answers.decline {
            Verb::Decline
        } else {
            return true;
        };
        self.planned.push(Planned {
            at_us: now_us + delay * 1000,
            verb,
            subject: offer.to_owned(),
        });
        true
    }

    /// The server closed an offer.
    pub fn closed(&mut self, offer: &str) {
        self.offers.remove(offer);
        self.planned.retain(|plan| plan.subject != offer);
    }

    /// The server told the whole truth: what is not in it is over, what is new is taken up.
    pub fn told(&mut self, now_us: u64, offers: &[String], held: &[Held]) {
        let accepting = |incident: &str| {
            self.pending.iter().any(|command| {
                command.verb == Verb::Accept
                    && self.seen.get(&command.subject).is_some_and(|known| known == incident)
            })
        };
        let unknown: Vec<String> = held
            .iter()
            .map(|held| held.incident.clone())
            .filter(|incident| !self.work.contains_key(incident) && !accepting(incident))
            .filter(|incident| !self.asked_to_finish(incident))
            .collect();
        let over: Vec<String> =
            self.offers.keys().filter(|offer| !offers.contains(offer)).cloned().collect();
        for offer in over {
            self.closed(&offer);
        }
        let released: Vec<String> = self
            .work
            .keys()
            .filter(|incident| !held.iter().any(|held| held.incident == **incident))
            .cloned()
            .collect();
        for incident in released {
            self.drop_work(&incident);
        }
        for incident in unknown {
            self.take_on(now_us, &incident);
        }
    }

    fn asked_to_finish(&self, incident: &str) -> bool {
        self.pending
            .iter()
            .any(|command| command.verb == Verb::Finish && command.subject == incident)
    }

    fn take_on(&mut self, now_us: u64, incident: &str) {
        if self.work.insert(incident.to_owned(), ()).is_some() {
            return;
        }
        let total_us = self.rng.between(self.answers.finish_after_ms) * 1000;
        for (share, verb) in [(1, Verb::EnRoute), (2, Verb::OnScene), (3, Verb::Finish)] {
            let at_us = now_us + total_us * share / 3;
            self.planned.push(Planned { at_us, verb, subject: incident.to_owned() });
        }
    }

    fn drop_work(&mut self, incident: &str) {
        self.work.remove(incident);
        self.planned.retain(|plan| plan.subject != incident);
    }

    /// When the next planned command is due.
    pub fn next_due_us(&self) -> Option<u64> {
        self.planned.iter().map(|plan| plan.at_us).min()
    }

    /// The commands that are due now, in their order; they now wait for an answer.
    pub fn due(&mut self, now_us: u64) -> Vec<Command> {
        let (mut due, rest): (Vec<Planned>, Vec<Planned>) =
            std::mem::take(&mut self.planned).into_iter().partition(|plan| plan.at_us <= now_us);
        self.planned = rest;
        due.sort_by_key(|plan| plan.at_us);
        let mut commands = Vec::new();
        for plan in due {
            self.commands += 1;
            let command = Command {
                id: format!("c{}", self.commands),
                verb: plan.verb,
                subject: plan.subject,
            };
            self.pending.push(command.clone());
            commands.push(command);
        }
        commands
    }

    /// Everything whose answer is unknown, oldest first.
    pub fn unanswered(&self) -> Vec<Command> {
        self.pending.clone()
    }

    /// An answer came. The command it answers, when there is one.
    pub fn answered(&mut self, now_us: u64, id: &str, ok: bool) -> Option<Command> {
        let index = self.pending.iter().position(|command| command.id == id)?;
        let command = self.pending.remove(index);
        match (command.verb, ok) {
            (Verb::Accept, true) => {
                self.offers.remove(&command.subject);
                if let Some(incident) = self.seen.get(&command.subject).cloned() {
                    self.take_on(now_us, &incident);
                }
            }
            (Verb::Accept | Verb::Decline, _) => self.closed(&command.subject),
            (Verb::Finish, _) => self.drop_work(&command.subject),
            (Verb::EnRoute | Verb::OnScene, _) => {}
        }
        Some(command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn book(accept: f64) -> Book {
        let answers =
            Answers { accept, decline: 0.0, delay_ms: [10, 10], finish_after_ms: [30, 30] };
        Book::new(1, 1, answers)
    }

    #[test]
    fn an_accepted_offer_is_worked_through_to_the_end() {
        let mut book = book(1.0);
        assert!(book.offered(0, "o1", "i1"));
        assert!(!book.offered(5, "o1", "i1"), "shown again is no new offer");
        let accept = book.due(10_000);
        assert_eq!((accept.len(), accept[0].verb), (1, Verb::Accept));
        assert!(book.answered(20_000, &accept[0].id, true).is_some());
        let verbs: Vec<Verb> = book.due(50_000).iter().map(|command| command.verb).collect();
        assert_eq!(verbs, [Verb::EnRoute, Verb::OnScene, Verb::Finish]);
        for command in book.unanswered() {
            book.answered(60_000, &command.id, true);
        }
        assert_eq!(book.open(), 0);
    }

    #[test]
    fn an_unanswered_command_is_kept_for_the_next_connection() {
        let mut book = book(1.0);
        book.offered(0, "o1", "i1");
        let first = book.due(10_000);
        assert_eq!(book.unanswered()[0].id, first[0].id);
        // The fresh connection tells that the accept was durable before the kill.
        book.told(20_000, &[], &[Held { incident: "i1".into(), stacked: false }]);
        assert_eq!(book.unanswered().len(), 1);
        book.answered(21_000, &first[0].id, true);
        assert_eq!(book.due(60_000).len(), 3, "the work is planned once");
    }

    #[test]
    fn a_withdrawn_offer_is_not_answered() {
        let mut book = book(1.0);
        book.offered(0, "o1", "i1");
        book.closed("o1");
        assert!(book.due(99_000).is_empty());
    }
}
