import { chartOf, countWords, outline, slotAt, stepText, stretchOf, stretchText, summary, ticks } from '../src/lib/bars.js';
import type { Volume } from '../src/lib/model.js';
import { parseTime } from '../src/lib/time.js';
import { equal, ok, test } from './tap.js';

const us = (iso: string) => parseTime(iso)!;
const NOW = us('2026-07-26T18:00:00Z');
const HOUR: Volume = {
  total: 90, failed: 4, after: '2026-07-26T08:07:30Z', before: '2026-07-26T09:00:00Z', step: 900,
  bars: [{ at: '2026-07-26T08:15:00Z', count: 60, failed: 1 }, { at: '2026-07-26T08:45:00Z', count: 30, failed: 3 }],
};

test('bars without a call are there again', () => {
  const c = chartOf(HOUR)!;
  equal([c.count, c.failed, c.most], [[0, 60, 0, 30], [0, 1, 0, 3], 60]);
  equal(c.first, us('2026-07-26T08:00:00Z'), 'the first is cut by what was asked for');
  equal(stretchOf(c, 0, 0), [us('2026-07-26T08:07:30Z'), us('2026-07-26T08:15:00Z')]);
  equal(stretchOf(c, 1, 3), [us('2026-07-26T08:15:00Z'), us('2026-07-26T09:00:00Z')]);
});
test('what is estimated is said to be, in round numbers', () => {
  equal(countWords(32804, 1051, 'call', true), 'about 33,000 calls, 1,100 failed (3 %)');
  equal(countWords(0, 0, 'call', true), 'hardly any calls');
  equal(countWords(84, 3, 'call'), '84 calls, 3 failed (4 %)');
  equal([chartOf({ ...HOUR, estimated: true })!.about, chartOf(HOUR)!.about], [true, false]);
});
test('nothing to draw', () => {
  equal(chartOf({ total: null, bars: [] }), null);
  equal(chartOf({ total: 0, failed: 0, bars: [] }), null);
  const quiet = chartOf({ ...HOUR, total: 0, failed: 0, bars: [] })!;
  equal([quiet.count.length, quiet.most], [4, 1]);
  equal(outline(quiet, quiet.count), '');
});
test('a place is a slot, also at the edges', () => {
  const c = chartOf(HOUR)!;
  equal([-0.1, 0, 0.24, 0.25, 0.99, 1, 1.5].map((p) => slotAt(c, p)), [0, 0, 0, 1, 3, 3, 3]);
});
test('bars reach the top, stay in their slots, and never vanish', () => {
  const c = { ...chartOf(HOUR)!, count: new Array(50).fill(0), most: 1000 };
  c.count[7] = 1000;
  c.count[8] = 1;
  equal(outline(c, c.count), 'M7.080 100v-100.0h0.840v100.0zM8.080 100v-4.0h0.840v4.0z');
});
test('times of a stretch', () => {
  const text = (a: string, b: string, step: number) => stretchText(us(a), us(b), step * 1e6, 'utc', NOW);
  equal(text('2026-07-26T08:00:00Z', '2026-07-26T08:15:00Z', 900), 'today 08:00 – 08:15');
  equal(text('2026-07-25T23:00:00Z', '2026-07-26T01:00:00Z', 3600), 'yesterday 23:00 – today 01:00');
  equal(text('2014-07-26T08:54:02Z', '2014-07-26T08:54:03Z', 1), '26 Jul 2014 08:54:02 – 08:54:03');
  equal(text('2026-07-20T00:00:00Z', '2026-07-21T00:00:00Z', 86400), '20 Jul');
  equal(text('2026-07-20T00:00:00Z', '2026-07-26T00:00:00Z', 86400), '20 Jul – yesterday');
  equal([1, 900, 7200, 86400, 604800].map((s) => stepText(s * 1e6)), ['1 s', '15 min', '2 h', '1 day', '7 days']);
});
test('shares in words', () => {
  equal([[0, 0], [1, 0], [84, 3], [1000, 1], [1000, 999], [2, 2]].map(([n, f]) => countWords(n!, f!, 'call')), [
    'no calls', '1 call, none failed', '84 calls, 3 failed (4 %)', '1,000 calls, 1 failed (under 1 %)', '1,000 calls, 999 failed (over 99 %)', '2 calls, 2 failed (100 %)',
  ]);
});
test('the chart in words', () => {
  equal(summary(chartOf(HOUR)!, 'call', 'utc', NOW),
    'today 08:07 – 09:00: 90 calls, 4 failed (4 %). Busiest: today 08:15 – 08:30, 60 calls, 1 failed (2 %). Most failures: today 08:45 – 09:00, 3 of 30.');
  equal(summary(chartOf({ ...HOUR, total: 0, failed: 0, bars: [] })!, 'call', 'utc', NOW), 'today 08:07 – 09:00: no calls.');
});
test('the axis has few labels, at round times of the zone', () => {
  for (const [hours, zone] of [[1, 'utc'], [24, 60], [36, -210], [24 * 7, 60], [24 * 400, 'utc'], [24 * 4000, 0], [1 / 60, 'utc']] as const) {
    const c = { ...chartOf(HOUR)!, step: hours * 36e6, count: new Array(100).fill(1), failed: new Array(100).fill(0) };
    const list = ticks(c, zone);
    ok(list.length >= 1 && list.length <= 8, `${hours} h: ${list.length}`);
    ok(list.every(([p]) => p > 0 && p < 1), 'within');
    if (hours !== 36) equal(new Set(list.map(([, t]) => t)).size, list.length, `${hours} h: two are called the same`);
  }
  const day = { ...chartOf(HOUR)!, first: us('2026-07-25T22:00:00Z'), step: 15 * 60e6, count: new Array(96).fill(1), failed: new Array(96).fill(0) };
  equal(ticks(day, 60).map(([, t]) => t), ['26 Jul', '03:00', '06:00', '09:00', '12:00', '15:00', '18:00', '21:00']);
});
