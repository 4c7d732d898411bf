//! Pictures that come with tips: what is taken, what people see of them, who gets the original, and
//! that nothing is left of a forgotten one (PROTOCOL §2). Whether a reading stands in the journal is
//! read with the journal's own library while no server runs.

use std::io::Cursor;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{DynamicImage, GenericImageView as _, ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};
use tiande::journal::{HashAlg, OpenOptions, SqliteJournal};
use tiande::telemetry::SystemClock;
use tiande_actors::ports::journal::Journal as _;
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::tip::TipEvent;

use crate::support::http::Reply;
use crate::support::tips::{good_tip, tip_with};
use crate::support::waiting::{Deadline, SOON, until};
use crate::support::{Console, Court, Server};

/// Looks like the end of what a camera writes about itself.
const PLACE: &[u8] = b"GPS-MARKER 35.1997 114.6689";

/// An answer within this was not held up; with room for a busy machine.
const PROMPT: Duration = Duration::from_secs(5);

fn jpeg() -> Vec<u8> {
    let image =
        RgbImage::from_fn(
            320,
            160,
            |x, _| {
                if x < 160 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) }
            },
        );
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(image).write_to(&mut bytes, ImageFormat::Jpeg).expect("encoded");
    let plain = bytes.into_inner();
    let mut segment = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\0\0\0\0\0".to_vec();
    segment.extend(PLACE);
    let length = u16::try_from(segment.len() + 2).expect("short").to_be_bytes();
    [&plain[..2], b"\xFF\xE1", &length, &segment, &plain[2..], b"<script>appended</script>"]
        .concat()
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    bytes.windows(what.len()).any(|window| window == what)
}

fn with_pictures(pictures: &[(&str, &[u8])]) -> Value {
    let media: Vec<Value> = pictures
        .iter()
        .map(|(kind, bytes)| json!({"content_type": kind, "data": STANDARD.encode(bytes)}))
        .collect();
    tip_with("alpha", json!({"media": media}))
}

/// A server with a court, a tip with that picture, and a dispatcher's session: the picture's address.
fn setting(picture: (&str, &[u8])) -> (Server, Court, String, String, String) {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    let answer = court.source.send(&server, "m1", &with_pictures(&[picture])).ok("tip");
    let tip = answer["tip"].as_str().expect("an id").to_owned();
    let address = format!("/api/courts/alpha/tips/{tip}/pictures/0");
    (server, court, cookie, tip, address)
}

fn seen(server: &Server, address: &str, cookie: &str) -> Reply {
    let reply = server.get(address, &[("cookie", cookie)]);
    assert_eq!(reply.status, 200, "{address}: {}", String::from_utf8_lossy(&reply.body));
    reply
}

#[test]
fn people_see_a_copy_without_its_place() {
    let original = jpeg();
    assert!(holds(&original, PLACE));
    let (mut server, court, cookie, tip, address) = setting(("image/jpeg", &original));
    let view = seen(&server, &address, &cookie);
    let preview = seen(&server, &format!("{address}?preview"), &cookie);
    for (copy, size) in [(&view, (320, 160)), (&preview, (240, 120))] {
        for trace in [PLACE, b"Exif", b"\xFF\xE1", b"<script>"] {
            assert!(!holds(&copy.body, trace), "{}", String::from_utf8_lossy(trace));
        }
        let image = image::load_from_memory(&copy.body).expect("a picture");
        assert_eq!(image.dimensions(), size);
        assert!(image.get_pixel(10, 10)[0] > 150, "it shows the same");
        assert_eq!(copy.header("content-type"), Some("image/jpeg"));
        assert_eq!(copy.header("x-content-type-options"), Some("nosniff"));
        let policy = copy.header("content-security-policy");
        assert!(policy.is_some_and(|text| text.contains("sandbox")), "{policy:?}");
        assert_eq!(copy.header("cache-control"), Some("private, no-store"));
    }
    // Kept beside the original, sealed; the same bytes after a restart.
    assert_eq!(server.pictures().len(), 3);
    for file in server.pictures() {
        let on_disk = std::fs::read(&file).expect("a file");
        assert!(!on_disk.starts_with(b"\xFF\xD8\xFF"), "{} lies in the clear", file.display());
    }
    server.kill();
    server.start_again();
    assert_eq!(seen(&server, &address, &cookie).body, view.body);
    let row = server.get(&format!("/api/tips/{tip}"), &[("cookie", &cookie)]).ok("tip");
    assert_eq!(row["pictures"], 1);

    // Only who may read the tip, only of the own court, only what is there.
    server.get(&address, &[]).refused(401, "auth-required", "nobody");
    let clerk = court.sign_in("clerk", &["clerk"]);
    server.get(&address, &[("cookie", &clerk)]).refused(403, "forbidden", "a clerk");
    let other = Court::add(&server, "beta").dispatcher();
    for elsewhere in [&address, &address.replace("alpha", "beta")] {
        server.get(elsewhere, &[("cookie", &other)]).refused(404, "not-found", "another court");
    }
    let base = format!("/api/courts/alpha/tips/{tip}/pictures");
    for missing in ["/1", "/-1", "/256", "/x", "/00", "/+0"] {
        let reply = server.get(&format!("{base}{missing}"), &[("cookie", &cookie)]);
        reply.refused(404, "not-found", missing);
    }
    for query in ["?preview=1", "?size=9", "?preview&preview"] {
        let reply = server.get(&format!("{address}{query}"), &[("cookie", &cookie)]);
        reply.refused(400, "request-invalid", query);
    }
}

