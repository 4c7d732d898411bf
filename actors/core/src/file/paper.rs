//! Papers of a file: documents that the court issued, and what parties handed in. Here are their numbers, hashes
//! and signatures; the bytes are kept elsewhere, by hash.

use serde::{Deserialize, Serialize};

use super::handover::hex32;
use super::{Acting, Number, next_number};
use crate::procedure::NodeCode;
use crate::time::UnixMillis;

/// The largest paper, bytes: a scan of 300 pages.
pub const BYTES_MAX: u64 = 50 * 1024 * 1024;
/// What a paper may be.
pub const CONTENT_TYPES: [&str; 5] =
    ["application/pdf", "image/jpeg", "image/png", "image/webp", "text/plain"];
/// Most parties that a document is addressed to.
const ADDRESSEES_MAX: usize = 200;

/// 32 bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8; 32]) -> String {
    let digit = |n: u8| char::from_digit(u32::from(n), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect()
}

/// 64 hexadecimal digits as bytes.
pub(crate) fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Option<Vec<u8>> =
        text.chars().map(|c| c.to_digit(16).and_then(|n| u8::try_from(n).ok())).collect();
    let digits = digits.filter(|digits| digits.len() == 64)?;
    let mut bytes = [0; 32];
    for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = pair.iter().fold(0, |byte, digit| byte << 4 | digit);
    }
    Some(bytes)
}

/// The bytes of a paper, by their hash.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// SHA-256 of the bytes.
    #[serde(with = "hex32")]
    pub sha256: [u8; 32],
    /// How many, 1 to [`BYTES_MAX`].
    pub bytes: u64,
    /// What it is, one of [`CONTENT_TYPES`].
    pub content_type: String,
}

impl Content {
    /// It is something that a file takes.
    #[must_use]
    pub fn fits(&self) -> bool {
        (1..=BYTES_MAX).contains(&self.bytes) && CONTENT_TYPES.contains(&self.content_type.as_str())
    }
}

/// What one party may hand in in one case, in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// So many papers.
    pub papers: usize,
    /// So many bytes.
    pub bytes: u64,
}

impl Default for Quota {
    fn default() -> Self {
        Self { papers: 200, bytes: 500 * 1024 * 1024 }
    }
}

/// There is room for so many bytes more from that party.
///
/// # Errors
/// [`PaperRefusal::Quota`].
pub fn room(papers: &[Paper], party: u16, bytes: u64, most: Quota) -> Result<(), PaperRefusal> {
    let own = papers.iter().filter(|paper| paper.origin == Origin::Party { party });
    let (count, held) =
        own.fold((0, 0_u64), |(count, held), paper| (count + 1, held.saturating_add(paper.bytes)));
    let fits = count < most.papers && held.saturating_add(bytes) <= most.bytes;
    fits.then_some(()).ok_or(PaperRefusal::Quota)
}

plain_enum! {
    /// How somebody signs.
    SigningWay {
        /// By hand on a screen (手写).
        Drawn => "drawn",
        /// By a code sent to the bound telephone (验证码).
        Code => "code",
        /// On paper, seen by the court (当面签字).
        OnPaper => "on_paper",
    }
}

/// A signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The party, by number.
    pub party: u16,
    /// How.
    pub way: SigningWay,
    /// When.
    pub at: UnixMillis,
}

/// Where a paper comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Origin {
    /// The court issued it.
    Court {
        /// Code of the procedure's document, which is its template's.
        template: String,
        /// Version of the template.
        version: u32,
        /// For which node, and which opening or recurrence of it.
        node: Option<(NodeCode, u16)>,
        /// To which parties, by number; none: for the file.
        to: Vec<u16>,
    },
    /// A party handed it in.
    Party {
        /// Which, by number.
        party: u16,
    },
}

