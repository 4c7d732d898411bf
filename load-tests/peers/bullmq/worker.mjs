// One of the worker processes of burst.mjs.

import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { QUEUE, STREAM } from './names.mjs';

/** Jobs of one worker at once. */
const CONCURRENCY = 100;
const TELL_MS = 100;

const connection = { host: '127.0.0.1', port: Number(process.env.REDIS_PORT), maxRetriesPerRequest: null };
const redis = new Redis(connection);
redis.on('error', (fault) => console.error(fault));
const late = [];

const worker = new Worker(
  QUEUE,
  async (job) => { await redis.xadd(STREAM, '*', 'number', job.data.number); },
  { connection, concurrency: CONCURRENCY, removeOnComplete: { count: 1_000 }, removeOnFail: { count: 5_000 } },
);
// The queue knows by then that the job is done.
worker.on('completed', (job) => { late.push(Date.now() - job.data.due); });
worker.on('failed', (_, fault) => console.error(fault));
worker.on('error', (fault) => console.error(fault));
await worker.waitUntilReady();
process.send({ ready: true });
const telling = setInterval(() => process.send({ completed: late.length }), TELL_MS);

process.on('message', async () => {
  clearInterval(telling);
  await worker.close();
  await redis.quit();
  process.send({ late }, () => process.exit(0));
});
