//! What may be done with an asset, and in which order.

use super::{Asset, AssetEvent, FoundBy, Outcome, PriceWay, Sale};
use crate::calendar::Day;
use crate::deadline::Begin;
use crate::file::{Acting, Number, next_number};
use crate::money::Fen;
use crate::procedure::AssetKind;
use crate::time::UnixMillis;

/// Two auctions and a sale at a fixed price.
const ROUNDS_MAX: u8 = 3;

/// What is wanted of an asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AssetCommand {
    /// Note that it is there. The words say what it is.
    Find {
        /// What it is.
        kind: AssetKind,
        /// How it became known.
        how: FoundBy,
        /// What it may be worth.
        estimate: Option<Fen>,
        /// When it became known.
        at: UnixMillis,
    },
    /// Freeze, seal or impound it.
    Control {
        /// Which.
        asset: Number,
        /// From when that has effect; of an earlier preservation: when that began (财产保全规定 17条).
        from: Begin,
        /// Behind another court's.
        waiting: bool,
        /// How much money is frozen: of a deposit, and of nothing else.
        amount: Option<Fen>,
    },
    /// The court before has ended: it has effect.
    TakeEffect {
        /// Which.
        asset: Number,
        /// From when.
        from: Begin,
    },
    /// Another term.
    Renew {
        /// Which.
        asset: Number,
        /// From when the new term runs.
        from: Begin,
    },
    /// Ask for a price.
    AskPrice {
        /// Which.
        asset: Number,
        /// How.
        way: PriceWay,
        /// When.
        at: UnixMillis,
    },
    /// A report has come.
    ReportPrice {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// Fix the price.
    FixPrice {
        /// Which.
        asset: Number,
        /// At.
        price: Fen,
        /// When.
        at: UnixMillis,
    },
    /// The notice of an auction is out.
    Publish {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// Nobody bought.
    Fail {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// Somebody bought.
    Sell {
        /// Which.
        asset: Number,
        /// For.
        price: Fen,
        /// When.
        at: UnixMillis,
    },
    /// The whole price was paid.
    PayPrice {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// The applicant takes it in payment, after an auction that failed.
    SetOff {
        /// Which.
        asset: Number,
        /// For so much.
        price: Fen,
        /// When.
        at: UnixMillis,
    },
    /// The ruling was served.
    Confirm {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// It was handed over.
    HandOver {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// Take money from it.
    Transfer {
        /// Which.
        asset: Number,
        /// How much.
        amount: Fen,
        /// When.
        at: UnixMillis,
    },
    /// Free it.
    Release {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
    /// It cannot be sold, or is not to be found. The words say why.
    GiveUp {
        /// Which.
        asset: Number,
        /// When.
        at: UnixMillis,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AssetRefusal {
    /// Not the court.
    #[error("only the court acts on assets")]
    NotCourt,
    /// No such asset.
    #[error("the file has no such asset")]
    Unknown,
    /// It has ended.
    #[error("nothing more is done with this asset")]
    Over,
    /// Something has to come before.
    #[error("that is not the next thing to be done with this asset")]
    Order,
    /// Held already.
    #[error("it is held already")]
    HeldAlready,
    /// Not held, or without effect.
    #[error("it is not held, or its control waits behind another court's")]
    NotHeld,
    /// It ended by itself.
    #[error("its control has ended by itself: take hold of it anew")]
    Lapsed,
    /// Money is taken from money only.
    #[error("money is taken from deposits and rights, everything else is sold")]
    Kind,
    /// The notice has to be out so long.
    #[error("the notice has not been out long enough")]
    TooEarly,
    /// In the future.
    #[error("what is not yet cannot be recorded as done")]
    Future,
    /// Nothing, or more than anybody owes.
    #[error("an amount is 0.01 to 10,000,000,000.00 yuan")]
    Amount,
    /// Nothing said.
    #[error("say what it is, or why")]
    Words,
    /// Too many.
    #[error("the file has too many assets")]
    TooMany,
}

/// Decides about assets. `worded`: the command comes with words; `lapsed`: assets whose control has ended by itself.
///
/// # Errors
/// [`AssetRefusal`].
pub(in crate::file) fn decide(
    all: &[Asset],
    command: &AssetCommand,
    by: Acting,
    worded: bool,
    lapsed: &[Number],
    now: UnixMillis,
) -> Result<AssetEvent, AssetRefusal> {
    by.is_court().then_some(()).ok_or(AssetRefusal::NotCourt)?;
    let (asset, at) = command.asset_and_moment();
    (at <= now).then_some(()).ok_or(AssetRefusal::Future)?;
    let amount = |amount: Fen| {
        let fits = (1..=Fen::MAX.0).contains(&amount.0);
        fits.then_some(amount).ok_or(AssetRefusal::Amount)
    };
    if let AssetCommand::Find { kind, how, estimate, at } = *command {
        worded.then_some(()).ok_or(AssetRefusal::Words)?;
        estimate.map(amount).transpose()?;
        let asset = next_number(all.len()).ok_or(AssetRefusal::TooMany)?;
        return Ok(AssetEvent::Found { asset, kind, how, estimate, at });
    }
    let known = all.iter().find(|known| known.asset == asset).ok_or(AssetRefusal::Unknown)?;
    // What cannot be sold is still held: its control is renewed, or it is released.
    let goes_on = match command {
        AssetCommand::Renew { .. }
        | AssetCommand::Release { .. }
        | AssetCommand::TakeEffect { .. } => {
            known.is_open() || known.outcome == Some(Outcome::GivenUp)
        }
        _ => known.is_open(),
    };
    goes_on.then_some(()).ok_or(AssetRefusal::Over)?;
    let lapsed = lapsed.contains(&asset);
    let held = || match (known.is_held(), lapsed) {
        (true, false) => Ok(()),
        (true, true) => Err(AssetRefusal::Lapsed),
        (false, _) => Err(AssetRefusal::NotHeld),
    };
    let order = |fits: bool| fits.then_some(()).ok_or(AssetRefusal::Order);
    let is_money = matches!(known.kind, AssetKind::Deposit | AssetKind::Right);
    Ok(match *command {
        AssetCommand::Find { .. } => return Err(AssetRefusal::Order),
        AssetCommand::Control { from, waiting, amount: frozen, .. } => {
            let free = known.control.is_none() || lapsed;
            free.then_some(()).ok_or(AssetRefusal::HeldAlready)?;
            let frozen = frozen.map(amount).transpose()?;
            let of_deposit = frozen.is_some() == (known.kind == AssetKind::Deposit);
            of_deposit.then_some(()).ok_or(AssetRefusal::Amount)?;
            AssetEvent::Controlled { asset, from, waiting, amount: frozen }
        }
        AssetCommand::TakeEffect { from, .. } => {
            order(known.control.is_some_and(|control| control.waiting))?;
            AssetEvent::TookEffect { asset, from }
        }
        AssetCommand::Renew { from, .. } => {
            held()?;
            order(known.control.is_some_and(|control| control.from.at <= from.at))?;
            AssetEvent::Renewed { asset, from }
        }
        AssetCommand::AskPrice { way, .. } => {
            held()?;
            (known.kind != AssetKind::Deposit).then_some(()).ok_or(AssetRefusal::Kind)?;
            order(matches!(known.sale, Sale::None | Sale::Pricing))?;
            AssetEvent::PriceAsked { asset, way, at }
        }
        AssetCommand::ReportPrice { .. } => {
            order(known.sale == Sale::Pricing)?;
            AssetEvent::PriceReported { asset, at }
        }
        AssetCommand::FixPrice { price, .. } => {
            order(known.sale == Sale::Pricing)?;
            AssetEvent::PriceFixed { asset, price: amount(price)?, at }
        }
        AssetCommand::Publish { .. } => {
            held()?;
            let round = match known.sale {
                Sale::Priced => 1,
                Sale::Failed { round } if round < ROUNDS_MAX => round + 1,
                _ => return Err(AssetRefusal::Order),
            };
            AssetEvent::Published { asset, round, at }
        }
        AssetCommand::Fail { .. } => {
            // Nobody bought, or the buyer does not pay (悔拍).
            let round = match known.sale {
                Sale::Sold { round, .. } => round,
                _ => held_auction(known, at)?,
            };
            AssetEvent::Failed { asset, round, at }
        }
        AssetCommand::Sell { price, .. } => {
            let round = held_auction(known, at)?;
            AssetEvent::Sold { asset, round, price: amount(price)?, at }
        }
        AssetCommand::PayPrice { .. } => {
            order(matches!(known.sale, Sale::Sold { .. }))?;
            AssetEvent::PricePaid { asset, at }
        }
        AssetCommand::SetOff { price, .. } => {
            order(matches!(known.sale, Sale::Failed { .. }))?;
            AssetEvent::SetOff { asset, price: amount(price)?, at }
        }
        AssetCommand::Confirm { .. } => {
            order(known.sale == Sale::Paid)?;
            AssetEvent::Confirmed { asset, at }
        }
        AssetCommand::HandOver { .. } => {
            order(known.sale == Sale::Confirmed)?;
            AssetEvent::HandedOver { asset, at }
        }
        AssetCommand::Transfer { amount: so_much, .. } => {
            held()?;
            is_money.then_some(()).ok_or(AssetRefusal::Kind)?;
            order(known.sale == Sale::None)?;
            let enough = known.frozen.is_none_or(|frozen| so_much <= frozen);
            enough.then_some(()).ok_or(AssetRefusal::Amount)?;
            AssetEvent::Transferred { asset, amount: amount(so_much)?, at }
        }
        AssetCommand::Release { .. } => {
            // What is sold is not released any more.
            order(!matches!(known.sale, Sale::Sold { .. } | Sale::Paid | Sale::Confirmed))?;
            known.control.is_some().then_some(()).ok_or(AssetRefusal::NotHeld)?;
            AssetEvent::Released { asset, at }
        }
        AssetCommand::GiveUp { .. } => {
            worded.then_some(()).ok_or(AssetRefusal::Words)?;
            order(!matches!(known.sale, Sale::Sold { .. } | Sale::Paid | Sale::Confirmed))?;
            AssetEvent::GivenUp { asset, at }
        }
    })
}

/// The auction that was held at that moment. The first one's notice is out 15 or 30 days (法释〔2016〕18号 12条), which
/// clocks of their own tell (D08, D09), and which holds without them; the later ones' 7 or 15 (26条).
fn held_auction(asset: &Asset, at: UnixMillis) -> Result<u8, AssetRefusal> {
    let Sale::Published { round, at: published } = asset.sale else {
        return Err(AssetRefusal::Order);
    };
    let days = match (round, asset.kind) {
        (1, AssetKind::Movable | AssetKind::Vehicle) => 15,
        (1, _) => 30,
        (_, AssetKind::Movable | AssetKind::Vehicle) => 7,
        _ => 15,
    };
    let first = Day::of(published).plus(days);
    if at < published || Day::of(at) < first {
        return Err(AssetRefusal::TooEarly);
    }
    Ok(round)
}

impl AssetCommand {
    /// Which asset, and when it happened; a new one has number 0.
    fn asset_and_moment(&self) -> (Number, UnixMillis) {
        match *self {
            Self::Find { at, .. } => (0, at),
            Self::Control { asset, from, .. }
            | Self::TakeEffect { asset, from }
            | Self::Renew { asset, from } => (asset, from.at),
            Self::AskPrice { asset, at, .. }
            | Self::ReportPrice { asset, at }
            | Self::FixPrice { asset, at, .. }
            | Self::Publish { asset, at }
            | Self::Fail { asset, at }
            | Self::Sell { asset, at, .. }
            | Self::PayPrice { asset, at }
            | Self::SetOff { asset, at, .. }
            | Self::Confirm { asset, at }
            | Self::HandOver { asset, at }
            | Self::Transfer { asset, at, .. }
            | Self::Release { asset, at }
            | Self::GiveUp { asset, at } => (asset, at),
        }
    }
}
