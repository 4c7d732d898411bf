// Days and times of Shanghai, whatever zone the reader's machine is in: periods of law are counted there
// (docs/DEADLINES.md). No summer time since 1991.

const OFFSET_MS = 8 * 3_600_000;
const DAY_MS = 86_400_000;

/** Which day it is there, counted from 1970-01-01. */
export const dayNumber = (at: number): number => Math.floor((at + OFFSET_MS) / DAY_MS);

/** `2026-12-01` */
export const dateOf = (at: number): string => new Date(at + OFFSET_MS).toISOString().slice(0, 10);

/** `23:59` */
export const minuteOf = (at: number): string => new Date(at + OFFSET_MS).toISOString().slice(11, 16);

/** 0 is Sunday. Of a date such as `2026-12-01`. */
export const weekdayOf = (date: string): number => new Date(`${date}T00:00:00Z`).getUTCDay();

/** True for the last second of a day: the period ends with the day, and no time needs to be read. */
export const endsWithDay = (at: number): boolean => (at + OFFSET_MS + 1000) % DAY_MS < 1000;
