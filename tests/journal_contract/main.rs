//! What every journal must do, whatever it stores in: one suite, run against each store.
//!
//! `suite` holds the rules, `sqlite` and the last lines of this file run them; `queues`, `tamper`,
//! `keys`, `snapshots`, `aging` and `disk` are about what only a real store has.

mod aging;
mod cases;
mod differential;
mod disk;
mod disk_of_postgres;
mod doors;
mod fencing;
mod home;
mod keys;
mod midway;
mod outage;
mod postgres;
mod proxy;
mod queues;
mod recalling;
mod relinks;
mod roots;
mod samples;
mod schemas;
#[path = "../support/postgres.rs"]
mod server;
#[path = "../black_box/support/skip.rs"]
mod skip;
mod snapshots;
mod sqlite;
mod suite;
mod tamper;

use std::sync::Arc;

use tiande_actors::ports::journal::Journal;
use tiande_actors::testkit::memory_journal::MemoryJournal;

/// A store under test.
trait Harness: Sized {
    /// An empty one.
    async fn fresh() -> Self;
    /// The same one, closed and opened again.
    async fn again(self) -> Self;
    /// Its journal.
    fn journal(&self) -> Arc<dyn Journal>;
}

/// The journal in memory; closing it changes nothing.
struct Memory(MemoryJournal);

impl Harness for Memory {
    async fn fresh() -> Self {
        Self(MemoryJournal::new())
    }
    async fn again(self) -> Self {
        self
    }
    fn journal(&self) -> Arc<dyn Journal> {
        Arc::new(self.0.clone())
    }
}

/// Makes one test of each rule for one store.
macro_rules! contract {
    ($store:ident, $harness:ty, $is_here:path, [$($rule:ident),+ $(,)?]) => {
        mod $store {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $rule() {
                    if !$is_here() {
                        return;
                    }
                    crate::suite::$rule::<$harness>().await;
                }
            )+
        }
    };
}

macro_rules! contract_of {
    ($store:ident, $harness:ty, $is_here:path) => {
        contract!(
            $store,
            $harness,
            $is_here,
            [
                a_stream_reads_back_as_it_was_written,
                positions_grow_with_every_record,
                a_wrong_expectation_is_a_conflict_and_writes_nothing,
                a_hundred_writers_of_one_stream_each_get_their_own_number,
                a_decision_of_several_streams_is_whole_or_absent,
                a_repeated_delivery_is_refused_and_the_first_stands,
                a_second_commitment_is_refused_and_a_stacked_one_is_not,
                a_released_officer_can_be_bound_again,
                concurrent_commitments_of_one_officer_leave_one,
                a_number_of_an_incident_is_given_once,
                notices_are_raised_acknowledged_and_settled,
                open_work_is_what_is_open_in_that_court,
                a_closed_and_opened_journal_says_the_same,
                a_dropped_future_takes_nothing_back,
                an_event_on_a_strange_stream_is_refused,
                an_empty_stream_part_is_refused,
                a_notice_alone_needs_no_stream,
                streams_are_recalled_as_they_fold,
                a_snapshot_of_what_is_not_there_is_not_used,
                of_two_snapshots_kept_together_the_newer_is_used,
                a_case_is_found_by_its_number_in_its_court,
            ]
        );
    };
}

/// True: it needs nothing.
fn always() -> bool {
    true
}

contract_of!(in_memory, crate::Memory, crate::always);
contract_of!(in_sqlite, crate::sqlite::Sqlite, crate::always);
contract_of!(in_postgres, crate::postgres::Postgres, crate::server::is_here);
