// The map itself. Loaded only when a court is known, because the library is larger than the rest
// of the console together.

import type { Feature, FeatureCollection } from 'geojson';
import { type GeoJSONSource, Map as MapLibre, ScaleControl, setWorkerUrl } from 'maplibre-gl';
// After bundling, the library's own guess where its worker lies is wrong; this is the real address.
import workerUrl from 'maplibre-gl/dist/maplibre-gl-worker.mjs?url';
import 'maplibre-gl/dist/maplibre-gl.css';
import type { Area, Incident } from '../../shared/protocol/shapes';
import type { Fleet } from '../fleet/fleet';
import type { Court } from '../protocol';
import { isClosed } from '../state/queue-order';
import { type Box, boundsOf, boxAround, circleFeature, graticule, rings } from './geometry';
import { nearestSlots, officerAt, onDutyPlaces } from './hit-test';
import { addMarkerImages, MARKER_RISE_PX, markerImage, markerTone } from './marker-images';
import { mercatorX, mercatorY } from './mercator';
import { OfficerLayer } from './officer-layer';
import { ABOVE_OFFICERS, courtStyle, EMPTY } from './style';

setWorkerUrl(workerUrl);

const TILE_PX = 512;
const INCIDENT_NEAR_PX = 20;
/** The tools stand at the right, the scale at the bottom. */
const FIT_PADDING = { top: 44, right: 68, bottom: 52, left: 40 };
const CLOSE_ZOOM = 13;
const SHOWN_ACCURACY_M = 5000;
/** A selected incident is shown with so many of the nearest officers. */
const SHOWN_NEAR = 6;

export interface CourtMapPorts {
  container: HTMLElement;
  court: Court;
  houseName: string;
  label: string;
  fleet: Fleet;
  serverNow: () => number;
  view: MapView;
  onPlace: (place: { lat: number; lon: number }) => void;
  onIncident: (id: string) => void;
  onOfficer: (id: string | null) => void;
  onLook: (box: Box) => void;
}

export interface MapView {
  incidents: readonly Incident[];
  incidentId: string | null;
  officerId: string | null;
  placing: boolean;
}

export class CourtMap {
  private readonly map: MapLibre;
  private readonly officers: OfficerLayer;
  private readonly reducedMotion = window.matchMedia('(prefers-reduced-motion: reduce)');
  private view: MapView;
  private ready = false;
  private namesShown = true;

