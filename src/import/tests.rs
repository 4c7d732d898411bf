//! Tables as courts have them.

use std::io::Write as _;

use encoding_rs::GB18030;
use serde_json::{Value, json};

use super::*;

const TABLE: &str = "案号,申请执行人,被执行人,执行标的,立案日期,执行依据,执行依据类型\n\
    （２０２６）豫0783执123号,张三,李四；王五,\"80,000.50\",2026/1/6,(2025)豫0783民初88号,民事判决书\n\
    (2026)豫0783执124号,某某公司,赵六,１００元,2026年1月7日,,仲裁裁决\n";

fn parsed(bytes: &[u8]) -> Result<Vec<Value>, Vec<RowFault>> {
    cases(&read(bytes).expect("a table"))
}

fn told(bytes: &[u8]) -> Vec<(usize, String)> {
    let faults = parsed(bytes).expect_err("faults");
    faults
        .into_iter()
        .map(|fault| (fault.row, format!("{}: {}", fault.column, fault.what)))
        .collect()
}

#[test]
fn one_table_is_the_same_in_each_encoding() {
    let plain = parsed(TABLE.as_bytes()).expect("sound");
    assert_eq!(plain.len(), 2);
    let first = &plain[0];
    assert_eq!(first["number"], "(2026)豫0783执123号");
    assert_eq!((&first["claim"], &first["basis"]), (&json!(8_000_050), &json!("judgment")));
    assert_eq!(
        (&first["applied"], &first["docketed"]),
        (&json!("2026-01-06"), &json!("2026-01-06"))
    );
    let names: Vec<_> =
        first["parties"].as_array().expect("parties").iter().map(|p| &p["name"]).collect();
    assert_eq!(names, ["张三", "李四", "王五"]);
    assert_eq!((&plain[1]["claim"], &plain[1]["basis"]), (&json!(10_000), &json!("award")));
    let (gb, _, lost) = GB18030.encode(TABLE);
    assert!(!lost);
    assert_eq!(parsed(&gb).expect("sound"), plain);
    let marked = [b"\xEF\xBB\xBF".as_slice(), TABLE.as_bytes()].concat();
    assert_eq!(parsed(&marked).expect("sound"), plain);
}

#[test]
fn each_fault_is_told_with_its_row_and_nothing_is_taken_in() {
    let table = "案号,申请执行人,被执行人,执行标的,立案日期\n\
        (2026)豫0783民初1号,张三,李四,1,2026-01-06\n\
        (2026)豫0783执2号,,李四,一万,2026-02-30\n\
        \n\
        (2026)豫0783执3号,张三,李四,1.234,2026-01-06\n\
        (2026)豫0783执3号,张三,李四、李四,5,\n";
    let all = told(table.as_bytes());
    let has =
        |row: usize, what: &str| all.iter().any(|(of, said)| *of == row && said.contains(what));
    assert!(has(2, "案号: not a case number"), "{all:?}");
    assert!(has(3, "申请执行人: nobody") && has(3, "执行标的: not an amount"), "{all:?}");
    assert!(has(3, "立案日期: not a date"), "{all:?}");
    assert!(has(5, "执行标的: not an amount"), "{all:?}");
    assert!(has(6, "the same number as row 5") && has(6, "the same name twice"), "{all:?}");
    assert!(has(6, "applied: give this day"), "{all:?}");
    assert!(told("案号,颜色\n(2026)豫0783执2号,红\n".as_bytes()).len() >= 4, "columns");
    assert!(
        told("案号,申请执行人,被执行人,执行标的\n".as_bytes())
            .iter()
            .any(|f| f.1.contains("no case"))
    );
}

#[test]
fn what_is_no_table_is_refused() {
    assert!(matches!(read(b""), Err(TableFault::Empty)));
    assert!(matches!(read(&[0xFF, 0xFF, 0x00]), Err(TableFault::Encoding)));
    assert!(matches!(read(b"PK\x03\x04 and nothing"), Err(TableFault::Workbook(_))));
    let wide = "a,".repeat(65);
    assert!(matches!(read(wide.as_bytes()), Err(TableFault::TooLarge)));
    assert!(matches!(read(&vec![b'a'; table::BYTES_MAX + 1]), Err(TableFault::TooLarge)));
}

/// The smallest workbook that is one: shared strings inline, a date as a number with a date's style.
fn workbook() -> Vec<u8> {
    workbook_with("<c><v>80000.5</v></c>")
}

fn workbook_with(claim: &str) -> Vec<u8> {
    let text = |text: &str| format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>");
    let head = ["案号", "申请执行人", "被执行人", "执行标的", "立案日期"].map(text).concat();
    let cells = ["（2026）豫0783执125号", "张三", "李四"].map(text).concat();
    let sheet = format!(
        "<?xml version=\"1.0\"?><worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\">\
         <sheetData><row>{head}</row><row>{cells}{claim}<c s=\"1\"><v>46028</v></c></row>\
         </sheetData></worksheet>"
    );
    let ns = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" \
              xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"";
    let package = "http://schemas.openxmlformats.org/package/2006";
    let office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let files = [
        (
            "[Content_Types].xml",
            format!(
                "<Types xmlns=\"{package}/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/></Types>"
            ),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"a\" Type=\"{office}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook {ns}><sheets><sheet name=\"案件\" sheetId=\"1\" r:id=\"s\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"{package}/relationships\"><Relationship Id=\"s\" Type=\"{office}/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"t\" Type=\"{office}/styles\" Target=\"styles.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/styles.xml",
            format!(
                "<styleSheet {ns}><cellXfs count=\"2\"><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/></cellXfs></styleSheet>"
            ),
        ),
        ("xl/worksheets/sheet1.xml", sheet),
    ];
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in files {
        zip.start_file(name, options).expect("a file");
        zip.write_all(text.as_bytes()).expect("written");
    }
    zip.finish().expect("whole").into_inner()
}

#[test]
fn a_workbook_is_read_with_its_dates() {
    let cases = parsed(&workbook()).expect("sound");
    let case = &cases[0];
    assert_eq!(
        (&case["number"], &case["claim"]),
        (&json!("(2026)豫0783执125号"), &json!(8_000_050))
    );
    assert_eq!(case["docketed"], "2026-01-06");
}

#[test]
fn a_long_number_of_a_workbook_is_refused_where_it_stands() {
    // As a workbook keeps 410728198001010011 that was typed as a number.
    let lossy = workbook_with("<c><v>4.1072819800101E+17</v></c>");
    let fault = read(&lossy).expect_err("digits are lost");
    assert!(matches!(&fault, TableFault::Digits { row: 2, column } if column == "D"), "{fault}");
    assert!(fault.to_string().contains("文本"), "{fault}");
    assert!(
        read(&workbook_with("<c><v>999999999999999</v></c>")).is_ok(),
        "fifteen digits are whole"
    );
    let text = workbook_with("<c t=\"inlineStr\"><is><t>410728198001010011</t></is></c>");
    assert!(read(&text).is_ok(), "text keeps its digits");
}
