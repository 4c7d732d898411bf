//! What overload did: to calls for help, to accepts, to tips that were sent away, and for how long.
//!
//! A call for help that was refused, or never answered, is a fault whatever else was going on; so is a
//! command that was refused for want of room.

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;

use super::tips::Latency;
use super::world::World;
use crate::record::{Entry, Event, Verb};

/// Codes that say that there is no room now.
const SHED: [&str; 2] = ["overloaded", "too-many"];

/// What was found.
#[derive(Debug, Default, Serialize)]
pub struct Found {
    pub sos_sent: u64,
    pub sos_acked: u64,
    /// Refused, or never answered.
    pub sos_failed: u64,
    pub sos_to_ack_ms: Latency,
    /// To the first sight of its incident at the console.
    pub sos_to_console_ms: Latency,
    pub accept_to_ack_ms: Latency,
    /// Commands of officers that were refused for want of room.
    pub commands_shed: u64,
    /// Answers to tips that were no 202, each try for itself, by code.
    pub tips_refused_codes: BTreeMap<String, u64>,
    /// Tips first sent in each second of the storm; less than planned when the drill cannot keep up.
    pub storm_tips_per_s: Option<f64>,
    /// Seconds after the storm until every tip sent later got its offer in normal time.
    pub normal_again_s: Option<f64>,
    /// One line for each fault.
    #[serde(skip)]
    pub lines: Vec<String>,
}

