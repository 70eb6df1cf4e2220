// facts.ts: what the page says about a call in its second line, worked out from the call itself.
import type { Call, Decision, Evidence, Leg, Message } from './model.js';
import { countText, parseTime, spanText } from './time.js';

/** The device that answered: down from the caller along the legs that were answered, past recorders. */
export function answeredBy(call: Call): string | null {
  let leg: Leg | undefined = call.legs.find((l) => l.parent === null && l.state === 'answered');
  const seen = new Set<number>();
  while (leg && !seen.has(leg.n)) {
    seen.add(leg.n);
    const n: number = leg.n;
    const next: Leg | undefined = call.legs.find(
      (l) => l.parent === n && l.role !== 'recording' && (l.state === 'answered' || l.state === 'in-call'),
    );
    if (!next) return leg.to_device;
    leg = next;
  }
  return null;
}

/** Who sent the first BYE of the call, and from which side. */
export function hungUpBy(call: Call): string | null {
  const bye = call.messages.find((m) => m.method === 'BYE' && m.status === null);
  return bye?.from_device ?? null;
}

/** The coarsest clock that had a part in the times of a call. */
export function coarsest(messages: Message[]): number {
  return messages.reduce((most, m) => Math.max(most, m.precision_us || 0), 0);
}

export interface Fact {
  text: string;
  strong?: boolean;
}

export function resultFacts(call: Call): Fact[] {
  const out: Fact[] = [];
  const precision = coarsest(call.messages);
  const ring = spanText(call.ring_ms, precision);
  const setup = spanText(call.setup_ms, precision);
  switch (call.state) {
    case 'answered':
    case 'in-call': {
      const by = answeredBy(call);
      const when = setup ? ` after ${setup}` : '';
      out.push({ text: by ? `answered by ${by}${when}` : `answered${when}`, strong: true });
      if (call.state === 'in-call') out.push({ text: 'still talking' });
      else if (call.duration_ms !== null) out.push({ text: `talked ${spanText(call.duration_ms, precision)}` });
      const who = hungUpBy(call);
      if (who) out.push({ text: `${who} hung up` });
      break;
    }
    case 'cancelled':
      out.push({ text: 'the caller gave up', strong: true });
      if (ring) out.push({ text: `rang ${ring}` });
      break;
    case 'failed': {
      const reason = call.legs.find((l) => l.status === call.status)?.reason;
      out.push({ text: call.status ? `failed with ${call.status}${reason ? ' ' + reason : ''}` : 'failed without an answer', strong: true });
      if (ring) out.push({ text: `rang ${ring}` });
      break;
    }
    case 'ringing':
      out.push({ text: 'ringing', strong: true });
      break;
    case 'partial':
      out.push({ text: 'only part of it was seen', strong: true });
      break;
  }
  return out;
}

export function sizeFacts(call: Call): string {
  return [
    countText(call.legs.length, 'leg'),
    countText(call.devices.length, 'device'),
    countText(call.messages.length, 'message'),
  ].join(', ');
}

export interface LegTimes {
  ring: string;
  talk: string;
}

/** Ring and talk time of each leg in words; from its messages where the server does not say. */
export function legTimes(call: Call): Map<number, LegTimes> {
  const byLeg = new Map<number, Message[]>();
  for (const m of call.messages) {
    const list = byLeg.get(m.leg);
    if (list) list.push(m);
    else byLeg.set(m.leg, [m]);
  }
  const out = new Map<number, LegTimes>();
  for (const leg of call.legs) {
    const seen = timesOf(byLeg.get(leg.n) ?? []);
    out.set(leg.n, {
      ring: spanText(leg.ring_ms === undefined ? seen.ring : leg.ring_ms, seen.precision),
      talk: spanText(leg.duration_ms === undefined ? seen.talk : leg.duration_ms, seen.precision),
    });
  }
  return out;
}

function timesOf(messages: Message[]): { ring: number | null; talk: number | null; precision: number } {
  const at = (m: Message | undefined) => parseTime(m?.time);
  const ringing = at(messages.find((m) => m.status !== null && m.status > 100 && m.status < 200));
  const final = messages.find((m) => m.method === 'INVITE' && m.status !== null && m.status >= 200 && m.status !== 401 && m.status !== 407);
  const ended = at(messages.find((m) => (m.method === 'BYE' || m.method === 'CANCEL') && m.status === null));
  const finalAt = at(final);
  const answered = final && final.status! < 300 ? finalAt : null;
  const stop = answered ?? ended ?? finalAt;
  return {
    ring: ringing !== null && stop !== null ? (stop - ringing) / 1000 : null,
    talk: answered !== null && ended !== null ? (ended - answered) / 1000 : null,
    precision: coarsest(messages),
  };
}

