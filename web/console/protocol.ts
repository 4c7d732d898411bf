// The console's frames (PROTOCOL §6).

import type { Done, Frame } from '../shared/protocol/frames';
import type { Area, Decision, Incident, IncidentDetail, RosterEntry } from '../shared/protocol/shapes';

export interface Court {
  id: string;
  name: string;
  area: Area;
  court_house: { lat: number; lon: number; radius_m: number };
}

export interface Alarm {
  alarm: string;
  level: 'centre' | 'director' | 'president';
  kind: 'exhausted' | 'sos' | 'officer_silent' | 'clock_warning' | 'clock_overdue' | 'clock_suspect' | 'actor_down';
  incident?: string | null;
  officer?: string | null;
  /** Which clock of an emergency. */
  node?: string | null;
  at: number;
  title: string;
}

export interface FeedEvent {
  at: number;
  kind: string;
  incident?: string | null;
  officer?: string | null;
  title: string;
}

/** n, lat, lon, status, heading_deg, taken_at, accuracy_m; no place at all is null. */
export type Moved = [number, number | null, number | null, number, number | null, number | null, number | null];

/** Where a console looks: west, south, east, north. */
export interface View {
  box: [number, number, number, number];
  outside_every_ms: number;
}

export interface Welcome extends Frame {
  type: 'welcome';
  run: number;
  no: number;
  now: number;
  court: Court;
  officers: RosterEntry[];
  incidents: Incident[];
  alarms: Alarm[];
}

export type DetailDone = Done & { incident: IncidentDetail };
export type CandidatesDone = Done & { decision: Decision | null };
