//! Tests of parsing tips: each rule by an example, and all of them by arbitrary drafts.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::court::{CourtHouse, CourtProfile, DispatchSettings, Shift};
use crate::geo::{Area, LatLon, Metres};

/// 2026-11-23T06:05:00Z.
const NOW: UnixMillis = UnixMillis(1_795_392_000_000 + 6 * 3_600_000 + 300_000);
const JPEG: &[u8] = &[0xFF, 0xD8, 0xFF, 0xE0, 1, 2];
const PNG: &[u8] = b"\x89PNG\r\n\x1a\nIHDR";
const WEBP: &[u8] = b"RIFF\x10\0\0\0WEBPVP8 ";

fn changyuan() -> CourtProfile {
    CourtProfile {
        id: CourtId::parse("changyuan").expect("a name"),
        name: "长垣市人民法院".into(),
        area: [114.40, 34.97, 114.99, 35.40],
        area_margin_m: 5_000.0,
        utc_offset_minutes: 480,
        court_house: CourtHouse { lat: 35.201, lon: 114.673, radius_m: 150.0 },
        shift: Shift::default(),
        dispatch: DispatchSettings::default(),
        merge: crate::court::MergeSettings::default(),
    }
}

/// The README's tip.
fn draft() -> TipDraft {
    TipDraft {
        court: Some("changyuan".into()),
        kind: Some("debtor_sighted".into()),
        urgency: Some("emergency".into()),
        case_number: Some("（2026）豫0783执123号".into()),
        description: Some("被执行人出现在\r\n家中".into()),
        occurred_at: Some("2026-11-23T14:03:00+08:00".into()),
        location: Some(location(35.1997, 114.6689)),
        address: Some("人民路 1 号".into()),
        media: vec![picture("image/jpeg", JPEG)],
        reporter: Some(ReporterDraft {
            name: Some(" 张三 ".into()),
            phone: Some("138 0013 8000".into()),
        }),
        exercise: true,
    }
}

fn location(lat: f64, lon: f64) -> LocationDraft {
    LocationDraft {
        lat: Some(lat),
        lon: Some(lon),
        accuracy_m: Some(20.0),
        datum: Some("WGS-84".into()),
    }
}

fn picture(content_type: &str, bytes: &[u8]) -> MediaDraft {
    MediaDraft {
        content_type: Some(content_type.into()),
        bytes: bytes.to_vec(),
        sha256: [0xA5; 32],
    }
}

/// The faults of the README's tip after a change.
fn faults(change: impl FnOnce(&mut TipDraft)) -> Vec<(String, &'static str)> {
    let mut draft = draft();
    change(&mut draft);
    let faults = Tip::parse(&draft, &changyuan(), NOW).err().unwrap_or_default();
    faults.into_iter().map(|fault| (fault.pointer, fault.code.name())).collect()
}

fn one(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(pointer.to_owned(), code)]
}

#[test]
fn a_sound_tip_is_taken_and_normalised() {
    let tip = Tip::parse(&draft(), &changyuan(), NOW).expect("sound");
    assert_eq!(tip.court.as_str(), "changyuan");
    assert_eq!((tip.kind, tip.urgency), (IncidentKind::DebtorSighted, Urgency::Emergency));
    assert_eq!(tip.case_number.as_ref().map(CaseNumber::as_str), Some("(2026)豫0783执123号"));
    assert_eq!(tip.occurred_at, Some(UnixMillis(NOW.0 - 120_000)));
    let place = tip.place.expect("a place");
    assert_eq!((place.at.lat(), place.at.lon()), (35.1997, 114.6689));
    assert_eq!(place.accuracy, Some(Metres(20.0)));
    assert_eq!(tip.personal.description, "被执行人出现在\n家中");
    assert_eq!(tip.personal.reporter_name.as_deref(), Some("张三"));
    assert_eq!(tip.personal.reporter_phone.as_deref(), Some("13800138000"));
    assert_eq!(tip.media[0].content_type, MediaType::Jpeg);
    assert_eq!(tip.media[0].bytes, 6);
    assert!(tip.exercise);
}

