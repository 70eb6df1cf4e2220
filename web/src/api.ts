// api.ts: the only place that talks to the server (docs/api.md).
import type { CallSummary, ImportResult, Status } from './lib/model.js';

/** A failure with one sentence fit to be shown. */
export class ApiError extends Error {
  constructor(message: string, readonly status: number) {
    super(message);
  }
}

const UNREACHABLE = 'The server cannot be reached. This page will try again.';

async function answer(url: string, signal?: AbortSignal): Promise<Response> {
  let r: Response;
  try {
    r = await fetch(url, { signal: signal ?? null, cache: 'no-cache', headers: { Accept: 'application/json, image/svg+xml' } });
  } catch (e) {
    if ((e as Error).name === 'AbortError') throw e;
    throw new ApiError(UNREACHABLE, 0);
  }
  if (!r.ok) throw new ApiError(await sentence(r), r.status);
  return r;
}

async function sentence(r: Response): Promise<string> {
  try {
    const body = (await r.json()) as { error?: unknown };
    if (typeof body.error === 'string' && body.error) return body.error;
  } catch {
    // no JSON: the status has to do
  }
  return `The server answered ${r.status} ${r.statusText}`.trim() + '.';
}

export async function getJson<T>(url: string, signal?: AbortSignal): Promise<T> {
  return (await (await answer(url, signal)).json()) as T;
}

export async function getText(url: string, signal?: AbortSignal): Promise<string> {
  return (await answer(url, signal)).text();
}

/** Asks for a change. */
export async function postJson<T>(url: string, body: object): Promise<T> {
  let r: Response;
  try {
    r = await fetch(url, { method: 'POST', headers: { 'X-Sipweave': '1', 'Content-Type': 'application/json' }, body: JSON.stringify(body) });
  } catch {
    throw new ApiError('The server cannot be reached: nothing was changed.', 0);
  }
  if (!r.ok) throw new ApiError(await sentence(r), r.status);
  return (await r.json()) as T;
}

export const callApi = (id: string, rest = '') => `/api/v1/calls/${encodeURIComponent(id)}${rest}`;

/** Sends one file. `progress` hears how much of it has gone, from 0 to 1. */
export function importFile(file: File, progress: (part: number) => void): Promise<ImportResult> {
  return new Promise((done, fail) => {
    const x = new XMLHttpRequest();
    x.open('POST', '/api/v1/import?name=' + encodeURIComponent(file.name));
    x.setRequestHeader('X-Sipweave', '1');
    x.setRequestHeader('Content-Type', 'application/octet-stream');
    x.responseType = 'json';
    x.upload.onprogress = (e) => progress(e.lengthComputable && e.total ? e.loaded / e.total : 0);
    x.onerror = () => fail(new ApiError('The file did not reach the server.', 0));
    x.onload = () => {
      const body = x.response as (Partial<ImportResult> & { error?: string }) | null;
      if (x.status >= 200 && x.status < 300 && body) done(body as ImportResult);
      else fail(new ApiError(body?.error ?? `The server answered ${x.status} ${x.statusText}`.trim() + '.', x.status));
    };
    x.send(file);
  });
}

export interface CallsEvent {
  calls: CallSummary[];
  more?: boolean;
  gone?: string[]; // calls that have become part of another
}

export type Link = 'connecting' | 'live' | 'lost';

export interface Listener {
  calls?(e: CallsEvent): void;
  status?(s: Status): void;
  link?(l: Link): void;
  missed?(): void; // the connection was away: anything may have changed
}

function parsed<T>(e: Event): T | null {
  try {
    return JSON.parse((e as MessageEvent<string>).data) as T;
  } catch {
    return null;
  }
}

/** One stream of events for the whole page. It is closed while the page is hidden, since a browser keeps
 *  only six connections to a server, and a second tab would go without. */
export class Events {
  private source: EventSource | null = null;
  private readonly listeners = new Set<Listener>();
  private timer = 0;
  private was = false;
  link: Link = 'connecting';

  start(): void {
    document.addEventListener('visibilitychange', () => {
      clearTimeout(this.timer);
      if (document.hidden) this.timer = window.setTimeout(() => this.close(), 20000);
      else if (!this.source) this.open();
    });
    this.open();
  }

  listen(l: Listener): () => void {
    this.listeners.add(l);
    l.link?.(this.link);
    return () => this.listeners.delete(l);
  }

  private set(link: Link): void {
    this.link = link;
    for (const l of this.listeners) l.link?.(link);
  }

  private close(): void {
    this.source?.close();
    this.source = null;
  }

  private open(): void {
    this.close();
    const source = new EventSource('/api/v1/events');
    this.source = source;
    source.onopen = () => {
      this.set('live');
      if (this.was) for (const l of this.listeners) l.missed?.();
      this.was = true;
    };
    source.onerror = () => {
      this.set('lost');
      // the browser tries again by itself unless the server said no
      if (source.readyState === EventSource.CLOSED) {
        clearTimeout(this.timer);
        this.timer = window.setTimeout(() => this.open(), 3000);
      }
    };
    source.addEventListener('calls', (e) => {
      const data = parsed<CallsEvent>(e);
      if (data?.calls) for (const l of this.listeners) l.calls?.(data);
    });
    source.addEventListener('status', (e) => {
      const data = parsed<Status>(e);
      if (data) for (const l of this.listeners) l.status?.(data);
    });
  }
}

export const events = new Events();
