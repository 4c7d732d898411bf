//! Electronic service (电子送达): only with consent on file, to an address the party has confirmed; and when it
//! arrives. Without consent the same message is information (告知) and no service.
//!
//! 《人民法院在线诉讼规则》 29–32条, 民诉法 90条, 民诉法解释 135–136条. To a confirmed address it arrives when it reaches
//! the system of that address. To another one it arrives when the party has answered or acted, or is known to have
//! read it. Of several channels the earliest counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::file::{Acting, Number};
use crate::time::UnixMillis;

plain_enum! {
    /// A way to a party.
    Channel {
        /// This portal.
        Portal => "portal",
        /// SMS.
        Sms => "sms",
        /// WeChat.
        WeChat => "wechat",
        /// Electronic mail.
        Email => "email",
        /// By hand, with a signed receipt (直接送达).
        InPerson => "in_person",
        /// By post (邮寄送达).
        Post => "post",
    }
}

impl Channel {
    /// Needs the party's consent.
    #[must_use]
    pub fn is_electronic(self) -> bool {
        matches!(self, Self::Portal | Self::Sms | Self::WeChat | Self::Email)
    }
}

/// What a party has agreed to (送达地址确认书). The addresses are in the sealed part of the event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// By which channels.
    pub channels: Vec<Channel>,
    /// Since when.
    pub since: UnixMillis,
}

plain_enum! {
    /// What shows that it arrived.
    Arrival {
        /// It reached the system of an address that the party confirmed.
        Delivered => "delivered",
        /// The party has opened it.
        Read => "read",
        /// A signed receipt.
        Receipt => "receipt",
    }
}

/// One paper on its way to one party.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Which paper.
    pub paper: Number,
    /// To which party.
    pub party: u16,
    /// By which channel.
    pub channel: Channel,
    /// The address was confirmed and the party agreed: it is service, and not only information.
    pub confirmed: bool,
    /// When it was sent.
    pub sent: UnixMillis,
    /// When it arrived, and by what that is known.
    pub arrived: Option<(UnixMillis, Arrival)>,
}

