// ladder.ts: the picture in its frame: heads and times that stay in view, zoom, rows that can be pointed at, legs and
// devices that can be lit. It draws no row of its own.
//
//   div.ladder-scroll                  scrolls both ways
//     div.ladder-canvas                as wide as the picture
//       div.ladder-heads   sticky top  svg with the lifted g.heads
//       div.ladder-gutter  sticky left svg with copies of the times, once scrolled sideways
//       svg.ladder                     the picture, moved up under its heads
//
// Where a picture is long, only the rows near the view are in the document: a browser needs a second to lay out two
// thousand of them. Where it is very long, the server draws only those, a piece at a time:
//
//   index     │ y, leg, devices of every row: all that keys, folds and the scroll bar need
//   pieces    ├─ drawn ─┼─ drawn ─┤· · · asked for · · ·├
//   document       ├── near the view ──┤
import { reveal } from '../lib/geometry.js';
import type { LadderIndex } from '../lib/model.js';
import { h } from './dom.js';
import { Picture, PIECE, timeCopy, type PictureRow } from './picture.js';

/** What the inspector needs of anything that shows messages in rows. */
export interface Surface {
  readonly host: HTMLElement; // what scrolls
  order(): number[]; // the first message of each row, top to bottom
  rowOf(n: number): number | null; // the row that shows message n, by its first message
  element(row: number): Element | null;
  folded(row: number): number[]; // all messages of the row
  hit(target: EventTarget | null): number | null;
  aim(row: number): number; // x of the middle of its arrow, in the window
  gutter(): number; // x where the time gutter ends, in the window
  reveal(row: number): void;
  chain?(messages: number[]): void; // lights what led to what
  arrived?: () => void; // heard when rows have come into the document that were asked for
}

/** Where the rows of a very long picture come from. */
export interface Source {
  index: LadderIndex;
  piece(first: number, signal: AbortSignal): Promise<SVGSVGElement | null>;
  whole(): SVGSVGElement | null; // all of it, at once: for paper
  changed(): void; // the call is another one by now
}

/** What is lit while everything else is dimmed. */
export type Spot = { leg: number } | { device: number } | null;

const MANY = 400; // rows; from here on only those near the view are in the document
const NEAR = 500; // pixels above and below the view
const STEP = 16; // rows come and go by so many
const AHEAD = 64; // rows beyond those near the view that are asked for in good time
const PIECES = 48; // more than these, and the farthest are forgotten
const PACE_MS = 40; // between two looks at what is missing: a scroll bar that is pulled passes a hundred places a second

export class Ladder implements Surface {
  zoom = 1;
  private readonly canvas = h('div', { class: 'ladder-canvas' });
  private picture: Picture | null = null;
  private list: number[] = [];
  private times: SVGSVGElement | null = null;
  private auto = true; // slightly too wide is made to fit, until the reader chooses
  private near = [0, 0]; // rows that are in the document, as far as they are drawn
  private shown: [PictureRow, SVGGElement][] = [];
  private lit: [Element, cls: string][] = [];
  private spotted: Spot = null;
  private lightFor: Picture | null = null; // which picture is lit so
  private chained: number[] = [];
  private source: Source | null = null;
  private asked = new Map<number, AbortController>(); // pieces
  private askTimer = 0;
  private askedAt = 0;
  private tried = 0; // pieces that failed, one after the other
  arrived: () => void = () => {};
  private readonly stop = new AbortController();
  private readonly sizes = new ResizeObserver(() => this.resized());

  /** `sizer` stands outside of what scrolls and asks for the width of the picture as drawn; `zoomed` hears of
   *  every change of size. */
  constructor(readonly host: HTMLElement, private readonly sizer: HTMLElement | null = null, private readonly zoomed: (z: number) => void = () => {}) {
    host.append(this.canvas);
    this.sizes.observe(host);
    const on = { signal: this.stop.signal };
    host.addEventListener('scroll', () => this.scrolled(), { ...on, passive: true });
    window.addEventListener('beforeprint', () => this.toPaper(), on);
    window.addEventListener('afterprint', () => this.fromPaper(), on);
  }

  destroy(): void {
    this.stop.abort();
    this.sizes.disconnect();
    this.letGo();
  }

