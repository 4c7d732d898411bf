//! Killed, ended and started again: what was answered is there, what was open goes on.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::tips::{good_tip, tip_with};
use crate::support::waiting::{SOON, Stopwatch, let_pass, until};
use crate::support::{Console, Court, Officer, Server, Socket};

/// Kills under load.
const KILLS: u32 = 10;

#[test]
fn a_killed_server_knows_everything_it_has_answered() {
    is_killed_and_knows_everything(&mut Server::start());
}

/// The rule, for a fresh server with whatever store.
pub fn is_killed_and_knows_everything(server: &mut Server) {
    let court = Court::add(server, "alpha");
    let cookie = court.dispatcher();
    let mut busy = court.officer("王建国", 200.0);
    let taken = court.source.incident(server, "m1", &good_tip("alpha"));
    let first = busy.offered();
    busy.accept(&first);
    busy.socket().done(json!({"type": "progress", "incident": taken, "stage": "en_route"}));
    let mut asked = court.officer("李明", 400.0);
    let open = court.source.incident(server, "m2", &good_tip("alpha"));
    let offer = asked.offered();
    let mut console = Console::open(server, &cookie).socket;
    let lonely = court.source.incident(server, "m3", &good_tip("alpha"));
    let alarm = console.expect_where("the alarm", |f| f["type"] == "alarm");
    assert_eq!(alarm["incident"], lonely.as_str());
    // The numbers of a year go on where they were.
    let numbers = |court: &Court| -> Vec<Value> {
        court.incidents(&cookie).iter().map(|i| i["number"].clone()).collect()
    };
    let before = numbers(&court);
    server.kill();
    for socket in [busy.socket(), asked.socket(), &mut console] {
        assert_eq!(socket.close_code(SOON), Some(None), "a killed server says nothing");
    }
    server.start_again();
    assert_eq!(numbers(&court), before, "also the session is still good");
    let welcome = asked.connect();
    assert_eq!(
        (&welcome["status"], &welcome["offers"][0]["offer"]),
        (&json!("offered"), &json!(offer))
    );
    let welcome = busy.connect();
    assert_eq!(welcome["status"], "committed");
    let bound = &welcome["commitments"][0];
    assert_eq!((&bound["incident"]["id"], &bound["stage"]), (&json!(taken), &json!("en_route")));
    asked.socket().send(&json!({"type": "offer_received", "offer": offer}));
    asked.accept(&offer);
    // Accepted before the kill, and sent again because the answer may have been lost.
    busy.accept(&first);
    busy.socket().done(json!({"type": "finish", "incident": taken, "outcome": "found"}));
    let again = Console::open(server, &cookie);
    assert_eq!(again.welcome["alarms"][0]["alarm"], alarm["alarm"]);
    assert_eq!(court.incident(&cookie, &open)["status"], "underway");
    assert_eq!(court.incident(&cookie, &lonely)["alarm"], "centre");
    // Still on duty; asked as soon as it is known where.
    busy.report(250.0);
    assert_eq!(busy.socket().expect("offer")["incident"]["id"], lonely.as_str());
    let next = court.source.incident(server, "m4", &good_tip("alpha"));
    let number = court.incident(&cookie, &next)["number"].clone();
    assert!(
        !before.contains(&number) && number.as_str().is_some_and(|n| n.ends_with("000004")),
        "{number}"
    );
}

#[test]
fn ten_kills_under_load_lose_nothing_and_bind_nobody_twice() {
    is_killed_under_load(&mut Server::start());
}

/// The rule, for a fresh server with whatever store.
pub fn is_killed_under_load(server: &mut Server) {
    let court = Court::add(server, "alpha");
    let cookie = court.dispatcher();
    let officers: Vec<Officer> =
        (0..4).map(|n| court.officer(&format!("干警{n}"), 200.0 * f64::from(n))).collect();
    let (over, acknowledged) = (AtomicBool::new(false), AtomicU32::new(0));
    let begun = Stopwatch::start();
    let answered = std::thread::scope(|scope| {
        let (over, acknowledged, court) = (&over, &acknowledged, &court);
        let senders: Vec<_> = (0..2)
            .map(|lane| scope.spawn(move || send_tips(court, lane, over, acknowledged)))
            .collect();
        let answering: Vec<_> = officers
            .into_iter()
            .map(|officer| scope.spawn(move || answer(officer, over)))
            .collect();
        for kill in 0..KILLS {
            // A few tips between the kills, and each kill at another moment of its tip.
            let wanted = acknowledged.load(Ordering::Relaxed) + 3;
            until(SOON, "tips between kills", || {
                (acknowledged.load(Ordering::Relaxed) >= wanted).then_some(())
            });
            let_pass(Duration::from_millis(u64::from(kill) * 7 % 23));
            server.kill();
            server.start_again();
        }
        over.store(true, Ordering::Relaxed);
        let answered: Vec<(String, Value)> =
            senders.into_iter().flat_map(|t| t.join().expect("a sender")).collect();
        answering.into_iter().for_each(|t| t.join().expect("an officer"));
        answered
    });
    assert!(begun.elapsed() < Duration::from_secs(80), "{:?}", begun.elapsed());
    assert!(answered.len() >= 30, "{}", answered.len());
    let mut incidents: Vec<&str> =
        answered.iter().map(|(_, answer)| answer["incident"].as_str().expect("an id")).collect();
    for (id, answer) in &answered {
        let incident = court.incident(&cookie, answer["incident"].as_str().expect("an id"));
        assert_eq!(incident["id"], answer["incident"], "tip {id}");
    }
    let count = incidents.len();
    incidents.sort_unstable();
    incidents.dedup();
    assert_eq!(incidents.len(), count, "two tips with one incident");
    // Nobody is on two incidents, as no dispatcher has ordered it.
    let all = court.incidents(&cookie);
    let mut bound: Vec<&Value> = all
        .iter()
        .filter(|i| i["closed_at"].is_null())
        .flat_map(|i| i["crew"].as_array().into_iter().flatten())
        .map(|member| &member["officer"])
        .collect();
    let count = bound.len();
    bound.sort_by_key(|id| id.to_string());
    bound.dedup();
    assert_eq!(bound.len(), count, "somebody is bound twice");
    assert!(all.iter().any(|i| i["status"] == "finished"), "nobody finished anything");
    let said = server.command(&["journal", "verify"], "");
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}

