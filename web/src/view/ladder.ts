// ladder.ts: takes in the picture that the server drew (docs/ladder.md) and makes it answer: heads and times
// that stay, rows that can be pointed at, legs that can be lit. It draws no row of its own.
//
//   div.ladder-scroll                  scrolls both ways
//     div.ladder-canvas                as wide as the picture
//       div.ladder-heads   sticky top  svg with the lifted g.heads
//       div.ladder-gutter  sticky left svg with copies of the times, once scrolled sideways
//       svg.ladder                     the picture, moved up under its heads
import { reveal } from '../lib/geometry.js';
import { numberList } from '../lib/safe.js';
import { h, s } from './dom.js';

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

/** Parses the picture. Whatever could act (scripts, handlers, links) is not taken over, though the page's
 *  content policy would stop it too. */
export function readPicture(text: string): SVGSVGElement | null {
  const doc = new DOMParser().parseFromString(text, 'image/svg+xml');
  const root = doc.documentElement;
  if (root.nodeName !== 'svg' || doc.querySelector('parsererror')) return null;
  return document.importNode(cleanPicture(root as unknown as SVGSVGElement), true);
}

export function cleanPicture(svg: SVGSVGElement): SVGSVGElement {
  svg.querySelectorAll('script, foreignObject, a, image, use, style').forEach((e) => e.remove());
  for (const el of [svg, ...svg.querySelectorAll('*')]) {
    for (const name of el.getAttributeNames()) {
      if (/^on/i.test(name) || /href$/i.test(name)) el.removeAttribute(name);
    }
  }
  return svg;
}

export class Ladder implements Surface {
  readonly host: HTMLElement;
  private readonly canvas: HTMLElement;
  private rows = new Map<number, SVGGElement>();
  private rowOfMessage = new Map<number, number>();
  private foldHead = new Map<number, number>();
  private list: number[] = [];
  private prompts: [fromRow: number, toRow: number, curve: Element][] = [];
  private lit: [Element, cls: string][] = [];
  private svg: SVGSVGElement | null = null;
  private headsSvg: SVGSVGElement | null = null;
  private gutterSvg: SVGSVGElement | null = null;
  private headPx = 56;
  private gutterPx = 60; // like every length here in pixels of the picture, before zoom
  zoom = 1;
  private auto = true; // slightly too wide is made to fit, until the reader chooses

  /** `sizer` stands outside of what scrolls and asks for the width of the picture as drawn; `zoomed` hears of
   *  every change of size. */
  constructor(host: HTMLElement, private readonly sizer: HTMLElement | null = null, private readonly zoomed: (z: number) => void = () => {}) {
    this.host = host;
    this.canvas = h('div', { class: 'ladder-canvas' });
    host.append(this.canvas);
    new ResizeObserver(() => this.fit()).observe(host);
    host.addEventListener('scroll', () => host.classList.toggle('aside', host.scrollLeft > 2), { passive: true });
  }

  /** Shows a picture; the scroll position stays where it was. */
  load(svg: SVGSVGElement): void {
    const [left, top] = [this.host.scrollLeft, this.host.scrollTop];
    this.svg = svg;
    this.headPx = Number(svg.getAttribute('data-head')) || 56;
    this.index(svg);
    svg.setAttribute('role', 'group');
    svg.setAttribute('aria-label', 'Ladder of messages');
    svg.querySelector(':scope > title')?.remove();
    const heads = this.liftHeads(svg);
    this.canvas.replaceChildren(heads, svg);
    this.measureGutter(svg);
    this.gutterSvg = this.copyGutter(svg);
    this.canvas.insertBefore(h('div', { class: 'ladder-gutter' }, this.gutterSvg), svg);
    if (this.sizer) this.sizer.style.width = `${this.size(svg)[0] + this.host.offsetWidth - this.host.clientWidth}px`;
    this.draw(this.zoom);
    this.host.scrollTo(left, top);
    this.fit();
  }

  /** Draws everything larger or smaller; null: as the width asks for. */
  setZoom(zoom: number | null): void {
    this.auto = zoom === null;
    if (zoom === null) this.fit();
    else this.draw(Math.round(Math.max(0.4, Math.min(2, zoom)) * 100) / 100);
  }

