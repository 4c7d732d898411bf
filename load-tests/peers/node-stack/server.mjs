// The stack one would otherwise build: Node with `ws`, places in Redis GEO, tips in PostgreSQL. A peer of
// `tiande-drill bench stack`, never shipped. One process, as one core deserves; set up as the guides of its
// parts advise: no compression on sockets, commands of one turn pipelined, GEOADD in batches, named
// statements over a pool, one statement and so one fsync a tip, encoded once for all consoles.
//
// Easier than ours where the comparison allows it: no sign-in, no acknowledgement of positions, no track
// of them on the disk, one court, one kind of incident, one officer each.
//
//   REDIS_PORT=… PGHOST=… PGUSER=… PGDATABASE=… SECRET=whsec_… node server.mjs      says its port

import { createHmac, randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer } from 'node:http';
import { createClient } from '@redis/client';
import pg from 'pg';
import { WebSocketServer } from 'ws';

const AREA = { west: 114.45, south: 35.0, east: 114.88, north: 35.37 };
const [HEAD, RECORD] = [16, 24];
/** A position older than this does not count, as ours. */
const FRESH_MS = 45_000;
const OFFER_TTL_MS = 20_000;
const FLUSH_MS = 50;
const BATCH = 1_000;
const BODY_MAX = 64 * 1024;

const key = Buffer.from(process.env.SECRET.replace('whsec_', ''), 'base64');
const redis = createClient({ socket: { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), noDelay: true } });
redis.on('error', (fault) => { console.error(fault); process.exit(1); });
await redis.connect();
const db = new pg.Pool({ max: 10 });
await db.query(`
  CREATE TABLE tip (id uuid PRIMARY KEY, webhook_id text NOT NULL UNIQUE, incident uuid NOT NULL, body jsonb NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE incident (id uuid PRIMARY KEY, lat float8 NOT NULL, lon float8 NOT NULL, status text NOT NULL);
  CREATE TABLE offer (id uuid PRIMARY KEY, incident uuid NOT NULL, officer int NOT NULL, status text NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT now());
  CREATE INDEX ON offer (incident)`);

// All that a restart must find is durable with the answer: the tip, its incident and the offer to be made.
const TAKE = { name: 'take', text: `
  WITH t AS (INSERT INTO tip (id, webhook_id, incident, body) VALUES ($1, $2, $3, $4)
      ON CONFLICT (webhook_id) DO NOTHING RETURNING id),
    i AS (INSERT INTO incident (id, lat, lon, status) SELECT $3, $5, $6, 'asking' FROM t),
    o AS (INSERT INTO offer (id, incident, officer, status) SELECT $7::uuid, $3, $8, 'open' FROM t WHERE $7 IS NOT NULL)
  SELECT id FROM t` };
const EARLIER = { name: 'earlier', text: 'SELECT id, incident, body FROM tip WHERE webhook_id = $1' };
const OFFER = { name: 'offer', text: "INSERT INTO offer (id, incident, officer, status) VALUES ($1, $2, $3, 'open')" };
const CLOSE = { name: 'close', text: 'UPDATE offer SET status = $2 WHERE id = $1' };
const TAKEN = { name: 'taken', text: `
  WITH o AS (UPDATE offer SET status = 'accepted' WHERE id = $1 AND status = 'open' RETURNING incident)
  UPDATE incident SET status = 'assigned' FROM o WHERE incident.id = o.incident RETURNING incident.id` };
const FINISH = { name: 'finish', text: "UPDATE incident SET status = 'finished' WHERE id = $1" };

const officers = new Map();
const consoles = new Set();
const offers = new Map();
let places = [];
let moved = new Set();

function flush() {
  if (places.length === 0) return;
  const batch = places;
  places = [];
  redis.geoAdd('officers', batch).catch((fault) => { console.error(fault); process.exit(1); });
}
setInterval(flush, FLUSH_MS);

