// The shapes of docs/PROTOCOL.md §4, as they are on the wire. Nothing here is decided by the page.

export type Kind = 'debtor_sighted' | 'asset_sighted' | 'obstruction' | 'other' | 'officer_sos' | 'field_task';
export type Urgency = 'emergency' | 'routine';
export type IncidentStatus =
  | 'awaiting_place'
  | 'awaiting_dispatch'
  | 'queued'
  | 'searching'
  | 'exhausted'
  | 'underway'
  | 'finished'
  | 'cancelled';
export type Stage = 'accepted' | 'en_route' | 'on_scene';
export type Outcome =
  | 'found'
  | 'not_found'
  | 'seized'
  | 'served'
  | 'resolved'
  | 'false_report'
  | 'unable'
  | 'other';
export type OfficerStatus = 'off_duty' | 'available' | 'offered' | 'committed' | 'on_break' | 'out_of_contact';
export type Verdict =
  | 'asked'
  | 'off_duty'
  | 'on_break'
  | 'offered_elsewhere'
  | 'committed'
  | 'out_of_contact'
  | 'already_asked'
  | 'no_fix'
  | 'fix_stale'
  | 'fix_inaccurate'
  | 'lacks_skill'
  | 'conflict_of_interest'
  | 'other_court'
  | 'busy';

export interface Place {
  lat: number;
  lon: number;
  accuracy_m?: number | null;
}

export interface CrewMember {
  officer: string;
  name: string;
  stage: Stage;
  /** Silent on scene: asked, then alarmed. */
  welfare: 'well' | 'asked' | 'silent';
  welfare_at: number;
}

export interface OpenOffer {
  offer: string;
  officer: string;
  name: string;
  received: boolean;
  expires_at: number;
}

/** A further tip about an incident, and why it was taken for one. */
export interface MergedTip {
  tip: string;
  at: number;
  source: string;
  kind: Kind;
  urgency: Urgency;
  place: Place | null;
  address: string | null;
  description: string;
  pictures: number;
  why: { rule: 'same_case' | 'similar_text'; distance_m: number; apart_ms: number; text_percent: number };
}

/** A clock of an emergency: until when a step must be reached. */
export interface IncidentClock {
  node: string;
  zh: string;
  en: string;
  due: number;
  overdue: boolean;
}

export interface Incident {
  id: string;
  number: string;
  kind: Kind;
  urgency: Urgency;
  status: IncidentStatus;
  exercise: boolean;
  trusted: boolean;
  opened_at: number;
  updated_at: number;
  closed_at: number | null;
  outcome: Outcome | null;
  place: Place | null;
  address: string | null;
  description: string | null;
  case_number: string | null;
  case: string | null;
  need: number;
  crew: CrewMember[];
  offers_open: OpenOffer[];
  alarm: 'centre' | 'director' | null;
  /** Of an emergency: its clock that is due next of those that run. */
  clock: IncidentClock | null;
  tip: string | null;
  tips: number;
  merged: MergedTip[];
}

export interface TimelineEntry {
  seq: number;
  at: number;
  kind: string;
  by: string | null;
  why?: string | null;
  title: string;
  data: Record<string, unknown> | null;
}

export interface Asked {
  officer: string;
  name: string;
  offer: string;
  distance_m: number | null;
  fix_age_ms: number | null;
}

export interface Considered {
  officer: string;
  name: string;
  distance_m: number | null;
  fix_age_ms: number | null;
  verdict: Verdict;
}

export interface Decision {
  at: number;
  round: number;
  seats: number;
  asked: Asked[];
  considered: Considered[];
  not_listed: number;
}

export interface IncidentDetail extends Incident {
  timeline: TimelineEntry[];
  decision: Decision | null;
}

export interface Fix {
  lat: number;
  lon: number;
  accuracy_m: number | null;
  taken_at: number;
  speed_mps?: number | null;
  heading_deg?: number | null;
}

export interface RosterEntry {
  n: number;
  id: string;
  name: string;
  badge: string | null;
  skills: string[];
  status: OfficerStatus;
  incident: string | null;
  fix: Fix | null;
}

/** West, south, east, north; degrees. */
export type Area = [number, number, number, number];

export interface Person {
  id: string;
  name: string;
}
