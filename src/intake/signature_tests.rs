//! Tests of signatures: the public vector, and each way to be wrong.

use std::path::Path;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use standardwebhooks::Webhook;

use super::*;

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const ID: &str = "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk";
const AT: i64 = 1_649_367_553;
const BODY: &[u8] = br#"{"email":"test@example.com","username":"test_user"}"#;
const SIGNATURE: &str = "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=";

fn signed(id: &str, at: &str, signatures: &str) -> Signed {
    Signed { id: id.into(), timestamp: at.into(), signatures: signatures.into() }
}

fn secret(text: &str) -> Secret {
    Secret::parse(text).expect("a secret")
}

fn at(seconds: i64) -> UnixMillis {
    UnixMillis(seconds * 1_000)
}

fn check(signatures: &str) -> Result<(), Problem> {
    signed(ID, &AT.to_string(), signatures).verify(BODY, &[secret(SECRET)], at(AT))
}

#[test]
fn the_public_vector_passes() {
    assert_eq!(check(SIGNATURE), Ok(()));
}

#[test]
fn the_fixture_passes_and_its_wrong_signatures_do_not() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../shared/data/fixtures/standard_webhooks_vectors.json");
    let Ok(bytes) = std::fs::read(path) else {
        #[allow(clippy::print_stdout)] // Says why a test had nothing to do.
        {
            println!("skipped: no fixture standard_webhooks_vectors.json");
        }
        return;
    };
    let vector: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
    let text = |name: &str| vector[name].as_str().expect(name).to_owned();
    let time = vector["timestamp"].as_i64().expect("timestamp");
    let verify = |signature: &str| {
        signed(&text("id"), &time.to_string(), signature).verify(
            text("payload").as_bytes(),
            &[secret(&text("secret"))],
            at(time),
        )
    };
    assert_eq!(verify(&text("signature")), Ok(()));
    let wrong = vector["wrong_signatures"].as_array().expect("wrong ones");
    assert!(!wrong.is_empty());
    for signature in wrong {
        assert_eq!(verify(signature.as_str().expect("text")), Err(Problem::signature()));
    }
}

#[test]
fn one_right_signature_among_several_is_enough() {
    let wrong = "v1,R3PTzyfHASBKHH98a7yexTwaJ4yNIcGhFQc1yuN+BPU=";
    assert_eq!(check(&format!("{wrong} {SIGNATURE}")), Ok(()));
    assert_eq!(check(&format!("v1a,abc v2,{wrong} {SIGNATURE} nonsense")), Ok(()));
    assert_eq!(check(wrong), Err(Problem::signature()));
}

#[test]
fn what_is_no_signature_of_our_version_does_not_count() {
    let bare = SIGNATURE.strip_prefix("v1,").expect("versioned");
    let unpadded = SIGNATURE.trim_end_matches('=');
    let wrong = [
        String::new(),
        " ".to_owned(),
        "v1".to_owned(),
        "v1,".to_owned(),
        bare.to_owned(),
        format!("v2,{bare}"),
        format!("V1,{bare}"),
        format!("v1a,{bare}"),
        unpadded.to_owned(),
        format!("{SIGNATURE}AAAA"),
        format!("v1,{}", &bare[..20]),
        format!("{SIGNATURE},"),
    ];
    for signatures in wrong {
        assert_eq!(check(&signatures), Err(Problem::signature()), "{signatures:?}");
    }
}

#[test]
fn everything_that_was_signed_counts() {
    let now = at(AT);
    let secrets = [secret(SECRET)];
    let time = AT.to_string();
    let changed = [
        (signed("msg_other", &time, SIGNATURE), BODY.to_vec()),
        (signed(ID, &(AT + 1).to_string(), SIGNATURE), BODY.to_vec()),
        (signed(ID, &time, SIGNATURE), [BODY, b" "].concat()),
        (signed(ID, &time, SIGNATURE), Vec::new()),
    ];
    for (signed, body) in changed {
        assert_eq!(signed.verify(&body, &secrets, now), Err(Problem::signature()));
    }
    let genuine = signed(ID, &time, SIGNATURE);
    assert_eq!(genuine.verify(BODY, &[Secret::nobodys()], now), Err(Problem::signature()));
    assert_eq!(genuine.verify(BODY, &[], now), Err(Problem::signature()));
}

