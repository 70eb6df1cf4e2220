// Functions that run inside the page: what a person with a screen reader, poor eyes or a keyboard would miss.

/** Interactive elements that are shown and have no name. */
export function nameless() {
  const out = [];
  const name = (el) => {
    const by = (el.getAttribute('aria-labelledby') ?? '').split(' ').map((id) => document.getElementById(id)?.textContent ?? '').join(' ');
    const label = el.labels?.length ? [...el.labels].map((l) => l.textContent).join(' ') : el.closest('label')?.textContent ?? '';
    return (el.getAttribute('aria-label') || by.trim() || label || el.textContent || el.getAttribute('title') || el.getAttribute('placeholder') || '').trim();
  };
  for (const el of document.querySelectorAll('button, a[href], input, select, textarea, summary, [role=button], [role=tab], [tabindex]')) {
    const box = el.getBoundingClientRect();
    if (el.closest('[hidden], [aria-hidden=true]') || box.width === 0 || getComputedStyle(el).visibility === 'hidden') continue;
    if (!name(el)) out.push(el.outerHTML.slice(0, 120));
  }
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  for (const id of new Set(ids.filter((x, i) => ids.indexOf(x) !== i))) out.push(`two elements have the id ${id}`);
  for (const el of document.querySelectorAll('[aria-controls], [aria-describedby]')) {
    for (const id of `${el.getAttribute('aria-controls') ?? ''} ${el.getAttribute('aria-describedby') ?? ''}`.trim().split(/\s+/)) {
      if (!document.getElementById(id)) out.push(`${el.tagName} points at #${id}, which is not there`);
    }
  }
  return out;
}

/** Visible text whose contrast with what is behind it is below 4.5 (3 where it is large). */
export function faint() {
  const probe = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (text) => {
    probe.clearRect(0, 0, 1, 1);
    probe.fillStyle = text;
    probe.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = probe.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = (top, under) => [0, 1, 2].map((i) => top[i] * top[3] + under[i] * (1 - top[3])).concat(1);
  const light = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [light(a), light(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const behind = (el) => {
    const layers = [];
    for (let e = el; e; e = e.parentElement) {
      const c = rgba(getComputedStyle(e).backgroundColor);
      if (c[3] > 0) layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255, 1]);
  };
  const out = new Map();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const node = walk.currentNode;
    const el = node.parentElement;
    if (!node.data.trim() || el.closest('.offscreen, [hidden], noscript, script, style, option, .dim') || el.closest('.arrow')) continue;
    const s = getComputedStyle(el);
    const box = el.getBoundingClientRect();
    if (s.visibility === 'hidden' || box.width === 0 || box.bottom < 0 || box.top > innerHeight) continue;
    const svg = el.closest('svg');
    const ink = rgba(svg ? s.fill : s.color);
    const circle = el.closest('.badge')?.querySelector('circle');
    const ground = circle ? rgba(getComputedStyle(circle).fill) : behind(svg ?? el);
    let opacity = 1;
    for (let e = el; e; e = e.parentElement) opacity *= Number(getComputedStyle(e).opacity);
    const c = contrast(over([ink[0], ink[1], ink[2], ink[3] * opacity], ground), ground);
    const size = parseFloat(s.fontSize);
    const need = size >= 24 || (size >= 18.66 && Number(s.fontWeight) >= 700) ? 3 : 4.5;
    if (c < need - 0.01) out.set(`${el.tagName}.${el.getAttribute('class') ?? ''}`, `"${node.data.trim().slice(0, 20)}" ${c.toFixed(2)}`);
  }
  return [...out].map(([k, v]) => `${k} ${v}`);
}

/** Elements that stick out of the window sideways, where nothing scrolls them. */
export function sticksOut() {
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  return wide > 0 ? [`the page is ${wide} px too wide`] : [];
}
