// calls.ts: the list of calls as it is looked at and as it grows by what happens on the wire. It outlives
// the page that shows it, so that going back finds everything where it was.
//
//   first page ──all of it?──yes──> one stretch, complete
//                  └─no─> how many are there, and when (spread)? ──known──> stretches (lib/spans.ts), fetched where the reader is
//                                                                 └─not────> page after page, as the reader comes to the end
import { events, getJson, type CallsEvent } from './api.js';
import { rowOf, RowSet, type Row } from './lib/rows.js';
import { SHORT, Spans, spansOf, type Span } from './lib/spans.js';
import type { CallPage, CallSummary, Spread } from './lib/model.js';
import { isoTime } from './lib/time.js';
import { callsQuery, listSearch, spreadQuery, tidy, type ListState } from './lib/url.js';

const FIRST_PAGE = 100;
const NEXT_PAGE = 300;
const MOST = 6000; // rows that are held
const AT_ONCE = 3; // requests

export class CallList {
  private held = new Spans();
  private late = new RowSet(); // new ones that would have moved what is being read
  loading = false;
  error = '';
  scroll = 0;
  fresh = new Set<string>(); // came in while the page was open
  textsSince = ''; // how far back a search for text has looked, where that is not all the way
  private next: string | null = null; // where the next page begins, while nobody knows how many there are
  private counting = false;
  private wanted: [first: number, last: number] = [0, 0];
  private asked = new Set<Span>();
  private search: string | null = null;
  private filters: ListState = {};
  private stop = new AbortController(); // of everything that was asked for this list
  private refreshTimer = 0;
  private hold: () => boolean = () => false;
  private readonly hearers = new Set<() => void>();

  /** How many there are; while that is not known, how many are here. */
  get count(): number {
    return this.held.count;
  }

  /** Row i; null: it is on its way. */
  row(i: number): Row | null {
    return this.held.row(i);
  }

  /** A row by its call's id, where it is here. */
  known(id: string): Row | undefined {
    return this.held.find(id);
  }

  get waiting(): number {
    return this.late.rows.length;
  }

  constructor() {
    events.listen({
      calls: (e) => this.heard(e),
      missed: () => this.refreshSoon(),
    });
  }

  listen(f: () => void): () => void {
    this.hearers.add(f);
    return () => this.hearers.delete(f);
  }

  private tell(): void {
    for (const f of [...this.hearers]) f();
  }

  /** Says when rows must not move: while somebody reads further down. */
  holdWhile(f: () => boolean): void {
    this.hold = f;
  }

  /** Is it known how many there are? */
  get complete(): boolean {
    return this.next === null && !this.counting && !this.loading && this.error === '';
  }

  show(filters: ListState): void {
    const search = listSearch(filters);
    if (search === this.search) return;
    this.search = search;
    this.filters = tidy(filters);
    this.scroll = 0;
    void this.reload();
  }

  async reload(): Promise<void> {
    this.stop.abort();
    const { signal } = (this.stop = new AbortController());
    this.loading = true;
    this.counting = false;
    this.error = '';
    this.late = new RowSet();
    this.fresh.clear();
    this.asked.clear();
    this.wanted = [0, 0];
    this.tell();
    try {
      const page = await getJson<CallPage>(callsQuery(this.filters, FIRST_PAGE), signal);
      this.next = page.next;
      this.textsSince = page.texts_since ?? '';
      this.held.replaceAll([all(page.calls.map(rowOf))]);
      if (page.next !== null) void this.countRest(signal);
    } catch (e) {
      if (signal.aborted) return;
      this.held.replaceAll([]);
      this.next = null;
      this.error = (e as Error).message;
    }
    this.loading = false;
    this.tell();
  }

  // ---- a list whose length is known ------------------------------------------------------------

  /** Below the first page: how many calls there are, and when. */
  private async countRest(signal: AbortSignal): Promise<void> {
    const rows = this.held.spans[0]!.rows!.rows;
    const edge = (rows[rows.length - 1]?.start ?? 0) + 1; // others may start with the last of them
    this.counting = true;
    try {
      const rest = await this.spread({ before: isoTime(edge) }, signal);
      this.counting = false;
      if (rest.total === null) return this.tell();
      const top = this.held.spans[0]!.rows!.rows.filter((r) => r.start >= edge);
      this.held.replaceAll([{ low: edge, high: Infinity, count: top.length, rows: new RowSet(top) }, ...spansOf(rest.parts, 0, edge)]);
      this.next = null;
      this.fetchWanted();
    } catch {
      if (signal.aborted) return;
      this.counting = false; // page after page, then
    }
    this.tell();
  }

  private spread(range: { after?: string; before?: string }, signal: AbortSignal, parts = 100): Promise<Spread> {
    return getJson<Spread>(spreadQuery(this.filters, parts, range), signal);
  }

  /** These rows are looked at. */
  want(first: number, last: number): void {
    this.wanted = [first, last];
    if (this.next !== null) {
      if (last > this.count - 80) void this.more();
      return;
    }
    this.fetchWanted();
  }

