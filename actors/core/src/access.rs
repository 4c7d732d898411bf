//! The access policy: may this actor do that to this thing, now? Everything that comes in from
//! outside passes through [`can`]; what no rule allows is denied.
//!
//! Pure and total, so that the whole table can be walked by a test.

use crate::ids::{CourtId, DeviceId, GatewayId, OfficerId, UserId};

/// A role of a member of staff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// Runs the command centre (指挥员).
    Dispatcher,
    /// Enforcement director (执行局长).
    Director,
    /// Court president (院长).
    President,
    /// Discipline inspection (纪检监察).
    Discipline,
    /// Judge (法官).
    Judge,
    /// Clerk (书记员).
    Clerk,
    /// Runs the machine, sees no cases (运维).
    Operator,
    /// Reads the audit, writes nothing (审计).
    Auditor,
}

wire_names!(Role {
    Dispatcher => "dispatcher",
    Director => "director",
    President => "president",
    Discipline => "discipline",
    Judge => "judge",
    Clerk => "clerk",
    Operator => "operator",
    Auditor => "auditor",
});

/// Who wants something. Always the result of an authentication, never a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Nobody known.
    Anonymous,
    /// A tip source with a valid signature.
    Source {
        /// Its court.
        court: CourtId,
        /// Its name.
        name: String,
    },
    /// An officer through an enrolled device.
    Officer {
        /// Court.
        court: CourtId,
        /// Who.
        officer: OfficerId,
        /// With which device.
        device: DeviceId,
    },
    /// A gateway with a valid secret.
    Gateway {
        /// Its court.
        court: CourtId,
        /// Which.
        gateway: GatewayId,
    },
    /// A member of staff with a session.
    Staff {
        /// Court.
        court: CourtId,
        /// Who.
        user: UserId,
        /// Roles.
        roles: Vec<Role>,
    },
    /// Whoever can open the server's admin socket: the operating system has checked that.
    Operator,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Action {
    /// Send a tip.
    SubmitTip,
    /// Read one tip's facts.
    ReadTip,
    /// Read a picture as it came, with the place and the device it tells of; everybody else gets
    /// copies. Each reading is journalled with its reason.
    ReadPictureOriginal,
    /// Watch the command centre's console.
    WatchConsole,
    /// Read incidents.
    ReadIncident,
    /// Start a search, place, assign, release, cancel.
    CommandIncident,
    /// Read where officers are and how they stand.
    ReadOfficers,
    /// Be an officer's handheld: report, answer, call for help.
    ActAsOfficer,
    /// Report where officers are, and learn their numbers for it.
    ReportPositions,
    /// Take note of the centre's alarms.
    AcknowledgeCentreAlarm,
    /// Take note of the director's alarms.
    AcknowledgeDirectorAlarm,
    /// Take note of the president's alarms.
    AcknowledgePresidentAlarm,
    /// Read a case's number and parties.
    ReadCase,
    /// Open, do, correct, suspend nodes of cases, answer what was escalated, hold back what parties are
    /// told.
    HandleCase,
    /// Give a case to somebody else.
    MoveCase,
    /// See what is near due and overdue, of whom; judge answers.
    SuperviseCases,
    /// Read where an officer was in the last half hour.
    ReadRecentTrack,
    /// Read where an officer was at any time, for a reason that is recorded.
    ReadTrackHistory,
    /// Read where one was oneself.
    ReadOwnTrack,
    /// Add courts, sources, devices, people, cases.
    Administer,
}

impl Action {
    /// All actions.
    pub const ALL: &'static [Self] = &[
        Self::SubmitTip,
        Self::ReadTip,
        Self::ReadPictureOriginal,
        Self::WatchConsole,
        Self::ReadIncident,
        Self::CommandIncident,
        Self::ReadOfficers,
        Self::ActAsOfficer,
        Self::ReportPositions,
        Self::AcknowledgeCentreAlarm,
        Self::AcknowledgeDirectorAlarm,
        Self::AcknowledgePresidentAlarm,
        Self::ReadCase,
        Self::HandleCase,
        Self::MoveCase,
        Self::SuperviseCases,
        Self::ReadRecentTrack,
        Self::ReadTrackHistory,
        Self::ReadOwnTrack,
        Self::Administer,
    ];
}

/// What it is wanted of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resource {
    /// Something of a court as a whole.
    Court(CourtId),
    /// Something of one officer.
    Officer {
        /// Court.
        court: CourtId,
        /// Who.
        officer: OfficerId,
    },
    /// The server itself.
    Server,
}

/// Circumstances.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Context {
    /// A conflict of interest beats every allow.
    pub conflict_of_interest: bool,
}

/// May `actor` do `action` to `resource`?
#[must_use]
pub fn can(actor: &Actor, action: Action, resource: &Resource, context: Context) -> bool {
    if context.conflict_of_interest {
        return false;
    }
    match actor {
        Actor::Anonymous => false,
        Actor::Operator => matches!((action, resource), (Action::Administer, Resource::Server)),
        Actor::Source { court, .. } => {
            action == Action::SubmitTip && *resource == Resource::Court(court.clone())
        }
        Actor::Gateway { court, .. } => {
            action == Action::ReportPositions && *resource == Resource::Court(court.clone())
        }
        Actor::Officer { court, officer, .. } => {
            let own = Resource::Officer { court: court.clone(), officer: *officer };
            matches!(action, Action::ActAsOfficer | Action::ReadOwnTrack) && *resource == own
        }
        Actor::Staff { court, roles, .. } => {
            *resource == Resource::Court(court.clone())
                && roles.iter().any(|role| allows(*role, action))
        }
    }
}

