//! From a draft to a tip: every rule a tip must meet, and every fault named.
//!
//! Pure: the court's profile and the time are passed in. Called by the intake, for each tip once.

use super::fault::{FaultCode, TipFault};
use super::{
    LocationDraft, MediaDraft, MediaType, ReporterDraft, Tip, TipDraft, TipMedia, TipPersonal,
};
use crate::case::CaseNumber;
use crate::court::CourtProfile;
use crate::geo::{Gcj02, InvalidPlace, LatLon, Metres, Place};
use crate::incident::{IncidentKind, Urgency};
use crate::rfc3339;
use crate::text::phone::clean_phone;
use crate::text::{TextFault, clean_text};
use crate::time::{Millis, UnixMillis};

/// A tip may say that it happened so much later than now: clocks differ.
pub const FUTURE_MAX: Millis = Millis::from_secs(5 * 60);
/// A tip older than that is no reason to go anywhere; 30 days.
pub const AGE_MAX: Millis = Millis::from_secs(30 * 24 * 3_600);

const DESCRIPTION_CHARS_MAX: usize = 2_000;
const ADDRESS_CHARS_MAX: usize = 200;
const NAME_CHARS_MAX: usize = 60;
const MEDIA_MAX: usize = 8;
/// Whoever knows less than this knows no place, metres.
const ACCURACY_MAX_M: f64 = 100_000.0;

impl Tip {
    /// Checks a draft against every rule and makes a tip of it.
    ///
    /// `court` is the profile that the edge found for the tip's source; `now` is when it came in.
    /// An empty description is none; any other text that is there must not be blank. A word that is
    /// none of the known ones is `out-of-range` (urgency, datum) or `kind-unknown` (kind).
    ///
    /// # Errors
    /// All faults, in the order of the draft's fields; never an empty list.
    pub fn parse(
        draft: &TipDraft,
        court: &CourtProfile,
        now: UnixMillis,
    ) -> Result<Self, Vec<TipFault>> {
        let mut faults = Faults::default();
        let court_fits = faults.check_court(draft.court.as_deref(), court);
        let kind = faults.kind(draft.kind.as_deref());
        let urgency = faults.urgency(draft.urgency.as_deref());
        let case_number = draft.case_number.as_deref().and_then(|raw| {
            let read = CaseNumber::parse(raw);
            faults.take("/case_number", read.map_err(|_shape| FaultCode::CaseNumberInvalid))
        });
        // Absent and empty are the same here, as the default is empty.
        let description = draft.description.as_deref().filter(|raw| !raw.is_empty());
        let description = faults.text("/description", description, DESCRIPTION_CHARS_MAX, true);
        let occurred_at = draft
            .occurred_at
            .as_deref()
            .and_then(|raw| faults.take("/occurred_at", occurred_at(raw, now)));
        // Another court's place says nothing about this court's area.
        let area_of = court_fits.then_some(court);
        let place = draft.location.as_ref().and_then(|location| faults.place(location, area_of));
        let address = faults.text("/address", draft.address.as_deref(), ADDRESS_CHARS_MAX, false);
        let media = faults.media(&draft.media);
        let (reporter_name, reporter_phone) = faults.reporter(draft.reporter.as_ref());
        match (kind, urgency) {
            (Some(kind), Some(urgency)) if faults.0.is_empty() => Ok(Self {
                court: court.id.clone(),
                kind,
                urgency,
                case_number,
                occurred_at,
                place,
                personal: TipPersonal {
                    description: description.unwrap_or_default(),
                    address,
                    reporter_name,
                    reporter_phone,
                },
                media,
                exercise: draft.exercise,
            }),
            _ => Err(faults.0),
        }
    }
}

