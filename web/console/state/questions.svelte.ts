// A question that must be answered before an order goes out: an explicit yes, often with a reason.

export interface Question {
  title: string;
  text: string;
  /** Words of the button that does it. */
  yes: string;
  danger: boolean;
  needsReason: boolean;
  onYes: (reason: string) => void;
}

export class Questions {
  open = $state.raw<Question | null>(null);
  helpOpen = $state(false);

  ask(question: Question): void {
    this.open = question;
  }

  yes(reason: string): void {
    const question = this.open;
    this.open = null;
    question?.onYes(reason);
  }

  no(): void {
    this.open = null;
  }
}
