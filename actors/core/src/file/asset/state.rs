//! How an asset stands, as the fold of its events.

use serde::{Deserialize, Serialize};

use super::{AssetEvent, FoundBy};
use crate::deadline::Begin;
use crate::file::Number;
use crate::money::Fen;
use crate::procedure::AssetKind;
use crate::time::UnixMillis;

/// How an asset is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// From when the present term runs.
    pub from: Begin,
    /// Behind another court's, without effect.
    pub waiting: bool,
}

/// How far its sale is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case")]
pub enum Sale {
    /// Nothing was done.
    #[default]
    None,
    /// A price is being found.
    Pricing,
    /// The reference price is fixed.
    Priced,
    /// The notice is out.
    Published {
        /// Which auction.
        round: u8,
        /// When.
        at: UnixMillis,
    },
    /// Nobody bought.
    Failed {
        /// Which auction.
        round: u8,
    },
    /// Somebody bought, and owes the price.
    Sold {
        /// At which auction.
        round: u8,
        /// For.
        price: Fen,
    },
    /// The price is paid, or the applicant takes it in payment.
    Paid,
    /// The ruling was served.
    Confirmed,
}

plain_enum! {
    /// How it ended.
    Outcome {
        /// Money was taken from it.
        Transferred => "transferred",
        /// Sold, and with the buyer.
        Sold => "sold",
        /// Taken in payment, and with the applicant.
        SetOff => "set_off",
        /// Released.
        Released => "released",
        /// Cannot be sold; its control goes on.
        GivenUp => "given_up",
    }
}

/// One asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Its number in the case.
    pub asset: Number,
    /// What it is.
    pub kind: AssetKind,
    /// How it became known.
    pub how: FoundBy,
    /// What it may be worth.
    pub estimate: Option<Fen>,
    /// How it is held.
    pub control: Option<Control>,
    /// How much money is frozen on it.
    pub frozen: Option<Fen>,
    /// How much will be, when a control that waits behind another court's has effect.
    pub to_freeze: Option<Fen>,
    /// How far its sale is.
    pub sale: Sale,
    /// The applicant takes it.
    pub set_off: bool,
    /// How it ended.
    pub outcome: Option<Outcome>,
}

impl Asset {
    /// It is held with effect.
    #[must_use]
    pub fn is_held(&self) -> bool {
        self.control.is_some_and(|control| !control.waiting)
    }

    /// Something is still to be done with it.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.outcome.is_none()
    }
}

/// Takes an event in.
pub(in crate::file) fn apply(all: &mut Vec<Asset>, event: &AssetEvent) {
    if let AssetEvent::Found { asset, kind, how, estimate, .. } = *event {
        all.push(Asset {
            asset,
            kind,
            how,
            estimate,
            control: None,
            frozen: None,
            to_freeze: None,
            sale: Sale::None,
            set_off: false,
            outcome: None,
        });
        return;
    }
    let number = event.asset();
    let Some(asset) = all.iter_mut().find(|asset| asset.asset == number) else { return };
    match *event {
        AssetEvent::Found { .. } => {}
        AssetEvent::Controlled { from, waiting, amount, .. } => {
            asset.control = Some(Control { from, waiting });
            (asset.frozen, asset.to_freeze) = if waiting { (None, amount) } else { (amount, None) };
        }
        AssetEvent::TookEffect { from, .. } => {
            asset.control = Some(Control { from, waiting: false });
            asset.frozen = asset.to_freeze.take();
        }
        AssetEvent::Renewed { from, .. } => {
            asset.control = Some(Control { from, waiting: false });
        }
        AssetEvent::PriceAsked { .. } => asset.sale = Sale::Pricing,
        AssetEvent::PriceReported { .. } => {}
        AssetEvent::PriceFixed { .. } => asset.sale = Sale::Priced,
        AssetEvent::Published { round, at, .. } => asset.sale = Sale::Published { round, at },
        AssetEvent::Failed { round, .. } => asset.sale = Sale::Failed { round },
        AssetEvent::Sold { round, price, .. } => asset.sale = Sale::Sold { round, price },
        AssetEvent::PricePaid { .. } => asset.sale = Sale::Paid,
        AssetEvent::Confirmed { .. } => asset.sale = Sale::Confirmed,
        AssetEvent::SetOff { .. } => {
            asset.sale = Sale::Paid;
            asset.set_off = true;
        }
        AssetEvent::HandedOver { .. } => {
            let outcome = if asset.set_off { Outcome::SetOff } else { Outcome::Sold };
            asset.outcome = Some(outcome);
            asset.control = None;
        }
        AssetEvent::Transferred { amount, .. } => {
            let rest = asset.frozen.and_then(|frozen| frozen.0.checked_sub(amount.0));
            match rest.filter(|rest| *rest > 0) {
                // What is left stays frozen.
                Some(rest) => asset.frozen = Some(Fen(rest)),
                None => {
                    asset.outcome = Some(Outcome::Transferred);
                    asset.control = None;
                    asset.frozen = None;
                }
            }
        }
        AssetEvent::Released { .. } => {
            asset.outcome = Some(Outcome::Released);
            asset.control = None;
            (asset.frozen, asset.to_freeze) = (None, None);
        }
        AssetEvent::GivenUp { .. } => asset.outcome = Some(Outcome::GivenUp),
    }
}
