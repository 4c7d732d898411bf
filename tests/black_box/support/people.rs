//! A court with its source, its dispatcher at a console, and its officers with handhelds.

use serde_json::{Value, json};

use super::server::profile;
use super::tips::Source;
use super::waiting::unix_ms;
use super::{Door, Socket};

/// A password that is long enough.
pub const PASSWORD: &str = "black-box-Password-1";

/// A court with a trusted source.
#[derive(Debug, Clone)]
pub struct Court {
    pub door: Door,
    pub id: String,
    pub source: Source,
}

impl Court {
    /// Makes one.
    pub fn add(door: &Door, id: &str) -> Self {
        Self::add_with(door, id, &json!({}))
    }

    /// Makes one with some dispatch settings changed.
    pub fn add_with(door: &Door, id: &str, dispatch: &Value) -> Self {
        let mut profile = profile(id);
        for (key, value) in dispatch.as_object().expect("settings") {
            profile["dispatch"][key] = value.clone();
        }
        door.admin(&json!({"do": "court_add", "profile": profile}));
        let source = Self::source(door, id, &format!("{id}-src"), true);
        Self { door: door.clone(), id: id.to_owned(), source }
    }

    /// Adds a source of tips.
    pub fn source(door: &Door, court: &str, name: &str, trusted: bool) -> Source {
        let added = door
            .admin(&json!({"do": "source_add", "court": court, "name": name, "trusted": trusted}));
        let secret = added["secret"].as_str().expect("a secret").to_owned();
        Source { name: name.to_owned(), secret }
    }

    /// Adds a member of staff and signs in; the cookie.
    pub fn sign_in(&self, username: &str, roles: &[&str]) -> String {
        self.door.admin(&json!({
            "do": "user_add", "court": self.id, "username": username, "name": username,
            "roles": roles, "password": PASSWORD,
        }));
        sign_in_again(&self.door, username)
    }

    /// A dispatcher's cookie.
    pub fn dispatcher(&self) -> String {
        self.sign_in(&format!("{}-dispatcher", self.id), &["dispatcher"])
    }

    /// An officer who is on duty near the court house, `metres` east of it.
    pub fn officer(&self, name: &str, metres: f64) -> Officer {
        let mut officer = Officer::enrol(&self.door, &self.id, name);
        officer.connect();
        officer.go_on_duty(metres);
        officer
    }

    /// All incidents, newest first.
    pub fn incidents(&self, cookie: &str) -> Vec<Value> {
        let reply = self.door.get("/api/incidents?state=all", &[("cookie", cookie)]);
        reply.ok("incidents")["incidents"].as_array().expect("a list").clone()
    }

    /// One incident in detail.
    pub fn incident(&self, cookie: &str, id: &str) -> Value {
        self.door.get(&format!("/api/incidents/{id}"), &[("cookie", cookie)]).ok("incident")
    }
}

/// Signs in somebody who is known; the cookie.
pub fn sign_in_again(door: &Door, username: &str) -> String {
    let body = json!({"username": username, "password": PASSWORD});
    let reply = door.post("/api/session", &[("origin", &door.origin())], &body);
    reply.ok("sign in");
    let cookie = reply.header("set-cookie").expect("a cookie");
    cookie.split(';').next().expect("its value").to_owned()
}

/// A ticket for a session.
pub fn console_ticket(door: &Door, cookie: &str) -> String {
    let headers = [("cookie", cookie), ("origin", &door.origin())];
    ticket_of(&door.post("/api/ws-tickets", &headers, &json!({})).ok("ticket"))
}

fn ticket_of(answer: &Value) -> String {
    answer["ticket"].as_str().expect("a ticket").to_owned()
}

/// A console.
#[derive(Debug)]
pub struct Console {
    pub socket: Socket,
    pub welcome: Value,
}

impl Console {
    /// Opens one for a session.
    pub fn open(door: &Door, cookie: &str) -> Self {
        let ticket = console_ticket(door, cookie);
        let mut socket = Socket::hello(door, "/ws/console", &ticket, 0);
        let welcome = socket.expect("welcome");
        Self { socket, welcome }
    }
}

