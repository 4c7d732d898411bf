//! The process that decodes pictures, as the server starts it: what comes through, and what does not.
#![allow(clippy::unwrap_used)] // A test ends where something is missing.

use std::io::Cursor;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use image::{DynamicImage, GenericImageView, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use tiande::pictures::workshop::{Copies, PATIENCE, WorkFault, Workshop};
use tiande::pictures::{PREVIEW_SIDE, VIEW_SIDE};

fn workshop() -> Workshop {
    Workshop::new(PathBuf::from(env!("CARGO_BIN_EXE_tiande")))
}

/// No picture keeps its process longer, whatever it is; and a second for this machine.
const LIMIT: Duration = PATIENCE.saturating_add(Duration::from_secs(1));

async fn copies(picture: &[u8]) -> Result<Copies, WorkFault> {
    tokio::time::timeout(LIMIT, workshop().copies(picture)).await.expect("bounded in time")
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

/// Red on the left, blue on the right.
fn halves(width: u32, height: u32) -> DynamicImage {
    let colour = |x| if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) };
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| colour(x)))
}

fn opened(copy: &[u8]) -> DynamicImage {
    assert_eq!(image::guess_format(copy).unwrap(), ImageFormat::Jpeg);
    image::load_from_memory(copy).unwrap()
}

/// An EXIF segment that turns the picture a quarter and tells where it was taken.
fn exif() -> Vec<u8> {
    let entry = |tag: u16, kind: u16, count: u32, value: [u8; 4]| {
        let mut bytes = Vec::new();
        bytes.extend(tag.to_be_bytes());
        bytes.extend(kind.to_be_bytes());
        bytes.extend(count.to_be_bytes());
        bytes.extend(value);
        bytes
    };
    let mut tiff = b"MM\0\x2A\0\0\0\x08\0\x02".to_vec();
    tiff.extend(entry(0x0112, 3, 1, [0, 6, 0, 0])); // Orientation: turn right.
    tiff.extend(entry(0x8825, 4, 1, 38_u32.to_be_bytes())); // The GPS part.
    tiff.extend([0; 4]);
    tiff.extend(b"\0\x01");
    tiff.extend(entry(1, 2, 2, *b"N\0\0\0"));
    tiff.extend([0; 4]);
    tiff.extend(b"GPS-MARKER 35.1997 114.6689");
    let mut segment = b"\xFF\xE1".to_vec();
    let length = u16::try_from(tiff.len() + 8).unwrap();
    segment.extend(length.to_be_bytes());
    segment.extend(b"Exif\0\0");
    segment.extend(tiff);
    segment
}

fn with_segment(jpeg: &[u8], segment: &[u8]) -> Vec<u8> {
    [&jpeg[..2], segment, &jpeg[2..]].concat()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

#[tokio::test]
async fn what_people_see_has_no_place_and_stands_upright() {
    let plain = encoded(&halves(64, 32), ImageFormat::Jpeg);
    let picture = with_segment(&plain, &exif());
    assert!(holds(&picture, b"GPS-MARKER"));
    let made = copies(&picture).await.unwrap();
    for copy in [&made.view, &made.preview] {
        for trace in [&b"Exif"[..], b"GPS-MARKER", b"http://ns.adobe.com", b"\xFF\xE1"] {
            assert!(!holds(copy, trace), "{trace:?}");
        }
    }
    let view = opened(&made.view);
    assert_eq!(view.dimensions(), (32, 64), "turned a quarter");
    // Left became top.
    assert!(view.get_pixel(16, 4)[0] > 150 && view.get_pixel(16, 60)[2] > 150);
}

#[tokio::test]
async fn what_is_appended_reaches_nobody() {
    let jpeg = encoded(&halves(64, 32), ImageFormat::Jpeg);
    let png = encoded(&halves(64, 32), ImageFormat::Png);
    for picture in [jpeg, png] {
        let long = [picture, b"PK\x03\x04<script>alert(1)</script>".to_vec()].concat();
        let made = copies(&long).await.unwrap();
        assert!(!holds(&made.view, b"<script>") && !holds(&made.view, b"PK\x03\x04"));
    }
}

#[tokio::test]
async fn large_ones_become_small_and_transparent_ones_white() {
    let made = copies(&encoded(&halves(2_400, 800), ImageFormat::Jpeg)).await.unwrap();
    let (view, preview) = (opened(&made.view), opened(&made.preview));
    assert_eq!(view.dimensions(), (VIEW_SIDE, 683));
    assert_eq!(preview.dimensions(), (PREVIEW_SIDE, 80));
    for format in [ImageFormat::Png, ImageFormat::WebP] {
        let clear = RgbaImage::from_pixel(20, 20, Rgba([0, 0, 0, 0]));
        let made = copies(&encoded(&DynamicImage::ImageRgba8(clear), format)).await.unwrap();
        assert!(opened(&made.view).get_pixel(10, 10)[0] > 250, "{format:?}");
    }
}

/// A PNG chunk with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let crc = !body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1))
        })
    });
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [&length[..], &body, &crc.to_be_bytes()].concat()
}