const prompted = new WeakMap<Message[], Map<number, number[]>>();

/** What each message led to. Worked out once for each call: it is asked for whenever something is pointed at. */
function effectsOf(messages: Message[]): Map<number, number[]> {
  let all = prompted.get(messages);
  if (!all) {
    all = new Map();
    for (const m of messages) {
      if (m.prompted_by === null) continue;
      const list = all.get(m.prompted_by);
      if (list) list.push(m.n);
      else all.set(m.prompted_by, [m.n]);
    }
    prompted.set(messages, all);
  }
  return all;
}

export function messageNumbered(messages: Message[], n: number): Message | undefined {
  const m = messages[n - 1];
  return m?.n === n ? m : messages.find((x) => x.n === n);
}

/** The messages that led to this one, nearest first, and those that it led to. */
export function promptChain(messages: Message[], n: number): { causes: number[]; effects: number[] } {
  const causes: number[] = [];
  let at = messageNumbered(messages, n)?.prompted_by ?? null;
  while (at !== null && !causes.includes(at) && at !== n) {
    causes.push(at);
    at = messageNumbered(messages, at)?.prompted_by ?? null;
  }
  return { causes, effects: effectsOf(messages).get(n) ?? [] };
}

const ROLES: Record<string, string> = {
  incoming: 'came in',
  hop: 'passed on',
  fork: 'one of several tries',
  recording: 'recording',
  gateway: 'out to a gateway',
  transfer: 'transfer',
};

export function roleText(role: string): string {
  return ROLES[role] ?? role;
}

/** "99.8 %", and never "100 %": nothing here is beyond doubt. */
export function confidenceText(c: number | null): string {
  if (c === null) return '';
  if (c >= 0.9995) return '>\u00a099.9\u00a0%';
  return `${(c * 100).toFixed(c >= 0.99 ? 1 : 0)}\u00a0%`;
}

/** "practically certain (99.98 %)": as `sipweave show` says it. */
export function sureText(c: number | null): string {
  if (c === null) return 'not weighed';
  const words = c >= 0.999 ? 'practically certain' : c >= 0.99 ? 'very likely' : c >= 0.9 ? 'likely' : c >= 0.2 ? 'possible' : 'unlikely';
  const decimals = c >= 0.999 ? 2 : c >= 0.99 ? 1 : 0;
  return `${words} (${(Math.min(c, 0.9999) * 100).toFixed(decimals)}\u00a0%)`;
}

/** What speaks for a link and what speaks against it, the heaviest first. */
export function weighed(list: Evidence[]): { by: Evidence[]; pro: Evidence[]; con: Evidence[] } {
  const weight = (e: Evidence) => Math.abs(e.bits ?? 0);
  const sorted = [...list].sort((a, b) => weight(b) - weight(a));
  return {
    by: sorted.filter((e) => e.bits === null),
    pro: sorted.filter((e) => e.bits !== null && e.bits >= 0),
    con: sorted.filter((e) => e.bits !== null && e.bits < 0),
  };
}

export function bitsText(bits: number): string {
  return `${bits < 0 ? '\u2212' : '+'}${Math.abs(bits).toFixed(1)}`;
}

const RELATED: Record<string, string> = {
  'second-attempt': 'second attempt',
  'call-back': 'call back',
  'same-conference': 'same conference',
  'same-queue': 'same queue',
  named: 'named in it',
};

export function relatedText(kind: string): string {
  return RELATED[kind] ?? kind;
}

/** May this leg be taken out of its call? One Call-ID is one call. */
export function canLeave(leg: Leg, call: { legs: Leg[] }): boolean {
  const parent = call.legs.find((l) => l.n === leg.parent);
  return !!leg.id && !!parent && parent.call_id !== leg.call_id;
}

/** "leg 5", "a leg of another call": in words what was decided. */
export function decisionText(d: Decision, call: { legs: Leg[] }): string {
  const number = (id: string) => call.legs.find((l) => l.id === id)?.n;
  const leg = number(d.leg);
  const other = number(d.other);
  const name = (n: number | undefined) => (n === undefined ? 'a leg of another call' : `leg ${n}`);
  const first = leg === undefined ? 'A leg' : `Leg ${leg}`;
  if (d.kind === 'join') return `${leg === undefined ? 'A leg of another call' : first} was joined to ${name(other)}`;
  if (leg === undefined) return 'A leg was taken out of this call';
  return other === undefined ? `${first} was taken out of another call` : `${first} was taken out of the call of ${name(other)}`;
}
