//! The program that writes histories and reads the journal, and the stores it does that in.

use anyhow::{Context, Result};
use serde_json::Value;
use tokio::process::Command;

use super::Setting;
use super::inside;

/// Which store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    /// In the data folder.
    Sqlite,
    /// A private server of its own.
    Postgres,
}

/// Runs the program of histories; its figures.
pub async fn ask(setting: &Setting, words: &[String]) -> Result<Value> {
    let program = setting.history()?;
    let mut command = Command::new(program);
    command.args(words);
    let output = inside::output(command).await;
    let output = output.with_context(|| format!("{} {words:?}", program.display()))?;
    serde_json::from_str(output.trim()).context("the program of histories gave no figures")
}