#[test]
fn the_original_is_for_directors_for_a_reason_that_is_written_down_first() {
    let original = jpeg();
    let (mut server, court, cookie, tip, address) = setting(("image/jpeg", &original));
    let director = court.sign_in("director", &["director"]);
    let address = format!("{address}/original");
    let origin = server.origin();
    let ask = |cookie: &str, reason: &Value| {
        server.post(&address, &[("cookie", cookie), ("origin", &origin)], reason)
    };
    let reason = json!({"reason": "辨认车牌，案件合议"});
    ask(&cookie, &reason).refused(403, "forbidden", "a dispatcher");
    let no_session = server.post(&address, &[("origin", &origin)], &reason);
    no_session.refused(401, "auth-required", "nobody");
    let foreign = server.post(&address, &[("cookie", &director)], &reason);
    foreign.refused(403, "csrf", "not from our page");
    let long = "长".repeat(201);
    for bad in [json!({}), json!({"reason": ""}), json!({"reason": " "}), json!({"reason": long})] {
        ask(&director, &bad).refused(422, "field-invalid", &bad.to_string());
    }
    let got = server.get(&address, &[("cookie", &director)]);
    got.refused(405, "method-not-allowed", "reading it changes something");
    let reply = ask(&director, &reason);
    assert_eq!(reply.status, 200, "{}", String::from_utf8_lossy(&reply.body));
    assert_eq!(reply.body, original, "byte for byte, with all it tells");
    assert_eq!(reply.header("content-type"), Some("application/octet-stream"));
    let disposition = reply.header("content-disposition").unwrap_or_default();
    assert!(disposition.starts_with("attachment;"), "{disposition}");
    // Many at once: each reading is written, none is lost to another.
    let replies: Vec<u16> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..4).map(|_| scope.spawn(|| ask(&director, &reason).status)).collect();
        threads.into_iter().map(|thread| thread.join().expect("a reply")).collect()
    });
    let done = replies.iter().filter(|status| **status == 200).count();
    assert!(replies.iter().all(|status| [200, 503].contains(status)) && done > 0, "{replies:?}");
    server.kill();
    let readings = readings(&server, &tip);
    assert_eq!(readings.len(), 1 + done, "as many as were handed out");
    let user = readings[0].0.clone();
    assert!(matches!(user, By::Staff { .. }), "{user:?}");
    for reading in readings {
        assert_eq!(reading, (user.clone(), 0, "辨认车牌，案件合议".to_owned()));
    }
}