  private letGo(): void {
    clearTimeout(this.askTimer);
    this.askTimer = this.askedAt = 0;
    for (const a of this.asked.values()) a.abort();
    this.asked.clear();
    this.tried = 0;
  }

  /** Shows a picture, or the first piece of one; the scroll position stays where it was. */
  load(svg: SVGSVGElement, source: Source | null = null): void {
    const [left, top] = [this.host.scrollLeft, this.host.scrollTop];
    this.letGo();
    const picture = new Picture(svg, source?.index ?? null);
    this.picture = picture;
    this.source = source;
    this.list = picture.rows.map((r) => r.n);
    this.times = null;
    this.lit = [];
    this.shown = source ? [] : picture.rows.map((r) => [r, r.g!]);
    if (this.sizer) this.sizer.style.width = `${picture.width + this.host.offsetWidth - this.host.clientWidth}px`;
    if (this.auto) this.setSize(this.fitting());
    this.near = source ? [0, 0] : [0, picture.rows.length];
    this.size();
    if (!source) this.layOut();
    this.canvas.replaceChildren(h('div', { class: 'ladder-heads' }, picture.heads), svg);
    if (left || top) this.host.scrollTo(left, top);
    this.scrolled();
  }

  // ---- size --------------------------------------------------------------------------------

  /** Draws everything larger or smaller; null: as the width asks for. */
  setZoom(zoom: number | null): void {
    this.auto = zoom === null;
    const next = zoom === null ? this.fitting() : Math.round(Math.max(0.4, Math.min(2, zoom)) * 100) / 100;
    if (next === this.zoom) return;
    const ratio = next / this.zoom;
    const [left, top] = [this.host.scrollLeft * ratio, this.host.scrollTop * ratio];
    this.setSize(next);
    this.size();
    this.host.scrollTo(left, top); // what is at the top left stays there
    this.layOut();
  }

  private resized(): void {
    if (this.auto) this.setZoom(null);
    this.layOut();
  }

  /** The zoom at which the picture fits, where that is nearly as it was drawn. */
  private fitting(): number {
    if (!this.picture || this.host.clientWidth === 0) return this.zoom;
    const zoom = Math.floor((this.host.clientWidth / this.picture.width) * 100) / 100;
    return zoom >= 1 || zoom < 0.85 ? 1 : zoom;
  }

  private setSize(zoom: number): void {
    if (zoom === this.zoom) return;
    this.zoom = zoom;
    this.zoomed(zoom);
  }

  private size(): void {
    const p = this.picture;
    if (!p) return;
    const set = (svg: SVGSVGElement | null, w: number, px: number) => {
      svg?.setAttribute('width', String(w * this.zoom));
      svg?.setAttribute('height', String(px * this.zoom));
    };
    set(p.svg, p.width, p.height);
    set(p.heads, p.width, p.head);
    set(this.times, p.gutter, p.height - p.head);
    p.svg.style.marginTop = `${-p.head * this.zoom}px`;
  }

  // ---- what is near the view -----------------------------------------------------------------

  private scrolled(): void {
    const aside = this.host.scrollLeft > 2;
    this.host.classList.toggle('aside', aside);
    if (aside && !this.times && this.picture) {
      this.times = this.picture.times();
      this.size();
      this.canvas.insertBefore(h('div', { class: 'ladder-gutter' }, this.times), this.picture.svg);
      this.showTimes();
    }
    this.layOut();
  }

  private showTimes(): void {
    const copies = this.shown.map(([r]) => timeCopy(r)).filter((t) => t !== null);
    this.times?.querySelector('g')?.replaceChildren(...copies);
  }

  private layOut(all = false): void {
    const rows = this.picture?.rows ?? [];
    if (rows.length < MANY && !this.source) return;
    const top = this.host.scrollTop / this.zoom;
    const height = (this.host.clientHeight || window.innerHeight) / this.zoom;
    const step = (row: number, round: (x: number) => number) => round(row / STEP) * STEP;
    const from = all ? 0 : step(this.firstBelow(top - NEAR), Math.floor);
    const to = all ? rows.length : Math.min(rows.length, step(this.firstBelow(top + height + NEAR), Math.ceil));
    const same = from === this.near[0] && to === this.near[1];
    if (same && !this.source) return;
    this.near = [from, to];
    if (!same) this.show();
    if (this.source) this.askSoon();
  }

