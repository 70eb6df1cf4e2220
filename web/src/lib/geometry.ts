// geometry.ts: the arithmetic of places. No element is touched here.

export interface Box {
  x: number;
  y: number;
  w: number;
  h: number;
}

export interface Place {
  x: number;
  y: number;
  w: number;
  maxH: number;
  side: 'below' | 'above';
}

/** Where a card for a row goes: under it, or above it where there is more room; right of the time gutter,
 *  inside the view, and never over the row itself. `aim` is where the arrow is, from left. */
export function placeCard(row: Box, card: { w: number; h: number }, view: Box, gutter: number, aim: number): Place {
  const gap = 6;
  const left = Math.max(view.x + 8, gutter);
  const right = view.x + view.w - 8;
  const w = Math.min(card.w, Math.max(right - left, 0));
  const x = Math.max(left, Math.min(aim - w / 2, right - w));
  const below = view.y + view.h - (row.y + row.h) - gap - 8;
  const above = row.y - view.y - gap - 8;
  if (card.h <= below || below >= above) {
    return { x, y: row.y + row.h + gap, w, maxH: Math.max(below, 0), side: 'below' };
  }
  const h = Math.min(card.h, above);
  return { x, y: row.y - gap - h, w, maxH: Math.max(above, 0), side: 'above' };
}

/** Where to scroll so that [top, top + h] is in view with some room; null where it is already. */
export function reveal(top: number, h: number, scroll: number, viewH: number, room: number): number | null {
  const edge = Math.min(room, Math.max(0, (viewH - h) / 2));
  if (top - edge < scroll) return Math.max(0, top - edge);
  if (top + h + edge > scroll + viewH) return top + h + edge - viewH;
  return null;
}

export interface Window {
  first: number; // index of the first row to draw
  last: number; // one past the last
  top: number; // where the first row is put, in pixels of the scrolled box
  height: number; // of the scrolled box
}

/** Browsers stop at some 17 to 33 million pixels; past this height rows slide under the scroll bar. */
export const TALLEST = 8_000_000;

/** Which of `count` rows to draw. A list that is too tall for a browser gets a box of TALLEST pixels, and
 *  the position in the box is scaled to the position in the list. */
export function windowOf(scroll: number, viewH: number, rowH: number, count: number, over: number): Window {
  const full = count * rowH;
  const height = Math.min(full, TALLEST);
  const at = listOffset(scroll, viewH, rowH, count);
  const first = Math.max(0, Math.floor(at / rowH) - over);
  const last = Math.min(count, Math.ceil((at + viewH) / rowH) + over);
  return { first, last: Math.max(first, last), top: scroll - (at - first * rowH), height };
}

/** How far down in the list the top of the view is, in unscaled pixels. */
export function listOffset(scroll: number, viewH: number, rowH: number, count: number): number {
  const full = count * rowH;
  const height = Math.min(full, TALLEST);
  const most = Math.max(0, height - viewH);
  const s = Math.max(0, Math.min(scroll, most));
  return full <= TALLEST || most === 0 ? s : (s / most) * (full - viewH);
}

/** The scroll position that shows what `listOffset` said. */
export function scrollFor(offset: number, viewH: number, rowH: number, count: number): number {
  const full = count * rowH;
  if (full <= TALLEST) return offset;
  return (offset / (full - viewH)) * (TALLEST - viewH);
}
