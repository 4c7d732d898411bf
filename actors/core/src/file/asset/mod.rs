//! Assets of a debtor: found, controlled before they are gone, priced, sold, handed over. Each has clocks of its
//! own; what an asset is in words is in the sealed part of its events.

mod decide;
mod event;
mod state;

pub use decide::{AssetCommand, AssetRefusal};
pub use event::{AssetEvent, FoundBy, PriceWay};
pub use state::{Asset, Control, Outcome, Sale};

pub(super) use decide::decide;
pub(super) use state::apply;
