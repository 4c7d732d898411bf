//! The report of a drill: `report.json` for machines, `report.html` for the court's leader.
//!
//! Says what the checker found; finds nothing itself.

mod html;
mod json;
mod plot;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::{Value, json};

pub use json::Report;

use crate::record::Entry;

impl Report {
    /// Writes both files into a folder.
    pub fn write(&self, entries: &[Entry], out: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).context("a report is JSON")?;
        write(&out.join("report.json"), &text)?;
        write(&out.join("report.html"), &html::page(self, entries))
    }
}

/// Puts several runs under one index. True when all of them passed.
pub fn summary(runs: &[PathBuf], out: &Path) -> Result<bool> {
    std::fs::create_dir_all(out).with_context(|| format!("cannot make {}", out.display()))?;
    let mut reports = Vec::new();
    let mut lines = Vec::new();
    for run in runs {
        // A run without a report broke off, which is no pass.
        let mut report = std::fs::read_to_string(run.join("report.json"))
            .ok()
            .and_then(|text| serde_json::from_str::<Value>(&text).ok())
            .unwrap_or_else(|| json!({ "scenario": run.display().to_string(), "passed": false }));
        // A link from the index to the run's own page, wherever both are moved together.
        let link = relative(run, out);
        report["folder"] = json!(link);
        lines.push((link, report.clone()));
        reports.push(report);
    }
    let passed = reports.iter().all(|report| report["passed"] == json!(true));
    let index = json!({ "passed": passed, "runs": reports });
    write(
        &out.join("report.json"),
        &serde_json::to_string_pretty(&index).context("a report is JSON")?,
    )?;
    write(&out.join("report.html"), &html::index(&lines, passed))?;
    Ok(passed)
}

/// The way from one folder to another when the second holds the first, else the path as it is.
fn relative(run: &Path, out: &Path) -> String {
    let absolute = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
    let (run, out) = (absolute(run), absolute(out));
    run.strip_prefix(&out).unwrap_or(&run).display().to_string()
}

fn write(path: &Path, text: &str) -> Result<()> {
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}
