//! The checker on hand-made records: what it must see, and what it must not accuse anybody of.

use super::check;
use crate::record::{Entry, Event, Held, Setting, Verb};

const PLACE: (f64, f64) = (35.0, 114.0);
/// One hundredth of a degree of latitude, about 1.1 km.
const STEP: f64 = 0.01;

/// Writes a record as a story. Times are milliseconds, and given in any order.
#[derive(Default)]
struct Story(Vec<Entry>);

impl Story {
    /// Officers who are on duty and report every second, at so many steps north of `PLACE`.
    fn with(officers: &[f64]) -> Self {
        let need = [("other".to_owned(), 1), ("debtor_sighted".to_owned(), 2)].into();
        let setting = Setting { need, ask_extra: 0, shortest_ttl_ms: 5_000, ..Setting::default() };
        let mut story = Self::default();
        story.at(0, Event::Begin(Box::new(setting)));
        for (o, steps) in (0_u32..).zip(officers) {
            story.at(0, Event::Officer { o, id: format!("o{o}"), court: 0 });
            story.welcome(10, o, &[]);
            story.at(20, Event::DutySent { o, on: true });
            story.at(30, Event::DutyDone { o, on: true, ok: true });
            for second in 0..60 {
                story.fix(o, second * 1_000 + 100, *steps);
                story.ack(o, second * 1_000 + 120);
            }
        }
        story
    }

    fn at(&mut self, ms: u64, event: Event) {
        self.0.push(Entry { t: ms * 1_000, event });
    }

    /// A fix's number is its moment.
    fn fix(&mut self, o: u32, ms: u64, steps: f64) {
        let seq = u32::try_from(ms).unwrap();
        let (lat, lon) = (PLACE.0 + steps * STEP, PLACE.1);
        self.at(ms, Event::Fix { o, seq, taken_at: 0, lat, lon });
    }

    fn ack(&mut self, o: u32, ms: u64) {
        let seq = Some(u32::try_from(ms - 20).unwrap());
        self.at(ms, Event::Ack { o, seq, taken: 1, refused: 0, codes: [].into() });
    }

    fn welcome(&mut self, ms: u64, o: u32, held: &[&str]) {
        self.state(ms, o, held);
        if let Some(Entry { event: Event::State { welcome, .. }, .. }) = self.0.last_mut() {
            *welcome = true;
        }
    }

    fn state(&mut self, ms: u64, o: u32, held: &[&str]) {
        let held = held
            .iter()
            .map(|incident| Held { incident: (*incident).into(), stacked: false })
            .collect();
        let (status, offers) = ("available".into(), Vec::new());
        self.at(ms, Event::State { o, welcome: false, status, offers, held });
    }

    /// A tip and its incident `i<tip>`, both known at the end.
    fn tip(&mut self, ms: u64, tip: u32, kind: &str) {
        let (lat, lon) = PLACE;
        self.at(ms, Event::TipSent { tip, kind: kind.into(), lat, lon, attempt: 1 });
        let (id, incident) = (Some(format!("t{tip}")), Some(format!("i{tip}")));
        self.at(ms + 5, Event::TipAnswered { tip, status: 202, id, incident, code: None });
        let status = "finished".into();
        self.at(
            90_000,
            Event::EndTip {
                tip,
                tip_known: true,
                incident_known: true,
                status,
                by_dispatcher: true,
            },
        );
    }

    fn offer(&mut self, ms: u64, o: u32, tip: u32) {
        self.offer_sent_at(ms, o, tip, i64::try_from(ms).unwrap());
    }

    fn offer_sent_at(&mut self, ms: u64, o: u32, tip: u32, sent_at: i64) {
        let (offer, incident) = (format!("f{ms}-{o}"), format!("i{tip}"));
        let (lat, lon) = PLACE;
        self.at(ms, Event::Offer { o, offer, incident, sent_at, lat, lon, late: false });
    }

    fn accept(&mut self, ms: u64, o: u32, offer: &str) {
        let (verb, subject) = (Verb::Accept, offer.to_owned());
        self.at(ms, Event::Command { o, verb, subject: subject.clone(), again: false });
        self.at(ms + 2, Event::Answer { o, verb, subject, ok: true, code: None });
    }

    fn finish(&mut self, ms: u64, o: u32, tip: u32) {
        let (verb, subject) = (Verb::Finish, format!("i{tip}"));
        self.at(ms, Event::Command { o, verb, subject: subject.clone(), again: false });
        self.at(ms + 2, Event::Answer { o, verb, subject, ok: true, code: None });
    }

