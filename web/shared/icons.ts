// The icons, as path data in a 24 × 24 box, drawn as strokes. One source for the SVG component and
// for the images the map draws, so that a kind looks the same everywhere.

export const ICONS = {
  // A person and a mark of place: the debtor was seen.
  debtor_sighted: 'M12 4a3.5 3.5 0 1 1 0 7 3.5 3.5 0 0 1 0-7Z M5 20c0-3.9 3.1-6.5 7-6.5s7 2.6 7 6.5',
  // A box: property was seen.
  asset_sighted: 'M4 8.5 12 4l8 4.5v7L12 20l-8-4.5Z M4 8.5l8 4.5 8-4.5 M12 13v7',
  // A raised hand in a sign: resistance.
  obstruction: 'M8.2 3.5h7.6l5 5v7l-5 5H8.2l-5-5v-7Z M7.5 12h9',
  other: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16Z M12 8v5 M12 16v.2',
  // A siren.
  officer_sos: 'M7 17v-4.5a5 5 0 0 1 10 0V17 M4.5 20.5h15V17h-15Z M12 3V1.5 M4.8 6 3.6 4.8 M19.2 6l1.2-1.2',
  // A sheet with lines: somebody was sent with an order.
  field_task: 'M6 3.5h8.5L19 8v12.5H6Z M14 3.5V8h5 M9 12h7 M9 16h5',
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'M6 6l12 12 M18 6 6 18',
  clock: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16Z M12 7.5V12l3 2',
  pin: 'M12 21s6.5-6 6.5-11a6.5 6.5 0 1 0-13 0c0 5 6.5 11 6.5 11Z M12 8a2.2 2.2 0 1 1 0 4.4A2.2 2.2 0 0 1 12 8Z',
  send: 'M4 12 20 4l-4.5 16-4-6.5Z M11.5 13.5 20 4',
  people: 'M9 5a3 3 0 1 1 0 6 3 3 0 0 1 0-6Z M3 19c0-3.3 2.7-5.5 6-5.5s6 2.2 6 5.5 M16 5.4a3 3 0 0 1 0 5.2 M18 14c1.9.9 3 2.6 3 5',
  link: 'M4 9.5a12 12 0 0 1 16 0 M7 13a7.5 7.5 0 0 1 10 0 M12 17.5v.2',
  bell: 'M6 16V11a6 6 0 1 1 12 0v5l1.5 2h-15Z M10 21h4',
  bellOff: 'M6 16V11a6 6 0 0 1 9-5.2 M18 11v5 M4.5 18H18 M10 21h4 M4 3l16 18',
  map: 'M4 6.5 9.5 4l5 2.5L20 4v13.5L14.5 20l-5-2.5L4 20Z M9.5 4v13.5 M14.5 6.5V20',
  key: 'M3.5 6.5h17v11h-17Z M7 10h.2 M12 10h.2 M17 10h.2 M8 14h8',
  globe: 'M12 4a8 8 0 1 1 0 16 8 8 0 0 1 0-16Z M4 12h16 M12 4c2.5 2.2 3.5 5 3.5 8s-1 5.8-3.5 8c-2.5-2.2-3.5-5-3.5-8s1-5.8 3.5-8Z',
  exit: 'M10 5H5v14h5 M14 8l4 4-4 4 M18 12H9',
  arrow: 'M5 12h14 M13 6l6 6-6 6',
  refresh: 'M19 12a7 7 0 1 1-2-5 M19 4v4h-4',
  phone: 'M8 3h8a1 1 0 0 1 1 1v16a1 1 0 0 1-1 1H8a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1Z M11 18h2',
  coffee: 'M5 9h11v5a5 5 0 0 1-5 5h-1a5 5 0 0 1-5-5Z M16 10.5h2a2 2 0 0 1 0 4.5h-2 M9 3v2.5 M12 3v2.5',
  shield: 'M12 3.5 19 6v5.5c0 4.3-2.9 7.4-7 9-4.1-1.6-7-4.7-7-9V6Z',
  sun: 'M12 8a4 4 0 1 1 0 8 4 4 0 0 1 0-8Z M12 3v1.5 M12 19.5V21 M3 12h1.5 M19.5 12H21 M5.6 5.6l1 1 M17.4 17.4l1 1 M5.6 18.4l1-1 M17.4 6.6l1-1',
  layers: 'm12 4 8 4.5-8 4.5-8-4.5Z M4 13l8 4.5 8-4.5',
  stack: 'M5 5h10v10H5Z M9 15v4h10V9h-4',
  undo: 'M9 7 4.5 11.5 9 16 M4.5 11.5H15a4.5 4.5 0 0 1 0 9h-2',
  message: 'M4 5h16v11H10l-4.5 4v-4H4Z M8 9h8 M8 12h5',
  file: 'M6 3.5h8l4 4v13H6Z M14 3.5v4h4 M9 12h6 M9 15.5h6',
  menu: 'M4 6.5h16 M4 12h16 M4 17.5h16',
  camera: 'M4 8h3.5L9 5.5h6L16.5 8H20v11H4Z M12 10a3.3 3.3 0 1 1 0 6.6 3.3 3.3 0 0 1 0-6.6Z',
  download: 'M12 4v10 M7.5 10 12 14.5 16.5 10 M5 19.5h14',
} as const;

export type IconName = keyof typeof ICONS;
