//! Senders of tips: each letter is sent until it is answered; some come twice, some with another body
//! under the same id, some are no valid tips.

use tiande_core::tip::{LocationDraft, ReporterDraft, TipDraft};

use super::journal::DeliveryKey;
use super::rng::Rng;
use super::server::Reply;

pub struct Letter {
    pub key: DeliveryKey,
    /// Stands for the hash of the body.
    pub body: u64,
    pub draft: TipDraft,
    pub valid: bool,
    pub answer: Option<Reply>,
    /// Sent again although answered.
    pub repeats: u32,
}

/// Source 0 is trusted.
pub fn trusted(source: u8) -> bool {
    source == 0
}

/// The letters of one day.
pub fn letters(rng: &mut Rng) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    for number in 0..1 + rng.below(8) as u64 {
        let source = u8::from(rng.chance(300));
        let id = if rng.chance(150) { number.saturating_sub(1) } else { number };
        let (mut draft, valid) = draft(rng);
        // Several see the same.
        if valid
            && rng.chance(400)
            && let Some(first) = letters.iter().find(|l| l.valid)
        {
            draft.location.clone_from(&first.draft.location);
            draft.kind.clone_from(&first.draft.kind);
        }
        let repeats = u32::from(rng.chance(300));
        let letter =
            Letter { key: (source, id), body: number, draft, valid, answer: None, repeats };
        letters.push(letter);
    }
    letters
}

fn draft(rng: &mut Rng) -> (TipDraft, bool) {
    let kinds = ["debtor_sighted", "asset_sighted", "obstruction", "other"];
    let place = LocationDraft {
        lat: Some(35.1 + rng.unit() * 0.2),
        lon: Some(114.5 + rng.unit() * 0.3),
        accuracy_m: rng.chance(700).then_some(20.0),
        datum: None,
    };
    let mut draft = TipDraft {
        court: Some("changyuan".into()),
        kind: rng.pick(&kinds).map(|kind| (*kind).to_owned()),
        urgency: Some(if rng.chance(800) { "emergency" } else { "routine" }.into()),
        case_number: rng.chance(300).then(|| "(2026)豫0783执123号".into()),
        description: Some("被执行人在家".into()),
        location: rng.chance(850).then_some(place),
        address: rng.chance(300).then(|| "人民路1号".into()),
        reporter: rng.chance(300).then(|| ReporterDraft {
            name: Some("张三".into()),
            phone: Some("13800138000".into()),
        }),
        exercise: rng.chance(100),
        ..TipDraft::default()
    };
    if rng.chance(850) {
        return (draft, true);
    }
    match rng.below(5) {
        0 => draft.kind = Some("officer_sos".into()),
        1 => draft.court = Some("elsewhere".into()),
        2 => draft.case_number = Some("7".into()),
        3 => draft.urgency = None,
        _ => draft.location = Some(LocationDraft { lat: Some(10.0), ..place_far() }),
    }
    (draft, false)
}

fn place_far() -> LocationDraft {
    LocationDraft { lat: None, lon: Some(10.0), accuracy_m: None, datum: None }
}
