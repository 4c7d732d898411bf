// The phone itself: it buzzes and rings, and its screen stays on while the officer is on duty.

import { Tones } from '../../shared/tone';

const tones = new Tones();

/** From the first touch on, the page may ring. */
export function ringAfterFirstTouch(): void {
  const unlock = (): void => void tones.unlock().catch(() => false);
  window.addEventListener('pointerdown', unlock, { once: true });
  window.addEventListener('keydown', unlock, { once: true });
}

export function buzz(pattern: number[]): void {
  // Not on every system; a refusal is no fault.
  navigator.vibrate?.(pattern);
}

/** An offer, or an order: by sound and by touch, because a phone lies in a pocket or on a seat. */
export function ring(): void {
  buzz([250, 120, 250]);
  tones.tone(880, 0, 0.16);
  tones.tone(1175, 0.2, 0.22);
}

export class KeepAwake {
  private wanted = false;
  private lock: WakeLockSentinel | null = null;

  constructor() {
    // The system drops the lock whenever the page is hidden.
    document.addEventListener('visibilitychange', () => {
      if (this.wanted && document.visibilityState === 'visible') void this.take();
    });
  }

  set(wanted: boolean): void {
    if (wanted === this.wanted) return;
    this.wanted = wanted;
    if (wanted) {
      void this.take();
    } else {
      void this.lock?.release().catch(() => undefined);
      this.lock = null;
    }
  }

  private async take(): Promise<void> {
    if (!('wakeLock' in navigator)) return;
    this.lock = await navigator.wakeLock.request('screen').catch(() => null);
  }
}
