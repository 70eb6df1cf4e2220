// bars.ts: the chart over the list as arithmetic: where bars stand, what they are called. Pure; times in microseconds.
//
//      first            first + n * step
//        ├────┬────┬────┬────┤      slots of one length
//           ▲           ▲
//          low         high         what was asked for: within the first and the last slot
import type { Volume } from './model.js';
import { clockText, countText, dateText, dayText, parseTime, zoneMinutes, type Zone } from './time.js';

export interface Chart {
  low: number;
  high: number;
  first: number;
  step: number;
  count: number[]; // by slot
  failed: number[];
  most: number; // in one slot
  total: number;
  allFailed: number;
  about: boolean; // estimated
}

const SECOND = 1e6;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** null: it cannot be told, or there is nothing to draw it over. */
export function chartOf(v: Volume): Chart | null {
  const low = parseTime(v.after);
  const high = parseTime(v.before);
  if (v.total === null || low === null || high === null || !v.step) return null;
  const step = v.step * SECOND;
  const at = v.bars.map((b) => parseTime(b.at) ?? low);
  const first = at.length ? at[0]! - Math.ceil((at[0]! - low) / step) * step : low;
  const n = Math.max(1, Math.ceil((high - first) / step));
  const count = new Array<number>(n).fill(0);
  const failed = new Array<number>(n).fill(0);
  v.bars.forEach((b, k) => {
    const i = Math.round((at[k]! - first) / step);
    if (i >= n) return;
    count[i] = b.count;
    failed[i] = b.failed;
  });
  return { low, high, first, step, count, failed, most: Math.max(1, ...count), total: v.total, allFailed: v.failed ?? 0, about: !!v.estimated };
}

/** The time that slots i to k hold, of what was asked for. */
export function stretchOf(c: Chart, i: number, k: number): [from: number, to: number] {
  return [Math.max(c.low, c.first + i * c.step), Math.min(c.high, c.first + (k + 1) * c.step)];
}

/** The slot under a place, 0 to 1 from the left. */
export function slotAt(c: Chart, part: number): number {
  return Math.max(0, Math.min(c.count.length - 1, Math.floor(part * c.count.length)));
}

const TALL = 100;

/** The outline of all bars in a box of one unit a slot and 100 high. What is there at all can be seen: 4 at least. */
export function outline(c: Chart, heights: number[]): string {
  const n = heights.length;
  const w = Math.min(0.84, n / 24); // few of them are no walls
  let d = '';
  heights.forEach((v, i) => {
    if (v === 0) return;
    const h = Math.max(4, (v / c.most) * TALL);
    d += `M${(i + (1 - w) / 2).toFixed(3)} ${TALL}v${(-h).toFixed(1)}h${w.toFixed(3)}v${h.toFixed(1)}z`;
  });
  return d;
}

// ---- in words ------------------------------------------------------------------------------------

const clock = (us: number, zone: Zone, step: number) => clockText(us, zone).slice(0, step < MINUTE ? 8 : 5);

/** "today 08:00 – 08:15", "25 Jul 23:00 – 26 Jul 01:00", "20 Jul – 26 Jul" by days. */
export function stretchText(from: number, to: number, step: number, zone: Zone, now: number): string {
  const day = (us: number) => dayText(us, now, zone);
  if (step >= DAY) {
    const [a, b] = [day(from), day(to - 1)];
    return a === b ? a : `${a} – ${b}`;
  }
  const [a, b] = [day(from), day(to)];
  const end = clock(to, zone, step);
  return `${a} ${clock(from, zone, step)} – ${a === b ? end : `${b} ${end}`}`;
}

/** "84 calls, 3 failed (4 %)"; what is estimated is "about", in round numbers. */
export function countWords(count: number, failed: number, one: string, about = false): string {
  if (count === 0) return about ? `hardly any ${one}s` : `no ${one}s`;
  const part = (100 * failed) / count;
  const percent = part > 0 && part < 1 ? 'under 1' : part > 99 && part < 100 ? 'over 99' : String(Math.round(part));
  const round = (n: number) => (about ? Number(n.toPrecision(2)) : n);
  return (about ? 'about ' : '') + countText(round(count), one) + (failed ? `, ${round(failed).toLocaleString('en-GB')} failed (${percent} %)` : ', none failed');
}

/** How long a bar is: "15 min". */
export function stepText(step: number): string {
  if (step < MINUTE) return `${step / SECOND} s`;
  if (step < HOUR) return `${step / MINUTE} min`;
  if (step < DAY) return `${step / HOUR} h`;
  const days = step / DAY;
  return `${days} ${days === 1 ? 'day' : 'days'}`;
}

/** The chart for somebody who does not see it. */
export function summary(c: Chart, one: string, zone: Zone, now: number): string {
  const whole = `${stretchText(c.low, c.high, c.step, zone, now)}: ${countWords(c.total, c.allFailed, one, c.about)}.`;
  if (c.total === 0) return whole;
  const name = (i: number) => stretchText(...stretchOf(c, i, i), c.step, zone, now);
  const busiest = c.count.indexOf(c.most);
  const worst = c.failed.indexOf(Math.max(...c.failed));
  const failures = !c.about && c.failed[worst]! > 0 && worst !== busiest ? ` Most failures: ${name(worst)}, ${c.failed[worst]} of ${c.count[worst]}.` : '';
  return `${whole} Busiest: ${name(busiest)}, ${countWords(c.most, c.failed[busiest]!, one, c.about)}.${failures}`;
}

// ---- the axis --------------------------------------------------------------------------------------

const STEPS = [SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE,
  30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 182 * DAY, 364 * DAY];

/** Up to eight round times, none so near to an end that its label would be cut: where from the left (0 to 1), and what. */
export function ticks(c: Chart, zone: Zone): [part: number, text: string][] {
  const width = c.count.length * c.step;
  const step = STEPS.find((s) => width / s <= 8) ?? Math.ceil(width / 8 / (364 * DAY)) * 364 * DAY;
  const shift = zoneMinutes(c.first / 1000, zone) * MINUTE;
  const out: [number, string][] = [];
  for (let at = Math.ceil((c.first + shift) / step) * step; at < c.first + shift + width; at += step) {
    const part = (at - shift - c.first) / width;
    if (part > 0.03 && part < 0.97) out.push([part, tickText(at - shift, at % DAY === 0, step, width, zone)]);
  }
  return out;
}

function tickText(us: number, midnight: boolean, step: number, width: number, zone: Zone): string {
  if (step < DAY && !midnight) return clock(us, zone, step);
  const [day, month, year] = dateText(us, zone).split(' ');
  return width > 300 * DAY ? `${month} ${year}` : `${day} ${month}`;
}
