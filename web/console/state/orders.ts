// What a dispatcher can order, from a button or from a key. Each order says in words what it did;
// what cannot be undone, or goes against the system's advice, asks first.

import type { CrewMember, MergedTip, Incident } from '../../shared/protocol/shapes';
import { t, verdictName } from '../words';
import type { Candidate } from './candidates';
import type { Desk } from './desk.svelte';
import { isClosed, seatsOpen } from './queue-order';
import type { Questions } from './questions.svelte';

export function canDispatch(incident: Incident): boolean {
  return incident.status === 'awaiting_dispatch' || incident.status === 'queued';
}

export function canAssign(incident: Incident): boolean {
  return !isClosed(incident) && incident.place !== null;
}

/** The server takes bursts of 60 messages. */
const AT_ONCE = 40;

export class Orders {
  constructor(
    private readonly desk: Desk,
    private readonly questions: Questions,
  ) {}

  dispatch(): void {
    const incident = this.desk.selected;
    if (!incident || !this.linked() || !canDispatch(incident)) return;
    void this.desk.order({ type: 'dispatch', incident: incident.id }, t('dispatched', { number: incident.number }));
  }

  startPlacing(): void {
    const incident = this.desk.selected;
    if (incident && this.linked() && !isClosed(incident)) this.desk.focus.placing = true;
  }

  place(lat: number, lon: number): void {
    const incident = this.desk.selected;
    if (!incident || !this.linked()) return;
    this.desk.focus.placing = false;
    void this.desk.order({ type: 'place', incident: incident.id, lat, lon }, t('placed'));
  }

  assign(candidate: Candidate): void {
    const incident = this.desk.selected;
    if (!incident || !this.linked() || !canAssign(incident) || candidate.choice === 'never') return;
    const { officer, name } = candidate;
    const send = (more: { stack?: boolean; reason?: string }): void => {
      void this.desk.order({ type: 'assign', incident: incident.id, officer, ...more }, t('assigned', { name }));
    };
    const enough = seatsOpen(incident) === 0;
    if (candidate.choice === 'order' && !enough) {
      send({});
      return;
    }
    const stack = candidate.choice === 'stack';
    this.questions.ask({
      title: t(stack ? 'stackTitle' : 'confirmTitle', { name }),
      text: stack ? t('stackText', { name }) : enough && candidate.choice === 'order' ? t('enoughText') : t('confirmText', { why: verdictName(candidate.verdict) }),
      yes: t(stack ? 'stack' : 'assign'),
      danger: false,
      needsReason: true,
      onYes: (reason) => send(stack ? { stack: true, reason } : { reason }),
    });
  }

  assignKey(key: number): void {
    const candidate = this.desk.focus.candidates.find((row) => row.key === key);
    if (candidate) this.assign(candidate);
  }

  release(member: CrewMember): void {
    const incident = this.desk.selected;
    if (!incident || !this.linked()) return;
    const { officer, name } = member;
    this.questions.ask({
      title: t('releaseTitle', { name }),
      text: t('releaseText', { number: incident.number }),
      yes: t('release'),
      danger: true,
      needsReason: true,
      onYes: (reason) =>
        void this.desk.order({ type: 'release', incident: incident.id, officer, reason }, t('released', { name })),
    });
  }

  splitOff(merged: MergedTip): void {
    const incident = this.desk.selected;
    if (!incident || !this.linked() || isClosed(incident)) return;
    const { tip, source } = merged;
    this.questions.ask({
      title: t('splitTitle', { source }),
      text: t('splitText', { number: incident.number }),
      yes: t('splitOff'),
      danger: false,
      needsReason: true,
      onYes: (reason) => void this.desk.order({ type: 'split_tip', incident: incident.id, tip, reason }, t('split')),
    });
  }

  cancel(): void {
    const incident = this.desk.selected;
    if (!incident || !this.linked() || isClosed(incident)) return;
    const { id, number } = incident;
    this.questions.ask({
      title: t('cancelTitle', { number }),
      text: t('cancelText'),
      yes: t('cancelIncident'),
      danger: true,
      needsReason: true,
      onYes: (reason) => void this.desk.order({ type: 'cancel', incident: id, reason }, t('cancelled', { number })),
    });
  }

  acknowledge(alarm: string): void {
    if (this.linked()) void this.desk.order({ type: 'ack_alarm', alarm }, t('alarmAcked'));
  }

  /** Alarms whose incident has officers by now, or is over: one yes for all of them. */
  acknowledgeSettled(): void {
    if (!this.linked()) return;
    for (const { alarm } of this.desk.board.settledAlarms.slice(0, AT_ONCE)) {
      void this.desk.order({ type: 'ack_alarm', alarm }, t('alarmAcked'));
    }
  }

  /** Orders need a link now: one given into the void must not go out a minute later, unexpected. */
  private linked(): boolean {
    if (this.desk.linkState === 'open') return true;
    this.desk.notify('bad', t('offline'));
    return false;
  }
}
