//! Whether bytes are what they are said to be. The first ones tell; a name and a header can say anything.

/// Longest beginning that says what something is, bytes.
const HEAD: usize = 12;
/// What is shown as itself; anything else is a file to save.
const SHOWN: [&str; 5] = ["application/pdf", "image/jpeg", "image/png", "image/webp", "text/plain"];

fn begins_like(head: &[u8], content_type: &str) -> bool {
    match content_type {
        "application/pdf" => head.starts_with(b"%PDF-"),
        "image/jpeg" => head.starts_with(&[0xFF, 0xD8, 0xFF]),
        "image/png" => head.starts_with(b"\x89PNG\r\n\x1A\n"),
        "image/webp" => head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP"),
        _ => false,
    }
}

/// Looks at bytes as they come.
#[derive(Debug)]
pub struct Look {
    content_type: String,
    head: Vec<u8>,
    /// Of text: the beginning of a character that the next bytes end.
    open: Vec<u8>,
    text: bool,
}

impl Look {
    /// At bytes that are said to be of that type.
    #[must_use]
    pub fn new(content_type: &str) -> Self {
        let content_type = content_type.to_owned();
        Self { content_type, head: Vec::new(), open: Vec::new(), text: true }
    }

    /// At some more of them.
    pub fn see(&mut self, bytes: &[u8]) {
        let missing = HEAD.saturating_sub(self.head.len());
        self.head.extend(bytes.iter().take(missing));
        if self.content_type == "text/plain" && self.text {
            let joined;
            let bytes = if self.open.is_empty() {
                bytes
            } else {
                joined = [self.open.as_slice(), bytes].concat();
                &joined
            };
            let rest = unfinished(bytes);
            self.text = rest.is_some();
            self.open = rest.unwrap_or_default().to_vec();
        }
    }

    /// That was all: they are what they were said to be.
    #[must_use]
    pub fn fits(&self) -> bool {
        match self.content_type.as_str() {
            "text/plain" => self.text && self.open.is_empty() && !self.head.is_empty(),
            other => begins_like(&self.head, other),
        }
    }
}

/// The unfinished character at the end of a part of a text; `None` when it is no text.
fn unfinished(bytes: &[u8]) -> Option<&[u8]> {
    match std::str::from_utf8(bytes) {
        Ok(_) => Some(&[]),
        Err(fault) if fault.error_len().is_none() => bytes.get(fault.valid_up_to()..),
        Err(_) => None,
    }
}

/// What something is to be shown as, by its first part; `None`: as a file.
#[must_use]
pub fn kind_of(first: &[u8]) -> Option<&'static str> {
    SHOWN.into_iter().find(|kind| match *kind {
        "text/plain" => unfinished(first).is_some(),
        other => begins_like(first, other),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(content_type: &str, parts: &[&[u8]]) -> bool {
        let mut look = Look::new(content_type);
        for part in parts {
            look.see(part);
        }
        look.fits()
    }

    #[test]
    fn a_picture_is_known_however_it_is_cut() {
        assert!(fits("image/png", &[b"\x89P", b"NG\r\n\x1A", b"\n more"]));
        assert!(fits("image/webp", &[b"RIFF....WE", b"BP"]));
        assert!(!fits("image/png", &[b"\x89P", b"NG"]));
        assert!(!fits("application/pdf", &[b"<html>%PDF-"]));
        assert!(!fits("text/html", &[b"<html>"]));
    }

    #[test]
    fn a_text_may_be_cut_within_a_character_and_not_end_there() {
        let text = "申请书".as_bytes();
        for at in 0..=text.len() {
            assert!(fits("text/plain", &[&text[..at], &text[at..]]), "{at}");
        }
        let bytes: Vec<&[u8]> = text.chunks(1).collect();
        assert!(fits("text/plain", &bytes));
        assert!(!fits("text/plain", &[&text[..4]]));
        assert!(!fits("text/plain", &[b"a", b"\xFF", b"b"]));
        assert!(!fits("text/plain", &[]));
    }

    #[test]
    fn what_is_shown_is_told_by_its_first_part() {
        assert_eq!(kind_of(b"%PDF-1.7"), Some("application/pdf"));
        assert_eq!(kind_of(&"申请书".as_bytes()[..4]), Some("text/plain"));
        assert_eq!(kind_of(b"\x00\xFF"), None);
    }
}
