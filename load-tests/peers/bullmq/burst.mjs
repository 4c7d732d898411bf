// Delayed jobs of BullMQ that are all due in one moment. A peer of `tiande-drill bench deadlines`, never
// shipped. Two worker processes, for two cores, each with one worker of high concurrency; set up as
// BullMQ's guide to production advises: `maxRetriesPerRequest: null` for workers, no offline queue for the
// producer, handlers of errors, completed jobs removed but for a handful. How Redis keeps its data is set
// by whoever starts it.
//
// Easier than ours where the comparison allows it: a job knows its due moment and computes nothing, reads
// nothing, tells nobody; its work is one entry of a stream.
//
//   REDIS_PORT=… JOBS=… LEAD_MS=… node burst.mjs      one line of JSON when all are completed

import { fork } from 'node:child_process';
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { QUEUE, STREAM } from './names.mjs';

const WORKERS = 2;
const LOT = 1_000;
const PAGE = 10_000;
/** A moment at which nothing has been completed for so long is taken for the end. */
const STILL_MS = 60_000;
/** All jobs are to be there so long before they are due. */
const SPARE_MS = 2_000;

const port = Number(process.env.REDIS_PORT);
const jobs = Number(process.env.JOBS);
const pause = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

/** Adds all jobs; how long that took, milliseconds. */
async function add(due) {
  const queue = new Queue(QUEUE, { connection: { host: '127.0.0.1', port, enableOfflineQueue: false } });
  queue.on('error', (fault) => console.error(fault));
  await queue.waitUntilReady();
  const begin = Date.now();
  for (let n = 0; n < jobs; n += LOT) {
    const timestamp = Date.now();
    const opts = { timestamp, delay: due - timestamp };
    const length = Math.min(LOT, jobs - n);
    await queue.addBulk(Array.from({ length }, (_, at) => ({ name: 'deadline', data: { number: n + at, due }, opts })));
  }
  const end = Date.now();
  await queue.close();
  if (end > due - SPARE_MS) throw new Error(`adding took ${end - begin} ms: the jobs are due before they are there`);
  return end - begin;
}

/** A worker process: how many it has completed so far, and its lateness of each at the end. */
function start() {
  const child = fork(new URL('worker.mjs', import.meta.url), { env: process.env });
  const worker = { completed: 0, ready: null, end: null };
  const told = {};
  worker.ready = new Promise((resolve) => { told.ready = resolve; });
  const late = new Promise((resolve) => { told.late = resolve; });
  child.on('message', (message) => {
    if (message.ready) told.ready();
    if (message.completed !== undefined) worker.completed = message.completed;
    if (message.late) told.late(message.late);
  });
  child.on('exit', (code) => { if (code !== 0) { console.error(`a worker ended with ${code}`); process.exit(1); } });
  worker.end = () => { child.send('end'); return late; };
  return worker;
}

function quantiles(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const of = (share) => sorted[Math.max(Math.ceil(share * sorted.length), 1) - 1] ?? 0;
  return { p50: of(0.5), p99: of(0.99), max: of(1) };
}

/** All work that was done: how often each number, and how late by the clock of Redis. */
async function worked(due) {
  const redis = new Redis({ host: '127.0.0.1', port });
  const times = new Uint32Array(jobs);
  const late = [];
  let from = '-';
  for (;;) {
    const page = await redis.xrange(STREAM, from, '+', 'COUNT', PAGE);
    if (page.length === 0) break;
    for (const [id, [, number]] of page) {
      times[Number(number)] += 1;
      late.push(Number(id.split('-')[0]) - due);
    }
    from = `(${page.at(-1)[0]}`;
  }
  await redis.quit();
  return { times, late };
}

// On a full second.
const due = Math.ceil((Date.now() + Number(process.env.LEAD_MS)) / 1_000) * 1_000;
const added = await add(due);
const workers = Array.from({ length: WORKERS }, start);
await Promise.all(workers.map((worker) => worker.ready));
const completed = () => workers.reduce((sum, worker) => sum + worker.completed, 0);
let [before, since] = [0, due];
while (completed() < jobs && Date.now() - Math.max(since, due) < STILL_MS) {
  await pause(100);
  if (completed() !== before) [before, since] = [completed(), Date.now()];
}
const late = (await Promise.all(workers.map((worker) => worker.end()))).flat();
const work = await worked(due);
console.log(JSON.stringify({
  completed: late.length,
  lost: work.times.filter((times) => times === 0).length,
  doubled: work.times.reduce((sum, times) => sum + Math.max(times - 1, 0), 0),
  early: work.late.filter((ms) => ms < 0).length,
  added_s: added / 1_000,
  completed_late_ms: quantiles(late),
  worked_late_ms: quantiles(work.late),
}));
