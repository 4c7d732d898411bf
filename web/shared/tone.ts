// Tones made by the browser itself: no sound files, and they work offline.

const VOLUME = 0.35;

export class Tones {
  private context: AudioContext | null = null;

  /** Browsers allow sound only after a click or a key; call this from one. */
  async unlock(): Promise<boolean> {
    this.context ??= new AudioContext();
    await this.context.resume();
    return this.context.state === 'running';
  }

  tone(hertz: number, delayS: number, lengthS: number): void {
    if (!this.context || this.context.state !== 'running') return;
    const start = this.context.currentTime + delayS;
    const oscillator = this.context.createOscillator();
    const gain = this.context.createGain();
    oscillator.type = 'triangle';
    oscillator.frequency.value = hertz;
    // Short ramps, because a tone that starts at full volume clicks.
    gain.gain.setValueAtTime(0, start);
    gain.gain.linearRampToValueAtTime(VOLUME, start + 0.015);
    gain.gain.setValueAtTime(VOLUME, start + lengthS - 0.03);
    gain.gain.linearRampToValueAtTime(0, start + lengthS);
    oscillator.connect(gain).connect(this.context.destination);
    oscillator.start(start);
    oscillator.stop(start + lengthS);
  }
}