  constructor(private readonly ports: CourtMapPorts) {
    const { court, fleet, serverNow } = ports;
    this.view = ports.view;
    this.map = new MapLibre({
      container: ports.container,
      style: courtStyle(court, ports.houseName),
      bounds: this.lively(),
      fitBoundsOptions: { padding: FIT_PADDING },
      attributionControl: false,
      // North stays up: a dispatcher says "north of" on the radio.
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      localIdeographFontFamily: "'Noto Sans CJK SC','Microsoft YaHei','PingFang SC',sans-serif",
      maxZoom: 18,
      minZoom: 4,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ maxWidth: 120 }), 'bottom-left');
    this.map.getCanvas().setAttribute('aria-label', ports.label);
    this.officers = new OfficerLayer({ fleet, serverNow, still: () => this.reducedMotion.matches });
    this.map.on('load', () => this.loaded());
    this.map.on('moveend', () => {
      this.drawNet();
      this.look();
    });
    this.map.on('click', (event) => this.clicked(event.point, event.lngLat));
  }

  destroy(): void {
    this.map.remove();
  }

  /** Everything that is not a position. */
  show(view: MapView): void {
    const placingChanged = view.placing !== this.view.placing;
    this.view = view;
    if (placingChanged) this.map.getCanvas().style.cursor = view.placing ? 'crosshair' : '';
    if (!this.ready) return;
    this.drawIncidents();
    this.follow();
  }

  /** Positions changed: draw the glide. */
  wake(): void {
    this.officers.wake();
  }

  /** Called once a second, when the fleet moved. */
  follow(): void {
    if (!this.ready) return;
    const { fleet } = this.ports;
    const slot = this.view.officerId === null ? undefined : fleet.slotOf(this.view.officerId);
    this.officers.selectedSlot = slot ?? -1;
    this.drawNames(slot);
    this.officers.wake();
  }

  /** Shows an incident together with those who go there and those who could. */
  frame(place: { lat: number; lon: number }): void {
    const { fleet } = this.ports;
    let [west, south, east, north] = [place.lon, place.lat, place.lon, place.lat];
    const near = nearestSlots(fleet, { x: mercatorX(place.lon), y: mercatorY(place.lat) }, SHOWN_NEAR);
    const crew = (this.selected()?.crew ?? []).flatMap(({ officer }) => fleet.slotOf(officer) ?? []);
    for (const slot of [...near, ...crew.filter((slot) => fleet.placed[slot])]) {
      const lon = fleet.lon[slot] ?? place.lon;
      const lat = fleet.lat[slot] ?? place.lat;
      [west, east] = [Math.min(west, lon), Math.max(east, lon)];
      [south, north] = [Math.min(south, lat), Math.max(north, lat)];
    }
    // The place itself stays in the middle: the eye looks for it there.
    const dLon = Math.max(place.lon - west, east - place.lon, 0.002);
    const dLat = Math.max(place.lat - south, north - place.lat, 0.002);
    this.map.fitBounds([place.lon - dLon, place.lat - dLat, place.lon + dLon, place.lat + dLat], {
      padding: 60,
      maxZoom: CLOSE_ZOOM + 1,
      duration: this.reducedMotion.matches ? 0 : 600,
    });
  }

  flyTo(place: { lat: number; lon: number }): void {
    const camera = { center: [place.lon, place.lat] as [number, number], zoom: Math.max(CLOSE_ZOOM, this.map.getZoom()) };
    if (this.reducedMotion.matches) this.map.jumpTo(camera);
    else this.map.easeTo({ ...camera, duration: 600 });
  }

  flyToOfficer(id: string): void {
    const { fleet } = this.ports;
    const slot = fleet.slotOf(id);
    if (slot === undefined || !fleet.placed[slot]) return;
    this.flyTo({ lat: fleet.lat[slot] ?? 0, lon: fleet.lon[slot] ?? 0 });
  }

  /** Where something is going on. */
  everybody(): void {
    this.map.fitBounds(this.lively(), { padding: FIT_PADDING, animate: !this.reducedMotion.matches });
  }

  wholeArea(): void {
    this.map.fitBounds(this.ports.court.area, { padding: 36, animate: !this.reducedMotion.matches });
  }

  zoom(step: number): void {
    this.map.zoomTo(this.map.getZoom() + step, { animate: !this.reducedMotion.matches });
  }

  /** Officers on duty, open incidents and the court house; with nobody on duty the whole area. */
  private lively(): Area {
    const { court, fleet } = this.ports;
    const officers = onDutyPlaces(fleet);
    const incidents = this.view.incidents.flatMap((incident) => (incident.place && !isClosed(incident) ? [incident.place] : []));
    return officers.length === 0 ? court.area : boundsOf([court.court_house, ...officers, ...incidents]);
  }

  private loaded(): void {
    addMarkerImages(this.map);
    this.map.addLayer(this.officers, ABOVE_OFFICERS);
    this.ready = true;
    this.look();
    this.drawNet();
    this.drawIncidents();
    this.follow();
  }

  /** A little more than is seen, so that nobody comes in out of nothing. */
  private look(): void {
    const view = this.map.getBounds();
    this.ports.onLook(boxAround(view.getWest(), view.getSouth(), view.getEast(), view.getNorth()));
  }

  /** The net follows the zoom, so that there is always something to judge distance by. */
  private drawNet(): void {
    const view = this.map.getBounds();
    this.set('net', graticule([view.getWest(), view.getSouth(), view.getEast(), view.getNorth()]));
  }

  private set(source: string, data: FeatureCollection | Feature): void {
    this.map.getSource<GeoJSONSource>(source)?.setData(data);
  }

  private drawIncidents(): void {
    const features: Feature[] = [];
    for (const incident of this.view.incidents) {
      const selected = incident.id === this.view.incidentId;
      if (!incident.place || (isClosed(incident) && !selected)) continue;
      features.push(
        point(incident.place, {
          icon: markerImage(incident),
          selected,
          number: selected ? incident.number : '',
          order: selected ? 3 : markerTone(incident) === 'sos' ? 2 : markerTone(incident) === 'urgent' ? 1 : 0,
        }),
      );
    }
    this.set('incidents', { type: 'FeatureCollection', features });
    const place = this.selected()?.place;
    this.set('rings', place ? rings(place) : EMPTY);
    const radius = place?.accuracy_m ?? 0;
    this.set('accuracy', place && radius > 0 ? circleFeature(place, Math.min(radius, SHOWN_ACCURACY_M)) : EMPTY);
  }

  /** Names of the selected incident's crew and of the selected officer; lines from crew to place. */
  private drawNames(selectedSlot: number | undefined): void {
    const { fleet } = this.ports;
    const names: Feature[] = [];
    const links: Feature[] = [];
    const incident = this.selected();
    const named = new Set<number>();
    if (incident?.place) {
      const { lat, lon } = incident.place;
      for (const { officer } of [...incident.crew, ...incident.offers_open]) {
        const slot = fleet.slotOf(officer);
        if (slot === undefined || !fleet.placed[slot] || named.has(slot)) continue;
        named.add(slot);
        const coordinates = [
          [fleet.lon[slot] ?? 0, fleet.lat[slot] ?? 0],
          [lon, lat],
        ];
        links.push({ type: 'Feature', properties: {}, geometry: { type: 'LineString', coordinates } });
      }
    }
    if (selectedSlot !== undefined && fleet.placed[selectedSlot]) named.add(selectedSlot);
    for (const slot of named) {
      const entry = fleet.entries[slot];
      if (entry) names.push(point({ lat: fleet.lat[slot] ?? 0, lon: fleet.lon[slot] ?? 0 }, { name: entry.name }));
    }
    // Nothing to show and nothing shown: no need to lay out labels each second.
    if (names.length === 0 && !this.namesShown) return;
    this.namesShown = names.length > 0;
    this.set('names', { type: 'FeatureCollection', features: names });
    this.set('links', { type: 'FeatureCollection', features: links });
  }

  private selected(): Incident | undefined {
    return this.view.incidents.find((incident) => incident.id === this.view.incidentId);
  }

  private clicked(pixel: { x: number; y: number }, at: { lat: number; lng: number }): void {
    if (this.view.placing) {
      this.ports.onPlace({ lat: at.lat, lon: at.lng });
      return;
    }
    const incident = this.incidentAt(pixel);
    if (incident) {
      this.ports.onIncident(incident.id);
      return;
    }
    const worldPx = TILE_PX * 2 ** this.map.getZoom();
    const pointer = { x: mercatorX(at.lng), y: mercatorY(at.lat) };
    const slot = officerAt(this.ports.fleet, pointer, worldPx, performance.now());
    this.ports.onOfficer(slot === null ? null : (this.ports.fleet.entries[slot]?.id ?? null));
  }

  private incidentAt(pixel: { x: number; y: number }): Incident | null {
    let best: Incident | null = null;
    let bestPx = INCIDENT_NEAR_PX;
    for (const incident of this.view.incidents) {
      if (!incident.place || isClosed(incident)) continue;
      const drawn = this.map.project([incident.place.lon, incident.place.lat]);
      const px = Math.hypot(drawn.x - pixel.x, drawn.y - MARKER_RISE_PX - pixel.y);
      if (px < bestPx) {
        best = incident;
        bestPx = px;
      }
    }
    return best;
  }
}

function point(place: { lat: number; lon: number }, properties: Record<string, unknown>): Feature {
  return { type: 'Feature', properties, geometry: { type: 'Point', coordinates: [place.lon, place.lat] } };
}