#[test]
fn the_least_tip_is_a_court_a_kind_and_an_urgency() {
    let least = TipDraft {
        court: Some("changyuan".into()),
        kind: Some("other".into()),
        urgency: Some("routine".into()),
        ..TipDraft::default()
    };
    let tip = Tip::parse(&least, &changyuan(), NOW).expect("sound");
    assert_eq!(tip.personal, TipPersonal::default());
    assert_eq!((tip.place, tip.occurred_at, tip.exercise), (None, None, false));
}

#[test]
fn all_faults_are_named_in_the_order_of_the_fields() {
    let missing = Tip::parse(&TipDraft::default(), &changyuan(), NOW).expect_err("nothing there");
    let pointers: Vec<_> = missing.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/court", "/kind", "/urgency"]);
    assert!(missing.iter().all(|fault| fault.code == FaultCode::Missing));

    let all = faults(|draft| {
        draft.court = Some("elsewhere".into());
        draft.kind = Some("sos".into());
        draft.urgency = Some("soon".into());
        draft.case_number = Some("123".into());
        draft.description = Some("x".repeat(2_001));
        draft.occurred_at = Some("yesterday".into());
        draft.location = Some(LocationDraft {
            lat: Some(91.0),
            lon: None,
            accuracy_m: Some(-1.0),
            datum: Some("BD-09".into()),
        });
        draft.address = Some("a\0b".into());
        draft.media = vec![picture("image/svg+xml", b"<svg/>"); 9];
        draft.reporter = Some(ReporterDraft { name: Some("  ".into()), phone: Some("x".into()) });
    });
    let mut expected: Vec<(String, &str)> = [
        ("/court", "unknown-court"),
        ("/kind", "kind-unknown"),
        ("/urgency", "out-of-range"),
        ("/case_number", "case-number-invalid"),
        ("/description", "too-long"),
        ("/occurred_at", "time-invalid"),
        ("/location/lat", "out-of-range"),
        ("/location/lon", "missing"),
        ("/location/accuracy_m", "out-of-range"),
        ("/location/datum", "out-of-range"),
        ("/address", "text-invalid"),
        ("/media", "too-many"),
    ]
    .map(|(pointer, code)| (pointer.to_owned(), code))
    .to_vec();
    expected.extend((0..8).map(|n| (format!("/media/{n}/content_type"), "media-type")));
    expected.push(("/reporter/name".to_owned(), "empty"));
    expected.push(("/reporter/phone".to_owned(), "phone-invalid"));
    assert_eq!(all, expected);
}

#[test]
fn an_officers_sos_never_comes_in_as_a_tip() {
    for kind in ["officer_sos", "Other", "", "其他"] {
        assert_eq!(faults(|draft| draft.kind = Some(kind.into())), one("/kind", "kind-unknown"));
    }
    for kind in ["debtor_sighted", "asset_sighted", "obstruction", "other"] {
        assert_eq!(faults(|draft| draft.kind = Some(kind.into())), vec![]);
    }
}

#[test]
fn texts_are_kept_short_and_clean() {
    let long = |count| Some("警".repeat(count));
    assert_eq!(faults(|draft| draft.description = long(2_000)), vec![]);
    assert_eq!(faults(|draft| draft.description = long(2_001)), one("/description", "too-long"));
    assert_eq!(faults(|draft| draft.description = Some(String::new())), vec![]);
    assert_eq!(faults(|draft| draft.description = Some("  ".into())), one("/description", "empty"));
    let marks = format!("x{}", "\u{302}".repeat(10_000));
    assert_eq!(faults(|draft| draft.description = Some(marks)), one("/description", "too-long"));
    let marks = format!("x{}", "\u{302}".repeat(9));
    assert_eq!(
        faults(|draft| draft.description = Some(marks)),
        one("/description", "text-invalid")
    );
    assert_eq!(faults(|draft| draft.address = long(201)), one("/address", "too-long"));
    assert_eq!(
        faults(|draft| draft.address = Some("a\nb".into())),
        one("/address", "text-invalid")
    );
    let name = |name: &str| Some(ReporterDraft { name: Some(name.into()), phone: None });
    assert_eq!(
        faults(|draft| draft.reporter = name(&"王".repeat(61))),
        one("/reporter/name", "too-long")
    );
    let lying = name("张\u{202e}三");
    assert_eq!(faults(|draft| draft.reporter = lying), one("/reporter/name", "text-invalid"));
    // What looks like code is text.
    for harmless in
        ["'; DROP TABLE tips;--", "<script>alert(1)</script>", "{{7*7}}", "=cmd|'/c calc'!A1"]
    {
        assert_eq!(faults(|draft| draft.description = Some(harmless.into())), vec![], "{harmless}");
    }
}

