//! Procedures that cases began with, kept in the data folder: a newer file does not change what an open
//! case runs by, and a version once in force stays what it was.

use std::fs::{self, File};
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use tiande_actors::case::CaseRules;
use tiande_core::procedure::ProcedureVersion;

use super::{Rules, read_procedure, rules::read_file};

/// Keeps the procedure of today, and reads all that were kept before.
///
/// # Errors
/// The folder cannot be written or read; or the same version is there with other content: cases run by
/// it, so a change needs a higher version.
pub fn keep(data: &Path, rules: &Rules) -> anyhow::Result<CaseRules> {
    let folder = data.join("procedures");
    fs::create_dir_all(&folder).context("making the folder of procedures")?;
    let own = folder.join(name_of(rules.procedure.version()));
    let mut earlier = Vec::new();
    let mut known = false;
    for entry in fs::read_dir(&folder).context("reading the folder of procedures")? {
        let path = entry.context("reading the folder of procedures")?.path();
        if path.extension().is_none_or(|extension| extension != "toml") {
            continue; // What a crash left half written.
        }
        let procedure = read_file(&path, read_procedure)?;
        if procedure.version() != rules.procedure.version() {
            earlier.push(procedure);
        } else if procedure == rules.procedure {
            known = true;
        } else {
            bail!(
                "{} is another procedure than the one in force: cases run by it, so raise `version` \
                 in the new file",
                path.display()
            );
        }
    }
    if !known {
        write(&folder, &own, &rules.text).context("keeping the procedure")?;
    }
    Ok(CaseRules::new(rules.procedure.clone(), earlier, rules.calendar.clone()))
}

fn name_of(version: &ProcedureVersion) -> String {
    format!("{}-{}.toml", version.name, version.version)
}

/// Whole or not at all, also through a power cut.
fn write(folder: &Path, path: &Path, text: &str) -> std::io::Result<()> {
    let half = path.with_extension("half");
    let mut options = File::options();
    let mut file = options.create(true).truncate(true).write(true).mode(0o600).open(&half)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&half, path)?;
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> std::path::PathBuf {
        let name = format!("tiande-kept-{}", hex::encode(crate::keys::random::<8>()));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        folder
    }

    fn version(rules: &Rules, version: u32, changed: &str) -> Rules {
        let text = rules.text.replace("version = 1\n", &format!("version = {version}\n"));
        let text = text.replace("answer_working_days = 3", changed);
        let procedure = read_procedure(&text).expect("sound");
        Rules { procedure, calendar: rules.calendar.clone(), text }
    }

    #[test]
    fn a_version_once_in_force_stays_what_it_was() {
        let (data, first) = (folder(), Rules::load(None, None).expect("sound"));
        keep(&data, &first).expect("kept");
        keep(&data, &first).expect("again");
        let same = version(&first, 1, "answer_working_days = 5");
        let refused = keep(&data, &same).expect_err("another under the same version");
        assert!(refused.to_string().contains("raise `version`"), "{refused}");
        let second = version(&first, 2, "answer_working_days = 5");
        let rules = keep(&data, &second).expect("kept");
        assert_eq!(rules.current().procedure.answer_working_days(), 5);
        let old = rules.version(first.procedure.version()).expect("kept");
        assert_eq!(old.procedure.answer_working_days(), 3, "older cases run on by theirs");
        fs::write(data.join("procedures").join("x.half"), "half").expect("written");
        keep(&data, &second).expect("what a crash left is passed over");
        fs::remove_dir_all(data).expect("removed");
    }
}
