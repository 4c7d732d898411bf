// Numbers as people read them. Digits only; words come from the dictionary.

const two = (value: number): string => String(value).padStart(2, '0');

/** 00:42, 12:05, 1:02:05: how long something has waited. */
export function duration(ms: number): string {
  const total = Math.max(0, Math.floor(ms / 1000));
  const hours = Math.floor(total / 3600);
  const minutes = Math.floor((total % 3600) / 60);
  const seconds = total % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}

/** Whole seconds left, never below 0; a started second counts. */
export function secondsLeft(expiresAt: number, now: number): number {
  return Math.max(0, Math.ceil((expiresAt - now) / 1000));
}

/** 14:32:07 in the viewer's own zone. */
export function clockTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

/** 11-23 14:32:07 */
export function dateTime(at: number): string {
  const date = new Date(at);
  return `${two(date.getMonth() + 1)}-${two(date.getDate())} ${clockTime(at)}`;
}

/** 85 m, 2.1 km, 14 km */
export function distance(metres: number | null | undefined): string {
  if (metres === null || metres === undefined || !Number.isFinite(metres)) return '–';
  if (metres < 1000) return `${Math.round(metres)} m`;
  if (metres < 9950) return `${(metres / 1000).toFixed(1)} km`;
  return `${Math.round(metres / 1000)} km`;
}

export function coordinates(place: { lat: number; lon: number }): string {
  return `${place.lat.toFixed(5)}, ${place.lon.toFixed(5)}`;
}

/** Age of a fix in seconds, minutes or hours, with the words for them: 3 s, 4 min, 2 h. */
export function ageIn(ms: number | null | undefined, [second, minute, hour]: readonly [string, string, string]): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return '–';
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 100) return `${seconds} ${second}`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} ${minute}`;
  return `${Math.round(seconds / 3600)} ${hour}`;
}