/// Sends tips, each until it is answered; every answer that came.
fn send_tips(
    court: &Court,
    lane: u32,
    over: &AtomicBool,
    count: &AtomicU32,
) -> Vec<(String, Value)> {
    let mut answered = Vec::new();
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let id = format!("lane{lane}-{number}");
        let tip = tip_with("alpha", json!({"address": id}));
        let answer = until(SOON * 2, "an answer to a tip that is sent again and again", || {
            let reply = court.source.try_send(&court.door, &id, tip.to_string().as_bytes())?;
            match reply.status {
                202 => Some(reply.json()),
                503 => None,
                _ => unreachable!("{}", String::from_utf8_lossy(&reply.body)),
            }
        });
        count.fetch_add(1, Ordering::Relaxed);
        answered.push((id, answer));
    }
    answered
}

/// An officer who takes what comes, finishes it, and comes back after each kill.
fn answer(mut officer: Officer, over: &AtomicBool) {
    while !over.load(Ordering::Relaxed) {
        let alive = officer.socket.as_mut().is_some_and(take_what_comes);
        if !alive {
            officer.socket = officer.try_connect();
        }
    }
}

/// Answers one frame; false when the socket is over.
fn take_what_comes(socket: &mut Socket) -> bool {
    use crate::support::socket::Got;
    use crate::support::waiting::Deadline;
    match socket.next(Deadline::after(Duration::from_millis(200))) {
        Got::Closed(_) => false,
        Got::Nothing => true,
        Got::Frame(frame) => {
            let id = "x";
            if frame["type"] == "offer" {
                socket.send(&json!({"type": "accept", "id": id, "offer": frame["offer"]}));
            }
            for bound in frame["commitments"].as_array().into_iter().flatten() {
                let incident = &bound["incident"]["id"];
                socket.send(
                    &json!({"type": "finish", "id": id, "incident": incident, "outcome": "found"}),
                );
            }
            if frame["type"] == "welcome" || frame["status"] == "available" {
                socket.send(&json!({"type": "position", "fixes": [crate::support::people::fix(crate::support::waiting::seconds(), 200.0)]}));
            }
            true
        }
    }
}

#[test]
fn a_server_that_is_told_to_end_says_goodbye_and_ends_in_five_seconds() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    let mut officer = court.officer("王建国", 200.0);
    let mut console = Console::open(&server, &cookie).socket;
    let idle = server.connect().expect("a connection that says nothing");
    let begun = Stopwatch::start();
    server.ask_to_end();
    officer.socket().closes_with(1001, "the handheld");
    console.closes_with(1001, "the console");
    let status = server.ended(Duration::from_secs(8)).expect("it ends");
    let took = begun.elapsed();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert!(!server.data.join("admin.sock").exists());
    drop(idle);
    server.start_again();
    assert_eq!(officer.connect()["status"], "available");
}

#[test]
fn while_it_ends_nothing_is_half_taken() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    let over = AtomicBool::new(false);
    let replies: Vec<(String, Option<(u16, Value)>)> = std::thread::scope(|scope| {
        let (over, court) = (&over, &court);
        let lanes: Vec<_> = (0..4)
            .map(|lane| {
                scope.spawn(move || {
                    let mut replies = Vec::new();
                    for number in 0.. {
                        if over.load(Ordering::Relaxed) {
                            break;
                        }
                        let id = format!("{lane}-{number}");
                        let tip = good_tip("alpha").to_string();
                        let reply = court.source.try_send(&court.door, &id, tip.as_bytes());
                        replies.push((id, reply.map(|reply| (reply.status, reply.json()))));
                    }
                    replies
                })
            })
            .collect();
        until(SOON, "some tips", || (court.incidents(&cookie).len() >= 5).then_some(()));
        server.ask_to_end();
        let status = server.ended(Duration::from_secs(8)).expect("it ends under load");
        over.store(true, Ordering::Relaxed);
        assert_eq!(status.code(), Some(0));
        lanes.into_iter().flat_map(|lane| lane.join().expect("a sender")).collect()
    });
    server.start_again();
    for (id, reply) in replies {
        match reply {
            Some((202, answer)) => {
                let again = court.source.send(&server, &id, &good_tip("alpha"));
                assert_eq!(again.json(), answer, "{id}");
            }
            Some((503, answer)) => {
                let known = ["stopping", "overloaded", "journal-unavailable"];
                assert!(answer["code"].as_str().is_some_and(|c| known.contains(&c)), "{answer}");
            }
            Some((status, answer)) => unreachable!("{status} {answer}"),
            None => {}
        }
    }
}

/// Regression: a server that was killed before it signed, and started again without anything new to
/// write, ended without ever signing its head.
#[test]
fn the_head_that_a_killed_server_left_unsigned_is_signed_by_the_next() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    court.source.incident(&server, "m1", &good_tip("alpha"));
    server.kill();
    server.start_again();
    server.ask_to_end();
    assert!(server.ended(Duration::from_secs(8)).is_some_and(|status| status.success()));
    let said = server.command(&["journal", "verify"], "");
    assert!(said.out.contains(" 1 signed checkpoints on the chain"), "{}", said.out);
}
