import { charOffset, readSip } from '../src/lib/sip.js';
import { aboutHeader, longName } from '../src/lib/headers.js';
import { numberList, shown, shownLine } from '../src/lib/safe.js';
import { equal, numbers, ok, test } from './tap.js';

const INVITE = [
  'INVITE sip:201@203.0.113.81:2048;line=x3gz SIP/2.0', 'v: SIP/2.0/UDP 203.0.113.72:5060;branch=z9hG4bKbb62;rport',
  'f: "A; tag=no" <sip:1@192.0.2.2;x=y>;tag=719', 'i: CD7F@192.0.2.2', 'CSeq: 2 INVITE', 'Subject: one', '\ttwo', 'c: application/sdp', '',
  'v=0', 'a=rtpmap:8 PCMA/8000', '',
].join('\r\n');

const marks = (line: string, of: string) => readSip(`OPTIONS sip:x SIP/2.0\r\n${line}\r\n`)[1]!.words.filter((w) => w.mark === of).map((w) => w.text);

test('the words of a line are the line', () => {
  for (const l of readSip(INVITE)) equal(l.words.map((w) => w.text).join(''), l.text);
});
test('kinds of lines', () => {
  equal(readSip(INVITE).map((l) => l.kind).join(' '), 'start header header header header header more header blank sdp sdp');
});
test('a compact name keeps its letter and knows its name', () => {
  const via = readSip(INVITE)[1]!;
  equal([via.name, via.words[0]!.text], ['Via', 'v']);
  equal(longName('i'), 'Call-ID');
  equal(longName('X-Own'), 'X-Own');
  ok(aboutHeader('k').startsWith('Supported: '), 'the long name leads');
});
test('tag and branch are found, but not inside quotes or brackets', () => {
  equal(marks('f: "A; tag=no" <sip:1@h;tag=no>;tag=719', 'tag'), ['tag=719']);
  equal(marks('Via: SIP/2.0/UDP h;rport;branch=z9', 'branch'), ['branch=z9']);
});
test('status lines, and lines that are no SIP at all', () => {
  equal(readSip('SIP/2.0 180 Ringing\r\n')[0]!.words.map((w) => w.mark), ['punct', 'code', 'code']);
  equal(readSip('%PDF-1.4')[0]!.words, [{ mark: 'plain', text: '%PDF-1.4' }]);
  equal(readSip(''), []);
});
test('a header without a colon, bare LF, a folded header', () => {
  equal(readSip('A sip:b SIP/2.0\nnocolon\n x\n')[1]!.words, [{ mark: 'plain', text: 'nocolon' }]);
  equal(readSip(INVITE)[6]!.name, 'Subject');
});
test('an attribute of SDP is split at its colon', () => {
  equal(readSip(INVITE)[10]!.words.map((w) => w.text), ['a', '=', 'rtpmap:', '8 PCMA/8000']);
});
test('any bytes: nothing is lost, and it is done soon', () => {
  const next = numbers(7);
  const letters = 'aA:;,=<>"\\ \t\r\n@/0v\u202e\u0000é';
  for (let k = 0; k < 400; k++) {
    const text = Array.from({ length: next(200) }, () => letters[next(letters.length)]).join('');
    for (const l of readSip(text)) equal(l.words.map((w) => w.text).join(''), l.text, JSON.stringify(text));
  }
  const start = Date.now();
  for (const hard of ['\\"', '<', '"', ';a="', ',']) readSip('A sip:b SIP/2.0\r\nX: ' + hard.repeat(30000));
  ok(Date.now() - start < 1000, `took ${Date.now() - start} ms`);
});
test('offsets in bytes become offsets in characters', () => {
  equal([0, 1, 3, 4, 99].map((b) => charOffset('aé€', b)), [0, 1, 2, 3, 3]);
  equal(charOffset('😀x', 4), 2);
});
test('characters that hide or reorder become visible', () => {
  equal(shown('a\u0000b\u202ec\r\n\td'), 'a␀b⟨U+202E⟩c\r\n\td');
  equal(shownLine('a\r\nb\tc'), 'a b c');
  equal(shown('<script>é 你 \u{1f600}'), '<script>é 你 \u{1f600}');
});
test('numbers from attributes are numbers', () => {
  equal(numberList('12 15,18 x -3 1.5 "><script>'), [12, 15, 18]);
  equal(numberList(null), []);
});