/// Consents and services of a case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Services {
    /// What each party has agreed to.
    pub consents: BTreeMap<u16, Consent>,
    /// What was sent, in order.
    pub sent: Vec<Service>,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceCommand {
    /// Agree, as the party; or record a signed confirmation, as the court.
    Consent {
        /// Which party.
        party: u16,
        /// By which channels; none: electronic service is wanted no more.
        channels: Vec<Channel>,
    },
    /// Send a paper.
    Send {
        /// Which.
        paper: Number,
        /// To which party.
        party: u16,
        /// By which channel.
        channel: Channel,
    },
    /// It arrived.
    Arrived {
        /// Which.
        paper: Number,
        /// At which party.
        party: u16,
        /// By which channel.
        channel: Channel,
        /// By what that is known.
        how: Arrival,
        /// When; not in the future and not before it was sent.
        at: UnixMillis,
    },
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum ServiceEvent {
    /// A party agreed, or does no more.
    Consented {
        /// Which.
        party: u16,
        /// By which channels.
        channels: Vec<Channel>,
        /// When.
        at: UnixMillis,
    },
    /// A paper was sent.
    Sent(Service),
    /// It arrived.
    Arrived {
        /// Which.
        paper: Number,
        /// At which party.
        party: u16,
        /// By which channel.
        channel: Channel,
        /// By what that is known.
        how: Arrival,
        /// When.
        at: UnixMillis,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceRefusal {
    /// Not for this one.
    #[error("that is not for you to do")]
    NotAllowed,
    /// No such party.
    #[error("the case has no such party")]
    UnknownParty,
    /// No such paper.
    #[error("the file has no such paper for this party")]
    UnknownPaper,
    /// Sent so before.
    #[error("it was sent that way before")]
    SentBefore,
    /// Never sent.
    #[error("it was not sent that way")]
    NotSent,
    /// Not possible.
    #[error("it did not arrive before it was sent, and not in the future")]
    Time,
    /// Does not show it.
    #[error("that does not show that it arrived: the address was not confirmed")]
    NoProof,
}

impl Services {
    /// When a paper was served on a party: the earliest arrival that counts as service. By an electronic channel
    /// without consent it is told (告知), and not served.
    #[must_use]
    pub fn served(&self, paper: Number, party: u16) -> Option<UnixMillis> {
        let of = self.sent.iter().filter(|sent| sent.paper == paper && sent.party == party);
        let of = of.filter(|sent| sent.confirmed || !sent.channel.is_electronic());
        of.filter_map(|sent| sent.arrived.map(|(at, _)| at)).min()
    }

    /// Decides; `addressed`: the paper is there and is for that party; `worded`: addresses come with it.
    ///
    /// # Errors
    /// [`ServiceRefusal`].
    pub(in crate::file) fn decide(
        &self,
        command: &ServiceCommand,
        by: Acting,
        parties: usize,
        addressed: impl Fn(Number, u16) -> bool,
        worded: bool,
        now: UnixMillis,
    ) -> Result<Option<ServiceEvent>, ServiceRefusal> {
        match command {
            ServiceCommand::Consent { party, channels } => {
                let known = (1..=parties).contains(&usize::from(*party));
                known.then_some(()).ok_or(ServiceRefusal::UnknownParty)?;
                let may = by.party() == Some(*party) || by.staff().is_some();
                may.then_some(()).ok_or(ServiceRefusal::NotAllowed)?;
                let mut channels = channels.clone();
                channels.sort_unstable();
                channels.dedup();
                channels.retain(|channel| channel.is_electronic());
                let before = self.consents.get(party).map(|consent| &consent.channels);
                let same = before.map_or(channels.is_empty(), |before| *before == channels);
                let event = ServiceEvent::Consented { party: *party, channels, at: now };
                // Words are addresses: the same channels may lead elsewhere now.
                Ok((worded || !same).then_some(event))
            }
            ServiceCommand::Send { paper, party, channel } => {
                by.is_court().then_some(()).ok_or(ServiceRefusal::NotAllowed)?;
                addressed(*paper, *party).then_some(()).ok_or(ServiceRefusal::UnknownPaper)?;
                if self.way(*paper, *party, *channel).is_some() {
                    return Err(ServiceRefusal::SentBefore);
                }
                let agreed = |consent: &Consent| consent.channels.contains(channel);
                let confirmed = self.consents.get(party).is_some_and(agreed);
                let (paper, party, channel) = (*paper, *party, *channel);
                let sent = Service { paper, party, channel, confirmed, sent: now, arrived: None };
                Ok(Some(ServiceEvent::Sent(sent)))
            }
            ServiceCommand::Arrived { paper, party, channel, how, at } => {
                // A party's own opening of it is what the portal says; the rest is for the court and its carriers.
                let may = by.is_court() || (by.party() == Some(*party) && *how == Arrival::Read);
                may.then_some(()).ok_or(ServiceRefusal::NotAllowed)?;
                let sent = self.way(*paper, *party, *channel).ok_or(ServiceRefusal::NotSent)?;
                if *at > now || *at < sent.sent {
                    return Err(ServiceRefusal::Time);
                }
                let shows = match how {
                    Arrival::Delivered => sent.confirmed,
                    Arrival::Read => sent.channel.is_electronic(),
                    Arrival::Receipt => !sent.channel.is_electronic(),
                };
                shows.then_some(()).ok_or(ServiceRefusal::NoProof)?;
                let (paper, party, channel, how) = (*paper, *party, *channel, *how);
                let earlier = sent.arrived.is_none_or(|(before, _)| *at < before);
                let arrived = ServiceEvent::Arrived { paper, party, channel, how, at: *at };
                Ok(earlier.then_some(arrived))
            }
        }
    }

    fn way(&self, paper: Number, party: u16, channel: Channel) -> Option<&Service> {
        let same =
            |sent: &&Service| (sent.paper, sent.party, sent.channel) == (paper, party, channel);
        self.sent.iter().find(same)
    }

    /// Takes an event in.
    pub(in crate::file) fn apply(&mut self, event: &ServiceEvent) {
        match event {
            ServiceEvent::Consented { party, channels, at } => {
                let consent = Consent { channels: channels.clone(), since: *at };
                self.consents.insert(*party, consent);
            }
            ServiceEvent::Sent(sent) => self.sent.push(*sent),
            ServiceEvent::Arrived { paper, party, channel, how, at } => {
                let same = |sent: &&mut Service| {
                    (sent.paper, sent.party, sent.channel) == (*paper, *party, *channel)
                };
                if let Some(sent) = self.sent.iter_mut().find(same) {
                    sent.arrived = Some((*at, *how));
                }
            }
        }
    }
}
