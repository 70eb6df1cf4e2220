// table.ts: the rows of the table of messages as a surface that can be pointed at.
import { reveal } from '../lib/geometry.js';
import type { Message } from '../lib/model.js';
import type { Surface } from './ladder.js';

export class TableSurface implements Surface {
  constructor(readonly host: HTMLElement) {}

  private all(): HTMLElement[] {
    return [...this.host.querySelectorAll<HTMLElement>('tr[data-m]')];
  }

  order(): number[] {
    return this.all().map((tr) => Number(tr.dataset.m));
  }

  rowOf(n: number): number | null {
    return this.element(n) ? n : null;
  }

  element(row: number): HTMLElement | null {
    return this.host.querySelector<HTMLElement>(`tr[data-m="${Number(row)}"]`);
  }

  folded(row: number): number[] {
    return [row];
  }

  hit(target: EventTarget | null): number | null {
    const tr = target instanceof Element ? target.closest<HTMLElement>('tr[data-m]') : null;
    return tr ? Number(tr.dataset.m) : null;
  }

  aim(row: number): number {
    const box = this.element(row)?.getBoundingClientRect();
    return box ? box.left + Math.min(box.width, 900) / 2 : 0;
  }

  gutter(): number {
    const time = this.host.querySelector('tr[data-m] .time')?.getBoundingClientRect();
    return time ? time.right + 8 : this.host.getBoundingClientRect().left;
  }

  reveal(row: number): void {
    const tr = this.element(row);
    if (!tr) return;
    const head = this.host.querySelector('thead')?.getBoundingClientRect().height ?? 0;
    const top = tr.getBoundingClientRect().top - this.host.getBoundingClientRect().top + this.host.scrollTop - head;
    const to = reveal(top, tr.offsetHeight, this.host.scrollTop, this.host.clientHeight - head, 66);
    if (to !== null) this.host.scrollTop = to;
  }
}

const LINE = 17; // as legs.css has it for a long table
const REST = 11; // padding and border

/** The same where only the rows near the view are in the document. */
export class LongTableSurface extends TableSurface {
  arrived: () => void = () => {};
  private readonly tops: Float64Array; // of the rows, and the end
  private readonly numbers: number[];
  private readonly place: Map<number, number>;

  constructor(host: HTMLElement, messages: Message[]) {
    super(host);
    this.numbers = messages.map((m) => m.n);
    this.place = new Map(this.numbers.map((n, i) => [n, i]));
    this.tops = new Float64Array(messages.length + 1);
    messages.forEach((m, i) => (this.tops[i + 1] = this.tops[i]! + REST + LINE * Math.max(2, m.seen.length)));
  }

  topOf(row: number): number {
    return this.tops[Math.max(0, Math.min(this.numbers.length, row))]!;
  }

  /** The row at a height, below the head. */
  rowAt(y: number): number {
    let low = 0;
    let high = this.numbers.length - 1;
    while (low < high) {
      const mid = (low + high + 1) >> 1;
      if (this.tops[mid]! <= y) low = mid;
      else high = mid - 1;
    }
    return Math.max(0, low);
  }

  override order(): number[] {
    return this.numbers;
  }

  override rowOf(n: number): number | null {
    return this.place.has(n) ? n : null;
  }

  override reveal(row: number): void {
    const i = this.place.get(row);
    if (i === undefined) return;
    const head = this.host.querySelector('thead')?.getBoundingClientRect().height ?? 0;
    const to = reveal(this.topOf(i), this.topOf(i + 1) - this.topOf(i), this.host.scrollTop, this.host.clientHeight - head, 66);
    if (to !== null) this.host.scrollTop = to;
  }
}
