import { answeredBy, bitsText, canLeave, confidenceText, decisionText, hungUpBy, legTimes, promptChain, relatedText, resultFacts, sureText, weighed } from '../src/lib/facts.js';
import type { Call, Leg, Message } from '../src/lib/model.js';
import { equal, test } from './tap.js';

const leg = (n: number, parent: number | null, to: string, extra: Partial<Leg> = {}): Leg => ({
  n, parent, call_id: 'c' + n, from_device: 'x', to_device: to, from: '', to: '', role: 'hop', state: 'answered', status: 200, messages: 1,
  confidence: 0.9, evidence: [], ...extra,
});
const msg = (n: number, at: string, legN: number, method: string, status: number | null, extra: Partial<Message> = {}): Message => ({
  n, time: `2014-07-26T07:54:${at}Z`, precision_us: 1, leg: legN, from_device: 'phone', to_device: 'pbx', src: '', dst: '', transport: 'udp',
  summary: '', status, method, retransmission_of: null, prompted_by: null, seen: [], raw: '', ...extra,
});
const call = (extra: Partial<Call>): Call => ({
  id: 'i', kind: 'call', start: null, from: '', to: '', state: 'answered', status: 200, setup_ms: 3438, ring_ms: 3000, duration_ms: 11200,
  devices: [], legs: [], problems: [], messages: [], ...extra,
});

test('who answered: past hops, not the recorder, not the fork that lost', () => {
  equal(answeredBy(call({
    legs: [leg(1, null, 'pbx'), leg(2, 1, 'recorder', { role: 'recording' }), leg(3, 1, 'office', { state: 'cancelled' }), leg(4, 1, 'home')],
  })), 'home');
  equal(answeredBy(call({ legs: [leg(1, null, 'pbx', { state: 'failed' })] })), null);
});
test('legs that point at each other do not hang the page', () => {
  equal(answeredBy(call({ legs: [leg(1, null, 'a'), leg(2, 1, 'b'), leg(3, 2, 'c')] })), 'c');
  equal(answeredBy(call({ legs: [leg(1, null, 'a'), leg(1, 1, 'a')] })), null);
});
test('the facts of an answered call', () => {
  const c = call({ legs: [leg(1, null, 'home')], messages: [msg(1, '05.000000', 1, 'BYE', null)] });
  equal(resultFacts(c).map((f) => f.text), ['answered by home after 3.4 s', 'talked 11.2 s', 'phone hung up']);
  equal(hungUpBy(c), 'phone');
});
test('whole seconds are said to be about', () => {
  const c = call({ legs: [leg(1, null, 'home')], messages: [msg(1, '05.000000', 1, 'INVITE', null, { precision_us: 1e6 })] });
  equal(resultFacts(c)[1]!.text, 'talked ≈\u00a011 s');
});
test('times of a leg from its messages', () => {
  const c = call({
    legs: [leg(1, null, 'a'), leg(2, 1, 'b', { ring_ms: 5, duration_ms: null })],
    messages: [
      msg(1, '00.000000', 1, 'INVITE', null), msg(2, '00.100000', 1, 'INVITE', 100), msg(3, '01.000000', 1, 'INVITE', 401), msg(4, '02.000000', 1, 'INVITE', 180),
      msg(5, '05.500000', 1, 'INVITE', 200), msg(6, '15.500000', 1, 'BYE', null),
    ],
  });
  equal([...legTimes(c)], [[1, { ring: '3.5 s', talk: '10.0 s' }], [2, { ring: '5 ms', talk: '' }]]);
});
test('chains of prompts, also in a circle', () => {
  const m = [msg(1, '00.000000', 1, 'A', null), msg(2, '00.000000', 1, 'A', null, { prompted_by: 1 }), msg(3, '00.000000', 1, 'A', null, { prompted_by: 2 })];
  equal(promptChain(m, 3), { causes: [2, 1], effects: [] });
  equal(promptChain(m, 1), { causes: [], effects: [2] });
  m[0]!.prompted_by = 3;
  equal(promptChain(m, 2).causes, [1, 3]);
});
test('nothing is certain', () => equal([confidenceText(1), confidenceText(0.9912), confidenceText(0.874), confidenceText(null)], ['>\u00a099.9\u00a0%', '99.1\u00a0%', '87\u00a0%', '']));

test('how sure, in the words of the terminal', () => {
  equal([0.99999, 0.9982, 0.994, 0.93, 0.5, 0.1].map(sureText),
    ['practically certain (99.99\u00a0%)', 'very likely (99.8\u00a0%)', 'very likely (99.4\u00a0%)', 'likely (93\u00a0%)', 'possible (50\u00a0%)', 'unlikely (10\u00a0%)']);
  equal(sureText(null), 'not weighed');
});
test('evidence: decided, for, against, the heaviest first', () => {
  const e = (bits: number | null) => ({ kind: 'k', text: 't', bits });
  const w = weighed([e(1), e(-4), e(9), e(null), e(-0.5)]);
  equal([w.by.map((x) => x.bits), w.pro.map((x) => x.bits), w.con.map((x) => x.bits)], [[null], [9, 1], [-4, -0.5]]);
  equal([bitsText(12.44), bitsText(-2)], ['+12.4', '\u22122.0']);
});
test('who may leave: not the first leg, not a hop of the same Call-ID', () => {
  const a = leg(1, null, 'x', { id: 'a' });
  const b = leg(2, 1, 'x', { id: 'b' });
  const hop = leg(3, 2, 'x', { id: 'c', call_id: 'c2' });
  const c = { legs: [a, b, hop] };
  equal([a, b, hop].map((l) => canLeave(l, c)), [false, true, false]);
  equal(canLeave(leg(2, 9, 'x', { id: 'b' }), c), false);
});
test('what was decided, in words', () => {
  const c = { legs: [leg(1, null, 'x', { id: 'a' }), leg(2, 1, 'x', { id: 'b' })] };
  const d = (kind: 'join' | 'split', l: string, other: string) => decisionText({ n: 1, kind, leg: l, other, who: '', at: null }, c);
  equal(d('join', 'b', 'a'), 'Leg 2 was joined to leg 1');
  equal(d('join', 'z', 'a'), 'A leg of another call was joined to leg 1');
  equal(d('split', 'z', 'a'), 'A leg was taken out of this call');
  equal(d('split', 'a', 'z'), 'Leg 1 was taken out of another call');
  equal(d('split', 'b', 'a'), 'Leg 2 was taken out of the call of leg 1');
  equal(relatedText('same-queue'), 'same queue');
  equal(relatedText('something-new'), 'something-new');
});
