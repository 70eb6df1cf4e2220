// time.ts: times and spans in words. Times come as ISO 8601 in UTC with six decimals; they are shown in
// the zone of the browser or in UTC. Pure: the zone is an argument.

/** 'local', 'utc', or for tests a fixed number of minutes east of UTC. */
export type Zone = 'local' | 'utc' | number;

const DAY_MS = 86_400_000;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** Microseconds since 1970, or null where the text is no time. */
export function parseTime(iso: string | null | undefined): number | null {
  if (!iso) return null;
  const ms = Date.parse(iso);
  if (Number.isNaN(ms)) return null;
  const fraction = /\.(\d+)/.exec(iso)?.[1] ?? '';
  const beyond = Number(fraction.slice(3, 6).padEnd(3, '0')) || 0;
  return ms * 1000 + beyond;
}

/** As the server writes it: UTC, six decimals. */
export function isoTime(us: number): string {
  const beyond = String(((us % 1000) + 1000) % 1000).padStart(3, '0');
  return new Date(Math.floor(us / 1000)).toISOString().replace('Z', beyond + 'Z');
}

/** Minutes east of UTC at that time. */
export function zoneMinutes(ms: number, zone: Zone): number {
  if (typeof zone === 'number') return zone;
  return zone === 'utc' ? 0 : -new Date(ms).getTimezoneOffset();
}

function shifted(us: number, zone: Zone): Date {
  const ms = Math.floor(us / 1000);
  return new Date(ms + zoneMinutes(ms, zone) * 60000);
}

const two = (n: number) => String(n).padStart(2, '0');

export function clockText(us: number, zone: Zone, decimals = 0): string {
  const d = shifted(us, zone);
  const base = `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}:${two(d.getUTCSeconds())}`;
  if (decimals <= 0) return base;
  const micros = String(((us % 1e6) + 1e6) % 1e6).padStart(6, '0');
  return `${base}.${micros.slice(0, decimals)}`;
}

/** "26 Jul 2014" */
export function dateText(us: number, zone: Zone): string {
  const d = shifted(us, zone);
  return `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]} ${d.getUTCFullYear()}`;
}

/** As short as the day allows: "today", "yesterday", "26 Jul", "26 Jul 2014". */
export function dayText(us: number, nowUs: number, zone: Zone): string {
  const d = shifted(us, zone);
  const now = shifted(nowUs, zone);
  const days = Math.floor(now.getTime() / DAY_MS) - Math.floor(d.getTime() / DAY_MS);
  if (days === 0) return 'today';
  if (days === 1) return 'yesterday';
  const day = `${d.getUTCDate()} ${MONTHS[d.getUTCMonth()]}`;
  return d.getUTCFullYear() === now.getUTCFullYear() ? day : `${day} ${d.getUTCFullYear()}`;
}

/** How many decimals a clock of that precision has earned. */
export function decimalsFor(precisionUs: number | undefined): number {
  if (precisionUs === undefined || precisionUs <= 0) return 6;
  if (precisionUs >= 1e6) return 0;
  if (precisionUs >= 1000) return 3;
  return 6;
}

/** The same for the API: "UTC", "+01:00". */
export function zoneParam(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const abs = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${two(Math.floor(abs / 60))}:${two(abs % 60)}`;
}

/** "UTC", "UTC+1", "UTC−3:30" */
export function zoneText(minutes: number): string {
  if (minutes === 0) return 'UTC';
  const abs = Math.abs(minutes);
  const rest = abs % 60;
  return `UTC${minutes < 0 ? '−' : '+'}${Math.floor(abs / 60)}${rest ? ':' + two(rest) : ''}`;
}

/** A span for people: "8 ms", "3.4 s", "1:04", "2:05:00", and "≈ 3 s" where clocks gave whole seconds only.
 *  Empty where it is not known. */
export function spanText(ms: number | null | undefined, precisionUs = 0): string {
  if (ms === null || ms === undefined || ms < 0) return '';
  if (precisionUs >= 1e6 && ms < 59500) return `≈\u00a0${Math.round(ms / 1000)} s`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59950) return `${(ms / 1000).toFixed(1)} s`;
  const s = Math.round(ms / 1000);
  if (s < 3600) return `${Math.floor(s / 60)}:${two(s % 60)}`;
  return `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

/** "+3.482 s" since the start; "+0.000 s" at it. Cut, not rounded, as in the picture. */
export function offsetText(us: number, decimals = 3): string {
  const sign = us < 0 ? '−' : '+';
  const abs = Math.abs(us);
  const unit = 10 ** (6 - decimals);
  if (abs < 60e6) return `${sign}${((Math.floor(abs / unit) * unit) / 1e6).toFixed(decimals)} s`;
  return `${sign}${spanText(abs / 1000)}`;
}

/** "±1 s", or nothing where the clock is finer than a millisecond. */
export function precisionText(us: number | undefined): string {
  if (!us || us < 1000) return '';
  return us >= 1e6 ? `±${us / 1e6} s` : `±${us / 1000} ms`;
}

export function countText(n: number, one: string, many = one + 's'): string {
  return `${n.toLocaleString('en-GB')} ${n === 1 ? one : many}`;
}

export function bytesText(n: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB', 'TB'];
  let i = 0;
  while (n >= 1000 && i < units.length - 1) {
    n /= 1000;
    i++;
  }
  return `${i === 0 || n >= 100 ? Math.round(n) : n.toFixed(1)} ${units[i]}`;
}
