// What the console sounds like.

import { Tones } from '../../shared/tone';
import type { Sound } from './alarms';

const EVERY_MS = { siren: 1500, double: 4000 };

export class Siren {
  private readonly tones = new Tones();
  private timer: number | undefined;
  private playing: Sound = null;

  /** By the click that begins a shift; plays a short test, so that the dispatcher hears it works. */
  async unlock(): Promise<boolean> {
    if (!(await this.tones.unlock())) return false;
    this.tones.tone(660, 0, 0.09);
    this.tones.tone(880, 0.12, 0.12);
    return true;
  }

  /** Repeats until it is told otherwise. */
  play(sound: Sound): void {
    if (sound === this.playing) return;
    this.playing = sound;
    window.clearInterval(this.timer);
    if (!sound) return;
    this.once(sound);
    this.timer = window.setInterval(() => this.once(sound), EVERY_MS[sound]);
  }

  /** One soft note: something new is in the queue. */
  chime(): void {
    if (!this.playing) this.tones.tone(784, 0, 0.14);
  }

  private once(sound: 'siren' | 'double'): void {
    if (sound === 'siren') {
      for (let i = 0; i < 3; i++) {
        this.tones.tone(960, i * 0.36, 0.17);
        this.tones.tone(720, i * 0.36 + 0.18, 0.17);
      }
    } else {
      this.tones.tone(620, 0, 0.18);
      this.tones.tone(620, 0.28, 0.18);
    }
  }
}
