// A measure in the field (PROTOCOL §11) as this device holds it, from the first picture to the server's answer.

export const KINDS = [
  'arrived',
  'announced',
  'searched',
  'sealed',
  'impounded',
  'served',
  'brought_in',
  'detained',
  'left',
] as const;
export type MeasureKind = (typeof KINDS)[number];

/** The two-person rule; the server refuses the same. */
export const takesTwo = (kind: MeasureKind): boolean =>
  ['searched', 'sealed', 'impounded', 'brought_in', 'detained'].includes(kind);
/** What takes hold of an asset says which one of the file. */
export const takesAsset = (kind: MeasureKind): boolean => kind === 'sealed' || kind === 'impounded';
export const mayNameAsset = (kind: MeasureKind): boolean => takesAsset(kind) || kind === 'searched';
export const mayNameParty = (kind: MeasureKind): boolean =>
  ['searched', 'served', 'brought_in', 'detained'].includes(kind);

export const MOST_PICTURES = 20;
/** The column of the file has 16 bits. */
export const NUMBER_MAX = 65_535;
/** A place older or vaguer than this is not where the measure was. */
const PLACE_AGE_MS = 5 * 60_000;
const PLACE_ACCURACY_M = 500;

export interface Picture {
  id: string;
  /** Bytes and not a Blob: some telephones lose Blobs that a database holds. Null once the server has them. */
  jpeg: ArrayBuffer | null;
  bytes: number;
  thumb: ArrayBuffer;
  /** What the server has it under. */
  sha256: string | null;
}

export interface MeasurePlace {
  lat: number;
  lon: number;
  accuracy_m: number;
  taken_at: number;
}

export interface Colleague {
  officer: string;
  name: string;
}

export interface Why {
  code: string;
  title: string;
  detail: string | null;
  /** The first fault of a field: `/with officer-unknown`. */
  field: string | null;
}

export interface Held {
  /** Its identity for the server: the same one again is the same measure. */
  measure: string;
  /** Who holds it: another officer may enrol on this telephone later. */
  owner: string;
  incident: string;
  incidentNumber: string;
  kind: MeasureKind;
  state: 'draft' | 'waiting' | 'refused' | 'done';
  /** The order in which measures were recorded on this device. */
  order: number;
  at: number;
  place: MeasurePlace | null;
  /** False when the officer leaves the place out, or chose none yet. */
  withPlace: boolean;
  with: Colleague[];
  asset: number | null;
  party: number | null;
  text: string;
  pictures: Picture[];
  /** How often the server failed at this one in its inside. */
  failed: number;
  refused: Why | null;
}

/** The place to offer: the last good one, or none. */
export function goodPlace(fix: MeasurePlace | null, now: number): MeasurePlace | null {
  if (!fix || fix.accuracy_m > PLACE_ACCURACY_M || now - fix.taken_at > PLACE_AGE_MS) return null;
  return { lat: fix.lat, lon: fix.lon, accuracy_m: fix.accuracy_m, taken_at: fix.taken_at };
}

/** What is still missing before it may be recorded; the server would refuse it. */
export type Missing = 'second' | 'asset' | null;

export function missing(held: Held): Missing {
  if (takesTwo(held.kind) && !held.with.some(({ officer }) => officer !== held.owner)) return 'second';
  return takesAsset(held.kind) && held.asset === null ? 'asset' : null;
}

/** As `POST /api/field/{incident}/measures` takes it; every picture is with the server by then. */
export function body(held: Held): Record<string, unknown> {
  return {
    measure: held.measure,
    kind: held.kind,
    with: held.with.map(({ officer }) => officer),
    pictures: held.pictures.map(({ sha256, bytes }) => ({ sha256, bytes, content_type: 'image/jpeg' })),
    at: Math.round(held.at),
    ...(held.asset === null ? {} : { asset: held.asset }),
    ...(held.party === null ? {} : { party: held.party }),
    ...(held.withPlace && held.place ? { place: { lat: held.place.lat, lon: held.place.lon } } : {}),
    ...(held.text.trim() === '' ? {} : { text: held.text.trim() }),
  };
}

const UUID = /^[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}$/;

/** An officer's code as it was typed or pasted, in the one form the server knows; null when it is none. */
export function officerCode(typed: string): string | null {
  const tidy = typed.trim().toLowerCase().replace(/\s/g, '');
  if (!UUID.test(tidy)) return null;
  const hex = tidy.replaceAll('-', '');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Version 4, also where the page has no secure context and so no `crypto.randomUUID`. */
export function newUuid(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return officerCode(hex) ?? hex;
}
