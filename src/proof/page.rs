//! A root on paper: what it says, and a QR code that holds all of it with its signature, so that a
//! photograph of the page is a copy of the root.

use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};
use tiande_core::rfc3339;
use tiande_core::time::UnixMillis;

use super::wire::RootShape;

/// Minutes by which the page's time is ahead of UTC.
const SHANGHAI: i32 = 480;

/// The QR code of a root as SVG.
fn qr(root: &RootShape) -> Option<String> {
    let code = QrCode::with_error_correction_level(root.to_qr(), EcLevel::M).ok()?;
    let svg = code.render::<svg::Color>().min_dimensions(320, 320).quiet_zone(true).build();
    // Within a page the declaration of a document has no place.
    svg.find("<svg").map(|begin| svg[begin..].to_owned())
}

/// Digits of hex in groups of eight, to be compared by eye.
fn groups(hex: &str) -> String {
    let digits: Vec<char> = hex.chars().collect();
    let groups: Vec<String> = digits.chunks(8).map(|group| group.iter().collect()).collect();
    groups.join(" ")
}

/// A text of the court's own as text of a page.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// The page; `None` when it does not fit a QR code, which no root does.
#[must_use]
pub fn page(root: &RootShape, court_name: &str, public_key: [u8; 32]) -> Option<String> {
    let qr = qr(root)?;
    let made = rfc3339::format_offset(UnixMillis(root.at_ms), SHANGHAI);
    let row = |zh: &str, en: &str, value: &str| {
        format!("<tr><th>{zh}<small>{en}</small></th><td>{value}</td></tr>\n")
    };
    let covers = match root.size {
        0 => format!("{}–{}，无本院记录 no record of this court", root.first, root.last),
        size => format!("{}–{}，其中本院 {size} 条 records", root.first, root.last),
    };
    // On the screen only: to the root before.
    let earlier = match root.number.checked_sub(1) {
        None | Some(0) => String::new(),
        Some(earlier) => format!(
            "<nav><a href=\"/api/courts/{}/roots/{earlier}\">← 第 {earlier} 号 Root {earlier}</a></nav>\n",
            root.court
        ),
    };
    let rows: String = [
        row("法院", "Court", &format!("{}（{}）", escaped(court_name), root.court)),
        row("编号", "Number", &root.number.to_string()),
        row("日期", "Day", &root.day),
        row("签名时间", "Signed", &made),
        row("日志位置", "Positions", &covers),
        row(
            "当日根",
            "Root of the day",
            &format!("<code>{}</code>", groups(&hex::encode(root.root.0))),
        ),
        row(
            "总根",
            "Root of all days",
            &format!("<code>{}</code>", groups(&hex::encode(root.log_root.0))),
        ),
        row(
            "签名",
            "Signature",
            &format!("<code>{}</code>", groups(&hex::encode(root.signature.0))),
        ),
        row("公钥", "Public key", &format!("<code>{}</code>", groups(&hex::encode(public_key)))),
    ]
    .concat();
    Some(format!(
        "<!doctype html>\n<html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <title>{court} {day} 第 {number} 号</title>\n<style>{STYLE}</style></head>\n<body><main>\n{earlier}\
         <header><h1>日志默克尔根</h1><p>Merkle root of the journal · 天德 Tiande</p></header>\n\
         <section><div class=\"qr\">{qr}</div>\n<table>{rows}</table></section>\n\
         <p>二维码含本页各项和签名（公钥除外）：拍照即为留存。此后法院出具的任何回执和总根都须与之一致；如有改动，凭此页即可查出。\
         请在另一处保管，不要只留在法院的机器上。</p>\n\
         <p lang=\"en\">The code holds everything on this page but the key: a photograph is a copy. Whatever the \
         court shows later must agree with it. Keep it elsewhere than on the court's machines.</p>\n\
         <footer><span>交付人 Handed out by</span><span>接收人 Received by</span><span>日期 Date</span></footer>\n\
         </main></body></html>\n",
        court = root.court,
        day = root.day,
        number = root.number,
    ))
}

const STYLE: &str = "\
:root{color-scheme:light}\
body{margin:0;background:#fff;color:#111;font:15px/1.5 'Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif}\
main{max-width:190mm;margin:0 auto;padding:12mm 8mm}\
header{border-bottom:2px solid #111;margin-bottom:6mm}h1{margin:0;font-size:24px}header p{margin:0 0 2mm;color:#444}\
section{display:flex;flex-wrap:wrap;gap:6mm}.qr{flex:0 0 72mm}.qr svg{width:72mm;height:72mm;display:block}\
table{flex:1 1 90mm;border-collapse:collapse}th,td{padding:1mm 2mm;text-align:left;vertical-align:top;\
border-bottom:1px solid #ccc}th{white-space:nowrap;font-weight:600}th small{display:block;font-weight:400;color:#555}\
code{font:12px/1.5 ui-monospace,Consolas,monospace;overflow-wrap:anywhere}\
footer{display:flex;gap:8mm;margin-top:14mm}footer span{flex:1;border-top:1px solid #111;padding-top:1mm;color:#444}\
nav{margin-bottom:4mm}@page{size:A4;margin:12mm}@media print{main{padding:0}nav{display:none}}";
