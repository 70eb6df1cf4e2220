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
  precision: number; // of those two, in microseconds
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
    precision: c.precision_us ?? 0,
    legs: c.legs.length,
    messages: c.messages,
    devices: c.devices.map((d) => d.name),
    problems: problems.length,
    worst,
    firstProblem: problems.find((p) => p.severity === worst)?.text ?? '',
  };
}

/** Newest first; calls of one instant by id, so that the order never depends on arrival. */
export function rowOrder(a: Pick<Row, 'id' | 'start'>, b: Pick<Row, 'id' | 'start'>): number {
  return b.start - a.start || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** Rows in order. Every change costs the logarithm of their number (and one move of memory), so that a list
 *  of a million follows what happens without a jerk. */
export class RowSet {
  readonly rows: Row[] = [];
  private readonly starts = new Map<string, number>();

  constructor(rows: Row[] = []) {
    for (const r of rows) this.put(r);
  }

  has(id: string): boolean {
    return this.starts.has(id);
  }

  /** Puts a row where it belongs, in place of what had its id. */
  put(row: Row): void {
    const start = this.starts.get(row.id);
    if (start === row.start) {
      this.rows[this.place(row)] = row;
      return;
    }
    if (start !== undefined) this.drop(row.id);
    this.rows.splice(this.place(row), 0, row);
    this.starts.set(row.id, row.start);
  }

  drop(id: string): void {
    const start = this.starts.get(id);
    if (start === undefined) return;
    this.rows.splice(this.place({ id, start }), 1);
    this.starts.delete(id);
  }

  /** The index of a row, or where it would be. */
  private place(row: Pick<Row, 'id' | 'start'>): number {
    let low = 0;
    let high = this.rows.length;
    // most rows come at the end, a page at a time
    if (high > 0 && rowOrder(this.rows[high - 1]!, row) < 0) return high;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (rowOrder(this.rows[mid]!, row) < 0) low = mid + 1;
      else high = mid;
    }
    return low;
  }
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
