// The keys of the desk. They are off while somebody types or a dialog is open.

import type { Desk } from './desk.svelte';
import type { Orders } from './orders';
import type { Questions } from './questions.svelte';
import { needsDispatcher } from './queue-order';

const ROWS = '[data-queue-row]';

export function deskKeys(desk: Desk, orders: Orders, questions: Questions): (event: KeyboardEvent) => void {
  return (event) => {
    if (desk.session.phase !== 'signed-in' || event.ctrlKey || event.metaKey || event.altKey) return;
    if (questions.open || questions.helpOpen) return;
    const target = event.target as HTMLElement | null;
    if (target?.closest('input, textarea, select')) return;
    // The map pans by arrows when it has the focus; lists of another kind keep theirs too.
    const inMap = target?.closest('[data-testid="map"]') !== null && target !== document.body;
    if (act(event.key, inMap)) event.preventDefault();
  };

  function act(key: string, inMap: boolean): boolean {
    if (/^[1-9]$/.test(key)) {
      orders.assignKey(Number(key));
      return true;
    }
    switch (key) {
      case 'j':
        return moveRow(1);
      case 'k':
        return moveRow(-1);
      case 'ArrowDown':
        return !inMap && moveRow(1);
      case 'ArrowUp':
        return !inMap && moveRow(-1);
      case 'n':
        return nextToAct();
      case 'd':
        orders.dispatch();
        return true;
      case 'a': {
        const first = desk.board.alarmList[0];
        if (first) orders.acknowledge(first.alarm);
        return true;
      }
      case '?':
        questions.helpOpen = true;
        return true;
      case 'Escape':
        leave();
        return true;
      default:
        return false;
    }
  }

  function nextToAct(): boolean {
    const next = desk.board.queue.find(needsDispatcher);
    if (next) desk.focus.select(next.id);
    return true;
  }

  /** One step back at a time: map click, then officer, then incident. */
  function leave(): void {
    if (desk.focus.placing) desk.focus.placing = false;
    else if (desk.focus.officerId) desk.focus.selectOfficer(null);
    else desk.focus.select(null);
  }
}

function moveRow(step: number): boolean {
  const rows = [...document.querySelectorAll<HTMLElement>(ROWS)];
  if (rows.length === 0) return false;
  const at = rows.findIndex((row) => row === document.activeElement);
  const start = at >= 0 ? at : rows.findIndex((row) => row.getAttribute('aria-current') === 'true');
  const next = start < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, start + step));
  rows[next]?.focus();
  rows[next]?.scrollIntoView({ block: 'nearest' });
  return true;
}
