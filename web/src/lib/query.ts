// query.ts: the search box, read only as far as the page needs it: to say which key it does not know and
// to put a key into it. The server does the searching.

export interface Term {
  key: string; // empty for a bare word
  value: string;
}

/** Keys of the search box with an example and what they look at: also the help beside it. */
export const QUERY_KEYS: [key: string, example: string, about: string][] = [
  ['from', 'from:01632960123', 'number or name of the caller'],
  ['to', 'to:0207946', 'number or name of the called'],
  ['number', 'number:0452', 'either of them, in whichever form it was written'],
  ['call-id', 'call-id:CD7FCD99B1766DA5', 'Call-ID of any of its legs'],
  ['ip', 'ip:203.0.113.81', 'address of any device in it'],
  ['device', 'device:boxless', 'name of a device'],
  ['ua', 'ua:snom', 'software of a device'],
  ['code', 'code:503, code:4xx', 'final code of any of its legs'],
  ['state', 'state:failed', 'answered, cancelled, failed, ringing, in-call, partial'],
  ['method', 'method:REFER', 'a method that occurs in it'],
  ['after', 'after:-1h', 'since when: a date, or so long ago'],
  ['before', 'before:2026-07-26T09:00Z', 'until when'],
  ['min', 'min:60', 'talked for so many seconds at least'],
  ['max', 'max:5', 'talked for so many seconds at most'],
  ['kind', 'kind:registration', 'registration, subscription, message, options, any'],
];

const KEYS = new Set(QUERY_KEYS.map((k) => k[0]));
const TERM = /(?:([A-Za-z_-]+):)?(?:"([^"]*)"?|(\S+))/g;

export function readQuery(q: string): Term[] {
  const terms: Term[] = [];
  for (const m of q.matchAll(TERM)) {
    const value = m[2] ?? m[3] ?? '';
    terms.push({ key: (m[1] ?? '').toLowerCase(), value });
  }
  return terms;
}

/** Things that look like a key and are none: sip:201@… is an address, and 10:30 is a time. */
export function unknownKeys(q: string): string[] {
  return readQuery(q)
    .map((t) => t.key)
    .filter((k) => k !== '' && !KEYS.has(k) && !['sip', 'sips', 'tel', 'urn', 'http', 'https'].includes(k));
}

/** The key that was most likely meant. */
export function nearestKey(key: string): string {
  let best = '';
  let least = 3;
  for (const k of KEYS) {
    const d = distance(key, k);
    if (d < least) [best, least] = [k, d];
  }
  return best;
}

function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, swap));
    }
    row = next;
  }
  return row[b.length]!;
}

/** Adds `key:` at the end, ready for the value. */
export function withKey(q: string, key: string): string {
  const start = q.trim();
  return `${start}${start ? ' ' : ''}${key}:`;
}
