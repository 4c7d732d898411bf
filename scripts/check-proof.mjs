// Checks receipts, exports of cases, roots and proofs of consistency, from docs/PROOF.md alone: it shares no code with
// the server, and needs nothing but Node.js.
//
//   node check-proof.mjs receipt FILE... [--key FILE] [--roots FILE] [--file FILE]
//   node check-proof.mjs export FOLDER   [--key FILE] [--roots FILE]
//   node check-proof.mjs roots FILE      [--key FILE]
//   node check-proof.mjs consistency FILE... [--key FILE] [--roots FILE]
//
// A line for each: SHOWN or REFUSED, and why. Exits with 1 when anything was refused.

import { createHash, createPublicKey, verify } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

class Refused extends Error {}

function need(good, why) {
  if (!good) throw new Refused(why);
}

// --- Bytes

const sha256 = (...parts) => parts.reduce((hash, part) => hash.update(part), createHash('sha256')).digest();
const text = (value) => Buffer.from(value, 'utf8');
const number = (value, bytes = 8) => {
  const buffer = Buffer.alloc(bytes);
  if (bytes === 2) buffer.writeUInt16BE(value);
  else buffer.writeBigInt64BE(BigInt(value));
  return buffer;
};
/** Fields in order, each with its length (u32, big-endian) in front. */
function joined(fields) {
  return Buffer.concat(fields.flatMap((field) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(field.length);
    return [length, field];
  }));
}
/** A field that may be absent: 1 and its bytes, or nothing at all. */
const maybe = (value, bytes) => (value === null ? Buffer.alloc(0) : Buffer.concat([Buffer.from([1]), bytes(value)]));
const hex = (value) => Buffer.from(value, 'hex');

// --- What JSON may be

/** JSON of bytes: UTF-8, and no key twice. */
function parse(bytes) {
  let value;
  try {
    const read = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
    value = JSON.parse(read);
  } catch {
    throw new Refused('this is no JSON');
  }
  return value;
}

const HASH = /^[0-9a-f]{64}$/;
const is = {
  text: (v) => typeof v === 'string',
  count: (v) => Number.isSafeInteger(v) && v >= 0,
  moment: (v) => Number.isSafeInteger(v),
  hash: (v) => is.text(v) && HASH.test(v),
  signature: (v) => is.text(v) && /^[0-9a-f]{128}$/.test(v),
  bytes: (v) => is.text(v) && /^([0-9a-f]{2})*$/.test(v),
  hashes: (v) => Array.isArray(v) && v.every(is.hash),
  day: (v) => is.text(v) && /^\d{4}-\d{2}-\d{2}$/.test(v) && new Date(`${v}T00:00:00Z`).toISOString().startsWith(v),
  court: (v) => is.text(v) && /^[a-z0-9-]{1,32}$/.test(v),
  none: (v) => v === null,
};
const or = (one, other) => (v) => one(v) || other(v);

/** An object of exactly these fields. */
function shape(value, fields, what) {
  need(value !== null && typeof value === 'object' && !Array.isArray(value), `${what} is unreadable`);
  const [have, want] = [Object.keys(value).sort(), Object.keys(fields).sort()];
  need(have.length === want.length && have.every((name, n) => name === want[n]), `${what} has other fields`);
  for (const [name, good] of Object.entries(fields)) need(good(value[name]), `${what}: ${name} is unreadable`);
}

const RECORD = {
  position: is.count, court: is.text, stream: is.text, seq: is.count, epoch: is.count, kind: is.text,
  schema_version: is.count, at_ms: is.moment, by: is.text, why: or(is.text, is.none), hash_alg: is.text,
  prev_hash: is.hash, subject: or(is.bytes, is.none), body: is.text, sealed: or(is.bytes, is.none),
};
const ROOT = {
  format: (v) => v === 'tiande-root-v1', court: is.court, number: is.count, day: is.day, first: is.count,
  last: is.count, size: is.count, root: is.hash, at_ms: is.moment, log_root: is.hash, signature: is.signature,
};
const INCLUSION = { index: is.count, size: is.count, path: is.hashes };
const PROMISE = { court: is.court, hash: is.hash, at_ms: is.moment, due_ms: is.moment, signature: is.signature };
const anything = () => true;
const RECEIPT = {
  format: (v) => v === 'tiande-receipt-v1', record: anything, hash: is.hash, root: anything, inclusion: anything,
  promise: anything, public_key: is.hash,
};

// --- The journal's envelope (docs/PROOF.md, "The hash of a record")

