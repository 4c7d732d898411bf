// Who did something: the wire gives a name, or a person with a name.

export function nameOf(by: unknown): string {
  if (by && typeof by === 'object' && 'name' in by) return String(by.name);
  return typeof by === 'string' ? by : '';
}
