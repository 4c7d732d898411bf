//! Threads that go before others.
//!
//! The journal's writer works for a fraction of a millisecond, and then waits for the disk. Every decision
//! of every court waits with it, twice: until it begins, and, when the disk is done, until it can say so. On
//! a machine whose cores are busy with positions the system lets a thread that has just woken wait until
//! another has used up its slice, some three milliseconds. So the writer asks for the lowest of the
//! real-time priorities (`SCHED_FIFO`, 1), which goes before everything that has none. With tips under a
//! load of positions, all threads of the server on one core of a busy machine, a tip reached its officer
//! within 24 to 50 ms instead of 52 to 71 in 99 of 100 cases (ADR 0017).
//!
//! That needs leave of the system (root, `CAP_SYS_NICE`, or `LimitRTPRIO=1` of a unit); without it all
//! stays as it was.
//!
//! **Not here:** courts' threads. They have enough to do to keep those from running that read the sockets,
//! and with priority everything took longer.

use thread_priority::{
    RealtimeThreadSchedulePolicy, ThreadPriority, ThreadSchedulePolicy,
    set_thread_priority_and_policy, thread_native_id,
};

/// Lets the current thread go before those without such a priority; `false` when the system does not
/// allow it.
pub fn go_first() -> bool {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let done = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Min, policy);
    match &done {
        Ok(()) => tracing::debug!("this thread goes before others"),
        Err(why) => tracing::debug!(%why, "this thread takes its turn with the others"),
    }
    done.is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_goes_first_where_that_is_allowed_and_works_in_any_case() {
        let policy = || thread_priority::thread_schedule_policy().expect("a policy");
        let fifo = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
        let before = policy();
        let (allowed, then) =
            std::thread::spawn(move || (go_first(), policy())).join().expect("it works");
        assert_eq!(then, if allowed { fifo } else { before });
        assert_eq!(policy(), before, "no other thread");
    }
}