#[test]
fn the_time_is_a_moment_of_the_last_thirty_days() {
    for (text, code) in [
        ("2026-11-23T14:03:00", "time-invalid"),
        ("2026-02-30T00:00:00Z", "time-invalid"),
        ("0000-01-01T00:00:00Z", "time-invalid"),
        ("2026-11-23", "time-invalid"),
        ("", "time-invalid"),
        ("9999-12-31T23:59:59Z", "time-in-future"),
        ("2026-11-23T06:10:00.001Z", "time-in-future"),
        ("2026-10-24T06:04:59.999Z", "too-old"),
        ("0001-01-01T00:00:00Z", "too-old"),
    ] {
        let found = faults(|draft| draft.occurred_at = Some(text.into()));
        assert_eq!(found, one("/occurred_at", code), "{text}");
    }
    for text in ["2026-11-23T06:10:00Z", "2026-10-24T06:05:00Z"] {
        assert_eq!(faults(|draft| draft.occurred_at = Some(text.into())), vec![], "{text}");
    }
}

#[test]
fn a_place_needs_both_coordinates_in_range() {
    let with = |change: fn(&mut LocationDraft)| {
        faults(|draft| {
            let mut place = location(35.2, 114.6);
            change(&mut place);
            draft.location = Some(place);
        })
    };
    assert_eq!(with(|it| it.lat = None), one("/location/lat", "missing"));
    assert_eq!(with(|it| it.lon = None), one("/location/lon", "missing"));
    assert_eq!(with(|it| it.lat = Some(91.0)), one("/location/lat", "out-of-range"));
    assert_eq!(with(|it| it.lon = Some(-181.0)), one("/location/lon", "out-of-range"));
    assert_eq!(with(|it| it.lat = Some(f64::NAN)), one("/location/lat", "out-of-range"));
    assert_eq!(with(|it| it.lon = Some(f64::INFINITY)), one("/location/lon", "out-of-range"));
    let accuracy = one("/location/accuracy_m", "out-of-range");
    assert_eq!(with(|it| it.accuracy_m = Some(-1.0)), accuracy);
    assert_eq!(with(|it| it.accuracy_m = Some(100_000.1)), accuracy);
    assert_eq!(with(|it| it.accuracy_m = Some(f64::NAN)), accuracy);
    assert_eq!(with(|it| it.accuracy_m = Some(f64::INFINITY)), accuracy);
    assert_eq!(with(|it| it.accuracy_m = Some(0.0)), vec![]);
    assert_eq!(with(|it| it.accuracy_m = Some(100_000.0)), vec![]);
    assert_eq!(with(|it| it.accuracy_m = None), vec![]);
    assert_eq!(with(|it| it.datum = None), vec![]);
    assert_eq!(with(|it| it.datum = Some("wgs-84".into())), one("/location/datum", "out-of-range"));
    let null_island = with(|it| {
        (it.lat, it.lon, it.accuracy_m) = (Some(0.0), Some(-0.0), Some(0.0));
    });
    assert_eq!(null_island, one("/location", "out-of-range"));
    assert_eq!(
        with(|it| (it.lat, it.lon) = (Some(0.0), Some(0.0))),
        one("/location", "outside-court")
    );
}