/// One paper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Paper {
    /// Its number in the case.
    pub paper: Number,
    /// Where it comes from.
    pub origin: Origin,
    /// SHA-256 of its bytes.
    #[serde(with = "hex32")]
    pub sha256: [u8; 32],
    /// How many bytes it has.
    pub bytes: u64,
    /// When it came to the file.
    pub at: UnixMillis,
    /// Who has signed it.
    pub signed: Vec<Signature>,
    /// It was withdrawn.
    pub withdrawn: bool,
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq)]
pub enum PaperCommand {
    /// Issue a document that was rendered.
    Issue {
        /// Code of its template.
        template: String,
        /// Version of that.
        version: u32,
        /// Its bytes.
        content: Content,
        /// For which node.
        node: Option<(NodeCode, u16)>,
        /// To whom, by number.
        to: Vec<u16>,
    },
    /// Hand something in.
    HandIn {
        /// Its bytes.
        content: Content,
        /// What one party may hand in in all.
        most: Quota,
    },
    /// Sign a paper.
    Sign {
        /// Which.
        paper: Number,
        /// For which party: the own one, or, on paper, the one whose hand the court saw.
        party: u16,
        /// How.
        way: SigningWay,
        /// The drawing, as it was drawn.
        drawing: Option<Content>,
    },
    /// Withdraw a document that was issued in error. The words say why.
    Withdraw {
        /// Which.
        paper: Number,
    },
}

