import { listOffset, placeCard, reveal, scrollFor, TALLEST, windowOf } from '../src/lib/geometry.js';
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
  equal(windowOf(0, 360, 36, 5, 10), { first: 0, last: 5, top: 0, height: 180 });
  equal(windowOf(3600, 360, 36, 1000, 2), { first: 98, last: 112, top: 3528, height: 36000 });
  equal(windowOf(0, 360, 36, 0, 2), { first: 0, last: 0, top: 0, height: 0 });
});
test('a million rows: few are drawn, every one can be reached', () => {
  const count = 1_000_000;
  const h = 720;
  equal(windowOf(0, h, 36, count, 10).first, 0);
  const end = windowOf(TALLEST - h, h, 36, count, 10);
  equal(end.last, count);
  ok(Math.abs(end.top + (end.last - end.first) * 36 - TALLEST) < 1, 'the last row ends at the bottom');
  for (const i of [0, 1, 77_777, 500_000, 999_980]) {
    const s = scrollFor(i * 36, h, 36, count);
    const w = windowOf(s, h, 36, count, 10);
    ok(w.first <= i && i < w.last, `row ${i}`);
    ok(w.last - w.first < 45, 'too many rows');
    ok(Math.abs(w.top + (i - w.first) * 36 - s) < 1, `row ${i} is not at the top`);
    ok(Math.abs(listOffset(s, h, 36, count) - i * 36) < 0.01, 'there and back');
  }
});
