// Agreeing to electronic service: by which ways, and where each of them reaches the party.

/** Ways that need consent, in the order of the form; the portal itself needs no address. */
export const WAYS = ['portal', 'sms', 'wechat', 'email'] as const;
export type Way = (typeof WAYS)[number];
export const ADDRESSED = ['sms', 'wechat', 'email'] as const;
export type Addressed = (typeof ADDRESSED)[number];

export type Addresses = Record<Addressed, string>;

/** Ways that were chosen and have no address, or one that cannot be one. */
export function lacking(ways: readonly Way[], addresses: Addresses): Addressed[] {
  const fits: Record<Addressed, RegExp> = { sms: /^\+?[\d -]{7,20}$/, wechat: /^.{2,60}$/, email: /^[^\s@]+@[^\s@]+$/ };
  return ADDRESSED.filter((way) => ways.includes(way) && !fits[way].test(addresses[way].trim()));
}

/** Exactly what the server takes: the addresses are one line. */
export function consentBody(ways: readonly Way[], addresses: Addresses): Record<string, unknown> {
  const lines = ADDRESSED.filter((way) => ways.includes(way)).map((way) => `${way}: ${addresses[way].trim()}`);
  return { do: 'consent', channels: WAYS.filter((way) => ways.includes(way)), address: lines.join('; ') };
}

/** The server writes nothing down when the ways are the same, not even other addresses. */
export const sameWays = (ways: readonly string[], now: readonly string[]): boolean =>
  ways.length === now.length && ways.every((way) => now.includes(way));
