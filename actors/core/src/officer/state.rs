//! The officer as a state machine.
//!
//! Commands come from the officer, the device and the clock, and touch this stream only. *Parts* come
//! from an incident that is making a decision which binds or frees the officer: the events of both
//! streams are then appended together.

use serde::{Deserialize, Serialize};

use crate::ids::{IncidentId, OfferId, OfficerId};
use crate::time::UnixMillis;

use super::duty_log::DutyLog;
use super::event::{
    CommitmentKind, DutyChange, OfferEnd, OfficerEvent, OfficerPersonal, ReleaseKind, Stage,
    TrackReadPersonal,
};

plain_enum! {
    /// What a dispatcher sees of an officer at a glance. Derived, never stored.
    OfficerStatus {
        /// Not to be asked; no position is kept.
        OffDuty => "off_duty",
        /// Free to be asked.
        Available => "available",
        /// Asked, not answered yet.
        Offered => "offered",
        /// Bound to an incident, or calling for help.
        Committed => "committed",
        /// On duty, not to be asked.
        OnBreak => "on_break",
        /// On duty, but the device is silent.
        OutOfContact => "out_of_contact",
    }
}

/// Whether the officer works.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duty {
    /// Not working.
    Off,
    /// Working.
    On,
    /// Working, but on a break.
    Break,
}

/// An offer that waits for an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenOffer {
    /// Which incident.
    pub incident: IncidentId,
    /// Which asking.
    pub offer: OfferId,
    /// Not to be accepted from then on.
    pub expires_at: UnixMillis,
}

/// An incident the officer is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Commitment {
    /// Which incident.
    pub incident: IncidentId,
    /// By which asking or order.
    pub offer: OfferId,
    /// How far.
    pub stage: Stage,
    /// Beside others, by explicit order.
    pub stacked: bool,
    /// Asked at that moment whether all is well, and not answered yet.
    pub asked_well: Option<UnixMillis>,
}

/// An officer. Folded from the officer's stream. What tells of the person is not part of its serial
/// form, which is that of snapshots: see `journal::fold`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Officer {
    /// Identity.
    pub id: OfficerId,
    /// False before the registration.
    pub registered: bool,
    /// Name; empty when forgotten.
    #[serde(skip)]
    pub name: String,
    /// Badge number.
    #[serde(skip)]
    pub badge: Option<String>,
    /// What the officer can do.
    pub skills: Vec<String>,
    /// Whether the officer works.
    pub duty: Duty,
    /// Since when, breaks included; `None` off duty. Nothing measured before counts (I18).
    pub on_duty_since: Option<UnixMillis>,
    /// When the officer was on duty lately; see [`DutyLog`].
    pub duty_log: DutyLog,
    /// The device is silent.
    pub contact_lost: bool,
    /// The offer that waits, at most one.
    pub offer: Option<OpenOffer>,
    /// Incidents the officer is bound to; more than one only by explicit order (I05).
    pub commitments: Vec<Commitment>,
    /// The call for help that is not over.
    pub sos: Option<IncidentId>,
}

/// What the officer, the device or the clock wants.
#[derive(Clone, Debug, PartialEq)]
pub enum OfficerCommand {
    /// Become known to the court.
    Register {
        /// Skills.
        skills: Vec<String>,
        /// Name and badge.
        personal: OfficerPersonal,
    },
    /// Begin to work, or end a break.
    GoOnDuty {
        /// What brought it about.
        how: DutyChange,
    },
    /// Stop working.
    GoOffDuty {
        /// What brought it about.
        how: DutyChange,
    },
    /// Begin a break.
    StartBreak,
    /// The device has been silent too long.
    LoseContact {
        /// When it was last heard.
        last_heard: UnixMillis,
    },
    /// The device speaks again.
    RegainContact,
    /// Somebody reads where the officer was; nothing is shown before this is written (I33).
    NoteTrackRead {
        /// Begin of what is read.
        from: UnixMillis,
        /// End of it.
        to: UnixMillis,
        /// What the reader gave as the reason.
        reason: Option<String>,
    },
}