/// An officer with a handheld.
#[derive(Debug)]
pub struct Officer {
    door: Door,
    pub id: String,
    pub device: String,
    pub token: String,
    pub socket: Option<Socket>,
    epoch: u32,
    seq: u32,
}

impl Officer {
    /// Enrols a device for an officer, who is made when there is none of that name.
    pub fn enrol(door: &Door, court: &str, name: &str) -> Self {
        let given = door.admin(&json!({"do": "device_enrol", "court": court, "officer": name}));
        let reply = door.post("/api/devices/enrol", &[], &json!({"code": given["code"]}));
        let answer = reply.ok("enrol");
        let text = |value: &Value| value.as_str().expect("text").to_owned();
        assert_eq!(answer["officer"]["id"], given["officer"]);
        Self {
            door: door.clone(),
            id: text(&given["officer"]),
            device: text(&answer["device"]),
            token: text(&answer["token"]),
            socket: None,
            epoch: 0,
            seq: 0,
        }
    }

    /// A ticket for a socket.
    pub fn ticket(&self) -> String {
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        ticket_of(&self.door.post("/api/ws-tickets", &headers, &json!({})).ok("ticket"))
    }

    /// Opens a socket; its `welcome`.
    pub fn connect(&mut self) -> Value {
        self.epoch += 1;
        self.seq = 0;
        let ticket = self.ticket();
        let mut socket = Socket::hello(&self.door, "/ws/handheld", &ticket, self.epoch);
        let welcome = socket.expect("welcome");
        self.socket = Some(socket);
        welcome
    }

    /// Tries to open a socket at a server that may be down; `welcome` is still to come.
    pub fn try_connect(&mut self) -> Option<Socket> {
        self.epoch += 1;
        let bearer = format!("Bearer {}", self.token);
        let headers = [("authorization", bearer.as_str())];
        let reply = self.door.try_send("POST", "/api/ws-tickets", &headers, b"")?;
        let ticket = reply.json()["ticket"].as_str()?.to_owned();
        let stream = self.door.connect()?;
        let mut socket = Socket::over(stream, &self.door, "/ws/handheld", &[]).ok()?;
        let hello = json!({"type": "hello", "v": 1, "ticket": ticket, "epoch": self.epoch});
        socket.send(&hello);
        Some(socket)
    }

    /// The socket it has.
    pub fn socket(&mut self) -> &mut Socket {
        self.socket.as_mut().expect("connected")
    }

    /// Goes on duty and says where it is: `metres` east of the court house.
    pub fn go_on_duty(&mut self, metres: f64) {
        self.socket().done(json!({"type": "duty", "to": "on_duty"}));
        let ack = self.report(metres);
        assert_eq!(ack["taken"], 1, "{ack}");
    }

    /// Reports a place and waits for its `ack`.
    pub fn report(&mut self, metres: f64) -> Value {
        self.seq += 1;
        let (seq, epoch) = (self.seq, self.epoch);
        let fix = fix(seq, metres);
        self.socket().send(&json!({"type": "position", "fixes": [fix]}));
        let newest = |f: &Value| f["type"] == "ack" && f["epoch"] == epoch && f["seq"] == seq;
        self.socket().expect_where("ack", newest)
    }

    /// The offer that comes next, acknowledged: its id.
    pub fn offered(&mut self) -> String {
        let offer = self.socket().expect("offer");
        let id = offer["offer"].as_str().expect("an id").to_owned();
        self.socket().send(&json!({"type": "offer_received", "offer": id}));
        id
    }

    /// Accepts.
    pub fn accept(&mut self, offer: &str) {
        self.socket().done(json!({"type": "accept", "offer": offer}));
    }
}

/// A place `metres` east of the court house, as a device reports it.
pub fn fix(seq: u32, metres: f64) -> Value {
    json!({
        "seq": seq, "taken_at": unix_ms(), "lat": 35.2010, "lon": 114.6730 + metres / 91_000.0,
        "accuracy_m": 8,
    })
}
