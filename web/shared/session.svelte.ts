// Who is signed in at this page.

import { call } from './http';
import type { Person } from './protocol/shapes';
import { Refused } from './refused';

export interface User extends Person {
  username: string;
  roles: string[];
}

interface SessionAnswer {
  user: User;
  court: { id: string; name: string };
}

export class Session {
  phase = $state<'checking' | 'signed-out' | 'unreachable' | 'signed-in'>('checking');
  user = $state.raw<User | null>(null);
  courtId = $state('');
  courtName = $state('');

  async check(): Promise<void> {
    this.phase = 'checking';
    try {
      this.accept(await call<SessionAnswer>('/api/session'));
    } catch (error) {
      const known = error instanceof Refused && (error.code === 'auth-required' || error.code === 'credentials');
      this.phase = known ? 'signed-out' : 'unreachable';
    }
  }

  /** Throws `Refused` for the form to show. */
  async signIn(username: string, password: string): Promise<void> {
    await call('/api/session', { method: 'POST', body: { username, password } });
    this.accept(await call<SessionAnswer>('/api/session'));
  }

  async signOut(): Promise<void> {
    await call('/api/session', { method: 'DELETE' }).catch(() => undefined);
    this.ended();
  }

  ended(): void {
    this.user = null;
    this.phase = 'signed-out';
  }

  private accept(answer: SessionAnswer): void {
    this.user = answer.user;
    this.courtId = answer.court.id;
    this.courtName = answer.court.name;
    this.phase = 'signed-in';
  }
}
