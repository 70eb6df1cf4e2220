// url.ts: what the page shows, from the address and back. The names are those of the API, so the search
// part of a list's address is also the query that fills it.

export const LIST_KEYS = [
  'q', 'kind', 'state', 'status', 'after', 'before', 'from', 'to', 'number', 'device', 'address', 'call_id',
  'ua', 'text', 'method', 'min_duration', 'max_duration',
] as const;
export type ListKey = (typeof LIST_KEYS)[number];
export type ListState = Partial<Record<ListKey, string>>;

export type View = 'ladder' | 'messages' | 'legs';

export type Route =
  | { page: 'list'; list: ListState }
  | { page: 'call'; id: string; view: View; pins: number[]; unfold: string };

/** Empty values and the default kind are left out, so that one state has one address. */
export function tidy(list: ListState): ListState {
  const out: ListState = {};
  for (const key of LIST_KEYS) {
    const value = list[key]?.trim();
    if (value && !(key === 'kind' && value === 'call')) out[key] = value;
  }
  return out;
}

export function listSearch(list: ListState): string {
  const p = new URLSearchParams(tidy(list) as Record<string, string>);
  const text = p.toString().replace(/%3A/gi, ':').replace(/%2C/gi, ',');
  return text ? '?' + text : '';
}

export function listUrl(list: ListState): string {
  return '/' + listSearch(list);
}

export function callUrl(id: string, view: View = 'ladder', pins: number[] = [], unfold = ''): string {
  const p = new URLSearchParams();
  if (view !== 'ladder') p.set('view', view);
  if (unfold) p.set('unfold', unfold);
  const search = p.toString().replace(/%2C/gi, ',');
  const hash = pins.length ? '#m' + pins.join(',') : '';
  return `/call/${encodeURIComponent(id)}${search ? '?' + search : ''}${hash}`;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export function readRoute(path: string, search: string, hash: string): Route {
  const p = new URLSearchParams(search);
  if (path.startsWith('/call/')) {
    const view = p.get('view');
    const pins = /^#m(\d+(?:,\d+)?)$/.exec(hash)?.[1] ?? '';
    return {
      page: 'call',
      id: decoded(path.slice('/call/'.length).replace(/\/$/, '')),
      view: view === 'messages' || view === 'legs' ? view : 'ladder',
      pins: pins ? pins.split(',').map(Number).filter((n) => n > 0) : [],
      unfold: /^(all|\d+(,\d+)*)$/.test(p.get('unfold') ?? '') ? p.get('unfold')! : '',
    };
  }
  const list: ListState = {};
  for (const key of LIST_KEYS) {
    const value = p.get(key);
    if (value) list[key] = value;
  }
  return { page: 'list', list: tidy(list) };
}

/** The address of the API that fills the list. */
export function callsQuery(list: ListState, limit: number, cursor?: string | null, range: Range = {}): string {
  const p = within(list, range);
  p.set('limit', String(limit));
  if (cursor) p.set('cursor', cursor);
  return '/api/v1/calls?' + p.toString();
}

/** A stretch of time, by its ends. */
export interface Range {
  after?: string;
  before?: string;
}

/** The address that says how many calls fit, and when, in so many parts. */
export function spreadQuery(list: ListState, parts: number, range: Range): string {
  const p = within(list, range);
  p.set('limit', String(parts));
  return '/api/v1/spread?' + p.toString();
}

/** The address of the chart over the list: up to now, where the list is of the last hour. */
export function volumeQuery(list: ListState, zone: string): string {
  const p = within(list, list.after?.startsWith('-') && !list.before ? { before: 'now' } : {});
  p.set('zone', zone);
  return '/api/v1/volume?' + p.toString();
}

/** What is asked twice has to fit both times. */
function within(list: ListState, range: Range): URLSearchParams {
  const p = new URLSearchParams(tidy(list) as Record<string, string>);
  for (const [name, value] of Object.entries(range)) p.append(name, value as string);
  return p;
}

/** Does anything narrow the list, other than the search box? */
export function hasFilters(list: ListState): boolean {
  return Object.keys(tidy(list)).some((k) => k !== 'q');
}

/** The list of open folds, with one of them toggled. */
export function toggleUnfold(unfold: string, n: number, folds: number[]): string {
  const open = new Set(unfold === 'all' ? folds : unfold.split(',').map(Number).filter((x) => x > 0));
  if (open.has(n)) open.delete(n);
  else open.add(n);
  return [...open].sort((a, b) => a - b).join(',');
}
