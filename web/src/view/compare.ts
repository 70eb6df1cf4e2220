// compare.ts: two messages side by side, differences marked by a sign, a colour and, inside a line, by word.
import { compareMessages, compareWords, countDifferences, type Pair, type Piece } from '../lib/diff.js';
import type { Message } from '../lib/model.js';
import type { Line } from '../lib/sip.js';
import { countText } from '../lib/time.js';
import { h, iconButton, type Child } from './dom.js';
import { copyMessage, lineClass, messageHead, paintLine, type Context } from './message.js';

/** Where the value of a header begins: names are not compared word by word. */
function valueStart(line: Line): number {
  return line.kind === 'header' && line.name ? line.text.indexOf(':') + 1 : 0;
}

function rangesOf(pieces: Piece[], start: number, cls: string): { from: number; to: number; cls: string }[] {
  const out = [];
  let at = start;
  for (const p of pieces) {
    if (p.changed) out.push({ from: at, to: at + p.text.length, cls });
    at += p.text.length;
  }
  return out;
}

function sign(p: Pair): [text: string, label: string, cls: string] {
  if (p.same) return ['', 'same', 'same'];
  if (!p.right) return ['−', 'only left', 'only-left'];
  if (!p.left) return ['+', 'only right', 'only-right'];
  return ['≠', 'differs', 'differs'];
}

function cell(line: Line | null, ranges: { from: number; to: number; cls: string }[], side: string): HTMLElement {
  if (!line) return h('td', { class: `cmp-${side} none` });
  return h('td', { class: `cmp-${side}` },
    h('div', { class: lineClass(line) }, line.text === '' ? '\u00a0' : paintLine(line, ranges)));
}

function row(p: Pair): HTMLElement {
  const [text, label, cls] = sign(p);
  let left: { from: number; to: number; cls: string }[] = [];
  let right: { from: number; to: number; cls: string }[] = [];
  if (p.left && p.right && !p.same) {
    const a = valueStart(p.left);
    const b = valueStart(p.right);
    const [x, y] = compareWords(p.left.text.slice(a), p.right.text.slice(b));
    left = rangesOf(x, a, 'was');
    right = rangesOf(y, b, 'is');
  }
  return h('tr', { class: cls },
    cell(p.left, left, 'left'),
    h('td', { class: 'cmp-sign' }, text ? h('span', { 'aria-label': label, title: label }, text) : null),
    cell(p.right, right, 'right'));
}

export interface CompareActions {
  unpin(n: number): void;
  swap(): void;
  close(): void;
}

export function compareView(a: Message, b: Message, ctx: Context, act: CompareActions): HTMLElement {
  const pairs = compareMessages(a.raw ?? '', b.raw ?? '');
  const n = countDifferences(pairs);
  const body = h('tbody', null, pairs.map(row));
  const view = h('section', { class: 'compare', 'aria-label': `Message ${a.n} beside message ${b.n}` });
  const only = h('input', { type: 'checkbox', id: 'only-differences' });
  only.addEventListener('change', () => view.classList.toggle('only-differences', only.checked));
  const buttons = (m: Message): Child => [
    copyMessage(m),
    iconButton('close', `Unpin message ${m.n}`, () => act.unpin(m.n)),
  ];
  view.append(
    h('div', { class: 'compare-bar' },
      h('strong', null, n === 0 ? 'The two messages are alike' : `${countText(n, 'line differs', 'lines differ')}`),
      h('label', { class: 'check' }, only, 'Only differences'),
      h('span', { class: 'quiet hint' }, 'Headers are lined up by name'),
      h('span', { class: 'grow' }),
      iconButton('swap', 'Swap sides', () => act.swap()),
      iconButton('close', 'Unpin both (Esc)', () => act.close())),
    h('div', { class: 'compare-scroll sip', tabindex: 0, role: 'group', 'aria-label': 'Differences' },
      h('table', { class: 'cmp' },
        h('thead', null, h('tr', null,
          h('th', { scope: 'col' }, messageHead(a, ctx, buttons(a))),
          h('th', { class: 'cmp-sign' }, h('span', { class: 'offscreen' }, 'Difference')),
          h('th', { scope: 'col' }, messageHead(b, ctx, buttons(b))))),
        body)));
  return view;
}