#[test]
fn while_secrets_are_rotated_both_are_good() {
    let genuine = signed(ID, &AT.to_string(), SIGNATURE);
    let secrets = [Secret::nobodys(), secret(SECRET)];
    assert_eq!(genuine.verify(BODY, &secrets, at(AT)), Ok(()));
}

#[test]
fn five_minutes_either_way_and_no_more() {
    let genuine = signed(ID, &AT.to_string(), SIGNATURE);
    let secrets = [secret(SECRET)];
    for distance in [-300, 0, 300] {
        assert_eq!(genuine.verify(BODY, &secrets, at(AT + distance)), Ok(()), "{distance}");
    }
    for distance in [-100_000, -301, 301, 100_000] {
        let checked = genuine.verify(BODY, &secrets, at(AT + distance));
        assert_eq!(checked, Err(Problem::timestamp()), "{distance}");
    }
    // Not even that is told to who cannot sign.
    let forged = signed(ID, "1", SIGNATURE);
    assert_eq!(forged.verify(BODY, &secrets, at(AT)), Err(Problem::signature()));
}

#[test]
fn a_signed_timestamp_that_is_no_number_is_not_fresh() {
    let key = secret(SECRET);
    for time in ["", "now", "+5", "-5", " 5", "5.0", "99999999999999999999", "٥"] {
        let mut odd = signed(ID, time, "");
        odd.signatures = format!("v1,{}", STANDARD.encode(key.sign(&odd, BODY)));
        let checked = odd.verify(BODY, std::slice::from_ref(&key), at(5));
        assert_eq!(checked, Err(Problem::timestamp()), "{time:?}");
    }
}

#[test]
fn the_common_library_and_this_one_agree() {
    let library = Webhook::new(SECRET).expect("a secret");
    for (id, time, body) in
        [(ID, AT, BODY), ("x", 0, b""), ("提", 9, "线索".as_bytes()), ("a", 1 << 40, b"{}")]
    {
        let theirs = library.sign(id, time, body).expect("signed");
        let delivery = signed(id, &time.to_string(), &theirs);
        assert_eq!(delivery.verify(body, &[secret(SECRET)], at(time)), Ok(()));
    }
}

#[test]
fn bytes_that_are_no_text_can_be_signed_too() {
    let key = secret(SECRET);
    let mut delivery = signed(ID, &AT.to_string(), "");
    delivery.signatures = format!("v1,{}", STANDARD.encode(key.sign(&delivery, b"\xFF")));
    assert_eq!(delivery.verify(b"\xFF", &[key], at(AT)), Ok(()));
}

#[test]
fn secrets_have_their_prefix_and_are_base64() {
    for bad in ["", "whsec_", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_!", "WHSEC_C2FV"] {
        assert!(Secret::parse(bad).is_none(), "{bad}");
    }
    assert_eq!(format!("{:?}", secret(SECRET)), "Secret(…)");
}

fn headers(fields: &[(&'static str, &[u8])]) -> HeaderMap {
    let mut map = HeaderMap::new();
    for (name, value) in fields {
        let value = HeaderValue::from_bytes(value).expect("a value");
        map.append(HeaderName::from_static(name), value);
    }
    map
}

#[test]
fn a_request_without_all_three_headers_is_unsigned() {
    let all: [(&str, &[u8]); 3] =
        [("webhook-id", b"a"), ("webhook-timestamp", b"1"), ("webhook-signature", b"v1,x")];
    assert_eq!(Signed::read(&headers(&all)), Ok(signed("a", "1", "v1,x")));
    for left_out in 0..3 {
        let mut some = all.to_vec();
        some.remove(left_out);
        assert_eq!(Signed::read(&headers(&some)), Err(Problem::signature()));
        let mut twice = all.to_vec();
        twice.push(all[left_out]);
        assert_eq!(Signed::read(&headers(&twice)), Err(Problem::signature()));
    }
}

#[test]
fn an_id_is_short_and_plain() {
    let of = |id: &[u8]| {
        Signed::read(&headers(&[
            ("webhook-id", id),
            ("webhook-timestamp", b"1"),
            ("webhook-signature", b"v1,x"),
        ]))
    };
    assert!(of(&[b'x'; 256]).is_ok());
    assert!(of(b"!~|").is_ok());
    let bad: [&[u8]; 6] = [b"", b"a.b", b"a b", &[b'x'; 257], "提".as_bytes(), b"a\xFF"];
    for id in bad {
        assert_eq!(of(id), Err(Problem::webhook_id_invalid()), "{id:?}");
    }
}
