// The colours of the page: text on its ground has a contrast of 4.5 : 1 or more, light and dark (WCAG 2.2, 1.4.3).
import css from '../src/css/tokens.css';
import { ok, test } from './tap.js';

const variables = (text: string) => new Map([...text.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})\b/g)].map((m) => [m[1]!, m[2]!]));
const at = css.indexOf('@media');
const light = variables(css.slice(0, at));
const dark = new Map([...light, ...variables(css.slice(at))]);

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16) / 255).map((c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!;
}
function contrast(a: string, b: string): number {
  const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
  return (x! + 0.05) / (y! + 0.05);
}

const PAIRS: [text: string[], grounds: string[]][] = [
  [['ink', 'quiet', 'accent', 'good', 'bad', 'warn'], ['bg', 'surface', 'sunken', 'hover', 'accent-soft']],
  [['t-name', 't-uri', 't-tag', 't-branch', 't-callid'], ['surface', 'sunken']],
  [['faint'], ['surface']],
  [['mark-ink'], ['was', 'is']],
  [['on-accent'], ['accent']],
  [['bad', 'ink'], ['bad-soft']],
  [['warn', 'ink'], ['warn-soft']],
  [['quiet', 'ink'], ['info-soft']],
  [['accent'], ['bad-soft', 'warn-soft', 'info-soft']],
];
for (const [name, theme] of [['light', light], ['dark', dark]] as const) {
  test(`contrast of text, ${name}`, () => {
    const low: string[] = [];
    for (const [texts, grounds] of PAIRS) {
      for (const t of texts) {
        for (const g of grounds) {
          const c = contrast(theme.get(t)!, theme.get(g)!);
          if (!(c >= 4.5)) low.push(`${t} on ${g}: ${c.toFixed(2)}`);
        }
      }
    }
    ok(low.length === 0, low.join('; '));
  });
}
