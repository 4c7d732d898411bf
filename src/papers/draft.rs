//! A paper on its way in: a draft while its bytes come, waiting until the case has decided, then kept or gone.
//!
//! What is waiting is whole and durable, so that no case ever knows of a paper that is not there. A crash between the
//! decision and the name leaves a waiting file, which is found like a kept one and named by the next sweep; one
//! before the decision leaves a waiting file that no case knows of, which the sweep throws away.

use std::fs;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use actix_web::web::Bytes;
use tiande_core::ids::CaseId;

use super::look::Look;
use super::sealed::Writing;
use super::store::{PaperStore, sync_folder};
use crate::fault;
use crate::keys::random;

/// How long something may wait for its case to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stay {
    /// As long as the request: what a party hands in, what the court issues.
    Request,
    /// Some days: a picture from the field, whose measure comes when the handheld can send it.
    Days,
}

impl Stay {
    /// The letter of it in a file's name.
    pub(super) fn letter(self) -> char {
        match self {
            Self::Request => 'r',
            Self::Days => 'd',
        }
    }
}

/// A file that is being written; it is gone when nobody holds it.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    writing: Writing,
    look: Look,
}

#[derive(Debug)]
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        // It may be there or not; what counts is that it does not stay.
        fs::remove_file(&self.0).ok();
    }
}

/// A paper whose bytes are coming.
#[derive(Debug)]
pub struct Draft {
    store: PaperStore,
    case: CaseId,
    // In this order: the file is closed before it is removed.
    part: Option<Part>,
    #[expect(dead_code, reason = "it is for what it does when it is dropped")]
    gone: Gone,
    bytes: u64,
}

impl Draft {
    pub(super) async fn begin(
        store: &PaperStore,
        case: CaseId,
        content_type: &str,
    ) -> io::Result<Self> {
        let path = store.draft_path();
        let look = Look::new(content_type);
        let gone = Gone(path.clone());
        let part = store
            .with(move |inner| {
                let file = inner.create(&path)?;
                let writing = Writing::new(file, inner.sealer(case), case)?;
                Ok(Part { path, writing, look })
            })
            .await?;
        Ok(Self { store: store.clone(), case, part: Some(part), gone, bytes: 0 })
    }

    /// Some more bytes.
    ///
    /// # Errors
    /// Whatever the file system says; the draft is of no use then.
    pub async fn write(&mut self, bytes: Bytes) -> io::Result<()> {
        self.bytes += bytes.len() as u64;
        let mut part = self.part.take().ok_or_else(broken)?;
        let part = self.store.with(move |_inner| {
            part.look.see(&bytes);
            part.writing.write(&bytes).map(|()| part)
        });
        self.part = Some(part.await?);
        Ok(())
    }

    /// How many bytes came so far.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What has come is what it was said to be.
    #[must_use]
    pub fn fits(&self) -> bool {
        self.part.as_ref().is_some_and(|part| part.look.fits())
    }

    /// All bytes are here: it waits for the case. Durable on return.
    ///
    /// # Errors
    /// Whatever the file system says; nothing is left then.
    pub async fn wait(mut self, stay: Stay) -> io::Result<Waiting> {
        let part = self.part.take().ok_or_else(broken)?;
        let case = self.case;
        let done = self.store.with(move |inner| {
            let Part { path, writing, look: _ } = part;
            let (sha256, bytes) = writing.finish()?;
            let name = waiting_name(case, sha256, stay);
            let waiting = inner.waiting_folder().join(name);
            fault::point("papers.before_wait");
            fs::rename(&path, &waiting)?;
            sync_folder(&inner.waiting_folder())?;
            Ok((sha256, bytes, waiting))
        });
        let (sha256, bytes, path) = done.await?;
        Ok(Waiting { store: self.store.clone(), case, sha256, bytes, path })
    }
}

fn broken() -> io::Error {
    io::Error::from(ErrorKind::BrokenPipe)
}

/// The name of a waiting file. Two requests with the same paper wait apart; a picture that is sent again does not.
fn waiting_name(case: CaseId, sha256: [u8; 32], stay: Stay) -> String {
    let nth = match stay {
        Stay::Request => hex::encode(random::<8>()),
        Stay::Days => String::new(),
    };
    format!("{case}.{}.{}{nth}", hex::encode(sha256), stay.letter())
}

/// A paper that is whole and waits for its case's decision. Dropped as it is it stays for the sweep, which asks the
/// case: who drops it may not know what was decided.
#[derive(Debug)]
#[must_use = "say what the case decided"]
pub struct Waiting {
    store: PaperStore,
    case: CaseId,
    sha256: [u8; 32],
    bytes: u64,
    path: PathBuf,
}

impl Waiting {
    /// SHA-256 of the paper.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Its length.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The case has taken it. When this fails the next sweep does it: the paper is found where it is.
    pub async fn keep(self) {
        let Self { store, case, sha256, path, .. } = self;
        let kept = store.with(move |inner| inner.name(case, sha256, &path)).await;
        if let Err(fault) = kept {
            tracing::warn!(%fault, "a paper waits for its name; the next sweep gives it");
        }
    }

    /// The case has refused it.
    pub async fn throw_away(self) {
        let path = self.path;
        let gone = self.store.with(move |_inner| fs::remove_file(path)).await;
        if let Err(fault) = gone {
            tracing::warn!(%fault, "a refused paper is left; the next sweep throws it away");
        }
    }

    /// What the case decided; of what is not known the sweep asks again.
    pub async fn settle<T, E>(self, decided: &Result<T, E>, refused: impl Fn(&E) -> bool) {
        match decided {
            Ok(_) => self.keep().await,
            Err(fault) if refused(fault) => self.throw_away().await,
            Err(_) => {}
        }
    }
}
