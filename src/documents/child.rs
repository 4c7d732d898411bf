//! The process that renders one document: inputs in at standard input, a PDF out at standard output.
//!
//! Before it reads anything it gives its rights away, like the one that decodes a picture: memory, time,
//! files, sockets and children. What comes in is from staff and bounded; what an odd text does to typst,
//! be it a panic, a stack that overflows or a page that never ends, then happens to this process alone.

use std::io::{Read, Write};
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, setrlimit};
use serde::{Deserialize, Serialize};

use super::inputs::Inputs;
use super::{Documents, RenderFault};

/// Address space of the process, bytes. The longest document that its fields allow takes a quarter of it.
const MEMORY_MAX: u64 = 1024 * 1024 * 1024;
/// Processor time, seconds.
const CPU_MAX_S: u64 = 10;
/// No request is larger, bytes.
pub const REQUEST_MAX: u64 = 1024 * 1024;

/// Exit status: the request is none, or its inputs have faults. The server checks before it asks.
pub const EXIT_INPUTS: u8 = 65;
/// Exit status: the template or the fonts failed.
pub const EXIT_FAILED: u8 = 70;
/// Exit status: too many pages or bytes.
pub const EXIT_TOO_LONG: u8 = 69;

/// What the process is to do.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// A template's code.
    pub template: String,
    /// What goes into it.
    pub inputs: Inputs,
}

/// Runs as the process of its own. Answers with the number of pages and the length, then the PDF.
#[must_use]
pub fn run() -> ExitCode {
    if limit().is_err() {
        return ExitCode::from(EXIT_FAILED);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(REQUEST_MAX + 1).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() as u64 > REQUEST_MAX {
        return ExitCode::from(EXIT_INPUTS);
    }
    let Ok(request) = serde_json::from_slice::<Request>(&bytes) else {
        return ExitCode::from(EXIT_INPUTS);
    };
    match answer(&request) {
        Ok(()) => ExitCode::SUCCESS,
        Err(code) => ExitCode::from(code),
    }
}

fn answer(request: &Request) -> Result<(), u8> {
    let documents = Documents::built_in().map_err(|_fault| EXIT_FAILED)?;
    let template = documents.template(&request.template).ok_or(EXIT_INPUTS)?;
    let checked = documents.check(template, &request.inputs).map_err(|_faults| EXIT_INPUTS)?;
    let rendered = documents.render(&checked).map_err(|fault| match fault {
        RenderFault::TooLong => EXIT_TOO_LONG,
        RenderFault::Failed(_) => EXIT_FAILED,
    })?;
    let mut out = std::io::stdout().lock();
    let number = |number: usize| u32::try_from(number).unwrap_or(u32::MAX).to_be_bytes();
    out.write_all(&number(rendered.pages))
        .and_then(|()| out.write_all(&number(rendered.pdf.len())))
        .and_then(|()| out.write_all(&rendered.pdf))
        .and_then(|()| out.flush())
        .map_err(|_fault| 74)
}

fn limit() -> rustix::io::Result<()> {
    let set =
        |resource, most| setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) });
    set(Resource::As, MEMORY_MAX)?;
    set(Resource::Data, MEMORY_MAX)?;
    set(Resource::Cpu, CPU_MAX_S)?;
    set(Resource::Fsize, 0)?;
    set(Resource::Nproc, 0)?;
    set(Resource::Core, 0)?;
    // The three pipes are open already; nothing can be opened beside them.
    set(Resource::Nofile, 0)?;
    // No thread can be started: what typst would do on others is done on this one. Fails only when there
    // is a pool already, which nobody has made.
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global().ok();
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::nice(10).map(drop)
}
