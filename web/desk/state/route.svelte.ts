// Which part of the page is shown: it stands in the address, so that it can be kept and sent to others.

export const LISTS = ['clocks', 'near', 'overdue', 'escalations', 'load'] as const;
export type ListName = (typeof LISTS)[number];
export type Place = ListName | 'calculator' | 'case';

export function placeOf(hash: string): Place {
  const name = hash.replace(/^#\/?/, '').split('?')[0];
  if (name === 'calculator') return 'calculator';
  if (name?.split('/')[0] === 'case') return 'case';
  return LISTS.find((known) => known === name) ?? 'near';
}

/** `#/case/{id}/{part}`: which case, and which part of its file. */
export function caseOf(hash: string): { id: string; part: string } {
  const [, , id = '', part = 'story'] = hash.split('?')[0]?.split('/') ?? [];
  return { id, part };
}

export class Route {
  case = $state.raw(caseOf(location.hash));
  place = $state<Place>(placeOf(location.hash));

  begin(): void {
    window.addEventListener('hashchange', () => {
      this.place = placeOf(location.hash);
      this.case = caseOf(location.hash);
    });
  }

  go(place: Place): void {
    location.hash = `#/${place}`;
  }
}
