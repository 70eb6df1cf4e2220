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
// thousand of them.
import { reveal } from '../lib/geometry.js';
import { h } from './dom.js';
import { Picture, type PictureRow } from './picture.js';

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
}

/** What is lit while everything else is dimmed. */
export type Spot = { leg: number } | { device: number } | null;

const MANY = 400; // rows; from here on only those near the view are in the document
const NEAR = 700; // pixels above and below the view

export class Ladder implements Surface {
  zoom = 1;
  private readonly canvas = h('div', { class: 'ladder-canvas' });
  private picture: Picture | null = null;
  private list: number[] = [];
  private times: SVGSVGElement | null = null;
  private auto = true; // slightly too wide is made to fit, until the reader chooses
  private near = [0, 0]; // rows that are in the document
  private lit: [Element, cls: string][] = [];
  private readonly stop = new AbortController();
  private readonly sizes = new ResizeObserver(() => this.resized());

  /** `sizer` stands outside of what scrolls and asks for the width of the picture as drawn; `zoomed` hears of
   *  every change of size. */
  constructor(readonly host: HTMLElement, private readonly sizer: HTMLElement | null = null, private readonly zoomed: (z: number) => void = () => {}) {
    host.append(this.canvas);
    this.sizes.observe(host);
    const on = { signal: this.stop.signal };
    host.addEventListener('scroll', () => this.scrolled(), { ...on, passive: true });
    window.addEventListener('beforeprint', () => this.layOut(true), on);
    window.addEventListener('afterprint', () => this.layOut(), on);
  }

  destroy(): void {
    this.stop.abort();
    this.sizes.disconnect();
  }

  /** Shows a picture; the scroll position stays where it was. */
  load(svg: SVGSVGElement): void {
    const [left, top] = [this.host.scrollLeft, this.host.scrollTop];
    const picture = new Picture(svg);
    this.picture = picture;
    this.list = picture.rows.map((r) => r.n);
    this.times = null;
    this.lit = [];
    if (this.sizer) this.sizer.style.width = `${picture.width + this.host.offsetWidth - this.host.clientWidth}px`;
    if (this.auto) this.setSize(this.fitting());
    this.near = [0, picture.rows.length];
    this.layOut();
    this.size();
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
    }
    this.layOut();
  }

  private layOut(all = false): void {
    const rows = this.picture?.rows ?? [];
    if (rows.length < MANY) return;
    const top = this.host.scrollTop / this.zoom;
    const height = (this.host.clientHeight || window.innerHeight) / this.zoom;
    const from = all ? 0 : this.firstBelow(top - NEAR);
    const to = all ? rows.length : this.firstBelow(top + height + NEAR);
    const [a, b] = this.near as [number, number];
    if (from === a && to === b) return;
    this.near = [from, to];
    const group = this.picture!.rowGroup;
    const part = (i: number, k: number) => rows.slice(i, Math.max(i, k)).map((r) => r.g);
    if (to <= a || from >= b) {
      group.replaceChildren(...part(from, to));
      return;
    }
    for (const g of [...part(a, from), ...part(to, b)]) g.remove();
    group.prepend(...part(from, a));
    group.append(...part(b, to));
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
    const box = (g?.querySelector('.arrow') ?? g)?.getBoundingClientRect();
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
    const r = row.g.getBoundingClientRect();
    if (r.bottom > window.innerHeight || r.top < 0) this.host.scrollIntoView({ block: 'nearest' });
  }

  // ---- light --------------------------------------------------------------------------------------

  /** Dims everything that has nothing to do with the leg or device. */
  spot(spot: Spot): void {
    const p = this.picture;
    if (!p) return;
    const devices = new Set<number>();
    for (const r of p.rows) {
      const lit = !spot || ('leg' in spot ? r.leg === spot.leg : r.from === spot.device || r.to === spot.device);
      r.g.classList.toggle('dim', !lit);
      if (lit && spot) devices.add(r.from).add(r.to);
    }
    for (const el of [...p.lifes, ...p.heads.querySelectorAll<SVGElement>('.head')]) {
      const device = Number(el.dataset.device);
      el.classList.toggle('dim', !!spot && !devices.has(device));
      el.classList.toggle('hover', !!spot && 'device' in spot && device === spot.device);
    }
    const on = (row: number) => !this.element(row)?.classList.contains('dim');
    for (const [from, to, curve] of p.prompts) curve.classList.toggle('dim', !!spot && !(on(from) && on(to)));
  }

  /** Lights the curves that join the given messages, and their rows. */
  chain(messages: number[]): void {
    for (const [el, cls] of this.lit) el.classList.remove(cls);
    this.lit = [];
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
