//! What typst sees while it sets a document: four files that are built in, one that holds the data, and
//! three fonts. No disk, no network, no packages, no clock.

use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt as _, World};

use super::catalogue::PARTS;
use super::fonts::Fonts;

const MAIN: &str = "/main.typ";
const DATA: &str = "/data.json";

/// The surroundings of one document.
pub(super) struct Desk<'a> {
    standard: LazyHash<Library>,
    fonts: &'a Fonts,
    main: FileId,
    sources: Vec<Source>,
    data: (FileId, Bytes),
    today: Option<Datetime>,
}

fn id(path: &str) -> Option<FileId> {
    let path = VirtualPath::new(path).ok()?;
    Some(RootedPath::new(VirtualRoot::Project, path).intern())
}

impl<'a> Desk<'a> {
    /// A desk with a template's text and the data for it. `today` is the document's own day.
    pub(super) fn new(
        template: &str,
        data: Vec<u8>,
        today: Option<Datetime>,
        fonts: &'a Fonts,
    ) -> Option<Self> {
        let main = id(MAIN)?;
        let mut sources = vec![Source::new(main, template.to_owned())];
        for (path, text) in PARTS {
            sources.push(Source::new(id(path)?, (*text).to_owned()));
        }
        Some(Self {
            standard: LazyHash::new(Library::default()),
            fonts,
            main,
            sources,
            data: (id(DATA)?, Bytes::new(data)),
            today,
        })
    }
}

impl World for Desk<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.standard
    }

    fn book(&self) -> &LazyHash<FontBook> {
        self.fonts.book()
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        let known = self.sources.iter().find(|source| source.id() == id);
        known.cloned().ok_or(FileError::AccessDenied)
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let (data, bytes) = &self.data;
        if id == *data { Ok(bytes.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.fonts.font(index)
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        self.today
    }
}
