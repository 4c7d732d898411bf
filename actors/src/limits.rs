//! All bounds of the actors in one place, each with its reason.

use tiande_core::time::Millis;

/// Commands of people that may wait at a court's desk. A dispatcher cannot read more than a few a
/// second; beyond this a caller is better told at once.
pub const DESK_COMMANDS: usize = 512;
/// Calls for help that may wait: more than any court has officers in trouble.
pub const DESK_SOS: usize = 256;
/// Tips that may wait. At 1 ms each the last one waits half a second.
pub const INTAKE_TIPS: usize = 512;
/// Tips that are planned and written at once: a quarter of what the writer takes into one group, so
/// that what stands before a command at the journal is never more than one group. The drill `storm`
/// measures what that leaves for calls for help.
pub const TIPS_AT_WORK: usize = 32;
/// Deliveries of a court's tips that are known by heart: a month at five a minute, two megabytes and a half
/// at most. A court with more looks each one up.
pub const DELIVERIES_KNOWN: usize = 200_000;
/// When they could not be read, so long until the next try.
pub const DELIVERIES_READ_AGAIN: Millis = Millis(5_000);
/// Reports (lists, tracks) that are read at once: half of the store's readers, so that whoever
/// wakes an actor or looks a delivery up finds one of the others.
pub const REPORTS_AT_WORK: usize = 2;
/// Tips that stand in line to be merged into one incident: a quarter of [`TIPS_AT_WORK`], so that a
/// storm about one thing leaves room for the others.
pub const MERGES_IN_LINE: usize = 8;
/// So often a merge looks again, [`BUSY_RETRY`] apart, whether the incident has room.
pub const MERGE_BUSY_TRIES: u32 = 150;
/// What consoles and crew are told of merged tips comes together, at most so often.
pub const MERGES_SHOWN_EVERY: Millis = Millis(500);
/// How many may wait at a turnstile before age is even looked at.
pub const TURNSTILE_WAITING: usize = 512;
/// Who has waited at a turnstile for so long is refused: its sender would have to be told soon anyway.
pub const TURNSTILE_PATIENCE: Millis = Millis(500);
/// Searches a second of incidents that found nobody and look again by themselves; those whom a freed
/// officer wakes come on top. A thousand hopeless incidents must not keep others from planning.
pub const SEARCHES_PER_S: u64 = 100;
/// Such searches at once after a calm time.
pub const SEARCHES_BURST: u64 = 200;
/// Commands that may wait at one incident: its crew, its dispatcher, its clock.
pub const INCIDENT_COMMANDS: usize = 64;
/// Messages that may wait at one officer: incidents that ask, the socket, the clock.
pub const OFFICER_MESSAGES: usize = 64;
/// Messages that may wait at one case.
pub const CASE_MESSAGES: usize = 16;
/// Notes that may wait at a court's board: a storm's worth of a second.
pub const BOARD_NOTES: usize = 4_096;
/// News for consoles that is kept for those who are away for a moment: minutes of a busy court.
pub const NEWS_KEPT: usize = 1_024;
/// The same in bytes.
pub const NEWS_KEPT_BYTES: usize = 2 * 1024 * 1024;
/// Frames that a console which comes back is told one by one: half of what may wait in an outbox.
/// Whoever missed more is shown everything anew.
pub const RESUME_FRAMES: usize = 128;
/// The same in bytes.
pub const RESUME_BYTES: usize = 512 * 1024;
/// While so many frames wait at a console's socket, further news for it is gathered and not sent one by
/// one: a quarter of what may wait in an outbox, so that its answers and ticks have room.
pub const NEWS_ONE_BY_ONE: usize = 64;
/// Whether a console for which news is gathered has room again is looked at so often.
pub const NEWS_GATHERED_FOR: Millis = Millis(50);
/// News that is kept as long as consoles have still to be told it: what ten thousand officers cause who
/// lose contact at once. Whoever has read nothing of that many begins anew.
pub const NEWS_OWED: usize = 20_480;
/// The same in bytes.
pub const NEWS_OWED_BYTES: usize = 6 * 1024 * 1024;
/// News is kept for so long after the last console has gone.
pub const NEWS_FOR_ABSENT: Millis = Millis(120_000);
/// Fixes of one officer that wait to be looked at: some frames of a device that sends what it saved up
/// without network. Beyond this the oldest are let go as positions, and the device is not told that
/// they are stored, so that it sends them again.
pub const FIXES_WAITING: usize = 1_024;
/// How often a court says what it still owes handhelds: acknowledgements that were put off, and news of
/// the track store. One timer for all officers.
pub const ACKS_ROUND: Millis = Millis(1_000);
/// Turns that a round has when many are owed something.
pub const ACKS_TURNS: u32 = 20;
/// So many are told in one turn at least.
pub const ACKS_A_TURN: usize = 32;
/// Acknowledgements a handheld gets after a silence, all but the last of them at once; later one a round. Whoever reports every
/// second or more seldom always hears at once. A frame to a socket costs more than all else that is done
/// for a position.
pub const ACKS_BURST: u64 = 8;
/// After so many fixes an acknowledgement is due in any case: far fewer than the 400 that a device may
/// have under way (PROTOCOL §5).
pub const ACK_AFTER_FIXES: u32 = 64;
/// Records of gateways that wait at one court to be judged: some twelve megabytes at most, and more than all gateways of a
/// large court send in a second. Beyond this a batch is let go and answered so, and its gateway sends it again.
pub const GATEWAY_RECORDS_WAITING: usize = 131_072;
/// A gateway that does not send again for so long what was turned away has given it up; then what
/// comes later is stored without it.
pub const GAP_PATIENCE: Millis = Millis(60_000);
/// Trackers of gateways that are remembered for one officer: the car's, a radio, a watch.
pub const TRACKERS_MAX: usize = 8;
/// Commands put off while an officer is in the middle of another decision.
pub const OFFICER_STASH: usize = 16;