function recordHash(record) {
  const fields = [
    number(record.position), text(record.court), text(record.stream), number(record.seq), number(record.epoch),
    text(record.kind), number(record.schema_version, 2), number(record.at_ms), text(record.by),
    maybe(record.why, text), text(record.hash_alg), hex(record.prev_hash), maybe(record.subject, hex),
    text(record.body), maybe(record.sealed, hex),
  ];
  need(['sha256', 'sm3'].includes(record.hash_alg), 'the record names an unknown hash function');
  return createHash(record.hash_alg).update('tiande-journal-v1').update(joined(fields)).digest('hex');
}

/** What stands under `sha256` in the body, wherever. */
function papersOf(record) {
  const found = [];
  const walk = (value) => {
    if (Array.isArray(value)) value.forEach(walk);
    else if (value !== null && typeof value === 'object') {
      for (const [name, inner] of Object.entries(value)) {
        if (name === 'sha256' && is.hash(inner)) found.push(inner);
        walk(inner);
      }
    }
  };
  try {
    walk(JSON.parse(record.body));
  } catch {
    return [];
  }
  return found;
}

// --- Trees (RFC 9162 §2.1)

const leafHash = (bytes) => sha256(Buffer.from([0]), bytes);
const nodeHash = (left, right) => sha256(Buffer.from([1]), left, right);

