//! Named points at which a test lets the server die, or wait. Debug builds only: in a release build
//! every function here is empty, and no name of a point is in the binary (`scripts/check-release.mjs`).
//!
//! `TIANDE_FAULT=journal.after_commit:3:kill` kills the process at the third pass of that point.
//! `TIANDE_FAULT=@FILE` reads the same from a file at each pass, so that a test can choose the moment;
//! another text in the file begins to count anew. What it may do: `kill` (SIGKILL to itself), `exit`
//! (at once, with [`EXIT`]), `pause=MS`.
//!
//! `TIANDE_FAULT_SET=name=value,…` sets what no setting of the server may: see [`setting`].
//!
//! The points, in the order in which a tip passes them:
//!
//! | point | where |
//! |---|---|
//! | `media.before_rename`, `media.after_rename` | a picture is written / has its name |
//! | `intake.after_pictures` | pictures are kept, the tip is not submitted |
//! | `journal.mid_group` | between two rows of a transaction (also of other tables); PostgreSQL: during the call |
//! | `journal.before_commit` | all is written, SQLite is about to commit; PostgreSQL: before the call |
//! | `journal.after_commit` | durable, nobody knows |
//! | `journal.after_ack` | the court knows, the sender does not |
//! | `intake.before_answer` | the 202 is about to be written |
//! | `checkpoint.mid_append` | half a line of the signed checkpoints is written |
//! | `snapshot.before_write` | snapshots are sealed, the writer has not got them yet |
//! | `snapshot.mid_write` | they are in the transaction, which is open |
//! | `tracks.mid_write` | half of a flush is written |
//! | `tracks.before_sync`, `tracks.after_sync` | a file of tracks is forced to the disk, nobody was told |
//! | `tracks.before_rename`, `tracks.after_rename` | a checkpoint of tracks takes its name |
//! | `roots.before_row`, `roots.after_row` | a court's root is signed / its row is durable (`tests/black_box/proof.rs`) |
//! | `roots.mid_line` | half a line of the court's roots is written |
//! | `papers.before_wait` | a paper is written whole, its case has not decided |
//! | `papers.before_rename`, `papers.after_rename` | a paper is written / has its name |
//! | `journal.mid_wal_checkpoint` | while the log is copied into the database (SQLite only) |
//!
//! Whoever adds a store adds its points to this table and to `POINTS` of
//! `tests/storage_faults/kills.rs`.
#![allow(clippy::disallowed_methods)] // Its own variables, which no configuration may hold.

/// How `exit` ends the process.
pub const EXIT: i32 = 86;

#[cfg(debug_assertions)]
pub use on::{cut, during, point, setting, wanted};

#[cfg(not(debug_assertions))]
pub use off::{cut, during, point, setting, wanted};

/// A number of [`setting`], or else this one.
#[must_use]
pub fn number(name: &str, usual: u64) -> u64 {
    setting(name).and_then(|text| text.parse().ok()).unwrap_or(usual)
}

/// Says that a release build has no faults, when somebody asks for one.
pub fn warn_if_ignored() {
    let asked = ["TIANDE_FAULT", "TIANDE_FAULT_SET"].iter().any(|n| std::env::var_os(n).is_some());
    if asked && !cfg!(debug_assertions) {
        tracing::warn!("TIANDE_FAULT is ignored: this is a release build");
    }
}

#[cfg(not(debug_assertions))]
mod off {
    /// Nothing.
    #[inline(always)]
    pub fn point(_name: &str) {}

    /// Nothing.
    #[inline(always)]
    pub fn during(_name: &'static str) {}

    /// Nothing.
    #[inline(always)]
    #[must_use]
    pub fn cut(_name: &str, _length: usize) -> usize {
        0
    }

    /// Nothing.
    #[inline(always)]
    #[must_use]
    pub fn setting(_name: &str) -> Option<&'static str> {
        None
    }

    /// Never.
    #[inline(always)]
    #[must_use]
    pub fn wanted() -> bool {
        false
    }
}

