//! Packages of peers that run in Node: fetched by their lock file, and what they are.

use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::Command;

/// Fetches the packages of a peer's folder, `one` among them, where they are not there yet.
pub async fn fetch(folder: &Path, one: &str) -> Result<()> {
    if folder.join("node_modules").join(one).is_dir() {
        return Ok(());
    }
    let npm = Command::new("npm")
        .args(["ci", "--no-audit", "--no-fund", "--silent"])
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status();
    if !npm.await.context("cannot run npm")?.success() {
        bail!("npm cannot fetch the packages of {}", folder.display());
    }
    Ok(())
}

/// The version of Node.
pub async fn node() -> Result<String> {
    let node = Command::new("node").arg("--version").output().await.context("no node")?;
    Ok(String::from_utf8_lossy(&node.stdout).trim().to_owned())
}

/// Names and versions of packages that were fetched.
pub fn versions(folder: &Path, names: &[&str]) -> String {
    let package = |name: &&str| {
        let path = folder.join("node_modules").join(name).join("package.json");
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_default();
        format!("{name} {}", json["version"].as_str().unwrap_or("?"))
    };
    names.iter().map(package).collect::<Vec<_>>().join(", ")
}
