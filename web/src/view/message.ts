// message.ts: one message in full: what it is, which way it went, who saw it, and its bytes in colours.
import { messageNumbered, promptChain } from '../lib/facts.js';
import { aboutHeader, aboutSdp, longName } from '../lib/headers.js';
import type { Call, Leg, Message, Note } from '../lib/model.js';
import { shown, shownLine } from '../lib/safe.js';
import { charOffset, readSip, type Line } from '../lib/sip.js';
import { clockText, decimalsFor, offsetText, parseTime, precisionText, type Zone } from '../lib/time.js';
import { add, copyButton, h, type Child } from './dom.js';

export interface Context {
  call: Call;
  zone: Zone;
}

export interface CardActions {
  pinned?: boolean;
  buttons?: Child; // beside the title
  goto?: (n: number) => void;
  folded?: number[]; // the messages that share the row
  unfold?: () => void;
}

const MOST_LINES = 1500; // a message of more lines than this is shown in part, and says so

export const colorClass = (leg: number) => `c${((leg - 1) % 24) + 1}`;

export function badge(leg: number): HTMLElement {
  return h('span', { class: `badge ${colorClass(leg)}`, title: `Leg ${leg}` }, leg);
}

export function legOf(call: Call, n: number): Leg | undefined {
  return call.legs.find((l) => l.n === n);
}

export function messageOf(call: Call, n: number): Message | undefined {
  return messageNumbered(call.messages, n);
}

/** "200 OK" and, since a bare 200 says little, "to INVITE". */
export function messageTitle(m: Message): Child[] {
  return [
    h('span', { class: 'summary' }, shownLine(m.summary)),
    m.status !== null && m.method ? h('span', { class: 'quiet' }, ` to ${shownLine(m.method)}`) : null,
  ];
}

function startOf(call: Call): number | null {
  return parseTime(call.messages[0]?.time) ?? parseTime(call.start);
}

/** "08:54:05.482" with no more decimals than the clock has earned. */
export function timeOf(m: Message, zone: Zone, most = 6): string {
  const us = parseTime(m.time);
  return us === null ? '' : clockText(us, zone, Math.min(most, decimalsFor(m.precision_us)));
}

export function offsetOf(call: Call, m: Message): string {
  const us = parseTime(m.time);
  const start = startOf(call);
  return us === null || start === null ? '' : offsetText(us - start, Math.min(3, decimalsFor(m.precision_us)));
}

function way(m: Message): Child[] {
  return [
    h('span', { class: 'device' }, shownLine(m.from_device ?? '?')),
    h('span', { class: 'arrow', 'aria-label': 'to' }, ' → '),
    h('span', { class: 'device' }, shownLine(m.to_device ?? '?')),
  ];
}

const VANTAGE: Record<string, string> = { sender: 'sent', receiver: 'received', wire: 'passed' };

function seenList(m: Message, zone: Zone): HTMLElement {
  return h('ul', { class: 'seen' }, m.seen.map((s) => {
    const us = parseTime(s.time);
    const precision = precisionText(s.precision_us);
    return h('li', null,
      h('span', { class: 'source' }, shownLine(s.source)),
      s.line ? h('span', { class: 'quiet' }, ` ${s.vantage === 'wire' ? 'frame' : 'line'} ${s.line}`) : null,
      h('span', { class: 'when' },
        `${VANTAGE[s.vantage ?? ''] ?? 'seen'} ${us === null ? 'at an unknown time' : clockText(us, zone, decimalsFor(s.precision_us))}`,
        precision ? h('span', { class: 'quiet', title: 'No finer than this clock' }, ` ${precision}`) : null));
  }));
}

function jump(n: number, call: Call, actions: CardActions): Child {
  const m = messageOf(call, n);
  const text = `${n}. ${shownLine(m?.summary ?? 'message')}`;
  return actions.goto
    ? h('button', { type: 'button', class: 'link', onclick: () => actions.goto!(n) }, text)
    : text;
}

function fact(name: string, ...value: Child[]): Child[] {
  return [h('dt', null, name), h('dd', null, value)];
}

/** The facts between title and bytes. */
export function messageFacts(m: Message, ctx: Context, actions: CardActions): HTMLElement {
  const { call, zone } = ctx;
  const chain = promptChain(call.messages, m.n);
  const cause = chain.causes[0];
  const problems = call.problems.filter((p) => p.message === m.n);
  return h('dl', { class: 'msg-facts' },
    problems.map((p) => fact('Problem', h('span', { class: `problem-text ${p.severity}` }, shown(p.text)))),
    fact('Addresses', h('span', { class: 'num' }, shownLine(m.src), h('span', { class: 'arrow' }, ' → '), shownLine(m.dst)),
      h('span', { class: 'quiet' }, ` ${shownLine(m.transport).toUpperCase()}`)),
    fact('Seen by', m.seen.length ? seenList(m, zone) : h('span', { class: 'quiet' }, 'not recorded')),
    m.notes?.length
      ? fact('Noted', m.notes.map((n) => h('div', { title: `at byte ${n.at}` }, shown(n.text))))
      : null,
    m.retransmission_of ? fact('Repeat of', jump(m.retransmission_of, call, actions)) : null,
    cause ? fact('Because of', jump(cause, call, actions)) : null,
    chain.effects.length
      ? fact('Led to', chain.effects.slice(0, 6).map((n, i) => [i ? ', ' : null, jump(n, call, actions)]))
      : null,
    actions.folded && actions.folded.length > 1
      ? fact('Folded', `${actions.folded.length} alike: `,
        actions.folded.map((n, i) => [i ? ', ' : null,
          actions.goto && n !== m.n
            ? h('button', { type: 'button', class: 'link', onclick: () => actions.goto!(n) }, n) : String(n)]),
        actions.unfold ? h('button', { type: 'button', class: 'link after', onclick: () => actions.unfold!() }, 'Unfold') : null)
      : null);
}

