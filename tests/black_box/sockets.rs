//! Sockets that behave badly: how each is refused or closed, and that nobody else notices
//! (PROTOCOL §3).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::people::{console_ticket, fix};
use crate::support::socket::Got;
use crate::support::waiting::{Deadline, SOON, Stopwatch, let_pass, until};
use crate::support::{Console, Court, Door, Officer, Server, Socket};

/// A ticket is good for so long.
const TICKET_TTL: Duration = Duration::from_secs(30);
/// Largest frame and largest message.
const FRAME_MAX: usize = 64 * 1024;

fn setting() -> (Server, Court) {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    (server, court)
}

/// A socket without `hello`.
fn silent(door: &Door) -> Socket {
    Socket::upgrade(door, "/ws/handheld", &[]).expect("an upgrade")
}

fn hello(v: u32, ticket: &str) -> Value {
    json!({"type": "hello", "v": v, "ticket": ticket, "epoch": 1})
}

#[test]
fn a_socket_that_does_not_say_hello_is_closed_after_five_seconds() {
    let (server, _court) = setting();
    let begun = Stopwatch::start();
    let mut sockets: Vec<Socket> = ["/ws/handheld", "/ws/console"]
        .map(|path| Socket::upgrade(&server, path, &[]).expect("an upgrade"))
        .into();
    for socket in &mut sockets {
        socket.closes_with(4408, "silent");
    }
    let took = begun.elapsed();
    assert!((Duration::from_millis(4_500)..Duration::from_secs(9)).contains(&took), "{took:?}");
}

#[test]
fn a_ticket_is_good_once_for_its_own_kind_of_socket_and_thirty_seconds() {
    let (server, court) = setting();
    let cookie = court.dispatcher();
    let mut officer = Officer::enrol(&server, "alpha", "王建国");
    let old = officer.ticket();
    let begun = Stopwatch::start();
    let refused = |path: &str, ticket: &str, what: &str| {
        let mut socket = Socket::hello(&server, path, ticket, 1);
        socket.closes_with(4401, what);
    };
    for bad in ["", "nonsense", &"x".repeat(10_000), "null"] {
        refused("/ws/handheld", bad, "a bad ticket");
        refused("/ws/console", bad, "a bad ticket");
    }
    let used = officer.ticket();
    let mut first = Socket::hello(&server, "/ws/handheld", &used, 1);
    first.expect("welcome");
    refused("/ws/handheld", &used, "a used ticket");
    first.is_alive();
    refused("/ws/handheld", &console_ticket(&server, &cookie), "a console's on a handheld");
    refused("/ws/console", &officer.ticket(), "a handheld's on a console");
    officer.connect();
    let left = (TICKET_TTL + Duration::from_secs(1)).saturating_sub(begun.elapsed());
    let_pass(left);
    refused("/ws/handheld", &old, "an old ticket");
}

#[test]
fn only_the_right_hello_opens_a_socket() {
    let (server, _court) = setting();
    let officer = Officer::enrol(&server, "alpha", "王建国");
    for v in [0, 2, u32::MAX] {
        let mut socket = silent(&server);
        socket.send(&hello(v, &officer.ticket()));
        socket.closes_with(4410, "another version");
    }
    for first in [
        json!({"type": "sos", "id": "1"}),
        json!({"type": "position", "fixes": [fix(1, 0.0)]}),
        json!({"type": "ping", "t": 1}),
        json!({"type": "hello"}),
        json!({"type": "hello", "v": "1", "ticket": "x"}),
        json!({"type": "hello", "v": -1, "ticket": "x"}),
        json!([]),
        Value::Null,
    ] {
        let mut socket = silent(&server);
        socket.send(&first);
        socket.closes_with(4400, &first.to_string());
    }
    // Hello in pieces, and what a hasty client sends before it is welcome.
    let text = hello(1, &officer.ticket()).to_string();
    let mut socket = silent(&server);
    let (begin, rest) = text.as_bytes().split_at(7);
    socket.send_piece(begin, true, false);
    let last = rest.len() - 1;
    for (number, byte) in rest.iter().take(40).enumerate() {
        assert!(socket.send_piece(&[*byte], false, number == last));
    }
    socket.send_piece(&rest[40..], false, true);
    socket.send(&json!({"type": "duty", "id": "hasty", "to": "on_duty"}));
    socket.expect("welcome");
    let answer = socket.expect_where("the hasty one", |frame| frame["ref"] == "hasty");
    assert_eq!(answer["type"], "done");
    // A second hello is nothing that is known.
    socket.send(&hello(1, "x"));
    assert_eq!(socket.expect("error")["code"], "type-unknown");
    socket.is_alive();
}

