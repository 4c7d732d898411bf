//! The whole file as the fold of its events, and which part decides what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::asset::{self, Asset, AssetCommand, AssetEvent, FoundBy};
use super::closing::{Around, Before, Closing, ClosingCommand, ClosingEvent};
use super::handover::{HandoverCommand, HandoverEvent, Hands};
use super::link::{self, Link, LinkCommand, LinkEvent};
use super::measure::{self, Measure};
use super::paper::{self, Origin, Paper, PaperCommand, PaperEvent};
use super::party::{
    self, Appointment, AppointmentCommand, MessageCommand, MessageEvent, Messages, ServiceCommand,
    ServiceEvent, Services, SituationCommand, SituationEvent, SituationItem,
};
use super::petition::{self, Petition, PetitionCommand, PetitionEvent};
use super::search::{Search, SearchCommand, SearchEvent};
use super::{Acting, FileRefusal, Filing, Number};
use crate::case::PartyRole;
use crate::deadline::Begin;
use crate::draw::DrawRecord;
use crate::ids::UserId;
use crate::money::{CaseMoney, MoneyCommand, MoneyEvent};
use crate::procedure::NodeCode;
use crate::time::UnixMillis;

/// What a clock of the file is about, when it is not about the case as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "what", content = "number", rename_all = "snake_case")]
pub enum About {
    /// An asset.
    Asset(u16),
    /// A lead.
    Lead(u16),
    /// Money that came in: the entry of the ledger.
    Receipt(u32),
    /// A petition.
    Petition(u16),
    /// A restriction, by its place among those of the case, from 1.
    Restriction(u16),
}

/// What is wanted of a file.
#[derive(Clone, Debug, PartialEq)]
pub enum FileCommand {
    /// The case is docketed.
    Docket {
        /// When.
        at: UnixMillis,
    },
    /// Give it to the judge who was drawn. With a handler it takes words that say why.
    Draw(DrawRecord),
    /// Something happened that the procedure names and no other command is about.
    Note {
        /// Which event of the procedure.
        event: String,
        /// When; of nodes that are counted back: the planned day.
        at: Begin,
    },
    /// About who has the file.
    Handover(HandoverCommand),
    /// About access links.
    Link(LinkCommand),
    /// About the search.
    Search(SearchCommand),
    /// About assets.
    Asset(AssetCommand),
    /// Record a measure.
    Measure(Measure),
    /// About money.
    Money(MoneyCommand),
    /// About papers.
    Paper(PaperCommand),
    /// About messages.
    Message(MessageCommand),
    /// About appointments.
    Appointment(AppointmentCommand),
    /// About service.
    Service(ServiceCommand),
    /// About how the debtor stands.
    Situation(SituationCommand),
    /// About petitions.
    Petition(PetitionCommand),
    /// About the end of the case.
    Closing(ClosingCommand),
}

/// What happened in a file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "part", content = "act", rename_all = "snake_case")]
pub enum FileEvent {
    /// What the case is about. The instrument's number is the title, the claim in words the text.
    Filed {
        /// What was filed.
        filing: Filing,
        /// What each party is, by number from 1.
        roles: Vec<PartyRole>,
    },
    /// It was docketed.
    Docketed {
        /// When.
        at: UnixMillis,
    },
    /// A judge was drawn.
    Drawn(DrawRecord),
    /// Something happened that the procedure names.
    Noted {
        /// Which event of the procedure.
        event: String,
        /// When.
        at: Begin,
    },
    /// About who has the file.
    Handover(HandoverEvent),
    /// About access links.
    Link(LinkEvent),
    /// About the search.
    Search(SearchEvent),
    /// About assets.
    Asset(AssetEvent),
    /// A measure in the field.
    Measure(Measure),
    /// About money.
    Money(MoneyEvent),
    /// About papers.
    Paper(PaperEvent),
    /// About messages.
    Message(MessageEvent),
    /// An appointment, as it stands now.
    Appointment(Appointment),
    /// About service.
    Service(ServiceEvent),
    /// About how the debtor stands.
    Situation(SituationEvent),
    /// About petitions.
    Petition(PetitionEvent),
    /// About the end of the case.
    Closing(ClosingEvent),
    /// A clock that was started is about that.
    Bound {
        /// About what.
        about: About,
        /// Which node.
        node: NodeCode,
        /// Which opening.
        opening: u16,
    },
}