#[cfg(debug_assertions)]
mod on {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Mutex, OnceLock, PoisonError};
    use std::time::Duration;

    /// First delay into something that takes a while; halved as long as it comes too late.
    const INTO: Duration = Duration::from_millis(2);

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    pub(super) enum Action {
        Kill,
        Exit,
        Pause(u64),
    }

    #[derive(Debug, PartialEq, Eq)]
    pub(super) struct Spec<'a> {
        pub(super) name: &'a str,
        pub(super) pass: u32,
        pub(super) action: Action,
    }

    pub(super) fn parse(text: &str) -> Option<Spec<'_>> {
        let mut parts = text.trim().split(':');
        let (name, pass, action) = (parts.next()?, parts.next()?.parse().ok()?, parts.next()?);
        let action = match (action, action.strip_prefix("pause=")) {
            ("kill", _) => Action::Kill,
            ("exit", _) => Action::Exit,
            (_, Some(ms)) => Action::Pause(ms.parse().ok()?),
            (_, None) => return None,
        };
        Some(Spec { name, pass, action }).filter(|_| parts.next().is_none())
    }

    #[derive(Debug, Default)]
    pub(super) struct Count {
        text: String,
        passes: u32,
    }

    impl Count {
        /// Counts a pass of `name`; what is to be done at it.
        pub(super) fn pass(&mut self, text: &str, name: &str) -> Option<Action> {
            let spec = parse(text).filter(|spec| spec.name == name)?;
            if self.text != text {
                *self = Self { text: text.to_owned(), passes: 0 };
            }
            self.passes = self.passes.saturating_add(1);
            (self.passes == spec.pass).then_some(spec.action)
        }

        /// Takes the last pass back: what was to happen came too late.
        fn again(&mut self) {
            self.passes = self.passes.saturating_sub(1);
        }
    }

    static COUNT: Mutex<Count> = Mutex::new(Count { text: String::new(), passes: 0 });

    fn asked() -> Option<&'static str> {
        static ASKED: OnceLock<Option<String>> = OnceLock::new();
        ASKED.get_or_init(|| std::env::var("TIANDE_FAULT").ok()).as_deref()
    }

    fn text() -> Option<String> {
        match asked()?.strip_prefix('@') {
            Some(file) => std::fs::read_to_string(file).ok(),
            None => asked().map(ToOwned::to_owned),
        }
    }

    fn due(name: &str) -> Option<Action> {
        let text = text()?;
        COUNT.lock().unwrap_or_else(PoisonError::into_inner).pass(&text, name)
    }

    fn act(name: &str, action: Action) {
        // To standard error by hand: nothing of the usual logging may be in the way.
        eprintln!("fault: {action:?} at {name}");
        match action {
            Action::Kill => {
                rustix::process::kill_process(
                    rustix::process::getpid(),
                    rustix::process::Signal::KILL,
                )
                .ok();
                // Whatever comes next must not happen.
                std::thread::sleep(Duration::from_secs(60));
            }
            Action::Exit => std::process::exit(super::EXIT),
            Action::Pause(ms) => std::thread::sleep(Duration::from_millis(ms)),
        }
    }

    /// True when a fault may be asked for in this process.
    #[must_use]
    pub fn wanted() -> bool {
        asked().is_some()
    }

    /// A named point.
    pub fn point(name: &str) {
        if let Some(action) = due(name) {
            act(name, action);
        }
    }

    /// How many of so many bytes to write before the point of this name: half of them when it is
    /// asked for, otherwise none.
    #[must_use]
    pub fn cut(name: &str, length: usize) -> usize {
        let wanted = text().is_some_and(|text| parse(&text).is_some_and(|spec| spec.name == name));
        if wanted { length / 2 } else { 0 }
    }

    /// Something that takes a while, until this is dropped.
    #[derive(Debug)]
    pub struct During(Option<Arc<AtomicBool>>);

    impl Drop for During {
        fn drop(&mut self) {
            if let Some(over) = &self.0 {
                over.store(true, Ordering::SeqCst);
                COUNT.lock().unwrap_or_else(PoisonError::into_inner).again();
            }
        }
    }

    /// The fault comes while what is returned lives, never after it. When that is over too soon, it
    /// comes the next time, and sooner.
    #[must_use]
    pub fn during(name: &'static str) -> During {
        static INTO_US: Mutex<Duration> = Mutex::new(INTO);
        let Some(action) = due(name) else { return During(None) };
        let delay = {
            let mut next = INTO_US.lock().unwrap_or_else(PoisonError::into_inner);
            let delay = *next;
            *next = delay / 2;
            delay
        };
        let over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&over);
        std::thread::spawn(move || {
            std::thread::sleep(delay);
            if !seen.load(Ordering::SeqCst) {
                act(name, action);
            }
        });
        During(Some(over))
    }

    /// What a test sets and no operator may: `journal.synchronous=normal` (on either store) and
    /// `tracks.sync=off`, the controls that must lose data, and the bounds at which the writers sign,
    /// checkpoint and sweep.
    #[must_use]
    pub fn setting(name: &str) -> Option<&'static str> {
        static SETTINGS: OnceLock<BTreeMap<String, String>> = OnceLock::new();
        let settings = SETTINGS.get_or_init(|| {
            let text = std::env::var("TIANDE_FAULT_SET").unwrap_or_default();
            let pairs = text.split(',').filter_map(|pair| pair.split_once('='));
            pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())).collect()
        });
        settings.get(name).map(String::as_str)
    }
}

#[cfg(all(test, debug_assertions))]
mod tests {
    use super::on::{Action, Count, Spec, parse};

    #[test]
    fn a_fault_names_a_point_a_pass_and_an_action() {
        let spec = Spec { name: "a.b", pass: 3, action: Action::Kill };
        assert_eq!(parse("a.b:3:kill\n"), Some(spec));
        assert_eq!(parse("a:1:pause=20").map(|s| s.action), Some(Action::Pause(20)));
        for bad in ["", "a", "a:1", "a:x:kill", "a:1:kiss", "a:1:kill:more", "a:1:pause="] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn it_comes_once_at_its_pass_and_counts_anew_for_another_text() {
        let mut count = Count::default();
        let text = "a:2:exit";
        assert_eq!(count.pass(text, "a"), None);
        assert_eq!(count.pass(text, "b"), None);
        assert_eq!(count.pass(text, "a"), Some(Action::Exit));
        assert_eq!(count.pass(text, "a"), None);
        assert_eq!(count.pass("a:1:kill", "a"), Some(Action::Kill));
    }
}
