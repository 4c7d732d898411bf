//! Frames as lines of words: `offer offer=… incident=… brief=true`. Tests read them back; the
//! protocol's JSON is the server's.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytestring::ByteString;
use tiande_core::officer::KnownFix;
use tiande_core::time::UnixMillis;

use crate::ports::journal::{Audience, OpenAlarm};
use crate::ports::wire::Wire;
use crate::views::{
    ConsoleNote, HandheldNote, HandheldState, IncidentView, Moved, OfferCard, RosterEntry,
};

/// Encodes notes as lines of words. Clones are one.
///
/// It can be tripped: encoding a frame that holds a given text then panics inside the actor that
/// wants to send it.
#[derive(Clone, Debug, Default)]
pub struct PlainWire(Arc<Mutex<Trip>>);

#[derive(Debug, Default)]
struct Trip {
    text: Option<String>,
    times: u32,
}

impl PlainWire {
    /// The next `times` frames that hold `text` make the actor panic.
    pub fn trip(&self, text: impl Into<String>, times: u32) {
        *self.state() = Trip { text: Some(text.into()), times };
    }

    /// How many frames still will.
    #[must_use]
    pub fn trips_left(&self) -> u32 {
        self.state().times
    }

    fn state(&self) -> MutexGuard<'_, Trip> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[allow(clippy::panic)] // That is what it is for.
    fn finish(&self, line: Line) -> ByteString {
        let springs = {
            let mut trip = self.state();
            let hit = trip.times > 0 && trip.text.as_ref().is_some_and(|t| line.0.contains(t));
            trip.times -= u32::from(hit);
            hit
        };
        if springs {
            panic!("a test has tripped the wire");
        }
        line.0.into()
    }
}

struct Line(String);

impl Line {
    fn of(kind: &str) -> Self {
        Self(kind.to_owned())
    }

    fn with(mut self, key: &str, value: impl Display) -> Self {
        let value = value.to_string().replace([' ', '\n'], "_");
        self.0.push_str(&format!(" {key}={value}"));
        self
    }

    fn with_all<T: Display>(self, key: &str, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| value.to_string()).collect();
        self.with(key, values.join(","))
    }

    fn with_some(self, key: &str, value: Option<impl Display>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self.with(key, "none"),
        }
    }

    fn state(self, state: &HandheldState) -> Self {
        self.with("status", state.status.name())
            .with_all("offers", state.offers.iter().map(|card| card.offer))
            .with("briefed", state.offers.iter().all(|card| card.brief.is_some()))
            .with_all("commitments", state.commitments.iter().map(|c| c.commitment.incident))
    }

    fn card(self, card: &OfferCard) -> Self {
        self.with("offer", card.offer)
            .with("incident", card.incident)
            .with("briefed", card.brief.is_some())
            .with_some("distance_m", card.distance_m.map(f64::round))
            .with_some("expires_at", card.expires_at.map(|at| at.0))
    }

    fn roster(self, entry: &RosterEntry) -> Self {
        self.with("officer", entry.id)
            .with("status", entry.status.name())
            .with("fix", place_of(entry.fix))
    }

    fn incident(self, view: &IncidentView) -> Self {
        self.with("incident", view.brief.id)
            .with("status", view.status.name())
            .with_all("crew", view.crew.iter().map(|member| member.officer))
            .with_all("offers", view.offers_open.iter().map(|offer| offer.offer))
            .with_some("alarm", view.alarm.map(|level| level.name()))
    }

    fn alarm(self, alarm: &OpenAlarm) -> Self {
        self.with("alarm", alarm.alarm)
            .with("kind", &alarm.kind)
            .with("audience", audience_of(alarm.audience))
            .with_some("incident", alarm.incident)
            .with_some("officer", alarm.officer)
    }
}

fn place_of(fix: Option<KnownFix>) -> String {
    fix.map_or("none".to_owned(), |known| {
        format!("{:.5}/{:.5}", known.fix.at.lat(), known.fix.at.lon())
    })
}

fn audience_of(audience: Audience) -> &'static str {
    match audience {
        Audience::Centre => "centre",
        Audience::Director => "director",
        Audience::President => "president",
    }
}

