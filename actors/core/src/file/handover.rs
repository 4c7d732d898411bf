//! Segments of the work (分段执行), and how a file goes from hand to hand: one side offers it with a code that is
//! good once and for a short while, the other side scans it. Both acts are recorded.

use serde::{Deserialize, Serialize};

use super::Acting;
use crate::ids::UserId;
use crate::time::{Millis, UnixMillis};

/// How long an offer is good, at most: a code on a screen, not one on paper.
pub const OFFER_MAX: Millis = Millis::from_secs(15 * 60);

plain_enum! {
    /// A segment of the work.
    Segment {
        /// Searching and freezing from the desk (查控).
        Control => "control",
        /// In the field, and selling (实施).
        Field => "field",
        /// Rulings, closing, archive (裁决).
        Adjudication => "adjudication",
    }
}

/// SHA-256 of the code.
pub type CodeHash = [u8; 32];

/// An offer that nobody has taken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// From whom.
    pub from: UserId,
    /// For which segment.
    pub segment: Segment,
    /// Hash of the code.
    #[serde(with = "hex32")]
    pub code: CodeHash,
    /// Until when.
    pub until: UnixMillis,
}

/// Who has the file, and for which work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hands {
    /// Who has it; `None` before anybody took it: then it is the handler's.
    pub holder: Option<UserId>,
    /// The segment it is in.
    pub segment: Option<Segment>,
    /// An offer that is open. A newer one takes its place.
    pub offer: Option<Offer>,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HandoverCommand {
    /// Offer the file.
    Offer {
        /// For which segment.
        segment: Segment,
        /// Hash of the code.
        code: CodeHash,
        /// How long it is good, at most [`OFFER_MAX`].
        lasts: Millis,
    },
    /// Take it, having scanned the code.
    Take {
        /// Hash of what was scanned.
        code: CodeHash,
    },
    /// Take the offer back.
    Withdraw,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum HandoverEvent {
    /// It was offered.
    Offered(Offer),
    /// It was taken.
    Taken {
        /// From whom.
        from: UserId,
        /// By whom.
        to: UserId,
        /// For which segment.
        segment: Segment,
        /// When.
        at: UnixMillis,
    },
    /// The offer was taken back.
    Withdrawn {},
}

/// Why not. An old code, a used one and another's look alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HandoverRefusal {
    /// It is not in these hands.
    #[error("only who has the file hands it over")]
    NotHolder,
    /// Too long, or no time at all.
    #[error("an offer is good for up to 15 minutes")]
    Lasts,
    /// No such code, not any more, or never.
    #[error("this code is not good, or not any more")]
    Code,
    /// To oneself.
    #[error("who offers a file does not take it")]
    Oneself,
    /// None is open.
    #[error("nothing is offered")]
    NothingOffered,
}

impl Hands {
    /// Decides. `handler` has the file while nobody took it.
    ///
    /// # Errors
    /// [`HandoverRefusal`].
    pub fn decide(
        &self,
        command: &HandoverCommand,
        by: Acting,
        handler: Option<UserId>,
        now: UnixMillis,
    ) -> Result<HandoverEvent, HandoverRefusal> {
        let user = by.staff().ok_or(HandoverRefusal::NotHolder)?;
        let holds = self.holder.or(handler) == Some(user);
        match command {
            HandoverCommand::Offer { segment, code, lasts } => {
                if !holds {
                    return Err(HandoverRefusal::NotHolder);
                }
                if !(1..=OFFER_MAX.0).contains(&lasts.0) {
                    return Err(HandoverRefusal::Lasts);
                }
                let until = now.plus(*lasts);
                Ok(HandoverEvent::Offered(Offer {
                    from: user,
                    segment: *segment,
                    code: *code,
                    until,
                }))
            }
            HandoverCommand::Take { code } => {
                let open = self.offer.filter(|offer| offer.code == *code && now < offer.until);
                let offer = open.ok_or(HandoverRefusal::Code)?;
                if offer.from == user {
                    return Err(HandoverRefusal::Oneself);
                }
                let Offer { from, segment, .. } = offer;
                Ok(HandoverEvent::Taken { from, to: user, segment, at: now })
            }
            HandoverCommand::Withdraw => {
                let mine = self.offer.is_some_and(|offer| offer.from == user);
                if mine {
                    Ok(HandoverEvent::Withdrawn {})
                } else {
                    Err(HandoverRefusal::NothingOffered)
                }
            }
        }
    }

    /// Takes an event in.
    pub fn apply(&mut self, event: &HandoverEvent) {
        match event {
            HandoverEvent::Offered(offer) => self.offer = Some(*offer),
            HandoverEvent::Taken { to, segment, .. } => {
                *self = Self { holder: Some(*to), segment: Some(*segment), offer: None };
            }
            HandoverEvent::Withdrawn {} => self.offer = None,
        }
    }
}

/// 32 bytes as hexadecimal text.
pub(crate) mod hex32 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub(crate) fn serialize<S: Serializer>(bytes: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::super::paper::hex(bytes))
    }

    pub(crate) fn deserialize<'d, D: Deserializer<'d>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = std::borrow::Cow::<'d, str>::deserialize(from)?;
        super::super::paper::unhex(&text)
            .ok_or_else(|| D::Error::custom("not 64 hexadecimal digits"))
    }
}
