// One socket that stays: ticket, hello, heartbeat, and back again with jitter when it breaks.
// It knows nothing of incidents or officers; a page gives it the frames of its `hello` and takes
// every frame of the server.

import { backoffMs } from './backoff';
import type { ServerClock } from './clock';
import { type Ticket, wsTicket } from './http';
import { CLOSE, type Frame, PROTOCOL_VERSION } from './protocol/frames';
import { Refused } from './refused';

export type LinkState = 'connecting' | 'open' | 'waiting' | 'stopped';
/** Why a stopped link does not try again by itself. */
export type StopReason = 'signed-out' | 'not-permitted' | 'elsewhere' | 'version' | 'asked';

export interface LinkPorts {
  path: string;
  clock: ServerClock;
  /** A device's token; a console uses its cookie. */
  bearer?: () => string | null;
  /** Fields of `hello` beside `v` and `ticket`. */
  hello?: () => Record<string, unknown>;
  onFrame: (frame: Frame) => void;
  /** Binary frames; without this none are expected. */
  onBinary?: (bytes: ArrayBuffer) => void;
  onState: (state: LinkState, reason: StopReason | null) => void;
  onLatency: (roundTripMs: number) => void;
}

const HEARTBEAT_MS = 10_000;
const PONG_WAIT_MS = 8_000;
const WELCOME_WAIT_MS = 10_000;

export class Link {
  private socket: WebSocket | null = null;
  private state: LinkState = 'stopped';
  private attempt = 0;
  // Grows with each try; an answer that belongs to an older try is ignored.
  private generation = 0;
  private retryTimer: number | undefined;
  private heartbeatTimer: number | undefined;
  private welcomeTimer: number | undefined;
  private heartbeatMs = HEARTBEAT_MS;
  private pingSentAt: number | null = null;

  constructor(private readonly ports: LinkPorts) {
    window.addEventListener('online', this.hurry);
    document.addEventListener('visibilitychange', this.hurry);
  }

  start(): void {
    if (this.state === 'connecting' || this.state === 'open') return;
    this.attempt = 0;
    void this.connect();
  }

  stop(reason: StopReason = 'asked'): void {
    this.generation += 1;
    this.dropSocket();
    window.clearTimeout(this.retryTimer);
    this.setState('stopped', reason);
  }

  /** For good: the page is done with this link. */
  dispose(): void {
    this.stop();
    window.removeEventListener('online', this.hurry);
    document.removeEventListener('visibilitychange', this.hurry);
  }

  send(frame: Record<string, unknown>): boolean {
    if (this.state !== 'open' || this.socket?.readyState !== WebSocket.OPEN) return false;
    this.socket.send(JSON.stringify(frame));
    return true;
  }

  private readonly hurry = (): void => {
    if (document.visibilityState === 'hidden') return;
    if (this.state === 'waiting') void this.connect();
    else if (this.state === 'open') this.ping();
  };

  private async connect(): Promise<void> {
    window.clearTimeout(this.retryTimer);
    const generation = ++this.generation;
    this.setState('connecting', null);
    let ticket: Ticket;
    try {
      ticket = await wsTicket(this.ports.bearer?.() ?? undefined);
    } catch (error) {
      if (generation !== this.generation) return;
      if (error instanceof Refused && error.code === 'auth-required') this.stop('signed-out');
      else if (error instanceof Refused && error.code === 'credentials') this.stop('signed-out');
      else if (error instanceof Refused && error.code === 'forbidden') this.stop('not-permitted');
      else this.retry(error instanceof Refused ? error.retryAfterS : null);
      return;
    }
    if (generation !== this.generation) return;
    this.open(ticket.ticket, generation);
  }

