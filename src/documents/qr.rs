//! The code at a document's foot, as runs of dark fields.

use qrcode::types::Color;
use qrcode::{EcLevel, QrCode};
use serde_json::{Value, json};

/// Longest text of a code, bytes: a check address with a token. More would be too fine to print small.
pub const TEXT_MAX: usize = 160;

/// The code: how many fields wide it is, and its dark runs as `[x, y, length]`. `None` when the text is
/// too long.
pub fn runs(text: &str) -> Option<Value> {
    if text.is_empty() || text.len() > TEXT_MAX {
        return None;
    }
    let code = QrCode::with_error_correction_level(text, EcLevel::M).ok()?;
    let width = code.width();
    let mut runs = Vec::new();
    for (y, row) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let length = row[x..].iter().take_while(|field| **field == Color::Dark).count();
            if length > 0 {
                runs.push([x, y, length]);
            }
            x += length.max(1);
        }
    }
    Some(json!({"width": width, "runs": runs}))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_keeps_its_finder_patterns() {
        let code = runs("https://court.example/v/AAAA").expect("a code");
        let width = code["width"].as_u64().expect("a width");
        let runs = code["runs"].as_array().expect("runs");
        assert!(runs.contains(&json!([0, 0, 7])) && runs.contains(&json!([width - 7, 0, 7])));
        assert_eq!(super::runs(""), None);
        assert_eq!(super::runs(&"a".repeat(TEXT_MAX + 1)), None);
    }
}