/// The file of one case, without anything personal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CaseFile {
    /// What was filed.
    pub filing: Option<Filing>,
    /// When it was docketed.
    pub docketed: Option<UnixMillis>,
    /// What each party is, by number from 1.
    pub roles: Vec<PartyRole>,
    /// Who has it.
    pub hands: Hands,
    /// Access links, in order.
    pub links: Vec<Link>,
    /// How the search stands.
    pub search: Search,
    /// Assets, in order.
    pub assets: Vec<Asset>,
    /// Measures, by identity.
    pub measures: BTreeSet<Uuid>,
    /// The ledger.
    pub money: CaseMoney,
    /// Papers, in order.
    pub papers: Vec<Paper>,
    /// How messages stand.
    pub messages: Messages,
    /// Appointments, in order.
    pub appointments: Vec<Appointment>,
    /// Consents and services.
    pub services: Services,
    /// How the debtor stands.
    pub situation: Vec<SituationItem>,
    /// Petitions, in order.
    pub petitions: Vec<Petition>,
    /// How its end stands.
    pub closing: Closing,
    /// What clocks are about.
    pub bound: BTreeSet<(About, NodeCode, u16)>,
}

/// What a decision looks at beside the file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Surroundings<'a> {
    /// Who wants it.
    pub(crate) by: Acting,
    /// Words come with it.
    pub(crate) worded: bool,
    /// Who handles the case.
    pub(crate) handler: Option<UserId>,
    /// What each party is.
    pub(crate) roles: &'a [PartyRole],
    /// The least time before a closing without property is over.
    pub(crate) waited: bool,
    /// The query after a closing that may go out now.
    pub(crate) requery: Option<u16>,
    /// Assets whose control has ended by itself.
    pub(crate) lapsed: &'a [Number],
    /// Court time.
    pub(crate) now: UnixMillis,
}

impl CaseFile {
    /// Decides what a command leads to by itself; `None` when nothing changes. What follows from it in other
    /// parts of the file, in the ledger and in the nodes is the case's to work out.
    pub(crate) fn decide(
        &self,
        command: &FileCommand,
        around: &Surroundings<'_>,
    ) -> Result<Option<FileEvent>, FileRefusal> {
        let Surroundings { by, worded, handler, roles, waited, requery, lapsed, now } = *around;
        let parties = roles.len();
        let role = |number: u16| roles.get(usize::from(number).checked_sub(1)?).copied();
        let debtor = |number| role(number) == Some(PartyRole::Debtor);
        let is_handler = by.staff().is_some() && by.staff() == handler;
        let some = |event| Ok(Some(event));
        match command {
            FileCommand::Docket { at } => {
                by.is_court().then_some(()).ok_or(FileRefusal::NotAllowed)?;
                self.filing.ok_or(FileRefusal::NotFiled)?;
                if self.docketed.is_some() {
                    return Err(FileRefusal::Docketed);
                }
                (*at <= now).then_some(()).ok_or(FileRefusal::Future)?;
                some(FileEvent::Docketed { at: *at })
            }
            FileCommand::Draw(record) => {
                by.is_court().then_some(()).ok_or(FileRefusal::NotAllowed)?;
                (record.replaces == handler).then_some(()).ok_or(FileRefusal::HandlerChanged)?;
                record.had_a_choice().then_some(()).ok_or(FileRefusal::OneCandidate)?;
                if handler.is_some() && !worded {
                    return Err(FileRefusal::Reason);
                }
                some(FileEvent::Drawn(record.clone()))
            }
            FileCommand::Note { event, at } => {
                by.is_court().then_some(()).ok_or(FileRefusal::NotAllowed)?;
                some(FileEvent::Noted { event: event.clone(), at: *at })
            }
            FileCommand::Handover(command) => {
                some(FileEvent::Handover(self.hands.decide(command, by, handler, now)?))
            }
            FileCommand::Link(command) => {
                some(FileEvent::Link(link::decide(&self.links, command, by, parties, now)?))
            }
            FileCommand::Search(command) => {
                let event = self.search.decide(command, by, worded, debtor, requery, now)?;
                Ok(event.map(FileEvent::Search))
            }
            FileCommand::Asset(command) => some(FileEvent::Asset(asset::decide(
                &self.assets,
                command,
                by,
                worded,
                lapsed,
                now,
            )?)),
            FileCommand::Measure(measure) => {
                let has = |asset| self.assets.iter().any(|known| known.asset == asset);
                let new =
                    measure::decide(&self.measures, measure, by, has, parties, self.begun(), now)?;
                Ok(new.then(|| FileEvent::Measure(measure.clone())))
            }
            FileCommand::Money(command) => {
                by.is_court().then_some(()).ok_or(FileRefusal::NotAllowed)?;
                self.money.check_by_hand(command)?;
                some(FileEvent::Money(self.money.decide(command, by.staff(), now)?))
            }
            FileCommand::Paper(command) => {
                let event = paper::decide(&self.papers, command, by, worded, parties, now)?;
                some(FileEvent::Paper(event))
            }
            FileCommand::Message(command) => {
                let event = self.messages.decide(command, by, worded, parties, now)?;
                Ok(event.map(FileEvent::Message))
            }
            FileCommand::Appointment(command) => {
                let event =
                    party::decide_appointment(&self.appointments, command, by, parties, now)?;
                some(FileEvent::Appointment(event))
            }
            FileCommand::Service(command) => {
                let addressed = |paper, party| self.is_for(paper, party);
                let event = self.services.decide(command, by, parties, addressed, worded, now)?;
                Ok(event.map(FileEvent::Service))
            }
            FileCommand::Situation(command) => {
                let items = &self.situation;
                let event =
                    party::decide_situation(items, command, by, is_handler, worded, parties, now)?;
                Ok(event.map(FileEvent::Situation))
            }
            FileCommand::Petition(command) => {
                let event = petition::decide(&self.petitions, command, by, worded, now)?;
                some(FileEvent::Petition(event))
            }
            FileCommand::Closing(command) => {
                let around = Around { file: self, roles, by, is_handler, worded, waited, now };
                some(FileEvent::Closing(self.closing.decide(command, &around)?))
            }
        }
    }

