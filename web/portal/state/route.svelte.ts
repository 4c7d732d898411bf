// Which screen is shown: it stands in the address, so that the phone's own way back works.

export const PLACES = ['progress', 'messages', 'papers', 'more'] as const;
export type Place = (typeof PLACES)[number];

export function placeOf(hash: string): Place {
  const name = hash.replace(/^#\/?/, '');
  return PLACES.find((known) => known === name) ?? 'progress';
}

export class Route {
  place = $state<Place>(placeOf(location.hash));

  follow(): void {
    this.place = placeOf(location.hash);
  }
}
