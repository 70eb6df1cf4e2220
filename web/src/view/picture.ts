// picture.ts: the picture that the server drew (docs/ladder.md), taken in and understood: its rows, folds, curves
// and heads. Nothing here touches the page, and nothing asks the browser where anything stands.
import type { LadderIndex } from '../lib/model.js';
import { numberList } from '../lib/safe.js';
import { s } from './dom.js';

/** Parses a picture. Whatever could act (scripts, handlers, links) is not taken over, though the content policy of
 *  the page would stop it too. */
export function readPicture(text: string): SVGSVGElement | null {
  const doc = new DOMParser().parseFromString(text, 'image/svg+xml');
  const root = doc.documentElement;
  if (root.nodeName !== 'svg' || doc.querySelector('parsererror')) return null;
  const svg = root as unknown as SVGSVGElement;
  // a look at the text saves a walk through tens of thousands of elements
  if (/\bon\w+\s*=|href|<\s*(script|foreignObject|a|image|use|style)\b/i.test(text)) cleanPicture(svg);
  return document.adoptNode(svg);
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

export interface PictureRow {
  n: number; // its first message
  g: SVGGElement | null; // null: not fetched
  time: SVGGElement | null; // a copy of its time, made when the picture is scrolled sideways
  leg: number;
  from: number; // devices
  to: number;
  y: number; // of its upper edge
  h: number;
  fold: number[]; // the messages that share it
}

export type Prompt = [from: number, to: number, curve: Element]; // rows

/** What of a long picture is fetched at once, in rows. The server draws the first piece of this size. */
export const PIECE = 128;

interface Piece {
  gaps: Element[];
  prompts: string[]; // keys
}

const number = (el: Element | null, name: string) => Number(el?.getAttribute(name) ?? 0);

/** A picture: whole, or the frame of a long one whose rows come in pieces, and an index that says where all of them stand. */
export class Picture {
  readonly rows: PictureRow[] = []; // top to bottom
  readonly byN = new Map<number, PictureRow>();
  readonly rowOfMessage = new Map<number, number>();
  readonly foldHead = new Map<number, number>();
  readonly lifes: SVGElement[];
  readonly rowGroup: Element;
  readonly heads: SVGSVGElement; // of their own, so that they can stay in view
  readonly width: number;
  readonly height: number;
  readonly head: number; // height of the heads
  readonly gutter: number; // where the times end
  readonly version: string | null; // null: it is whole
  private readonly behind: [gaps: Element | null, prompts: Element | null];
  private readonly curves = new Map<string, { prompt: Prompt; pieces: number }>();
  private readonly pieces = new Map<number, Piece>();

  constructor(readonly svg: SVGSVGElement, index: LadderIndex | null = null) {
    this.head = Number(svg.getAttribute('data-head')) || 56;
    const box = (svg.getAttribute('viewBox') ?? '').split(/\s+/).map(Number);
    this.width = box[2] || number(svg, 'width');
    this.height = box[3] || number(svg, 'height');
    this.version = index?.version ?? null;
    this.rowGroup = svg.querySelector('g.rows') ?? svg;
    this.behind = [svg.querySelector('g.gaps'), svg.querySelector('g.prompts')];
    const drawn = [...svg.querySelectorAll<SVGGElement>('g.m')];
    // times end at their x
    this.gutter = 8 + drawn.reduce((most, g) => Math.max(most, number(g.querySelector('.time'), 'x')), 0);
    if (index) this.readIndex(index);
    else for (const g of drawn) this.add(g);
    this.lifes = [...svg.querySelectorAll<SVGElement>('.life')];
    svg.setAttribute('role', 'group');
    svg.setAttribute('aria-label', 'Ladder of messages');
    svg.querySelector(':scope > title')?.remove();
    this.heads = this.liftHeads();
    if (index) {
      this.take(svg);
    } else {
      for (const p of svg.querySelectorAll<SVGElement>('.prompt')) this.curves.set(keyOf(p), { prompt: this.promptOf(p), pieces: 1 });
    }
  }

  get prompts(): Prompt[] {
    return [...this.curves.values()].map((c) => c.prompt);
  }

  private promptOf(p: SVGElement): Prompt {
    const row = (end: 'from' | 'to') => this.rowOfMessage.get(Number(p.dataset[end])) ?? 0;
    return [row('from'), row('to'), p];
  }

  // ---- rows of a whole picture -----------------------------------------------------------------

  private add(g: SVGGElement): void {
    const n = Number(g.dataset.m);
    const hit = g.querySelector('.hit');
    const fold = numberList(g.dataset.fold);
    const open = g.classList.contains('open');
    this.addRow({
      n, g: untitled(g), time: null, leg: Number(g.dataset.leg), from: Number(g.dataset.from), to: Number(g.dataset.to),
      y: number(hit, 'y'), h: number(hit, 'height'), fold: open ? [n] : [...new Set([n, ...fold])],
    });
    for (const m of fold) this.foldHead.set(m, n);
  }

  private addRow(row: PictureRow): void {
    this.rows.push(row);
    this.byN.set(row.n, row);
    for (const m of row.fold) if (!this.rowOfMessage.has(m)) this.rowOfMessage.set(m, row.n);
  }

  // ---- a long one ----------------------------------------------------------------------------------

  private readIndex(x: LadderIndex): void {
    const folds = new Map(x.folds.map((f) => [f[0]!, f]));
    for (const f of [...x.folds, ...x.open]) for (const m of f) this.foldHead.set(m, f[0]!);
    const open = new Set(x.open.map((f) => f[0]!));
    x.n.forEach((n, i) => this.addRow({
      n, g: null, time: null, leg: x.leg[i]!, from: x.from[i]!, to: x.to[i]!, y: x.y[i]!, h: x.row_height,
      fold: open.has(n) ? [n] : folds.get(n) ?? [n],
    }));
  }

  has(piece: number): boolean {
    return this.version === null || this.pieces.has(piece);
  }

  /** Takes over the rows of a piece. False: it belongs to another version of the call. */
  take(svg: SVGSVGElement): boolean {
    if (svg.dataset.version !== this.version) return false;
    const piece = Math.floor(Number(svg.dataset.first) / PIECE);
    if (this.pieces.has(piece)) return true;
    for (const g of svg.querySelectorAll<SVGGElement>('g.m')) {
      const row = this.byN.get(Number(g.dataset.m));
      if (row) row.g = untitled(g);
      g.remove();
    }
    const gaps = [...svg.querySelectorAll('g.gap')];
    const prompts = [...svg.querySelectorAll<SVGElement>('.prompt')];
    for (const el of [...gaps, ...prompts]) el.remove();
    for (const p of prompts) {
      const key = keyOf(p);
      const known = this.curves.get(key); // a long one comes with each piece that it passes
      if (known) known.pieces++;
      else {
        this.curves.set(key, { prompt: this.promptOf(p), pieces: 1 });
        this.behind[1]?.append(p);
      }
    }
    this.behind[0]?.append(...gaps);
    this.pieces.set(piece, { gaps, prompts: prompts.map(keyOf) });
    return true;
  }

  /** Forgets the pieces that are far from these, once there are many. */
  forgetBut(first: number, last: number, most: number): void {
    if (this.pieces.size <= most) return;
    const far = (k: number) => Math.max(first - k, k - last, 0);
    const order = [...this.pieces.keys()].sort((a, b) => far(b) - far(a));
    for (const k of order.slice(0, this.pieces.size - Math.ceil(most / 2))) {
      if (far(k) === 0) break;
      for (const row of this.rows.slice(k * PIECE, (k + 1) * PIECE)) row.g = row.time = null;
      for (const key of this.pieces.get(k)!.prompts) {
        const c = this.curves.get(key);
        if (c && --c.pieces === 0) {
          c.prompt[2].remove();
          this.curves.delete(key);
        }
      }
      for (const el of this.pieces.get(k)!.gaps) el.remove();
      this.pieces.delete(k);
    }
  }

  private liftHeads(): SVGSVGElement {
    const lifted = s('svg', {
      class: this.svg.getAttribute('class') ?? 'ladder', viewBox: `0 0 ${this.width} ${this.head}`, role: 'group', 'aria-label': 'Devices',
    });
    const heads = this.svg.querySelector('g.heads');
    if (!heads) return lifted;
    for (const g of heads.querySelectorAll('.head')) {
      const x = number(g.querySelector('.name'), 'x');
      g.prepend(s('rect', { class: 'hit', x: x - 44, y: 0, width: 88, height: this.head - 2 })); // easy to point at
    }
    const copy = heads.cloneNode(true) as SVGGElement; // on paper nothing is sticky
    copy.classList.add('print-only');
    heads.replaceWith(copy);
    lifted.append(heads);
    return lifted;
  }

  /** An empty copy of the gutter, for the times of a picture that is scrolled sideways. */
  times(): SVGSVGElement {
    return s('svg', {
      class: 'ladder gutter', 'aria-hidden': 'true', viewBox: `0 ${this.head} ${this.gutter} ${this.height - this.head}`,
    }, s('rect', { class: 'gutter-bg', x: 0, y: 0, width: this.gutter, height: this.height }), s('g'));
  }
}

const keyOf = (p: SVGElement) => `${p.dataset.from} ${p.dataset.to}`;

/** The name of a row as a label: as a title the browser would lay its own tooltip over the picture. */
function untitled(g: SVGGElement): SVGGElement {
  const title = g.querySelector(':scope > title');
  if (title) {
    g.setAttribute('aria-label', title.textContent ?? '');
    title.remove();
  }
  return g;
}

/** The copy of a row's time. */
export function timeCopy(row: PictureRow): SVGGElement | null {
  const t = row.g?.querySelector('.time');
  if (t && !row.time) row.time = s('g', { class: row.g!.classList.contains('same') ? 'same' : null }, t.cloneNode(true));
  return row.time;
}