    /// When it began; `None` when nothing was filed.
    fn begun(&self) -> Option<UnixMillis> {
        self.filing.map(|filing| filing.applied.at)
    }

    /// When the court last did something in it, as far as that ends a case: docketed it or went on with it, issued a
    /// paper, had an answer to a query, moved money.
    #[must_use]
    pub fn last_act(&self) -> Option<UnixMillis> {
        let court = |paper: &&Paper| matches!(paper.origin, Origin::Court { .. });
        let papers = self.papers.iter().filter(court).map(|paper| paper.at);
        let money = self.money.entries().iter().map(|entry| entry.at);
        let sent = self.search.inquiries.iter().map(|inquiry| inquiry.sent);
        let answered = self.search.inquiries.iter().filter_map(|inquiry| inquiry.answered);
        let ends = self.docketed.into_iter().chain(self.closing.resumed.iter().copied());
        let all = ends.chain(papers).chain(money).chain(sent);
        all.chain(answered.map(|(at, _)| at)).chain(self.begun()).max()
    }

    /// A paper of the court that is addressed to that party.
    #[must_use]
    pub fn is_for(&self, paper: u16, party: u16) -> bool {
        let found = self.papers.iter().find(|known| known.paper == paper && !known.withdrawn);
        found.is_some_and(|paper| match &paper.origin {
            Origin::Court { to, .. } => to.contains(&party),
            Origin::Party { .. } => false,
        })
    }

    /// Takes an event in. Never decides, never fails.
    pub(crate) fn apply(&mut self, event: &FileEvent) {
        match event {
            FileEvent::Filed { filing, roles } => {
                self.filing = Some(*filing);
                self.roles.clone_from(roles);
            }
            FileEvent::Docketed { at } => self.docketed = Some(*at),
            // Who was drawn is the handler, which is the case's own; the draw itself stays in the journal.
            FileEvent::Drawn(_) | FileEvent::Noted { .. } => {}
            FileEvent::Handover(event) => self.hands.apply(event),
            FileEvent::Link(event) => link::apply(&mut self.links, event),
            FileEvent::Search(event) => self.search.apply(event),
            FileEvent::Asset(event) => {
                asset::apply(&mut self.assets, event);
                if let AssetEvent::Found { how: FoundBy::Query, .. } = event {
                    self.search.enter_hit();
                }
            }
            FileEvent::Measure(measure) => {
                self.measures.insert(measure.measure);
            }
            FileEvent::Money(event) => self.money.apply(event),
            FileEvent::Paper(event) => paper::apply(&mut self.papers, event),
            FileEvent::Message(event) => self.messages.apply(event),
            FileEvent::Appointment(event) => {
                party::apply_appointment(&mut self.appointments, event)
            }
            FileEvent::Service(event) => self.services.apply(event),
            FileEvent::Situation(event) => party::apply_situation(&mut self.situation, event),
            FileEvent::Petition(event) => petition::apply(&mut self.petitions, event),
            FileEvent::Closing(event) => {
                self.closing.apply(event);
                let many = |count: usize| Number::try_from(count).unwrap_or(Number::MAX);
                if let ClosingEvent::Closed(_) = event {
                    self.closing.leads = many(self.search.leads.len());
                }
                if let ClosingEvent::ResumptionDecided { granted: true, .. } = event {
                    let inquiries = many(self.search.inquiries.len());
                    self.closing.before = Before { papers: many(self.papers.len()), inquiries };
                    // What was stated about the search before says nothing of the new round.
                    self.search.findings.clear();
                }
            }
            FileEvent::Bound { about, node, opening } => {
                self.bound.insert((*about, *node, *opening));
            }
        }
    }

    /// What an opening of a node is about.
    #[must_use]
    pub fn about(&self, node: NodeCode, opening: u16) -> Option<About> {
        let mut all = self.bound.iter();
        all.find(|(_, of, nth)| (*of, *nth) == (node, opening)).map(|(about, ..)| *about)
    }
}