/** A position that was measured: true when it is the officer's newest. */
function moveTo(officer, seq, lat, lon, at, accuracy) {
  if (!(lat >= -90 && lat <= 90 && lon >= -180 && lon <= 180) || accuracy > 500 || seq <= officer.seq) return false;
  if (at > Date.now() + 5_000 || at < officer.at) return false;
  Object.assign(officer, { seq, lat, lon, at });
  places.push({ longitude: lon, latitude: lat, member: officer.member });
  if (places.length >= BATCH) flush();
  moved.add(officer);
  return true;
}

/** A frame of positions in binary, the same bytes as ours gets. */
function positions(officer, data) {
  if (data.length < HEAD + RECORD || (data.length - HEAD) % RECORD !== 0 || data[0] !== 1 || data[1] !== 1) return;
  const base = Number(data.readBigInt64LE(8));
  for (let at = HEAD; at < data.length; at += RECORD) {
    const accuracy = data.readUInt16LE(at + 20);
    moveTo(officer, data.readUInt32LE(at + 4), data.readInt32LE(at + 8) / 1e7, data.readInt32LE(at + 12) / 1e7,
      base + data.readInt32LE(at + 16), accuracy === 65535 ? 0 : accuracy / 10);
  }
}

setInterval(() => {
  if (moved.size === 0) return;
  const all = moved;
  moved = new Set();
  if (consoles.size === 0) return;
  const tick = Buffer.allocUnsafe(24 + RECORD * all.size);
  tick.fill(0, 0, 24);
  tick[0] = 1;
  tick[1] = 2;
  let at = 24;
  for (const officer of all) {
    tick.writeUInt32LE(officer.n, at);
    tick.writeUInt32LE(officer.busy ? 1 : 0, at + 4);
    tick.writeInt32LE(officer.lat * 1e7, at + 8);
    tick.writeInt32LE(officer.lon * 1e7, at + 12);
    tick.writeInt32LE(officer.at - Date.now(), at + 16);
    tick.writeInt32LE(0, at + 20);
    at += RECORD;
  }
  for (const socket of consoles) if (socket.bufferedAmount < 1 << 20) socket.send(tick);
}, 1_000);

/** The nearest who is connected, fresh, free and not asked yet; held from then on. */
async function nearest(lat, lon, asked) {
  for (const radius of [2, 10, 50]) {
    flush();
    const near = await redis.geoSearch('officers', { longitude: lon, latitude: lat }, { radius, unit: 'km' },
      { SORT: 'ASC', COUNT: 16 });
    for (const member of near) {
      const officer = officers.get(Number(member));
      const fit = officer?.socket && !officer.busy && !asked.has(officer.n) && Date.now() - officer.at < FRESH_MS;
      if (!fit) continue;
      officer.busy = true;
      return officer;
    }
  }
  return null;
}

function send(offer, officer) {
  offers.set(offer.id, { ...offer, officer, timer: setTimeout(() => pass(offer.id, 'expired'), OFFER_TTL_MS) });
  const { id, incident, lat, lon, description } = offer;
  officer.socket.send(JSON.stringify({ type: 'offer', offer: id, sent_at: Date.now(),
    incident: { id: incident, description, place: { lat, lon } } }));
}

/** Nobody goes for this offer: the next nearest is asked. */
async function pass(id, status) {
  const offer = offers.get(id);
  if (!offer) return;
  offers.delete(id);
  clearTimeout(offer.timer);
  offer.officer.busy = false;
  offer.asked.add(offer.officer.n);
  await db.query(CLOSE, [id, status]);
  const officer = await nearest(offer.lat, offer.lon, offer.asked);
  if (!officer) return;
  const next = { ...offer, id: randomUUID() };
  await db.query(OFFER, [next.id, next.incident, officer.n]);
  send(next, officer);
}

