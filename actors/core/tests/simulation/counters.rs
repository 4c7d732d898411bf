//! How often each thing happened: a simulator that never loses a message proves nothing.

macro_rules! counters {
    ($($name:ident),+ $(,)?) => {
        /// Counts of one run, or of many together.
        #[derive(Clone, Debug, Default)]
        pub struct Counters { $(pub $name: u64),+ }

        impl Counters {
            pub fn add(&mut self, other: &Self) {
                $(self.$name += other.$name;)+
            }

            pub fn rows(&self) -> Vec<(&'static str, u64)> {
                vec![$((stringify!($name), self.$name)),+]
            }
        }
    };
}

counters! {
    seeds, steps, virtual_seconds, decisions, records, crashes, crashes_with_decisions_in_flight,
    crashes_after_commit_before_effect, snapshots_taken, snapshots_saved,
    streams_woken_from_snapshots, parallel_decisions, holds_refused_busy, holds_refused_by_state,
    replans, commands_waited, appends_failed, appends_unknown_written, appends_unknown_lost,
    slow_appends, syncs_failed, late_owners_refused, tips_shed,
    console_messages, consoles_resumed, consoles_begun_again, consoles_cut_off, clock_steps_forward, clock_steps_backward,
    messages, messages_lost, messages_doubled, messages_delayed, disconnects, reconnects,
    commands_resent, contact_lost, contact_regained,
    fixes, fixes_taken, fixes_older, fixes_future, fixes_stale, fixes_implausible, fixes_inaccurate,
    fixes_off_duty,
    tips_acked, tips_repeated, tips_conflicting, tips_refused, tips_raced_to_the_journal,
    tips_merged, tips_split, tips_trusted_emergency, tips_untrusted, tips_routine, tips_without_place, sos, sos_repeated,
    sos_off_duty, sos_without_place,
    incidents, offers, rounds_later, offers_received, accepts, declines, expired, undelivered,
    withdrawn, accepts_refused_expired, accepts_refused_withdrawn, accepts_refused_reassigned,
    accepts_repeated, assigns, assigns_stacked, orders_refused, commitments, releases, cancels,
    places_set, dispatches, stages, welfare_asked, welfare_answered, welfare_alarms, finishes, closed_finished, closed_cancelled, exhausted,
    exhausted_then_found, exhausted_again, director_alarms, director_alarms_again, words_sealed, duty_on, duty_off, duty_off_refused, breaks,
    lacked_skill, conflict_of_interest, stale_nearer,
}