impl Wire for PlainWire {
    fn console(&self, no: u64, note: &ConsoleNote<'_>) -> ByteString {
        let line = match note {
            ConsoleNote::Welcome { run, user, officers, incidents, alarms, .. } => {
                Line::of("welcome")
                    .with("run", run)
                    .with("user", user)
                    .with_all(
                        "officers",
                        officers
                            .iter()
                            .map(|o| format!("{}:{}:{}", o.id, o.status.name(), place_of(o.fix))),
                    )
                    .with_all("incidents", incidents.iter().map(|view| view.brief.id))
                    .with_all("alarms", alarms.iter().map(|alarm| alarm.alarm))
            }
            ConsoleNote::Resumed { run, .. } => Line::of("resumed").with("run", run),
            ConsoleNote::Tick { moved, .. } => Line::of("tick").with_all(
                "moved",
                moved.iter().map(|m| format!("{}:{}:{}", m.n, m.status.name(), place_of(m.fix))),
            ),
            ConsoleNote::Officer(entry) => Line::of("officer").roster(entry),
            ConsoleNote::Incident(view) => Line::of("incident").incident(view),
            ConsoleNote::Event(line) => Line::of("event")
                .with("kind", &line.kind)
                .with_some("incident", line.incident)
                .with_some("officer", line.officer),
            ConsoleNote::Alarm(alarm) => Line::of("alarm").alarm(alarm),
            ConsoleNote::AlarmAcked { alarm, by, .. } => {
                Line::of("alarm_acked").with("alarm", alarm).with("by", by)
            }
        };
        self.finish(line.with("no", no))
    }

    /// A line that says so, and theirs behind it.
    fn console_many(&self, frames: &[ByteString]) -> ByteString {
        let lines: Vec<&str> = std::iter::once("news").chain(frames.iter().map(|f| &**f)).collect();
        lines.join("\n").into()
    }

    /// Plain as all the rest: `tick_binary no=7`, and ` 3=available:35.1/114.6` with blanks behind it for each record.
    fn tick_head(&self, no: u64, _: UnixMillis) -> Vec<u8> {
        Line::of("tick_binary").with("no", no).0.into_bytes()
    }

    fn tick_record(&self, _: UnixMillis, moved: &Moved, out: &mut Vec<u8>) {
        let text = format!(" {}={}:{}", moved.n, moved.status.name(), place_of(moved.fix));
        let length = self.tick_record_len();
        out.extend(format!("{text:length$.length$}").into_bytes());
    }

    fn tick_record_len(&self) -> usize {
        64
    }

    fn handheld(&self, note: &HandheldNote<'_>) -> ByteString {
        self.finish(match note {
            HandheldNote::Welcome { officer, state, stored, .. } => Line::of("welcome")
                .with("officer", officer)
                .with_some("stored", stored.map(|(epoch, seq)| format!("{epoch}.{seq}")))
                .state(state),
            HandheldNote::Stored { epoch, seq } => {
                Line::of("stored").with("epoch", epoch).with("seq", seq)
            }
            HandheldNote::State(state) => Line::of("state").state(state),
            HandheldNote::Offer(card) => Line::of("offer").card(card),
            HandheldNote::Assigned(card) => Line::of("assigned").card(card),
            HandheldNote::OfferClosed { offer, how } => Line::of("offer_closed")
                .with("offer", offer)
                .with_some("how", how.map(|how| how.name())),
            HandheldNote::Ack { epoch, seq, counts } => Line::of("ack")
                .with("epoch", epoch)
                .with("seq", seq)
                .with("taken", counts.taken)
                .with_all("refused", counts.refused.iter().map(|(why, n)| format!("{why}:{n}"))),
            HandheldNote::Notice { code, .. } => Line::of("notice").with("code", code),
        })
    }
}

/// A line read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlainFrame {
    /// Its first word.
    pub kind: String,
    fields: BTreeMap<String, String>,
}

impl PlainFrame {
    /// Reads a line of [`PlainWire`].
    #[must_use]
    pub fn read(line: &str) -> Self {
        let mut words = line.split(' ');
        let kind = words.next().unwrap_or_default().to_owned();
        let fields = words.filter_map(|word| word.split_once('='));
        Self { kind, fields: fields.map(|(k, v)| (k.to_owned(), v.to_owned())).collect() }
    }

    /// A field; empty when the frame has no such.
    #[must_use]
    pub fn get(&self, key: &str) -> &str {
        self.fields.get(key).map_or("", String::as_str)
    }

    /// The parts of a field that is a list.
    #[must_use]
    pub fn list(&self, key: &str) -> Vec<&str> {
        self.get(key).split(',').filter(|part| !part.is_empty()).collect()
    }

    /// True when a field holds that value.
    #[must_use]
    pub fn is(&self, key: &str, value: impl Display) -> bool {
        self.get(key) == value.to_string()
    }
}
