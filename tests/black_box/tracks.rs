//! Tracks from outside: a phone's offline queue, a killed server, who may read, binary positions.

use serde_json::{Value, json};

use crate::support::people::fix;
use crate::support::server::files_below;
use crate::support::waiting::unix_ms;
use crate::support::{Court, Officer, Server};

const NEVER: &str = "0190a5b0-0000-7000-8000-000000000001";

/// `2026-11-25T08:00:00Z` of Unix milliseconds.
fn rfc3339(ms: i64) -> String {
    tiande_core::rfc3339::format_utc(tiande_core::time::UnixMillis(ms))
}

/// The address of the last so many minutes of an officer's track.
fn minutes(court: &str, officer: &str, minutes: i64) -> String {
    let now = unix_ms();
    let (from, to) = (rfc3339(now - minutes * 60_000), rfc3339(now + 60_000));
    format!("/api/courts/{court}/officers/{officer}/track?from={from}&to={to}")
}

fn seqs(answer: &Value) -> Vec<u64> {
    let fixes = answer["fixes"].as_array().expect("a list");
    fixes.iter().map(|fix| fix["seq"].as_u64().expect("a number")).collect()
}

fn told_stored(officer: &mut Officer, seq: u64) {
    officer.socket().expect_where("stored", |f| f["type"] == "stored" && f["seq"] == seq);
}

#[test]
fn a_queue_of_hours_survives_a_killed_server_in_order_and_once() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.sign_in("boss", &["director"]);
    let mut officer = court.officer("王建国", 100.0);
    told_stored(&mut officer, 1);
    let started = unix_ms();
    let saved = |from: u32, to: u32| -> Vec<Value> {
        let each = |seq: u32| {
            let mut fix = fix(seq, f64::from(seq % 500));
            fix["taken_at"] = json!(started + i64::from(seq));
            fix
        };
        (from..=to).map(each).collect()
    };
    let send = |officer: &mut Officer, from: u32, to: u32| {
        for first in (from..=to).step_by(100) {
            let last = (first + 99).min(to);
            officer.socket().send(&json!({"type": "position", "fixes": saved(first, last)}));
            let seen = |f: &Value| f["type"] == "ack" && f["seq"] == last;
            officer.socket().expect_where("ack", seen);
        }
    };
    send(&mut officer, 2, 2_000);
    told_stored(&mut officer, 2_000);
    send(&mut officer, 2_001, 2_300); // Perhaps acknowledged, perhaps not.
    server.kill();
    server.start_again();
    let bearer = format!("Bearer {}", officer.token);
    let ticket = server.post("/api/ws-tickets", &[("authorization", &bearer)], &json!({}));
    let ticket = ticket.ok("ticket")["ticket"].as_str().expect("a ticket").to_owned();
    let mut socket = crate::support::Socket::hello(&server, "/ws/handheld", &ticket, 1);
    let welcome = socket.expect("welcome");
    assert_eq!(welcome["stored"]["epoch"], 1, "{welcome}");
    assert!(welcome["stored"]["seq"].as_u64().is_some_and(|seq| seq >= 2_000), "{welcome}");
    officer.socket = Some(socket);
    // The phone does not remember either: it sends from an earlier place.
    send(&mut officer, 1_500, 2_600);
    told_stored(&mut officer, 2_600);
    let headers = [("cookie", cookie.as_str())];
    let mut all = Vec::new();
    let mut address = minutes("alpha", &officer.id, 10);
    loop {
        let page = server.get(&format!("{address}&limit=1000"), &headers).ok("a track");
        all.extend(seqs(&page));
        let Some(next) = page["next"].as_str() else { break };
        address = format!("{}&after={next}", address.split("&after").next().expect("a part"));
    }
    assert_eq!(all, (1..=2_600).collect::<Vec<u64>>());
    for path in files_below(&server.data.join("tracks")) {
        let bytes = std::fs::read(&path).expect("a file");
        let place = 352_010_000_i32.to_le_bytes();
        assert!(!bytes.windows(4).any(|four| four == place), "{}", path.display());
    }
}

