//! A calendar's file.

use tiande_core::calendar::{
    Calendar, CalendarDraft, CalendarFault, CalendarSpot, HolidayDraft, YearDraft,
};

use super::reading::{Fields, LineFault, Place, Reader};

/// Where a year's parts stand.
struct YearPlace {
    year: i64,
    place: Place,
    holidays: Vec<usize>,
    working: Vec<usize>,
}

/// Reads and checks a calendar.
///
/// # Errors
/// All faults of the file, in the order of lines.
pub fn read_calendar(text: &str) -> Result<Calendar, Vec<LineFault>> {
    let mut reader = Reader::new(text);
    let mut fields = reader.parse(text);
    let head = fields.place();
    let mut draft = CalendarDraft {
        name: fields.text(&mut reader, "calendar"),
        version: fields.number(&mut reader, "version"),
        years: Vec::new(),
    };
    let mut places = Vec::new();
    for table in fields.tables(&mut reader, "year") {
        let (year, place) = year(table, &mut reader);
        draft.years.push(year);
        places.push(place);
    }
    fields.end(&mut reader);
    let parsed = Calendar::parse(&draft);
    for (spot, fault) in parsed.as_ref().err().map(Vec::as_slice).unwrap_or_default() {
        note(&mut reader, &head, &places, *spot, fault);
    }
    let faults = reader.end();
    match parsed {
        Ok(calendar) if faults.is_empty() => Ok(calendar),
        _ => Err(faults),
    }
}

fn note(
    reader: &mut Reader,
    head: &Place,
    places: &[YearPlace],
    spot: CalendarSpot,
    fault: &CalendarFault,
) {
    let (index, at) = match spot {
        CalendarSpot::Head(key) => {
            return reader.fault_of_key(head, key, format!("{key}: {fault}"));
        }
        CalendarSpot::Year(index, key) => {
            if let Some(year) = places.get(index) {
                let text = format!("year {}, {key}: {fault}", year.year);
                reader.fault_of_key(&year.place, key, text);
            }
            return;
        }
        CalendarSpot::Holiday(index, nth) => {
            (index, places.get(index).and_then(|year| year.holidays.get(nth)))
        }
        CalendarSpot::Working(index, nth) => {
            (index, places.get(index).and_then(|year| year.working.get(nth)))
        }
    };
    let year = places.get(index).map_or(0, |year| year.year);
    reader.fault_at(at.copied().unwrap_or(0), format!("year {year}: {fault}"));
}

fn year(mut table: Fields<'_>, reader: &mut Reader) -> (YearDraft, YearPlace) {
    let place = table.place();
    let (year, notice) = (table.number(reader, "year"), table.text(reader, "notice"));
    let mut places = YearPlace { year, place, holidays: Vec::new(), working: Vec::new() };
    let mut draft = YearDraft { year, notice, holidays: Vec::new(), working: Vec::new() };
    for mut run in table.tables(reader, "holidays") {
        places.holidays.push(run.at());
        draft.holidays.push(HolidayDraft {
            zh: run.text(reader, "zh"),
            en: run.text(reader, "en"),
            first: run.text(reader, "first"),
            last: run.text(reader, "last"),
        });
        run.end(reader);
    }
    for (text, at) in table.placed_texts_if_any(reader, "working").unwrap_or_default() {
        places.working.push(at);
        draft.working.push(text);
    }
    table.end(reader);
    (draft, places)
}
