// Colours of the map. A WebGL canvas cannot read CSS variables, so these repeat tokens.css (night).

import type { OfficerStatus } from '../../shared/protocol/shapes';

export const MAP_COLOURS = {
  outside: '#080e1a',
  inside: '#0f1a2e',
  net: '#1d2b47',
  netLabel: '#7c8db0',
  border: '#5b74a6',
  house: '#f0d48a',
  link: '#a9c8ff',
  ring: '#3f5f94',
  ringLabel: '#9db8e6',
  label: '#eaf0fa',
  halo: '#0a1120',
  accuracy: '#f6bf4f',
} as const;

/** Index is the wire's status number. Shapes are in shaders.ts and Shape.svelte. */
export const STATUS_COLOURS: readonly string[] = ['#66779a', '#45d19a', '#f6bf4f', '#5aa5ff', '#a3b0c8', '#dc9bf5'];

export const STATUS_SHAPES: Record<OfficerStatus, 'none' | 'circle' | 'diamond' | 'square' | 'bar' | 'cross'> = {
  off_duty: 'none',
  available: 'circle',
  offered: 'diamond',
  committed: 'square',
  on_break: 'bar',
  out_of_contact: 'cross',
};

export type MarkerTone = 'sos' | 'urgent' | 'calm';

export const MARKER_COLOURS: Record<MarkerTone, { fill: string; stroke: string; ink: string }> = {
  sos: { fill: '#b3202c', stroke: '#ffd5d5', ink: '#ffffff' },
  urgent: { fill: '#3a2708', stroke: '#ffb65c', ink: '#ffd9a3' },
  calm: { fill: '#16223a', stroke: '#8fb6ee', ink: '#d6e6ff' },
};

export function rgb(hex: string): [number, number, number] {
  const value = Number.parseInt(hex.slice(1), 16);
  return [((value >> 16) & 255) / 255, ((value >> 8) & 255) / 255, (value & 255) / 255];
}
