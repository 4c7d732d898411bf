// The real server, started for one test file in a folder of its own, and prepared as an operator
// would: through the admin socket.

import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const START_WAIT_MS = 20_000;
const STOP_WAIT_MS = 5000;
const binary = process.env['TIANDE_BIN'] ?? resolve(import.meta.dirname, '../../target/release/tiande');

export const COURT_HOUSE = { lat: 35.201, lon: 114.673 };
export const DISPATCHER = { username: 'dispatch1', password: 'correct-horse-battery-9', name: '李调度' };

const profile = {
  id: 'changyuan',
  name: '长垣市人民法院',
  area: [114.4, 34.97, 114.99, 35.4],
  area_margin_m: 5000,
  utc_offset_minutes: 480,
  court_house: { ...COURT_HOUSE, radius_m: 150 },
  shift: { start: '08:00', end: '18:30', days: [1, 2, 3, 4, 5] },
  // Most tests want each tip by itself.
  merge: { within_m: 0 },
  dispatch: {
    offer_ttl_ms: 20_000,
    receive_ttl_ms: 6000,
    ask_extra_emergency: 1,
    ask_extra_sos: 3,
    director_after_ms: 60_000,
    stack_max: 3,
    speed_max_kmh: 300,
    report_every_ms: 1000,
    contact_lost_after_ms: 45_000,
    need: { debtor_sighted: 1, obstruction: 1 },
  },
};

export interface Source {
  name: string;
  secret: string;
}

export interface Person {
  id: string;
  username: string;
  password: string;
  name: string;
}

/** Somebody who is signed in, speaking to the server as a page does. */
export class Staff {
  constructor(
    private readonly url: string,
    private readonly cookie: string,
  ) {}

  get<T>(path: string): Promise<T> {
    return this.send(path, { method: 'GET' });
  }

  post<T>(path: string, body: unknown): Promise<T> {
    const headers = { 'content-type': 'application/json', origin: this.url };
    return this.send(path, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  private async send<T>(path: string, request: RequestInit): Promise<T> {
    const headers = { ...(request.headers as Record<string, string>), cookie: this.cookie };
    const response = await fetch(`${this.url}${path}`, { ...request, headers });
    const answer = await response.text();
    if (!response.ok) throw new Error(`${path}: ${response.status} ${answer}`);
    return (answer === '' ? undefined : JSON.parse(answer)) as T;
  }
}

export class TestServer {
  private constructor(
    readonly url: string,
    private readonly folder: string,
    private readonly process: ChildProcess,
  ) {}

  /** `dispatch`, `merge`: settings of the court that this test wants otherwise. */
  static async start(dispatch: Record<string, number> = {}, merge: Record<string, number> = {}): Promise<TestServer> {
    const folder = await mkdtemp(join(tmpdir(), 'tiande-e2e-'));
    const port = await freePort();
    const config = join(folder, 'tiande.toml');
    // Nothing in it: what the tests need is in the court's own profile.
    await writeFile(config, '');
    const log = await open(join(folder, 'server.log'), 'w');
    const process = spawn(
      binary,
      ['serve', '--config', config, '--data', folder, '--listen', `127.0.0.1:${port}`],
      { stdio: ['ignore', log.fd, log.fd] },
    );
    const server = new TestServer(`http://127.0.0.1:${port}`, folder, process);
    await server.ready();
    await log.close();
    const court = {
      ...profile,
      dispatch: { ...profile.dispatch, ...dispatch },
      merge: { ...profile.merge, ...merge },
    };
    await server.admin({ do: 'court_add', profile: court });
    await server.admin({
      do: 'user_add',
      court: profile.id,
      roles: ['dispatcher'],
      ...DISPATCHER,
    });
    return server;
  }

  async stop(): Promise<void> {
    const gone = new Promise<void>((done) => this.process.once('exit', () => done()));
    this.process.kill('SIGTERM');
    const hard = setTimeout(() => this.process.kill('SIGKILL'), STOP_WAIT_MS);
    await gone;
    clearTimeout(hard);
    await rm(this.folder, { recursive: true, force: true });
  }

  async source(name: string, trusted: boolean): Promise<Source> {
    const { secret } = await this.admin<{ secret: string }>({ do: 'source_add', court: profile.id, name, trusted });
    return { name, secret };
  }

  async device(officer: string, badge: string | null = null): Promise<{ officer: string; code: string }> {
    return this.admin({ do: 'device_enrol', court: profile.id, officer, badge, skills: [] });
  }

  /** Somebody at a desk; gives the id. */
  async user(username: string, name: string, roles: string[]): Promise<Person> {
    const who = { username, name, password: `${username}-correct-horse-9` };
    const { user } = await this.admin<{ user: string }>({ do: 'user_add', court: profile.id, roles, ...who });
    return { ...who, id: user };
  }

  /** Signs somebody in. */
  async signIn({ username, password }: Person): Promise<Staff> {
    const response = await fetch(`${this.url}/api/session`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: this.url },
      body: JSON.stringify({ username, password }),
    });
    const cookie = response.headers.getSetCookie()[0]?.split(';')[0];
    if (!response.ok || !cookie) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
    return new Staff(this.url, cookie);
  }

