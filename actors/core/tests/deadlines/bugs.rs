//! Mistakes of a shell, a store or a rule, planted on purpose.

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident => [$($id:literal),+]),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug { None, $($(#[$doc])* $name),+ }

        /// All bugs, with the invariants that may catch each.
        pub const ALL: &[(Bug, &[&str])] = &[$((Bug::$name, &[$($id),+])),+];
    };
}

bugs! {
    /// What has fired is not folded at a start.
    ForgetFired => ["I11"],
    /// A climb is written twice.
    ClimbTwice => ["I11"],
    /// The bell rings an hour ahead.
    RingAhead => ["I12"],
    /// Court time is what the wall clock shows.
    FollowTheWall => ["I12", "I15"],
    /// Court time begins with the wall clock, whatever the journal says.
    BeginWithTheWall => ["I12"],
    /// A case's clock is not set anew when it has rung.
    KeepRow => ["I13"],
    /// A command does not set the case's clock.
    CommandWithoutRow => ["I13"],
    /// Cases are rung one after the other, each to its end.
    CaseByCase => ["I13"],
    /// The bell rings what a case was before a command.
    RingTheOld => ["I14"],
    /// Suspensions are not looked at.
    DeafToStays => ["I14"],
    /// The calendar of the start is recorded.
    OldCalendar => ["I14"],
    /// Nobody hears that the wall clock has jumped.
    SwallowSuspicion => ["I15"],
}
