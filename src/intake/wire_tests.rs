//! Tests of reading fields: names, types, base64 and bounds.

use serde_json::json;

use super::*;

fn faults(body: Value) -> Vec<(String, &'static str)> {
    let (_, faults) = read(body);
    faults.into_iter().map(|fault| (fault.pointer, fault.code.name())).collect()
}

fn one(pointer: &str, code: &'static str) -> Vec<(String, &'static str)> {
    vec![(pointer.to_owned(), code)]
}

#[test]
fn all_fields_reach_the_draft() {
    let (draft, faults) = read(json!({
        "court": "changyuan", "kind": "debtor_sighted", "urgency": "emergency",
        "case_number": "(2026)豫0783执123号", "description": "d", "occurred_at": "t",
        "location": {"lat": 35.1997, "lon": 114, "accuracy_m": 20, "datum": "WGS-84"},
        "address": "a", "media": [{"content_type": "image/jpeg", "data": "/9j/"}],
        "reporter": {"name": "n", "phone": "p"}, "exercise": true
    }));
    assert_eq!(faults, []);
    let some = |text: &str| Some(text.to_owned());
    let expected = TipDraft {
        court: some("changyuan"),
        kind: some("debtor_sighted"),
        urgency: some("emergency"),
        case_number: some("(2026)豫0783执123号"),
        description: some("d"),
        occurred_at: some("t"),
        location: Some(LocationDraft {
            lat: Some(35.1997),
            lon: Some(114.0),
            accuracy_m: Some(20.0),
            datum: some("WGS-84"),
        }),
        address: some("a"),
        media: vec![MediaDraft {
            content_type: some("image/jpeg"),
            bytes: vec![0xFF, 0xD8, 0xFF],
            sha256: Sha256::digest([0xFF, 0xD8, 0xFF]).into(),
        }],
        reporter: Some(ReporterDraft { name: some("n"), phone: some("p") }),
        exercise: true,
    };
    assert!(draft == expected, "{draft:?}");
}

#[test]
fn an_empty_object_has_no_fault_here() {
    assert_eq!(faults(json!({})), []);
    assert_eq!(faults(json!({"location": {}, "media": [], "reporter": {}})), []);
}

#[test]
fn a_body_that_is_no_object_has_one_fault() {
    for body in [json!([]), json!(null), json!("x"), json!(1)] {
        assert_eq!(faults(body), one("", "wrong-type"));
    }
}

#[test]
fn unknown_fields_are_named_wherever_they_are() {
    assert_eq!(faults(json!({"courts": 1})), one("/courts", "unknown-field"));
    assert_eq!(faults(json!({"location": {"x": 1}})), one("/location/x", "unknown-field"));
    assert_eq!(faults(json!({"reporter": {"": 1}})), one("/reporter/", "unknown-field"));
    let media = json!({"media": [{"data": "AA==", "name": "../../x"}]});
    assert_eq!(faults(media), one("/media/0/name", "unknown-field"));
    assert_eq!(faults(json!({"a/b~c": 1})), one("/a~1b~0c", "unknown-field"));
    let long = "x".repeat(1_000);
    let mut body = json!({});
    body[long.as_str()] = json!(1);
    assert_eq!(faults(body), one("", "unknown-field"));
}

#[test]
fn each_field_has_its_type() {
    let texts =
        ["court", "kind", "urgency", "case_number", "description", "occurred_at", "address"];
    for name in texts {
        for wrong in [json!(1), json!(null), json!(true), json!([]), json!({})] {
            assert_eq!(faults(json!({ name: wrong })), one(&format!("/{name}"), "wrong-type"));
        }
    }
    for name in ["location", "media", "reporter", "exercise"] {
        for wrong in [json!(1), json!(null), json!("true")] {
            assert_eq!(faults(json!({ name: wrong })), one(&format!("/{name}"), "wrong-type"));
        }
    }
    for name in ["lat", "lon", "accuracy_m"] {
        for wrong in [json!("35.2"), json!(null), json!([1]), json!(true)] {
            let body = json!({"location": {name: wrong}});
            assert_eq!(faults(body), one(&format!("/location/{name}"), "wrong-type"));
        }
    }
    assert_eq!(faults(json!({"location": {"datum": 84}})), one("/location/datum", "wrong-type"));
    assert_eq!(faults(json!({"reporter": {"phone": 110}})), one("/reporter/phone", "wrong-type"));
}

#[test]
fn pictures_are_standard_base64() {
    for bad in ["/9j", "_9j_", "/9j/\n", "data:image/jpeg;base64,/9j/", "//==", "é", "A==="] {
        let body = json!({"media": [{"data": bad}]});
        assert_eq!(faults(body), one("/media/0/data", "base64-invalid"), "{bad}");
    }
    assert_eq!(faults(json!({"media": [{}]})), one("/media/0/data", "missing"));
    assert_eq!(faults(json!({"media": [7]})), one("/media/0", "wrong-type"));
    assert_eq!(faults(json!({"media": [{"data": 7}]})), one("/media/0/data", "wrong-type"));
}

#[test]
fn at_most_eight_pictures_and_six_megabytes() {
    let picture = |bytes: usize| json!({"data": STANDARD.encode(vec![1; bytes])});
    let body = |items: Vec<Value>| json!({ "media": items });
    assert_eq!(faults(body(vec![picture(1); 8])), []);
    assert_eq!(faults(body(vec![picture(1); 9])), one("/media", "too-many"));
    let half = MEDIA_BYTES_MAX / 2;
    assert_eq!(faults(body(vec![picture(half), picture(half)])), []);
    assert_eq!(faults(body(vec![picture(half), picture(half + 1)])), one("/media", "too-many"));
    assert_eq!(faults(body(vec![picture(2 * half + 100)])), one("/media", "too-many"));
}

#[test]
fn the_list_of_faults_stays_short() {
    let many: Map<_, _> = (0..500).map(|n| (n.to_string(), json!(0))).collect();
    assert_eq!(faults(Value::Object(many)).len(), FAULTS_MAX);
}

#[test]
fn the_cores_echo_of_our_own_faults_is_left_out() {
    let of = |list: &[(&str, FaultCode)]| {
        let fault =
            |(at, code): &(&str, FaultCode)| TipFault { pointer: (*at).into(), code: *code };
        list.iter().map(fault).collect::<Vec<_>>()
    };
    let edge = of(&[("/location/lat", FaultCode::WrongType), ("/media/1", FaultCode::WrongType)]);
    let core = of(&[
        ("/court", FaultCode::Missing),
        ("/location/lat", FaultCode::Missing),
        ("/location/lon", FaultCode::OutOfRange),
        ("/media/1/data", FaultCode::Empty),
        ("/media/10/data", FaultCode::Empty),
    ]);
    let joined = of(&[
        ("/location/lat", FaultCode::WrongType),
        ("/media/1", FaultCode::WrongType),
        ("/court", FaultCode::Missing),
        ("/location/lon", FaultCode::OutOfRange),
        ("/media/10/data", FaultCode::Empty),
    ]);
    assert_eq!(join(edge, core), joined);
}

#[test]
fn only_pictures_are_media() {
    assert!(has_media(&json!({"media": [{}]})));
    for none in [json!({}), json!({"media": []}), json!({"media": {"a": 1}}), json!([1])] {
        assert!(!has_media(&none), "{none}");
    }
}
