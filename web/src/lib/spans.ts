// spans.ts: a list too long to be held: stretches of time, newest first, each with the number of its calls and, where
// somebody looks, their rows.
//
//     index  0 ─────────── 100 ────────────── 61,000 ────── 61,120 ───────────────── 1,000,000
//            │ rows, loaded │ 60,900 not loaded │ rows, loaded │ 938,880 not loaded │
//     time   now ────────────────────────────────────────────────────────────────── the oldest
//
// A stretch is cut where the reader looks, until it is short enough to be fetched. Since stretches are cut by time and not by
// number, calls that come in meanwhile move nothing but their own stretch.
import type { Spread } from './model.js';
import { RowSet, type Row } from './rows.js';
import { parseTime } from './time.js';

export interface Span {
  low: number; // microseconds: calls that start from here …
  high: number; // … to before here; Infinity and 0 where it is open
  count: number;
  rows: RowSet | null;
}

/** This many calls are fetched at once; longer stretches are cut first. */
export const SHORT = 300;

export class Spans {
  private list: Span[] = [];
  private starts: number[] = []; // index of the first row of each
  private total = 0;
  private readonly homes = new Map<string, Span>(); // of loaded rows

  constructor(spans: Span[] = []) {
    this.replaceAll(spans);
  }

  get count(): number {
    return this.total;
  }

  get spans(): readonly Span[] {
    return this.list;
  }

  get loaded(): number {
    return this.homes.size;
  }

  replaceAll(spans: Span[]): void {
    this.homes.clear();
    this.list = spans;
    for (const s of spans) this.settle(s);
    this.recount();
  }

  private settle(s: Span): void {
    for (const r of s.rows?.rows ?? []) this.homes.set(r.id, s);
  }

  private recount(): void {
    let at = 0;
    this.starts = this.list.map((s) => {
      const start = at;
      at += s.count;
      return start;
    });
    this.total = at;
  }

  /** The stretch that holds row i, and where it begins. */
  at(i: number): { span: Span; start: number } | null {
    if (i < 0 || i >= this.total) return null;
    let low = 0;
    let high = this.list.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.starts[mid]! <= i) low = mid;
      else high = mid - 1;
    }
    return { span: this.list[low]!, start: this.starts[low]! };
  }

  /** Row i; null where it is not loaded. */
  row(i: number): Row | null {
    const here = this.at(i);
    return here?.span.rows?.rows[i - here.start] ?? null;
  }

  /** Would put() take it in? */
  takes(row: Row): boolean {
    return this.list.length === 0 || !!this.list.find((s) => row.start >= s.low && row.start < s.high)?.rows;
  }

  find(id: string): Row | undefined {
    return this.homes.get(id)?.rows?.rows.find((r) => r.id === id);
  }

  has(id: string): boolean {
    return this.homes.has(id);
  }

  /** Stretches with rows between first and last that are not loaded. */
  missing(first: number, last: number): Span[] {
    const out: Span[] = [];
    for (let i = Math.max(0, first); i < Math.min(last, this.total);) {
      const { span, start } = this.at(i)!;
      if (!span.rows) out.push(span);
      i = start + Math.max(1, span.count);
    }
    return out;
  }

  /** Cuts a stretch. False: it is no longer there. */
  cut(span: Span, parts: Span[]): boolean {
    const at = this.list.indexOf(span);
    if (at < 0) return false;
    this.list.splice(at, 1, ...parts);
    for (const s of parts) this.settle(s);
    this.recount();
    return true;
  }

  fill(span: Span, rows: Row[]): void {
    if (!this.list.includes(span)) return;
    span.rows = new RowSet();
    for (const r of rows) {
      const home = this.homes.get(r.id);
      if (home && home !== span) this.take(home, r.id);
      span.rows.put(r);
    }
    span.count = span.rows.rows.length;
    this.settle(span);
    this.recount();
  }

  private take(home: Span, id: string): void {
    home.rows!.drop(id);
    home.count = home.rows!.rows.length;
    this.homes.delete(id);
  }

  /** Puts a row where it belongs, if that stretch is loaded. */
  put(row: Row): void {
    const home = this.homes.get(row.id);
    const span = this.list.find((s) => row.start >= s.low && row.start < s.high);
    if (home && home !== span) this.take(home, row.id);
    if (span?.rows) {
      span.rows.put(row);
      span.count = span.rows.rows.length;
      this.homes.set(row.id, span);
    }
    this.recount();
  }

  drop(id: string): void {
    const home = this.homes.get(id);
    if (!home) return;
    this.take(home, id);
    this.recount();
  }

  /** Forgets rows far from these, once more than `most` are held. The newest stretch stays: it takes in what comes. */
  forgetBut(first: number, last: number, most: number): void {
    if (this.homes.size <= most) return;
    const far = (k: number) => Math.max(this.starts[k]! - last, first - this.starts[k]! - this.list[k]!.count, 0);
    const order = this.list.map((_, k) => k).filter((k) => k > 0 && this.list[k]!.rows).sort((a, b) => far(b) - far(a));
    for (const k of order) {
      if (this.homes.size <= most / 2 || far(k) === 0) break;
      const s = this.list[k]!;
      for (const r of s.rows!.rows) this.homes.delete(r.id);
      s.rows = null;
    }
  }
}

/** The parts of a spread as stretches that leave no time out: where there is no call, a stretch without rows takes in what comes. */
export function spansOf(parts: Spread['parts'], low: number, high: number): Span[] {
  const out: Span[] = [];
  const none = (from: number, to: number) => {
    if (to > from) out.push({ low: from, high: to, count: 0, rows: new RowSet() });
  };
  let at = high;
  for (const p of parts) {
    const [from, to] = [parseTime(p.after) ?? low, parseTime(p.before) ?? at];
    none(to, at);
    out.push({ low: from, high: to, count: p.count, rows: null });
    at = from;
  }
  none(low, at);
  return out;
}
