// What the socket tells: incidents, alarms, the feed, and the fleet's counts. `welcome` replaces
// everything, so after a reconnect nothing of the old link is left over.

import { SvelteMap } from 'svelte/reactivity';
import type { Frame } from '../../shared/protocol/frames';
import { nameOf } from '../../shared/protocol/names';
import type { Incident, RosterEntry } from '../../shared/protocol/shapes';
import { Fleet } from '../fleet/fleet';
import type { Alarm, Court, FeedEvent, Moved, Welcome } from '../protocol';
import { alarmOrder, isSettled } from './alarms';
import { inOrder, isClosed, isUrgent, isWaiting } from './queue-order';

const MOST_FEED_LINES = 200;
const MOST_CLOSED = 30;
const ACKED_SHOWN_MS = 8000;
const FLUSH_EVERY_MS = 100;

export interface Acked {
  alarm: Alarm;
  by: string;
}

export interface BoardPorts {
  onNewWaiting: (incident: Incident) => void;
  onIncident: (incident: Incident) => void;
}

export class Board {
  readonly fleet = new Fleet();
  incidents = new SvelteMap<string, Incident>();
  alarms = new SvelteMap<string, Alarm>();
  /** Newest first. */
  feed = $state.raw<FeedEvent[]>([]);
  acked = $state.raw<Acked | null>(null);
  court = $state.raw<Court | null>(null);
  /** Follows `fleet.revision`, at most once a second. */
  fleetRevision = $state(0);
  lastFrameAt = $state(0);

  readonly queue = $derived([...this.incidents.values()].sort(inOrder));
  readonly alarmList = $derived(
    [...this.alarms.values()].sort((a, b) => Number(this.settled(a)) - Number(this.settled(b)) || alarmOrder(a, b)),
  );
  readonly settledAlarms = $derived(this.alarmList.filter((alarm) => this.settled(alarm)));
  readonly sosCount = $derived(this.queue.filter((i) => i.kind === 'officer_sos' && !isClosed(i)).length);

  private changed: Incident[] = [];
  private flushTimer: number | undefined;
  private flushedAt = 0;

  constructor(private readonly ports: BoardPorts) {}

  /** Called by the page's clock: one look at the fleet for all lists. */
  refreshFleet(): void {
    if (this.fleetRevision !== this.fleet.revision) this.fleetRevision = this.fleet.revision;
  }

  settled(alarm: Alarm): boolean {
    return isSettled(alarm, alarm.incident ? this.incidents.get(alarm.incident) : undefined);
  }

  take(frame: Frame): void {
    switch (frame.type) {
      case 'welcome':
        this.welcome(frame as Welcome);
        break;
      case 'tick':
        this.moved(frame['moved'] as Moved[]);
        break;
      case 'officer':
        this.fleet.upsert(officerOf(frame));
        break;
      case 'incident':
        this.changed.push(incidentOf(frame));
        this.flushSoon();
        break;
      case 'event':
        this.feed = [frame as unknown as FeedEvent, ...this.feed].slice(0, MOST_FEED_LINES);
        break;
      case 'alarm':
        this.alarm(frame as unknown as Alarm);
        break;
      case 'alarm_acked':
        this.alarmAcked(String(frame['alarm']), nameOf(frame['by']));
        break;
    }
    this.lastFrameAt = Date.now();
  }

  /** Who moved since the last tick. */
  moved(moved: readonly Moved[]): void {
    this.fleet.tick(moved, performance.now());
    this.lastFrameAt = Date.now();
  }

  clear(): void {
    this.changed = [];
    this.incidents.clear();
    this.alarms.clear();
    this.feed = [];
    this.court = null;
  }

  /** In a great drill hundreds change in a second; the queue is sorted once for all that came. */
  private flushSoon(): void {
    if (this.flushTimer !== undefined) return;
    const wait = Math.max(0, this.flushedAt + FLUSH_EVERY_MS - performance.now());
    this.flushTimer = window.setTimeout(() => this.flush(), wait);
  }

  private flush(): void {
    window.clearTimeout(this.flushTimer);
    this.flushTimer = undefined;
    this.flushedAt = performance.now();
    for (const incident of this.changed.splice(0)) this.incident(incident);
  }

  private welcome(frame: Welcome): void {
    this.changed = [];
    this.court = frame.court;
    const closed = [...this.incidents.values()].filter(isClosed);
    this.incidents.clear();
    // What was closed on this screen stays readable; it is not open any more, so it is not in `welcome`.
    for (const incident of closed) this.incidents.set(incident.id, incident);
    for (const incident of frame.incidents) this.incidents.set(incident.id, incident);
    this.alarms.clear();
    for (const alarm of frame.alarms) this.alarms.set(alarm.alarm, alarm);
    this.fleet.reset(frame.officers, frame.court.court_house);
    this.refreshFleet();
  }

  private incident(incident: Incident): void {
    const before = this.incidents.get(incident.id);
    this.incidents.set(incident.id, incident);
    if (isClosed(incident)) {
      this.settle(incident);
      this.forgetOldest();
    }
    if (!before && isWaiting(incident) && isUrgent(incident)) this.ports.onNewWaiting(incident);
    this.ports.onIncident(incident);
  }

  /** The end of an incident is the end of its alarms: the server keeps none and says no more of them. */
  private settle(incident: Incident): void {
    for (const alarm of this.alarms.values()) {
      if (alarm.incident === incident.id) this.alarms.delete(alarm.alarm);
    }
  }

  private forgetOldest(): void {
    const closed = [...this.incidents.values()].filter(isClosed).sort(inOrder);
    for (const incident of closed.slice(MOST_CLOSED)) this.incidents.delete(incident.id);
  }

  private alarm(alarm: Alarm): void {
    this.alarms.set(alarm.alarm, alarm);
  }

  private alarmAcked(id: string, by: string): void {
    const alarm = this.alarms.get(id);
    if (!alarm) return;
    this.alarms.delete(id);
    const acked = { alarm, by };
    this.acked = acked;
    window.setTimeout(() => {
      if (this.acked === acked) this.acked = null;
    }, ACKED_SHOWN_MS);
  }
}

/** `officer` and `incident` frames carry the shape beside `type`, or under their own name. */
function officerOf(frame: Frame): RosterEntry {
  return (typeof frame['officer'] === 'object' ? frame['officer'] : frame) as RosterEntry;
}

function incidentOf(frame: Frame): Incident {
  return (typeof frame['incident'] === 'object' ? frame['incident'] : frame) as unknown as Incident;
}
