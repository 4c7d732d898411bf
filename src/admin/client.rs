//! The command line's end: to the running server, else to the data folder.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::requests::{AdminFault, AdminRequest, execute};
use super::socket::SOCKET_NAME;
use crate::config::Config;

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok(Value),
    Error(AdminFault),
}

/// Sends a request to whoever owns the data folder.
///
/// # Errors
/// [`AdminFault`].
pub fn send(config: &Config, request: AdminRequest) -> Result<Value, AdminFault> {
    match UnixStream::connect(config.data.join(SOCKET_NAME)) {
        Ok(stream) => over_socket(stream, &request),
        Err(_nobody_listens) => by_ourselves(config, request),
    }
}

fn over_socket(mut stream: UnixStream, request: &AdminRequest) -> Result<Value, AdminFault> {
    let broken = |fault: std::io::Error| AdminFault::new("socket", fault.to_string());
    let mut line = serde_json::to_string(request)
        .map_err(|fault| AdminFault::new("request-invalid", fault.to_string()))?;
    line.push('\n');
    stream.write_all(line.as_bytes()).map_err(broken)?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer).map_err(broken)?;
    match serde_json::from_str(&answer) {
        Ok(Answer::Ok(done)) => Ok(done),
        Ok(Answer::Error(fault)) => Err(fault),
        Err(fault) => Err(AdminFault::new("socket", fault.to_string())),
    }
}

/// Opens the data folder under its lock, without listening anywhere, and does it.
fn by_ourselves(config: &Config, request: AdminRequest) -> Result<Value, AdminFault> {
    let config = config.clone();
    let path: &Path = &config.data;
    let shown = path.display().to_string();
    actix::System::new().block_on(async move {
        let opened = crate::server::open(config).await;
        let opened =
            opened.map_err(|fault| AdminFault::new("data", format!("{shown}: {fault:#}")))?;
        let done = execute(&opened.app, request).await;
        opened.close().await;
        done
    })
}
