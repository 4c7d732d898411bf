// How large letters are, beside what the phone itself is set to.

export const SIZES = ['plain', 'large', 'huge'] as const;
export type Size = (typeof SIZES)[number];
const KEY = 'tiande.letters';

class Letters {
  size = $state<Size>(remembered());

  use(size: Size): void {
    this.size = size;
    localStorage.setItem(KEY, size);
    this.mark();
  }

  mark(): void {
    document.documentElement.dataset['letters'] = this.size;
  }
}

function remembered(): Size {
  const kept = typeof localStorage === 'undefined' ? null : localStorage.getItem(KEY);
  return SIZES.find((size) => size === kept) ?? 'plain';
}

export const letters = new Letters();
