import type { Row } from '../src/lib/rows.js';
import { Spans, spansOf, type Span } from '../src/lib/spans.js';
import { isoTime } from '../src/lib/time.js';
import { RowSet } from '../src/lib/rows.js';
import { equal, numbers, ok, test } from './tap.js';

const row = (id: string, start: number): Row => ({
  id, kind: 'call', start, from: '1', to: '2', state: 'answered', status: 200, reason: '', ring: 1, talk: 2, precision: 1, legs: 1, messages: 7, devices: [],
  problems: 0, worst: '', firstProblem: '',
});
const span = (low: number, high: number, count: number, rows: Row[] | null = null): Span => ({ low, high, count, rows: rows && new RowSet(rows) });
const part = (after: number | null, before: number, count: number) => ({ after: after === null ? null : isoTime(after), before: isoTime(before), count });

test('rows have numbers long before they are loaded', () => {
  const s = new Spans([span(900, Infinity, 2, [row('a', 950), row('b', 900)]), span(500, 900, 1000), span(0, 500, 50)]);
  equal([s.count, s.row(0)?.id, s.row(1)?.id, s.row(2), s.row(1052)], [1052, 'a', 'b', null, null]);
  equal([s.at(1001)!.start, s.at(1002)!.start, s.at(1052)], [2, 1002, null]);
  equal(s.missing(0, 2).length, 0);
  equal(s.missing(0, 3).map((x) => x.count), [1000]);
  equal(s.missing(1001, 1003).map((x) => x.count), [1000, 50]);
});
test('what is cut keeps its place; what is filled corrects the count', () => {
  const s = new Spans([span(500, Infinity, 0, []), span(0, 500, 100)]);
  const [, old] = s.spans as [Span, Span];
  ok(s.cut(old, spansOf([part(400, 500, 40), part(100, 200, 60)], 0, 500)), 'it is there');
  equal(s.count, 100);
  equal(s.at(40)!.span.high, 200, 'times without a call have no rows');
  s.fill(s.at(0)!.span, Array.from({ length: 39 }, (_, i) => row(`r${i}`, 400 + i)));
  equal([s.count, s.row(0)?.id, s.row(38)?.id, s.row(39)], [99, 'r38', 'r0', null]);
  ok(!s.cut(old, []), 'it has gone');
});
test('calls that come in go where they belong, and nowhere when that is not loaded', () => {
  const s = new Spans([span(900, Infinity, 1, [row('a', 950)]), ...spansOf([part(500, 600, 10)], 0, 900)]);
  s.put(row('new', 999));
  s.put(row('gap', 700));
  s.put(row('old', 550));
  equal([s.count, s.row(0)?.id, s.row(1)?.id, s.row(2)?.id], [13, 'new', 'a', 'gap']);
  equal([s.takes(row('x', 10)), s.takes(row('x', 550))], [true, false]);
  s.put(row('a', 20));
  equal([s.count, s.row(12)?.id], [13, 'a'], 'a start that moves');
  s.drop('new');
  s.drop('nobody');
  equal([s.count, s.has('new'), s.find('gap')?.start], [12, false, 700]);
});
test('far rows are forgotten, their number is not', () => {
  const s = new Spans([span(1e6, Infinity, 0, []), ...Array.from({ length: 100 }, (_, i) => span((99 - i) * 100, (100 - i) * 100, 100))]);
  for (let i = 0; i < 100; i++) s.fill(s.spans[i + 1]!, Array.from({ length: 100 }, (_, k) => row(`${i}-${k}`, (99 - i) * 100 + k)));
  s.forgetBut(5000, 5040, 2000);
  ok(s.loaded <= 2000 && s.row(5000) !== null && s.row(5039) !== null, `${s.loaded} are held`);
  equal([s.count, s.row(9999)], [10000, null]);
});
test('as many rows as calls, whatever is cut, filled and forgotten', () => {
  const next = numbers(3);
  const calls = Array.from({ length: 3000 }, (_, i) => row(`c${i}`, 1 + next(100000))).sort((a, b) => b.start - a.start || (a.id < b.id ? 1 : -1));
  const within = (x: Span) => calls.filter((r) => r.start >= x.low && r.start < x.high);
  const s = new Spans([span(0, Infinity, 3000)]);
  for (let step = 0; step < 400; step++) {
    const at = next(3000);
    const { span: x, start } = s.at(at)!;
    if (x.rows) {
      ok(s.row(at)?.id === calls[at]!.id, `row ${at}`);
      ok(start <= at, 'its stretch');
    } else if (x.count > 80) {
      const high = Math.min(x.high, 100001);
      const cuts = [high, ...Array.from({ length: 3 }, () => x.low + next(high - x.low)).sort((a, b) => b - a), x.low];
      const parts = cuts.slice(1).map((low, i) => part(low || null, cuts[i]!, within(span(low, cuts[i]!, 0)).length)).filter((p) => p.count > 0);
      s.cut(x, spansOf(parts, x.low, x.high));
    } else s.fill(x, within(x));
    if (step % 50 === 49) s.forgetBut(at, at + 20, 300);
    ok(s.count === 3000, `${s.count} after ${step}`);
  }
});
