//! Tests of the client: what it sends is what the door takes.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use clap::Parser;
use std::net::TcpListener;

use super::*;
use crate::intake::signature::{Secret, Signed};

const SECRET: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const NOW: UnixMillis = UnixMillis(1_649_367_553_900);

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    args: TipArgs,
}

fn args(url: &str, more: &[&str]) -> TipArgs {
    let fixed = ["tip", "--url", url, "--secret", SECRET, "--court", "changyuan"];
    Line::try_parse_from(fixed.iter().chain(more)).expect("arguments").args
}

#[test]
fn the_body_has_what_was_given_and_nothing_else() {
    let least = args("http://a/", &[]);
    let expected = json!({"court": "changyuan", "kind": "debtor_sighted", "urgency": "emergency"});
    assert_eq!(least.body(), expected);
    let full = args(
        "http://a/",
        &[
            "--kind",
            "other",
            "--urgency",
            "routine",
            "--lat",
            "-35.2",
            "--lon",
            "114.67",
            "--accuracy",
            "20",
            "--description",
            "看见了",
            "--case-number",
            "(2026)豫0783执123号",
            "--exercise",
        ],
    );
    let expected = json!({
        "court": "changyuan", "kind": "other", "urgency": "routine",
        "location": {"lat": -35.2, "lon": 114.67, "accuracy_m": 20.0},
        "description": "看见了", "case_number": "(2026)豫0783执123号", "exercise": true
    });
    assert_eq!(full.body(), expected);
}

#[test]
fn a_secret_and_both_coordinates_are_needed() {
    let refused = |line: &[&str]| Line::try_parse_from(line).is_err();
    assert!(refused(&["tip", "--url", "http://a/", "--court", "c"]));
    let fixed = ["tip", "--url", "http://a/", "--court", "c", "--secret", SECRET];
    assert!(refused(&[&fixed[..], &["--lat", "1"]].concat()));
    assert!(refused(&[&fixed[..], &["--secret-file", "f"]].concat()));
}

#[test]
fn only_plain_http_urls_are_taken() {
    let target = |url: &str| Target::parse(url).map(|it| (it.authority, it.address, it.path)).ok();
    let of = |a: &str, b: &str, c: &str| Some((a.to_owned(), b.to_owned(), c.to_owned()));
    assert_eq!(target("http://a:81/x?y"), of("a:81", "a:81", "/x?y"));
    assert_eq!(target("http://a"), of("a", "a:80", "/"));
    assert_eq!(target("http://[::1]/x"), of("[::1]", "[::1]:80", "/x"));
    assert_eq!(target("http://[::1]:81/x"), of("[::1]:81", "[::1]:81", "/x"));
    for bad in ["https://a/", "a/", "http:///x", "http://u@a/", "http://a/ x", "http://a/\r\nX: 1"]
    {
        assert_eq!(target(bad), None, "{bad}");
    }
}

#[test]
fn what_is_sent_is_signed_as_the_door_wants_it() {
    let args = args("http://a:81/hooks/tips/hotline", &["--id", "again"]);
    let target = Target::parse(&args.url).expect("a target");
    let sent = request(&args, &target, NOW).expect("a request");
    let text = String::from_utf8(sent).expect("text");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let mut lines = head.lines();
    assert_eq!(lines.next(), Some("POST /hooks/tips/hotline HTTP/1.1"));
    let headers: HeaderMap = lines
        .map(|line| {
            let (name, value) = line.split_once(": ").expect("a field");
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a name");
            (name, HeaderValue::from_str(value).expect("a value"))
        })
        .collect();
    assert_eq!(crate::intake::body::check_head(&headers), Ok(()));
    let signed = Signed::read(&headers).expect("signed");
    assert_eq!(signed.id, "again");
    let secrets = [Secret::parse(SECRET).expect("a secret")];
    assert_eq!(signed.verify(body.as_bytes(), &secrets, NOW), Ok(()));
    assert_eq!(crate::strict_json::parse(body.as_bytes()).expect("JSON"), args.body());
}

#[test]
fn a_bad_secret_or_id_is_told_without_showing_it() {
    let mut bad = args("http://a/", &[]);
    bad.secret = Some("whsec_!secret!".to_owned());
    let target = Target::parse(&bad.url).expect("a target");
    let told = request(&bad, &target, NOW).expect_err("no secret").to_string();
    assert!(!told.contains("!secret!"), "{told}");
    let bad = args("http://a/", &["--id", "a\r\nX: 1"]);
    assert!(request(&bad, &target, NOW).is_err());
}

#[test]
fn answers_are_read_in_each_of_their_forms() {
    let answered = |status, body: &str| Answered { status, body: body.as_bytes().to_vec() };
    let read = |text: &str| read_answer(text.as_bytes()).ok();
    assert_eq!(
        read("HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}"),
        Some(answered(202, "{}"))
    );
    assert_eq!(read("HTTP/1.0 204\r\n\r\n"), Some(answered(204, "")));
    assert_eq!(read("HTTP/1.1 401 No\r\nX: y\r\n\r\nopen end"), Some(answered(401, "open end")));
    assert_eq!(
        read(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x\r\nde\r\n0\r\n\r\n"
        ),
        Some(answered(200, "abcde"))
    );
    let broken = [
        "",
        "HTTP/1.1 200 OK\r\n",
        "SSH-2.0\r\n\r\n",
        "HTTP/1.1 abc\r\n\r\n",
        "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc",
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nffffffffffffffff\r\nabc",
    ];
    for text in broken {
        assert_eq!(read(text), None, "{text:?}");
    }
}

#[test]
fn a_tip_goes_over_a_real_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let url = format!("http://{}/hooks/tips/hotline", listener.local_addr().expect("bound"));
    let server = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a connection");
        let mut seen = Vec::new();
        while !seen.ends_with(b"}") {
            let mut part = [0; 1024];
            let count = stream.read(&mut part).expect("read");
            seen.extend_from_slice(&part[..count]);
        }
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\n{}").expect("written");
    });
    let mut out = Vec::new();
    assert_eq!(send(&args(&url, &[]), NOW, &mut out).expect("answered"), 202);
    assert_eq!(out, b"202\n{}\n");
    server.join().expect("served");
}