/** The root that a leaf and the way from it lead to; null when the way does not fit the tree's size. */
function rootWith(leaf, { index, size, path }) {
  if (index >= size) return null;
  let [fn, sn, hash] = [BigInt(index), BigInt(size) - 1n, leaf];
  for (const beside of path.map(hex)) {
    if (sn === 0n) return null;
    if ((fn & 1n) === 1n || fn === sn) {
      hash = nodeHash(beside, hash);
      while ((fn & 1n) === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      hash = nodeHash(hash, beside);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n ? hash.toString('hex') : null;
}

function goesOn(first, second, path) {
  if (first.number === 0 || first.number > second.number) return false;
  if (first.number === second.number) return path.length === 0 && first.log_root === second.log_root;
  const way = path.map(hex);
  let [fn, sn] = [BigInt(first.number) - 1n, BigInt(second.number) - 1n];
  while ((fn & 1n) === 1n) [fn, sn] = [fn >> 1n, sn >> 1n];
  const whole = (BigInt(first.number) & (BigInt(first.number) - 1n)) === 0n;
  const begin = whole ? hex(first.log_root) : way.shift();
  if (begin === undefined) return false;
  let [old, fresh] = [begin, begin];
  for (const beside of way) {
    if (sn === 0n) return false;
    if ((fn & 1n) === 1n || fn === sn) {
      [old, fresh] = [nodeHash(beside, old), nodeHash(beside, fresh)];
      while ((fn & 1n) === 0n && fn !== 0n) [fn, sn] = [fn >> 1n, sn >> 1n];
    } else {
      fresh = nodeHash(fresh, beside);
    }
    [fn, sn] = [fn >> 1n, sn >> 1n];
  }
  return sn === 0n && old.toString('hex') === first.log_root && fresh.toString('hex') === second.log_root;
}

/** The root of a list of leaves, by the definition. */
function treeRoot(leaves) {
  if (leaves.length === 0) return sha256();
  if (leaves.length === 1) return leaves[0];
  let split = 1;
  while (split * 2 < leaves.length) split *= 2;
  return nodeHash(treeRoot(leaves.slice(0, split)), treeRoot(leaves.slice(split)));
}

// --- What is signed

const rootFields = (root, format) => [
  text(format), text(root.court), number(root.number), text(root.day), number(root.first), number(root.last),
  number(root.size), hex(root.root), number(root.at_ms),
];
const rootLeaf = (root) => leafHash(joined(rootFields(root, 'tiande-day-root-v1')));

function isSigned(message, signature, key) {
  // DER of an Ed25519 public key: a fixed head and the 32 bytes.
  const der = Buffer.concat([hex('302a300506032b6570032100'), hex(key)]);
  try {
    return verify(null, message, createPublicKey({ key: der, format: 'der', type: 'spki' }), hex(signature));
  } catch {
    return false;
  }
}

function checkRoot(root, key) {
  shape(root, ROOT, 'the root');
  const message = joined([...rootFields(root, 'tiande-signed-root-v1'), hex(root.log_root)]);
  need(isSigned(message, root.signature, key), 'the root is not signed with the court\'s key');
}

const same = (one, other) => Object.keys(ROOT).every((name) => one[name] === other[name]);

// --- Roots that were kept

const QR = /^TIANDE:ROOT:1:([^:]+):(\d+):([^:]+):(\d+):(\d+):(\d+):([0-9A-F]{64}):(-?\d+):([0-9A-F]{64}):([0-9A-F]{128})$/;

function rootOfLine(line) {
  const found = line.match(QR);
  if (!found) return parse(text(line));
  const [court, no, day, first, last, size, root, at, log, signature] = found.slice(1);
  const low = (value) => value.toLowerCase();
  return {
    format: 'tiande-root-v1', court: low(court), number: Number(no), day, first: Number(first), last: Number(last),
    size: Number(size), root: low(root), at_ms: Number(at), log_root: low(log), signature: low(signature),
  };
}

/** Kept roots by court and number; each is signed, and goes on from those before as far as there is no gap. */
function keptRoots(lines, key) {
  const kept = new Map();
  for (const line of lines.split('\n').map((l) => l.trim()).filter(Boolean)) {
    const root = rootOfLine(line);
    checkRoot(root, key);
    const place = `${root.court} ${root.number}`;
    need(!kept.has(place) || same(kept.get(place), root), `two roots ${root.number} of ${root.court} were signed`);
    kept.set(place, root);
  }
  const courts = new Set([...kept.values()].map((root) => root.court));
  for (const court of courts) {
    const leaves = [];
    let covered = 0;
    for (let n = 1; kept.has(`${court} ${n}`); n += 1) {
      const root = kept.get(`${court} ${n}`);
      leaves.push(rootLeaf(root));
      need(root.first === covered + 1 && root.last >= covered, `root ${n} does not begin where the one before ended`);
      need(treeRoot(leaves).toString('hex') === root.log_root, `root ${n} does not go on from those before it`);
      covered = root.last;
    }
  }
  return kept;
}

// --- Receipts

/** Checks a receipt that was read; what it shows. */
function checkReceipt(receipt, against) {
  shape(receipt, RECEIPT, 'the receipt');
  const { record, root, inclusion, promise } = receipt;
  shape(record, RECORD, 'the record');
  need(recordHash(record) === receipt.hash, 'the record was changed: its hash is another');
  need(!against.key || against.key === receipt.public_key, 'the receipt names another key than the one given');
  const key = receipt.public_key;
  const kept = against.kept ?? (against.roots === undefined ? null : keptRoots(against.roots, key));
  let shown;
  if (root !== null && inclusion !== null && promise === null) {
    checkRoot(root, key);
    shape(inclusion, INCLUSION, 'the way to the root');
    need(root.court === record.court, 'the root is of another court');
    need(root.first <= record.position && record.position <= root.last, 'the root does not cover the record\'s place');
    need(inclusion.size === root.size, 'the way to the root is of another tree');
    need(rootWith(leafHash(hex(receipt.hash)), inclusion) === root.root, 'the way does not lead to the root');
    if (kept) {
      const mine = kept.get(`${root.court} ${root.number}`);
      need(mine !== undefined, `your copy does not hold root ${root.number}`);
      need(same(mine, root), `your copy holds another root ${root.number}: two histories were signed`);
    }
    shown = `under root ${root.number} of ${root.court}`;
  } else {
    need(root === null && inclusion === null && promise !== null, 'neither a root with the way to it nor a promise');
    shape(promise, PROMISE, 'the promise');
    need(promise.hash === receipt.hash && promise.court === record.court, 'the promise is for another record');
    const message = joined([
      text('tiande-promise-v1'), text(promise.court), hex(promise.hash), number(promise.at_ms), number(promise.due_ms),
    ]);
    need(isSigned(message, promise.signature, key), 'the promise is not signed with the court\'s key');
    shown = `promised by ${new Date(promise.due_ms).toISOString()}`;
  }
  if (against.file !== undefined) {
    const papers = papersOf(record);
    need(papers.length > 0, 'the record names no file');
    need(papers.includes(against.file), 'the record names another file');
    shown += ', with its file';
  }
  return `${record.stream} number ${record.seq}, ${shown}`;
}

// --- Exports

const EXPORT = {
  format: (v) => v === 'tiande-export-v1', court: is.court, number: is.text, stream: is.text, public_key: is.hash,
  records: Array.isArray, papers: Array.isArray,
};
const EXPORTED = { record: anything, hash: is.hash, personal_state: is.text, personal: or(is.text, is.none) };
const PLACED = {
  seq: is.count, hash: is.hash, root: or(is.count, is.none), inclusion: anything, promise: anything,
};

function checkExport(folder, against) {
  const proof = parse(readFileSync(join(folder, 'proof.json')));
  shape(proof, EXPORT, 'proof.json');
  const roots = keptRoots(readFileSync(join(folder, 'roots.jsonl'), 'utf8'), proof.public_key);
  // Once for all records; each is checked to name the same key.
  const mine = against.roots === undefined ? against : { ...against, kept: keptRoots(against.roots, proof.public_key) };
  const lines = readFileSync(join(folder, 'records.jsonl'), 'utf8').split('\n').filter(Boolean);
  need(lines.length === proof.records.length, 'records are missing or added');
  const papers = new Map(proof.papers.map((paper) => [paper.sha256, paper.state]));
  lines.forEach((line, n) => {
    const exported = parse(text(line));
    shape(exported, EXPORTED, `line ${n + 1}`);
    const placed = proof.records[n];
    shape(placed, PLACED, `proof ${n + 1}`);
    const { record } = exported;
    shape(record, RECORD, `record ${n + 1}`);
    need(record.seq === n + 1 && placed.seq === n + 1, `record ${n + 1} is missing or doubled`);
    need(record.stream === proof.stream && record.court === proof.court, `record ${n + 1} is of another stream`);
    need(placed.hash === exported.hash, `record ${n + 1} has another hash`);
    for (const paper of papersOf(record)) need(papers.has(paper), `paper ${paper} is not listed`);
    const root = placed.root === null ? null : roots.get(`${proof.court} ${placed.root}`) ?? null;
    checkReceipt({
      format: 'tiande-receipt-v1', record, hash: exported.hash, root, inclusion: placed.inclusion,
      promise: placed.promise, public_key: proof.public_key,
    }, mine);
  });
  let there = 0;
  for (const [hash, state] of papers) {
    need(is.hash(hash), 'a paper has no hash');
    if (state !== 'there') continue;
    const path = join(folder, 'papers', hash);
    need(existsSync(path) && sha256(readFileSync(path)).toString('hex') === hash, `paper ${hash} was changed or is missing`);
    there += 1;
  }
  return `${lines.length} records of ${proof.number} without a gap, ${there} of ${papers.size} papers, ${roots.size} roots`;
}

// --- Consistency

const CONSISTENCY = {
  format: (v) => v === 'tiande-consistency-v1', first: anything, second: anything, path: is.hashes, public_key: is.hash,
};

function checkConsistency(bytes, against) {
  const proof = parse(bytes);
  shape(proof, CONSISTENCY, 'the proof');
  need(!against.key || against.key === proof.public_key, 'the proof names another key than the one given');
  checkRoot(proof.first, proof.public_key);
  checkRoot(proof.second, proof.public_key);
  need(proof.first.court === proof.second.court, 'the roots are of two courts');
  need(goesOn(proof.first, proof.second, proof.path), 'the later root does not go on from the earlier one');
  if (against.roots !== undefined) {
    const mine = keptRoots(against.roots, proof.public_key).get(`${proof.first.court} ${proof.first.number}`);
    need(mine !== undefined && same(mine, proof.first), 'the earlier root is not the one that was kept');
  }
  return `root ${proof.second.number} of ${proof.second.court} goes on from root ${proof.first.number}`;
}

// --- The command line

function main(args) {
  const options = {};
  const plain = [];
  for (let n = 0; n < args.length; n += 1) {
    const name = args[n].match(/^--(key|roots|file)$/)?.[1];
    if (name) options[name] = readFileSync(args[(n += 1)]);
    else plain.push(args[n]);
  }
  const against = {
    key: options.key?.toString('utf8').trim(),
    roots: options.roots?.toString('utf8'),
    file: options.file && sha256(options.file).toString('hex'),
  };
  const [what, ...paths] = plain;
  const works = {
    receipt: (path) => checkReceipt(parse(readFileSync(path)), against),
    export: (path) => checkExport(path, against),
    roots: (path) => {
      const lines = readFileSync(path, 'utf8');
      const key = against.key ?? readFileSync(join(path, '..', '..', 'keys', 'checkpoint.pub'), 'utf8').trim();
      return `${keptRoots(lines, key).size} roots, each signed, each going on from those before`;
    },
    consistency: (path) => checkConsistency(readFileSync(path), against),
  };
  if (!works[what] || paths.length === 0) {
    console.error('usage: check-proof.mjs receipt|export|roots|consistency PATH... [--key FILE] [--roots FILE] [--file FILE]');
    return 2;
  }
  let good = true;
  for (const path of paths) {
    try {
      console.log(`${path}: SHOWN: ${works[what](path)}`);
    } catch (error) {
      if (!(error instanceof Refused) && error.code !== 'ENOENT') throw error;
      good = false;
      console.log(`${path}: REFUSED: ${error.message}`);
    }
  }
  return good ? 0 : 1;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.exitCode = main(process.argv.slice(2));
