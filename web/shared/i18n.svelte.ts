// Two languages, one choice for all pages of this browser. A dictionary is a plain object of
// [Chinese, English] pairs, so that both texts of a line stand beside each other.

export type Lang = 'zh' | 'en';
export type Entry = readonly [zh: string, en: string];
export type Params = Record<string, string | number>;

const KEY = 'tiande.lang';

class Locale {
  lang = $state<Lang>(remembered());

  use(lang: Lang): void {
    this.lang = lang;
    localStorage.setItem(KEY, lang);
    this.mark();
  }

  /** Screen readers choose their voice by this attribute. */
  mark(): void {
    document.documentElement.lang = this.lang === 'zh' ? 'zh-CN' : 'en';
  }
}

function remembered(): Lang {
  return typeof localStorage !== 'undefined' && localStorage.getItem(KEY) === 'en' ? 'en' : 'zh';
}

export const locale = new Locale();

export function pick(entry: Entry): string {
  return entry[locale.lang === 'zh' ? 0 : 1];
}

export function dictionary<const D extends Record<string, Entry>>(words: D) {
  return (key: keyof D, params?: Params): string => fill(pick(words[key] as Entry), params);
}

/** A word for a code of the wire; a code this page does not know is shown as it is. */
export function lookUp(words: Record<string, Entry>, code: string): string {
  const entry = words[code];
  return entry ? pick(entry) : code;
}

export function fill(text: string, params?: Params): string {
  if (!params) return text;
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}