  /** Takes a case in; gives its id. */
  async case(number: string): Promise<string> {
    const parties = [
      { role: 'applicant', name: '张申请' },
      { role: 'debtor', name: '赵被执' },
    ];
    const done = await this.admin<{ cases: string[] }>({ do: 'case_import', court: profile.id, cases: [{ number, parties }] });
    const [id] = done.cases;
    if (!id) throw new Error('the case was not taken in');
    return id;
  }

  /** A tip as an outside system sends it: signed by Standard Webhooks. */
  async tip(source: Source, more: Record<string, unknown> = {}): Promise<{ tip: string; incident: string }> {
    const body = JSON.stringify({
      court: profile.id,
      kind: 'debtor_sighted',
      urgency: 'emergency',
      case_number: '(2026)豫0783执123号',
      description: '被执行人在建材门店内，正在装车',
      occurred_at: new Date().toISOString(),
      location: { lat: 35.1997, lon: 114.6689, accuracy_m: 20 },
      address: '博爱路 118 号',
      exercise: true,
      ...more,
    });
    const id = `msg_${randomUUID()}`;
    const timestamp = Math.floor(Date.now() / 1000);
    const key = Buffer.from(source.secret.replace(/^whsec_/, ''), 'base64');
    const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64');
    const response = await fetch(`${this.url}/hooks/tips/${source.name}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        'webhook-id': id,
        'webhook-timestamp': String(timestamp),
        'webhook-signature': `v1,${signature}`,
      },
      body,
    });
    if (response.status !== 202) throw new Error(`tip: ${response.status} ${await response.text()}`);
    return (await response.json()) as { tip: string; incident: string };
  }

  private async ready(): Promise<void> {
    const until = Date.now() + START_WAIT_MS;
    while (Date.now() < until) {
      if (this.process.exitCode !== null) break;
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.status === 200) return;
      await new Promise((done) => setTimeout(done, 100));
    }
    const log = await readFile(join(this.folder, 'server.log'), 'utf8').catch(() => '');
    throw new Error(`the server did not get ready\n${log.slice(-4000)}`);
  }

  private admin<T>(request: Record<string, unknown>): Promise<T> {
    return new Promise((done, fail) => {
      const socket = createConnection(join(this.folder, 'admin.sock'));
      let text = '';
      socket.setEncoding('utf8');
      socket.on('error', fail);
      socket.on('connect', () => socket.write(`${JSON.stringify(request)}\n`));
      socket.on('data', (chunk: string) => {
        text += chunk;
        const end = text.indexOf('\n');
        if (end < 0) return;
        socket.end();
        const answer = JSON.parse(text.slice(0, end)) as { ok?: T; error?: unknown };
        if (answer.ok === undefined) fail(new Error(`${String(request['do'])}: ${JSON.stringify(answer.error)}`));
        else done(answer.ok);
      });
    });
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const probe = createServer();
    probe.on('error', fail);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => (address && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}
