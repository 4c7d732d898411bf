//! Consoles: what a screen shows, over a connection that breaks and for a reader who stalls.
//!
//! The server numbers its changes and remembers the newest few. A console that comes back says the
//! last number it has: it gets what it missed, or everything anew, but never a part (I21). Whatever it
//! shows is what the journal said at that number (I23).

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use tiande_core::ids::IncidentId;
use tiande_core::incident::{Incident, IncidentStatus};

use super::bugs::Bug;
use super::invariants::{Check, ensure};
use super::world::{Happening, World};

/// Changes that a server remembers.
const REMEMBERED: usize = 12;
/// Messages that may wait for a console before it is cut off.
const WAITING: usize = 6;
/// Screens of the court.
const CONSOLES: usize = 2;

/// A life of the server, and the number of a change in it.
type Place = (u32, u64);
type View = BTreeMap<IncidentId, Rc<Incident>>;
/// What the journal said when a life began, and each change since.
type Life = (View, Vec<(IncidentId, Rc<Incident>)>);

#[derive(Clone)]
enum News {
    All(Place, Rc<View>),
    Change(Place, IncidentId, Rc<Incident>),
}

/// What a server keeps for its consoles. It goes with the server.
#[derive(Default)]
pub struct Feed {
    number: u64,
    recent: VecDeque<(u64, IncidentId, Rc<Incident>)>,
}

#[derive(Default)]
struct Screen {
    connected: bool,
    /// Reads nothing until then.
    stalls_until: i64,
    waiting: VecDeque<News>,
    at: Option<Place>,
    view: View,
    /// What it should show, by the observer.
    expected: View,
}

/// All screens, and what the observer noted of each number.
pub struct Consoles {
    screens: Vec<Screen>,
    lives: BTreeMap<u32, Life>,
}

impl Default for Consoles {
    fn default() -> Self {
        let screens = (0..CONSOLES).map(|_| Screen::default()).collect();
        Self { screens, lives: BTreeMap::new() }
    }
}

fn view_of(incidents: &BTreeMap<IncidentId, Incident>) -> View {
    incidents.iter().map(|(id, state)| (*id, Rc::new(state.clone()))).collect()
}

impl Consoles {
    /// The observer's view at a number.
    fn expected(&self, (life, number): Place) -> View {
        let Some((begin, changes)) = self.lives.get(&life) else { return View::new() };
        let mut view = begin.clone();
        let until = usize::try_from(number).unwrap_or(usize::MAX);
        view.extend(changes.iter().take(until).map(|(id, state)| (*id, Rc::clone(state))));
        view
    }
}

impl World {
    /// A server has started: its screens have nothing from it yet.
    pub fn consoles_begin(&mut self) {
        let begin = view_of(&self.fold.incidents);
        self.consoles.lives.insert(self.boots, (begin, Vec::new()));
    }

    /// The connections went with the server.
    pub fn consoles_lose(&mut self) {
        for screen in &mut self.consoles.screens {
            screen.connected = false;
            screen.waiting.clear();
        }
    }

    /// An incident is elsewhere than before, in the journal and in the live state.
    pub fn consoles_hear(&mut self, id: IncidentId) {
        let (Some(server), Some(state)) = (&mut self.server, self.fold.incidents.get(&id)) else {
            return;
        };
        let Some(live) = server.incidents.get(&id).cloned().map(Rc::new) else { return };
        if let Some((_, changes)) = self.consoles.lives.get_mut(&self.boots) {
            changes.push((id, Rc::new(state.clone())));
        }
        let over =
            matches!(live.status(), Some(IncidentStatus::Finished | IncidentStatus::Cancelled));
        if over && self.bug == Bug::ChangeUntold {
            return;
        }
        server.feed.number += 1;
        let number = server.feed.number;
        server.feed.recent.push_back((number, id, Rc::clone(&live)));
        if server.feed.recent.len() > REMEMBERED {
            server.feed.recent.pop_front();
        }
        for screen in self.consoles.screens.iter_mut().filter(|screen| screen.connected) {
            if screen.waiting.len() < WAITING {
                let place = (self.boots, number);
                screen.waiting.push_back(News::Change(place, id, Rc::clone(&live)));
            } else if self.bug != Bug::SlowConsoleSkips {
                self.counters.consoles_cut_off += 1;
                screen.connected = false;
                screen.waiting.clear();
            }
        }
    }