/// The faults found so far, in order.
#[derive(Default)]
struct Faults(Vec<TipFault>);

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, code: FaultCode) {
        self.0.push(TipFault { pointer: pointer.into(), code });
    }

    /// Gives the value, or notes the fault.
    fn take<T>(&mut self, pointer: &str, read: Result<T, FaultCode>) -> Option<T> {
        read.map_err(|code| self.add(pointer, code)).ok()
    }

    fn check_court(&mut self, raw: Option<&str>, court: &CourtProfile) -> bool {
        let fits = match raw {
            None => Err(FaultCode::Missing),
            Some(raw) if raw == court.id.as_str() => Ok(()),
            Some(_) => Err(FaultCode::UnknownCourt),
        };
        self.take("/court", fits).is_some()
    }

    fn kind(&mut self, raw: Option<&str>) -> Option<IncidentKind> {
        let kind = raw.ok_or(FaultCode::Missing).and_then(|raw| {
            match IncidentKind::from_name(raw) {
                // An SOS comes from an officer's own device and from nowhere else.
                None | Some(IncidentKind::OfficerSos | IncidentKind::FieldTask) => {
                    Err(FaultCode::KindUnknown)
                }
                Some(kind) => Ok(kind),
            }
        });
        self.take("/kind", kind)
    }

    fn urgency(&mut self, raw: Option<&str>) -> Option<Urgency> {
        let urgency = raw
            .ok_or(FaultCode::Missing)
            .and_then(|raw| Urgency::from_name(raw).ok_or(FaultCode::OutOfRange));
        self.take("/urgency", urgency)
    }

    fn text(&mut self, at: &str, raw: Option<&str>, max: usize, multiline: bool) -> Option<String> {
        let clean = clean_text(raw?, max, multiline).map_err(|fault| match fault {
            TextFault::Invalid => FaultCode::TextInvalid,
            TextFault::Empty => FaultCode::Empty,
            TextFault::TooLong => FaultCode::TooLong,
        });
        self.take(at, clean)
    }

    /// The place in WGS-84; looked up in the area of `court` when there is one.
    fn place(&mut self, raw: &LocationDraft, court: Option<&CourtProfile>) -> Option<Place> {
        let lat = self.take("/location/lat", in_range(raw.lat, 90.0));
        let lon = self.take("/location/lon", in_range(raw.lon, 180.0));
        let accuracy = match raw.accuracy_m {
            None => Some(None),
            Some(metres) if (0.0..=ACCURACY_MAX_M).contains(&metres) => Some(Some(Metres(metres))),
            Some(_) => self.take("/location/accuracy_m", Err(FaultCode::OutOfRange)),
        };
        let is_gcj02 = match raw.datum.as_deref() {
            None | Some("WGS-84") => Some(false),
            Some("GCJ-02") => Some(true),
            Some(_) => self.take("/location/datum", Err(FaultCode::OutOfRange)),
        };
        let (lat, lon, accuracy, is_gcj02) = (lat?, lon?, accuracy?, is_gcj02?);
        // What a phone without any fix reports: three zeros.
        let is_null = lat == 0.0 && lon == 0.0 && accuracy == Some(Metres(0.0));
        let at = if is_null {
            Err(InvalidPlace)
        } else if is_gcj02 {
            Gcj02::new(lat, lon).map(Gcj02::to_wgs84)
        } else {
            LatLon::new(lat, lon)
        };
        let at = self.take("/location", at.map_err(|_range| FaultCode::OutOfRange))?;
        if court.is_some_and(|court| !court.covers(at)) {
            self.add("/location", FaultCode::OutsideCourt);
        }
        Some(Place { at, accuracy })
    }

    fn media(&mut self, raw: &[MediaDraft]) -> Vec<TipMedia> {
        if raw.len() > MEDIA_MAX {
            self.add("/media", FaultCode::TooMany);
        }
        // Those beyond the limit are not looked at, so that the list of faults stays short.
        let looked_at = raw.iter().take(MEDIA_MAX).enumerate();
        looked_at.filter_map(|(index, item)| self.picture(index, item)).collect()
    }

    fn picture(&mut self, index: usize, raw: &MediaDraft) -> Option<TipMedia> {
        let declared = raw
            .content_type
            .as_deref()
            .ok_or(FaultCode::Missing)
            .and_then(|name| MediaType::from_name(name).ok_or(FaultCode::MediaType));
        let declared = self.take(&format!("/media/{index}/content_type"), declared);
        let data = format!("/media/{index}/data");
        if raw.bytes.is_empty() {
            self.add(data, FaultCode::Empty);
            return None;
        }
        let content_type = declared?;
        if MediaType::from_magic(&raw.bytes) != Some(content_type) {
            self.add(data, FaultCode::MediaType);
            return None;
        }
        let bytes = u64::try_from(raw.bytes.len()).unwrap_or(u64::MAX);
        Some(TipMedia { content_type, sha256: raw.sha256, bytes })
    }

    fn reporter(&mut self, raw: Option<&ReporterDraft>) -> (Option<String>, Option<String>) {
        let Some(raw) = raw else { return (None, None) };
        let name = self.text("/reporter/name", raw.name.as_deref(), NAME_CHARS_MAX, false);
        let phone = raw.phone.as_deref().and_then(|raw| {
            let clean = clean_phone(raw).map_err(|_shape| FaultCode::PhoneInvalid);
            self.take("/reporter/phone", clean)
        });
        (name, phone)
    }
}

/// A coordinate that is there and between `-max` and `max`; NaN is not.
fn in_range(raw: Option<f64>, max: f64) -> Result<f64, FaultCode> {
    let degrees = raw.ok_or(FaultCode::Missing)?;
    if (-max..=max).contains(&degrees) { Ok(degrees) } else { Err(FaultCode::OutOfRange) }
}

fn occurred_at(raw: &str, now: UnixMillis) -> Result<UnixMillis, FaultCode> {
    let at = rfc3339::parse(raw).map_err(|_shape| FaultCode::TimeInvalid)?;
    if at > now.plus(FUTURE_MAX) {
        Err(FaultCode::TimeInFuture)
    } else if at < now.minus(AGE_MAX) {
        Err(FaultCode::TooOld)
    } else {
        Ok(at)
    }
}
