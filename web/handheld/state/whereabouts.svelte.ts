// Where this officer is: by the device's own positioning, by hand, or by a demonstration walk.

import type { LatLon } from '../../shared/geo';
import { Walk } from './walk';

export type Source = 'gps' | 'manual' | 'walk';

export interface OwnFix extends LatLon {
  accuracy_m: number;
  taken_at: number;
  speed_mps?: number;
  heading_deg?: number;
}

const KEY = 'tiande.place';
const MANUAL_ACCURACY_M = 10;
const WALK_ACCURACY_M = 8;
const GPS_WAIT_MS = 15_000;

interface Kept extends LatLon {
  source: Source;
}

export class Whereabouts {
  source = $state<Source>('gps');
  /** Why positioning gives nothing: the browser forbids it, or finds no place. */
  fault = $state<'denied' | 'unavailable' | null>(null);
  last = $state.raw<OwnFix | null>(null);
  /** The place set by hand, also the start of the walk. */
  set = $state.raw<LatLon | null>(null);

  private walk: Walk | null = null;
  private watch: number | null = null;
  private lastStepAt = 0;

  constructor(private readonly now: () => number) {
    const kept = remembered();
    if (!kept) return;
    this.set = { lat: kept.lat, lon: kept.lon };
    this.source = kept.source;
    if (kept.source === 'walk') this.walk = new Walk(this.set);
  }

  setByHand(place: LatLon): void {
    this.set = place;
    this.walk = null;
    this.use('manual');
  }

  setWalking(on: boolean): void {
    const start = this.set ?? this.last;
    if (!start) return;
    this.set = { lat: start.lat, lon: start.lon };
    this.walk = on ? new Walk(this.set) : null;
    this.lastStepAt = this.now();
    this.use(on ? 'walk' : 'manual');
  }

  useGps(): void {
    this.walk = null;
    this.last = null;
    this.use('gps');
    this.watchGps();
  }

  /** The newest fix there is at this moment; places set by hand are true now by their own claim. */
  read(): OwnFix | null {
    const now = this.now();
    if (this.source === 'manual' && this.set) {
      this.last = { ...this.set, accuracy_m: MANUAL_ACCURACY_M, taken_at: now };
    } else if (this.source === 'walk' && this.walk) {
      const seconds = Math.min(30, Math.max(0, (now - this.lastStepAt) / 1000));
      this.lastStepAt = now;
      this.last = { ...this.walk.step(seconds), accuracy_m: WALK_ACCURACY_M, taken_at: now };
    }
    return this.last;
  }

  /** The clock was set: what was measured before has no trustworthy time. */
  forgetTime(): void {
    if (this.source === 'gps') this.last = null;
  }

  /** Begins to watch; the browser asks the user the first time, so call it on a click. */
  watchGps(): void {
    if (this.watch !== null || !('geolocation' in navigator)) {
      if (!('geolocation' in navigator)) this.fault = 'unavailable';
      return;
    }
    this.watch = navigator.geolocation.watchPosition(
      (position) => this.gps(position),
      (error) => this.gpsFailed(error),
      { enableHighAccuracy: true, maximumAge: 0, timeout: GPS_WAIT_MS },
    );
  }

  /** Off duty: only when the user has already allowed it, never with a question. */
  async watchGpsIfAllowed(): Promise<void> {
    try {
      const { state } = await navigator.permissions.query({ name: 'geolocation' });
      if (state === 'granted') this.watchGps();
    } catch {
      // An older browser cannot tell; then nothing is watched before the officer goes on duty.
    }
  }

  /** Somebody who stands still gets no new fix by watching; ask, so that the last does not go stale. */
  nudgeGps(olderThanMs: number): void {
    if (this.source !== 'gps' || this.watch === null) return;
    if (this.last && this.now() - this.last.taken_at < olderThanMs) return;
    navigator.geolocation.getCurrentPosition(
      (position) => this.gps(position),
      () => undefined,
      { enableHighAccuracy: true, maximumAge: 0, timeout: GPS_WAIT_MS },
    );
  }

  private gps(position: GeolocationPosition): void {
    if (this.source !== 'gps') return;
    const { latitude, longitude, accuracy, speed, heading } = position.coords;
    this.fault = null;
    this.last = {
      lat: latitude,
      lon: longitude,
      accuracy_m: Math.max(1, Math.round(accuracy)),
      // The device's own clock may be off; the server's time of this moment is what it can compare.
      taken_at: this.now(),
      ...(speed !== null && Number.isFinite(speed) ? { speed_mps: speed } : {}),
      ...(heading !== null && Number.isFinite(heading) ? { heading_deg: heading } : {}),
    };
  }

  private gpsFailed(error: GeolocationPositionError): void {
    if (this.source !== 'gps') return;
    this.fault = error.code === error.PERMISSION_DENIED ? 'denied' : 'unavailable';
    if (this.fault === 'denied' && this.watch !== null) {
      navigator.geolocation.clearWatch(this.watch);
      this.watch = null;
    }
  }

  private use(source: Source): void {
    this.source = source;
    this.fault = null;
    if (source === 'gps' || !this.set) localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, JSON.stringify({ source, ...this.set } satisfies Kept));
  }
}

function remembered(): Kept | null {
  try {
    const kept = JSON.parse(localStorage.getItem(KEY) ?? 'null') as Kept | null;
    return kept && Number.isFinite(kept.lat) && Number.isFinite(kept.lon) ? kept : null;
  } catch {
    return null;
  }
}
