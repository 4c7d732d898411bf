// The handheld's one object: link, duty, offers, commitments, positions, SOS. The server's `state` is
// the whole truth; this page only shows it and asks for changes.

import { newId } from '../../shared/ids';
import { Outbox, type OutboxEntry } from '../../shared/outbox';
import { type Answer, type Command, type Frame, isAnswer } from '../../shared/protocol/frames';
import type { OfficerStatus, Outcome, Person } from '../../shared/protocol/shapes';
import { Refused } from '../../shared/refused';
import { Link, type LinkState, type StopReason } from '../../shared/socket';
import { Ticker } from '../../shared/ticker.svelte';
import { refusalText } from '../../shared/words';
import type { Ack, ClosedReason, Commitment, Court, Offer, Stored, UnitState, Welcome } from '../protocol';
import { closedText, fixRefusalText, noticeText, t } from '../words';
import { FieldPart, forgetMeasures } from './field-part.svelte';
import { forgetFixes } from './fix-store';
import { forgetIdentity, type Identity } from './identity';
import { localOutbox } from './outbox-store';
import { Reporter } from './reporter.svelte';
import { Sos } from './sos.svelte';
import { buzz, KeepAwake, ring, ringAfterFirstTouch } from './vitals';

const TICK_MS = 250;
const NOTICE_MS = { good: 2500, plain: 7000, bad: 7000 };
/** A card whose time is up goes away by itself, when the link is too broken to say so. */
const STALE_OFFER_MS = 3000;

export interface Notice {
  id: string;
  tone: 'good' | 'bad' | 'plain';
  text: string;
}

export class Unit {
  readonly ticker = new Ticker();
  readonly reporter = new Reporter(() => this.ticker.clock.now());
  readonly sos: Sos = new Sos();
  readonly part: FieldPart;
  linkState = $state<LinkState>('connecting');
  stopReason = $state<StopReason | null>(null);
  officer = $state.raw<Person>({ id: '', name: '' });
  court = $state.raw<Court | null>(null);
  status = $state<OfficerStatus | null>(null);
  offers = $state.raw<Offer[]>([]);
  commitments = $state.raw<Commitment[]>([]);
  notices = $state.raw<Notice[]>([]);
  /** Types of commands that wait for an answer, for buttons to show it. */
  pending = $state.raw<readonly OutboxEntry[]>([]);

  readonly offer = $derived(
    this.offers.find((offer) => offer.expires_at === null || offer.expires_at + STALE_OFFER_MS > this.ticker.now),
  );
  readonly onDuty = $derived(this.status !== null && this.status !== 'off_duty');

  private readonly outbox = new Outbox(newId, localOutbox);
  private readonly link: Link;
  private readonly awake = new KeepAwake();
  private shown = new Set<string>();

  constructor(
    identity: Identity,
    private readonly onForgotten: () => void,
  ) {
    this.officer = identity.officer;
    this.part = new FieldPart(this, identity.token);
    this.link = new Link({
      path: '/ws/handheld',
      clock: this.ticker.clock,
      bearer: () => identity.token,
      hello: () => ({ epoch: this.reporter.epoch }),
      onFrame: (frame) => this.take(frame),
      onState: (state, reason) => this.linkChanged(state, reason),
      onLatency: () => undefined,
    });
    this.pending = [...this.outbox.unanswered()];
    if (this.outbox.has('sos')) this.sos.waits(Date.now());
  }

  begin(): void {
    ringAfterFirstTouch();
    this.ticker.start(TICK_MS);
    this.reporter.begin((fixes, ahead) =>
      this.link.send({ type: 'position', fixes, ...(ahead ? { ahead } : {}) }),
    );
    this.link.start();
    void this.part.load();
  }

  end(): void {
    this.link.dispose();
    this.reporter.end();
    this.part.end();
    this.awake.set(false);
  }

  duty(to: 'on_duty' | 'off_duty' | 'break'): void {
    // On a click, because browsers ask for permission only then.
    if (to === 'on_duty') this.reporter.allowed();
    this.outbox.drop((entry) => entry.command.type === 'duty');
    this.command({ type: 'duty', to });
  }

  /** The card of this offer is on the screen: only now may the server count on it. */
  painted(offer: string): void {
    if (this.shown.has(offer)) return;
    if (this.link.send({ type: 'offer_received', offer })) this.shown.add(offer);
  }

  accept(offer: string): void {
    this.command({ type: 'accept', offer });
  }

  decline(offer: string): void {
    this.command({ type: 'decline', offer });
  }

  progress(incident: string, stage: 'en_route' | 'on_scene'): void {
    this.command({ type: 'progress', incident, stage });
  }

  /** All is well at this incident. */
  well(incident: string): void {
    this.command({ type: 'well', incident });
  }

  finish(incident: string, outcome: Outcome, note: string): void {
    this.command({ type: 'finish', incident, outcome, ...(note ? { note } : {}) });
  }