  private open(ticket: string, generation: number): void {
    const scheme = location.protocol === 'https:' ? 'wss' : 'ws';
    const socket = new WebSocket(`${scheme}://${location.host}${this.ports.path}`);
    socket.binaryType = 'arraybuffer';
    this.socket = socket;
    this.welcomeTimer = window.setTimeout(() => this.broken(generation), WELCOME_WAIT_MS);
    socket.onopen = () => {
      const more = this.ports.hello?.() ?? {};
      socket.send(JSON.stringify({ type: 'hello', v: PROTOCOL_VERSION, ticket, ...more }));
    };
    socket.onmessage = (message) => {
      if (generation !== this.generation) return;
      if (message.data instanceof ArrayBuffer) this.ports.onBinary?.(message.data);
      else this.receive(String(message.data));
    };
    socket.onclose = (event) => {
      if (generation === this.generation) this.closed(event.code);
    };
  }

  private receive(text: string): void {
    let frame: Frame;
    try {
      frame = JSON.parse(text) as Frame;
    } catch {
      return;
    }
    if (frame.type === 'pong') {
      this.pong(frame);
      return;
    }
    if (frame.type !== 'welcome' && frame.type !== 'resumed') {
      this.ports.onFrame(frame);
      return;
    }
    this.welcomed(frame);
    this.ports.onFrame(frame);
    // After the page's own frames: nothing may go out before a waiting SOS.
    this.ping();
  }

  private welcomed(frame: Frame): void {
    window.clearTimeout(this.welcomeTimer);
    this.attempt = 0;
    if (typeof frame['now'] === 'number') this.ports.clock.guess(frame['now']);
    if (typeof frame['heartbeat_ms'] === 'number') this.heartbeatMs = Math.max(1000, frame['heartbeat_ms']);
    this.setState('open', null);
    window.clearInterval(this.heartbeatTimer);
    this.heartbeatTimer = window.setInterval(() => this.heartbeat(), this.heartbeatMs);
  }

  private heartbeat(): void {
    // Only an unanswered ping of our own proves silence: timers of a hidden tab are slowed down, so
    // the time since the last frame proves nothing.
    if (this.pingSentAt !== null && Date.now() - this.pingSentAt > PONG_WAIT_MS) {
      this.broken(this.generation);
      return;
    }
    this.ping();
  }

  private ping(): void {
    if (this.pingSentAt !== null) return;
    const sentAt = Date.now();
    if (this.send({ type: 'ping', t: sentAt })) this.pingSentAt = sentAt;
  }

  private pong(frame: Frame): void {
    const receivedAt = Date.now();
    this.pingSentAt = null;
    if (typeof frame['t'] !== 'number' || typeof frame['now'] !== 'number') return;
    this.ports.clock.sample(frame['t'], frame['now'], receivedAt);
    this.ports.onLatency(Math.max(0, receivedAt - frame['t']));
  }

  private closed(code: number): void {
    if (code === CLOSE.notPermitted) this.stop('not-permitted');
    else if (code === CLOSE.elsewhere) this.stop('elsewhere');
    else if (code === CLOSE.version) this.stop('version');
    // 4401 is a ticket that grew old or a session that ended; asking for a new ticket tells which.
    else this.broken(this.generation);
  }

  private broken(generation: number): void {
    if (generation !== this.generation) return;
    this.generation += 1;
    this.dropSocket();
    this.retry(null);
  }

  private retry(retryAfterS: number | null): void {
    const delay = Math.max(backoffMs(this.attempt), (retryAfterS ?? 0) * 1000);
    this.attempt += 1;
    this.setState('waiting', null);
    this.retryTimer = window.setTimeout(() => void this.connect(), delay);
  }

  private dropSocket(): void {
    window.clearInterval(this.heartbeatTimer);
    window.clearTimeout(this.welcomeTimer);
    this.pingSentAt = null;
    // The old socket may take minutes to notice that it is dead; nothing of it counts any more.
    this.socket?.close();
    this.socket = null;
  }

  private setState(state: LinkState, reason: StopReason | null): void {
    this.state = state;
    this.ports.onState(state, reason);
  }
}
