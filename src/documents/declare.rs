//! What each template wants, read from `templates/templates.toml`: fields are described once, and
//! templates name them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Longest short text, characters, where the declaration says nothing.
const TEXT_MAX: usize = 100;
/// Longest long text, characters, where the declaration says nothing.
const LONG_TEXT_MAX: usize = 3_000;
/// Most entries of a list or rows of a table, where the declaration says nothing.
const ROWS_MAX: usize = 60;
/// Largest number, where the declaration says nothing.
const NUMBER_MAX: usize = 100_000;

/// The declarations contradict themselves.
#[derive(Debug, thiserror::Error)]
pub enum DeclareFault {
    /// No TOML of this shape.
    #[error("{0}")]
    Shape(#[from] toml::de::Error),
    /// A template names a field that is not described.
    #[error("{of} names {field}, which is not described")]
    Unknown {
        /// Where.
        of: String,
        /// What.
        field: String,
    },
    /// A column that cannot be one.
    #[error("{of}: {column} cannot be a column")]
    Column {
        /// The table.
        of: String,
        /// What.
        column: String,
    },
    /// A choice without choices, or a table without columns.
    #[error("{0} has nothing to choose from")]
    Empty(String),
}

/// How a document looks, and what it needs beside its fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// 裁定书、决定书: with parties, judges and a clerk.
    Ruling,
    /// 通知书、令、公告、告知书: to somebody, with a seal.
    Notice,
    /// 函: to another court or office, with a seal.
    Letter,
    /// 笔录: what was said and done, signed by who was there.
    Record,
    /// 表、单、票: boxes.
    Form,
    /// 清单: a table.
    List,
    /// 申请书、申报表: made for a party to sign, without the court's seal.
    Application,
}

impl Kind {
    /// Whether somebody of the court has to stand below it.
    #[must_use]
    pub fn is_signed_by_judges(self) -> bool {
        self == Self::Ruling
    }
}

/// A name for people in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What inputs hold.
    pub value: String,
    /// What is printed.
    pub zh: String,
    /// For people who read English.
    pub en: String,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FieldType {
    /// One line.
    Text {
        /// Characters.
        max: usize,
    },
    /// Paragraphs, one a line.
    LongText {
        /// Characters.
        max: usize,
    },
    /// A day, `YYYY-MM-DD`.
    Date,
    /// A moment in Shanghai, `YYYY-MM-DDTHH:MM`.
    Time,
    /// Integer fen.
    Money,
    /// A whole number.
    Number {
        /// Largest.
        max: usize,
    },
    /// Somebody: an object with `name` and, if wanted, `details`.
    Party,
    /// Short paragraphs, numbered.
    List {
        /// Entries.
        max: usize,
        /// Characters of each.
        each: usize,
    },
    /// Rows of the columns' values.
    Table {
        /// Rows.
        max: usize,
        /// What each row holds: text, dates, times, money, numbers.
        columns: Vec<Field>,
    },
    /// One of some values.
    Choice {
        /// Those.
        choices: Vec<Choice>,
    },
}

/// A field of a form.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Field {
    /// Its key.
    pub name: String,
    /// Label.
    pub zh: String,
    /// Label for people who read English.
    pub en: String,
    /// Whether there is no document without it.
    pub required: bool,
    /// What it holds.
    #[serde(flatten)]
    pub holds: FieldType,
}

