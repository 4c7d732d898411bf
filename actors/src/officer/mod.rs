//! An officer, as the court's thread has it: the actor, which is the one writer of the officer's state,
//! grants or refuses what incidents ask, and speaks to the officer's handheld; and the seat, where
//! positions are judged.
//!
//! In the order in which a position goes: `lane` (from a socket) or `batch` (from a gateway), `seat`,
//! `positions` or `gateway`, `tracks`, `acks`, and `news` for what the actor has to know.

mod acks;
mod actor;
mod batch;
mod devices;
mod gateway;
mod handheld;
mod lane;
mod messages;
mod news;
mod positions;
mod seat;
mod tracks;

pub use actor::OfficerActor;
pub(crate) use actor::after;
pub(crate) use batch::{BatchTeller, GatewayLine, MissingRecord, Waits};
pub use batch::{Gateway, GatewayBatch, Record, RecordEnd};
pub(crate) use gateway::OfBatch;
pub(crate) use lane::Waiting as FixesWaiting;
pub use lane::{FixLane, Link};
pub(crate) use messages::{AskForMany, CatchUp, Farewell};
pub use messages::{
    AskOfficer, BriefOfficer, Card, Connect, Connected, Disconnect, OfficerAnswer, OfficerFault,
    OrderOfficer, Revoke, SettleOfficer, Written,
};
pub(crate) use positions::{Judging, Tally};
pub(crate) use seat::{Seat, SeatNews};
pub(crate) use tracks::Kept;
