// Which part of the page is shown: it stands in the address, so that it can be kept and sent to others.

export const LISTS = ['clocks', 'near', 'overdue', 'escalations', 'load'] as const;
export type ListName = (typeof LISTS)[number];
export type Place = ListName | 'calculator';

export function placeOf(hash: string): Place {
  const name = hash.replace(/^#\/?/, '').split('?')[0];
  if (name === 'calculator') return 'calculator';
  return LISTS.find((known) => known === name) ?? 'near';
}

export class Route {
  place = $state<Place>(placeOf(location.hash));

  begin(): void {
    window.addEventListener('hashchange', () => {
      this.place = placeOf(location.hash);
    });
  }

  go(place: Place): void {
    location.hash = `#/${place}`;
  }
}
