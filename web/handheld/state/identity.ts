// What makes this browser a device: the token it got once, when it was enrolled.

import { call } from '../../shared/http';
import type { Person } from '../../shared/protocol/shapes';

const KEY = 'tiande.device';

export interface Identity {
  device: string;
  token: string;
  officer: Person;
  court: { id: string; name: string };
}

export function knownIdentity(): Identity | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Identity | null;
    return kept?.token ? kept : null;
  } catch {
    return null;
  }
}

export async function enrol(code: string): Promise<Identity> {
  const identity = await call<Identity>('/api/devices/enrol', { method: 'POST', body: { code } });
  localStorage.setItem(KEY, JSON.stringify(identity));
  return identity;
}

export function forgetIdentity(): void {
  localStorage.removeItem(KEY);
}
