//! A case in Changyuan, from which every document can be made.

use serde_json::{Map, Value};

use crate::documents::declare::Kind;
use crate::documents::{Common, Documents, Inputs, Template};

/// What a sample holds.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Which {
    /// All fields.
    Full,
    /// Only what there is no document without.
    Bare,
}

pub(super) fn documents() -> Documents {
    Documents::built_in().expect("templates and fonts")
}

fn samples() -> Value {
    serde_json::from_str(include_str!("samples.json")).expect("JSON")
}

pub(super) fn common() -> Common {
    serde_json::from_value(samples()["common"].clone()).expect("the common inputs")
}

pub(super) fn inputs(template: &Template, which: Which) -> Inputs {
    let samples = samples();
    let mut common = common();
    if template.kind != Kind::Ruling {
        common.signatories.clear();
        common.clerk = None;
        common.document_number.clear();
    }
    let own = &samples["templates"][&template.code];
    let fields: Map<String, Value> = template
        .fields
        .iter()
        .filter(|field| which == Which::Full || field.required)
        .map(|field| {
            let value = own.get(&field.name).unwrap_or(&samples["fields"][&field.name]);
            (field.name.clone(), value.clone())
        })
        .collect();
    Inputs { common, fields }
}