  private fit(): void {
    if (!this.auto || !this.svg || this.host.clientWidth === 0) return;
    const zoom = Math.floor((this.host.clientWidth / this.size(this.svg)[0]) * 100) / 100;
    this.draw(zoom >= 1 || zoom < 0.85 ? 1 : zoom);
  }

  /** What is at the top left stays there. */
  private draw(zoom: number): void {
    const { svg, headsSvg, gutterSvg } = this;
    const ratio = zoom / this.zoom;
    if (ratio !== 1) this.zoomed(zoom);
    this.zoom = zoom;
    if (!svg || !headsSvg || !gutterSvg) return;
    const [left, top] = [this.host.scrollLeft * ratio, this.host.scrollTop * ratio];
    for (const one of [svg, headsSvg, gutterSvg]) {
      const box = one.viewBox.baseVal;
      one.setAttribute('width', String(box.width * zoom));
      one.setAttribute('height', String(box.height * zoom));
    }
    svg.style.marginTop = `${-this.headPx * zoom}px`;
    this.host.scrollTo(left, top);
  }

  private index(svg: SVGSVGElement): void {
    this.rows.clear();
    this.rowOfMessage.clear();
    this.foldHead.clear();
    this.list = [];
    for (const g of svg.querySelectorAll<SVGGElement>('g.m')) {
      const n = Number(g.dataset.m);
      const title = g.querySelector(':scope > title');
      if (title) {
        g.setAttribute('aria-label', title.textContent ?? '');
        title.remove(); // else the browser lays its own tooltip over the picture
      }
      this.rows.set(n, g);
      this.list.push(n);
      const fold = numberList(g.dataset.fold);
      for (const m of fold) this.foldHead.set(m, n);
      for (const m of g.classList.contains('open') ? [n] : [n, ...fold]) {
        if (!this.rowOfMessage.has(m)) this.rowOfMessage.set(m, n);
      }
    }
    this.lit = [];
    this.prompts = [...svg.querySelectorAll<SVGElement>('.prompt')].map((p) => [
      this.rowOf(Number(p.dataset.from)) ?? 0, this.rowOf(Number(p.dataset.to)) ?? 0, p,
    ]);
  }

  private size(svg: SVGSVGElement): [number, number] {
    const box = svg.viewBox.baseVal;
    return box && box.width ? [box.width, box.height] : [svg.width.baseVal.value, svg.height.baseVal.value];
  }

  private liftHeads(svg: SVGSVGElement): HTMLElement {
    const [w] = this.size(svg);
    this.headsSvg = s('svg', {
      class: svg.getAttribute('class') ?? 'ladder', width: w, height: this.headPx,
      viewBox: `0 0 ${w} ${this.headPx}`, role: 'group', 'aria-label': 'Devices',
    });
    const heads = svg.querySelector('g.heads');
    if (heads) {
      const copy = heads.cloneNode(true) as SVGGElement; // on paper nothing is sticky
      copy.classList.add('print-only');
      heads.replaceWith(copy);
      this.headsSvg.append(heads);
    }
    return h('div', { class: 'ladder-heads' }, this.headsSvg);
  }

  private measureGutter(svg: SVGSVGElement): void {
    let right = 0;
    const times = svg.querySelectorAll<SVGTextElement>('.m .time');
    for (const i of [0, times.length >> 1, times.length - 1]) {
      const t = times[i];
      if (!t) continue;
      const box = t.getBBox();
      right = Math.max(right, box.x + box.width);
    }
    if (right > 0) this.gutterPx = Math.ceil(right) + 8;
  }

  /** Once the picture is scrolled sideways its times would be gone: a copy of them stays. */
  private copyGutter(svg: SVGSVGElement): SVGSVGElement {
    const [, height] = this.size(svg);
    const copy = s('svg', {
      class: 'ladder gutter', width: this.gutterPx, height: height - this.headPx, 'aria-hidden': 'true',
      viewBox: `0 ${this.headPx} ${this.gutterPx} ${height - this.headPx}`,
    });
    copy.append(s('rect', { class: 'gutter-bg', x: 0, y: 0, width: this.gutterPx, height }));
    for (const t of svg.querySelectorAll('.m .time')) copy.append(s('g', { class: 'm' }, t.cloneNode(true)));
    return copy;
  }