/** Draws the words of a line. `ranges` of characters get a mark of the given class. */
export function paintLine(line: Line, ranges: { from: number; to: number; cls: string }[] = []): Child[] {
  const out: Child[] = [];
  let at = 0;
  for (const w of line.words) {
    if (w.text === '') continue;
    const parts: Child[] = [];
    let from = 0;
    while (from < w.text.length) {
      const here = ranges.find((r) => r.from <= at + from && at + from < r.to);
      const next = here
        ? here.to
        : Math.min(...ranges.map((r) => r.from).filter((x) => x > at + from), Infinity);
      const to = Math.min(w.text.length, next - at);
      const text = shown(w.text.slice(from, to));
      parts.push(here ? h('mark', { class: here.cls }, text) : text);
      from = to;
    }
    at += w.text.length;
    if (w.mark === 'plain' || w.mark === 'value') {
      out.push(parts);
    } else if (w.mark === 'punct' && /^[;,]/.test(w.text)) {
      out.push(h('span', { class: 't-punct' }, parts), h('wbr')); // a line breaks best before a parameter
    } else {
      const compact = w.mark === 'name' && longName(w.text) !== w.text && w.text.length === 1;
      const about = w.mark === 'name' ? aboutHeader(w.text) : w.mark === 'key' ? aboutSdp(w.text) : '';
      out.push(h('span', { class: `t-${w.mark}${compact ? ' compact' : ''}`, title: about || null }, parts));
    }
  }
  return out;
}

export function lineClass(line: Line): string {
  return `sip-line sip-${line.kind}`;
}

/** The bytes, one block a line. */
export function sipText(m: Message): HTMLElement {
  if (m.raw === undefined) {
    return h('p', { class: 'quiet pad', role: 'status' }, 'Fetching its text…');
  }
  if (m.raw === '') {
    return h('p', { class: 'quiet pad' }, 'The bytes of this message are no longer kept.');
  }
  const lines = readSip(m.raw);
  const raw = m.raw;
  const notes = (m.notes ?? []).map((n) => noteRange(raw, n));
  const box = h('div', { class: 'sip', tabindex: 0, role: 'group', 'aria-label': 'The message as it was sent' });
  for (const line of lines.slice(0, MOST_LINES)) {
    const end = line.at + line.text.length;
    const ranges = notes
      .filter((r) => r.from < end && r.to > line.at)
      .map((r) => ({ from: r.from - line.at, to: r.to - line.at, cls: 'note' }));
    add(box, [h('div', { class: lineClass(line) }, line.text === '' ? '\u00a0' : paintLine(line, ranges))]);
  }
  if (lines.length > MOST_LINES) {
    add(box, [h('div', { class: 'quiet' }, `… and ${lines.length - MOST_LINES} more lines: copy the message to see them`)]);
  }
  if (m.cut) add(box, [h('div', { class: 'quiet' }, '… the capture holds no more of this message')]);
  return box;
}

function noteRange(raw: string, note: Note): { from: number; to: number } {
  const from = charOffset(raw, note.at);
  return { from, to: Math.max(from + 1, charOffset(raw, note.at + Math.max(1, note.n))) };
}

export function messageHead(m: Message, ctx: Context, buttons: Child): HTMLElement {
  return h('header', { class: 'msg-head' },
    badge(m.leg),
    h('h3', null, messageTitle(m)),
    h('div', { class: 'msg-buttons' }, buttons),
    h('div', { class: 'msg-way' }, way(m)),
    h('div', { class: 'msg-time num', title: timeOf(m, ctx.zone) },
      timeOf(m, ctx.zone, 3), h('span', { class: 'quiet' }, ` ${offsetOf(ctx.call, m)}`)));
}

export function copyMessage(m: Message): HTMLButtonElement {
  return copyButton('Copy the message', () => m.raw ?? '');
}

/** The whole card. */
export function messageCard(m: Message, ctx: Context, actions: CardActions = {}): HTMLElement {
  const label = `Message ${m.n}: ${shownLine(m.summary)}, leg ${m.leg}`;
  return h('article', { class: `msg ${colorClass(m.leg)}${actions.pinned ? ' pinned' : ''}`, 'aria-label': label, 'data-m': m.n },
    messageHead(m, ctx, actions.buttons),
    messageFacts(m, ctx, actions),
    sipText(m));
}

/** Call-ID of the message's leg, for the copy button. */
export function callIdOf(m: Message, call: Call): string {
  return legOf(call, m.leg)?.call_id ?? '';
}