  callForHelp(): void {
    buzz([200, 80, 200, 80, 400]);
    const fix = this.reporter.whereabouts.read();
    const place = fix ? { fix: { lat: fix.lat, lon: fix.lon, accuracy_m: fix.accuracy_m } } : {};
    this.sos.waits(Date.now());
    this.command({ type: 'sos', ...place }, true);
  }

  isPending(type: string, subject?: string): boolean {
    return this.pending.some(
      ({ command }) =>
        command.type === type &&
        (subject === undefined || command['offer'] === subject || command['incident'] === subject),
    );
  }

  useHere(): void {
    this.link.start();
  }

  notify(tone: Notice['tone'], text: string): void {
    const notice = { id: newId(), tone, text };
    this.notices = [...this.notices, notice].slice(-3);
    window.setTimeout(() => this.dismiss(notice), NOTICE_MS[tone]);
  }

  dismiss(notice: Notice): void {
    this.notices = this.notices.filter((other) => other !== notice);
  }

  private command(command: Command, first = false): void {
    try {
      const { entry } = this.outbox.add(command, Date.now(), first);
      this.link.send({ ...command, id: entry.id });
    } catch (error) {
      if (error instanceof Refused) this.notify('bad', refusalText(error));
    }
    this.pending = [...this.outbox.unanswered()];
  }

  private take(frame: Frame): void {
    if (isAnswer(frame)) {
      this.answered(frame);
      return;
    }
    switch (frame.type) {
      case 'welcome':
        this.welcomed(frame as Welcome);
        break;
      case 'state':
        this.apply(frame as unknown as UnitState);
        break;
      case 'offer':
        this.offered(frame as unknown as Offer);
        break;
      case 'offer_closed':
        this.closed(String(frame['offer']), frame['reason'] as ClosedReason);
        break;
      case 'assigned':
        ring();
        this.notify('plain', noticeText('assigned', { by: t('centre') }));
        break;
      case 'ack':
        this.reporter.acknowledged(frame as Ack);
        for (const code of Object.keys((frame as Ack).codes ?? {})) {
          if (code === 'stale' && this.reporter.isSavedUp(frame as Ack)) continue;
          if (code !== 'older' && code !== 'off_duty') this.notify('bad', fixRefusalText(code));
        }
        break;
      case 'stored':
        this.reporter.stored(frame as Stored);
        break;
      case 'notice':
        if (frame['code'] === 'welfare_asked') ring();
        this.notify('plain', noticeText(String(frame['code'])));
        break;
    }
  }

  private welcomed(frame: Welcome): void {
    this.officer = frame.officer;
    this.court = frame.court;
    this.shown = new Set();
    // Before anything else what waits goes out; the outbox keeps an SOS at its head.
    for (const entry of this.outbox.unanswered()) this.link.send({ ...entry.command, id: entry.id });
    this.apply(frame);
    this.reporter.linked(frame.report_every_ms, frame.stored);
  }

  private apply(state: UnitState): void {
    this.status = state.status;
    this.offers = state.offers;
    this.commitments = state.commitments;
    this.reporter.onDuty(this.onDuty);
    this.awake.set(this.onDuty);
  }

  private offered(offer: Offer): void {
    const known = this.offers.some((old) => old.offer === offer.offer);
    this.offers = known
      ? this.offers.map((old) => (old.offer === offer.offer ? offer : old))
      : [...this.offers, offer];
    // It comes again when the server has not heard that it is shown. If it is, say so again.
    if (this.shown.delete(offer.offer)) this.painted(offer.offer);
  }

  private closed(offer: string, reason: ClosedReason): void {
    this.offers = this.offers.filter((old) => old.offer !== offer);
    if (reason !== 'accepted' && reason !== 'declined') this.notify('plain', closedText(reason));
  }

  private answered(answer: Answer): void {
    const entry = this.outbox.answer(answer);
    this.pending = [...this.outbox.unanswered()];
    if (!entry) return;
    if (entry.command.type === 'sos') {
      if (answer.type === 'done') this.sos.sent(Date.now());
      else this.sos.failed();
    }
    if (answer.type === 'refused') {
      this.notify('bad', refusalText(new Refused(answer.code, answer.title)));
      if (entry.command.type === 'accept' || entry.command.type === 'decline') {
        this.offers = this.offers.filter((offer) => offer.offer !== entry.command['offer']);
      }
    }
  }

  private linkChanged(state: LinkState, reason: StopReason | null): void {
    this.linkState = state;
    this.stopReason = reason;
    if (state === 'open') this.part.field?.send();
    if (reason === 'signed-out') {
      this.end();
      forgetIdentity();
      forgetFixes(globalThis.indexedDB);
      forgetMeasures(globalThis.indexedDB);
      this.onForgotten();
    }
  }
}
