//! A way to PostgreSQL that breaks when a test says so: a socket that passes on what comes.

use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

use crate::sqlite::Folder;

/// What happens to one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It is answered, and the connection breaks before the answer comes through.
    LosesAnswer,
    /// The connection breaks before it comes through.
    LosesQuestion,
    /// It is answered, and nothing comes through any more, although the connection stands.
    FallsSilent,
}

#[derive(Default)]
struct State {
    /// What is to happen, to a connection that introduced itself so, on a question that holds this.
    armed: Option<(Fault, &'static str, &'static [u8])>,
    bitten: u32,
}

/// The proxy; it ends with the test.
pub struct Proxy {
    /// The address of the database, through the proxy.
    pub url: String,
    state: Arc<Mutex<State>>,
    accepting: AbortHandle,
    _folder: Folder,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    /// A proxy before the database of that address, whose host is a socket's folder.
    pub fn before(url: &str) -> Self {
        const SOCKET: &str = ".s.PGSQL.5432";
        let (place, host) = url.split_once("?host=").expect("a socket");
        let folder = Folder::new();
        let target = PathBuf::from(host).join(SOCKET);
        let listener = UnixListener::bind(folder.path().join(SOCKET)).expect("a socket");
        let state = Arc::new(Mutex::new(State::default()));
        let url = format!("{place}?host={}", folder.path().display());
        let shared = Arc::clone(&state);
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let Ok(server) = UnixStream::connect(&target).await else { continue };
                tokio::spawn(pass(client, server, Arc::clone(&shared)));
            }
        });
        Self { url, state, accepting: accepting.abort_handle(), _folder: folder }
    }

    /// Does it once, to the next question that holds `words` of a connection of that name.
    pub fn arm(&self, fault: Fault, name: &'static str, words: &'static [u8]) {
        self.state.lock().expect("no panic").armed = Some((fault, name, words));
    }

    /// How often it has happened.
    pub fn bitten(&self) -> u32 {
        self.state.lock().expect("no panic").bitten
    }
}

/// A connection says who it is within its first so many bytes.
const INTRODUCTION: usize = 1_024;

fn holds(bytes: &[u8], words: &[u8]) -> bool {
    words.is_empty() || bytes.windows(words.len()).any(|window| window == words)
}

/// Passes on what comes, both ways, until either end closes or the fault happens.
async fn pass(client: UnixStream, server: UnixStream, state: Arc<Mutex<State>>) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (struck, strikes) = watch::channel(None);
    let questions = tokio::spawn(questions(from_client, to_server, state, struck));
    answers(from_server, to_client, strikes).await;
    questions.abort();
}

async fn questions(
    mut client: OwnedReadHalf,
    mut server: OwnedWriteHalf,
    state: Arc<Mutex<State>>,
    struck: watch::Sender<Option<Fault>>,
) {
    let mut buffer = vec![0; 1 << 16];
    let mut introduced = Vec::new();
    while let Ok(count @ 1..) = client.read(&mut buffer).await {
        let bytes = &buffer[..count];
        if introduced.len() < INTRODUCTION {
            introduced.extend_from_slice(bytes);
        }
        let fault = {
            let mut state = state.lock().expect("no panic");
            let wanted = |(_, name, words): &(Fault, &str, &[u8])| {
                holds(&introduced, name.as_bytes()) && holds(bytes, words)
            };
            let armed = state.armed.take_if(|armed| wanted(armed));
            state.bitten += u32::from(armed.is_some());
            armed.map(|(fault, ..)| fault)
        };
        if fault.is_some() {
            struck.send_replace(fault);
        }
        if fault == Some(Fault::LosesQuestion) || server.write_all(bytes).await.is_err() {
            return;
        }
    }
}

async fn answers(
    mut server: OwnedReadHalf,
    mut client: OwnedWriteHalf,
    mut struck: watch::Receiver<Option<Fault>>,
) {
    /// "Ready for the next question, and in no transaction": a commit is over by then.
    const READY: &[u8] = b"Z\0\0\0\x05I";
    let mut buffer = vec![0; 1 << 16];
    loop {
        let lost = struck.wait_for(|fault| *fault == Some(Fault::LosesQuestion));
        let read = tokio::select! {
            _ = lost => return,
            read = server.read(&mut buffer) => read,
        };
        let Ok(count @ 1..) = read else { return };
        let fault = *struck.borrow();
        match fault {
            None => {
                if client.write_all(&buffer[..count]).await.is_err() {
                    return;
                }
            }
            Some(Fault::LosesAnswer | Fault::LosesQuestion) => {
                if buffer[..count].ends_with(READY) {
                    return;
                }
            }
            Some(Fault::FallsSilent) => {}
        }
    }
}
