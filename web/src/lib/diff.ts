// diff.ts: two messages side by side.
//
// Headers are aligned by name, since their order means nothing and each make of device has its own:
// the left message gives the order, and headers that only the right one has follow their neighbour.
// Where a name comes more than once (Via, Route), and in bodies, the longest common subsequence decides,
// so that a Via put on top shows as one new line. Inside a changed line words are compared.
import { readSip, type Line } from './sip.js';

export interface Pair {
  left: Line | null;
  right: Line | null;
  same: boolean;
}

export interface Piece {
  text: string;
  changed: boolean;
}

/** Index pairs of a longest common subsequence of weights; weight 0 never pairs. */
export function align<T>(a: T[], b: T[], weight: (x: T, y: T) => number): [number, number][] {
  const n = a.length;
  const m = b.length;
  const best: Float64Array[] = Array.from({ length: n + 1 }, () => new Float64Array(m + 1));
  for (let i = n - 1; i >= 0; i--) {
    for (let j = m - 1; j >= 0; j--) {
      const w = weight(a[i]!, b[j]!);
      const skip = Math.max(best[i + 1]![j]!, best[i]![j + 1]!);
      best[i]![j] = w > 0 ? Math.max(skip, w + best[i + 1]![j + 1]!) : skip;
    }
  }
  const pairs: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < n && j < m) {
    const here = best[i]![j]!;
    const w = weight(a[i]!, b[j]!);
    if (w > 0 && here === w + best[i + 1]![j + 1]!) pairs.push([i++, j++]);
    else if (here === best[i + 1]![j]!) i++;
    else j++;
  }
  return pairs;
}

/** The text that is compared: a compact name, and blanks around the colon, are no difference. */
function content(line: Line): string {
  if (line.kind !== 'header' || line.name === '') return line.text;
  return `${line.name}: ${line.text.slice(line.text.indexOf(':') + 1).trim()}`;
}

function pair(left: Line | null, right: Line | null): Pair {
  return { left, right, same: !!left && !!right && content(left) === content(right) };
}

/** Both lists in full, paired where `weight` says so; unpaired lines of the left come first. */
function merge(a: Line[], b: Line[], weight: (x: Line, y: Line) => number): Pair[] {
  const out: Pair[] = [];
  let i = 0;
  let j = 0;
  for (const [x, y] of [...align(a, b, weight), [a.length, b.length] as [number, number]]) {
    while (i < x) out.push(pair(a[i++]!, null));
    while (j < y) out.push(pair(null, b[j++]!));
    if (x < a.length) out.push(pair(a[i++]!, b[j++]!));
  }
  return out;
}

const equalFirst = (x: Line, y: Line) => (content(x) === content(y) ? 3 : 1);
const sameType = (x: Line, y: Line) =>
  content(x) === content(y) ? 4 : x.kind === y.kind && x.name === y.name && x.kind === 'sdp' && x.name !== 'a' ? 1 : attribute(x, y);

/** a=rtpmap:8 … and a=rtpmap:8 … are one line, changed; a=ptime and a=sendrecv are two. */
function attribute(x: Line, y: Line): number {
  const key = (l: Line) => /^a=[\w-]+(?::\d+)?/.exec(l.text)?.[0];
  return x.name === 'a' && y.name === 'a' && key(x) !== undefined && key(x) === key(y) ? 1 : 0;
}

interface Group {
  name: string;
  lines: Line[];
}

/** Headers by name in order of first appearance; a folded line stays with its header. */
function groups(lines: Line[]): Group[] {
  const out: Group[] = [];
  const byName = new Map<string, Group>();
  for (const line of lines) {
    const key = line.name.toLowerCase() || line.text;
    let g = byName.get(key);
    if (!g) {
      g = { name: key, lines: [] };
      byName.set(key, g);
      out.push(g);
    }
    g.lines.push(line);
  }
  return out;
}

function headerPairs(a: Line[], b: Line[]): Pair[] {
  const left = groups(a);
  const right = groups(b);
  const rightByName = new Map(right.map((g) => [g.name, g]));
  const known = new Set(left.map((g) => g.name));
  // what only the right has, after the name that it follows there
  const after = new Map<string, Group[]>();
  let before = '';
  for (const g of right) {
    if (known.has(g.name)) before = g.name;
    else after.set(before, [...(after.get(before) ?? []), g]);
  }
  const out: Pair[] = [];
  const follow = (name: string) => {
    for (const g of after.get(name) ?? []) out.push(...g.lines.map((l) => pair(null, l)));
  };
  follow('');
  for (const g of left) {
    const other = rightByName.get(g.name);
    out.push(...merge(g.lines, other?.lines ?? [], equalFirst));
    follow(g.name);
  }
  return out;
}

const isHead = (l: Line) => l.kind === 'header' || l.kind === 'more';
const isBody = (l: Line) => l.kind === 'sdp' || l.kind === 'body';
const MOST = 600; // lines of a body that are compared; beyond that line by line

export function compareMessages(left: string, right: string): Pair[] {
  const a = readSip(left);
  const b = readSip(right);
  const out: Pair[] = [];
  if (a[0] || b[0]) out.push(pair(a[0] ?? null, b[0] ?? null));
  out.push(...headerPairs(a.filter(isHead), b.filter(isHead)));
  const blank = (l: Line) => l.kind === 'blank';
  if (a.some(blank) || b.some(blank)) out.push(pair(a.find(blank) ?? null, b.find(blank) ?? null));
  const x = a.filter(isBody);
  const y = b.filter(isBody);
  if (x.length > MOST || y.length > MOST) {
    for (let i = 0; i < Math.max(x.length, y.length); i++) out.push(pair(x[i] ?? null, y[i] ?? null));
  } else {
    out.push(...merge(x, y, sameType));
  }
  return out;
}

const WORDS = /[\p{L}\p{N}_]+|\s+|./gsu;

/** The words of two versions of a line, each marked where the other has something else. */
export function compareWords(left: string, right: string): [Piece[], Piece[]] {
  const a = left.match(WORDS) ?? [];
  const b = right.match(WORDS) ?? [];
  if (a.length * b.length > 250000) {
    return [[{ text: left, changed: true }], [{ text: right, changed: true }]];
  }
  // a long word that is kept says more than a separator that is
  const pairs = align(a, b, (x, y) => (x === y ? x.length : 0));
  const keptA = new Set(pairs.map((p) => p[0]));
  const keptB = new Set(pairs.map((p) => p[1]));
  return [pieces(a, keptA), pieces(b, keptB)];
}

function pieces(words: string[], kept: Set<number>): Piece[] {
  const out: Piece[] = [];
  words.forEach((text, i) => {
    // a separator between two changed words is changed with them: fewer, longer marks
    const lone = kept.has(i) && /^\W$/u.test(text) && !kept.has(i - 1) && !kept.has(i + 1) && i > 0 && i < words.length - 1;
    const changed = !kept.has(i) || lone;
    const last = out[out.length - 1];
    if (last && last.changed === changed) last.text += text;
    else out.push({ text, changed });
  });
  return out;
}

export function countDifferences(pairs: Pair[]): number {
  return pairs.filter((p) => !p.same).length;
}
