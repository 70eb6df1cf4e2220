// calls.ts: the list of calls as it grows by scrolling down and by what happens on the wire. It outlives
// the page that shows it, so that going back finds everything where it was.
import { events, getJson, type CallsEvent } from './api.js';
import { mergeRows, rowOf, type Row } from './lib/rows.js';
import type { CallPage } from './lib/model.js';
import { callsQuery, listSearch, tidy, type ListState } from './lib/url.js';

const FIRST_PAGE = 100;
const NEXT_PAGE = 300;

export class CallList {
  rows: Row[] = [];
  waiting: Row[] = []; // new ones that would have moved what is being read
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
    this.waiting = [];
    this.fresh.clear();
    this.tell();
    try {
      const page = await getJson<CallPage>(callsQuery(this.filters, FIRST_PAGE));
      if (ask !== this.asked) return;
      this.rows = mergeRows([], page.calls.map(rowOf)).rows;
      this.next = page.next;
      this.textsSince = page.texts_since ?? '';
    } catch (e) {
      if (ask !== this.asked) return;
      this.rows = [];
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
      this.rows = mergeRows(this.rows, page.calls.map(rowOf)).rows;
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
    if (this.waiting.length === 0) return;
    this.rows = mergeRows(this.rows, this.waiting).rows;
    this.waiting = [];
    this.tell();
  }

  private heard(e: CallsEvent): void {
    if (this.search === null) return;
    const gone = e.gone ?? [];
    const here = new Set(this.rows.map((r) => r.id));
    const known = e.calls.filter((c) => here.has(c.id)).map(rowOf);
    if (known.length || gone.length) this.rows = mergeRows(this.rows, known, gone).rows;
    const unknown = e.calls.filter((c) => !here.has(c.id));
    // with a search the server has to say which of them fit
    if (e.more || (unknown.length && Object.keys(this.filters).length > 0)) this.refreshSoon();
    else if (unknown.length) this.take(unknown.filter((c) => c.kind === 'call').map(rowOf));
    this.tell();
  }

  private take(rows: Row[]): void {
    for (const r of rows) this.fresh.add(r.id);
    // beyond the last row there is more that is not loaded yet: older rows come with their page
    const last = this.rows[this.rows.length - 1];
    const fit = this.next === null || !last ? rows : rows.filter((r) => r.start >= last.start);
    if (this.hold()) this.waiting = mergeRows(this.waiting, fit).rows;
    else this.rows = mergeRows(this.rows, fit).rows;
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
      const here = new Set(this.rows.map((r) => r.id));
      const rows = page.calls.map(rowOf);
      this.rows = mergeRows(this.rows, rows.filter((r) => here.has(r.id))).rows;
      this.take(rows.filter((r) => !here.has(r.id)));
      this.error = '';
      this.tell();
    } catch {
      // the next event or the reader will ask again
    }
  }
}

export const calls = new CallList();