    fn check(mut self) -> super::Findings {
        self.0.sort_by_key(|entry| entry.t);
        check(&self.0)
    }
}

#[test]
fn an_offer_past_a_certainly_nearer_and_free_officer_is_wrong() {
    let mut story = Story::with(&[1.0, 2.0]);
    story.tip(10_000, 1, "other");
    story.offer(10_010, 1, 1);
    let found = story.check();
    assert_eq!((found.offers_judged, found.offers_not_nearest), (1, 1), "{:?}", found.faults);
}

#[test]
fn an_offer_to_the_nearest_is_right() {
    let mut story = Story::with(&[1.0, 2.0]);
    story.tip(10_000, 1, "other");
    story.offer(10_010, 0, 1);
    let found = story.check();
    assert_eq!((found.offers_judged, found.offers_not_nearest), (1, 0));
}

#[test]
fn within_a_metre_is_equal() {
    // 0.9 m of latitude.
    let mut story = Story::with(&[1.0, 1.0 + 0.9 / 1_109.0]);
    story.tip(10_000, 1, "other");
    story.offer(10_010, 1, 1);
    assert_eq!(story.check().offers_not_nearest, 0);
}

#[test]
fn a_nearer_officer_who_may_be_asked_elsewhere_is_no_better_one() {
    let mut story = Story::with(&[1.0, 2.0]);
    story.tip(9_000, 1, "other");
    story.tip(10_000, 2, "other");
    // Decided at any time after the first tip, so perhaps before the second incident's offer.
    story.offer(10_040, 0, 1);
    story.offer(10_010, 1, 2);
    assert_eq!(story.check().offers_not_nearest, 0);
}

#[test]
fn a_nearer_officer_who_is_committed_is_no_better_one_until_he_has_finished() {
    for (finished, wrong) in [(None, 0), (Some(8_000), 1)] {
        let mut story = Story::with(&[1.0, 2.0]);
        story.tip(5_000, 1, "other");
        story.offer(5_010, 0, 1);
        story.accept(5_500, 0, "f5010-0");
        if let Some(ms) = finished {
            story.finish(ms, 0, 1);
        }
        story.tip(10_000, 2, "other");
        story.offer(10_010, 1, 2);
        assert_eq!(story.check().offers_not_nearest, wrong, "finished: {finished:?}");
    }
}

#[test]
fn a_fix_under_way_that_is_farther_excuses_the_server() {
    let mut story = Story::with(&[1.0, 2.0]);
    story.tip(10_000, 1, "other");
    story.fix(0, 10_005, 3.0);
    story.offer(10_010, 1, 1);
    assert_eq!(story.check().offers_not_nearest, 0);
}

#[test]
fn a_fix_acknowledged_beside_a_refusal_may_not_be_what_the_server_decides_by() {
    let mut story = Story::with(&[3.0, 2.0]);
    story.fix(0, 9_500, 1.0);
    let (seq, codes) = (Some(9_500), [("implausible".to_owned(), 1)].into());
    story.at(9_520, Event::Ack { o: 0, seq, taken: 0, refused: 1, codes });
    story.tip(9_600, 1, "other");
    story.offer(9_610, 1, 1);
    assert_eq!(story.check().offers_not_nearest, 0);
}

#[test]
fn a_kill_makes_everything_uncertain() {
    let mut story = Story::with(&[1.0, 2.0]);
    story.tip(10_000, 1, "other");
    story.at(10_005, Event::Killed);
    story.offer(10_010, 1, 1);
    let found = story.check();
    assert_eq!((found.offers_judged, found.offers_not_nearest), (0, 0));
}

#[test]
fn an_officer_who_stopped_reading_is_no_better_one() {
    let mut story = Story::with(&[1.0, 2.0]);
    story.at(9_000, Event::Stalled { o: 0 });
    story.tip(10_000, 1, "other");
    story.offer(10_010, 1, 1);
    assert_eq!(story.check().offers_not_nearest, 0);
}

