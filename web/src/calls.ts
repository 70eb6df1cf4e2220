// calls.ts: the list of calls as it grows by scrolling down and by what happens on the wire. It outlives
// the page that shows it, so that going back finds everything where it was.
import { events, getJson, type CallsEvent } from './api.js';
import { rowOf, RowSet, type Row } from './lib/rows.js';
import type { CallPage, CallSummary } from './lib/model.js';
import { callsQuery, listSearch, tidy, type ListState } from './lib/url.js';

const FIRST_PAGE = 100;
const NEXT_PAGE = 300;

export class CallList {
  private held = new RowSet();
  private late = new RowSet(); // new ones that would have moved what is being read
  loading = false;
  error = '';
  scroll = 0;
  fresh = new Set<string>(); // came in while the page was open
  textsSince = ''; // how far back a search for text has looked, where that is not all the way
  private next: string | null = null;
  private search: string | null = null;
  private filters: ListState = {};
  private asked = 0;
  private refreshTimer = 0;
  private hold: () => boolean = () => false;
  private readonly hearers = new Set<() => void>();

  get rows(): Row[] {
    return this.held.rows;
  }

  /** A row by its call's id, where it is here. */
  known(id: string): Row | undefined {
    return this.rows.find((r) => r.id === id);
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

  get complete(): boolean {
    return this.next === null && !this.loading && this.error === '';
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
    const ask = ++this.asked;
    this.loading = true;
    this.error = '';
    this.late = new RowSet();
    this.fresh.clear();
    this.tell();
    try {
      const page = await getJson<CallPage>(callsQuery(this.filters, FIRST_PAGE));
      if (ask !== this.asked) return;
      this.held = new RowSet(page.calls.map(rowOf));
      this.next = page.next;
      this.textsSince = page.texts_since ?? '';
    } catch (e) {
      if (ask !== this.asked) return;
      this.held = new RowSet();
      this.next = null;
      this.error = (e as Error).message;
    }
    this.loading = false;
    this.tell();
  }

  /** The next page, once the reader comes near the end. */
  async more(): Promise<void> {
    if (this.loading || this.next === null || this.error) return;
    const ask = this.asked;
    this.loading = true;
    this.tell();
    try {
      const page = await getJson<CallPage>(callsQuery(this.filters, NEXT_PAGE, this.next));
      if (ask !== this.asked) return;
      for (const c of page.calls) this.held.put(rowOf(c));
      this.next = page.next;
    } catch (e) {
      if (ask !== this.asked) return;
      this.error = (e as Error).message;
    }
    this.loading = false;
    this.tell();
  }

  retry(): void {
    this.error = '';
    if (this.rows.length === 0) void this.reload();
    else void this.more();
  }

  /** Lets the waiting rows in. */
  admit(): void {
    if (this.waiting === 0) return;
    for (const r of this.late.rows) this.held.put(r);
    this.late = new RowSet();
    this.tell();
  }

  private heard(e: CallsEvent): void {
    if (this.search === null) return;
    if (this.loading && this.rows.length === 0) return this.refreshSoon();
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
    for (const r of rows) if (this.held.has(r.id)) this.held.put(r);
    return rows.filter((r) => !this.held.has(r.id));
  }

  private take(rows: Row[]): void {
    for (const r of rows) this.fresh.add(r.id);
    // beyond the last row there is more that is not loaded yet: older rows come with their page
    const last = this.rows[this.rows.length - 1];
    const fit = this.next === null || !last ? rows : rows.filter((r) => r.start >= last.start);
    const to = this.hold() ? this.late : this.held;
    for (const r of fit) to.put(r);
  }

  private refreshSoon(): void {
    clearTimeout(this.refreshTimer);
    this.refreshTimer = window.setTimeout(() => void this.refresh(), 1200);
  }

  /** Looks at the first page again without losing the others. */
  private async refresh(): Promise<void> {
    const ask = this.asked;
    if (this.search === null || this.loading) return;
    try {
      const page = await getJson<CallPage>(callsQuery(this.filters, FIRST_PAGE));
      if (ask !== this.asked) return;
      this.take(this.change(page.calls));
      this.error = '';
      this.tell();
    } catch {
      // the next event or the reader will ask again
    }
  }
}

export const calls = new CallList();
