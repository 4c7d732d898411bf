//! From HTTP to a socket, byte by byte: what is refused and how, what is not lost on the way, and how a
//! connection ends (PROTOCOL §1, §3).

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::json;

use crate::support::http::read_reply;
use crate::support::waiting::{SOON, Stopwatch, until};
use crate::support::{Court, Door, Officer, Server};

const KEY: &str = "sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
const VERSION: &str = "sec-websocket-version: 13\r\n";
const ASKING: &str = "upgrade: websocket\r\nconnection: upgrade\r\n";

/// A request's head. The headers end with their line breaks.
fn request(door: &Door, line: &str, headers: &str) -> Vec<u8> {
    format!("{line} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n{headers}\r\n", door.port).into_bytes()
}

fn good(door: &Door) -> Vec<u8> {
    request(door, "GET /ws/handheld", &format!("{ASKING}{KEY}{VERSION}"))
}

/// A client's frame of a few bytes.
fn frame(opcode: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [7, 0, 255, 3];
    let mut bytes = vec![0x80 | opcode];
    match u8::try_from(payload.len()) {
        Ok(length @ 0..=125) => bytes.push(0x80 | length),
        _ => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(payload.len()).expect("short").to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn hello(officer: &Officer) -> Vec<u8> {
    let hello = json!({"type": "hello", "v": 1, "ticket": officer.ticket(), "epoch": 1});
    frame(1, hello.to_string().as_bytes())
}

/// Reads until `wanted` has come; everything that came.
fn read_until(stream: &mut TcpStream, wanted: &[u8]) -> Vec<u8> {
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a limit");
    let mut all = Vec::new();
    until(SOON, &format!("{:?}", String::from_utf8_lossy(wanted)), || {
        let mut some = [0; 4096];
        if let Ok(read) = stream.read(&mut some) {
            all.extend_from_slice(&some[..read]);
        }
        all.windows(wanted.len()).any(|window| window == wanted).then_some(())
    });
    all
}

/// How long the server takes to end this connection, whatever it still says.
fn ends(stream: &mut TcpStream) -> Duration {
    stream.set_read_timeout(Some(Duration::from_millis(100))).expect("a limit");
    let clock = Stopwatch::start();
    until(SOON, "the end of a connection", || {
        let mut some = [0; 4096];
        match stream.read(&mut some) {
            Ok(0) => Some(()),
            Ok(_) => None,
            Err(fault) => (fault.kind() == std::io::ErrorKind::ConnectionReset).then_some(()),
        }
    });
    clock.elapsed()
}

/// How many handhelds the server counts.
fn handhelds(door: &Door) -> u64 {
    let text = String::from_utf8(door.get("/metrics", &[]).body).expect("text");
    let line =
        text.lines().find_map(|line| line.strip_prefix("tiande_sockets{kind=\"handheld\"} "));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

#[test]
fn an_upgrade_that_is_none_of_ours_is_refused_and_the_connection_ends() {
    let server = Server::start();
    let whole = format!("{ASKING}{KEY}{VERSION}");
    let body = format!("{whole}content-length: 2\r\n");
    let old = format!("{ASKING}{KEY}sec-websocket-version: 8\r\n");
    let no_key = format!("{ASKING}{VERSION}");
    let short_key = format!("{ASKING}{VERSION}sec-websocket-key: c2hvcnQ=\r\n");
    let only_upgrade = format!("upgrade: websocket\r\n{KEY}{VERSION}");
    let foreign = format!("{whole}origin: http://evil.example\r\n");
    for (line, headers, status, code) in [
        ("GET /ws/nothing", &whole, 404, "not-found"),
        ("GET /ws/handheld/", &whole, 404, "not-found"),
        ("GET /nothing", &whole, 404, "not-found"),
        ("CONNECT example.com:443", &String::new(), 404, "not-found"),
        ("POST /ws/handheld", &body, 405, "method-not-allowed"),
        ("PUT /ws/console", &whole, 405, "method-not-allowed"),
        ("GET /ws/handheld", &no_key, 400, "request-invalid"),
        ("GET /ws/handheld", &short_key, 400, "request-invalid"),
        ("GET /ws/gateway", &old, 400, "request-invalid"),
        ("GET /ws/console", &only_upgrade, 400, "request-invalid"),
        ("GET /ws/console", &foreign, 403, "origin"),
    ] {
        let mut stream = server.connect().expect("a connection");
        stream.write_all(&request(&server, line, headers)).expect("sent");
        let reply = read_reply(&mut stream, "GET").expect("an answer");
        reply.refused(status, code, line);
        assert_eq!(reply.header("connection"), Some("close"), "{line}");
        if status == 405 {
            assert_eq!(reply.header("allow"), Some("GET"), "{line}");
        }
        ends(&mut stream);
    }
    // What is no upgrade is HTTP as ever.
    let mut stream = server.connect().expect("a connection");
    for _ in 0..2 {
        stream.write_all(&request(&server, "GET /ws/handheld", "")).expect("sent");
        read_until(&mut stream, b"request-invalid");
    }
}

#[test]
fn what_is_sent_in_one_go_with_the_upgrade_is_not_lost() {
    let server = Server::start();
    let _court = Court::add(&server, "alpha");
    let officer = Officer::enrol(&server, "alpha", "王建国");
    let mut stream = server.connect().expect("a connection");
    // Another request before it, two frames and a half behind it.
    let ping = frame(1, br#"{"type":"ping","t":"early"}"#);
    let late = frame(1, br#"{"type":"ping","t":"late"}"#);
    let (begun, rest) = late.split_at(9);
    let before = request(&server, "GET /healthz", "");
    let all = [before, good(&server), hello(&officer), ping, begun.to_vec()].concat();
    stream.write_all(&all).expect("sent");
    let heard = String::from_utf8_lossy(&read_until(&mut stream, b"\"early\"")).into_owned();
    let place = |what: &str| heard.find(what).unwrap_or_else(|| unreachable!("{what}: {heard}"));
    assert!(place("200 OK") < place("101 Switching"), "{heard}");
    assert!(place("101 Switching") < place("\"welcome\""), "{heard}");
    stream.write_all(rest).expect("sent");
    read_until(&mut stream, b"\"late\"");
}

#[test]
fn bytes_may_come_one_at_a_time() {
    let server = Server::start();
    let _court = Court::add(&server, "alpha");
    let officer = Officer::enrol(&server, "alpha", "王建国");
    let mut stream = server.connect().expect("a connection");
    stream.set_nodelay(true).expect("no delay");
    let mut slowly = |bytes: &[u8], wanted: &[u8]| {
        bytes.iter().for_each(|byte| stream.write_all(&[*byte]).expect("sent"));
        read_until(&mut stream, wanted)
    };
    slowly(&good(&server), b"101 Switching");
    slowly(&hello(&officer), b"\"welcome\"");
    // Two pieces with a ping between them.
    let text = br#"{"type":"ping","t":"slow"}"#;
    let mut first = frame(1, &text[..9]);
    first[0] = 0x01;
    slowly(&[first, frame(9, b"between")].concat(), b"\x8a\x07between");
    slowly(&frame(0, &text[9..]), b"\"slow\"");
    // The largest ping, and a frame whose length takes several bytes.
    slowly(&frame(9, &[b'x'; 125]), &[&[0x8a, 125][..], &[b'x'; 125]].concat());
    let long = json!({"type": "ping", "t": "y".repeat(600)}).to_string();
    slowly(&frame(1, long.as_bytes()), &[b'y'; 600]);
}

#[test]
fn a_close_is_answered_with_its_own_code_and_ends_the_connection_at_once() {
    let server = Server::start();
    // What the client's close carries, and the code that comes back.
    let cases: [(&[u8], Option<u16>); 7] = [
        (&[0x0b, 0xb8, b'b', b'y', b'e'], Some(3000)),
        (&[3, 232], Some(1000)),
        (&[], None),
        // Half a code, one that may not be sent, one that is none, and words that are no UTF-8.
        (&[3], Some(1002)),
        (&[3, 237], Some(1002)),
        (&[0, 0], Some(1002)),
        (&[3, 232, 0xff], Some(1007)),
    ];
    for (close, code) in cases {
        let mut stream = server.connect().expect("a connection");
        stream.write_all(&good(&server)).expect("sent");
        read_until(&mut stream, b"\r\n\r\n");
        stream.write_all(&frame(8, close)).expect("sent");
        let heard = read_until(&mut stream, b"\x88");
        assert_eq!(heard.first(), Some(&0x88), "{close:?}: {heard:?}");
        let told = heard.get(2..4).map(|code| u16::from_be_bytes([code[0], code[1]]));
        assert_eq!(told, code, "{close:?}");
        // Who has said its own close waits for nothing more.
        let took = ends(&mut stream);
        assert!(took < Duration::from_millis(900), "{close:?}: {took:?}");
    }
}

#[test]
fn a_client_that_goes_without_a_word_leaves_nothing_behind() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let mut officer = court.officer("王建国", 100.0);
    let enter = |name: &str| {
        let who = Officer::enrol(&server, "alpha", name);
        let mut stream = server.connect().expect("a connection");
        stream.write_all(&[good(&server), hello(&who)].concat()).expect("sent");
        read_until(&mut stream, b"\"welcome\"");
        stream
    };
    let (mut half, reset, torn) = (enter("甲"), enter("乙"), enter("丙"));
    assert_eq!(handhelds(&server), 4);
    // One says that it sends nothing more; its last frame still counts.
    half.write_all(&frame(1, br#"{"type":"ping","t":"last"}"#)).expect("sent");
    half.shutdown(Shutdown::Write).expect("half closed");
    read_until(&mut half, b"\"last\"");
    ends(&mut half);
    // One resets, and one goes in the midst of a frame.
    socket2::SockRef::from(&reset).set_linger(Some(Duration::ZERO)).expect("a reset");
    drop(reset);
    (&torn).write_all(&[0x81, 0xfe, 0x10]).expect("sent");
    drop(torn);
    until(SOON, "the end of all three", || (handhelds(&server) == 1).then_some(()));
    officer.socket().is_alive();
}