/// What an incident needs of the officer for a decision of its own.
#[derive(Clone, Debug, PartialEq)]
pub enum OfficerPart {
    /// Take an offer.
    BeOffered {
        /// Which incident.
        incident: IncidentId,
        /// This asking.
        offer: OfferId,
        /// Until when.
        expires_at: UnixMillis,
    },
    /// Turn the offer into a commitment.
    Accept {
        /// Which incident.
        incident: IncidentId,
        /// Which asking.
        offer: OfferId,
    },
    /// End the offer without a commitment.
    CloseOffer {
        /// Which incident.
        incident: IncidentId,
        /// Which asking.
        offer: OfferId,
        /// How.
        how: OfferEnd,
    },
    /// Be bound by a dispatcher's order.
    BeOrdered {
        /// To which incident.
        incident: IncidentId,
        /// The order.
        offer: OfferId,
        /// Also beside other commitments.
        stack: bool,
        /// How many at most.
        stack_max: u8,
    },
    /// Be further on the way.
    ReachStage {
        /// Of which incident.
        incident: IncidentId,
        /// How far.
        stage: Stage,
    },
    /// Be asked whether all is well.
    BeAskedWell {
        /// By which incident.
        incident: IncidentId,
    },
    /// Say that all is well.
    SayWell {
        /// To which incident.
        incident: IncidentId,
    },
    /// Be free of an incident.
    BeReleased {
        /// Which.
        incident: IncidentId,
        /// Why.
        how: ReleaseKind,
    },
    /// Have called for help.
    RaiseSos {
        /// The incident made of it.
        incident: IncidentId,
    },
    /// Be done calling for help.
    EndSos {
        /// The incident that is over.
        incident: IncidentId,
    },
}

/// Why an officer's state machine refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OfficerRefusal {
    /// Registered already.
    AlreadyRegistered,
    /// Not known to the court.
    NotRegistered,
    /// Off duty.
    OffDuty,
    /// On a break.
    OnBreak,
    /// The device is silent.
    OutOfContact,
    /// An offer waits for an answer.
    OfferOpen(OpenOffer),
    /// Bound to an incident.
    Committed(IncidentId),
    /// Calling for help.
    InSos,
    /// More incidents than the court lets one officer hold.
    StackFull,
    /// No such offer waits.
    NoSuchOffer,
    /// The offer's time is over.
    OfferExpired,
    /// Not bound to that incident.
    NotCommitted,
}

impl Officer {
    /// An officer of whom nothing is known yet.
    #[must_use]
    pub fn new(id: OfficerId) -> Self {
        Self {
            id,
            registered: false,
            name: String::new(),
            badge: None,
            skills: Vec::new(),
            duty: Duty::Off,
            on_duty_since: None,
            duty_log: DutyLog::default(),
            contact_lost: false,
            offer: None,
            commitments: Vec::new(),
            sos: None,
        }
    }

    /// What a dispatcher sees. What binds the officer comes before what ails the device.
    #[must_use]
    pub fn status(&self) -> OfficerStatus {
        match self.duty {
            Duty::Off => OfficerStatus::OffDuty,
            Duty::On | Duty::Break if self.contact_lost => OfficerStatus::OutOfContact,
            Duty::On | Duty::Break if self.sos.is_some() || !self.commitments.is_empty() => {
                OfficerStatus::Committed
            }
            Duty::On | Duty::Break if self.offer.is_some() => OfficerStatus::Offered,
            Duty::Break => OfficerStatus::OnBreak,
            Duty::On => OfficerStatus::Available,
        }
    }

    /// The commitment to `incident`, if there is one.
    #[must_use]
    pub fn commitment(&self, incident: IncidentId) -> Option<&Commitment> {
        self.commitments.iter().find(|c| c.incident == incident)
    }

    /// Refuses when an offer, a commitment or a call for help binds the officer.
    fn unbound(&self) -> Result<(), OfficerRefusal> {
        if let Some(commitment) = self.commitments.first() {
            return Err(OfficerRefusal::Committed(commitment.incident));
        }
        if let Some(offer) = self.offer {
            return Err(OfficerRefusal::OfferOpen(offer));
        }
        if self.sos.is_some() {
            return Err(OfficerRefusal::InSos);
        }
        Ok(())
    }

