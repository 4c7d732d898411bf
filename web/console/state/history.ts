// What happened, in words. The journal gives kinds and ids; people read names.

import { lookUp, type Entry } from '../../shared/i18n.svelte';
import type { TimelineEntry } from '../../shared/protocol/shapes';
import { outcomeName, stageName } from '../../shared/words';
import { clockName } from '../words';

const KINDS: Record<string, Entry> = {
  'incident.opened': ['接报', 'Opened'],
  'incident.placed': ['标定位置', 'Place set'],
  'incident.tip_merged': ['并入线索', 'Further tip'],
  'incident.tip_split': ['拆分线索', 'Tip split off'],
  'incident.search_started': ['开始派警', 'Search started'],
  'incident.offers_made': ['询问', 'Asked'],
  'incident.offer_received': ['派警已送达', 'Offer delivered'],
  'incident.offer_accepted': ['接警', 'Accepted'],
  'incident.offer_closed': ['派警结束', 'Offer closed'],
  'incident.assigned': ['指派', 'Assigned'],
  'incident.stage_reached': ['进展', 'Progress'],
  'incident.welfare_asked': ['询问现场安全', 'Asked if all is well'],
  'incident.welfare_answered': ['现场平安', 'All is well'],
  'incident.welfare_alarmed': ['现场无应答', 'No answer from the scene'],
  'incident.officer_finished': ['处置完毕', 'Done there'],
  'incident.officer_released': ['撤回', 'Released'],
  'incident.exhausted': ['无人可派', 'Nobody left'],
  'incident.director_alarmed': ['已上报局长', 'Raised to the director'],
  'incident.clock_warning': ['时限将届满', 'Clock near its end'],
  'incident.clock_overdue': ['时限已超过', 'Clock ran out'],
  'incident.finished': ['任务完成', 'Finished'],
  'incident.cancelled': ['任务取消', 'Cancelled'],
  'officer.went_on_duty': ['上岗', 'On duty'],
  'officer.went_off_duty': ['下岗', 'Off duty'],
  'officer.break_started': ['开始休息', 'On break'],
  'officer.break_ended': ['结束休息', 'Back from break'],
  'officer.contact_lost': ['失去联系', 'Contact lost'],
  'officer.contact_regained': ['恢复联系', 'Contact restored'],
};

const CODES: Record<string, Entry> = {
  declined: ['拒绝', 'declined'],
  expired: ['超时', 'expired'],
  undelivered: ['未送达', 'not delivered'],
  withdrawn: ['撤回', 'withdrawn'],
  trusted_emergency: ['可信来源的紧急线索', 'trusted emergency'],
  dispatcher: ['调度员决定', 'by a dispatcher'],
  sos: ['干警求助', 'SOS'],
  task: ['承办人派出', "a judge's order"],
  geofence: ['按位置判定', 'by position'],
};

const AUTHORS: Record<string, Entry> = {
  system: ['系统', 'system'],
  operator: ['运维', 'operator'],
};

/** The kind's word; a kind newer than this page keeps the title the server gave it. */
export function kindWord(kind: string, title: string): string {
  return kind in KINDS ? lookUp(KINDS, kind) : title || kind;
}

/** Who did it, unless the entry says so already: an officer's own deed names the officer. */
export function authorName(entry: TimelineEntry, nameOf: (officer: string) => string | undefined): string {
  const officer = entry.data?.['officer'];
  const own = typeof officer === 'string' && nameOf(officer) === entry.by;
  // Withdrawn because another officer took the last seat: that officer withdrew nothing.
  const taken = entry.data?.['how'] === 'withdrawn' && !entry.why;
  return !entry.by || own || taken ? '' : lookUp(AUTHORS, entry.by);
}

/** A word that may be a code of a stage, an outcome, a clock or an offer's end. */
export function codeWord(code: string): string {
  if (code in CODES) return lookUp(CODES, code);
  const clock = clockName(code);
  if (clock !== code) return clock;
  const stage = stageName(code);
  return stage === code ? outcomeName(code) : stage;
}

export interface FeedLine {
  /** The incident's number, where there is one. */
  number: string;
  what: string;
  /** Names and codes in words. */
  who: string;
}

const NUMBER = /^\d{4}-\d{6,}$/;

/** A feed line: its parts are joined by the server; codes among them become words. */
export function feedLine(kind: string, title: string): FeedLine {
  if (!(kind in KINDS)) return { number: '', what: title || kind, who: '' };
  const parts = title.split(' · ');
  const number = NUMBER.test(parts[0] ?? '') ? (parts.shift() ?? '') : '';
  return { number, what: kindWord(kind, title), who: parts.filter(Boolean).map(codeWord).join(' · ') };
}

export type FeedTone = 'bad' | 'late' | 'new' | 'good' | 'plain';

const TONES: Record<string, FeedTone> = {
  'incident.opened': 'new',
  'incident.exhausted': 'bad',
  'incident.director_alarmed': 'bad',
  'incident.clock_warning': 'late',
  'incident.clock_overdue': 'bad',
  'incident.welfare_alarmed': 'bad',
  'incident.welfare_answered': 'good',
  'officer.contact_lost': 'bad',
  'incident.offer_accepted': 'good',
  'incident.finished': 'good',
};

export const feedTone = (kind: string): FeedTone => TONES[kind] ?? 'plain';

/** Who and what an entry is about. */
export function entryText(entry: TimelineEntry, nameOf: (officer: string) => string | undefined): string {
  const data = entry.data ?? {};
  const named = (id: unknown): string => (typeof id === 'string' ? (nameOf(id) ?? '') : '');
  const offered = Array.isArray(data['offers'])
    ? data['offers'].map((offer: { officer?: unknown }) => named(offer?.officer)).filter(Boolean)
    : [];
  const codes = [data['node'], data['stage'], data['outcome'], data['how'], data['why']]
    .filter((code): code is string => typeof code === 'string' && code !== 'reported')
    .map(codeWord);
  const words = typeof data['words'] === 'string' ? data['words'] : '';
  return [named(data['officer']), offered.join('、'), ...codes, words, entry.why ?? ''].filter(Boolean).join(' · ');
}
