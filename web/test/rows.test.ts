import { resultText, resultTone, rowOf, rowOrder, RowSet, type Row } from '../src/lib/rows.js';
import type { CallSummary } from '../src/lib/model.js';
import { equal, numbers, ok, test } from './tap.js';

const row = (id: string, start: number, extra: Partial<Row> = {}): Row => ({
  id, kind: 'call', start, from: '1', to: '2', state: 'answered', status: 200, reason: '', ring: 1, talk: 2, precision: 1, legs: 1, messages: 7, devices: [],
  problems: 0, worst: '', firstProblem: '', ...extra,
});
const ids = (rows: Row[]) => rows.map((r) => r.id).join('');

const setOf = (rows: Row[], then: Row[] = [], gone: string[] = []) => {
  const set = new RowSet(rows);
  for (const r of then) set.put(r);
  for (const id of gone) set.drop(id);
  return set.rows;
};

test('newest first, whatever the order of arrival', () => {
  equal(ids(setOf([row('a', 5)], [row('c', 9), row('b', 7), row('d', 1)])), 'cbad');
});
test('a changed call takes the place of its old row', () => {
  const rows = setOf([row('a', 5), row('b', 3)], [row('b', 3, { talk: 99 })]);
  equal([ids(rows), rows[1]!.talk], ['ab', 99]);
});
test('a call whose start has moved is sorted again', () => equal(ids(setOf([row('a', 5), row('b', 3)], [row('b', 8)])), 'ba'));
test('calls that became part of another go', () => equal(ids(setOf([row('a', 5), row('b', 3)], [row('c', 4)], ['b', 'unknown'])), 'ac'));
test('the same calls in any order give the same list', () => {
  const next = numbers(11);
  const all = Array.from({ length: 60 }, (_, i) => row(String.fromCharCode(65 + i), next(20)));
  const want = ids([...all].sort(rowOrder));
  for (let k = 0; k < 50; k++) {
    const left = [...all];
    const set = new RowSet();
    while (left.length) for (const r of left.splice(next(left.length), 1 + next(3))) set.put(r);
    equal(ids(set.rows), want);
  }
  ok(new Set(want).size === 60, 'none lost');
});
test('a hundred thousand rows, and news among them', () => {
  const set = new RowSet();
  for (let i = 0; i < 100_000; i++) set.put(row('r' + i, 1e6 - i));
  for (let i = 0; i < 1000; i++) set.put(row('n' + i, 1e6 - i * 90));
  for (let i = 0; i < 1000; i++) set.put(row('r' + i * 7, 1e6 - i * 7, { talk: 1 }));
  ok(set.rows.length === 101_000, 'a row too many or too few');
  ok(set.rows.every((r, i) => i === 0 || rowOrder(set.rows[i - 1]!, r) < 0), 'out of order');
});
test('a row of a call', () => {
  const call = {
    id: 'x', kind: 'call', start: '2014-07-26T07:54:02.000001Z', from: 'a', to: 'b', state: 'failed', status: 486, setup_ms: null, ring_ms: 3, duration_ms: null,
    devices: [{ name: 'd', addresses: [] }], legs: [{ status: 486, reason: 'Busy Here' }], messages: 9,
    problems: [{ id: 'p', severity: 'info', text: 'i' }, { id: 'q', severity: 'error', text: 'e' }],
  } as unknown as CallSummary;
  const r = rowOf(call);
  equal([r.start, r.reason, r.worst, r.firstProblem, r.problems], [1406361242000001, 'Busy Here', 'error', 'e', 2]);
});
test('results in words', () => {
  equal([resultText('answered', 200), resultText('failed', 486), resultText('failed', null), resultText('in-call', 200), resultText('failed', 503)],
    ['answered', 'busy 486', 'no answer', 'talking', 'failed 503']);
  equal([resultText('failed', 403, 'registration'), resultText('answered', 200, 'registration')], ['refused 403', 'accepted']);
  equal([resultTone('failed', 486), resultTone('ringing', null), resultTone('cancelled', 487)], ['bad', 'live', 'quiet']);
});
