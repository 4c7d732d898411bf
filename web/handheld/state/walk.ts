// A walk around a start point, for demonstrations on machines without GPS.

import { type LatLon, metresBetween, moved } from '../../shared/geo';

const WALK_MPS = 1.4;
const ROAM_M = 250;

export interface WalkStep extends LatLon {
  heading_deg: number;
  speed_mps: number;
}

export class Walk {
  private at: LatLon;
  private heading: number;

  constructor(
    private readonly start: LatLon,
    private readonly random: () => number = Math.random,
  ) {
    this.at = start;
    this.heading = random() * 360;
  }

  step(seconds: number): WalkStep {
    // Near the edge of its round it turns home, else it wanders a little.
    if (metresBetween(this.at, this.start) > ROAM_M) this.heading = bearing(this.at, this.start);
    else this.heading = (this.heading + (this.random() - 0.5) * 50 + 360) % 360;
    this.at = moved(this.at, this.heading, WALK_MPS * seconds);
    return { ...this.at, heading_deg: Math.round(this.heading) % 360, speed_mps: WALK_MPS };
  }
}

function bearing(from: LatLon, to: LatLon): number {
  const east = (to.lon - from.lon) * Math.cos((from.lat * Math.PI) / 180);
  const north = to.lat - from.lat;
  return ((Math.atan2(east, north) * 180) / Math.PI + 360) % 360;
}
