//! The admin socket of a running server.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use actix_web::web::Data;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tracing::{info, warn};

use super::requests::{AdminFault, AdminRequest, execute};
use crate::app::App;

/// Name of the socket in the data folder.
pub const SOCKET_NAME: &str = "admin.sock";
/// Longest request, bytes: an import of some thousand cases.
const LINE_MAX: u64 = 16 * 1024 * 1024;

/// Listens until the server ends.
///
/// # Errors
/// The socket cannot be made.
pub fn serve(app: Data<App>, data: &Path) -> std::io::Result<()> {
    let path = data.join(SOCKET_NAME);
    // The data folder's lock is ours, so an old socket belongs to nobody.
    if path.exists() {
        std::fs::remove_file(&path)?;
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    info!(socket = %path.display(), "admin socket is open");
    actix::spawn(async move {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    actix::spawn(talk(app.clone(), stream));
                }
                Err(fault) => {
                    warn!(%fault, "admin socket cannot accept");
                    return;
                }
            }
        }
    });
    Ok(())
}

async fn talk(app: Data<App>, stream: UnixStream) {
    let (reading, mut writing) = stream.into_split();
    let mut reading = BufReader::new(reading);
    loop {
        let mut line = String::new();
        match (&mut reading).take(LINE_MAX).read_line(&mut line).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let answer = match serde_json::from_str::<AdminRequest>(&line) {
            Ok(request) => execute(&app, request).await,
            Err(fault) => Err(AdminFault::new("request-invalid", fault.to_string())),
        };
        let answer = match answer {
            Ok(done) => json!({"ok": done}),
            Err(fault) => json!({"error": fault}),
        };
        let mut bytes = answer.to_string().into_bytes();
        bytes.push(b'\n');
        if writing.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
