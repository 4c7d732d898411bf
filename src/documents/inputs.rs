//! What a document is made of, as it comes in JSON. Everything in it is data and is checked before use.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Which copy of a document it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Mark {
    /// The document itself.
    #[default]
    Original,
    /// With 本件与原本核对无异 and its place for a stamp.
    Copy,
    /// To be looked at before it is made: 预览 across each page, and no code.
    Draft,
}

/// What somebody is in the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// 申请执行人.
    Applicant,
    /// 被执行人.
    Debtor,
    /// 第三人.
    ThirdParty,
    /// 异议人.
    Objector,
    /// 案外人.
    Outsider,
    /// 利害关系人.
    Interested,
}

impl PartyRole {
    /// As it is printed.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Applicant => "申请执行人",
            Self::Debtor => "被执行人",
            Self::ThirdParty => "第三人",
            Self::Objector => "异议人",
            Self::Outsider => "案外人",
            Self::Interested => "利害关系人",
        }
    }
}

/// Somebody of the case.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// What they are in it.
    pub role: PartyRole,
    /// Name of a person or an organisation.
    pub name: String,
    /// What else identifies them, such as 男，1980年1月1日出生，汉族，住…
    #[serde(default)]
    pub details: String,
    /// 法定代表人 or 负责人, with the office.
    #[serde(default)]
    pub representative: String,
    /// 委托诉讼代理人, with what identifies them.
    #[serde(default)]
    pub agent: String,
}

/// Somebody of the court.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// 审判长, 审判员, 执行员, 书记员 …
    pub title: String,
    /// Name.
    pub name: String,
    /// Telephone of the office.
    #[serde(default)]
    pub telephone: String,
}

/// What all documents share.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Common {
    /// The court's full name.
    pub court: String,
    /// The case, such as (2026)豫0783执123号.
    pub case_number: String,
    /// The document's own number, such as (2026)豫0783执123号之一; the case's when there is none.
    #[serde(default)]
    pub document_number: String,
    /// The document's day, `YYYY-MM-DD`.
    pub date: String,
    /// Who is in the case.
    #[serde(default)]
    pub parties: Vec<Party>,
    /// Whom to ask, with a telephone.
    #[serde(default)]
    pub handler: Option<Person>,
    /// Who signs above the date.
    #[serde(default)]
    pub signatories: Vec<Person>,
    /// Who signs below the date.
    #[serde(default)]
    pub clerk: Option<Person>,
    /// What the code at the foot holds: a check address or a token that tells nothing by itself.
    #[serde(default)]
    pub qr: String,
    /// Which copy.
    #[serde(default)]
    pub mark: Mark,
}

/// All that a document is made of.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Inputs {
    /// What all documents share.
    pub common: Common,
    /// The template's own fields, by their names.
    #[serde(default)]
    pub fields: Map<String, Value>,
}

/// One fault of inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InputFault {
    /// JSON pointer into [`Inputs`].
    pub pointer: String,
    /// Stable code. `no-glyph` and `hidden-character` have the character behind a colon: `no-glyph:U+1F600`.
    pub code: String,
}
