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
export const TALLEST = 16_000_000;
const BATCH = 8;

/** Where a list is: `at`, in pixels of the whole list, and where its scroll bar was when that was found out. */
export interface Place1D {
  scroll: number;
  at: number;
}

/** The scroll bar has moved to `scroll`. In a list that fits into a browser that is the place. In a taller one the bar stands for the
 *  whole: a leap of it is a leap in the list, but a short way (a turn of the wheel, a page) is as long in the list as it is on the screen. */
export function follow(was: Place1D, scroll: number, viewH: number, rowH: number, count: number): Place1D {
  const full = count * rowH;
  const most = Math.max(0, full - viewH);
  const clamp = (at: number) => Math.max(0, Math.min(most, at));
  if (full <= TALLEST) return { scroll, at: clamp(scroll) };
  const end = TALLEST - viewH;
  const by = scroll - was.scroll;
  if (Math.abs(by) < 2 * viewH && scroll > 0 && scroll < end) return { scroll, at: clamp(was.at + by) };
  return { scroll, at: clamp((scroll / end) * most) };
}

/** Where the scroll bar belongs when the list is at a place. */
export function scrollFor(at: number, viewH: number, rowH: number, count: number): number {
  const full = count * rowH;
  if (full <= TALLEST) return at;
  return (at / (full - viewH)) * (TALLEST - viewH);
}

/** Which of `count` rows to draw, and where: rows are put where the eye is, whatever the scroll bar says. They come and go by
 *  BATCH, so that most frames of a scroll draw nothing. */
export function windowOf(place: Place1D, viewH: number, rowH: number, count: number, over: number): Window {
  const height = Math.min(count * rowH, TALLEST);
  const first = Math.max(0, Math.floor((Math.floor(place.at / rowH) - over) / BATCH) * BATCH);
  const last = Math.min(count, Math.ceil((Math.ceil((place.at + viewH) / rowH) + over) / BATCH) * BATCH);
  const under = Math.min(place.scroll, height - viewH) - place.at; // how far the bar is from where a short list would have it
  return { first, last: Math.max(first, last), top: first * rowH + (count * rowH > TALLEST ? under : 0), height };
}