    /// A screen's turn: it reads, stalls, breaks or comes back.
    pub fn console_acts(&mut self, number: usize) -> Check {
        self.agenda.push(self.now + self.rng.range(50, 600), Happening::ConsoleActs(number));
        let (breaks, stalls) = (self.rng.chance(self.faults.disconnect), self.rng.chance(20));
        let until = self.now + self.rng.range(1_000, 20_000);
        let Some(screen) = self.consoles.screens.get_mut(number) else { return Ok(()) };
        if !screen.connected {
            return self.console_returns(number);
        }
        if breaks {
            screen.connected = false;
            screen.waiting.clear();
            return Ok(());
        }
        if stalls && !self.calm {
            screen.stalls_until = until;
        }
        if screen.stalls_until > self.now {
            return Ok(());
        }
        self.console_reads(number)
    }

    fn console_returns(&mut self, number: usize) -> Check {
        let Some(server) = &self.server else { return Ok(()) };
        if self.bug == Bug::DoorStaysShut && self.calm {
            return Ok(());
        }
        let Some(screen) = self.consoles.screens.get_mut(number) else { return Ok(()) };
        screen.connected = true;
        let now = (self.boots, server.feed.number);
        let oldest = server.feed.recent.front().map_or(now.1 + 1, |(first, _, _)| *first);
        let known = screen.at.filter(|(life, at)| match self.bug {
            Bug::ResumeAcrossLives => *at <= now.1,
            Bug::ResumeWithGap => *life == self.boots,
            _ => *life == self.boots && at + 1 >= oldest,
        });
        match known {
            Some((_, at)) => {
                self.counters.consoles_resumed += 1;
                let missed = server.feed.recent.iter().filter(|(number, _, _)| *number > at);
                screen.waiting.extend(missed.map(|(number, id, state)| {
                    News::Change((self.boots, *number), *id, Rc::clone(state))
                }));
            }
            None => {
                self.counters.consoles_begun_again += 1;
                let all = Rc::new(view_of(&server.incidents));
                screen.waiting.push_back(News::All(now, all));
            }
        }
        Ok(())
    }

    fn console_reads(&mut self, number: usize) -> Check {
        let Some(screen) = self.consoles.screens.get_mut(number) else { return Ok(()) };
        let waiting: Vec<News> = screen.waiting.drain(..).collect();
        for news in waiting {
            let expected = match &news {
                News::All(place, _) => Some(self.consoles.expected(*place)),
                News::Change(..) => None,
            };
            let Some(screen) = self.consoles.screens.get_mut(number) else { return Ok(()) };
            let place = match news {
                News::All(place, all) => {
                    screen.view = (*all).clone();
                    screen.expected = expected.unwrap_or_default();
                    place
                }
                News::Change(place, id, state) => {
                    let follows = screen.at.is_some_and(|(life, at)| (life, at + 1) == place);
                    ensure(follows, "I21", || {
                        format!("screen {number} had {:?} and was sent {place:?}", screen.at)
                    })?;
                    screen.view.insert(id, state);
                    let changes = self.consoles.lives.get(&place.0).map(|(_, changes)| changes);
                    let at = usize::try_from(place.1 - 1).unwrap_or(usize::MAX);
                    if let Some((id, state)) = changes.and_then(|changes| changes.get(at)) {
                        screen.expected.insert(*id, Rc::clone(state));
                    }
                    place
                }
            };
            screen.at = Some(place);
            self.counters.console_messages += 1;
            ensure(screen.view == screen.expected, "I23", || {
                format!("screen {number} at {place:?} shows what the journal does not say")
            })?;
        }
        Ok(())
    }

    /// I38: when nothing has failed for a while, every screen shows the newest.
    pub fn consoles_caught_up(&mut self) -> Check {
        for number in 0..CONSOLES {
            let Some(screen) = self.consoles.screens.get_mut(number) else { continue };
            screen.stalls_until = 0;
            ensure(screen.connected, "I38", || format!("screen {number} is not connected"))?;
            self.console_reads(number)?;
            let newest = self.server.as_ref().map(|server| (self.boots, server.feed.number));
            let at = self.consoles.screens.get(number).and_then(|screen| screen.at);
            ensure(at == newest, "I38", || format!("screen {number} is at {at:?} of {newest:?}"))?;
        }
        Ok(())
    }

    pub fn consoles_open(&mut self) {
        for number in 0..CONSOLES {
            self.agenda.push(self.rng.range(0, 2_000), Happening::ConsoleActs(number));
        }
    }
}