    /// Decides what a command leads to; an empty list means that nothing changes.
    ///
    /// # Errors
    /// [`OfficerRefusal`] when the rules say no.
    pub fn decide(&self, command: &OfficerCommand) -> Result<Vec<OfficerEvent>, OfficerRefusal> {
        if let OfficerCommand::Register { skills, personal } = command {
            if self.registered {
                return Err(OfficerRefusal::AlreadyRegistered);
            }
            return Ok(vec![OfficerEvent::Registered {
                officer: self.id,
                skills: skills.clone(),
                personal: Some(personal.clone()),
            }]);
        }
        if !self.registered {
            return Err(OfficerRefusal::NotRegistered);
        }
        Ok(match (command, self.duty) {
            (OfficerCommand::GoOnDuty { how }, Duty::Off) => {
                vec![OfficerEvent::WentOnDuty { how: *how }]
            }
            (OfficerCommand::GoOnDuty { .. }, Duty::Break) => vec![OfficerEvent::BreakEnded {}],
            (OfficerCommand::GoOffDuty { how }, Duty::On | Duty::Break) => {
                self.unbound()?;
                vec![OfficerEvent::WentOffDuty { how: *how }]
            }
            (OfficerCommand::StartBreak, Duty::Off) => return Err(OfficerRefusal::OffDuty),
            (OfficerCommand::StartBreak, Duty::On) => {
                self.unbound()?;
                vec![OfficerEvent::BreakStarted {}]
            }
            (OfficerCommand::LoseContact { last_heard }, Duty::On | Duty::Break)
                if !self.contact_lost =>
            {
                vec![OfficerEvent::ContactLost { last_heard: *last_heard }]
            }
            (OfficerCommand::RegainContact, _) if self.contact_lost => {
                vec![OfficerEvent::ContactRegained {}]
            }
            (OfficerCommand::NoteTrackRead { from, to, reason }, _) => {
                let reason = reason.clone();
                vec![OfficerEvent::TrackRead {
                    officer: self.id,
                    from: *from,
                    to: *to,
                    personal: Some(TrackReadPersonal { reason }),
                }]
            }
            (
                OfficerCommand::Register { .. }
                | OfficerCommand::GoOnDuty { .. }
                | OfficerCommand::GoOffDuty { .. }
                | OfficerCommand::StartBreak
                | OfficerCommand::LoseContact { .. }
                | OfficerCommand::RegainContact,
                Duty::Off | Duty::On | Duty::Break,
            ) => Vec::new(),
        })
    }

    /// Decides this officer's part of an incident's decision; an empty list means that nothing
    /// changes here.
    ///
    /// # Errors
    /// [`OfficerRefusal`] when the officer cannot do it; the incident's decision then must not stand.
    pub fn decide_part(
        &self,
        part: &OfficerPart,
        now: UnixMillis,
    ) -> Result<Vec<OfficerEvent>, OfficerRefusal> {
        if !self.registered {
            return Err(OfficerRefusal::NotRegistered);
        }
        match *part {
            OfficerPart::BeOffered { incident, offer, expires_at } => {
                self.ready_to_go()?;
                self.unbound()?;
                Ok(vec![OfficerEvent::Offered { incident, offer, expires_at }])
            }
            OfficerPart::Accept { incident, offer } => {
                let open = self.open_offer(incident, offer).ok_or(OfficerRefusal::NoSuchOffer)?;
                if now >= open.expires_at {
                    return Err(OfficerRefusal::OfferExpired);
                }
                if let Some(other) = self.commitments.first() {
                    return Err(OfficerRefusal::Committed(other.incident));
                }
                let how = CommitmentKind::Accepted;
                Ok(vec![OfficerEvent::Committed { incident, offer, how, stacked: false }])
            }
            OfficerPart::CloseOffer { incident, offer, how } => Ok(self
                .open_offer(incident, offer)
                .map(|_open| OfficerEvent::OfferClosed { incident, offer, how })
                .into_iter()
                .collect()),
            OfficerPart::BeOrdered { incident, offer, stack, stack_max } => {
                self.decide_order(incident, offer, stack, stack_max)
            }
            OfficerPart::ReachStage { incident, stage } => {
                let commitment = self.commitment(incident).ok_or(OfficerRefusal::NotCommitted)?;
                let further = stage > commitment.stage;
                Ok(further
                    .then_some(OfficerEvent::StageReached { incident, stage })
                    .into_iter()
                    .collect())
            }
            OfficerPart::BeAskedWell { incident } => Ok(self
                .commitment(incident)
                .map(|_bound| OfficerEvent::WelfareAsked { incident })
                .into_iter()
                .collect()),
            OfficerPart::SayWell { incident } => Ok(self
                .commitment(incident)
                .filter(|bound| bound.asked_well.is_some())
                .map(|_asked| OfficerEvent::WelfareAnswered { incident })
                .into_iter()
                .collect()),
            OfficerPart::BeReleased { incident, how } => Ok(self
                .commitment(incident)
                .map(|_bound| OfficerEvent::Released { incident, how })
                .into_iter()
                .collect()),
            OfficerPart::RaiseSos { incident } => {
                if self.sos.is_some() {
                    return Err(OfficerRefusal::InSos);
                }
                let mut events = vec![OfficerEvent::SosRaised { incident }];
                if self.duty == Duty::Off {
                    // Who calls for help wants to be found: the position is kept from now on.
                    events.push(OfficerEvent::WentOnDuty { how: DutyChange::Sos });
                }
                Ok(events)
            }
            OfficerPart::EndSos { incident } => {
                let over = self.sos == Some(incident);
                Ok(over.then_some(OfficerEvent::SosEnded { incident }).into_iter().collect())
            }
        }
    }