  private hitBox(g: SVGGElement): { x: number; y: number; w: number; h: number } | null {
    const r = g.querySelector<SVGRectElement>('.hit');
    if (!r) return null;
    return { x: r.x.baseVal.value, y: r.y.baseVal.value, w: r.width.baseVal.value, h: r.height.baseVal.value };
  }

  order(): number[] {
    return this.list;
  }

  rowOf(n: number): number | null {
    return this.rowOfMessage.get(n) ?? null;
  }

  element(row: number): SVGGElement | null {
    return this.rows.get(row) ?? null;
  }

  folded(row: number): number[] {
    const g = this.rows.get(row);
    if (!g || g.classList.contains('open')) return [row];
    return [...new Set([row, ...numberList(g.dataset.fold)])];
  }

  /** All folds, open or not, by their first message. */
  folds(): number[] {
    return [...new Set(this.foldHead.values())];
  }

  /** The first message of the fold that the row belongs to; null where it belongs to none. */
  foldOf(row: number): number | null {
    return this.foldHead.get(row) ?? null;
  }

  hit(target: EventTarget | null): number | null {
    const g = target instanceof Element ? target.closest<SVGGElement>('g.m[data-m]') : null;
    return g ? Number(g.dataset.m) : null;
  }

  aim(row: number): number {
    const g = this.rows.get(row);
    const arrow = g?.querySelector('.arrow') ?? g;
    const box = arrow?.getBoundingClientRect();
    return box ? box.left + box.width / 2 : 0;
  }

  gutter(): number {
    const left = this.canvas.lastElementChild?.getBoundingClientRect().left ?? 0;
    const view = this.host.getBoundingClientRect().left;
    return Math.max(view, this.host.scrollLeft > 2 ? view : left) + this.gutterPx * this.zoom;
  }

  reveal(row: number): void {
    const g = this.rows.get(row);
    const box = g && this.hitBox(g);
    if (!box) return;
    const head = this.headPx * this.zoom;
    const to = reveal(box.y * this.zoom - head, box.h * this.zoom, this.host.scrollTop, this.host.clientHeight - head, 66);
    if (to !== null) this.host.scrollTop = to;
  }

  /** Dims everything that has nothing to do with the leg or device. */
  spot(spot: Spot): void {
    const svg = this.svg;
    if (!svg) return;
    const devices = new Set<string>();
    for (const g of this.rows.values()) {
      const lit = !spot || ('leg' in spot
        ? Number(g.dataset.leg) === spot.leg
        : Number(g.dataset.from) === spot.device || Number(g.dataset.to) === spot.device);
      g.classList.toggle('dim', !lit);
      if (lit && spot) {
        devices.add(g.dataset.from ?? '');
        devices.add(g.dataset.to ?? '');
      }
    }
    for (const el of [...svg.querySelectorAll<SVGElement>('.life'), ...(this.headsSvg?.querySelectorAll<SVGElement>('.head') ?? [])]) {
      el.classList.toggle('dim', !!spot && !devices.has(el.dataset.device ?? ''));
      el.classList.toggle('hover', !!spot && 'device' in spot && Number(el.dataset.device) === spot.device);
    }
    const on = (row: number) => !this.rows.get(row)?.classList.contains('dim');
    for (const [from, to, p] of this.prompts) {
      p.classList.toggle('dim', !!spot && !(on(from) && on(to)));
    }
  }

  /** Lights the curves that join the given messages, and their rows. */
  chain(messages: number[]): void {
    for (const [el, cls] of this.lit) el.classList.remove(cls);
    this.lit = [];
    const on = new Set(messages.map((n) => this.rowOf(n)).filter((n): n is number => n !== null));
    if (on.size < 2) return;
    for (const n of on) this.light(this.rows.get(n), 'chain');
    for (const [from, to, p] of this.prompts) {
      if (on.has(from) && on.has(to)) this.light(p, 'hover');
    }
  }

  private light(el: Element | undefined, cls: string): void {
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
