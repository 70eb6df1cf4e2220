import {
  bytesText, clockText, countText, dateText, dayText, decimalsFor, offsetText, parseTime, precisionText, spanText, zoneParam, zoneText,
} from '../src/lib/time.js';
import { equal, test } from './tap.js';

const T = parseTime('2014-07-26T07:54:05.482137Z')!;

test('six decimals survive', () => equal(T % 1e6, 482137));
test('what is no time', () => equal([parseTime(null), parseTime(''), parseTime('soon')], [null, null, null]));
test('clock and date in a zone', () => {
  equal([clockText(T, 'utc'), clockText(T, 60, 3), clockText(T, -480, 6)], ['07:54:05', '08:54:05.482', '23:54:05.482137']);
  equal([dateText(T, 'utc'), dateText(T, -480)], ['26 Jul 2014', '25 Jul 2014']);
});
test('the day, as short as it may be', () => {
  const hour = 3600e6;
  equal(dayText(T, T + hour, 'utc'), 'today');
  equal(dayText(T, T + 17 * hour, 'utc'), 'yesterday');
  equal(dayText(T, T + 17 * hour, -480), 'yesterday');
  equal(dayText(T, T + 7 * hour, -480), 'yesterday', 'the zone decides');
  equal(dayText(T, T + 72 * hour, 'utc'), '26 Jul');
  equal(dayText(T, T + 9000 * hour, 'utc'), '26 Jul 2014');
});
test('spans', () => {
  equal([8, 999, 1000, 59949, 59950, 64000, 3599499, 3600000, 7500000].map((x) => spanText(x)),
    ['8 ms', '999 ms', '1.0 s', '59.9 s', '1:00', '1:04', '59:59', '1:00:00', '2:05:00']);
  equal([spanText(null), spanText(-1), spanText(undefined)], ['', '', '']);
  equal([spanText(3000, 1e6), spanText(64000, 1e6), spanText(3000, 1000)], ['≈\u00a03 s', '1:04', '3.0 s']);
});
test('offsets', () => equal([offsetText(0), offsetText(3482137), offsetText(-1500), offsetText(61e6), offsetText(3e6, 0)], ['+0.000 s', '+3.482 s', '−0.001 s', '+1:01', '+3 s']));
test('no more decimals than the clock has', () => {
  equal([1, 1000, 1e6, undefined].map((p) => decimalsFor(p)), [6, 3, 0, 6]);
  equal([1, 1000, 1e6].map((p) => precisionText(p)), ['', '±1 ms', '±1 s']);
});
test('zones', () => {
  equal([0, 60, -210].map(zoneText), ['UTC', 'UTC+1', 'UTC−3:30']);
  equal([0, 60, -210].map(zoneParam), ['UTC', '+01:00', '-03:30']);
});
test('counts and sizes', () => {
  equal([countText(1, 'call'), countText(2000, 'call'), countText(0, 'reply', 'replies')], ['1 call', '2,000 calls', '0 replies']);
  equal([bytesText(5), bytesText(15300), bytesText(81e6)], ['5 bytes', '15.3 kB', '81.0 MB']);
});
