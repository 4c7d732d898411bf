//! `tiande documents …`: lists templates, and renders one for somebody who edits it.
#![allow(clippy::print_stdout)] // What commands answer goes to standard output; logs do not.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Subcommand;

use super::{Documents, Inputs};

/// What can be done with documents.
#[derive(Subcommand)]
pub enum DocumentsCommand {
    /// List the templates: code, version, title.
    List,
    /// Print what a template wants, as JSON.
    Describe {
        /// The document's code, such as execution_notice.
        code: String,
    },
    /// Render a document from a JSON file of `common` and `fields`.
    Render {
        /// The document's code, such as execution_notice.
        code: String,
        /// The file.
        #[arg(long, value_name = "FILE")]
        fields: PathBuf,
        /// Where the PDF goes.
        #[arg(long, value_name = "FILE")]
        out: PathBuf,
    },
}

impl DocumentsCommand {
    /// Does it.
    ///
    /// # Errors
    /// A file that cannot be read or written, or a document that cannot be rendered.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let documents = Documents::built_in()?;
        let template =
            |code: &str| documents.template(code).with_context(|| format!("no document {code:?}"));
        match self {
            Self::List => {
                for template in documents.templates() {
                    println!(
                        "{}\t{}\t{}\t{}",
                        template.code, template.version, template.zh, template.en
                    );
                }
            }
            Self::Describe { code } => {
                println!("{}", serde_json::to_string_pretty(template(&code)?)?);
            }
            Self::Render { code, fields, out } => {
                let text = std::fs::read_to_string(&fields);
                let text = text.with_context(|| fields.display().to_string())?;
                let inputs: Inputs =
                    serde_json::from_str(&text).with_context(|| fields.display().to_string())?;
                let checked = match documents.check(template(&code)?, &inputs) {
                    Ok(checked) => checked,
                    Err(faults) => {
                        for fault in faults {
                            eprintln!("{}: {}", fault.pointer, fault.code);
                        }
                        return Ok(ExitCode::FAILURE);
                    }
                };
                let rendered = documents.render(&checked)?;
                std::fs::write(&out, &rendered.pdf).with_context(|| out.display().to_string())?;
                let hash = hex::encode(rendered.sha256);
                println!("{}: {} pages, sha256 {hash}", out.display(), rendered.pages);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}
