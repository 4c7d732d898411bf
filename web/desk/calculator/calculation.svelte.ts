// The calculator's one object: the nodes, what is filled in, what came of it.

import { call } from '../../shared/http';
import { type Due, type Procedure, type ProcedureNode, readDue, readProcedure } from '../protocol/procedure';
import { type Faults, isSound, NO_FAULTS, ownFaults, refusedFaults } from './faults';
import { type Question, queryOf, type SuspensionRow, SUSPENSIONS_MAX } from './query';

export class Calculation {
  procedure = $state.raw<Procedure | null>(null);
  failed = $state.raw<unknown>(null);

  node = $state('');
  date = $state('');
  time = $state('');
  suspensions = $state<SuspensionRow[]>([]);
  extend = $state('');
  round = $state('1');

  busy = $state(false);
  faults = $state.raw<Faults>(NO_FAULTS);
  answer = $state.raw<Due | null>(null);
  /** What the answer answers. */
  private answered = $state('');
  private lastId = 0;
  private turn = 0;

  readonly chosen: ProcedureNode | undefined = $derived(this.procedure?.nodes.find(({ code }) => code === this.node));
  private readonly query = $derived(queryOf(this.question, this.chosen));
  /** Something was changed since it was computed. */
  readonly stale = $derived(this.answer !== null && this.answered !== this.query);

  get full(): boolean {
    return this.suspensions.length >= SUSPENSIONS_MAX;
  }

  async load(): Promise<void> {
    if (this.procedure) return;
    this.failed = null;
    try {
      this.procedure = readProcedure(await call<unknown>('/api/procedure'));
    } catch (error) {
      this.failed = error;
    }
  }

  choose(code: string): void {
    this.node = code;
    this.round = '1';
  }

  addSuspension(): void {
    this.lastId += 1;
    this.suspensions.push({ id: this.lastId, from: '', until: '', open: false, reason: '' });
  }

  removeSuspension(id: number): void {
    this.suspensions = this.suspensions.filter((row) => row.id !== id);
  }

  /** False when a field wants to be seen to. */
  async compute(): Promise<boolean> {
    this.faults = ownFaults(this.question);
    if (!isSound(this.faults)) return false;
    this.turn += 1;
    const [turn, query] = [this.turn, this.query];
    this.busy = true;
    try {
      const answer = readDue(await call<unknown>(`/api/procedure/due?${query}`));
      if (turn !== this.turn) return true;
      this.answer = answer;
      this.answered = query;
      return true;
    } catch (error) {
      if (turn === this.turn) this.faults = refusedFaults(error);
      return false;
    } finally {
      if (turn === this.turn) this.busy = false;
    }
  }

  private get question(): Question {
    const { node, date, time, suspensions, extend, round } = this;
    return { node, date, time, suspensions, extend, round };
  }
}
