//! The officer's actor: the one writer of an officer's state. Grants or refuses what incidents ask,
//! takes in positions, of the handheld and of gateways, hands them to the track store, and speaks to
//! the officer's handheld.

mod acks;
mod actor;
mod batch;
mod devices;
mod gateway;
mod handheld;
mod lane;
mod messages;
mod positions;
mod tracks;

pub(crate) use acks::SayOwed;
pub use actor::OfficerActor;
pub(crate) use actor::after;
pub use batch::{Batch, RecordEnd};
pub use gateway::{GatewayLane, GatewayPart};
pub use lane::{FixLane, Link};
pub(crate) use messages::{AskForMany, CatchUp, Farewell};
pub use messages::{
    AskOfficer, BriefOfficer, Card, Connect, Connected, Disconnect, OfficerAnswer, OfficerFault,
    OrderOfficer, Revoke, SettleOfficer, Written,
};
pub(crate) use positions::Tally;
