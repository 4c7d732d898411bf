//! Facts of actix 0.13.5 that the actors are built on or guard against, one test each
//! (`style.md` §5.9). A new version that changes one of them fails here by name.
#![allow(clippy::disallowed_methods, clippy::panic)] // The banned ways are what is looked at.
#![allow(missing_docs, clippy::unwrap_used)]

use std::pin::pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Waker};
use std::time::{Duration, Instant};

use actix::prelude::*;
use tiande_actors::gate::{Admitted, Gate, NotAdmitted};
use tokio::sync::oneshot;

/// What a test sees of its actor from outside.
#[derive(Clone, Default)]
struct Seen {
    started: Arc<AtomicUsize>,
    handled: Arc<AtomicUsize>,
    ticks: Arc<AtomicUsize>,
    order: Arc<Mutex<Vec<&'static str>>>,
    stopped_in_unwind: Arc<AtomicBool>,
}

struct Probe {
    seen: Seen,
    state: usize,
    tick: Option<Duration>,
}

impl Probe {
    fn new(seen: &Seen) -> Self {
        Self { seen: seen.clone(), state: 0, tick: None }
    }
}

impl Actor for Probe {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.seen.started.fetch_add(1, SeqCst);
        ctx.set_mailbox_capacity(1);
        if let Some(every) = self.tick {
            ctx.run_interval(every, |probe, _| {
                probe.seen.ticks.fetch_add(1, SeqCst);
            });
        }
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.seen.stopped_in_unwind.store(std::thread::panicking(), SeqCst);
    }
}

impl Supervised for Probe {}

#[derive(Message)]
#[rtype(result = "usize")]
struct Count;

/// Blocks the whole context until the other end speaks.
#[derive(Message)]
#[rtype(result = "()")]
struct Block(oneshot::Receiver<()>);

#[derive(Message)]
#[rtype(result = "()")]
struct Panic;

#[derive(Message)]
#[rtype(result = "()")]
struct Stop;

/// Sends itself again until the moment has come.
#[derive(Message)]
#[rtype(result = "()")]
struct Hot(Instant);

impl Handler<Count> for Probe {
    type Result = usize;

    fn handle(&mut self, _: Count, _: &mut Self::Context) -> usize {
        self.state += 1;
        self.seen.handled.fetch_add(1, SeqCst);
        self.state
    }
}

impl Handler<Admitted<Count>> for Probe {
    type Result = usize;

    fn handle(&mut self, message: Admitted<Count>, ctx: &mut Self::Context) -> usize {
        self.handle(message.body, ctx)
    }
}

impl Handler<Block> for Probe {
    type Result = ();

    fn handle(&mut self, message: Block, ctx: &mut Self::Context) {
        ctx.wait(message.0.into_actor(self).map(|_, _, _| ()));
    }
}

impl Handler<Panic> for Probe {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("on demand");
    }
}

impl Handler<Stop> for Probe {
    type Result = ();

    fn handle(&mut self, _: Stop, ctx: &mut Self::Context) {
        ctx.stop();
    }
}

impl Handler<Hot> for Probe {
    type Result = ();

