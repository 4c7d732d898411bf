//! The search for assets: queries of registers and banks, leads that somebody gave, and what the handler states
//! about the search. Also the restrictions that press a debtor to come forward.
//!
//! The national query system is an outside party: a query goes out through a port and its answer comes in.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Acting, Number, next_number};
use crate::time::UnixMillis;

/// One query.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inquiry {
    /// Its number in the case.
    pub inquiry: Number,
    /// About which debtor, by number.
    pub party: u16,
    /// The query after closing that it is, from 1 (终本后定期查询).
    pub requery: Option<u16>,
    /// When it went out.
    pub sent: UnixMillis,
    /// When it was answered, and how many assets it found.
    pub answered: Option<(UnixMillis, u16)>,
    /// It failed.
    pub failed: bool,
    /// So many of what it found are neither assets of the file yet nor settled otherwise.
    pub hits: u16,
}

/// One lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lead {
    /// Its number in the case.
    pub lead: Number,
    /// Whether something came of it; `None` before it was verified.
    pub useful: Option<bool>,
}

plain_enum! {
    /// What the handler states about the search, with the reason in words; conditions of a closing without property
    /// rest on it (法〔2016〕373号 1–4条).
    Finding {
        /// The debtor's asset report was checked, and what was late or false was punished.
        ReportChecked => "report_checked",
        /// The debtor does not meet what the list asks for.
        ListingNotDue => "listing_not_due",
        /// The debtor is there.
        DebtorPresent => "debtor_present",
        /// The debtor was searched for and not found.
        DebtorSought => "debtor_sought",
        /// Local registers were asked, or the network reaches them all.
        LocalSearchDone => "local_search_done",
    }
}

plain_enum! {
    /// What presses a debtor.
    Restriction {
        /// No expenses beyond the needful (限制消费).
        Consumption => "consumption",
        /// The list of defaulters (失信名单).
        Blacklist => "blacklist",
    }
}

plain_enum! {
    /// How a restriction stands.
    RestrictionDeed {
        /// It applies.
        Imposed => "imposed",
        /// There is a ground to end it, and the time for that runs.
        GroundArose => "ground_arose",
        /// It has ended.
        Lifted => "lifted",
    }
}

