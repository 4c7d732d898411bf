//! Frames however they are cut, and everything that is none.

use proptest::collection::vec;
use proptest::prelude::*;

use super::*;

/// A frame as it was read.
type Read = (Kind, bool, Vec<u8>);

/// A client's frame, written straight from the RFC and not by the code under test.
fn written(first: u8, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..=125 => bytes.push(0x80 | u8::try_from(short).expect("short")),
        medium @ 126..=65_535 => {
            bytes.push(0x80 | 126);
            bytes.extend(u16::try_from(medium).expect("medium").to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(mask);
    bytes.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

/// Feeds `bytes` in those pieces; the frames, and the fault that ended them.
fn read(bytes: &[u8], cuts: &[usize]) -> (Vec<Read>, Option<Fault>, Frames) {
    let (mut frames, mut read) = (Frames::default(), Vec::new());
    let mut rest = bytes.to_vec();
    let mut cuts = cuts.iter().cycle();
    while !rest.is_empty() {
        let step = cuts.next().map_or(rest.len(), |cut| (*cut).clamp(1, rest.len()));
        let mut piece: Vec<u8> = rest.drain(..step).collect();
        let fed = frames.feed(&mut piece, |frame| {
            read.push((frame.kind, frame.last, frame.payload.to_vec()));
        });
        if let Err(fault) = fed {
            return (read, Some(fault), frames);
        }
    }
    (read, None, frames)
}

fn fault(bytes: &[u8]) -> Option<Fault> {
    let (_, whole, _) = read(bytes, &[]);
    let (_, one_by_one, _) = read(bytes, &[1]);
    assert_eq!(whole, one_by_one, "a fault does not depend on how bytes come: {bytes:?}");
    whole
}

/// Messages of one or more frames with control frames between them, in an order that is allowed.
fn any_frames() -> impl Strategy<Value = Vec<Read>> {
    let payload = || prop_oneof![vec(any::<u8>(), 0..20), vec(any::<u8>(), 120..140)];
    let control = || {
        let kind = prop_oneof![Just(Kind::Ping), Just(Kind::Pong), Just(Kind::Close)];
        (kind, vec(any::<u8>(), 0..=CONTROL_MAX))
    };
    let message = (any::<bool>(), vec((payload(), proptest::option::of(control())), 1..4));
    vec(message, 1..6).prop_map(|messages| {
        let mut frames = Vec::new();
        for (binary, pieces) in messages {
            let count = pieces.len();
            for (n, (payload, control)) in pieces.into_iter().enumerate() {
                let kind = match (n, binary) {
                    (0, false) => Kind::Text,
                    (0, true) => Kind::Binary,
                    _ => Kind::Piece,
                };
                frames.push((kind, n + 1 == count, payload));
                frames.extend(control.map(|(kind, payload)| (kind, true, payload)));
            }
        }
        frames
    })
}

proptest! {
    #[test]
    fn however_bytes_are_cut_the_frames_are_the_same(
        frames in any_frames(),
        masks in vec(any::<[u8; 4]>(), 1..4),
        cuts in vec(1_usize..300, 1..8),
    ) {
        let mut bytes = Vec::new();
        for ((kind, last, payload), mask) in frames.iter().zip(masks.iter().cycle()) {
            bytes.extend(written(kind.opcode() | u8::from(*last) << 7, payload, *mask));
        }
        for cuts in [&cuts[..], &[1], &[]] {
            let (found, fault, left) = read(&bytes, cuts);
            prop_assert_eq!(&found, &frames);
            prop_assert_eq!(fault, None);
            prop_assert!(left.rest.is_empty() && left.rest.capacity() == 0, "nothing is kept");
        }
    }

    #[test]
    fn whatever_bytes_come_it_neither_panics_nor_keeps_more_than_a_frame(
        bytes in vec(any::<u8>(), 0..400),
        cuts in vec(1_usize..50, 1..8),
    ) {
        let (whole, its_fault, _) = read(&bytes, &[]);
        let (cut, same_fault, left) = read(&bytes, &cuts);
        prop_assert_eq!(whole, cut);
        prop_assert_eq!(its_fault, same_fault);
        prop_assert!(left.rest.len() <= bytes.len());
    }
}

#[test]
fn lengths_at_the_borders_of_their_forms_pass() {
    for length in [0, 1, 125, 126, 127, 65_535, FRAME_MAX] {
        let payload = vec![0x5a; length];
        let bytes = written(0x82, &payload, [1, 2, 3, 4]);
        for cuts in [&[][..], &[1], &[7], &[4_096]] {
            let (found, fault, _) = read(&bytes, cuts);
            assert_eq!(fault, None);
            assert_eq!(found, vec![(Kind::Binary, true, payload.clone())], "{length}");
        }
    }
}

#[test]
fn what_is_no_frame_is_refused() {
    let plain = |first: u8| written(first, b"x", [0; 4]);
    let after_begin = |then: u8| [plain(0x01), plain(then)].concat();
    let mut cases = vec![
        ("a piece of nothing", plain(0x80)),
        ("a piece of nothing that goes on", plain(0x00)),
        ("text in the midst of a message", after_begin(0x81)),
        ("bytes in the midst of a message", after_begin(0x02)),
        ("a piece after the last one", [after_begin(0x80), plain(0x80)].concat()),
        ("no mask", b"\x81\x01x".to_vec()),
        ("no mask and a long length", b"\x81\x7e\x01\x00".to_vec()),
        ("126 bytes of ping", written(0x89, &[0; 126], [0; 4])),
        ("a long ping", b"\x89\xff\0\0\0\0\0\0\0\x01".to_vec()),
        ("125 bytes in the long form", b"\x82\xfe\0\x7d".to_vec()),
        ("65,535 bytes in the longest form", b"\x82\xff\0\0\0\0\0\0\xff\xff".to_vec()),
    ];
    cases.extend([0x40, 0x20, 0x10].map(|bit| ("a reserved bit", plain(0x81 | bit))));
    cases.extend([0x08, 0x09, 0x0a].map(|first| ("a control frame in pieces", plain(first))));
    cases.extend([3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map(|op| ("no opcode", plain(0x80 | op))));
    for (what, bytes) in cases {
        assert_eq!(fault(&bytes), Some(Fault::Malformed), "{what}");
    }
}

#[test]
fn an_announced_giant_is_refused_at_its_head() {
    for length in [FRAME_MAX as u64 + 1, 1 << 30, u64::MAX >> 1, 1 << 63, u64::MAX] {
        let bytes = [&[0x81, 0xff][..], &length.to_be_bytes()].concat();
        let (_, refused, frames) = read(&bytes, &[1]);
        assert_eq!(refused, Some(Fault::TooLarge), "{length}");
        assert!(frames.rest.capacity() <= 64, "{length}");
        assert_eq!(fault(&bytes[..9]), None, "not before it is known");
    }
}

#[test]
fn memory_grows_with_what_comes_and_not_with_what_is_announced() {
    let bytes = written(0x82, &vec![1; FRAME_MAX], [9; 4]);
    let (_, fault, frames) = read(&bytes[..100], &[10]);
    assert_eq!(fault, None);
    assert!(frames.rest.capacity() <= 256, "{}", frames.rest.capacity());
}

#[test]
fn heads_are_written_in_their_shortest_form() {
    let mut head = [0; HEAD_MAX];
    for (length, expected) in [
        (0, &[0x82, 0][..]),
        (125, &[0x82, 125]),
        (126, &[0x82, 126, 0, 126]),
        (65_535, &[0x82, 126, 0xff, 0xff]),
        (65_536, &[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        let size = write_head(&mut head, Kind::Binary, length);
        assert_eq!(&head[..size], expected);
    }
    for (kind, first) in [(Kind::Text, 0x81), (Kind::Close, 0x88), (Kind::Ping, 0x89)] {
        write_head(&mut head, kind, 0);
        assert_eq!(head[0], first);
    }
}

#[test]
fn close_frames_say_what_they_may() {
    let close = |code: u16, words: &[u8]| read_close(&[&code.to_be_bytes(), words].concat());
    assert_eq!(read_close(&[]), Ok(None));
    assert_eq!(read_close(&[3]), Err(1002));
    for code in [1000, 1001, 1003, 1007, 1011, 1014, 3000, 4431, 4999] {
        assert_eq!(close(code, "再见".as_bytes()), Ok(Some(code)));
    }
    for code in [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, u16::MAX] {
        assert_eq!(close(code, b""), Err(1002), "{code}");
    }
    assert_eq!(close(1000, b"\xff"), Err(1007));
}
