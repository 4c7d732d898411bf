// What became of the SOS: waits for the network, or is known to the centre.

export class Sos {
  stage = $state<'none' | 'waiting' | 'sent'>('none');
  at = $state(0);

  waits(at: number): void {
    this.stage = 'waiting';
    this.at = at;
  }

  sent(at: number): void {
    this.stage = 'sent';
    this.at = at;
  }

  failed(): void {
    this.stage = 'none';
  }

  /** The officer has seen it; the incident itself lives on in the centre. */
  dismiss(): void {
    if (this.stage === 'sent') this.stage = 'none';
  }
}