#[test]
fn a_page_of_another_origin_gets_no_socket() {
    let (server, _court) = setting();
    let own = server.origin();
    for path in ["/ws/handheld", "/ws/console"] {
        for origin in
            ["http://evil.example", "null", "https://127.0.0.1", "", &format!("{own}.evil.example")]
        {
            let refused = Socket::upgrade(&server, path, &[("origin", origin)]);
            assert_eq!(refused.err(), Some(403), "{path} {origin:?}");
        }
        assert!(Socket::upgrade(&server, path, &[("origin", &own)]).is_ok());
        let reply = server.get(path, &[("origin", "http://evil.example")]);
        reply.refused(403, "origin", path);
        server.get(path, &[]).refused(400, "request-invalid", "no upgrade");
        server.send("POST", path, &[], b"").refused(405, "method-not-allowed", path);
    }
}

#[test]
fn what_is_no_text_is_closed_with_its_code() {
    let (_server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    officer.socket().send_binary(b"{}");
    officer.socket().closes_with(1003, "binary");
    let masked = |first: u8, body: &[u8]| {
        let mut bytes = vec![first, 0x80 | u8::try_from(body.len()).expect("short"), 0, 0, 0, 0];
        bytes.extend_from_slice(body);
        bytes
    };
    let cases: [(&str, Vec<u8>, u16); 8] = [
        ("bad UTF-8", masked(0x81, b"\"\xff\xfe\""), 1007),
        ("half a character", masked(0x81, b"\"\xe8\x92"), 1007),
        ("bad UTF-8 in pieces", [masked(0x01, b"\"\xff"), masked(0x80, b"\xfe\"")].concat(), 1007),
        ("binary in pieces", [masked(0x02, b"a"), masked(0x80, b"b")].concat(), 1003),
        ("a piece of nothing", masked(0x80, b"x"), 1002),
        ("an opcode that is none", masked(0x83, b"x"), 1002),
        ("no mask", b"\x81\x02{}".to_vec(), 1002),
        ("a ping in pieces", masked(0x09, b"x"), 1002),
    ];
    for (what, bytes, code) in cases {
        officer.connect();
        officer.socket().send_raw(&bytes);
        officer.socket().closes_with(code, what);
    }
    officer.connect();
    // A character that is cut by a fragment's border is whole in the end.
    let text = json!({"type": "ping", "t": "长垣"}).to_string().into_bytes();
    let cut = text.iter().position(|byte| *byte > 0x7f).expect("a long character") + 1;
    officer.socket().send_piece(&text[..cut], true, false);
    officer.socket().send_piece(&text[cut..], false, true);
    assert_eq!(officer.socket().expect("pong")["t"], "长垣");
}

#[test]
fn an_unknown_type_is_answered_and_the_third_broken_frame_closes() {
    let (server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    let cookie = court.dispatcher();
    let mut console = Console::open(&server, &cookie).socket;
    for socket in [officer.socket(), &mut console] {
        for number in 0..5 {
            socket.send(&json!({"type": format!("new-{number}"), "id": "n"}));
            let error = socket.expect("error");
            assert_eq!((&error["code"], &error["ref"]), (&json!("type-unknown"), &json!("n")));
        }
        socket.is_alive();
        for broken in ["{", "[1]"] {
            socket.send_text(broken);
            assert_eq!(socket.expect("error")["code"], "frame-invalid", "{broken}");
        }
        socket.is_alive();
        socket.send_text("{\"id\":\"7\"}");
        socket.closes_with(4400, "the third");
    }
    // Each of these is broken.
    let deep = format!("{{\"type\":\"ping\",\"t\":{}{}}}", "[".repeat(40), "]".repeat(40));
    for broken in [
        "",
        "null",
        "{\"type\":7}",
        "{\"type\":\"ping\",\"type\":\"ping\"}",
        "{\"type\":\"duty\",\"to\":\"on_duty\"}",
        "{\"type\":\"duty\",\"id\":7,\"to\":\"on_duty\"}",
        "{\"type\":\"duty\",\"id\":\"\",\"to\":\"on_duty\"}",
        &json!({"type": "duty", "id": "i".repeat(65), "to": "on_duty"}).to_string(),
        "{\"type\":\"position\",\"fixes\":[]}",
        "{\"type\":\"position\",\"fixes\":[{\"seq\":-1,\"taken_at\":0,\"lat\":1,\"lon\":1}]}",
        "{\"type\":\"position\"}",
        "{\"type\":\"ping\"} {}",
        &deep,
    ] {
        officer.connect();
        officer.socket().send_text(broken);
        assert_eq!(officer.socket().expect("error")["code"], "frame-invalid", "{broken}");
    }
    let many: Vec<Value> = (0..101).map(|seq| fix(seq, 0.0)).collect();
    officer.socket().send(&json!({"type": "position", "fixes": many}));
    assert_eq!(officer.socket().expect("error")["code"], "frame-invalid");
}

#[test]
fn a_frame_that_is_announced_too_large_is_refused_before_it_comes() {
    let (server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    let before = server.rss_kib();
    for length in [(FRAME_MAX + 1) as u64, 100 << 20, u64::MAX >> 1, u64::MAX] {
        let mut socket = silent(&server);
        socket.announce(length);
        // Goes on sending as if nobody had said no.
        let chunk = vec![0x20; 1 << 20];
        until(SOON, "the end of a connection that announced too much", || {
            (!socket.send_raw(&chunk)).then_some(())
        });
        officer.socket().is_alive();
    }
    let grown = server.rss_kib().saturating_sub(before);
    assert!(grown < 16 * 1024, "grown by {grown} KiB");
    // Who stops there is told why.
    for length in [(FRAME_MAX + 1) as u64, 100 << 20, u64::MAX] {
        let mut socket = silent(&server);
        socket.announce(length);
        socket.closes_with(1009, &length.to_string());
    }
    // The largest that is allowed, after hello.
    let frame = json!({"type": "ping", "t": 1}).to_string();
    let text = frame.clone() + &" ".repeat(FRAME_MAX - frame.len());
    officer.socket().send_text(&text);
    officer.socket().expect("pong");
    officer.socket().send_text(&(text + " "));
    officer.socket().closes_with(1009, "one byte more");
}

#[test]
fn a_message_of_endless_pieces_is_refused() {
    let (server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    let before = server.rss_kib();
    for size in [0, 1, FRAME_MAX / 2] {
        officer.connect();
        let socket = officer.socket();
        let piece = vec![b' '; size];
        socket.send_piece(&piece, true, false);
        for _ in 0..64 {
            socket.send_piece(&piece, false, false);
        }
        socket.closes_with(1009, &format!("pieces of {size}"));
    }
    let grown = server.rss_kib().saturating_sub(before);
    assert!(grown < 16 * 1024, "grown by {grown} KiB");
    // Sixty-four pieces are a message.
    officer.connect();
    let text = json!({"type": "ping", "t": "x".repeat(60)}).to_string();
    let (bytes, last) = (text.as_bytes(), 63);
    for number in 0..64 {
        let piece = if number == last { &bytes[number..] } else { &bytes[number..=number] };
        officer.socket().send_piece(piece, number == 0, number == last);
    }
    officer.socket().expect("pong");
}

#[test]
fn the_same_device_elsewhere_closes_the_older_socket() {
    let (_server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    let mut older = officer.socket.take().expect("connected");
    assert_eq!(officer.connect()["status"], "available");
    older.closes_with(4409, "the older one");
    officer.socket().is_alive();
    assert_eq!(officer.report(120.0)["taken"], 1);
}

#[test]
fn a_revoked_device_is_shut_out_at_once() {
    let (server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    let pending = officer.ticket();
    server.admin(&json!({"do": "device_revoke", "device": officer.device}));
    let closed = officer.socket().close_code(Duration::from_secs(5));
    assert_eq!(closed, Some(Some(4401)));
    let bearer = format!("Bearer {}", officer.token);
    let reply = server.post("/api/ws-tickets", &[("authorization", &bearer)], &json!({}));
    reply.refused(401, "credentials", "a revoked device's token");
    // Also with a ticket it had asked for before.
    let mut late = Socket::hello(&server, "/ws/handheld", &pending, 9);
    assert_eq!(late.close_code(Duration::from_secs(5)), Some(Some(4401)), "its ticket");
    assert_eq!(late.next(Deadline::after(Duration::ZERO)), Got::Closed(Some(4401)), "no welcome");
    // The officer gets another telephone.
    Officer::enrol(&server, "alpha", "王建国").connect();
    let again = server.ask(&json!({"do": "device_revoke", "device": "nonsense"}));
    assert_eq!(again.expect_err("no device")["code"], "not-found");
}

#[test]
fn who_signs_out_loses_the_console() {
    let (server, court) = setting();
    let cookie = court.dispatcher();
    let mut console = Console::open(&server, &cookie).socket;
    let pending = console_ticket(&server, &cookie);
    let headers = [("cookie", cookie.as_str()), ("origin", &server.origin())];
    assert_eq!(server.send("DELETE", "/api/session", &headers, b"").status, 204);
    Socket::hello(&server, "/ws/console", &pending, 0).closes_with(4401, "its ticket");
    console.closes_with(4401, "a session that is over");
}

#[test]
fn too_many_commands_close_the_socket_and_positions_do_not() {
    let (_server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    let mut newest = 0;
    for burst in 0..20 {
        for seq in 0..20 {
            newest = 100 + burst * 20 + seq;
            officer.socket().send(&json!({"type": "position", "fixes": [fix(newest, 100.0)]}));
        }
    }
    officer.socket().expect_where("the newest ack", |f| f["type"] == "ack" && f["seq"] == newest);
    officer.socket().is_alive();
    // What only looks like a position is none.
    let disguised: [fn(u32) -> Value; 3] = [
        |n| json!({"type": "ping", "t": n}),
        |n| json!({"type": "ping", "t": n, "position": "\"position\""}),
        |n| json!({"type": "duty", "id": n.to_string(), "to": "position"}),
    ];
    for flood in disguised {
        officer.connect();
        for number in 0..200 {
            officer.socket().send(&flood(number));
        }
        officer.socket().closes_with(4429, &flood(0).to_string());
    }
}

#[test]
fn whatever_bytes_come_the_server_goes_on() {
    let (server, court) = setting();
    let mut officer = court.officer("王建国", 100.0);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    for _ in 0..60 {
        let mut socket = silent(&server);
        let bytes: Vec<u8> = (0..64).flat_map(|_| random()).collect();
        socket.send_raw(&bytes);
        let got = socket.next(Deadline::after(Duration::from_millis(20)));
        assert!(!matches!(got, Got::Frame(_)), "{got:?}");
        let head: Vec<u8> = (0..32).flat_map(|_| random()).collect();
        server.connect().map(|stream| std::io::Write::write_all(&mut &stream, &head));
    }
    officer.socket().is_alive();
    assert_eq!(officer.report(110.0)["taken"], 1);
}