  private fetchWanted(): void {
    const [first, last] = this.wanted;
    for (const span of this.held.missing(first - 20, last + 20)) {
      if (this.asked.size >= AT_ONCE) return; // those that come will ask for the others, if they are still wanted
      if (!this.asked.has(span)) void this.fetchSpan(span);
    }
    this.held.forgetBut(first, last, MOST);
  }

  private async fetchSpan(span: Span): Promise<void> {
    const { signal } = this.stop;
    this.asked.add(span);
    try {
      if (span.count > SHORT && (span.low === 0 || span.high - span.low > 1)) await this.cut(span, signal);
      else await this.fill(span, signal);
      this.error = '';
    } catch (e) {
      if (signal.aborted) return;
      this.error = (e as Error).message;
    }
    this.asked.delete(span);
    if (this.error === '') this.fetchWanted();
    this.tell();
  }

  private async cut(span: Span, signal: AbortSignal): Promise<void> {
    const parts = Math.min(1000, Math.max(2, Math.ceil(span.count / 100)));
    const spread = await this.spread(rangeOf(span), signal, parts);
    if (!signal.aborted) this.held.cut(span, spansOf(spread.parts, span.low, span.high));
  }

  private async fill(span: Span, signal: AbortSignal): Promise<void> {
    const rows: Row[] = [];
    for (let cursor: string | null = null; ;) {
      const page: CallPage = await getJson<CallPage>(callsQuery(this.filters, 1000, cursor, rangeOf(span)), signal);
      rows.push(...page.calls.map(rowOf));
      cursor = page.next;
      if (cursor === null) break;
    }
    if (!signal.aborted) this.held.fill(span, rows);
  }

  // ---- a list whose length is not known --------------------------------------------------------

  /** The next page, once the reader comes near the end. */
  private async more(): Promise<void> {
    if (this.loading || this.counting || this.next === null || this.error) return;
    const { signal } = this.stop;
    this.loading = true;
    this.tell();
    try {
      const page = await getJson<CallPage>(callsQuery(this.filters, NEXT_PAGE, this.next), signal);
      this.held.replaceAll([all([...this.held.spans[0]!.rows!.rows, ...page.calls.map(rowOf)])]);
      this.next = page.next;
    } catch (e) {
      if (signal.aborted) return;
      this.error = (e as Error).message;
    }
    this.loading = false;
    this.tell();
  }

  retry(): void {
    this.error = '';
    if (this.count === 0) void this.reload();
    else if (this.next !== null) void this.more();
    else this.fetchWanted();
    this.tell();
  }

  // ---- what comes in -----------------------------------------------------------------------------

  /** Lets the waiting rows in. */
  admit(): void {
    if (this.waiting === 0) return;
    for (const r of this.late.rows) this.held.put(r);
    this.late = new RowSet();
    this.tell();
  }

  private heard(e: CallsEvent): void {
    if (this.search === null) return;
    if (this.loading && this.count === 0) return this.refreshSoon();
    for (const id of e.gone ?? []) {
      this.held.drop(id);
      this.late.drop(id);
    }
    const unknown = this.change(e.calls);
    // with a search the server has to say which of them fit
    if (e.more || (unknown.length && Object.keys(this.filters).length > 0)) this.refreshSoon();
    else this.take(unknown.filter((r) => r.kind === 'call'));
    this.tell();
  }

  /** Calls that are in the list take their new form; the others are given back. */
  private change(calls: CallSummary[]): Row[] {
    const rows = calls.map(rowOf);
    const unknown = rows.filter((r) => !this.held.has(r.id));
    for (const r of rows) if (this.held.has(r.id)) this.held.put(r);
    return unknown;
  }

  private take(rows: Row[]): void {
    for (const r of rows) this.fresh.add(r.id);
    // where rows are not loaded they come with their stretch, or their page
    const first = this.held.spans[0];
    const loaded = first?.rows?.rows ?? [];
    const last = this.next === null ? undefined : loaded[loaded.length - 1];
    const fit = rows.filter((r) => (this.next === null ? this.held.takes(r) : !last || r.start >= last.start));
    if (!first) this.held.replaceAll([all([])]);
    for (const r of fit) {
      if (this.hold()) this.late.put(r);
      else this.held.put(r);
    }
  }

  private refreshSoon(): void {
    clearTimeout(this.refreshTimer);
    this.refreshTimer = window.setTimeout(() => void this.refresh(), 1200);
  }

  /** Looks at the first page again without losing the others. */
  private async refresh(): Promise<void> {
    const { signal } = this.stop;
    if (this.search === null || this.loading) return;
    try {
      const page = await getJson<CallPage>(callsQuery(this.filters, FIRST_PAGE), signal);
      this.take(this.change(page.calls));
      this.error = '';
      this.tell();
    } catch {
      // the next event or the reader will ask again
    }
  }
}

const all = (rows: Row[]): Span => {
  const set = new RowSet(rows);
  return { low: -Infinity, high: Infinity, count: set.rows.length, rows: set };
};

function rangeOf(s: Span): { after?: string; before?: string } {
  return { ...(s.low > 0 ? { after: isoTime(s.low) } : {}), ...(s.high < Infinity ? { before: isoTime(s.high) } : {}) };
}

export const calls = new CallList();