/// How the search of a case stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Search {
    /// Queries, in order.
    pub inquiries: Vec<Inquiry>,
    /// Leads, in order.
    pub leads: Vec<Lead>,
    /// What the handler has stated.
    pub findings: BTreeSet<Finding>,
    /// Restrictions: what, on which party, how it stands.
    pub restrictions: Vec<(Restriction, u16, RestrictionDeed)>,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchCommand {
    /// Send a query about a debtor.
    Inquire {
        /// Which, by number.
        party: u16,
        /// The query after closing that it is.
        requery: Option<u16>,
    },
    /// It was answered.
    Answer {
        /// Which.
        inquiry: Number,
        /// How many assets it found; each becomes one of the file by a command of its own.
        found: u16,
    },
    /// It could not be sent, or came back without an answer.
    Fail {
        /// Which.
        inquiry: Number,
    },
    /// So many of what a query found become no assets of the file: they are known already, or nothing can be had of
    /// them. The words say which and why.
    Settle {
        /// Which query.
        inquiry: Number,
        /// How many.
        hits: u16,
    },
    /// Somebody gives a lead. The words say what it is.
    Lead {
        /// It cannot wait.
        urgent: bool,
    },
    /// A lead was verified. The words say what was found.
    Verify {
        /// Which.
        lead: Number,
        /// Something came of it.
        useful: bool,
    },
    /// The handler states something. The words say on what it rests.
    State {
        /// What.
        finding: Finding,
    },
    /// Impose a restriction, note a ground to end it, or end it.
    Restrict {
        /// What.
        restriction: Restriction,
        /// On which party.
        party: u16,
        /// How it stands from now on.
        deed: RestrictionDeed,
        /// When.
        at: UnixMillis,
    },
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum SearchEvent {
    /// A query went out.
    Inquired {
        /// Its number.
        inquiry: Number,
        /// About which debtor.
        party: u16,
        /// The query after closing that it is.
        requery: Option<u16>,
        /// When.
        at: UnixMillis,
    },
    /// It was answered.
    Answered {
        /// Which.
        inquiry: Number,
        /// How many assets it found.
        found: u16,
        /// When.
        at: UnixMillis,
    },
    /// It failed.
    InquiryFailed {
        /// Which.
        inquiry: Number,
    },
    /// A lead was given.
    LeadGiven {
        /// Its number.
        lead: Number,
        /// By which party; else by somebody at the court.
        party: Option<u16>,
        /// It cannot wait.
        urgent: bool,
        /// When.
        at: UnixMillis,
    },
    /// Some of what a query found become no assets of the file.
    Settled {
        /// Which query.
        inquiry: Number,
        /// How many.
        hits: u16,
    },
    /// A lead was verified.
    LeadVerified {
        /// Which.
        lead: Number,
        /// Something came of it.
        useful: bool,
        /// When.
        at: UnixMillis,
    },
    /// The handler stated something.
    Stated {
        /// What.
        finding: Finding,
    },
    /// A restriction stands otherwise.
    Restricted {
        /// What.
        restriction: Restriction,
        /// On which party.
        party: u16,
        /// How it stands.
        how: RestrictionDeed,
        /// When.
        at: UnixMillis,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SearchRefusal {
    /// Not for this one.
    #[error("that is not for you to do")]
    NotAllowed,
    /// Not a debtor.
    #[error("the case has no such debtor")]
    UnknownDebtor,
    /// No such query or lead, or it is over.
    #[error("there is no such query or lead, or it is over")]
    Unknown,
    /// Done before, or something has to come first.
    #[error("that restriction does not stand so that this follows")]
    Order,
    /// Another query is owed, or none yet.
    #[error("that is not the query after the closing that is owed now")]
    Round,
    /// In the future.
    #[error("what is not yet cannot be recorded as done")]
    Future,
    /// Nothing said.
    #[error("say what it is, or on what it rests")]
    Words,
    /// Too many.
    #[error("the case has too many of these")]
    TooMany,
}

impl Search {
    /// Decides; `None` when nothing changes. `is_debtor` knows the parties, `owed` is the query after a closing that
    /// may go out now.
    ///
    /// # Errors
    /// [`SearchRefusal`].
    pub(super) fn decide(
        &self,
        command: &SearchCommand,
        by: Acting,
        worded: bool,
        is_debtor: impl Fn(u16) -> bool,
        owed: Option<u16>,
        now: UnixMillis,
    ) -> Result<Option<SearchEvent>, SearchRefusal> {
        let court = || by.is_court().then_some(()).ok_or(SearchRefusal::NotAllowed);
        let words = || worded.then_some(()).ok_or(SearchRefusal::Words);
        let debtor = |party| is_debtor(party).then_some(()).ok_or(SearchRefusal::UnknownDebtor);
        if !matches!(command, SearchCommand::Lead { .. }) {
            court()?;
        }
        let event = match *command {
            SearchCommand::Inquire { party, requery } => {
                debtor(party)?;
                if requery.is_some() && requery != owed {
                    return Err(SearchRefusal::Round);
                }
                let inquiry = next_number(self.inquiries.len()).ok_or(SearchRefusal::TooMany)?;
                SearchEvent::Inquired { inquiry, party, requery, at: now }
            }
            SearchCommand::Answer { inquiry, found } => {
                let known = self.inquiries.iter().find(|known| known.inquiry == inquiry);
                let known = known.ok_or(SearchRefusal::Unknown)?;
                if known.answered.is_some() {
                    return Ok(None);
                }
                SearchEvent::Answered { inquiry, found, at: now }
            }
            SearchCommand::Fail { inquiry } => {
                let known = self.inquiries.iter().find(|known| known.inquiry == inquiry);
                let known = known.filter(|known| known.answered.is_none());
                if known.ok_or(SearchRefusal::Unknown)?.failed {
                    return Ok(None);
                }
                SearchEvent::InquiryFailed { inquiry }
            }
            SearchCommand::Settle { inquiry, hits } => {
                by.staff().ok_or(SearchRefusal::NotAllowed)?;
                words()?;
                let known = self.inquiries.iter().find(|known| known.inquiry == inquiry);
                let open = known.filter(|known| (1..=known.hits).contains(&hits));
                open.ok_or(SearchRefusal::Unknown)?;
                SearchEvent::Settled { inquiry, hits }
            }
            SearchCommand::Lead { urgent } => {
                words()?;
                let lead = next_number(self.leads.len()).ok_or(SearchRefusal::TooMany)?;
                SearchEvent::LeadGiven { lead, party: by.party(), urgent, at: now }
            }
            SearchCommand::Verify { lead, useful } => {
                words()?;
                let known = self.leads.iter().find(|known| known.lead == lead);
                let open = known.filter(|known| known.useful.is_none());
                open.ok_or(SearchRefusal::Unknown)?;
                SearchEvent::LeadVerified { lead, useful, at: now }
            }
            SearchCommand::State { finding } => {
                by.staff().ok_or(SearchRefusal::NotAllowed)?;
                words()?;
                SearchEvent::Stated { finding }
            }
            SearchCommand::Restrict { restriction, party, deed, at } => {
                debtor(party)?;
                (at <= now).then_some(()).ok_or(SearchRefusal::Future)?;
                let stands = self.restriction(restriction, party);
                let follows = match deed {
                    RestrictionDeed::Imposed => {
                        matches!(stands, None | Some(RestrictionDeed::Lifted))
                    }
                    RestrictionDeed::GroundArose => stands == Some(RestrictionDeed::Imposed),
                    RestrictionDeed::Lifted => {
                        matches!(
                            stands,
                            Some(RestrictionDeed::Imposed | RestrictionDeed::GroundArose)
                        )
                    }
                };
                follows.then_some(()).ok_or(SearchRefusal::Order)?;
                SearchEvent::Restricted { restriction, party, how: deed, at }
            }
        };
        Ok(Some(event))
    }

    /// How a restriction of a party stands.
    #[must_use]
    pub fn restriction(&self, what: Restriction, party: u16) -> Option<RestrictionDeed> {
        let of = self.restrictions.iter().find(|(known, of, _)| (*known, *of) == (what, party));
        of.map(|(_, _, deed)| *deed)
    }

    /// What queries found and nobody has entered or settled yet.
    #[must_use]
    pub fn hits(&self) -> u16 {
        self.inquiries.iter().fold(0, |sum, inquiry| sum.saturating_add(inquiry.hits))
    }

    /// One of what was found is an asset of the file now: of the oldest query that has some left.
    pub(super) fn enter_hit(&mut self) {
        if let Some(known) = self.inquiries.iter_mut().find(|known| known.hits > 0) {
            known.hits -= 1;
        }
    }

    /// Takes an event in.
    pub(super) fn apply(&mut self, event: &SearchEvent) {
        match *event {
            SearchEvent::Inquired { inquiry, party, requery, at } => {
                let (answered, failed) = (None, false);
                self.inquiries.push(Inquiry {
                    inquiry,
                    party,
                    requery,
                    sent: at,
                    answered,
                    failed,
                    hits: 0,
                });
            }
            SearchEvent::Answered { inquiry, found, at } => {
                if let Some(known) = self.inquiries.iter_mut().find(|i| i.inquiry == inquiry) {
                    known.answered = Some((at, found));
                    known.failed = false;
                    known.hits = found;
                }
            }
            SearchEvent::InquiryFailed { inquiry } => {
                if let Some(known) = self.inquiries.iter_mut().find(|i| i.inquiry == inquiry) {
                    known.failed = true;
                }
            }
            SearchEvent::Settled { inquiry, hits } => {
                if let Some(known) = self.inquiries.iter_mut().find(|i| i.inquiry == inquiry) {
                    known.hits = known.hits.saturating_sub(hits);
                }
            }
            SearchEvent::LeadGiven { lead, .. } => self.leads.push(Lead { lead, useful: None }),
            SearchEvent::LeadVerified { lead, useful, .. } => {
                if let Some(known) = self.leads.iter_mut().find(|known| known.lead == lead) {
                    known.useful = Some(useful);
                }
            }
            SearchEvent::Stated { finding } => {
                self.findings.insert(finding);
            }
            SearchEvent::Restricted { restriction, party, how, .. } => {
                let known = self
                    .restrictions
                    .iter_mut()
                    .find(|(what, of, _)| (*what, *of) == (restriction, party));
                match known {
                    Some((_, _, stands)) => *stands = how,
                    None => self.restrictions.push((restriction, party, how)),
                }
            }
        }
    }
}