/// What a role may do in its own court.
fn allows(role: Role, action: Action) -> bool {
    use Action as A;
    match role {
        Role::Dispatcher => matches!(
            action,
            A::ReadTip
                | A::WatchConsole
                | A::ReadIncident
                | A::CommandIncident
                | A::ReadOfficers
                | A::AcknowledgeCentreAlarm
                | A::ReadCase
                | A::ReadRecentTrack
        ),
        Role::Director => matches!(
            action,
            A::ReadTip
                | A::ReadPictureOriginal
                | A::WatchConsole
                | A::ReadIncident
                | A::CommandIncident
                | A::ReadOfficers
                | A::AcknowledgeCentreAlarm
                | A::AcknowledgeDirectorAlarm
                | A::ReadCase
                | A::MoveCase
                | A::SuperviseCases
                | A::ReadRecentTrack
                | A::ReadTrackHistory
        ),
        Role::President => {
            matches!(action, A::ReadCase | A::SuperviseCases | A::AcknowledgePresidentAlarm)
        }
        Role::Discipline => matches!(action, A::ReadCase | A::SuperviseCases),
        Role::Judge | Role::Clerk => matches!(action, A::ReadCase | A::HandleCase),
        Role::Auditor => false,
        // Runs the machine through the admin socket; cases and places are not the operator's.
        Role::Operator => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn court(name: &str) -> CourtId {
        CourtId::parse(name).expect("a valid name")
    }

    fn staff(roles: &[Role]) -> Actor {
        Actor::Staff { court: court("a"), user: UserId(Uuid::nil()), roles: roles.to_vec() }
    }

    /// Which actions somebody may do, by name of a row. Written by hand: the code must match it.
    fn allowed(actor: &Actor, resource: &Resource, context: Context) -> Vec<Action> {
        Action::ALL.iter().copied().filter(|a| can(actor, *a, resource, context)).collect()
    }

    #[test]
    fn each_actor_may_do_exactly_what_its_row_says() {
        let here = Resource::Court(court("a"));
        let open = Context::default();
        let source = Actor::Source { court: court("a"), name: "s".into() };
        assert_eq!(allowed(&source, &here, open), [Action::SubmitTip]);
        let gateway = Actor::Gateway { court: court("a"), gateway: GatewayId(Uuid::nil()) };
        assert_eq!(allowed(&gateway, &here, open), [Action::ReportPositions]);
        assert_eq!(allowed(&gateway, &Resource::Court(court("b")), open), []);
        assert_eq!(allowed(&Actor::Anonymous, &here, open), []);
        assert_eq!(allowed(&Actor::Operator, &here, open), []);
        assert_eq!(allowed(&Actor::Operator, &Resource::Server, open), [Action::Administer]);
        assert_eq!(
            allowed(&staff(&[Role::Dispatcher]), &here, open),
            [
                Action::ReadTip,
                Action::WatchConsole,
                Action::ReadIncident,
                Action::CommandIncident,
                Action::ReadOfficers,
                Action::AcknowledgeCentreAlarm,
                Action::ReadCase,
                Action::ReadRecentTrack,
            ]
        );
        assert!(can(&staff(&[Role::Director]), Action::ReadTrackHistory, &here, open));
        assert!(can(&staff(&[Role::Director]), Action::AcknowledgeDirectorAlarm, &here, open));
        assert!(can(&staff(&[Role::Director]), Action::ReadPictureOriginal, &here, open));
        for role in [Role::Judge, Role::Clerk] {
            assert_eq!(
                allowed(&staff(&[role]), &here, open),
                [Action::ReadCase, Action::HandleCase],
                "{}",
                role.name()
            );
        }
        let supervises = [Action::ReadCase, Action::SuperviseCases];
        assert_eq!(allowed(&staff(&[Role::Discipline]), &here, open), supervises);
        assert_eq!(
            allowed(&staff(&[Role::President]), &here, open),
            [Action::AcknowledgePresidentAlarm, Action::ReadCase, Action::SuperviseCases]
        );
        assert!(can(&staff(&[Role::Director]), Action::MoveCase, &here, open));
        assert!(!can(&staff(&[Role::Director]), Action::HandleCase, &here, open));
        for role in [Role::Operator, Role::Auditor] {
            assert_eq!(allowed(&staff(&[role]), &here, open), [], "{}", role.name());
        }
    }

    #[test]
    fn another_court_and_another_officer_are_closed() {
        let elsewhere = Resource::Court(court("b"));
        let everybody = staff(Role::ALL);
        assert_eq!(allowed(&everybody, &elsewhere, Context::default()), []);
        let me = OfficerId(Uuid::from_u128(1));
        let actor =
            Actor::Officer { court: court("a"), officer: me, device: DeviceId(Uuid::nil()) };
        let own = Resource::Officer { court: court("a"), officer: me };
        let other = Resource::Officer { court: court("a"), officer: OfficerId(Uuid::from_u128(2)) };
        let mine = [Action::ActAsOfficer, Action::ReadOwnTrack];
        assert_eq!(allowed(&actor, &own, Context::default()), mine);
        assert_eq!(allowed(&actor, &other, Context::default()), []);
    }

    #[test]
    fn a_conflict_of_interest_beats_every_allow() {
        let context = Context { conflict_of_interest: true };
        let here = Resource::Court(court("a"));
        assert_eq!(allowed(&staff(Role::ALL), &here, context), []);
        assert_eq!(allowed(&Actor::Operator, &Resource::Server, context), []);
    }
}
