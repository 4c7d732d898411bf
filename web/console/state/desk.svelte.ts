// The console's one object: session, link, board, focus and the dispatcher's commands. Components
// read it and call it; they never speak to the socket.

import { newId } from '../../shared/ids';
import { Outbox } from '../../shared/outbox';
import { type Command, type Done, type Frame, isAnswer } from '../../shared/protocol/frames';
import type { Incident } from '../../shared/protocol/shapes';
import { Session } from '../../shared/session.svelte';
import { Link, type LinkState, type StopReason } from '../../shared/socket';
import { Ticker } from '../../shared/ticker.svelte';
import { refusalText } from '../../shared/words';
import { readTick } from '../fleet/tick-records';
import type { View } from '../protocol';
import { soundFor } from './alarms';
import { Board } from './board.svelte';
import { Focus } from './focus.svelte';
import { isClosed, needsDispatcher } from './queue-order';
import { Siren } from './siren';
import { Told } from './told';

const ANSWER_WAIT_MS = 15_000;
const NOTICE_MS = 6000;
const TICK_MS = 500;
const OUTSIDE_EVERY_MS = 10_000;
const MUTE_MS = 5 * 60_000;

export interface Notice {
  id: string;
  tone: 'good' | 'bad';
  text: string;
}

export class Desk {
  readonly session = new Session();
  readonly ticker = new Ticker();
  readonly siren = new Siren();
  readonly board: Board = new Board({
    onNewWaiting: () => this.siren.chime(),
    onIncident: (incident) => this.focus.changed(incident),
  });
  readonly focus: Focus = new Focus({
    command: (command) => this.command(command),
    isOpen: () => this.linkState === 'open',
  });

  linkState = $state<LinkState>('stopped');
  stopReason = $state<StopReason | null>(null);
  latencyMs = $state<number | null>(null);
  /** Has a `welcome` ever come? Before that, an empty queue means nothing. */
  resynced = $state(false);
  onShift = $state(false);
  mutedUntil = $state(0);
  notices = $state.raw<Notice[]>([]);

  readonly muted = $derived(this.ticker.now < this.mutedUntil);
  readonly waitingCount = $derived(this.board.queue.filter(needsDispatcher).length);
  readonly onDutyCount = $derived.by(() => {
    void this.board.fleetRevision;
    const fleet = this.board.fleet;
    return fleet.countOf('available', 'offered', 'committed', 'on_break', 'out_of_contact');
  });
  readonly selected = $derived(this.focus.incidentId ? this.board.incidents.get(this.focus.incidentId) : undefined);

  private readonly outbox = new Outbox(newId);
  private readonly told = new Told();
  private link: Link | null = null;
  /** Where the map looks; a link that comes back looks there too. */
  private view: View | null = null;
  private beats = 0;

  begin(): void {
    this.ticker.start(TICK_MS);
    window.setInterval(() => this.beat(), TICK_MS);
    void this.session.check().then(() => this.connectIfSignedIn());
  }

  async signIn(username: string, password: string): Promise<void> {
    await this.session.signIn(username, password);
    this.connectIfSignedIn();
  }

  async signOut(): Promise<void> {
    this.disconnect();
    await this.session.signOut();
  }

  async retrySession(): Promise<void> {
    await this.session.check();
    this.connectIfSignedIn();
  }

  reconnect(): void {
    this.link?.start();
  }

  /** The first click of a shift: browsers give sound only to a page somebody has clicked. */
  async startShift(): Promise<void> {
    this.onShift = await this.siren.unlock().catch(() => false);
  }

  /** The map looks elsewhere. Those outside are told of together, often enough for their age in lists. */
  lookAt(box: View['box']): void {
    // A map without height sees nothing, and the server takes no box that is none.
    if (!(box[1] < box[3])) return;
    this.view = { box, outside_every_ms: OUTSIDE_EVERY_MS };
    this.sayView();
  }

