//! Every template, held against the procedure, and rendered.

mod hostile;
mod same_bytes;
mod samples;

use std::collections::{BTreeMap, BTreeSet};

use samples::{Which, documents, inputs};

use super::declare::FieldType;
use super::{Mark, Rendered};

#[derive(serde::Deserialize)]
struct Procedure {
    documents: BTreeMap<String, toml::Value>,
}

#[test]
fn each_document_of_the_procedure_has_a_template_and_no_other_has() {
    let text = include_str!("../../../config/procedures/enforcement.toml");
    let procedure: Procedure = toml::from_str(text).expect("the procedure");
    let wanted: BTreeSet<_> = procedure.documents.keys().map(String::as_str).collect();
    let documents = documents();
    let made: BTreeSet<_> = documents.templates().map(|template| template.code.as_str()).collect();
    assert_eq!(wanted, made);
    assert_eq!(made.len(), 78);
}

/// Renders all templates with these inputs. Marks take turns, so that each kind comes in each.
fn render_all(which: Which, marks: [Mark; 3]) {
    let documents = documents();
    for (template, mark) in documents.templates().zip(marks.into_iter().cycle()) {
        let mut inputs = inputs(template, which);
        inputs.common.mark = mark;
        let checked = documents.check(template, &inputs);
        let checked =
            checked.unwrap_or_else(|faults| unreachable!("{}: {faults:?}", template.code));
        let rendered = documents.render(&checked);
        let Rendered { pdf, pages, .. } =
            rendered.unwrap_or_else(|fault| unreachable!("{}: {fault}", template.code));
        assert!(pdf.starts_with(b"%PDF-1.7") && (1..=4).contains(&pages), "{}", template.code);
        // Says of itself that it can be kept: PDF/A-2b.
        let says = |what: &[u8]| pdf.windows(what.len()).any(|window| window == what);
        assert!(says(b"<pdfaid:part>2</pdfaid:part>"), "{}", template.code);
        assert!(says(b"<pdfaid:conformance>B</pdfaid:conformance>"), "{}", template.code);
    }
}

#[test]
fn every_template_renders_with_all_its_fields() {
    render_all(Which::Full, [Mark::Original, Mark::Draft, Mark::Copy]);
}

#[test]
fn every_template_renders_with_its_required_fields_alone() {
    render_all(Which::Bare, [Mark::Draft, Mark::Copy, Mark::Original]);
}

#[test]
fn every_template_is_refused_without_any_of_its_required_fields() {
    let documents = documents();
    let mut tried = 0;
    for template in documents.templates() {
        let whole = inputs(template, Which::Bare);
        for field in template.fields.iter().filter(|field| field.required) {
            for value in [None, Some(serde_json::Value::Null), Some("  ".into())] {
                let mut inputs = whole.clone();
                match value {
                    None => inputs.fields.remove(&field.name),
                    Some(value) => inputs.fields.insert(field.name.clone(), value),
                };
                let faults = documents.check(template, &inputs).expect_err("refused");
                let told: Vec<_> = faults
                    .iter()
                    .map(|fault| (fault.pointer.as_str(), fault.code.as_str()))
                    .collect();
                assert_eq!(told, [(&*format!("/fields/{}", field.name), "missing")]);
                tried += 1;
            }
        }
    }
    assert!(tried > 1_000, "{tried}");
}

#[test]
fn every_field_of_every_template_is_printed() {
    // What is asked for in a form and never printed would be a trap.
    let documents = documents();
    for (code, source) in super::catalogue::DECLARED.1 {
        let template = documents.template(code).expect("declared");
        for field in &template.fields {
            assert!(source.contains(&format!("f.{}", field.name)), "{code}: {}", field.name);
        }
    }
}

#[test]
fn a_table_ends_with_the_sum_of_its_money() {
    let documents = documents();
    let template = documents.template("payout_approval").expect("a template");
    assert!(template.fields.iter().any(|f| matches!(f.holds, FieldType::Table { .. })));
    let checked = documents.check(template, &inputs(template, Which::Full)).expect("sound");
    assert_eq!(checked.data()["fields"]["payouts"]["sums"][3]["figures"], "480,000.00元");
    assert_eq!(checked.data()["fields"]["amount"]["capitals"], "壹仟贰佰叁拾肆元伍角陆分");
    assert_eq!(checked.data()["date_han"], "二〇二六年十一月三十日");
    assert_eq!(checked.data()["case_number"], "（2026）豫0783执123号");
}
