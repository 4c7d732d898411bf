//! What goes first when not everything can be done: the classes of work, from the top to the bottom.
//!
//! Under overload the lower classes are refused before the higher ones wait. The signal is how long
//! work waits, not how much of it there is and not how busy the processor is.
//!
//! **Not here:** where a class waits (`gate`, `turnstile`), and the bounds (`limits`).

use tiande_core::time::Millis;

/// A class of work; the smaller goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Class {
    /// An officer calls for help. Never refused for want of room that others take.
    Sos,
    /// What officers and dispatchers decide: accepts, orders, acknowledgements.
    Command,
    /// Tips. Their senders keep them and send again.
    Tip,
    /// What consoles are shown.
    View,
    /// Where officers are: the newest of each wins.
    Position,
    /// Reports, exports, searches.
    Report,
}

impl Class {
    /// Its name in metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sos => "sos",
            Self::Command => "command",
            Self::Tip => "tip",
            Self::View => "view",
            Self::Position => "position",
            Self::Report => "report",
        }
    }

    /// How long work of a lower class may stand in its queue before newcomers are refused. The first
    /// two are never refused by age: an accept that comes late is still an accept.
    #[must_use]
    pub const fn target(self) -> Option<Millis> {
        match self {
            Self::Sos | Self::Command => None,
            Self::Tip | Self::View | Self::Position | Self::Report => Some(Millis(50)),
        }
    }
}