async function command(officer, frame) {
  switch (frame.type) {
    case 'position':
      for (const fix of frame.fixes) moveTo(officer, fix.seq, fix.lat, fix.lon, fix.taken_at, fix.accuracy_m ?? 0);
      return;
    case 'accept': {
      const offer = offers.get(frame.offer);
      if (offer?.officer !== officer) return officer.socket.send(JSON.stringify({ type: 'refused', ref: frame.id }));
      offers.delete(frame.offer);
      clearTimeout(offer.timer);
      await db.query(TAKEN, [frame.offer]);
      return officer.socket?.send(JSON.stringify({ type: 'done', ref: frame.id }));
    }
    case 'decline':
      return pass(frame.offer, 'declined');
    case 'finish':
      await db.query(FINISH, [frame.incident]);
      officer.busy = false;
      return officer.socket?.send(JSON.stringify({ type: 'done', ref: frame.id }));
  }
}

function isSigned(headers, body) {
  const [id, time, given] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => headers[name]);
  if (!id || !given || Math.abs(Date.now() / 1e3 - Number(time)) > 300) return false;
  const mac = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest();
  const theirs = Buffer.from(given.replace('v1,', ''), 'base64');
  return theirs.length === mac.length && timingSafeEqual(theirs, mac);
}

function isTip(tip) {
  const { lat, lon } = tip?.location ?? {};
  return typeof tip?.description === 'string' && ['debtor_sighted', 'asset_sighted', 'obstruction', 'other'].includes(tip.kind)
    && ['emergency', 'routine'].includes(tip.urgency) && lat >= AREA.south && lat <= AREA.north && lon >= AREA.west && lon <= AREA.east;
}

/** Answers when the tip, its incident and the offer are on the disk. */
async function take(headers, body) {
  if (!isSigned(headers, body)) return [401, {}];
  let tip;
  try { tip = JSON.parse(body); } catch { return [422, {}]; }
  if (!isTip(tip)) return [422, {}];
  const { lat, lon } = tip.location;
  const [id, incident, offer] = [randomUUID(), randomUUID(), randomUUID()];
  const officer = tip.urgency === 'emergency' ? await nearest(lat, lon, new Set()) : null;
  const values = [id, headers['webhook-id'], incident, body.toString(), lat, lon, officer && offer, officer?.n ?? null];
  const { rowCount } = await db.query(TAKE, values);
  if (rowCount === 0) {
    if (officer) officer.busy = false;
    const { rows } = await db.query(EARLIER, [headers['webhook-id']]);
    return [202, { tip: rows[0].id, incident: rows[0].incident }];
  }
  if (officer) send({ id: offer, incident, lat, lon, description: tip.description, asked: new Set() }, officer);
  return [202, { tip: id, incident }];
}

const http = createServer((request, response) => {
  const parts = [];
  let size = 0;
  request.on('data', (part) => { size += part.length; if (size <= BODY_MAX) parts.push(part); else request.destroy(); });
  request.on('end', async () => {
    const [status, answer] = request.method === 'POST' && request.url.startsWith('/hooks/tips/')
      ? await take(request.headers, Buffer.concat(parts)).catch((fault) => { console.error(fault); return [503, {}]; })
      : [404, {}];
    const text = JSON.stringify(answer);
    response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) }).end(text);
  });
});
// Longer than whoever keeps a connection to it does: Node's own five seconds are shorter than most proxies'.
http.keepAliveTimeout = 620_000;
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false, maxPayload: BODY_MAX });
http.on('upgrade', (request, socket, head) => sockets.handleUpgrade(request, socket, head, (upgraded) => {
  const n = Number(request.url.match(/^\/ws\/handheld\/(\d+)$/)?.[1] ?? NaN);
  if (Number.isNaN(n)) {
    consoles.add(upgraded);
    upgraded.on('close', () => consoles.delete(upgraded));
    return;
  }
  const officer = officers.get(n) ?? { n, member: String(n), seq: 0, lat: 0, lon: 0, at: 0, busy: false };
  officer.socket = upgraded;
  officers.set(n, officer);
  upgraded.on('message', (data, isBinary) => {
    if (isBinary) positions(officer, data);
    else command(officer, JSON.parse(data)).catch((fault) => { console.error(fault); process.exit(1); });
  });
  upgraded.on('error', () => upgraded.terminate());
  upgraded.on('close', () => { officer.socket = null; });
}));
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
