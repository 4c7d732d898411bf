//! Who may read which part of a track: the policy's answer, narrowed to a window of time.

use crate::access::{Action, Actor, Context, Resource, can};
use crate::ids::{CourtId, OfficerId};
use crate::time::{Millis, UnixMillis};

/// What is to be read: from one moment up to another, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackWindow {
    /// Begin.
    pub from: UnixMillis,
    /// End.
    pub to: UnixMillis,
}

/// Why a track is not shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrackRefusal {
    /// The caller may not read this track at all.
    Forbidden,
    /// Not of that length, or so long ago.
    Window,
    /// A reason must be given.
    ReasonMissing,
}

impl TrackWindow {
    /// Longest window of one request.
    pub const LENGTH_MAX: Millis = Millis::from_secs(24 * 3_600);
    /// A dispatcher sees so far back, without a reason.
    pub const RECENT: Millis = Millis::from_secs(30 * 60);
    /// A request takes its time: "the last half hour" may have begun this much earlier.
    const GRACE: Millis = Millis::from_secs(60);

    /// May `actor` read this of that officer now? The officer must be one of that court.
    ///
    /// # Errors
    /// [`TrackRefusal`].
    pub fn allowed(
        &self,
        actor: &Actor,
        court: &CourtId,
        officer: OfficerId,
        now: UnixMillis,
        has_reason: bool,
    ) -> Result<(), TrackRefusal> {
        let own = Resource::Officer { court: court.clone(), officer };
        let here = Resource::Court(court.clone());
        let may = |action, of: &Resource| can(actor, action, of, Context::default());
        let (mine, recent) = (may(Action::ReadOwnTrack, &own), may(Action::ReadRecentTrack, &here));
        let history = may(Action::ReadTrackHistory, &here);
        if !(mine || recent || history) {
            return Err(TrackRefusal::Forbidden);
        }
        if self.from > self.to || self.to.since(self.from) > Self::LENGTH_MAX {
            return Err(TrackRefusal::Window);
        }
        let is_recent = now.since(self.from).0 <= Self::RECENT.0 + Self::GRACE.0;
        match (mine || (recent && is_recent), history, has_reason) {
            (true, _, _) | (false, true, true) => Ok(()),
            (false, true, false) => Err(TrackRefusal::ReasonMissing),
            (false, false, _) => Err(TrackRefusal::Window),
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::access::Role;
    use crate::ids::{DeviceId, UserId};

    const NOW: UnixMillis = UnixMillis(1_795_413_600_000);
    const OFFICER: OfficerId = OfficerId(Uuid::from_u128(7));

    fn court(name: &str) -> CourtId {
        CourtId::parse(name).expect("a name")
    }

    fn staff(role: Role) -> Actor {
        Actor::Staff { court: court("a"), user: UserId(Uuid::nil()), roles: vec![role] }
    }

    fn minutes(from: i64, to: i64) -> TrackWindow {
        TrackWindow { from: UnixMillis(NOW.0 - from * 60_000), to: UnixMillis(NOW.0 - to * 60_000) }
    }

    fn asks(actor: &Actor, window: TrackWindow, has_reason: bool) -> Result<(), TrackRefusal> {
        window.allowed(actor, &court("a"), OFFICER, NOW, has_reason)
    }

    #[test]
    fn a_dispatcher_sees_the_last_half_hour() {
        let dispatcher = staff(Role::Dispatcher);
        assert_eq!(asks(&dispatcher, minutes(30, 0), false), Ok(()));
        assert_eq!(asks(&dispatcher, minutes(20, 10), false), Ok(()));
        assert_eq!(asks(&dispatcher, minutes(32, 0), true), Err(TrackRefusal::Window));
        assert_eq!(asks(&dispatcher, minutes(90, 60), true), Err(TrackRefusal::Window));
    }

    #[test]
    fn a_director_sees_a_day_for_a_reason() {
        let director = staff(Role::Director);
        assert_eq!(asks(&director, minutes(30, 0), false), Ok(()));
        let day = 24 * 60;
        assert_eq!(asks(&director, minutes(9 * day, 8 * day), true), Ok(()));
        let missing = Err(TrackRefusal::ReasonMissing);
        assert_eq!(asks(&director, minutes(9 * day, 8 * day), false), missing);
        assert_eq!(asks(&director, minutes(day + 1, 0), true), Err(TrackRefusal::Window));
        assert_eq!(asks(&director, minutes(0, 1), true), Err(TrackRefusal::Window), "backwards");
    }

    #[test]
    fn an_officer_sees_the_own_track_and_nobody_elses() {
        let device = DeviceId(Uuid::nil());
        let me = |officer| Actor::Officer { court: court("a"), officer, device };
        assert_eq!(asks(&me(OFFICER), minutes(10_000, 9_000), false), Ok(()));
        let other = me(OfficerId(Uuid::from_u128(8)));
        assert_eq!(asks(&other, minutes(1, 0), true), Err(TrackRefusal::Forbidden));
    }

    #[test]
    fn nobody_else_sees_anything() {
        for role in Role::ALL.iter().filter(|r| !matches!(r, Role::Dispatcher | Role::Director)) {
            let asked = asks(&staff(*role), minutes(1, 0), true);
            assert_eq!(asked, Err(TrackRefusal::Forbidden), "{}", role.name());
        }
        let foreign =
            minutes(1, 0).allowed(&staff(Role::Director), &court("b"), OFFICER, NOW, true);
        assert_eq!(foreign, Err(TrackRefusal::Forbidden));
        assert_eq!(asks(&Actor::Anonymous, minutes(1, 0), true), Err(TrackRefusal::Forbidden));
        assert_eq!(asks(&Actor::Operator, minutes(1, 0), true), Err(TrackRefusal::Forbidden));
    }
}
