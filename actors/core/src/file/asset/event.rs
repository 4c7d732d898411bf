//! What happened to an asset.

use serde::{Deserialize, Serialize};

use crate::deadline::Begin;
use crate::file::Number;
use crate::money::Fen;
use crate::procedure::AssetKind;
use crate::time::UnixMillis;

plain_enum! {
    /// How an asset became known.
    FoundBy {
        /// By a query (网络查控).
        Query => "query",
        /// By the debtor's own report (财产报告).
        Report => "report",
        /// By a lead of the applicant (线索).
        Lead => "lead",
        /// In the field (现场).
        Field => "field",
    }
}

plain_enum! {
    /// How its reference price is found (法释〔2018〕15号).
    PriceWay {
        /// The parties agree (议价).
        Negotiation => "negotiation",
        /// From the tax or price authority (定向询价).
        Authority => "authority",
        /// Online (网络询价).
        Online => "online",
        /// By an appraiser (委托评估).
        Appraisal => "appraisal",
    }
}

/// What happened to an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum AssetEvent {
    /// It was found.
    Found {
        /// Its number in the case.
        asset: Number,
        /// What it is.
        kind: AssetKind,
        /// How it became known.
        how: FoundBy,
        /// What it may be worth.
        estimate: Option<Fen>,
        /// When.
        at: UnixMillis,
    },
    /// It was frozen, sealed or impounded.
    Controlled {
        /// Which.
        asset: Number,
        /// From when that has effect.
        from: Begin,
        /// Behind another court's: without effect until that ends (轮候).
        waiting: bool,
        /// How much money is frozen; of deposits only.
        amount: Option<Fen>,
    },
    /// A waiting control has effect now.
    TookEffect {
        /// Which.
        asset: Number,
        /// From when.
        from: Begin,
    },
    /// The control goes on for another term.
    Renewed {
        /// Which.
        asset: Number,
        /// From when the new term runs.
        from: Begin,
    },
    /// A price is being found.
    PriceAsked {
        /// Which.
        asset: Number,
        /// How.
        way: PriceWay,
        /// When.
        at: UnixMillis,
    },
    /// A report on the price has come.
    PriceReported {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// The reference price is fixed.
    PriceFixed {
        /// Which.
        asset: Number,
        /// At.
        price: Fen,
        /// When.
        at: UnixMillis,
    },
    /// The auction notice is out.
    Published {
        /// Which.
        asset: Number,
        /// Which auction of it: 1, 2, or 3 for the sale at a fixed price (变卖).
        round: u8,
        /// When.
        at: UnixMillis,
    },
    /// Nobody bought.
    Failed {
        /// Which.
        asset: Number,
        /// Which auction of it.
        round: u8,
        /// When.
        at: UnixMillis,
    },
    /// Somebody bought.
    Sold {
        /// Which.
        asset: Number,
        /// Which auction of it.
        round: u8,
        /// For.
        price: Fen,
        /// When.
        at: UnixMillis,
    },
    /// The whole price was paid.
    PricePaid {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// The ruling that confirms the sale, or the taking in payment, was served.
    Confirmed {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// The buyer has it.
    HandedOver {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// The applicant takes it in payment (以物抵债).
    SetOff {
        /// Which.
        asset: Number,
        /// For so much of the debt.
        price: Fen,
        /// When.
        at: UnixMillis,
    },
    /// Money was taken from it (划拨).
    Transferred {
        /// Which.
        asset: Number,
        /// How much.
        amount: Fen,
        /// When.
        at: UnixMillis,
    },
    /// It is free again.
    Released {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// It cannot be sold, or is not to be found; the words say why (不宜处置).
    GivenUp {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
}

impl AssetEvent {
    /// Which asset.
    #[must_use]
    pub fn asset(&self) -> Number {
        match *self {
            Self::Found { asset, .. }
            | Self::Controlled { asset, .. }
            | Self::TookEffect { asset, .. }
            | Self::Renewed { asset, .. }
            | Self::PriceAsked { asset, .. }
            | Self::PriceReported { asset, .. }
            | Self::PriceFixed { asset, .. }
            | Self::Published { asset, .. }
            | Self::Failed { asset, .. }
            | Self::Sold { asset, .. }
            | Self::PricePaid { asset, .. }
            | Self::Confirmed { asset, .. }
            | Self::HandedOver { asset, .. }
            | Self::SetOff { asset, .. }
            | Self::Transferred { asset, .. }
            | Self::Released { asset, .. }
            | Self::GivenUp { asset, .. } => asset,
        }
    }
}
