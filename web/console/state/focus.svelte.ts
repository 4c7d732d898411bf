// The selected incident: its detail and the officers who could be sent now. Fetched again when the
// incident changes, and the candidates also as time passes, because officers move.

import type { Command, Done } from '../../shared/protocol/frames';
import type { Decision, Incident, IncidentDetail } from '../../shared/protocol/shapes';
import { Refused } from '../../shared/refused';
import type { CandidatesDone, DetailDone } from '../protocol';
import { withKeys } from './candidates';
import { isClosed } from './queue-order';

const SETTLE_MS = 120;
const CANDIDATES_EVERY_MS = 5000;

export interface FocusPorts {
  command: (command: Command) => Promise<Done>;
  isOpen: () => boolean;
}

export class Focus {
  incidentId = $state<string | null>(null);
  officerId = $state<string | null>(null);
  detail = $state.raw<IncidentDetail | null>(null);
  now = $state.raw<Decision | null>(null);
  /** The candidates have been asked for and answered, perhaps with nobody. */
  nowKnown = $state(false);
  failed = $state.raw<Refused | null>(null);
  /** The next click on the map is the incident's place. */
  placing = $state(false);
  /** Grows when somebody chose an incident by hand: only then may the map move. */
  looked = $state(0);

  readonly candidates = $derived(
    this.now ? withKeys(this.now.considered, this.detail?.crew.map((member) => member.officer) ?? []) : [],
  );

  private settleTimer: number | undefined;
  private candidatesTimer: number | undefined;

  constructor(private readonly ports: FocusPorts) {}

  /** Chosen by a dispatcher: the map goes there, also when it was open already. */
  select(id: string | null): void {
    if (id) this.looked += 1;
    this.open(id);
  }

  /** Opened without being asked for: the map stays where it is. */
  open(id: string | null): void {
    if (id === this.incidentId) return;
    this.incidentId = id;
    this.detail = null;
    this.now = null;
    this.nowKnown = false;
    this.failed = null;
    this.placing = false;
    if (id) this.officerId = null;
    this.refresh();
  }

  selectOfficer(id: string | null): void {
    this.officerId = id;
  }

  /** A frame told that an incident changed. Several come at once; one fetch is enough. */
  changed(incident: Incident): void {
    if (incident.id !== this.incidentId) return;
    if (this.detail) {
      // The board has only the newest further tips.
      const merged = [this.detail.merged, incident.merged].reduce((a, b) => (b.length >= a.length ? b : a));
      this.detail = { ...this.detail, ...incident, merged };
    }
    window.clearTimeout(this.settleTimer);
    this.settleTimer = window.setTimeout(() => this.refresh(), SETTLE_MS);
  }

  refresh(): void {
    window.clearInterval(this.candidatesTimer);
    const id = this.incidentId;
    if (!id || !this.ports.isOpen()) return;
    void this.fetchDetail(id);
    this.candidatesTimer = window.setInterval(() => void this.fetchCandidates(id), CANDIDATES_EVERY_MS);
  }

  private async fetchDetail(id: string): Promise<void> {
    try {
      const answer = (await this.ports.command({ type: 'detail', incident: id })) as DetailDone;
      if (id !== this.incidentId) return;
      this.detail = answer.incident;
      this.failed = null;
      await this.fetchCandidates(id);
    } catch (error) {
      if (id === this.incidentId && error instanceof Refused) this.failed = error;
    }
  }

  private async fetchCandidates(id: string): Promise<void> {
    if (!this.ports.isOpen() || !this.detail || id !== this.incidentId) return;
    if (isClosed(this.detail) || !this.detail.place) {
      this.now = null;
      return;
    }
    try {
      const answer = (await this.ports.command({ type: 'candidates', incident: id })) as CandidatesDone;
      if (id !== this.incidentId) return;
      this.now = answer.decision;
      this.nowKnown = true;
    } catch {
      // The list stays as it was; the next round comes by itself.
    }
  }
}
