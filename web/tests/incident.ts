// An incident as it stands on the wire, for tests.

import type { Incident } from '../shared/protocol/shapes';

export function incident(more: Partial<Incident>): Incident {
  return {
    id: 'i',
    number: '2026-000001',
    kind: 'debtor_sighted',
    urgency: 'emergency',
    status: 'awaiting_dispatch',
    exercise: false,
    trusted: true,
    opened_at: 0,
    updated_at: 0,
    closed_at: null,
    outcome: null,
    place: { lat: 35, lon: 114 },
    address: null,
    description: null,
    case_number: null,
    case: null,
    need: 2,
    crew: [],
    offers_open: [],
    alarm: null,
    clock: null,
    tip: null,
    tips: 0,
    merged: [],
    ...more,
  };
}
