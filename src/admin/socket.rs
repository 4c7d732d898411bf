//! The admin socket of a running server.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use actix_web::rt::time::interval;
use actix_web::web::Data;
use serde_json::json;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tracing::{info, warn};

use super::requests::{AdminFault, AdminRequest, execute};
use crate::app::{App, Phase};

/// Name of the socket in the data folder.
pub const SOCKET_NAME: &str = "admin.sock";
/// Longest request, bytes: an import of some thousand cases.
const LINE_MAX: u64 = 16 * 1024 * 1024;
/// The pause after a connection that could not be taken: what was missing may be back by then, and
/// ten tries a second cost nothing.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How often a request that came too early looks whether the courts are open.
const OPEN_LOOK: Duration = Duration::from_millis(50);
/// How often it looks in all: for half a minute. Then it is refused as `starting`.
const OPEN_LOOKS: u32 = 600;

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
        let talk_to = move |stream| drop(actix::spawn(talk(app.clone(), stream)));
        keep_accepting(async || listener.accept().await.map(|(stream, _)| stream), talk_to).await;
    });
    Ok(())
}

/// Takes connections for ever. One that cannot be taken, for want of file descriptors say, ends
/// nothing: an operator needs this door most when the server is in trouble.
async fn keep_accepting<S>(
    mut accept: impl AsyncFnMut() -> std::io::Result<S>,
    mut talk_to: impl FnMut(S),
) {
    let mut failing = false;
    loop {
        match accept().await {
            Ok(stream) => {
                failing = false;
                talk_to(stream);
            }
            Err(fault) => {
                // Once a spell: a full log would not help.
                if !failing {
                    warn!(%fault, "admin socket cannot accept; tries again");
                }
                failing = true;
                pause(ACCEPT_PAUSE).await;
            }
        }
    }
}

/// Waits. The first tick of an interval comes at once.
async fn pause(span: Duration) {
    let mut ticks = interval(span);
    ticks.tick().await;
    ticks.tick().await;
}

/// Waits until the courts are open: a court that is added or changed before would be opened twice, or
/// not be found.
async fn wait_until_open(app: &App) -> Result<(), AdminFault> {
    let mut looks = interval(OPEN_LOOK);
    for _ in 0..OPEN_LOOKS {
        looks.tick().await;
        if app.phase() != Phase::Starting {
            break;
        }
    }
    app.check_open().map_err(|problem| AdminFault::new(problem.code(), problem.title()))
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
            Ok(request) => match wait_until_open(&app).await {
                Ok(()) => execute(&app, request).await,
                Err(fault) => Err(fault),
            },
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

#[cfg(test)]
mod tests {
    use std::io::{Error, Result};

    use super::*;

    #[actix_web::test]
    async fn a_failed_accept_ends_nothing() {
        let missing = || Err(Error::other("too many open files"));
        let mut coming: Vec<Result<u8>> = vec![Ok(2), missing(), missing(), Ok(1), missing()];
        let mut talked = Vec::new();
        let accept = async || match coming.pop() {
            Some(next) => next,
            None => std::future::pending().await,
        };
        let accepting = keep_accepting(accept, |stream| talked.push(stream));
        // Three pauses and a little.
        let limit = ACCEPT_PAUSE * 30;
        let ended = actix_web::rt::time::timeout(limit, accepting).await;
        assert!(ended.is_err(), "it goes on for ever");
        assert_eq!(talked, [1, 2]);
    }
}
