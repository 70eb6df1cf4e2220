// safe.ts: text of a packet made fit to be seen. Nothing here is about HTML (the page only makes text
// nodes); it is about characters that would hide or reorder what stands beside them.

const HIDDEN = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/g;

function visible(c: string): string {
  const code = c.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return '\u2421';
  return `\u27e8U+${code.toString(16).toUpperCase().padStart(4, '0')}\u27e9`;
}

/** Control and direction characters become visible signs; line ends and tabs stay. */
export function shown(text: string): string {
  return text.replace(HIDDEN, visible);
}

/** The same for a place that has one line only. */
export function shownLine(text: string): string {
  return shown(text).replace(/[\r\n\t]+/g, ' ');
}

/** An attribute that came from outside is only ever a number. */
export function numberList(text: string | null | undefined): number[] {
  if (!text) return [];
  return text
    .split(/[\s,]+/)
    .map(Number)
    .filter((n) => Number.isInteger(n) && n > 0);
}
