//! The board of a court: what all its consoles see. Everything is numbered, and encoded once, however
//! many listen.

mod actor;
mod console;
mod lines;
mod news;
mod shown;
mod view;

use std::sync::Arc;

use actix::prelude::*;
use tiande_core::ids::{AlarmId, OfficerId};
use tiande_core::time::UnixMillis;

use crate::outbox::Outbox;
use crate::ports::journal::{Audience, OpenAlarm};
use crate::views::{FeedLine, IncidentView};

pub use actor::BoardActor;
pub(crate) use shown::Shown;
pub use view::View;

/// Something that consoles are told.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub enum BoardNews {
    /// An officer joined or changed state.
    Officer(OfficerId),
    /// An incident is new or changed.
    Incident(Arc<IncidentView>),
    /// A line for the feed.
    Feed(FeedLine),
    /// Somebody must take note.
    Alarm(OpenAlarm),
    /// Somebody has.
    AlarmAcked {
        /// Of which.
        alarm: AlarmId,
        /// Whose alarm it is.
        audience: Audience,
        /// Who.
        by: String,
        /// When.
        at: UnixMillis,
    },
}

/// A console has come in: it gets everything, or what it missed, then what changes.
#[derive(Message)]
#[rtype(result = "()")]
pub struct JoinConsole {
    /// Where its frames go.
    pub outbox: Outbox,
    /// Whose it is.
    pub user: String,
    /// Whose alarms it shows.
    pub audiences: Vec<Audience>,
    /// Ticks as binary frames.
    pub binary: bool,
    /// Where it looks; `None`: everywhere.
    pub view: Option<View>,
    /// Run and number of the newest it was told before, if it was here before.
    pub after: Option<(u32, u64)>,
}

/// A console looks elsewhere; `None`: everywhere.
#[derive(Message)]
#[rtype(result = "()")]
pub struct LookElsewhere {
    /// Which console.
    pub outbox: Outbox,
    /// Where.
    pub view: Option<View>,
}

/// Something was forgotten that kept news may tell of: nobody is told that news again. The answer comes
/// when none is kept; a console that comes back then begins anew.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct ForgetNews;

/// Asks for an alarm that nobody has acknowledged.
#[derive(Message)]
#[rtype(result = "Option<OpenAlarm>")]
pub struct FindAlarm(pub AlarmId);

/// The server goes down: consoles are told.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Goodbye;
