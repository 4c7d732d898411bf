// The whole map style: no tiles, no glyphs, no sprites, nothing from anywhere else. Text is drawn by
// the map library from the fonts of the machine.

import type { FeatureCollection } from 'geojson';
import type { StyleSpecification } from 'maplibre-gl';
import type { Court } from '../protocol';
import { areaFeature, circleFeature, graticule } from './geometry';
import { MAP_COLOURS as C } from './palette';

export const EMPTY: FeatureCollection = { type: 'FeatureCollection', features: [] };
/** Officers are drawn under this layer, and above all that does not move: a label of the ground must not hide a person. */
export const ABOVE_OFFICERS = 'names';
const FONT = ['Noto Sans'];

export function courtStyle(court: Court, houseName: string): StyleSpecification {
  const house = court.court_house;
  const text = { 'text-font': FONT, 'text-size': 12 } as const;
  return {
    version: 8,
    sources: {
      area: { type: 'geojson', data: areaFeature(court.area) },
      net: { type: 'geojson', data: graticule(court.area) },
      rings: { type: 'geojson', data: EMPTY },
      house: { type: 'geojson', data: circleFeature(house, house.radius_m) },
      'house-point': {
        type: 'geojson',
        data: { type: 'Feature', properties: { name: houseName }, geometry: { type: 'Point', coordinates: [house.lon, house.lat] } },
      },
      accuracy: { type: 'geojson', data: EMPTY },
      links: { type: 'geojson', data: EMPTY },
      incidents: { type: 'geojson', data: EMPTY },
      names: { type: 'geojson', data: EMPTY },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': C.outside } },
      { id: 'area', type: 'fill', source: 'area', paint: { 'fill-color': C.inside } },
      { id: 'net', type: 'line', source: 'net', paint: { 'line-color': C.net, 'line-width': 1 } },
      {
        id: 'border',
        type: 'line',
        source: 'area',
        paint: { 'line-color': C.border, 'line-width': 1.5, 'line-dasharray': [4, 2] },
      },
      { id: 'house-fill', type: 'fill', source: 'house', paint: { 'fill-color': C.house, 'fill-opacity': 0.18 } },
      { id: 'house-line', type: 'line', source: 'house', paint: { 'line-color': C.house, 'line-width': 1.5 } },
      {
        id: 'house-dot',
        type: 'circle',
        source: 'house-point',
        paint: { 'circle-radius': 3.5, 'circle-color': C.house, 'circle-stroke-color': C.halo, 'circle-stroke-width': 1 },
      },
      { id: 'accuracy', type: 'fill', source: 'accuracy', paint: { 'fill-color': C.accuracy, 'fill-opacity': 0.12 } },
      {
        id: 'rings',
        type: 'line',
        source: 'rings',
        paint: { 'line-color': C.ring, 'line-width': 1, 'line-opacity': 0.8 },
      },
      {
        id: 'links',
        type: 'line',
        source: 'links',
        paint: { 'line-color': C.link, 'line-width': 1.5, 'line-dasharray': [2, 2], 'line-opacity': 0.85 },
      },
      {
        id: 'net-label',
        type: 'symbol',
        source: 'net',
        layout: { ...text, 'text-size': 11, 'text-field': ['get', 'label'], 'symbol-placement': 'line', 'symbol-spacing': 420 },
        paint: { 'text-color': C.netLabel, 'text-halo-color': C.outside, 'text-halo-width': 1.2 },
      },
      {
        id: 'ring-label',
        type: 'symbol',
        source: 'rings',
        layout: { ...text, 'text-size': 11, 'text-field': ['get', 'label'], 'symbol-placement': 'line', 'symbol-spacing': 600 },
        paint: { 'text-color': C.ringLabel, 'text-halo-color': C.halo, 'text-halo-width': 1.5 },
      },
      {
        id: 'house-label',
        type: 'symbol',
        source: 'house-point',
        layout: { ...text, 'text-field': ['get', 'name'], 'text-offset': [0, 1], 'text-anchor': 'top' },
        paint: { 'text-color': C.house, 'text-halo-color': C.halo, 'text-halo-width': 1.5 },
      },
      {
        id: ABOVE_OFFICERS,
        type: 'symbol',
        source: 'names',
        layout: {
          ...text,
          'text-size': 13,
          'text-field': ['get', 'name'],
          // The first place that is free; over another name only when none is.
          'text-variable-anchor': ['top', 'bottom', 'left', 'right'],
          'text-radial-offset': 1.3,
          'text-justify': 'auto',
          'text-allow-overlap': true,
        },
        paint: { 'text-color': C.label, 'text-halo-color': C.halo, 'text-halo-width': 2 },
      },
      // Last, and so laid out first: names step aside for marks.
      {
        id: 'incidents',
        type: 'symbol',
        source: 'incidents',
        layout: {
          'icon-image': ['get', 'icon'],
          'icon-anchor': 'bottom',
          'icon-size': ['case', ['get', 'selected'], 1.25, 1],
          'icon-allow-overlap': true,
          // The number of the selected one, above its mark: below are those who have arrived.
          ...text,
          'text-size': 13,
          'text-field': ['get', 'number'],
          'text-anchor': 'bottom',
          'text-offset': [0, -4.1],
          'text-allow-overlap': true,
          'symbol-sort-key': ['get', 'order'],
        },
        paint: { 'text-color': C.label, 'text-halo-color': C.halo, 'text-halo-width': 2 },
      },
    ],
  };
}