#[test]
fn a_later_round_is_judged_from_the_decline_on() {
    // Officer 1 is asked first although 0 is busy then; 0 is free again before 1 declines.
    let story = |sent_at| {
        let mut story = Story::with(&[1.0, 2.0, 3.0]);
        story.tip(5_000, 1, "other");
        story.offer(5_010, 0, 1);
        story.accept(5_500, 0, "f5010-0");
        story.tip(6_000, 2, "other");
        story.offer(6_010, 1, 2);
        story.finish(7_000, 0, 1);
        let (o, verb, subject) = (1, Verb::Decline, "f6010-1".to_owned());
        story.at(8_000, Event::Command { o, verb, subject: subject.clone(), again: false });
        story.at(8_002, Event::Answer { o, verb, subject, ok: true, code: None });
        story.offer_sent_at(8_010, 2, 2, sent_at);
        story
    };
    assert_eq!(story(8_005).check().offers_not_nearest, 1);
    // A decision that the server dates back was perhaps only delivered late.
    assert_eq!(story(6_005).check().offers_not_nearest, 0);
}

#[test]
fn a_second_commitment_before_the_first_is_finished_is_a_double_one() {
    for (finish, doubles) in [(9_000, 1), (6_500, 0)] {
        let mut story = Story::with(&[1.0]);
        story.tip(5_000, 1, "other");
        story.offer(5_010, 0, 1);
        story.accept(5_500, 0, "f5010-0");
        story.tip(7_000, 2, "other");
        story.offer(7_010, 0, 2);
        story.accept(7_500, 0, "f7010-0");
        story.finish(finish, 0, 1);
        assert_eq!(story.check().double_commitments, doubles);
    }
}

#[test]
fn more_accepted_than_needed_is_a_double_commitment() {
    for (kind, doubles) in [("other", 1), ("debtor_sighted", 0)] {
        let mut story = Story::with(&[1.0, 1.0]);
        story.tip(5_000, 1, kind);
        for o in [0, 1] {
            story.offer(5_010, o, 1);
            story.accept(5_500, o, &format!("f5010-{o}"));
        }
        assert_eq!(story.check().double_commitments, doubles, "{kind}");
    }
}

#[test]
fn an_accepted_incident_that_a_reconnect_does_not_show_is_lost() {
    for (held, lost) in [(vec!["i1"], 0), (vec![], 1)] {
        let mut story = Story::with(&[1.0]);
        story.tip(5_000, 1, "other");
        story.offer(5_010, 0, 1);
        story.accept(5_500, 0, "f5010-0");
        story.at(6_000, Event::Killed);
        story.welcome(7_000, 0, &held);
        let found = story.check();
        assert_eq!((found.commitments_lost, found.double_commitments), (lost, 0));
    }
}

#[test]
fn asking_again_and_asking_off_duty_are_seen() {
    let mut story = Story::with(&[1.0]);
    story.tip(5_000, 1, "other");
    story.offer(5_010, 0, 1);
    story.offer(6_000, 0, 1);
    story.at(7_000, Event::DutySent { o: 0, on: false });
    story.at(7_010, Event::DutyDone { o: 0, on: false, ok: true });
    story.tip(8_000, 2, "other");
    story.offer(8_010, 0, 2);
    let found = story.check();
    assert_eq!((found.offers_reasked, found.offers_off_duty), (1, 1));
}

#[test]
fn a_tip_is_lost_when_the_server_does_not_know_it_at_the_end() {
    let mut story = Story::with(&[1.0]);
    story.tip(5_000, 1, "other");
    story.tip(5_000, 2, "other");
    for entry in &mut story.0 {
        if let Event::EndTip { tip: 2, incident_known, .. } = &mut entry.event {
            *incident_known = false;
        }
    }
    let found = story.check();
    assert_eq!((found.tips_acked, found.tips_lost), (2, 1));
}

#[test]
fn a_repeated_tip_must_get_the_same_answer() {
    let mut story = Story::with(&[1.0]);
    story.tip(5_000, 1, "other");
    let (id, incident) = (Some("t1".to_owned()), Some("i9".to_owned()));
    story.at(6_000, Event::TipAnswered { tip: 1, status: 202, id, incident, code: None });
    assert_eq!(story.check().tip_answers_differ, 1);
}

#[test]
fn latencies_are_taken_from_the_first_sending() {
    let mut story = Story::with(&[1.0]);
    story.tip(5_000, 1, "other");
    story.offer(5_020, 0, 1);
    story.accept(5_500, 0, "f5020-0");
    let found = story.check();
    assert!((found.tip_to_ack_ms.max - 5.0).abs() < 0.01);
    assert!((found.tip_to_offer_ms.max - 20.0).abs() < 0.01);
    assert!((found.tip_to_accept_ms.max - 502.0).abs() < 0.01);
}
