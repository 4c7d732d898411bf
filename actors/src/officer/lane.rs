//! The way of positions from a socket to the officer's actor: not a message each, but a short queue
//! and one wake-up, however many have come.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use actix::prelude::*;
use metrics::counter;
use tiande_core::officer::Fix;
use tiande_core::time::UnixMillis;

use crate::gate::Gate;
use crate::limits::FIXES_WAITING;

use super::OfficerActor;

/// There are fixes to look at.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct WakeForFixes;

/// Fixes that wait, and what the socket refused by itself.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) fixes: VecDeque<Fix>,
    /// Reports that were no place on earth.
    pub(crate) out_of_range: u32,
    /// Greatest (epoch, seq) seen, also of refused and shed ones: what the acknowledgement names.
    pub(crate) newest: Option<(u32, u32)>,
    /// Let go because too many waited: superseded by newer ones.
    pub(crate) shed: u32,
}

/// One officer's way in for positions. Shared by the actor and its socket.
pub struct FixLane {
    waiting: Mutex<Waiting>,
    awake: AtomicBool,
    heard: Arc<AtomicI64>,
    actor: OnceLock<Gate<OfficerActor>>,
}

impl FixLane {
    pub(crate) fn new(heard: Arc<AtomicI64>) -> Self {
        Self {
            waiting: Mutex::default(),
            awake: AtomicBool::new(false),
            heard,
            actor: OnceLock::new(),
        }
    }

    pub(crate) fn set_actor(&self, gate: Gate<OfficerActor>) {
        // Set once, when the actor starts; a second try would be the same actor.
        self.actor.set(gate).ok();
    }

    /// Notes that the device was heard.
    pub fn heard(&self, now: UnixMillis) {
        self.heard.store(now.0, Ordering::Relaxed);
    }

    /// Takes a device's report in. Never waits; when too many wait, the oldest are superseded.
    pub fn report(&self, fixes: impl IntoIterator<Item = Result<Fix, (u32, u32)>>) {
        {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            for fix in fixes {
                let order = match fix {
                    Ok(fix) => {
                        waiting.fixes.push_back(fix);
                        (fix.epoch, fix.seq)
                    }
                    Err(order) => {
                        waiting.out_of_range += 1;
                        order
                    }
                };
                waiting.newest = waiting.newest.max(Some(order));
            }
            while waiting.fixes.len() > FIXES_WAITING {
                waiting.fixes.pop_front();
                waiting.shed += 1;
                counter!("tiande_fixes_superseded_total").increment(1);
            }
        }
        if !self.awake.swap(true, Ordering::AcqRel) {
            let told = self.actor.get().is_some_and(|gate| gate.offer(WakeForFixes).is_ok());
            if !told {
                // The next report tries again; what waits is kept.
                self.awake.store(false, Ordering::Release);
            }
        }
    }

    pub(crate) fn take(&self) -> Waiting {
        self.awake.store(false, Ordering::Release);
        std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