#[test]
fn a_track_is_read_by_who_may_and_looks_absent_to_all_others() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let other = Court::add(&server, "beta");
    let mut officer = court.officer("王建国", 100.0);
    let stranger = Officer::enrol(&server, "alpha", "李四");
    told_stored(&mut officer, 1);
    let dispatcher = court.dispatcher();
    let director = court.sign_in("boss", &["director"]);
    let get = |cookie: &str, path: &str| server.get(path, &[("cookie", cookie)]);
    let half_hour = minutes("alpha", &officer.id, 29);
    let day = minutes("alpha", &officer.id, 600);
    assert_eq!(seqs(&get(&dispatcher, &half_hour).ok("the last half hour")), [1]);
    let refused = get(&dispatcher, &day);
    refused.refused(422, "field-invalid", "a day, by a dispatcher");
    assert_eq!(refused.faults(), [("/from".into(), "out-of-range".into())]);
    let refused = get(&director, &day);
    refused.refused(422, "field-invalid", "without a reason");
    assert_eq!(refused.faults(), [("/reason".into(), "missing".into())]);
    assert_eq!(seqs(&get(&director, &format!("{day}&reason=complaint-7")).ok("a day")), [1]);
    let bearer = |token: &str, path: &str| {
        server.get(path, &[("authorization", &format!("Bearer {token}"))])
    };
    assert_eq!(seqs(&bearer(&officer.token, &day).ok("one's own")), [1]);
    // All of these look the same.
    let absent = |reply: crate::support::Reply, what: &str| {
        reply.refused(404, "not-found", what);
    };
    absent(bearer(&stranger.token, &day), "a colleague's");
    absent(get(&other.dispatcher(), &half_hour), "another court's");
    absent(get(&court.sign_in("judge", &["judge"]), &half_hour), "a judge");
    absent(get(&dispatcher, &minutes("alpha", NEVER, 20)), "nobody's");
    absent(get(&dispatcher, &minutes("nowhere", &officer.id, 20)), "no court's");
    absent(get(&dispatcher, &minutes("alpha", "x", 20)), "no id");
    server.get(&half_hour, &[]).refused(401, "auth-required", "nobody");
    for bad in [
        format!("{half_hour}&limit=0"),
        format!("{half_hour}&limit=1000000"),
        format!("{half_hour}&after=x"),
        format!("{half_hour}&format=xml"),
        minutes("alpha", &officer.id, -20),
        half_hour.replace("from=20", "from=x"),
    ] {
        get(&dispatcher, &bad).refused(422, "field-invalid", &bad);
    }
    get(&dispatcher, &format!("{half_hour}&colour=red")).refused(400, "request-invalid", "unknown");
    let compact = get(&dispatcher, &format!("{half_hour}&format=binary"));
    assert_eq!((compact.status, compact.body.len()), (200, 16 + 24));
    // The readings stand in the journal's chain, which is whole.
    let journal = server.command(&["journal", "verify"], "");
    assert_eq!(journal.code, Some(0), "{}", journal.err);
}

#[test]
fn positions_come_in_binary_from_who_says_so() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let mut officer = court.officer("王建国", 100.0);
    told_stored(&mut officer, 1);
    officer.socket().send_binary(&[1, 1]);
    officer.socket().closes_with(1003, "did not say so");
    let ticket = officer.ticket();
    let mut socket = crate::support::Socket::upgrade(&server, "/ws/handheld", &[]).expect("open");
    let hello = json!({"type": "hello", "v": 1, "ticket": ticket, "epoch": 5, "binary": true});
    let frame = |epoch: u32, seqs: std::ops::Range<u32>| -> Vec<u8> {
        let mut bytes = vec![1, 1, 0, 0];
        bytes.extend(epoch.to_le_bytes());
        bytes.extend(unix_ms().to_le_bytes());
        for seq in seqs {
            bytes.extend(0_u32.to_le_bytes());
            bytes.extend(seq.to_le_bytes());
            bytes.extend(352_010_000_i32.to_le_bytes());
            bytes.extend(1_146_740_000_i32.to_le_bytes());
            bytes.extend(0_i32.to_le_bytes());
            bytes.extend(80_u16.to_le_bytes());
            bytes.extend([2, 60]);
        }
        bytes
    };
    // What is sent before the welcome has come waits for it, like text.
    socket.send(&hello);
    socket.send_binary(&frame(5, 1..301));
    socket.expect("welcome");
    let ack = socket.expect_where("ack", |f| f["type"] == "ack" && f["seq"] == 300);
    assert_eq!((&ack["taken"], &ack["epoch"]), (&json!(300), &json!(5)));
    socket.expect_where("stored", |f| f["type"] == "stored" && f["seq"] == 300);
    for bad in [frame(6, 1..2), frame(5, 0..0), vec![0; 40]] {
        socket.send_binary(&bad);
        if bad.len() < 40 || bad[0] == 1 {
            socket.expect_where("error", |f| f["code"] == "frame-invalid");
        }
    }
    socket.closes_with(4400, "the third within a minute");
}

#[test]
fn a_month_that_is_forgotten_cannot_be_read_and_the_rest_can() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let mut officer = court.officer("王建国", 100.0);
    let mut other = court.officer("李四", 200.0);
    told_stored(&mut officer, 1);
    told_stored(&mut other, 1);
    let cookie = court.dispatcher();
    let track = |server: &Server, id: &str| {
        seqs(&server.get(&minutes("alpha", id, 20), &[("cookie", &cookie)]).ok("a track"))
    };
    assert_eq!(track(&server, &officer.id), [1]);
    let forget = |server: &Server, court: &str, officer: &str, month: &str| {
        let args = ["track", "forget", "--court", court, "--officer", officer, "--month", month];
        server.command(&args, "")
    };
    // In UTC, and the test may run in the first minutes of a month.
    let months = [unix_ms() - 60_000, unix_ms()].map(|at| rfc3339(at)[..7].to_owned());
    for bad in ["2026-13", "../../x", ""] {
        assert_ne!(forget(&server, "alpha", &officer.id, bad).code, Some(0), "{bad}");
    }
    assert_ne!(forget(&server, "nowhere", &officer.id, &months[0]).code, Some(0));
    assert!(forget(&server, "alpha", NEVER, &months[0]).out.contains("false"));
    assert!(forget(&server, "alpha", &officer.id, "2020-01").out.contains("false"));
    let done: Vec<_> =
        months.iter().map(|month| forget(&server, "alpha", &officer.id, month).out).collect();
    assert!(done.iter().any(|out| out.contains("true")), "{done:?}");
    assert_eq!(track(&server, &officer.id), Vec::<u64>::new());
    assert_eq!(track(&server, &other.id), [1], "somebody else's stays");
    officer.report(105.0);
    told_stored(&mut officer, 2);
    assert_eq!(track(&server, &officer.id), [2], "what comes later is kept");
    server.kill();
    server.start_again();
    assert_eq!(track(&server, &officer.id), [2]);
}
