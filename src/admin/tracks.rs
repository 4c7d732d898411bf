//! Forgetting where an officer was: the key of a month is destroyed, and with it what it sealed.

use std::io::ErrorKind;

use serde_json::{Value, json};
use tiande_core::ids::OfficerId;
use tracing::info;

use super::AdminFault;
use super::requests::court_of;
use crate::app::App;

pub(super) async fn forget(
    app: &App,
    court: &str,
    officer: &str,
    month: String,
) -> Result<Value, AdminFault> {
    let court = court_of(app, court)?.profile().id.clone();
    let invalid = |what: &str| AdminFault::new("invalid", what);
    let officer: OfficerId =
        officer.parse().map_err(|_bad| invalid("the officer is named by the id"))?;
    if !is_month(&month) {
        return Err(invalid("a month is written 2026-11"));
    }
    let forgotten = app.tracks.forget(court.clone(), officer, month.clone()).await;
    let forgotten = forgotten.map_err(|fault| match fault.kind() {
        ErrorKind::ResourceBusy => AdminFault::new("overloaded", "the track store is busy"),
        _ => AdminFault::store(fault),
    })?;
    if forgotten {
        info!(%court, %officer, month, "a month of tracks was forgotten");
    }
    Ok(json!({"forgotten": forgotten}))
}

/// Four digits, a dash, 01 to 12: it becomes the name of a file.
fn is_month(text: &str) -> bool {
    let Some((year, month)) = text.split_once('-') else { return false };
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit());
    year.len() == 4
        && month.len() == 2
        && digits(year)
        && digits(month)
        && ("01"..="12").contains(&month)
}

#[cfg(test)]
mod tests {
    use super::is_month;

    #[test]
    fn a_month_is_a_month_and_no_path() {
        assert!(["2026-01", "1999-12", "0000-10"].into_iter().all(is_month));
        let bad =
            ["2026-00", "2026-13", "2026-1", "26-01", "2026", "2026-+1", "../1-01", "二〇-01"];
        assert!(!bad.into_iter().any(is_month));
    }
}
