//! How much room a file system has, and how bad that is.

use std::io;
use std::path::Path;

/// Room of a file system, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Space {
    /// What this user may still fill.
    pub free: u64,
    /// All of it, without what is kept for the system's own user.
    pub total: u64,
}

impl Space {
    /// Asks the file system that holds a folder.
    ///
    /// # Errors
    /// Whatever the system says.
    pub fn of(folder: &Path) -> io::Result<Self> {
        let told = rustix::fs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(told.f_frsize);
        let used = told.f_blocks.saturating_sub(told.f_bfree);
        Ok(Self { free: bytes(told.f_bavail), total: bytes(used.saturating_add(told.f_bavail)) })
    }

    /// How full it is, 0..=100, rounded up: 100 only when nothing is left.
    #[must_use]
    pub fn used_percent(self) -> u8 {
        let used = u128::from(self.total.saturating_sub(self.free));
        let percent = (used * 100).div_ceil(u128::from(self.total.max(1)));
        let full = self.free == 0;
        u8::try_from(percent).unwrap_or(100).min(if full { 100 } else { 99 })
    }
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Nobody need do anything.
    Plenty,
    /// From 80 per cent.
    Short,
    /// From 90 per cent.
    Scarce,
    /// From 95 per cent.
    Last,
}

/// A level is left only when it is so many points below its mark, so that nobody is told again and
/// again.
const SLACK: u8 = 2;

impl Level {
    const MARKS: [(u8, Self); 3] = [(95, Self::Last), (90, Self::Scarce), (80, Self::Short)];

    /// 0 for plenty, up to 3.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::Plenty => 0,
            Self::Short => 1,
            Self::Scarce => 2,
            Self::Last => 3,
        }
    }

    /// The level after this one, at this much room.
    #[must_use]
    pub fn after(self, space: Space) -> Self {
        let used = space.used_percent();
        let reached = |slack: u8| {
            let found = Self::MARKS.into_iter().find(|(mark, _)| used >= mark - slack);
            found.map_or(Self::Plenty, |(_, level)| level)
        };
        // Up at the mark itself, down only below mark and slack.
        reached(0).max(self.min(reached(SLACK)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(percent: u64) -> Space {
        Space { free: 100_000 - percent * 1_000, total: 100_000 }
    }

    #[test]
    fn levels_come_at_their_marks_and_go_with_slack() {
        let mut level = Level::Plenty;
        let steps = [
            (79, Level::Plenty),
            (80, Level::Short),
            (79, Level::Short),
            (77, Level::Plenty),
            (96, Level::Last),
            (94, Level::Last),
            (92, Level::Scarce),
            (91, Level::Scarce),
            (10, Level::Plenty),
            (100, Level::Last),
        ];
        for (percent, wanted) in steps {
            level = level.after(at(percent));
            assert_eq!(level, wanted, "{percent}");
        }
    }

    #[test]
    fn a_hundred_per_cent_means_that_nothing_is_left() {
        assert_eq!(Space { free: 1, total: 1 << 40 }.used_percent(), 99);
        assert_eq!(Space { free: 0, total: 1 << 40 }.used_percent(), 100);
        assert_eq!(Space { free: 0, total: 0 }.used_percent(), 0);
    }

    #[test]
    fn a_real_file_system_answers() {
        let space = Space::of(&std::env::temp_dir()).expect("an answer");
        assert!(space.total >= space.free && space.total > 0, "{space:?}");
    }
}
