// rows.ts: calls as rows of the list. A row keeps only what is shown, so that very many fit in memory,
// and rows stay sorted, newest first, whatever the order in which they arrive.
import type { CallState, CallSummary } from './model.js';
import { parseTime } from './time.js';

export interface Row {
  id: string;
  kind: string;
  start: number; // microseconds since 1970, 0 where it is not known
  from: string;
  to: string;
  state: CallState;
  status: number | null;
  reason: string;
  ring: number | null;
  talk: number | null;
  legs: number;
  messages: number;
  devices: string[];
  problems: number;
  worst: string; // severity of the worst problem
  firstProblem: string;
}

const ORDER = ['error', 'warning', 'info'];

export function rowOf(c: CallSummary): Row {
  const problems = c.problems ?? [];
  const worst = ORDER.find((s) => problems.some((p) => p.severity === s)) ?? '';
  return {
    id: c.id,
    kind: c.kind,
    start: parseTime(c.start) ?? 0,
    from: c.from,
    to: c.to,
    state: c.state,
    status: c.status,
    reason: c.legs.find((l) => l.status === c.status)?.reason ?? '',
    ring: c.ring_ms,
    talk: c.duration_ms,
    legs: c.legs.length,
    messages: c.messages,
    devices: c.devices.map((d) => d.name),
    problems: problems.length,
    worst,
    firstProblem: problems.find((p) => p.severity === worst)?.text ?? '',
  };
}

/** Newest first; calls of one instant by id, so that the order never depends on arrival. */
export function rowOrder(a: Row, b: Row): number {
  return b.start - a.start || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

export interface Merge {
  rows: Row[];
  added: number; // how many are new
  above: number; // how many of those stand before the row `anchor`
}

/** Puts changed calls in place of their old rows and new ones where they belong. `anchor` is the index of
 *  the row that the reader looks at: `above` says how far it moves. */
export function mergeRows(rows: Row[], incoming: Row[], gone: string[] = [], anchor = 0): Merge {
  const drop = new Set(gone);
  const byId = new Map(incoming.map((r) => [r.id, r]));
  const held = rows[anchor];
  const known = new Set<string>();
  let moved = false;
  const kept: Row[] = [];
  for (const r of rows) {
    if (drop.has(r.id)) continue;
    const next = byId.get(r.id);
    known.add(r.id);
    if (next && next.start !== r.start) moved = true;
    kept.push(next ?? r);
  }
  const fresh = [...byId.values()].filter((r) => !known.has(r.id) && !drop.has(r.id));
  if (fresh.length === 0 && !moved) return { rows: kept, added: 0, above: 0 };
  const all = [...kept, ...fresh].sort(rowOrder);
  const above = held ? fresh.filter((r) => rowOrder(r, held) < 0).length : 0;
  return { rows: all, added: fresh.length, above };
}

/** What came of it, in a word or two: "answered", "busy 486", "cancelled". */
export function resultText(state: CallState, status: number | null, kind = 'call'): string {
  if (kind !== 'call') {
    if (status && status < 300) return 'accepted';
    if (status) return `refused ${status}`;
    return 'no answer';
  }
  if (state === 'failed') return status ? `${failureWord(status)} ${status}` : 'no answer';
  if (state === 'in-call') return 'talking';
  return state;
}

function failureWord(status: number): string {
  switch (status) {
    case 486:
    case 600: return 'busy';
    case 603:
    case 607:
    case 608: return 'declined';
    case 404:
    case 604: return 'not found';
    case 408: return 'timed out';
    case 480: return 'unavailable';
    case 403: return 'forbidden';
    case 484: return 'number incomplete';
    case 410: return 'number changed';
    case 488:
    case 606: return 'no common codec';
  }
  return status >= 300 && status < 400 ? 'redirected' : 'failed';
}

/** good, bad, quiet or live: which of four looks the result gets. */
export function resultTone(state: CallState, status: number | null, kind = 'call'): 'good' | 'bad' | 'quiet' | 'live' {
  if (kind !== 'call') return !status ? 'quiet' : status < 300 ? 'good' : 'bad';
  switch (state) {
    case 'answered': return 'good';
    case 'failed': return 'bad';
    case 'ringing':
    case 'in-call': return 'live';
    default: return 'quiet';
  }
}