  mute(): void {
    this.mutedUntil = this.muted ? 0 : this.ticker.clock.now() + MUTE_MS;
  }

  /** Sends a command and tells the dispatcher how it ended. */
  async order(command: Command, good: string): Promise<boolean> {
    try {
      await this.command(command);
      this.notify('good', good);
      return true;
    } catch (error) {
      this.notify('bad', refusalText(error));
      return false;
    }
  }

  notify(tone: Notice['tone'], text: string): void {
    // Many orders at once end in the same words; they are said once.
    if (this.notices.some((shown) => shown.tone === tone && shown.text === text)) return;
    const notice = { id: newId(), tone, text };
    this.notices = [...this.notices, notice].slice(-4);
    window.setTimeout(() => {
      this.notices = this.notices.filter((other) => other !== notice);
    }, NOTICE_MS);
  }

  incidentOfOfficer(officer: string): Incident | undefined {
    return this.board.queue.find(
      (incident) => !isClosed(incident) && incident.crew.some((member) => member.officer === officer),
    );
  }

  /** Goes out only on an open link; what is said meanwhile is said again when it has opened. */
  private sayView(): void {
    if (this.view) this.link?.send({ type: 'view', view: this.view });
  }

  private async command(command: Command): Promise<Done> {
    const { entry, done } = this.outbox.add(command, Date.now());
    this.link?.send({ ...entry.command, id: entry.id });
    return (await done) as Done;
  }

  private connectIfSignedIn(): void {
    if (this.session.phase !== 'signed-in' || this.link) return;
    this.link = new Link({
      path: '/ws/console',
      clock: this.ticker.clock,
      hello: () => ({
        binary: true,
        view: this.view ?? undefined,
        after: this.told.after(),
      }),
      onFrame: (frame) => this.take(frame),
      onBinary: (bytes) => this.takeTick(bytes),
      onState: (state, reason) => this.linkChanged(state, reason),
      onLatency: (ms) => {
        this.latencyMs = ms;
      },
    });
    this.link.start();
  }

  private disconnect(): void {
    this.link?.dispose();
    this.link = null;
    this.resynced = false;
    this.onShift = false;
    this.siren.play(null);
    this.focus.select(null);
    this.told.forget();
    this.view = null;
    this.board.clear();
  }

  private linkChanged(state: LinkState, reason: StopReason | null): void {
    this.linkState = state;
    this.stopReason = reason;
    if (state !== 'open') {
      this.latencyMs = null;
      // Questions are asked afresh after `welcome`; orders stay and go out again.
      this.outbox.drop((entry) => entry.command.type === 'detail' || entry.command.type === 'candidates');
    }
    if (reason === 'signed-out') {
      this.disconnect();
      this.session.ended();
    }
  }

  private take(frame: Frame): void {
    if (isAnswer(frame)) {
      this.outbox.answer(frame);
      return;
    }
    if (frame.type === 'news') {
      // Much happened at once: several frames in one.
      for (const one of frame['news'] as Frame[]) this.take(one);
      return;
    }
    if (!this.told.take(frame)) return;
    this.board.take(frame);
    if (frame.type === 'welcome' || frame.type === 'resumed') {
      this.resynced = true;
      // The map may have moved since `hello` said where it looks.
      this.sayView();
      for (const entry of this.outbox.unanswered()) this.link?.send({ ...entry.command, id: entry.id });
      this.focus.refresh();
    }
  }

  private takeTick(bytes: ArrayBuffer): void {
    const tick = readTick(bytes);
    if (!tick) return;
    this.told.note(tick.no);
    this.board.moved(tick.moved);
  }

  private beat(): void {
    const old = Date.now() - ANSWER_WAIT_MS;
    this.outbox.drop((entry) => entry.at < old);
    this.siren.play(soundFor(this.board.alarmList, this.muted));
    // Every other beat: lists of officers change once a second, as the ticks do.
    if (this.beats++ % 2 === 0) this.board.refreshFleet();
  }
}
