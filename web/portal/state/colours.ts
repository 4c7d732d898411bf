// Dark on white, as paper is, unless the phone asks for the other; it has no switch of its own here.

export function colours(): void {
  const dark = window.matchMedia('(prefers-color-scheme: dark)');
  const mark = (): void => {
    document.documentElement.dataset['theme'] = dark.matches ? 'night' : 'day';
  };
  dark.addEventListener('change', mark);
  mark();
}
