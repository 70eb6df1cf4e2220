import { align, compareMessages, compareWords, countDifferences } from '../src/lib/diff.js';
import { equal, numbers, ok, test } from './tap.js';

const msg = (...lines: string[]) => lines.join('\r\n') + '\r\n\r\n';
const show = (a: string, b: string) =>
  compareMessages(a, b).map((p) => `${p.same ? '=' : '≠'} ${p.left?.text ?? '-'} | ${p.right?.text ?? '-'}`);

test('a message and itself', () => {
  const m = msg('INVITE sip:1 SIP/2.0', 'Via: a', 'Via: b', 'To: c') + 'v=0\r\na=x\r\n';
  equal(countDifferences(compareMessages(m, m)), 0);
});
test('headers are lined up by name, compact or not, in the order of the left', () => {
  equal(show(msg('A x SIP/2.0', 'To: 1', 'Call-ID: 2'), msg('A x SIP/2.0', 'i: 2', 't:1')),
    ['= A x SIP/2.0 | A x SIP/2.0', '= To: 1 | t:1', '= Call-ID: 2 | i: 2']);
});
test('a Via put on top is one new line', () => {
  equal(show(msg('A x SIP/2.0', 'Via: one'), msg('A x SIP/2.0', 'Via: two', 'Via: one')),
    ['= A x SIP/2.0 | A x SIP/2.0', '≠ - | Via: two', '= Via: one | Via: one']);
});
test('what only the right has follows its neighbour', () => {
  equal(show(msg('A x SIP/2.0', 'To: 1', 'Expires: 3'), msg('A x SIP/2.0', 'X-First: 0', 'To: 1', 'X-Own: 2', 'Expires: 3')),
    ['= A x SIP/2.0 | A x SIP/2.0', '≠ - | X-First: 0', '= To: 1 | To: 1', '≠ - | X-Own: 2', '= Expires: 3 | Expires: 3']);
});
test('bodies are compared by type of line', () => {
  const head = 'A x SIP/2.0\r\n\r\n';
  equal(show(head + 'v=0\r\nc=IN IP4 1\r\na=rtpmap:8 PCMA\r\na=ptime:20', head + 'v=0\r\nc=IN IP4 2\r\na=ptime:20\r\na=sendrecv'),
    ['= A x SIP/2.0 | A x SIP/2.0', '=  | ', '= v=0 | v=0', '≠ c=IN IP4 1 | c=IN IP4 2', '≠ a=rtpmap:8 PCMA | -', '= a=ptime:20 | a=ptime:20', '≠ - | a=sendrecv']);
});
test('nothing beside something', () => {
  equal(show('', 'A x SIP/2.0\r\nTo: 1\r\n'), ['≠ - | A x SIP/2.0', '≠ - | To: 1']);
  equal(compareMessages('', ''), []);
});
test('words inside a line', () => {
  const [l, r] = compareWords('<sip:1@192.0.2.2>;tag=a', '<sip:1@192.0.2.9>;tag=b');
  equal(l.filter((p) => p.changed).map((p) => p.text), ['2', 'a']);
  equal(r.filter((p) => p.changed).map((p) => p.text), ['9', 'b']);
});
test('every line and every character of both sides is kept', () => {
  const next = numbers(3);
  const names = ['Via', 'v', 'To', 'X', 'Call-ID', 'i'];
  const make = () => msg('A x SIP/2.0', ...Array.from({ length: next(9) }, () => `${names[next(6)]}: ${next(4)}`)) +
    Array.from({ length: next(6) }, () => `${'vcam'[next(4)]}=${next(3)}`).join('\r\n');
  for (let k = 0; k < 300; k++) {
    const [a, b] = [make(), make()];
    const pairs = compareMessages(a, b);
    const left = pairs.filter((p) => p.left).length;
    const lines = (t: string) => t.replace(/(\r\n)+$/, '').split('\r\n').length;
    equal(left, lines(a), a);
    equal(pairs.filter((p) => p.right).length, lines(b), b);
    for (const p of pairs) {
      if (!p.left || !p.right) continue;
      const [x, y] = compareWords(p.left.text, p.right.text);
      equal([x.map((w) => w.text).join(''), y.map((w) => w.text).join('')], [p.left.text, p.right.text]);
    }
  }
});
test('alignment is the longest there is', () => {
  const same = (x: string, y: string) => (x === y ? 1 : 0);
  equal(align([...'abcbdab'], [...'bdcaba'], same).length, 4);
  equal(align([], ['a'], same), []);
});
test('very long lines do not take long', () => {
  const start = Date.now();
  compareWords('a,'.repeat(20000), 'b,'.repeat(20000));
  const line = (c: string) => 'A x SIP/2.0\r\n\r\n' + `${c}\r\n`.repeat(20000);
  compareMessages(line('a'), line('b'));
  ok(Date.now() - start < 1500, `took ${Date.now() - start} ms`);
});