/// Readings of originals in a tip's stream: who, which picture, why.
fn readings(server: &Server, tip: &str) -> Vec<(By, u8, String)> {
    let options =
        OpenOptions::new(server.data.clone(), HashAlg::Sha256.name(), Arc::new(SystemClock));
    let stream = StreamId::Tip(tip.parse().expect("an id"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let stored = runtime.expect("a runtime").block_on(async {
        let journal = SqliteJournal::open(options).await.expect("opens");
        let stored = journal.read_stream(stream).await.expect("read");
        journal.shutdown().await;
        stored
    });
    let reading = |event, by| match event {
        Event::Tip(TipEvent::OriginalRead { picture, said }) => {
            Some((by, picture, said.text().to_owned()))
        }
        _ => None,
    };
    stored.into_iter().filter_map(|record| reading(record.event, record.by)).collect()
}

#[test]
fn nothing_is_left_of_the_pictures_of_a_forgotten_tip() {
    let (mut server, court, cookie, tip, address) = setting(("image/jpeg", &jpeg()));
    let kept = court.source.send(&server, "m2", &with_pictures(&[("image/jpeg", &jpeg())]));
    let other = kept.ok("tip")["tip"].as_str().expect("an id").to_owned();
    let mut console = Console::open(&server, &cookie).socket;
    let row = server.get(&format!("/api/tips/{tip}"), &[("cookie", &cookie)]).ok("tip");
    let incident = row["incident"].as_str().expect("an incident").to_owned();
    assert_eq!(court.incident(&cookie, &incident)["description"], good_tip("alpha")["description"]);
    seen(&server, &address, &cookie);
    seen(&server, &address.replace(&tip, &other), &cookie);
    assert_eq!(server.pictures().len(), 6, "two originals, each with two copies");
    let forget = |tip: &str| json!({"do": "tip_forget", "court": "alpha", "tip": tip});
    for (court, what) in [("alpha", "0190a5b0-0000-7000-8000-000000000001"), ("alpha", "no id")] {
        let asked = json!({"do": "tip_forget", "court": court, "tip": what});
        assert_eq!(server.ask(&asked).expect_err("refused")["code"], "not-found");
    }
    server.admin(&forget(&tip));
    // At once, also on the screens that showed it.
    console.expect_where("the incident without its words", |frame| {
        frame["type"] == "incident" && frame["id"] == incident.as_str() && frame["place"].is_null()
    });
    server.admin(&forget(&tip));
    assert!(server.pictures().iter().all(|file| !file.display().to_string().contains(&tip)));
    assert_eq!(server.pictures().len(), 3, "the other one's are there");
    let director = court.sign_in("director", &["director"]);
    for round in 0..2 {
        let told = court.incident(&cookie, &incident);
        assert_eq!((&told["description"], &told["address"]), (&json!(""), &Value::Null), "{told}");
        assert_eq!(told["status"], "awaiting_place", "{told}");
        for query in ["", "?preview"] {
            let reply = server.get(&format!("{address}{query}"), &[("cookie", &cookie)]);
            reply.refused(404, "not-found", "forgotten");
        }
        let origin = server.origin();
        let headers = [("cookie", director.as_str()), ("origin", origin.as_str())];
        let reply = server.post(&format!("{address}/original"), &headers, &json!({"reason": "r"}));
        reply.refused(404, "not-found", "forgotten");
        seen(&server, &address.replace(&tip, &other), &cookie);
        if round == 0 {
            server.kill();
            server.start_again();
        }
    }
    assert_eq!(server.pictures().len(), 3);
}

/// A PNG chunk with its checksum.
fn chunk(kind: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let body = [kind.as_slice(), data].concat();
    let crc = !body.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (0xEDB8_8320 & 0u32.wrapping_sub(crc & 1))
        })
    });
    let length = u32::try_from(data.len()).expect("short").to_be_bytes();
    [&length[..], &body, &crc.to_be_bytes()].concat()
}

/// A PNG of 16-bit colours with transparency that says its size and has this for its pixels.
fn png(width: u32, height: u32, packed: &[u8]) -> Vec<u8> {
    let mut head = [width.to_be_bytes(), height.to_be_bytes()].concat();
    head.extend([16, 6, 0, 0, 0]);
    let chunks = [chunk(b"IHDR", &head), chunk(b"IDAT", packed), chunk(b"IEND", &[])].concat();
    [b"\x89PNG\r\n\x1A\n".as_slice(), &chunks].concat()
}

