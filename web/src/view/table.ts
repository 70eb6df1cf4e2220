// table.ts: the rows of the table of messages as a surface that can be pointed at.
import { reveal } from '../lib/geometry.js';
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