  /** Brings into the document what is drawn of the rows near the view, and takes the others out. */
  private show(): void {
    const group = this.picture!.rowGroup;
    const next: [PictureRow, SVGGElement][] = [];
    for (const r of this.picture!.rows.slice(this.near[0], this.near[1])) if (r.g) next.push([r, r.g]);
    const stay = new Set(next.map(([, g]) => g));
    for (const [, g] of this.shown) if (!stay.has(g)) g.remove();
    let at = group.firstElementChild;
    for (const [, g] of next) {
      if (g === at) at = g.nextElementSibling;
      else group.insertBefore(g, at);
    }
    this.shown = next;
    if (this.times) this.showTimes();
  }

  // ---- pieces ----------------------------------------------------------------------------------

  private askSoon(): void {
    const wait = this.askedAt + PACE_MS - performance.now();
    if (this.askTimer) return;
    if (wait <= 0) return this.ask();
    this.askTimer = window.setTimeout(() => {
      this.askTimer = 0;
      this.ask();
    }, wait);
  }

  /** Asks for what is not drawn of the rows near the view, the middle first; what nobody looks at any more is let go. */
  private ask(): void {
    const picture = this.picture!;
    const [from, to] = this.near as [number, number];
    this.askedAt = performance.now();
    const first = Math.max(0, Math.floor((from - AHEAD) / PIECE));
    const last = Math.floor((Math.min(picture.rows.length, to + AHEAD) - 1) / PIECE);
    for (const [k, abort] of this.asked) {
      if (k < first || k > last) {
        abort.abort();
        this.asked.delete(k);
      }
    }
    const middle = (from + to) / 2 / PIECE - 0.5;
    const missing = [];
    for (let k = first; k <= last; k++) if (!picture.has(k) && !this.asked.has(k)) missing.push(k);
    missing.sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle));
    for (const k of missing) void this.fetch(k);
    if (this.asked.size === 0) picture.forgetBut(first, last, PIECES);
  }

  private async fetch(k: number): Promise<void> {
    const [source, picture] = [this.source!, this.picture!];
    const abort = new AbortController();
    this.asked.set(k, abort);
    try {
      const svg = await source.piece(k * PIECE, abort.signal);
      if (picture !== this.picture || abort.signal.aborted) return;
      this.asked.delete(k);
      if (!svg) return;
      if (picture.take(svg)) this.came();
      else source.changed();
      this.tried = 0;
    } catch {
      if (picture !== this.picture || abort.signal.aborted) return;
      this.asked.delete(k);
      // the next scroll asks again; so does a moment's rest
      if (++this.tried < 4) setTimeout(() => this.layOut(), 1000 * this.tried);
    }
  }

  private came(): void {
    this.show();
    if (this.spotted) this.applySpot();
    this.chain(this.chained);
    this.arrived();
  }

  /** The first message in view: where a new picture of the call should begin. */
  topMessage(): number {
    const p = this.picture;
    if (!p) return 0;
    return p.rows[Math.min(p.rows.length - 1, this.firstBelow(this.host.scrollTop / this.zoom))]?.n ?? 0;
  }

  /** Paper shows all rows. Those of a very long picture have to be fetched while the browser waits. */
  private toPaper(): void {
    if (!this.source) return this.layOut(true);
    const svg = this.source.whole();
    if (!svg) return;
    svg.classList.add('print-only');
    this.canvas.append(svg);
    this.canvas.classList.add('on-paper');
  }

  private fromPaper(): void {
    this.canvas.querySelector(':scope > svg.print-only')?.remove();
    this.canvas.classList.remove('on-paper');
    this.layOut();
  }

  private firstBelow(y: number): number {
    const rows = this.picture!.rows;
    let low = 0;
    let high = rows.length;
    while (low < high) {
      const mid = (low + high) >> 1;
      if (rows[mid]!.y < y) low = mid + 1;
      else high = mid;
    }
    return low;
  }

  // ---- rows ------------------------------------------------------------------------------------

  private row(n: number): PictureRow | null {
    return this.picture?.byN.get(n) ?? null;
  }

  order(): number[] {
    return this.list;
  }

  rowOf(n: number): number | null {
    return this.picture?.rowOfMessage.get(n) ?? null;
  }

  element(row: number): SVGGElement | null {
    return this.row(row)?.g ?? null;
  }

  folded(row: number): number[] {
    return this.row(row)?.fold ?? [row];
  }

  /** All folds, open or not, by their first message. */
  folds(): number[] {
    return [...new Set(this.picture?.foldHead.values())];
  }

  /** The first message of the fold that the row belongs to; null where it belongs to none. */
  foldOf(row: number): number | null {
    return this.picture?.foldHead.get(row) ?? null;
  }

  hit(target: EventTarget | null): number | null {
    const g = target instanceof Element ? target.closest<SVGGElement>('g.m[data-m]') : null;
    return g ? Number(g.dataset.m) : null;
  }

  aim(row: number): number {
    const g = this.element(row);
    const box = (g?.querySelector('.arrow') ?? g ?? this.picture?.svg)?.getBoundingClientRect();
    return box ? box.left + box.width / 2 : 0;
  }

  gutter(): number {
    const view = this.host.getBoundingClientRect().left;
    const left = this.host.scrollLeft > 2 ? view : this.picture?.svg.getBoundingClientRect().left ?? view;
    return Math.max(view, left) + (this.picture?.gutter ?? 0) * this.zoom;
  }

  reveal(n: number): void {
    const row = this.row(n);
    const p = this.picture;
    if (!row || !p) return;
    const head = p.head * this.zoom;
    const to = reveal(row.y * this.zoom - head, row.h * this.zoom, this.host.scrollTop, this.host.clientHeight - head, 66);
    if (to !== null) this.host.scrollTop = to;
    this.layOut();
    // where the window is low, the ladder itself may be out of it
    const at = p.svg.getBoundingClientRect().top + row.y * this.zoom;
    if (at + row.h * this.zoom > window.innerHeight || at < 0) this.host.scrollIntoView({ block: 'nearest' });
  }

  // ---- light --------------------------------------------------------------------------------------

  /** Dims everything that has nothing to do with the leg or device. */
  spot(spot: Spot): void {
    if (this.lightFor === this.picture && JSON.stringify(spot) === JSON.stringify(this.spotted)) return;
    this.spotted = spot;
    this.lightFor = this.picture;
    this.applySpot();
  }

  private applySpot(): void {
    const [p, spot] = [this.picture, this.spotted];
    if (!p) return;
    const devices = new Set<number>();
    const isLit = (r: PictureRow) => !spot || ('leg' in spot ? r.leg === spot.leg : r.from === spot.device || r.to === spot.device);
    for (const r of p.rows) {
      const lit = isLit(r);
      r.g?.classList.toggle('dim', !lit);
      if (lit && spot) devices.add(r.from).add(r.to);
    }
    for (const el of [...p.lifes, ...p.heads.querySelectorAll<SVGElement>('.head')]) {
      const device = Number(el.dataset.device);
      el.classList.toggle('dim', !!spot && !devices.has(device));
      el.classList.toggle('hover', !!spot && 'device' in spot && device === spot.device);
    }
    const on = (n: number) => isLit(this.row(n)!);
    for (const [from, to, curve] of p.prompts) curve.classList.toggle('dim', !!spot && !(on(from) && on(to)));
  }

  /** Lights the curves that join the given messages, and their rows. */
  chain(messages: number[]): void {
    for (const [el, cls] of this.lit) el.classList.remove(cls);
    this.lit = [];
    this.chained = messages;
    const on = new Set(messages.map((n) => this.rowOf(n)).filter((n): n is number => n !== null));
    if (on.size < 2) return;
    for (const n of on) this.light(this.element(n), 'chain');
    for (const [from, to, curve] of this.picture!.prompts) {
      if (on.has(from) && on.has(to)) this.light(curve, 'hover');
    }
  }

  private light(el: Element | null, cls: string): void {
    if (!el) return;
    el.classList.add(cls);
    this.lit.push([el, cls]);
  }

  /** The leg whose number is pointed at, or the device whose head is. */
  spotAt(target: EventTarget | null): Spot {
    if (!(target instanceof Element)) return null;
    const head = target.closest<SVGGElement>('.head');
    if (head) return { device: Number(head.dataset.device) };
    const row = target.closest('.badge')?.closest<SVGGElement>('g.m');
    return row ? { leg: Number(row.dataset.leg) } : null;
  }
}
