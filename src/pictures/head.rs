//! How large a picture says it is, from its first bytes, without decoding anything.
//!
//! Bytes behind a picture's end are not looked for: telephones append things of their own, and since
//! viewers get a picture painted anew, what is appended reaches nobody.

use tiande_core::tip::MediaType;

/// No picture has a longer side, pixels.
pub const SIDE_MAX: u32 = 12_000;
/// No picture has more pixels: they have to fit the decoder's memory.
pub const PIXELS_MAX: u64 = 40_000_000;

/// Why a picture is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HeadFault {
    /// It does not say how large it is, or says nonsense.
    Broken,
    /// It says it is larger than [`SIDE_MAX`] or [`PIXELS_MAX`].
    TooLarge,
}

/// Reads width and height, pixels, and refuses what nobody should decode.
///
/// # Errors
/// [`HeadFault`].
pub fn look(kind: MediaType, bytes: &[u8]) -> Result<(u32, u32), HeadFault> {
    let (width, height) = match kind {
        MediaType::Jpeg => jpeg(bytes),
        MediaType::Png => png(bytes),
        MediaType::Webp => webp(bytes),
    }
    .filter(|(width, height)| *width > 0 && *height > 0)
    .ok_or(HeadFault::Broken)?;
    let pixels = u64::from(width) * u64::from(height);
    if width > SIDE_MAX || height > SIDE_MAX || pixels > PIXELS_MAX {
        return Err(HeadFault::TooLarge);
    }
    Ok((width, height))
}

fn be16(bytes: &[u8], at: usize) -> Option<u32> {
    let two = bytes.get(at..at.checked_add(2)?)?;
    Some(u32::from(two[0]) << 8 | u32::from(two[1]))
}

fn be32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(be16(bytes, at)? << 16 | be16(bytes, at + 2)?)
}

fn le(bytes: &[u8], at: usize, count: usize) -> Option<u32> {
    let some = bytes.get(at..at.checked_add(count)?)?;
    Some(some.iter().rev().fold(0, |sum, byte| sum << 8 | u32::from(*byte)))
}

/// IHDR is the first chunk and 13 bytes long.
fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let first = bytes.get(8..16)? == b"\0\0\0\x0DIHDR".as_slice();
    first.then_some(())?;
    Some((be32(bytes, 16)?, be32(bytes, 20)?))
}

/// The frame header (SOF) comes before the scan; all segments before it have a length.
fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut at = 2;
    loop {
        (*bytes.get(at)? == 0xFF).then_some(())?;
        let marker = *bytes.get(at + 1)?;
        match marker {
            0xFF => at += 1, // Fill byte.
            // SOF0–SOF15 but for DHT, JPG and DAC.
            0xC0..=0xCF if !matches!(marker, 0xC4 | 0xC8 | 0xCC) => {
                return Some((be16(bytes, at + 7)?, be16(bytes, at + 5)?));
            }
            // A second start, an end, or the scan without a frame.
            0xD8..=0xDA => return None,
            0x01 | 0xD0..=0xD7 => at += 2,
            _ => {
                let length = usize::try_from(be16(bytes, at + 2)?).ok()?;
                (length >= 2).then_some(())?;
                at = at.checked_add(2 + length)?;
            }
        }
    }
}

/// The first chunk of the three kinds of WebP.
fn webp(bytes: &[u8]) -> Option<(u32, u32)> {
    match bytes.get(12..16)? {
        b"VP8 " => {
            (bytes.get(23..26)? == [0x9D, 0x01, 0x2A].as_slice()).then_some(())?;
            Some((le(bytes, 26, 2)? & 0x3FFF, le(bytes, 28, 2)? & 0x3FFF))
        }
        b"VP8L" => {
            (*bytes.get(20)? == 0x2F).then_some(())?;
            let bits = le(bytes, 21, 4)?;
            Some(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1))
        }
        b"VP8X" => Some((le(bytes, 24, 3)? + 1, le(bytes, 27, 3)? + 1)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn png_of(width: u32, height: u32) -> Vec<u8> {
        let mut bytes = b"\x89PNG\r\n\x1A\n\0\0\0\x0DIHDR".to_vec();
        bytes.extend(width.to_be_bytes());
        bytes.extend(height.to_be_bytes());
        bytes
    }

    #[test]
    fn a_png_says_its_size_first() {
        let look = |w, h| look(MediaType::Png, &png_of(w, h));
        assert_eq!(look(640, 480), Ok((640, 480)));
        assert_eq!(look(65_535, 65_535), Err(HeadFault::TooLarge));
        assert_eq!(look(12_001, 1), Err(HeadFault::TooLarge));
        assert_eq!(look(12_000, 3_333), Ok((12_000, 3_333)));
        assert_eq!(look(12_000, 3_334), Err(HeadFault::TooLarge), "more than 40 million pixels");
        assert_eq!(look(u32::MAX, u32::MAX), Err(HeadFault::TooLarge));
        assert_eq!(look(0, 5), Err(HeadFault::Broken));
    }

    #[test]
    fn a_jpeg_says_it_in_its_frame_header() {
        let mut bytes = b"\xFF\xD8\xFF\xE1\x00\x04ab\xFF\xFF\xC2\x00\x0B\x08".to_vec();
        bytes.extend([0x01, 0xE0, 0x02, 0x80, 1]);
        assert_eq!(look(MediaType::Jpeg, &bytes), Ok((640, 480)));
        for cut in 0..bytes.len() - 2 {
            assert_eq!(look(MediaType::Jpeg, &bytes[..cut]), Err(HeadFault::Broken), "{cut}");
        }
        for bad in
            [&b"\xFF\xD8\xFF\xDA\0\x04ab"[..], b"\xFF\xD8\xFF\xE0\0\x01", b"\xFF\xD8\xFF\xD9"]
        {
            assert_eq!(look(MediaType::Jpeg, bad), Err(HeadFault::Broken), "{bad:?}");
        }
    }

    #[test]
    fn a_webp_says_it_in_its_first_chunk() {
        let head =
            |kind: &[u8], rest: &[u8]| [b"RIFF\0\0\0\0WEBP", kind, b"\0\0\0\0", rest].concat();
        let extended = head(b"VP8X", &[0, 0, 0, 0, 0x7F, 0x02, 0, 0xDF, 0x01, 0]);
        assert_eq!(look(MediaType::Webp, &extended), Ok((640, 480)));
        let lossless = head(b"VP8L", &[0x2F, 0x7F, 0xC2, 0x77, 0x00]);
        assert_eq!(look(MediaType::Webp, &lossless), Ok((640, 480)));
        let lossy = head(b"VP8 ", &[0, 0, 0, 0x9D, 0x01, 0x2A, 0x80, 0x02, 0xE0, 0x01]);
        assert_eq!(look(MediaType::Webp, &lossy), Ok((640, 480)));
        let huge = head(b"VP8X", &[0, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(look(MediaType::Webp, &huge), Err(HeadFault::TooLarge));
        assert_eq!(look(MediaType::Webp, &head(b"ANIM", &[0; 20])), Err(HeadFault::Broken));
    }
}
