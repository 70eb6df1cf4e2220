// picture.ts: the picture that the server drew (docs/ladder.md), taken in and understood: its rows, folds, curves
// and heads. Nothing here touches the page, and nothing asks the browser where anything stands.
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
  g: SVGGElement;
  leg: number;
  from: number; // devices
  to: number;
  y: number; // of its upper edge
  h: number;
  fold: number[]; // the messages that share it
}

const number = (el: Element | null, name: string) => Number(el?.getAttribute(name) ?? 0);

export class Picture {
  readonly rows: PictureRow[] = []; // top to bottom
  readonly byN = new Map<number, PictureRow>();
  readonly rowOfMessage = new Map<number, number>();
  readonly foldHead = new Map<number, number>();
  readonly prompts: [from: number, to: number, curve: Element][]; // rows
  readonly lifes: SVGElement[];
  readonly rowGroup: Element;
  readonly heads: SVGSVGElement; // of their own, so that they can stay in view
  readonly width: number;
  readonly height: number;
  readonly head: number; // height of the heads
  readonly gutter: number; // where the times end

  constructor(readonly svg: SVGSVGElement) {
    this.head = Number(svg.getAttribute('data-head')) || 56;
    const box = (svg.getAttribute('viewBox') ?? '').split(/\s+/).map(Number);
    this.width = box[2] || number(svg, 'width');
    this.height = box[3] || number(svg, 'height');
    let gutter = 0;
    for (const g of svg.querySelectorAll<SVGGElement>('g.m')) {
      this.add(g);
      gutter = Math.max(gutter, number(g.querySelector('.time'), 'x')); // times end at their x
    }
    this.gutter = gutter + 8;
    this.rowGroup = svg.querySelector('g.rows') ?? svg;
    this.prompts = [...svg.querySelectorAll<SVGElement>('.prompt')].map((p) => [this.rowNumber(p, 'from'), this.rowNumber(p, 'to'), p]);
    this.lifes = [...svg.querySelectorAll<SVGElement>('.life')];
    svg.setAttribute('role', 'group');
    svg.setAttribute('aria-label', 'Ladder of messages');
    svg.querySelector(':scope > title')?.remove();
    this.heads = this.liftHeads();
  }

  private rowNumber(p: SVGElement, end: 'from' | 'to'): number {
    return this.rowOfMessage.get(Number(p.dataset[end])) ?? 0;
  }

  private add(g: SVGGElement): void {
    const n = Number(g.dataset.m);
    const title = g.querySelector(':scope > title');
    if (title) {
      g.setAttribute('aria-label', title.textContent ?? '');
      title.remove(); // else the browser lays its own tooltip over the picture
    }
    const hit = g.querySelector('.hit');
    const fold = numberList(g.dataset.fold);
    const open = g.classList.contains('open');
    const row: PictureRow = {
      n, g, leg: Number(g.dataset.leg), from: Number(g.dataset.from), to: Number(g.dataset.to), y: number(hit, 'y'), h: number(hit, 'height'),
      fold: open ? [n] : [...new Set([n, ...fold])],
    };
    this.rows.push(row);
    this.byN.set(n, row);
    for (const m of fold) this.foldHead.set(m, n);
    for (const m of row.fold) if (!this.rowOfMessage.has(m)) this.rowOfMessage.set(m, n);
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

  /** The times once more, for a picture that is scrolled sideways. */
  times(): SVGSVGElement {
    const copy = s('svg', {
      class: 'ladder gutter', 'aria-hidden': 'true', viewBox: `0 ${this.head} ${this.gutter} ${this.height - this.head}`,
    }, s('rect', { class: 'gutter-bg', x: 0, y: 0, width: this.gutter, height: this.height }));
    for (const { g } of this.rows) {
      const t = g.querySelector('.time');
      if (t) copy.append(s('g', { class: g.classList.contains('same') ? 'same' : null }, t.cloneNode(true)));
    }
    return copy;
  }
}