    fn handle(&mut self, message: Hot, ctx: &mut Self::Context) {
        self.seen.handled.fetch_add(1, SeqCst);
        if Instant::now() < message.0 {
            ctx.address().do_send(message);
        } else {
            self.seen.order.lock().unwrap().push("mailbox empty");
        }
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..5_000 {
        if holds() {
            return;
        }
        actix::clock::sleep(Duration::from_millis(2)).await;
    }
    panic!("in vain: {what}");
}

/// An actor that takes nothing until the sender speaks, or is dropped.
async fn blocked(probe: Probe) -> (Addr<Probe>, oneshot::Sender<()>) {
    let addr = probe.start();
    let (go, wait) = oneshot::channel();
    addr.send(Block(wait)).await.unwrap();
    (addr, go)
}

/// Fills the mailbox as far as this address can.
fn fill(addr: &Addr<Probe>) -> usize {
    (0..100).take_while(|_| addr.try_send(Count).is_ok()).count()
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> bool {
    future.poll(&mut TaskContext::from_waker(Waker::noop())).is_ready()
}

#[actix::test]
async fn fact_1_a_clone_passes_a_full_mailbox() {
    let (addr, _go) = blocked(Probe::new(&Seen::default())).await;
    assert!(fill(&addr) < 5, "capacity 1 holds for one sender");
    assert!(addr.try_send(Count).is_err());
    for _ in 0..1_000 {
        assert!(addr.clone().try_send(Count).is_ok());
    }
    assert!(addr.try_send(Count).is_err());
}

#[actix::test]
async fn fact_2_send_enqueues_at_once_also_when_full() {
    let seen = Seen::default();
    let (addr, go) = blocked(Probe::new(&seen)).await;
    let waiting = fill(&addr);
    let mut asked: Vec<_> = (0..100).map(|_| Box::pin(addr.send(Count))).collect();
    for request in &mut asked {
        assert!(!poll_once(request.as_mut()), "nothing can have answered");
    }
    go.send(()).unwrap();
    // None of them is polled again: they are in the queue already.
    until("all are handled", || seen.handled.load(SeqCst) == waiting + 100).await;
}

#[actix::test]
async fn fact_3_a_dropped_request_skips_the_handler() {
    let seen = Seen::default();
    let (addr, go) = blocked(Probe::new(&seen)).await;
    {
        let mut request = pin!(addr.send(Count));
        assert!(!poll_once(request.as_mut()));
    }
    go.send(()).unwrap();
    assert_eq!(addr.send(Count).await.unwrap(), 1, "the dropped one was not handled before");
}

#[actix::test]
async fn fact_4_a_panic_closes_the_address_and_leaves_the_arbiter_alive() {
    let (seen, supervised) = (Seen::default(), Seen::default());
    let plain = Probe::new(&seen).start();
    let probe = Probe::new(&supervised);
    let watched = Supervisor::start(move |_| probe);
    for addr in [&plain, &watched] {
        assert!(matches!(addr.send(Panic).await, Err(MailboxError::Closed)));
        until("the address is closed", || !addr.connected()).await;
    }
    assert_eq!(supervised.started.load(SeqCst), 1, "the supervisor did not start it again");
    assert_eq!(Probe::new(&seen).start().send(Count).await.unwrap(), 1, "the arbiter lives");
}

#[actix::test]
async fn fact_5_stopped_runs_while_the_panic_unwinds() {
    let seen = Seen::default();
    let addr = Probe::new(&seen).start();
    addr.send(Panic).await.unwrap_err();
    assert!(seen.stopped_in_unwind.load(SeqCst));
}

#[actix::test]
async fn fact_6_a_restart_keeps_the_state_and_calls_started_again() {
    let seen = Seen::default();
    let probe = Probe::new(&seen);
    let addr = Supervisor::start(move |_| probe);
    assert_eq!(addr.send(Count).await.unwrap(), 1);
    addr.send(Stop).await.unwrap();
    assert_eq!(addr.send(Count).await.unwrap(), 2, "the same value lives on");
    assert_eq!(seen.started.load(SeqCst), 2);
}

#[actix::test]
async fn fact_7_wait_blocks_the_actors_own_timers() {
    let every = Some(Duration::from_millis(2));
    let (seen, yardstick) = (Seen::default(), Seen::default());
    let (_addr, go) = blocked(Probe { tick: every, ..Probe::new(&seen) }).await;
    let _other = Probe { tick: every, ..Probe::new(&yardstick) }.start();
    let before = seen.ticks.load(SeqCst);
    until("the other one ticks", || yardstick.ticks.load(SeqCst) >= 20).await;
    assert_eq!(seen.ticks.load(SeqCst), before);
    go.send(()).unwrap();
    until("it ticks again", || seen.ticks.load(SeqCst) > before).await;
}

#[actix::test]
async fn fact_8_a_hot_mailbox_starves_the_actors_own_timers() {
    let seen = Seen::default();
    let probe = Probe::new(&seen);
    let addr = Probe::create(move |ctx| {
        ctx.run_later(Duration::from_millis(1), |probe: &mut Probe, _| {
            probe.seen.order.lock().unwrap().push("timer");
        });
        probe
    });
    addr.do_send(Hot(Instant::now() + Duration::from_millis(60)));
    until("both have come", || seen.order.lock().unwrap().len() == 2).await;
    assert_eq!(*seen.order.lock().unwrap(), ["mailbox empty", "timer"]);
    assert!(seen.handled.load(SeqCst) > 100);
}

#[actix::test]
async fn fact_9_a_stop_drops_what_waits_in_the_mailbox() {
    let seen = Seen::default();
    let (addr, go) = blocked(Probe::new(&seen)).await;
    addr.do_send(Stop);
    let mut late = pin!(addr.send(Count));
    assert!(!poll_once(late.as_mut()));
    go.send(()).unwrap();
    assert!(matches!(late.await, Err(MailboxError::Closed)));
    assert_eq!(seen.handled.load(SeqCst), 0);
}

#[actix::test]
async fn fact_13_a_gate_holds_its_bound_under_a_thousand_clones() {
    let seen = Seen::default();
    let (addr, go) = blocked(Probe::new(&seen)).await;
    let gate = Gate::new(addr, "test", 8);
    let clones: Vec<_> = (0..1_000).map(|_| gate.clone()).collect();
    let let_in = clones.iter().filter(|gate| gate.offer(Count).is_ok()).count();
    assert_eq!(let_in, 8);
    assert!(matches!(gate.clone().ask(Count), Err(NotAdmitted::Full(Count))));
    go.send(()).unwrap();
    until("there is room again", || gate.idle()).await;
    assert_eq!(seen.handled.load(SeqCst), 8);
    let answer = gate.ask(Count).unwrap_or_else(|_| panic!("there is room"));
    assert_eq!(answer.await.unwrap(), 9);
}
