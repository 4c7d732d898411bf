// The markers of incidents, drawn from the same paths as the icons of the page.

import type { Map as MapLibre } from 'maplibre-gl';
import { ICONS } from '../../shared/icons';
import type { Incident, Kind } from '../../shared/protocol/shapes';
import { isUrgent } from '../state/queue-order';
import { MARKER_COLOURS, type MarkerTone } from './palette';

const SIZE = 34;
/** The mark stands above its place on a point, so that who is there stays in sight. */
const POINT = 7;
/** From the place up to the middle of the mark, pixels. */
export const MARKER_RISE_PX = POINT + SIZE / 2;
const RATIO = 2;
const KINDS: readonly Kind[] = ['debtor_sighted', 'asset_sighted', 'obstruction', 'other', 'officer_sos', 'field_task'];
const TONES = Object.keys(MARKER_COLOURS) as MarkerTone[];

export function markerTone(incident: Incident): MarkerTone {
  if (incident.kind === 'officer_sos') return 'sos';
  return isUrgent(incident) ? 'urgent' : 'calm';
}

export function markerImage(incident: Incident): string {
  const kind = KINDS.includes(incident.kind) ? incident.kind : 'other';
  return `${kind}-${markerTone(incident)}`;
}

export function addMarkerImages(map: MapLibre): void {
  for (const kind of KINDS) {
    for (const tone of TONES) {
      const image = draw(kind, tone);
      if (image) map.addImage(`${kind}-${tone}`, image, { pixelRatio: RATIO });
    }
  }
}

function draw(kind: Kind, tone: MarkerTone): ImageData | null {
  const canvas = document.createElement('canvas');
  canvas.width = SIZE * RATIO;
  canvas.height = (SIZE + POINT) * RATIO;
  const context = canvas.getContext('2d');
  if (!context) return null;
  const { fill, stroke, ink } = MARKER_COLOURS[tone];
  context.scale(RATIO, RATIO);
  const half = SIZE / 2;
  context.beginPath();
  context.moveTo(half - 6, SIZE - 4);
  context.lineTo(half, SIZE + POINT - 1);
  context.lineTo(half + 6, SIZE - 4);
  context.fillStyle = stroke;
  context.fill();
  context.beginPath();
  // SOS is an octagon, urgent a square on its corner would hide the icon: a rounded square; calm a circle.
  if (tone === 'sos') polygon(context, half, half, half - 2, 8);
  else if (tone === 'urgent') context.roundRect(3, 3, SIZE - 6, SIZE - 6, 7);
  else context.arc(half, half, half - 3, 0, 2 * Math.PI);
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 2;
  context.strokeStyle = stroke;
  context.stroke();
  const icon = 18;
  context.translate(half - icon / 2, half - icon / 2);
  context.scale(icon / 24, icon / 24);
  context.lineWidth = 2.2;
  context.lineCap = context.lineJoin = 'round';
  context.strokeStyle = ink;
  context.stroke(new Path2D(ICONS[kind]));
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

function polygon(context: CanvasRenderingContext2D, x: number, y: number, radius: number, corners: number): void {
  for (let i = 0; i <= corners; i++) {
    const angle = (Math.PI * (2 * i + 1)) / corners;
    const px = x + radius * Math.cos(angle);
    const py = y + radius * Math.sin(angle);
    if (i === 0) context.moveTo(px, py);
    else context.lineTo(px, py);
  }
  context.closePath();
}