/// What happened. Titles and reasons are in the sealed part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum PaperEvent {
    /// A document was issued.
    Issued {
        /// Its number.
        paper: Number,
        /// Its bytes.
        content: Content,
        /// Code of its template.
        template: String,
        /// Version of that.
        version: u32,
        /// For which node, and which opening or recurrence.
        node: Option<(NodeCode, u16)>,
        /// To which parties, by number.
        to: Vec<u16>,
        /// When.
        at: UnixMillis,
    },
    /// Something was handed in.
    HandedIn {
        /// Its number.
        paper: Number,
        /// Its bytes.
        content: Content,
        /// By which party, by number.
        party: u16,
        /// When it was received.
        at: UnixMillis,
    },
    /// A paper was signed.
    Signed {
        /// Which.
        paper: Number,
        /// By whom and how.
        signature: Signature,
        /// The drawing.
        drawing: Option<Content>,
    },
    /// A document was withdrawn.
    Withdrawn {
        /// Which.
        paper: Number,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PaperRefusal {
    /// Not for this one.
    #[error("that is not for you to do")]
    NotAllowed,
    /// Too large, empty, or of a kind that is not taken.
    #[error("a paper is a PDF, picture or plain text of up to 50 MiB")]
    Content,
    /// No such party.
    #[error("the case has no such party")]
    UnknownParty,
    /// No such paper.
    #[error("the file has no such paper, or not any more")]
    UnknownPaper,
    /// That party has signed.
    #[error("this party has signed it")]
    SignedAlready,
    /// A drawing without a picture, or a picture without a drawing.
    #[error("a signature by hand comes with its drawing, any other without one")]
    Drawing,
    /// No reason, or no title.
    #[error("name it, or say why")]
    Words,
    /// Too many.
    #[error("the file has too many papers")]
    TooMany,
    /// Too much of one party.
    #[error("this party has handed in as much as one may; bring the rest to the court")]
    Quota,
}

/// Decides about a case's papers. `worded`: the command comes with words.
///
/// # Errors
/// [`PaperRefusal`].
pub(super) fn decide(
    papers: &[Paper],
    command: &PaperCommand,
    by: Acting,
    worded: bool,
    parties: usize,
    now: UnixMillis,
) -> Result<PaperEvent, PaperRefusal> {
    let known = |number: Number| {
        let found = papers.iter().find(|paper| paper.paper == number && !paper.withdrawn);
        found.ok_or(PaperRefusal::UnknownPaper)
    };
    let is_party = |number: u16| (1..=parties).contains(&usize::from(number));
    let next = || next_number(papers.len()).ok_or(PaperRefusal::TooMany);
    match command {
        PaperCommand::Issue { template, version, content, node, to } => {
            by.is_court().then_some(()).ok_or(PaperRefusal::NotAllowed)?;
            content.fits().then_some(()).ok_or(PaperRefusal::Content)?;
            worded.then_some(()).ok_or(PaperRefusal::Words)?;
            if to.len() > ADDRESSEES_MAX || !to.iter().all(|party| is_party(*party)) {
                return Err(PaperRefusal::UnknownParty);
            }
            let (paper, content) = (next()?, content.clone());
            let (template, version, node) = (template.clone(), *version, *node);
            Ok(PaperEvent::Issued {
                paper,
                content,
                template,
                version,
                node,
                to: to.clone(),
                at: now,
            })
        }
        PaperCommand::HandIn { content, most } => {
            let party = by.party().ok_or(PaperRefusal::NotAllowed)?;
            content.fits().then_some(()).ok_or(PaperRefusal::Content)?;
            worded.then_some(()).ok_or(PaperRefusal::Words)?;
            room(papers, party, content.bytes, *most)?;
            Ok(PaperEvent::HandedIn { paper: next()?, content: content.clone(), party, at: now })
        }
        PaperCommand::Sign { paper, party, way, drawing } => {
            let signed = &known(*paper)?.signed;
            is_party(*party).then_some(()).ok_or(PaperRefusal::UnknownParty)?;
            // A party signs for itself; what was signed on paper is for the court to say, and only that.
            let may = match way {
                SigningWay::Drawn | SigningWay::Code => by.party() == Some(*party),
                SigningWay::OnPaper => by.staff().is_some(),
            };
            may.then_some(()).ok_or(PaperRefusal::NotAllowed)?;
            let drawn = *way == SigningWay::Drawn;
            let fits = drawing.as_ref().is_none_or(Content::fits);
            if drawing.is_some() != drawn || !fits {
                return Err(PaperRefusal::Drawing);
            }
            if signed.iter().any(|signature| signature.party == *party) {
                return Err(PaperRefusal::SignedAlready);
            }
            let signature = Signature { party: *party, way: *way, at: now };
            Ok(PaperEvent::Signed { paper: *paper, signature, drawing: drawing.clone() })
        }
        PaperCommand::Withdraw { paper } => {
            let issued = matches!(known(*paper)?.origin, Origin::Court { .. });
            (issued && by.is_court()).then_some(()).ok_or(PaperRefusal::NotAllowed)?;
            worded.then_some(()).ok_or(PaperRefusal::Words)?;
            Ok(PaperEvent::Withdrawn { paper: *paper })
        }
    }
}

/// Takes an event in.
pub(super) fn apply(papers: &mut Vec<Paper>, event: &PaperEvent) {
    match event {
        PaperEvent::Issued { paper, content, template, version, node, to, at } => {
            let (template, to) = (template.clone(), to.clone());
            let origin = Origin::Court { template, version: *version, node: *node, to };
            papers.push(fresh(*paper, origin, content, *at));
        }
        PaperEvent::HandedIn { paper, content, party, at } => {
            papers.push(fresh(*paper, Origin::Party { party: *party }, content, *at));
        }
        PaperEvent::Signed { paper, signature, .. } => {
            if let Some(known) = papers.iter_mut().find(|known| known.paper == *paper) {
                known.signed.push(signature.clone());
            }
        }
        PaperEvent::Withdrawn { paper } => {
            if let Some(known) = papers.iter_mut().find(|known| known.paper == *paper) {
                known.withdrawn = true;
            }
        }
    }
}

fn fresh(paper: Number, origin: Origin, content: &Content, at: UnixMillis) -> Paper {
    let (sha256, bytes) = (content.sha256, content.bytes);
    Paper { paper, origin, sha256, bytes, at, signed: Vec::new(), withdrawn: false }
}

/// A valid document of that template, the newest first.
#[must_use]
pub fn issued<'a>(papers: &'a [Paper], template: &str) -> Option<&'a Paper> {
    papers.iter().rev().find(|paper| {
        !paper.withdrawn
            && matches!(&paper.origin, Origin::Court { template: of, .. } if of == template)
    })
}
