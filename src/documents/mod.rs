//! The documents of a case: a template for each that the procedure names, and how one becomes a PDF.
//!
//! The way of a document: `declare` reads what each template wants (`templates/templates.toml`), `inputs`
//! and `check` hold what came against it and make data of it, `render` sets the data with the template's
//! text (`templates/CODE.typ`) by typst and writes a PDF/A-2b. The same inputs give the same bytes. Inputs
//! are data and never typst's code. The server renders nothing itself: `press` starts a process of its own
//! (`child`) for each document, see ADR 0019.
//!
//! **Not here:** which document a node wants, where documents are kept, and to whom they are sent.

pub mod catalogue;
pub mod check;
pub mod child;
pub mod command;
pub mod dates;
pub mod declare;
pub mod fonts;
pub mod inputs;
pub mod money;
pub mod press;
mod qr;
pub mod render;
mod values;
mod world;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use check::Checked;
pub use declare::Template;
pub use inputs::{Common, InputFault, Inputs, Mark, Party, PartyRole, Person};
pub use render::{RenderFault, Rendered};

use declare::DeclareFault;
use fonts::{FontFault, Fonts};

/// All templates and the fonts they are set in. Made once, and shared.
#[derive(Debug)]
pub struct Documents {
    templates: BTreeMap<String, Template>,
    fonts: Fonts,
}

/// What is built in cannot be used. A test makes sure that this does not happen.
#[derive(Debug, thiserror::Error)]
pub enum BuiltInFault {
    /// A declaration.
    #[error("templates: {0}")]
    Declared(#[from] DeclareFault),
    /// A font.
    #[error("fonts: {0}")]
    Fonts(#[from] FontFault),
}

impl Documents {
    /// The templates and fonts of this program.
    ///
    /// # Errors
    /// One of them contradicts itself.
    pub fn built_in() -> Result<Self, BuiltInFault> {
        Ok(Self { templates: declare::read(catalogue::DECLARED)?, fonts: Fonts::built_in()? })
    }

    /// The templates in the order of their codes.
    pub fn templates(&self) -> impl Iterator<Item = &Template> {
        self.templates.values()
    }

    /// The template of a document's code, as the procedure's `[documents]` names it.
    #[must_use]
    pub fn template(&self, code: &str) -> Option<&Template> {
        self.templates.get(code)
    }

    /// Holds inputs against a template: what can be rendered, or every fault at once.
    ///
    /// # Errors
    /// All faults, each with a JSON pointer into [`Inputs`].
    pub fn check(&self, template: &Template, inputs: &Inputs) -> Result<Checked, Vec<InputFault>> {
        check::check(template, inputs, &self.fonts)
    }

    /// Sets what was checked and writes it as PDF. Takes processor time: for a process of its own.
    ///
    /// # Errors
    /// See [`RenderFault`].
    pub fn render(&self, checked: &Checked) -> Result<Rendered, RenderFault> {
        render::render(checked, &self.fonts)
    }
}
