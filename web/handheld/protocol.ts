// The handheld's frames (PROTOCOL §5).

import type { Frame } from '../shared/protocol/frames';
import type { Area, Kind, OfficerStatus, Person, Place, Stage, Urgency } from '../shared/protocol/shapes';

/** Right after a restart the server may know only which incident it is; the rest follows. */
export interface OfferIncident extends Partial<IncidentBrief> {
  id: string;
}

export interface IncidentBrief {
  number: string;
  kind: Kind;
  urgency: Urgency;
  place: Place | null;
  address: string | null;
  description: string | null;
  case_number: string | null;
  exercise: boolean;
  need: number;
  tips: number;
  /** The case it belongs to, and who else is on it, where the server tells. */
  case?: string | null;
  crew?: { officer: string; name: string }[];
}

export interface Offer {
  offer: string;
  incident: OfferIncident;
  distance_m: number | null;
  sent_at: number | null;
  expires_at: number | null;
}

export interface Commitment {
  offer: string;
  incident: OfferIncident;
  stage: Stage;
  stacked: boolean;
  /** The centre wants to know whether all is well, since then. */
  asked_well_at: number | null;
}

export interface UnitState {
  status: OfficerStatus;
  offers: Offer[];
  commitments: Commitment[];
}

export interface Court {
  id: string;
  name: string;
  area: Area;
  court_house?: { lat: number; lon: number; radius_m: number };
}

export interface Welcome extends Frame, UnitState {
  type: 'welcome';
  now: number;
  officer: Person;
  court: Court;
  heartbeat_ms: number;
  report_every_ms: number;
  stored: Mark | null;
}

export type ClosedReason = 'accepted' | 'declined' | 'expired' | 'undelivered' | 'withdrawn';

export interface ReportedFix {
  seq: number;
  taken_at: number;
  lat: number;
  lon: number;
  accuracy_m: number;
  speed_mps?: number;
  heading_deg?: number;
}

/** Up to here the server has the fixes on its disk. */
export interface Mark {
  epoch: number;
  seq: number;
}

export interface Stored extends Frame, Mark {
  type: 'stored';
}

export interface Ack extends Frame {
  type: 'ack';
  epoch: number;
  seq: number;
  taken: number;
  refused: number;
  codes?: Record<string, number>;
}
