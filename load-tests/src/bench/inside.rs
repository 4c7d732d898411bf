//! What is measured inside: a bench of the crate concerned, run as a program of its own on the measured
//! core, one figure a run, so that it takes turns with the other side.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::process::Command;

use super::host;

/// One figure.
#[derive(Debug, Deserialize, PartialEq)]
pub struct Figure {
    /// What was measured.
    pub name: String,
    /// Processor time of each operation, nanoseconds.
    pub ns: f64,
    /// So many operations were timed.
    pub ops: u64,
}

/// Runs one figure of a bench program.
pub async fn run(program: &Path, words: &str) -> Result<Figure> {
    let done = Command::new("taskset")
        .args(["-c", host::MEASURED_CORE])
        .arg(program)
        .args(words.split(' '))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .output()
        .await
        .with_context(|| format!("cannot run {}", program.display()))?;
    if !done.status.success() {
        bail!("{} {words}: {}", program.display(), done.status);
    }
    read(&String::from_utf8_lossy(&done.stdout))
}

fn read(output: &str) -> Result<Figure> {
    let line = output.lines().find(|line| line.starts_with('{')).context("no figure came")?;
    let figure: Figure = serde_json::from_str(line).context("no figure came")?;
    if !(figure.ns > 0.0 && figure.ns.is_finite()) {
        bail!("{}: {} ns is no figure", figure.name, figure.ns);
    }
    Ok(figure)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_is_a_line_of_json() {
        let figure = read("hello\n{\"name\":\"a\",\"ns\":1.5,\"ops\":3}\n").unwrap();
        assert_eq!((figure.name.as_str(), figure.ns, figure.ops), ("a", 1.5, 3));
        assert!(read("nothing").is_err());
        assert!(read("{\"name\":\"a\",\"ns\":0.0,\"ops\":3}").is_err());
    }
}
