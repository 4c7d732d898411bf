// Night or day. A phone in the sun and a desk by a window need dark on white; by default it follows
// the system.

type Theme = 'night' | 'day';
const KEY = 'tiande.theme';

class ThemeChoice {
  now = $state<Theme>(remembered());

  toggle(): void {
    this.now = this.now === 'night' ? 'day' : 'night';
    localStorage.setItem(KEY, this.now);
    this.mark();
  }

  mark(): void {
    document.documentElement.dataset['theme'] = this.now;
  }
}

function remembered(): Theme {
  const kept = localStorage.getItem(KEY);
  if (kept === 'night' || kept === 'day') return kept;
  return window.matchMedia('(prefers-color-scheme: light)').matches ? 'day' : 'night';
}

export const theme = new ThemeChoice();