/// A document that can be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Template {
    /// Its code in the procedure.
    pub code: String,
    /// Its title, as it is printed.
    pub zh: String,
    /// Its title for people who read English.
    pub en: String,
    /// How it looks.
    pub kind: Kind,
    /// Raised with each change of text or fields.
    pub version: u32,
    /// Whether the parties must be named.
    pub parties: bool,
    /// In the order of the form.
    pub fields: Vec<Field>,
    #[serde(skip)]
    pub(super) source: &'static str,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    fields: BTreeMap<String, FieldDraft>,
    templates: BTreeMap<String, TemplateDraft>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TypeName {
    Text,
    LongText,
    Date,
    Time,
    Money,
    Number,
    Party,
    List,
    Table,
    Choice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FieldDraft {
    zh: String,
    en: String,
    #[serde(rename = "type")]
    type_name: TypeName,
    max: Option<usize>,
    #[serde(default)]
    columns: Vec<String>,
    #[serde(default)]
    choices: Vec<Choice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TemplateDraft {
    zh: String,
    en: String,
    kind: Kind,
    version: u32,
    #[serde(default = "yes")]
    parties: bool,
    fields: Vec<String>,
}

fn yes() -> bool {
    true
}

/// Reads the declarations. A name with `?` behind it is a field that may be left out.
pub(super) fn read(
    (text, sources): (&str, &[(&'static str, &'static str)]),
) -> Result<BTreeMap<String, Template>, DeclareFault> {
    let File { fields, templates } = toml::from_str(text)?;
    let made = templates.into_iter().map(|(code, draft)| {
        let source = sources.iter().find(|(name, _)| *name == code).map(|(_, source)| *source);
        let unknown = || DeclareFault::Unknown { of: code.clone(), field: "its text".to_owned() };
        let template = Template {
            zh: draft.zh,
            en: draft.en,
            kind: draft.kind,
            version: draft.version,
            parties: draft.parties,
            fields: named(&code, &draft.fields, &fields)?,
            source: source.ok_or_else(unknown)?,
            code: code.clone(),
        };
        Ok((code, template))
    });
    made.collect()
}

fn named(
    of: &str,
    names: &[String],
    fields: &BTreeMap<String, FieldDraft>,
) -> Result<Vec<Field>, DeclareFault> {
    let field = |name: &String| {
        let (name, required) = name.strip_suffix('?').map_or((&**name, true), |name| (name, false));
        let unknown = || DeclareFault::Unknown { of: of.to_owned(), field: name.to_owned() };
        let draft = fields.get(name).ok_or_else(unknown)?;
        let holds = holds(name, draft, fields)?;
        let (name, zh, en) = (name.to_owned(), draft.zh.clone(), draft.en.clone());
        Ok(Field { name, zh, en, required, holds })
    };
    names.iter().map(field).collect()
}

fn holds(
    name: &str,
    draft: &FieldDraft,
    fields: &BTreeMap<String, FieldDraft>,
) -> Result<FieldType, DeclareFault> {
    let max = |usual: usize| draft.max.unwrap_or(usual);
    Ok(match draft.type_name {
        TypeName::Text => FieldType::Text { max: max(TEXT_MAX) },
        TypeName::LongText => FieldType::LongText { max: max(LONG_TEXT_MAX) },
        TypeName::Date => FieldType::Date,
        TypeName::Time => FieldType::Time,
        TypeName::Money => FieldType::Money,
        TypeName::Number => FieldType::Number { max: max(NUMBER_MAX) },
        TypeName::Party => FieldType::Party,
        TypeName::List => FieldType::List { max: ROWS_MAX, each: max(500) },
        TypeName::Table => {
            FieldType::Table { max: max(ROWS_MAX), columns: columns(name, &draft.columns, fields)? }
        }
        TypeName::Choice if draft.choices.is_empty() => {
            return Err(DeclareFault::Empty(name.to_owned()));
        }
        TypeName::Choice => FieldType::Choice { choices: draft.choices.clone() },
    })
}

fn columns(
    of: &str,
    names: &[String],
    fields: &BTreeMap<String, FieldDraft>,
) -> Result<Vec<Field>, DeclareFault> {
    if names.is_empty() {
        return Err(DeclareFault::Empty(of.to_owned()));
    }
    for name in names {
        let plain = name.trim_end_matches('?');
        let nested = fields.get(plain).is_some_and(|draft| {
            matches!(draft.type_name, TypeName::Table | TypeName::List | TypeName::Party)
        });
        if nested {
            return Err(DeclareFault::Column { of: of.to_owned(), column: name.clone() });
        }
    }
    named(of, names, fields)
}
