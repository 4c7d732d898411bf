//! The machine: what it is, how busy it is, and on which core whom to put.

use std::io::Write as _;
use std::process::{Command, Stdio};

use crate::spawn::Options;

/// The core of whatever is measured.
pub const MEASURED_CORE: &str = "0";

/// The cores of both sides where no load has to be made beside them.
pub const BOTH_CORES: &str = "0,1";

/// A server of ours that is measured.
pub fn measured() -> Options {
    // What it logs is not what is measured.
    Options { config: "log = \"warn\"".to_owned(), core: Some(MEASURED_CORE) }
}

/// Says something on standard error, where progress belongs.
pub fn say(text: &str) {
    // Nothing is left to do when even standard error is closed.
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// What the machine is.
pub fn announce() {
    say(&format!("machine: {}, load average {}", description(), load_average()));
}

/// Cores, processor and kernel.
pub fn description() -> String {
    let cpu = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = cpu.lines().find_map(|line| line.strip_prefix("model name")).unwrap_or("?");
    let kernel = std::fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let model = model.trim_start_matches([' ', '\t', ':']);
    format!("{cores} cores {model}, Linux {}", kernel.trim())
}

/// The load of the last minute, five and fifteen.
pub fn load_average() -> String {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
}

/// True when the measured side can have a core of its own.
pub fn has_two_cores() -> bool {
    std::thread::available_parallelism().map_or(1, usize::from) > 1
}

/// Leaves the first core to whatever is measured. On a machine with one core nothing is changed.
pub fn keep_to_second_core() {
    if has_two_cores() {
        let this = std::process::id().to_string();
        let moved = Command::new("taskset")
            .args(["-apc", "1", &this])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if !moved.is_ok_and(|status| status.success()) {
            say("note: taskset is missing; generator and server share their cores");
        }
    }
}