#[test]
fn a_place_lies_in_the_area_or_its_margin() {
    // 5 km are 0.045° of latitude, 0.0549° of longitude here.
    for (lat, lon) in [(35.2, 115.04), (35.44, 114.6), (34.93, 114.6), (35.2, 114.35)] {
        assert_eq!(faults(|draft| draft.location = Some(location(lat, lon))), vec![]);
    }
    for (lat, lon) in
        [(35.2, 115.05), (35.45, 114.6), (34.92, 114.6), (35.44, 115.04), (-35.2, 114.6)]
    {
        let found = faults(|draft| draft.location = Some(location(lat, lon)));
        assert_eq!(found, one("/location", "outside-court"), "{lat} {lon}");
    }
    // A tip for another court is told that, and not also that it is far away.
    let other = faults(|draft| {
        draft.court = Some("beijing".into());
        draft.location = Some(location(39.9, 116.4));
    });
    assert_eq!(other, one("/court", "unknown-court"));
}

#[test]
fn a_shifted_place_is_shifted_back() {
    let here = LatLon::new(35.1997, 114.6689).expect("a place");
    let shifted = crate::geo::Gcj02::from_wgs84(here);
    let mut draft = draft();
    draft.location = Some(LocationDraft {
        datum: Some("GCJ-02".into()),
        ..location(shifted.lat(), shifted.lon())
    });
    let tip = Tip::parse(&draft, &changyuan(), NOW).expect("sound");
    let at = tip.place.expect("a place").at;
    assert!(at.distance(here).0 < 0.1);
    assert!(at.distance(LatLon::new(shifted.lat(), shifted.lon()).expect("a place")).0 > 100.0);
}

#[test]
fn a_picture_is_what_it_says() {
    let with = |content_type: &str, bytes: &[u8]| {
        let picture = picture(content_type, bytes);
        faults(|draft| draft.media = vec![picture])
    };
    assert_eq!(with("image/jpeg", JPEG), vec![]);
    assert_eq!(with("image/png", PNG), vec![]);
    assert_eq!(with("IMAGE/WebP", WEBP), vec![]);
    let by_content = one("/media/0/data", "media-type");
    assert_eq!(with("image/jpeg", PNG), by_content);
    assert_eq!(with("image/png", b"GIF89a"), by_content);
    assert_eq!(with("image/jpeg", b"<svg onload=alert(1)>"), by_content);
    assert_eq!(with("image/webp", b"RIFF\x10\0\0\0AVI "), by_content);
    assert_eq!(with("image/jpeg", &[0xFF, 0xD8]), by_content);
    assert_eq!(with("image/png", &[]), one("/media/0/data", "empty"));
    for declared in ["image/gif", "image/svg+xml", "text/html", "application/pdf", "image/heic", ""]
    {
        assert_eq!(with(declared, JPEG), one("/media/0/content_type", "media-type"), "{declared}");
    }
    let undeclared = faults(|draft| draft.media[0].content_type = None);
    assert_eq!(undeclared, one("/media/0/content_type", "missing"));
    assert_eq!(faults(|draft| draft.media = vec![picture("image/png", PNG); 8]), vec![]);
    let nine = faults(|draft| draft.media = vec![picture("image/png", PNG); 9]);
    assert_eq!(nine, one("/media", "too-many"));
}

#[test]
fn a_tip_is_read_back_as_it_was_written() {
    let tip = Tip::parse(&draft(), &changyuan(), NOW).expect("sound");
    let json = serde_json::to_string(&tip).expect("plain");
    assert!(json.contains(&format!("\"sha256\":\"{}\"", "a5".repeat(32))), "{json}");
    assert!(json.contains("\"content_type\":\"image/jpeg\""), "{json}");
    assert_eq!(serde_json::from_str::<Tip>(&json).expect("the same"), tip);
    for bad in ["a5".repeat(31), "A5".repeat(32), "a5".repeat(33), format!("{}x", "a5".repeat(31))]
    {
        let other = json.replace(&"a5".repeat(32), &bad);
        assert!(serde_json::from_str::<Tip>(&other).is_err(), "{bad}");
    }
}

