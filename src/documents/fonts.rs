//! The fonts that are built in, and which characters they have.
//!
//! Made from Noto Serif CJK and Noto Serif SC by `scripts/fonts/make.sh`. `song` has every Han character
//! of its source (the whole of URO and extension A, about 2,250 of the others), `song-rare` those that
//! only its younger sister has; together they have all of the table of standard characters (通用规范汉字表).
//! `song-title` is bold and has GB 2312: headings are ours, and a rare character in one comes from `song`.

use typst::foundations::Bytes;
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;

const FILES: [&[u8]; 3] = [
    include_bytes!("fonts/song.otf"),
    include_bytes!("fonts/song-rare.ttf"),
    include_bytes!("fonts/song-title.otf"),
];
/// The last of them is for headings alone: what only it has, a text cannot use.
const TEXT_FONTS: usize = 2;

/// A font that is built in is none.
#[derive(Debug, thiserror::Error)]
#[error("font {0} cannot be read")]
pub struct FontFault(usize);

/// The fonts, ready for setting.
#[derive(Debug)]
pub struct Fonts {
    fonts: Vec<Font>,
    /// What a text may be made of: ranges in order, both ends included.
    printable: Vec<(u32, u32)>,
    book: LazyHash<FontBook>,
}

impl Fonts {
    /// Those of this program.
    ///
    /// # Errors
    /// One cannot be read.
    pub fn built_in() -> Result<Self, FontFault> {
        let read = |(at, bytes): (usize, &&'static [u8])| {
            Font::new(Bytes::new(*bytes), 0).ok_or(FontFault(at))
        };
        let fonts: Vec<Font> = FILES.iter().enumerate().map(read).collect::<Result<_, _>>()?;
        let book = LazyHash::new(FontBook::from_fonts(&fonts));
        let printable = ranges(&fonts);
        Ok(Self { fonts, printable, book })
    }

    /// Whether a text with this character can be printed.
    #[must_use]
    pub fn have(&self, character: char) -> bool {
        let code = u32::from(character);
        let at = self.printable.partition_point(|(_, last)| *last < code);
        self.printable.get(at).is_some_and(|(first, _)| *first <= code)
    }

    pub(super) fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub(super) fn font(&self, index: usize) -> Option<Font> {
        self.fonts.get(index).cloned()
    }
}

fn ranges(fonts: &[Font]) -> Vec<(u32, u32)> {
    let text = fonts.iter().take(TEXT_FONTS);
    let mut codes: Vec<u32> = text.flat_map(|font| font.info().coverage.iter()).collect();
    codes.sort_unstable();
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for code in codes {
        match ranges.last_mut() {
            Some((_, last)) if code <= last.saturating_add(1) => *last = code,
            _ => ranges.push((code, code)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rare_names_can_be_printed_and_pictures_cannot() {
        let fonts = Fonts::built_in().expect("fonts");
        // 㛃 extension A, 𠅤 extension B, 𬍛 extension E, 鿍 a late one; 〇 of years, ☐ of forms.
        for character in ['汉', '堃', '喆', '淼', '㛃', '𬍛', '鿍', '〇', '□', '（', '·', 'é', '①']
        {
            assert!(fonts.have(character), "{character}");
        }
        for character in ['😀', '\u{1F600}', 'ກ', '\u{E000}', '\u{200B}'] {
            assert!(!fonts.have(character), "{character:?}");
        }
        let han = |first: u32, last: u32| {
            (first..=last).filter_map(char::from_u32).filter(|c| fonts.have(*c)).count()
        };
        assert_eq!(han(0x4E00, 0x9FFF), 0x9FFF - 0x4E00 + 1);
        assert_eq!(han(0x3400, 0x4DBF), 0x4DBF - 0x3400 + 1);
        assert!(han(0x20000, 0x323AF) > 2_200, "{}", han(0x20000, 0x323AF));
    }
}
