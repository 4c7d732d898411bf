// JSON over HTTP with the server's refusals (RFC 9457) turned into `Refused`.

import { type FieldFault, LOCAL, Refused } from './refused';

/** The part of RFC 9457 that pages use. */
interface Problem {
  code?: string;
  title?: string;
  detail?: string;
  errors?: FieldFault[];
}

interface Call {
  method?: 'GET' | 'POST' | 'DELETE';
  /** A Blob goes out as it is, anything else as JSON. */
  body?: unknown;
  bearer?: string;
  timeoutMs?: number;
}

export async function call<T>(path: string, options: Call = {}): Promise<T> {
  const response = await send(path, 'application/json', options);
  return (response.status === 204 ? undefined : await response.json()) as T;
}

/** What is no JSON, such as a picture. */
export async function bytes(path: string): Promise<Blob> {
  return (await send(path, '*/*', {})).blob();
}

async function send(path: string, accept: string, options: Call): Promise<Response> {
  const headers: Record<string, string> = { Accept: accept };
  const raw = options.body instanceof Blob ? options.body : null;
  if (options.body !== undefined) headers['Content-Type'] = raw ? raw.type : 'application/json';
  if (options.bearer) headers['Authorization'] = `Bearer ${options.bearer}`;
  let response: Response;
  try {
    response = await fetch(path, {
      method: options.method ?? 'GET',
      headers,
      body: raw ?? (options.body === undefined ? null : JSON.stringify(options.body)),
      // A device speaks by its token alone: a dispatcher's cookie in the same browser must not leak in.
      credentials: options.bearer ? 'omit' : 'same-origin',
      cache: 'no-store',
      signal: after(options.timeoutMs ?? 10_000),
    });
  } catch {
    throw new Refused(LOCAL.unreachable, 'server not reachable');
  }
  if (response.ok) return response;
  throw await refusal(response);
}

/** Aborts after so long; telephones of 2021 know no `AbortSignal.timeout`. */
function after(ms: number): AbortSignal {
  if ('timeout' in AbortSignal) return AbortSignal.timeout(ms);
  const controller = new AbortController();
  setTimeout(() => controller.abort(), ms);
  return controller.signal;
}

async function refusal(response: Response): Promise<Refused> {
  const problem = await response.json().catch(() => null);
  return refusedBy(problem, response.status, response.statusText, response.headers.get('Retry-After'));
}

/** A refusal of the server, from its parts: also for what was not sent by `fetch`. */
export function refusedBy(body: unknown, status: number, statusText: string, retryAfter: string | null): Refused {
  const problem = body as Problem | null;
  const seconds = Number(retryAfter);
  return new Refused(
    problem?.code ?? `http-${status}`,
    problem?.title ?? statusText,
    seconds > 0 ? seconds : null,
    problem?.errors ?? [],
    problem?.detail ?? null,
  );
}

export interface Ticket {
  ticket: string;
  expires_at: string | number;
}

export function wsTicket(bearer?: string): Promise<Ticket> {
  return call<Ticket>('/api/ws-tickets', bearer ? { method: 'POST', bearer } : { method: 'POST' });
}