#[test]
fn nothing_personal_gets_into_a_log() {
    let draft = draft();
    let tip = Tip::parse(&draft, &changyuan(), NOW).expect("sound");
    for text in [format!("{draft:?}"), format!("{tip:?}")] {
        for secret in ["张三", "138", "被执行人", "人民路"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[test]
fn each_code_has_its_own_name() {
    let mut names: Vec<_> = FaultCode::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), 20);
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 20);
}

/// Either what is right, or anything at all.
fn word(right: &'static str) -> impl Strategy<Value = Option<String>> {
    prop_oneof![6 => Just(Some(right.to_owned())), 1 => option::of(any::<String>())]
}

fn degrees(near: std::ops::Range<f64>) -> impl Strategy<Value = Option<f64>> {
    prop_oneof![6 => near.prop_map(Some), 1 => any::<Option<f64>>()]
}

fn any_location() -> impl Strategy<Value = LocationDraft> {
    let datum = prop_oneof![Just(None), word("GCJ-02"), word("WGS-84")];
    let accuracy = prop_oneof![Just(None), (0.0..200.0).prop_map(Some), any::<Option<f64>>()];
    (degrees(34.8..35.6), degrees(114.2..115.2), accuracy, datum)
        .prop_map(|(lat, lon, accuracy_m, datum)| LocationDraft { lat, lon, accuracy_m, datum })
}

fn any_media() -> impl Strategy<Value = MediaDraft> {
    let bytes = prop_oneof![4 => Just(PNG.to_vec()), 1 => vec(any::<u8>(), 0..20)];
    (word("image/png"), bytes, any::<[u8; 32]>())
        .prop_map(|(content_type, bytes, sha256)| MediaDraft { content_type, bytes, sha256 })
}

fn any_draft() -> impl Strategy<Value = TipDraft> {
    let reporter =
        (word("张三"), word("13800138000")).prop_map(|(name, phone)| ReporterDraft { name, phone });
    let texts =
        (word("(2026)豫0783执123号"), word("说明"), word("2026-11-23T06:03:00Z"), word("人民路"));
    (
        (word("changyuan"), word("obstruction"), word("emergency"), any::<bool>()),
        texts,
        option::of(any_location()),
        vec(any_media(), 0..3),
        option::of(reporter),
    )
        .prop_map(|((court, kind, urgency, exercise), texts, location, media, reporter)| {
            let (case_number, description, occurred_at, address) = texts;
            TipDraft {
                court,
                kind,
                urgency,
                case_number,
                description,
                occurred_at,
                location,
                address,
                media,
                reporter,
                exercise,
            }
        })
}

proptest! {
    #[test]
    fn any_draft_is_a_sound_tip_or_has_a_fault(draft in any_draft(), now: i64) {
        for now in [NOW, UnixMillis(now)] {
            match Tip::parse(&draft, &changyuan(), now) {
                Ok(tip) => {
                    let area = Area::new(changyuan().area).expect("an area");
                    let near = |place: Place| area.contains_within(place.at, Metres(5_000.0));
                    prop_assert!(tip.place.is_none_or(near));
                    prop_assert_eq!(tip.place.is_some(), draft.location.is_some());
                    prop_assert_eq!(tip.media.len(), draft.media.len());
                    prop_assert!(tip.kind != IncidentKind::OfficerSos);
                    let json = serde_json::to_string(&tip).expect("plain");
                    let read: Tip = serde_json::from_str(&json).expect("the same");
                    prop_assert_eq!(read.personal, tip.personal);
                }
                Err(faults) => prop_assert!(!faults.is_empty()),
            }
        }
    }

    #[test]
    fn a_profile_that_was_never_checked_makes_nothing_panic(
        draft in any_draft(), area: [f64; 4], area_margin_m: f64,
    ) {
        let court = CourtProfile { area, area_margin_m, ..changyuan() };
        let _either = Tip::parse(&draft, &court, NOW);
    }
}
