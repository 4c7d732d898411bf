//! The program under test: started in a folder of its own, killed, started again, always ended.

use std::fs::{self, File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::ops::Deref;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::{Value, json};

use super::waiting::{SOON, until};

/// The program.
pub const BINARY: &str = env!("CARGO_BIN_EXE_tiande");
/// Servers at once on this machine, whoever runs the tests.
const SLOTS: usize = 4;
/// A free slot, or a server that is ready, comes within this.
const START_WITHIN: Duration = Duration::from_secs(60);
/// What a command answers comes within this.
const COMMAND_WITHIN: Duration = Duration::from_secs(30);

static COUNT: AtomicU32 = AtomicU32::new(0);

/// A folder that is gone when the test is over.
#[derive(Debug)]
pub struct Folder(pub PathBuf);

impl Folder {
    /// An empty one. Its name is short: a socket's path has a limit.
    pub fn new() -> Self {
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("tbb-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).expect("a folder in the temporary folder");
        Self(path)
    }

    /// Writes a file into it.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file in the temporary folder");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// The ways into a server, the same before and after it is killed.
#[derive(Debug, Clone)]
pub struct Door {
    pub port: u16,
    pub data: PathBuf,
    pub config: PathBuf,
}

/// What a command of the program said.
#[derive(Debug)]
pub struct Said {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs the program with these arguments to its end.
pub fn run(args: &[&str], input: &str) -> Said {
    let mut child = Command::new(BINARY)
        .args(args)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut stdin = child.stdin.take().expect("its input");
    // A program that does not read its input has closed it.
    stdin.write_all(input.as_bytes()).ok();
    drop(stdin);
    // Read while it runs: a pipe holds 64 KiB, and who prints more waits for a reader.
    let out = read_all(child.stdout.take().expect("its output"));
    let err = read_all(child.stderr.take().expect("its errors"));
    let ended = wait_or_kill(&mut child, COMMAND_WITHIN);
    let (out, err) = (out.join().expect("read"), err.join().expect("read"));
    let status = ended.unwrap_or_else(|| unreachable!("{args:?} did not end"));
    Said { code: status.code(), out, err }
}

fn read_all(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).ok();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Waits for a child; after the limit it is killed and there is no status.
fn wait_or_kill(child: &mut Child, limit: Duration) -> Option<ExitStatus> {
    let deadline = super::waiting::Deadline::after(limit);
    until(limit + SOON, "the end of a child", || match child.try_wait() {
        Ok(Some(status)) => Some(Some(status)),
        _ if deadline.left().is_none() => {
            child.kill().ok();
            child.wait().ok();
            Some(None)
        }
        _ => None,
    })
}

impl Door {
    /// Runs a command of the program on this server's folder.
    pub fn command(&self, args: &[&str], input: &str) -> Said {
        let (config, data) = (self.config.display().to_string(), self.data.display().to_string());
        let all: Vec<&str> =
            args.iter().copied().chain(["--config", &config, "--data", &data]).collect();
        run(&all, input)
    }

    /// Asks the admin socket; what is under `ok`, or else the error.
    pub fn ask(&self, request: &Value) -> Result<Value, Value> {
        let mut stream = UnixStream::connect(self.data.join("admin.sock")).expect("admin socket");
        stream.set_read_timeout(Some(COMMAND_WITHIN)).expect("a limit");
        stream.write_all(format!("{request}\n").as_bytes()).expect("a request");
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line).expect("an answer");
        let mut answer: Value = serde_json::from_str(&line).expect("a line of JSON");
        match answer.get_mut("ok") {
            Some(done) => Ok(done.take()),
            None => Err(answer["error"].take()),
        }
    }

    /// Asks the admin socket for something it grants.
    pub fn admin(&self, request: &Value) -> Value {
        self.ask(request).unwrap_or_else(|fault| unreachable!("{request}: {fault}"))
    }

    /// Files below the folder of pictures.
    pub fn pictures(&self) -> Vec<PathBuf> {
        files_below(&self.data.join("media"))
    }
}

/// All files below a folder.
pub fn files_below(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut files = Vec::new();
    for entry in entries.flatten() {
        let path = entry.path();
        if path.is_dir() {
            files.extend(files_below(&path));
        } else {
            files.push(path);
        }
    }
    files
}

/// One of the few places for a server; given back when it is dropped, or its process dies.
#[derive(Debug)]
struct Slot {
    _locked: File,
}

impl Slot {
    fn take() -> Self {
        until(START_WITHIN * 5, "a place for a server", || {
            (0..SLOTS).find_map(|number| {
                let path = std::env::temp_dir().join(format!("tbb-slot-{number}"));
                let file = File::create(path).ok()?;
                file.try_lock().ok().map(|()| Self { _locked: file })
            })
        })
    }
}

/// How a server is started, where it differs from the usual.
#[derive(Debug, Clone, Default)]
pub struct Launch {
    /// Its data folder; else one in the test's own folder.
    pub data: Option<PathBuf>,
    /// More variables of its environment, new at each start.
    pub env: Vec<(&'static str, String)>,
}

/// A running server.
#[derive(Debug)]
pub struct Server {
    /// For the next start.
    pub launch: Launch,
    door: Door,
    folder: Folder,
    child: Option<Child>,
    _slot: Slot,
}

impl Deref for Server {
    type Target = Door;

    fn deref(&self) -> &Door {
        &self.door
    }
}

/// A port that nobody listens on at the moment.
pub fn free_port() -> u16 {
    let probe = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    probe.local_addr().expect("its address").port()
}

impl Server {
    /// A fresh one, ready.
    pub fn start() -> Self {
        Self::start_with("")
    }

    /// A fresh one with more lines in its settings.
    pub fn start_with(settings: &str) -> Self {
        Self::start_as(settings, Launch::default())
    }

    /// A fresh one, started in another way.
    pub fn start_as(settings: &str, launch: Launch) -> Self {
        let slot = Slot::take();
        let folder = Folder::new();
        let port = free_port();
        let data = launch.data.clone().unwrap_or_else(|| folder.0.join("data"));
        let text = format!("listen = \"127.0.0.1:{port}\"\ndata = {data:?}\n{settings}\n");
        let config = folder.file("tiande.toml", &text);
        let door = Door { port, data, config };
        let mut server = Self { launch, door, folder, child: None, _slot: slot };
        server.start_again();
        server
    }

    /// Starts it on its folder, and waits until it is ready.
    pub fn start_again(&mut self) {
        assert!(self.child.is_none(), "it runs already");
        let log = self.folder.0.join("log");
        let door = self.door.clone();
        // Somebody's outgoing connection may sit on the port for a moment: then it is tried again.
        let child = until(START_WITHIN, "a server that is ready", || {
            let mut child = spawn(&door.config, &log, &self.launch.env);
            let ready = until(START_WITHIN, "readiness", || {
                if child.try_wait().ok().flatten().is_some() {
                    return Some(false);
                }
                let reply = door.try_send("GET", "/readyz", &[], b"");
                reply.is_some_and(|reply| reply.status == 200).then_some(true)
            });
            if !ready {
                let text = fs::read_to_string(&log).unwrap_or_default();
                assert!(text.contains("in use"), "it ended before it was ready: {text}");
            }
            ready.then_some(child)
        });
        self.child = Some(child);
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            child.kill().ok();
            child.wait().ok();
        }
    }

    /// Sends SIGTERM.
    pub fn ask_to_end(&self) {
        let pid = self.pid();
        let told = Command::new("sh").args(["-c", &format!("kill -TERM {pid}")]).status();
        assert!(told.is_ok_and(|status| status.success()), "SIGTERM");
    }

    #[allow(dead_code)] // For the storage faults, which share this folder.
    /// Starts it where it is to refuse; what it said and its exit status.
    pub fn try_start(&self, limit: Duration) -> (Option<ExitStatus>, String) {
        let log = self.folder.0.join("refused");
        fs::remove_file(&log).ok();
        let mut child = spawn(&self.door.config, &log, &self.launch.env);
        let ended = wait_or_kill(&mut child, limit);
        (ended, fs::read_to_string(&log).unwrap_or_default())
    }

    #[allow(dead_code)] // For the storage faults, which share this folder.
    /// Its process, for who waits for its end while others still talk to it; who takes it ends it.
    pub fn take_child(&mut self) -> Child {
        self.child.take().expect("it runs")
    }

    /// Waits for its end; `None` when it takes longer.
    pub fn ended(&mut self, limit: Duration) -> Option<ExitStatus> {
        self.child.take().and_then(|mut child| wait_or_kill(&mut child, limit))
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Memory it holds now, KiB.
    pub fn rss_kib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid()));
        let status = status.expect("Linux tells about a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("VmRSS");
        line.trim().trim_end_matches("kB").trim().parse().expect("a number")
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.0.join("log")).unwrap_or_default()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
        let log = self.log();
        if std::thread::panicking() {
            let tail: Vec<&str> = log.lines().rev().take(25).collect();
            eprintln!("--- the server's last lines");
            tail.iter().rev().for_each(|line| eprintln!("{line}"));
        } else {
            assert!(!log.contains("panicked"), "something panicked inside: {log}");
        }
    }
}

/// Starts the program so that it dies with the test, where the system can do that.
fn spawn(config: &Path, log: &Path, env: &[(&'static str, String)]) -> Child {
    let log = OpenOptions::new().create(true).append(true).open(log).expect("a log");
    let mut command = if Path::new("/usr/bin/setpriv").exists() {
        let mut command = Command::new("/usr/bin/setpriv");
        command.args(["--pdeathsig", "KILL", BINARY]);
        command
    } else {
        Command::new(BINARY)
    };
    command
        .envs(env.iter().map(|(name, value)| (name, value)))
        .args(["serve", "--config"])
        .arg(config)
        .stdin(Stdio::null())
        .stdout(log.try_clone().expect("the log"))
        .stderr(log)
        .spawn()
        .expect("the program starts")
}

/// A court's file as JSON: 长垣, patient, one officer for each incident, nobody asked beyond that.
pub fn profile(id: &str) -> Value {
    json!({
        "id": id, "name": "演练法庭", "area": [114.40, 34.97, 114.99, 35.40],
        // Each tip is to be seen by itself.
        "merge": {"within_m": 0},
        "area_margin_m": 5000, "utc_offset_minutes": 480,
        "court_house": {"lat": 35.2010, "lon": 114.6730, "radius_m": 150},
        "shift": {"start": "00:00", "end": "24:00", "days": [1, 2, 3, 4, 5, 6, 7]},
        "dispatch": {
            "offer_ttl_ms": 60000, "receive_ttl_ms": 60000, "ask_extra_emergency": 0,
            "ask_extra_sos": 0, "director_after_ms": 60000, "report_every_ms": 1000,
            "need": {"debtor_sighted": 1, "obstruction": 1, "officer_sos": 1},
        },
    })
}
