//! The process that decodes one picture: bytes in at standard input, two copies out at standard output.
//!
//! Before it reads anything it gives its rights away: memory, time, files, sockets and children. What
//! an enemy's picture can take over then owns 256 MiB for 2 s and three pipes.
//!
//! Limited: address space and data, processor time, open descriptors (so no file and no socket can be
//! opened), size of files, child processes, core dumps, new privileges, priority. **Not limited:**
//! system calls as such (no seccomp filter), and it runs as the server's own user.

use std::io::{Cursor, Read, Write};
use std::process::ExitCode;

use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use rustix::process::{Resource, Rlimit, setrlimit};

use super::head::SIDE_MAX;
use super::{PREVIEW_SIDE, VIEW_SIDE};

/// Address space of the process, bytes.
const MEMORY_MAX: u64 = 256 * 1024 * 1024;
/// Processor time, seconds.
const CPU_MAX_S: u64 = 2;
/// No picture has more bytes.
pub const BYTES_MAX: u64 = 10 * 1024 * 1024;
/// What no copy needs more than.
pub const COPY_MAX: u32 = 8 * 1024 * 1024;
/// JPEG quality of the copies: text on a sign stays readable.
const QUALITY: u8 = 85;

/// Runs as the process of its own. Never returns a fault's text: the picture could shape it.
#[must_use]
pub fn run() -> ExitCode {
    if limit().is_err() {
        return ExitCode::from(70);
    }
    let mut bytes = Vec::new();
    let read = std::io::stdin().lock().take(BYTES_MAX + 1).read_to_end(&mut bytes);
    if read.is_err() || bytes.len() as u64 > BYTES_MAX {
        return ExitCode::from(65);
    }
    let Some(copies) = copies(&bytes) else { return ExitCode::from(65) };
    let mut out = std::io::stdout().lock();
    let written = copies.iter().try_for_each(|copy| {
        let length = u32::try_from(copy.len()).unwrap_or(u32::MAX);
        out.write_all(&length.to_be_bytes())?;
        out.write_all(copy)
    });
    if written.and_then(|()| out.flush()).is_ok() { ExitCode::SUCCESS } else { ExitCode::from(74) }
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
    rustix::thread::set_no_new_privs(true)?;
    rustix::process::nice(10).map(drop)
}

/// The copy to look at, and the small one.
fn copies(bytes: &[u8]) -> Option<[Vec<u8>; 2]> {
    let format = image::guess_format(bytes).ok()?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return None;
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(MEMORY_MAX);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().ok()?;
    // Read before the metadata is left behind: without it a picture would lie on its side.
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let whole = DynamicImage::from_decoder(decoder).ok()?;
    // Made small first: turning needs as much room again.
    let mut view = shrunk(whole, VIEW_SIDE);
    view.apply_orientation(orientation);
    let view = on_white(&view);
    let preview = shrunk(view.clone(), PREVIEW_SIDE);
    Some([jpeg(&view)?, jpeg(&preview)?])
}

fn shrunk(image: DynamicImage, side: u32) -> DynamicImage {
    if image.width() <= side && image.height() <= side {
        image
    } else {
        image.thumbnail(side, side)
    }
}

/// JPEG has no transparency; what is transparent becomes white and not black.
fn on_white(image: &DynamicImage) -> DynamicImage {
    if !image.color().has_alpha() {
        return DynamicImage::ImageRgb8(image.to_rgb8());
    }
    let seen = image.to_rgba8();
    let mut flat = image::RgbImage::new(seen.width(), seen.height());
    for (to, from) in flat.pixels_mut().zip(seen.pixels()) {
        let [r, g, b, alpha] = from.0.map(u16::from);
        let over = |colour: u16| (colour * alpha + 255 * (255 - alpha)) / 255;
        to.0 = [r, g, b].map(|colour| u8::try_from(over(colour)).unwrap_or(u8::MAX));
    }
    DynamicImage::ImageRgb8(flat)
}

fn jpeg(image: &DynamicImage) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    image.write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, QUALITY)).ok()?;
    Some(bytes)
}