/// A zlib stream of zeros: fixed codes that say "258 zeros before" again and again; eight of them are
/// thirteen bytes, the pattern of which repeats.
fn zeros(runs: usize) -> Vec<u8> {
    let mut bits: Vec<bool> = Vec::new();
    let mut put = |value: u32, count: u32| (0..count).for_each(|n| bits.push(value >> n & 1 == 1));
    put(0b011, 3);
    put(0b0000_1100, 8);
    for _ in 0..runs {
        put(0b1010_0011, 8);
        put(0, 5);
    }
    put(0, 7);
    let bytes = bits.chunks(8).map(|eight| {
        eight.iter().enumerate().fold(0_u8, |byte, (n, bit)| byte | u8::from(*bit) << n)
    });
    [0x78, 0x01].into_iter().chain(bytes).collect()
}

#[test]
fn a_picture_that_says_it_is_enormous_is_refused_before_anything_is_decoded() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let good = jpeg();
    let before = server.rss_kib();
    for (number, (bytes, code)) in [
        (png(65_535, 65_535, &zeros(9)), "image-too-large"),
        (png(12_001, 1, &zeros(9)), "image-too-large"),
        (png(8_001, 5_000, &zeros(9)), "image-too-large"),
        (png(0, 5, &zeros(9)), "image-broken"),
        (b"\x89PNG\r\n\x1A\n".to_vec(), "image-broken"),
    ]
    .into_iter()
    .enumerate()
    {
        let tip = with_pictures(&[("image/jpeg", &good), ("image/png", &bytes)]);
        let reply = court.source.send(&server, &format!("m{number}"), &tip);
        reply.refused(422, "field-invalid", code);
        assert_eq!(reply.faults(), [("/media/1/data".to_owned(), code.to_owned())]);
    }
    assert_eq!(server.pictures().len(), 0, "a refused tip leaves none, not even the good one");
    // By its content, whatever it is called.
    let tip = with_pictures(&[("image/png", &good)]);
    let reply = court.source.send(&server, "named", &tip);
    assert_eq!(reply.faults(), [("/media/0/data".to_owned(), "media-type".to_owned())]);
    let grown = server.rss_kib().saturating_sub(before);
    assert!(grown < 32 * 1024, "grown by {grown} KiB");
}

/// Looks as a console does: when the server has no time for pictures just now, it comes again.
fn looked_at(server: &Server, address: &str, cookie: &str) -> Reply {
    until(SOON * 4, "an answer other than 503", || {
        let reply = server.get(address, &[("cookie", cookie)]);
        if reply.status != 503 {
            return Some(reply);
        }
        reply.refused(503, "overloaded", "the only reason to come again");
        None
    })
}

#[test]
fn a_bomb_bursts_in_its_own_process_and_the_server_answers_meanwhile() {
    // 320 MB of pixels in 2 MB, by its head within all bounds.
    let bomb = png(8_000, 5_000, &zeros(1_240_400));
    let (server, court, cookie, _, address) = setting(("image/png", &bomb));
    let before = server.rss_kib();
    let answers = std::thread::scope(|scope| {
        let looks: Vec<_> =
            (0..12).map(|_| scope.spawn(|| looked_at(&server, &address, &cookie))).collect();
        for number in 0..20 {
            let soon = Deadline::after(PROMPT);
            let reply = court.source.send(&server, &format!("n{number}"), &good_tip("alpha"));
            assert_eq!(reply.status, 202);
            assert!(soon.left().is_some(), "a tip took longer than {PROMPT:?}");
        }
        looks.into_iter().map(|look| look.join().expect("an answer")).collect::<Vec<_>>()
    });
    for reply in answers {
        reply.refused(422, "picture-unreadable", "a bomb");
    }
    let soon = Deadline::after(PROMPT);
    looked_at(&server, &address, &cookie).refused(422, "picture-unreadable", "again");
    assert!(soon.left().is_some(), "refused after more than {PROMPT:?}");
    let grown = server.rss_kib().saturating_sub(before);
    assert!(grown < 96 * 1024, "grown by {grown} KiB: twelve times two megabytes, and no pixel");
    assert_eq!(server.pictures().len(), 1, "the tip keeps what it came with");
}