/// Looks at a whole record.
pub fn judge(entries: &[Entry], world: &World) -> Found {
    let mut found = Found::default();
    let mut calls: HashMap<u32, u64> = HashMap::new();
    let mut caller: HashMap<&str, u64> = HashMap::new();
    let mut seen: HashMap<&str, u64> = HashMap::new();
    let mut accepts: HashMap<(u32, &str), u64> = HashMap::new();
    let (mut to_ack, mut to_console, mut accepted) = (Vec::new(), Vec::new(), Vec::new());
    let mut started = None;
    for Entry { t, event } in entries {
        match event {
            Event::Started => started = Some(*t),
            Event::SosSent { o } => {
                found.sos_sent += 1;
                calls.insert(*o, *t);
            }
            Event::SosAnswered { o, ok, incident, code } => {
                let Some(sent) = calls.remove(o) else { continue };
                if !ok {
                    found.sos_failed += 1;
                    found
                        .lines
                        .push(format!("the call for help of officer {o} was refused: {code:?}"));
                    continue;
                }
                found.sos_acked += 1;
                to_ack.push(t - sent);
                if let Some(incident) = incident {
                    caller.insert(incident, sent);
                }
            }
            Event::IncidentSeen { incident, .. } => {
                seen.entry(incident).or_insert(*t);
            }
            Event::Command { o, verb: Verb::Accept, subject, .. } => {
                accepts.entry((*o, subject)).or_insert(*t);
            }
            Event::Answer { o, verb, subject, code, .. } => {
                let shed = code.as_deref().is_some_and(|code| SHED.contains(&code));
                found.commands_shed += u64::from(shed);
                if shed {
                    found
                        .lines
                        .push(format!("officer {o}: {verb:?} of {subject} was refused: {code:?}"));
                }
                if let (Verb::Accept, Some(sent)) = (verb, accepts.remove(&(*o, subject.as_str())))
                {
                    accepted.push(t - sent);
                }
            }
            Event::TipAnswered { status, code, .. } if *status != 202 => {
                let code = code.clone().unwrap_or_else(|| status.to_string());
                *found.tips_refused_codes.entry(code).or_default() += 1;
            }
            _ => {}
        }
    }
    for (incident, sent) in &caller {
        match seen.get(incident) {
            Some(at) => to_console.push(at.saturating_sub(*sent)),
            None => {
                found.lines.push(format!("the call for help {incident} never came to the console"));
                found.sos_failed += 1;
            }
        }
    }
    for o in calls.keys() {
        found.lines.push(format!("the call for help of officer {o} was never answered"));
        found.sos_failed += 1;
    }
    found.sos_to_ack_ms = Latency::new(to_ack);
    found.sos_to_console_ms = Latency::new(to_console);
    found.accept_to_ack_ms = Latency::new(accepted);
    if let (Some(started), Some([from, to])) = (started, world.setting.storm) {
        let (from, to) = (moment(started, from), moment(started, to));
        let sent = world.tips.values().filter(|tip| (from..to).contains(&tip.first_sent)).count();
        #[allow(clippy::cast_precision_loss)] // Counts of a drill are exact in f64.
        let rate = sent as f64 / super::seconds((to - from).max(1));
        found.storm_tips_per_s = Some((rate * 10.0).round() / 10.0);
        found.normal_again_s = world.setting.normal_ms.and_then(|ms| normal_again(world, to, ms));
    }
    found
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // At most an hour.
fn moment(started: u64, second: f64) -> u64 {
    started + (second * 1e6) as u64
}

/// Seconds from the end of a storm to the last tip sent after it that was not offered to anybody in
/// normal time. `None` when no tip was sent after it.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A limit of a scenario.
fn normal_again(world: &World, over: u64, normal_ms: f64) -> Option<f64> {
    let normal_us = (normal_ms * 1000.0) as u64;
    let mut offered: HashMap<u32, u64> = HashMap::new();
    for incident in &world.incidents {
        let first = incident.offers.iter().map(|offer| world.offers[*offer].first).min();
        for (tip, first) in incident.tips.iter().filter_map(|tip| Some((*tip, first?))) {
            offered.insert(tip, first);
        }
    }
    let after = world.tips.iter().filter(|(_, tip)| tip.first_sent >= over);
    let late = after.map(|(number, tip)| {
        let soon = offered.get(number).is_some_and(|at| *at <= tip.first_sent + normal_us);
        if soon { 0 } else { tip.first_sent - over }
    });
    late.max().map(super::seconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checker::check;
    use crate::record::Setting;
    use crate::report::Report;
    use crate::scenario::Limits;

    const MS: u64 = 1_000;

    fn entry(ms: u64, event: Event) -> Entry {
        Entry { t: ms * MS, event }
    }

    fn answer(ok: bool) -> Event {
        let incident = ok.then(|| "i1".to_owned());
        Event::SosAnswered { o: 0, ok, incident, code: (!ok).then(|| "overloaded".to_owned()) }
    }

    /// A call for help at 0 ms with this answer, seen at the console a little later.
    fn call(answered: Option<(u64, bool)>) -> Vec<Entry> {
        let mut entries = vec![entry(0, Event::Started), entry(0, Event::SosSent { o: 0 })];
        if let Some((ms, ok)) = answered {
            entries.push(entry(ms, answer(ok)));
            let seen =
                Event::IncidentSeen { incident: "i1".into(), status: "searching".to_owned() };
            entries.push(entry(ms + 5, seen));
        }
        entries
    }

    fn broken(entries: &[Entry]) -> Vec<String> {
        let limits = Limits {
            sos_to_ack_p99_ms: Some(300.0),
            sos_to_console_p99_ms: Some(1_000.0),
            normal_again_s: entries
                .iter()
                .any(|e| matches!(e.event, Event::Begin(_)))
                .then_some(10.0),
            tips_acked_min: None,
            ..Limits::default()
        };
        Report::new(&limits, entries, check(entries)).limits_broken
    }

    #[test]
    fn a_call_for_help_that_was_heard_passes() {
        assert_eq!(broken(&call(Some((120, true)))), Vec::<String>::new());
    }

    #[test]
    fn a_call_for_help_that_was_refused_fails_the_run() {
        let broken = broken(&call(Some((1, false))));
        assert!(broken.iter().any(|line| line.starts_with("sos_failed: 1 ")), "{broken:?}");
    }

    #[test]
    fn a_call_for_help_without_an_answer_fails_the_run() {
        let broken = broken(&call(None));
        assert!(broken.iter().any(|line| line.starts_with("sos_failed: 1 ")), "{broken:?}");
    }

    #[test]
    fn a_call_for_help_that_no_console_saw_fails_the_run() {
        let mut entries = call(Some((120, true)));
        entries.pop();
        assert_eq!(check(&entries).overload.sos_failed, 1);
    }

    #[test]
    fn a_slow_answer_to_a_call_for_help_fails_the_run() {
        let broken = broken(&call(Some((301, true))));
        assert_eq!(broken.len(), 1, "{broken:?}");
        assert!(broken[0].starts_with("sos_to_ack_p99_ms: "), "{broken:?}");
    }

    #[test]
    fn a_command_refused_for_want_of_room_fails_the_run() {
        let (o, verb, subject) = (0, Verb::Accept, "offer".to_owned());
        let mut entries = call(Some((120, true)));
        let (again, code) = (false, Some("overloaded".to_owned()));
        entries.push(entry(200, Event::Command { o, verb, subject: subject.clone(), again }));
        entries.push(entry(210, Event::Answer { o, verb, subject, ok: false, code }));
        assert_eq!(broken(&entries), ["commands_shed: 1 (must be at most 0)"]);
    }

    /// A storm from 0 s to 1 s, and a tip after it, first sent at this second, that got no offer.
    fn late_tip(second: u64) -> Vec<Entry> {
        let setting =
            Setting { storm: Some([0.0, 1.0]), normal_ms: Some(100.0), ..Setting::default() };
        let mut entries = vec![entry(0, Event::Begin(Box::new(setting)))];
        entries.extend(call(Some((120, true))));
        let kind = "other".to_owned();
        let sent = Event::TipSent { tip: 1, kind, lat: 35.0, lon: 114.5, attempt: 1 };
        entries.push(entry(second * 1_000, sent));
        entries
    }

    #[test]
    fn it_is_normal_again_when_the_last_late_tip_was_sent() {
        assert_eq!(check(&late_tip(8)).overload.normal_again_s, Some(7.0));
        assert_eq!(broken(&late_tip(8)), Vec::<String>::new());
        let broken = broken(&late_tip(13));
        assert_eq!(broken, ["normal_again_s: 12 (must be at most 10)"]);
    }

    #[test]
    fn a_storm_after_which_nothing_was_tried_proves_nothing() {
        let broken = broken(&late_tip(0));
        assert_eq!(broken, ["normal_again_s: not measured (must be at most 10)"]);
    }
}
