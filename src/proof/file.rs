//! `DATA/checkpoints/<court>.roots`: the court's signed roots outside the database, one JSON line
//! each, to be copied to other machines.
//!
//! The database is the truth; this file follows it. A line that a crash cut short was never handed
//! out as whole, and is cut off. Everything here waits for the disk.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::wire::RootShape;
use crate::fault;

/// The court's file.
#[must_use]
pub fn file_of(data_dir: &Path, court: &str) -> PathBuf {
    data_dir.join("checkpoints").join(format!("{court}.roots"))
}

/// A root as a line.
#[must_use]
pub fn line(root: &RootShape) -> String {
    let mut text = serde_json::to_string(root).expect("plain data always serialises");
    text.push('\n');
    text
}

/// The last whole line of the file; `None` when there is none.
pub fn newest(path: &Path) -> io::Result<Option<String>> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(fault) => return Err(fault),
    };
    let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
    if whole < bytes.len() {
        let file = OpenOptions::new().write(true).open(path)?;
        file.set_len(u64::try_from(whole).unwrap_or(u64::MAX))?;
        file.sync_all()?;
    }
    let text = String::from_utf8_lossy(bytes.get(..whole).unwrap_or_default());
    Ok(text.lines().next_back().map(str::to_owned))
}

/// Appends lines; on the disk on return.
pub fn append(path: &Path, lines: &str) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let fresh = !path.try_exists()?;
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    file.seek(SeekFrom::End(0))?;
    let (first, rest) = lines.split_at(fault::cut("roots.mid_line", lines.len()));
    if !first.is_empty() {
        file.write_all(first.as_bytes())?;
        fault::point("roots.mid_line");
    }
    file.write_all(rest.as_bytes())?;
    file.sync_all()?;
    if fresh { File::open(folder)?.sync_all() } else { Ok(()) }
}
