import { follow, placeCard, reveal, scrollFor, TALLEST, windowOf } from '../src/lib/geometry.js';
import { equal, numbers, ok, test } from './tap.js';

const view = { x: 0, y: 48, w: 1024, h: 720 };

test('a card goes under its row where it fits', () => {
  equal(placeCard({ x: 0, y: 200, w: 1000, h: 22 }, { w: 500, h: 300 }, view, 100, 600), { x: 350, y: 228, w: 500, maxH: 532, side: 'below' });
});
test('else above, where there is more room', () => {
  const p = placeCard({ x: 0, y: 600, w: 1000, h: 22 }, { w: 500, h: 300 }, view, 100, 600);
  equal([p.side, p.y], ['above', 294]);
});
test('a card never covers its row nor the time gutter, and stays in view', () => {
  const next = numbers(5);
  for (let k = 0; k < 3000; k++) {
    const row = { x: -next(300), y: 48 + next(700), w: 1400, h: 22 };
    const p = placeCard(row, { w: 100 + next(900), h: 20 + next(1500) }, view, next(200), next(1400) - 100);
    const h = p.maxH;
    const bottom = p.side === 'below' ? p.y : p.y;
    ok(p.side === 'below' ? p.y >= row.y + row.h : bottom + Math.min(h, row.y - p.y - 6) <= row.y, 'over its row');
    ok(p.x >= 8 && p.x + p.w <= view.w - 8 + 1e-9, 'out of view');
  }
  const p = placeCard({ x: 0, y: 300, w: 1400, h: 22 }, { w: 500, h: 100 }, view, 180, 190);
  equal(p.x, 180, 'the gutter');
});
test('scrolling into view', () => {
  equal(reveal(500, 22, 0, 400, 60), 182);
  equal(reveal(100, 22, 0, 400, 60), null);
  equal(reveal(10, 22, 200, 400, 60), 0);
  equal(reveal(500, 22, 100, 40, 60), 491, 'a view smaller than the margins');
});
test('a window of rows', () => {
  const at = (y: number) => ({ scroll: y, at: y });
  equal(windowOf(at(0), 360, 36, 5, 10), { first: 0, last: 5, top: 0, height: 180 });
  equal(windowOf(at(3600), 360, 36, 1000, 2), { first: 96, last: 112, top: 3456, height: 36000 });
  equal(windowOf(at(0), 360, 36, 0, 2), { first: 0, last: 0, top: 0, height: 0 });
  equal(windowOf({ scroll: 35700, at: 35640 }, 360, 36, 1000, 2).top, 984 * 36, 'what stands below the rows moves none of them');
});
const MILLION = 1_000_000;
test('a million rows: few are drawn, every one can be reached', () => {
  const h = 720;
  const end = windowOf(follow({ scroll: 0, at: 0 }, TALLEST - h, h, 36, MILLION), h, 36, MILLION, 10);
  equal(end.last, MILLION);
  ok(Math.abs(end.top + (end.last - end.first) * 36 - TALLEST) < 1, 'the last row ends at the bottom');
  for (const i of [0, 1, 77_777, 500_000, 999_980]) {
    const scroll = scrollFor(i * 36, h, 36, MILLION);
    const w = windowOf({ scroll, at: i * 36 }, h, 36, MILLION, 10);
    ok(w.first <= i && i < w.last, `row ${i}`);
    ok(w.last - w.first < 60, 'too many rows');
    ok(Math.abs(w.top + (i - w.first) * 36 - scroll) < 1, `row ${i} is not at the top`);
    ok(Math.abs(follow({ scroll: i < 9 ? 1e6 : 0, at: 0 }, scroll, h, 36, MILLION).at - i * 36) < 0.01 || i === 1, 'there and back');
  }
});
test('a million rows: the wheel goes as far as in a short list, the bar leaps', () => {
  const h = 720;
  const here = { scroll: scrollFor(500_000 * 36, h, 36, MILLION), at: 500_000 * 36 };
  const wheel = follow(here, here.scroll + 120, h, 36, MILLION);
  equal(wheel.at - here.at, 120);
  equal(follow(wheel, wheel.scroll - 120, h, 36, MILLION).at, here.at, 'and back');
  ok(Math.abs(follow(here, (TALLEST - h) / 4, h, 36, MILLION).at - (MILLION * 36 - h) / 4) < 1, 'the bar');
  equal(follow(here, 0, h, 36, MILLION).at, 0, 'the top');
  equal(follow(here, TALLEST - h, h, 36, MILLION).at, MILLION * 36 - h, 'the end');
  equal(follow({ scroll: 0, at: 0 }, 500, h, 36, 1000).at, 500, 'a short list');
});