/// An officer held for a decision that never settles goes back to the journal after this, so that
/// nobody is held for ever by an incident that is stuck. A decision may take longer: a rebuilt actor
/// waits for appends in flight, and one that was rebuilt too early is told to catch up.
pub const HOLD_MAX: Millis = Millis(15_000);
/// How often a decision is planned anew when officers turn out to be busy.
pub const REPLANS_MAX: u32 = 32;
/// The wait between two tries for an officer who is in the middle of another decision. An append
/// takes about as long.
pub const BUSY_RETRY: Millis = Millis(2);
/// How often such a decision is tried before the caller is told to come back.
pub const BUSY_RETRIES_MAX: u32 = 250;
/// How often a decision waits for a case that is in the middle of another one. After that the
/// incident goes on, and the case gets its link on its own: many tips about one case at once must not
/// stand in each other's way.
pub const CASE_RETRIES_MAX: u32 = 3;
/// The wait between two tries to give a case its link afterwards.
pub const LINK_RETRY: Millis = Millis(50);
/// How often that is tried. What is still missing then is made up for at the next start.
pub const LINK_RETRIES_MAX: u32 = 600;
/// An incident that is closed, or waits for a dispatcher, and that nobody talks to is put to sleep after
/// this.
pub const INCIDENT_IDLE: Millis = Millis(30_000);
/// A case that nobody talks to is put to sleep after this. The tips about one debtor often come in
/// a burst; after that the case may rest for weeks.
pub const CASE_IDLE: Millis = Millis(30_000);

/// A stream gets a snapshot after so many events since the last one. Waking reads at most so many
/// records beside it, and half of that on average; a snapshot costs about as much as two events.
pub const SNAPSHOT_EVERY: u64 = 32;
/// An actor that goes to sleep leaves a snapshot when so many events are in none: fewer are read as
/// fast as the snapshot itself.
pub const SNAPSHOT_AT_SLEEP: u64 = 16;
/// Snapshots that wait for the store. Beyond this new ones are let go: they are only a cache.
pub const SNAPSHOTS_WAITING: usize = 8_192;
/// Snapshots in one transaction: a few milliseconds of the writer's time, no more.
pub const SNAPSHOT_LOT: usize = 64;
/// How often a lot is handed over, when the one before has arrived.
pub const SNAPSHOT_ROUND: Millis = Millis(500);
/// Officers who are registered, or ordered on or off duty, in one append. A quarter of what the writer
/// takes into one group of decisions would be its place in the queue; as many streams take it some
/// milliseconds.
pub const ROSTER_LOT: usize = 250;
/// Streams read together when a court opens: one question to the store, and no more records in
/// memory than a few thousand.
pub const WAKE_LOT: usize = 256;
/// Cases that their clocks wake together: what they prepare shares an fsync.
pub const BELL_LOT: usize = 256;
/// A court's clocks are looked at so often although none is due: court time follows the wall clock.
pub const BELL_LOOK: Millis = Millis(10_000);
/// After a failure, so long until what is due is tried again.
pub const BELL_RETRY: Millis = Millis(1_000);
/// After so long the bell tries again to wake a case that could not be woken.
pub const BELL_LOST: Millis = Millis(600_000);
/// Cases whose dates are computed anew together, when the calendar is another.
pub const RECOUNT_LOT: usize = 256;
/// Rest between two such lots: officers and dispatchers go first.
pub const RECOUNT_PAUSE: Millis = Millis(20);
/// After a failure, or when only those are left that failed, so long until they are tried again.
pub const RECOUNT_RETRY: Millis = Millis(10_000);
/// Cases that may have failed before they are tried again, whatever else is to do.
pub const RECOUNT_SKIPPED: usize = 2_048;
/// When the journal takes no decisions, an incident's clock tries again after this.
pub const CLOCK_RETRY: Millis = Millis(1_000);
/// How often an exhausted incident looks again, beside being told of freed officers.
pub const SEARCH_AGAIN: Millis = Millis(2_000);
/// How often silent devices and stalled sockets are looked for.
pub const CONTACT_CHECK: Millis = Millis(5_000);
/// Offers remembered for late answers, beyond those of open incidents.
pub const OFFERS_REMEMBERED: usize = 20_000;

/// An actor that dies more often than this in [`RESTART_WINDOW`] stays down and raises an alarm.
pub const RESTARTS_MAX: usize = 5;
/// The window for [`RESTARTS_MAX`].
pub const RESTART_WINDOW: Millis = Millis(60_000);
/// The first wait before an actor is rebuilt; doubles with each death in the window.
pub const RESTART_BACKOFF: Millis = Millis(50);