fn png(width: u32, height: u32, depth: u8, colour: u8, chunks: &[Vec<u8>]) -> Vec<u8> {
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([depth, colour, 0, 0, 0]);
    let mut bytes = b"\x89PNG\r\n\x1A\n".to_vec();
    bytes.extend(chunk(b"IHDR", &head));
    chunks.iter().for_each(|chunk| bytes.extend(chunk));
    bytes.extend(chunk(b"IEND", &[]));
    bytes
}

/// A zlib stream of very many zeros: one stored block of deflate repeated is not small enough, so this
/// is the run of fixed codes that says "258 zeros before" again and again.
fn zeros(copies: usize) -> Vec<u8> {
    struct Bits(Vec<u8>, u32);
    impl Bits {
        fn put(&mut self, value: u32, count: u32) {
            for bit in 0..count {
                if self.1.is_multiple_of(8) {
                    self.0.push(0);
                }
                let last = self.0.len() - 1;
                self.0[last] |= u8::from(value >> bit & 1 == 1) << (self.1 % 8);
                self.1 += 1;
            }
        }
    }
    let mut bits = Bits(vec![0x78, 0x01], 0);
    bits.put(0b011, 3); // Last block, fixed codes.
    bits.put(0b0000_1100, 8); // A literal zero: 00110000, its first bit first.
    for _ in 0..copies {
        bits.put(0b1010_0011, 8); // Length 258: 11000101.
        bits.put(0, 5); // Distance 1.
    }
    bits.put(0, 7); // The end.
    bits.0
}