    fn open_offer(&self, incident: IncidentId, offer: OfferId) -> Option<OpenOffer> {
        self.offer.filter(|o| o.incident == incident && o.offer == offer)
    }

    fn change_commitment(&mut self, incident: IncidentId, change: impl FnOnce(&mut Commitment)) {
        if let Some(commitment) = self.commitments.iter_mut().find(|c| c.incident == incident) {
            change(commitment);
        }
    }

    fn ready_to_go(&self) -> Result<(), OfficerRefusal> {
        match self.duty {
            Duty::Off => Err(OfficerRefusal::OffDuty),
            Duty::Break => Err(OfficerRefusal::OnBreak),
            Duty::On if self.contact_lost => Err(OfficerRefusal::OutOfContact),
            Duty::On => Ok(()),
        }
    }

    /// A dispatcher's order reaches also who is on a break or out of contact, but never who is off
    /// duty, and never who still weighs another incident's offer: that one is answered first.
    fn decide_order(
        &self,
        incident: IncidentId,
        offer: OfferId,
        stack: bool,
        stack_max: u8,
    ) -> Result<Vec<OfficerEvent>, OfficerRefusal> {
        if self.duty == Duty::Off {
            return Err(OfficerRefusal::OffDuty);
        }
        if self.commitment(incident).is_some() {
            return Ok(Vec::new());
        }
        let mut events = Vec::new();
        if let Some(open) = self.offer {
            if open.incident != incident {
                return Err(OfficerRefusal::OfferOpen(open));
            }
            let how = OfferEnd::Withdrawn;
            events.push(OfficerEvent::OfferClosed { incident, offer: open.offer, how });
        }
        let stacked = !self.commitments.is_empty();
        if let (true, Some(other)) = (stacked && !stack, self.commitments.first()) {
            return Err(OfficerRefusal::Committed(other.incident));
        }
        if self.commitments.len() >= usize::from(stack_max) {
            return Err(OfficerRefusal::StackFull);
        }
        let how = CommitmentKind::Ordered;
        events.push(OfficerEvent::Committed { incident, offer, how, stacked });
        Ok(events)
    }

    /// Takes an event of the moment `at` into the state. Never decides, never fails.
    pub fn apply(&mut self, event: &OfficerEvent, at: UnixMillis) {
        match event {
            OfficerEvent::Registered { skills, personal, .. } => {
                self.registered = true;
                self.skills.clone_from(skills);
                if let Some(personal) = personal {
                    self.name.clone_from(&personal.name);
                    self.badge.clone_from(&personal.badge);
                }
            }
            OfficerEvent::WentOnDuty { .. } => {
                self.duty = Duty::On;
                self.on_duty_since = Some(at);
                self.duty_log.begin(at);
            }
            OfficerEvent::WentOffDuty { .. } => {
                self.duty = Duty::Off;
                self.on_duty_since = None;
                self.duty_log.end(at);
                self.contact_lost = false;
            }
            OfficerEvent::BreakStarted {} => self.duty = Duty::Break,
            OfficerEvent::BreakEnded {} => self.duty = Duty::On,
            OfficerEvent::ContactLost { .. } => self.contact_lost = true,
            OfficerEvent::ContactRegained {} => self.contact_lost = false,
            OfficerEvent::Offered { incident, offer, expires_at } => {
                self.offer =
                    Some(OpenOffer { incident: *incident, offer: *offer, expires_at: *expires_at });
            }
            OfficerEvent::OfferClosed { incident, offer, .. } => {
                if self.open_offer(*incident, *offer).is_some() {
                    self.offer = None;
                }
            }
            OfficerEvent::Committed { incident, offer, stacked, .. } => {
                if self.open_offer(*incident, *offer).is_some() {
                    self.offer = None;
                }
                self.commitments.push(Commitment {
                    incident: *incident,
                    offer: *offer,
                    stage: Stage::Accepted,
                    stacked: *stacked,
                    asked_well: None,
                });
            }
            OfficerEvent::StageReached { incident, stage } => {
                self.change_commitment(*incident, |c| {
                    c.stage = *stage;
                    c.asked_well = None;
                });
            }
            OfficerEvent::WelfareAsked { incident } => {
                self.change_commitment(*incident, |c| c.asked_well = Some(at));
            }
            OfficerEvent::WelfareAnswered { incident } => {
                self.change_commitment(*incident, |c| c.asked_well = None);
            }
            OfficerEvent::Released { incident, .. } => {
                self.commitments.retain(|c| c.incident != *incident);
            }
            OfficerEvent::TrackRead { .. } => {}
            OfficerEvent::SosRaised { incident } => self.sos = Some(*incident),
            OfficerEvent::SosEnded { incident } => {
                if self.sos == Some(*incident) {
                    self.sos = None;
                }
            }
        }
    }
}
