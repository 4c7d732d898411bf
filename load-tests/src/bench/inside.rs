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
    let mut command = Command::new("taskset");
    command.args(["-c", host::MEASURED_CORE]).arg(program).args(words.split(' '));
    read(&output(command).await.with_context(|| format!("{} {words}", program.display()))?)
}

/// Runs a program to its end; what it has said on standard output.
pub async fn output(mut command: Command) -> Result<String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::inherit()).kill_on_drop(true);
    // `output` would keep what it says on standard error to itself.
    let child = command.spawn().context("cannot run it")?;
    let done = child.wait_with_output().await.context("cannot run it")?;
    if !done.status.success() {
        bail!("it ended with {}", done.status);
    }
    Ok(String::from_utf8_lossy(&done.stdout).into_owned())
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
