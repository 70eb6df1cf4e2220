// sip.ts: a SIP message as lines of coloured words. It colours, it does not judge: whatever it cannot
// read comes out as plain text, and the words of a line joined give the line again.
//
//   INVITE sip:201@… SIP/2.0      start    method uri plain
//   v: SIP/2.0/UDP …;branch=z9    header   name punct value param
//     more of it                  more     (a folded header goes on)
//                                 blank
//   m=audio 20420 RTP/AVP 8       sdp      key punct value      (or body: plain)
import { longName } from './headers.js';

export type Mark =
  | 'plain' | 'method' | 'code' | 'uri' | 'name' | 'punct' | 'value' | 'param' | 'branch' | 'tag' | 'callid' | 'key';

export interface Word {
  mark: Mark;
  text: string;
}

export interface Line {
  kind: 'start' | 'header' | 'more' | 'blank' | 'sdp' | 'body';
  name: string; // of a header in its long form, of an SDP line its letter
  text: string; // without the line end
  at: number; // offset in characters
  words: Word[];
}

const word = (mark: Mark, text: string): Word => ({ mark, text });

function startWords(text: string): Word[] {
  const status = /^(SIP\/\S+)( +)(\d{3})(.*)$/s.exec(text);
  if (status) {
    return [word('punct', status[1]! + status[2]!), word('code', status[3]!), word('code', status[4]!)];
  }
  const request = /^(\S+)( +)(.*?)( +SIP\/\S+\s*)$/s.exec(text);
  if (request) {
    return [word('method', request[1]!), word('plain', request[2]!), word('uri', request[3]!), word('punct', request[4]!)];
  }
  return [word('plain', text)];
}

// An address in <>, a parameter, a quoted string, or a run of anything else.
const PIECES = /<[^>]*>|"(?:[^"\\]|\\.)*"|[;,]\s*[\w.!%*+`'~-]+=(?:"(?:[^"\\]|\\.)*"|[^;,\s"<>]*)|[^<";,]+|./gs;
const PARAM = /^([;,]\s*)([^=]+)=(.*)$/s;
const LONGEST = 4000; // a longer value is no reading matter, and would cost time: it stays one word

function valueWords(name: string, text: string): Word[] {
  if (text.length > LONGEST) return [word('value', text)];
  if (name === 'Call-ID') {
    const lead = /^\s*/.exec(text)![0];
    const id = text.slice(lead.length);
    return [word('plain', lead), word('callid', id)];
  }
  if (name === 'CSeq') {
    const m = /^(\s*\d+\s+)(\S+)(.*)$/s.exec(text);
    if (m) return [word('value', m[1]!), word('method', m[2]!), word('plain', m[3]!)];
  }
  const out: Word[] = [];
  for (const piece of text.match(PIECES) ?? []) {
    const p = PARAM.exec(piece);
    if (p) {
      const key = p[2]!.toLowerCase();
      out.push(word('punct', p[1]!));
      if (key === 'branch' || key === 'tag' || key === 'from-tag' || key === 'to-tag') {
        out.push(word(key === 'branch' ? 'branch' : 'tag', p[2]! + '=' + p[3]!));
      } else {
        out.push(word('param', p[2]! + '='), word('value', p[3]!));
      }
    } else if (piece.startsWith('<')) {
      out.push(word('uri', piece));
    } else {
      out.push(word('value', piece));
    }
  }
  return out;
}

function headerLine(text: string, at: number): Line {
  const m = /^([^\s:]+)([ \t]*:)(.*)$/s.exec(text);
  if (!m) return { kind: 'header', name: '', text, at, words: [word('plain', text)] };
  const name = longName(m[1]!);
  return {
    kind: 'header',
    name,
    text,
    at,
    words: [word('name', m[1]!), word('punct', m[2]!), ...valueWords(name, m[3]!)],
  };
}

function bodyLine(text: string, at: number, sdp: boolean): Line {
  const m = sdp ? /^([a-z])(=)(.*)$/s.exec(text) : null;
  if (!m) return { kind: 'body', name: '', text, at, words: [word('plain', text)] };
  const rest = /^([\w-]+:)(.*)$/s.exec(m[3]!);
  const value =
    m[1] === 'a' && rest ? [word('param', rest[1]!), word('value', rest[2]!)] : [word('value', m[3]!)];
  return { kind: 'sdp', name: m[1]!, text, at, words: [word('key', m[1]!), word('punct', m[2]!), ...value] };
}

/** A body that opens with "v=0" is a session description, whatever the header calls it. */
function looksLikeSdp(rest: string): boolean {
  return /^v=\d/.test(rest);
}

export function readSip(raw: string): Line[] {
  const lines: Line[] = [];
  let at = 0;
  let inBody = false;
  let sdp = false;
  let name = '';
  while (at < raw.length) {
    let end = raw.indexOf('\n', at);
    if (end < 0) end = raw.length;
    const text = raw.slice(at, end > at && raw[end - 1] === '\r' ? end - 1 : end);
    if (lines.length === 0) {
      lines.push({ kind: 'start', name: '', text, at, words: startWords(text) });
    } else if (inBody) {
      lines.push(bodyLine(text, at, sdp));
    } else if (text === '') {
      inBody = true;
      sdp = looksLikeSdp(raw.slice(end + 1, end + 8));
      if (end + 1 < raw.length) lines.push({ kind: 'blank', name: '', text, at, words: [] });
    } else if (/^[ \t]/.test(text)) {
      lines.push({ kind: 'more', name, text, at, words: valueWords(name, text) });
    } else {
      const line = headerLine(text, at);
      name = line.name;
      lines.push(line);
    }
    at = end + 1;
  }
  while (lines.length > 1 && lines[lines.length - 1]!.text === '') lines.pop();
  return lines;
}

/** Notes come with offsets in bytes of UTF-8; strings have UTF-16. */
export function charOffset(raw: string, byte: number): number {
  let bytes = 0;
  for (let i = 0; i < raw.length; i++) {
    if (bytes >= byte) return i;
    const c = raw.charCodeAt(i);
    if (c < 0x80) bytes += 1;
    else if (c < 0x800) bytes += 2;
    else if (c >= 0xd800 && c < 0xdc00) {
      bytes += 4;
      i++;
    } else bytes += 3;
  }
  return raw.length;
}
