//! From checked inputs to a PDF/A-2b: the same bytes for the same inputs, on any day and any machine.

use sha2::{Digest as _, Sha256};
use tiande_core::calendar::Day;
use typst::comemo;
use typst::diag::SourceDiagnostic;
use typst::foundations::{Datetime, Smart};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp, pdf};

use super::check::Checked;
use super::fonts::Fonts;
use super::world::Desk;

/// No document has more pages.
pub const PAGES_MAX: usize = 200;
/// No document is larger, bytes.
pub const PDF_MAX: usize = 16 * 1024 * 1024;
/// Shanghai, minutes east.
const OFFSET_MIN: i32 = 8 * 60;

/// A document that can be kept and printed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rendered {
    /// The file.
    pub pdf: Vec<u8>,
    /// Its SHA-256.
    pub sha256: [u8; 32],
    /// How many pages it has.
    pub pages: usize,
}

impl Rendered {
    /// With the hash of the file.
    #[must_use]
    pub fn new(pdf: Vec<u8>, pages: usize) -> Self {
        let sha256 = Sha256::digest(&pdf).into();
        Self { pdf, sha256, pages }
    }
}

/// Why nothing was rendered. Nothing is ever rendered by halves.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// More than [`PAGES_MAX`] pages or [`PDF_MAX`] bytes.
    #[error("the document is too long")]
    TooLong,
    /// The template or the fonts failed; for logs, not for clients.
    #[error("not set: {}", .0.join("; "))]
    Failed(Vec<String>),
}

fn failed(faults: &[SourceDiagnostic]) -> RenderFault {
    RenderFault::Failed(faults.iter().map(|fault| fault.message.to_string()).collect())
}

fn at(day: Day) -> Option<Datetime> {
    let (year, month, day) = day.civil();
    Datetime::from_ymd_hms(year, month, day, 0, 0, 0)
}

pub(super) fn render(checked: &Checked, fonts: &Fonts) -> Result<Rendered, RenderFault> {
    let set = set(checked, fonts);
    // What typst remembers is of no use to another document, and would grow.
    comemo::evict(0);
    set
}

fn set(checked: &Checked, fonts: &Fonts) -> Result<Rendered, RenderFault> {
    let data = checked.data().to_string().into_bytes();
    // The document is told apart by what goes into it.
    let ident = hex::encode(Sha256::digest([checked.source().as_bytes(), &data].concat()));
    let today = at(checked.day());
    let desk = Desk::new(checked.source(), data, today, fonts);
    let desk = desk.ok_or_else(|| RenderFault::Failed(vec!["no path".to_owned()]))?;
    let compiled = typst::compile::<PagedDocument>(&desk);
    let document = compiled.output.map_err(|faults| failed(&faults))?;
    // A warning is a character without a glyph, a font that is not there, a layout that does not settle.
    if !compiled.warnings.is_empty() {
        return Err(failed(&compiled.warnings));
    }
    let pages = document.pages().len();
    if pages > PAGES_MAX {
        return Err(RenderFault::TooLong);
    }
    let standards = PdfStandards::new(&[PdfStandard::A_2b]);
    let options = PdfOptions {
        ident: Smart::Custom(ident),
        creator: Smart::Custom(Some("Tiande".to_owned())),
        timestamp: today.and_then(|today| Timestamp::new_local(today, OFFSET_MIN)),
        page_ranges: None,
        standards: standards
            .map_err(|fault| RenderFault::Failed(vec![fault.message().to_string()]))?,
        tagged: true,
        pretty: false,
    };
    let bytes = pdf(&document, &options).map_err(|faults| failed(&faults))?;
    if bytes.len() > PDF_MAX {
        return Err(RenderFault::TooLong);
    }
    Ok(Rendered::new(bytes, pages))
}