#[tokio::test]
async fn bombs_end_in_their_own_process() {
    let broken: Vec<(&str, Vec<u8>)> = vec![
        ("a size that is none", png(65_535, 65_535, 8, 2, &[chunk(b"IDAT", &zeros(9))])),
        // 320 MB of pixels from 1.2 MB.
        ("too much memory", png(8_000, 5_000, 16, 6, &[chunk(b"IDAT", &zeros(1_240_400))])),
        ("half a JPEG", {
            let whole = encoded(&halves(640, 480), ImageFormat::Jpeg);
            whole[..100].to_vec()
        }),
        ("a GIF", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec()),
        ("a script", b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>".to_vec()),
        ("nothing", Vec::new()),
        ("noise", (0..5_000_u32).map(|n| ((n * 7_919) >> 3) as u8).collect()),
    ];
    for (what, picture) in broken {
        assert_eq!(copies(&picture).await, Err(WorkFault::Unreadable), "{what}");
    }
}

#[tokio::test]
async fn what_is_packed_into_text_or_colours_is_not_unpacked_without_bound() {
    let image = {
        let mut rows = vec![0x78, 0x01, 0x01];
        let data = vec![0_u8; 4 * 4];
        rows.extend(16_u16.to_le_bytes());
        rows.extend((!16_u16).to_le_bytes());
        rows.extend(&data);
        rows.extend(16_u32.to_be_bytes().map(|_| 0));
        let end = rows.len();
        // Adler-32 of sixteen zeros.
        rows[end - 4..].copy_from_slice(&0x0010_0001_u32.to_be_bytes());
        chunk(b"IDAT", &rows)
    };
    for kind in [b"zTXt", b"iCCP"] {
        // Says 400 MB in 1.5 MB.
        let packed = [b"a\0\0".as_slice(), &zeros(1_550_000)].concat();
        let picture = png(3, 4, 8, 0, &[chunk(kind, &packed), image.clone()]);
        // Either passed over or refused; never unpacked: the process would not survive that.
        let end = copies(&picture).await;
        if let Ok(made) = end {
            assert_eq!(opened(&made.view).dimensions(), (3, 4));
        }
    }
}

#[tokio::test]
async fn many_at_once_wait_or_are_refused() {
    let workshop = workshop();
    let picture = encoded(&halves(64, 32), ImageFormat::Jpeg);
    let all = (0..60).map(|_| workshop.copies(&picture));
    let all = futures_util::future::join_all(all).await;
    let made = all.iter().filter(|end| end.is_ok()).count();
    let refused = all.iter().filter(|end| **end == Err(WorkFault::Busy)).count();
    // 28 find no place at all; of the others those that a busy machine lets wait too long.
    assert_eq!(made + refused, 60);
    assert!((2..=32).contains(&made), "{made} made");
    // And then there is room again.
    assert!(workshop.copies(&picture).await.is_ok());
}

/// A program in the decoder's place that leaves its process id and does something else.
fn impostor(does: &str) -> (Workshop, PathBuf) {
    let folder = std::env::temp_dir().join(format!("tiande-decoder-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let name = hex::encode(tiande::keys::random::<8>());
    let (script, pid) = (folder.join(format!("{name}.sh")), folder.join(format!("{name}.pid")));
    std::fs::write(&script, format!("#!/bin/sh\necho $$ > {}\n{does}\n", pid.display())).unwrap();
    std::fs::set_permissions(&script, std::fs::Permissions::from_mode(0o700)).unwrap();
    (Workshop::new(script), pid)
}

/// True as long as that process runs; one that has ended and waits for its parent counts as gone.
fn runs(pid: &std::path::Path) -> bool {
    let pid = std::fs::read_to_string(pid).unwrap();
    let status = std::fs::read_to_string(format!("/proc/{}/status", pid.trim()));
    status.is_ok_and(|text| !text.contains("State:\tZ"))
}

async fn is_gone(pid: &std::path::Path) {
    let mut looks = tokio::time::interval(Duration::from_millis(10));
    for _ in 0..200 {
        if !runs(pid) {
            return;
        }
        looks.tick().await;
    }
    unreachable!("it still runs");
}

#[tokio::test]
async fn a_decoder_that_does_not_end_is_killed() {
    let (workshop, pid) = impostor("exec /bin/sleep 600");
    let done = tokio::time::timeout(LIMIT, workshop.copies(b"\xFF\xD8\xFF")).await;
    assert_eq!(done.expect("bounded in time"), Err(WorkFault::Busy));
    is_gone(&pid).await;
}

#[tokio::test]
async fn what_a_taken_over_decoder_says_is_not_believed() {
    for does in [
        // Far too much; and it would go on for ever.
        "exec /usr/bin/yes",
        // A length, and no JPEG behind it.
        "printf '\\000\\000\\000\\005<svg>\\000\\000\\000\\005<svg>'",
        // Copies that look good from a process that ended badly.
        "printf '\\000\\000\\000\\003\\377\\330\\377\\000\\000\\000\\003\\377\\330\\377'; exit 1",
        "exit 0",
    ] {
        let (workshop, pid) = impostor(does);
        // Nobody waits for what is known: long before the process would be killed for its time.
        let done = tokio::time::timeout(PATIENCE / 2, workshop.copies(b"\xFF\xD8\xFF")).await;
        assert_eq!(done.expect("bounded in time"), Err(WorkFault::Unreadable), "{does}");
        is_gone(&pid).await;
    }
}
