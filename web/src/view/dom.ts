// dom.ts: elements by hand, for the parts that the exported file shares with the page. Strings only ever
// become text nodes; nothing here (or anywhere in the page) parses HTML.

export type Child = Node | string | number | null | undefined | false | Child[];
type Props = { [name: string]: string | number | boolean | null | undefined | ((e: never) => void) };

function fill(el: Element, props: Props | null, children: Child[]): void {
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === 'function') el.addEventListener(name.slice(2).toLowerCase(), value as EventListener);
    else el.setAttribute(name, value === true ? '' : String(value));
  }
  add(el, children);
}

export function add(el: Element, children: Child[]): void {
  for (const c of children) {
    if (c === null || c === undefined || c === false) continue;
    if (Array.isArray(c)) add(el, c);
    else el.append(typeof c === 'number' ? String(c) : c);
  }
}

export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K, props: Props | null = null, ...children: Child[]
): HTMLElementTagNameMap[K] {
  const el = document.createElement(tag);
  fill(el, props, children);
  return el;
}

const SVG = 'http://www.w3.org/2000/svg';

export function s<K extends keyof SVGElementTagNameMap>(
  tag: K, props: Props | null = null, ...children: Child[]
): SVGElementTagNameMap[K] {
  const el = document.createElementNS(SVG, tag);
  fill(el, props, children);
  return el;
}

/** Icons of 16 by 16, drawn with a line. */
export const ICONS: Record<string, string> = {
  copy: 'M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z',
  check: 'M3 8.5l3.2 3.2L13 5',
  close: 'M4 4l8 8M12 4l-8 8',
  pin: 'M6 2.5h4M6.8 2.5v4L4.5 9.5h7L9.2 6.5v-4M8 9.5v4.5',
  link: 'M6.8 9.2l2.4-2.4M7.5 4.7l1.3-1.3a2.7 2.7 0 0 1 3.8 3.8l-1.3 1.3M8.5 11.3l-1.3 1.3a2.7 2.7 0 0 1-3.8-3.8l1.3-1.3',
  down: 'M8 2.5v8M4.8 7.5L8 10.7l3.2-3.2M3 13.5h10',
  up: 'M8 11V3M4.8 6.2L8 3l3.2 3.2M3 13.5h10',
  sun: 'M8 5.2a2.8 2.8 0 1 0 0 5.6a2.8 2.8 0 0 0 0-5.6zM8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9',
  moon: 'M13 9.6A5.6 5.6 0 0 1 6.4 3a5.4 5.4 0 1 0 6.6 6.6z',
  auto: 'M8 2.5a5.5 5.5 0 1 0 0 11zM8 2.5a5.5 5.5 0 0 1 0 11',
  search: 'M7 2.8a4.2 4.2 0 1 0 0 8.4a4.2 4.2 0 0 0 0-8.4zM10.2 10.2l3.3 3.3',
  back: 'M9.5 3.5L5 8l4.5 4.5',
  next: 'M6.5 3.5L11 8l-4.5 4.5',
  minus: 'M4 8h8',
  plus: 'M4 8h8M8 4v8',
  more: 'M4 6.2L8 10.2l4-4',
  unfold: 'M8 2v4M5.8 4L8 1.8L10.2 4M8 14v-4M5.8 12L8 14.2l2.2-2.2M3 8h10',
  fold: 'M8 6V2M5.8 4L8 6.2L10.2 4M8 10v4M5.8 12L8 9.8l2.2 2.2M3 8h10',
  warn: 'M8 2.2L14.5 13.5h-13zM8 6.5v3.2M8 11.4v.6',
  info: 'M8 2a6 6 0 1 0 0 12a6 6 0 0 0 0-12zM8 7.2v3.6M8 4.9v.6',
  undo: 'M6.5 3.5L3 7l3.5 3.5M3 7h6.5a3.2 3.2 0 0 1 0 6.4H7',
  hand: 'M5.5 8.5v-5a1 1 0 0 1 2 0v4M7.5 7V2.5a1 1 0 0 1 2 0V7M9.5 7.2V3.6a1 1 0 0 1 2 0v5.6a4.6 4.6 0 0 1-8.7 2L2.4 8.8a1 1 0 0 1 1.8-.8l1.3 2',
  swap: 'M4 5.5h8.5M10 3l2.5 2.5L10 8M12 10.5H3.5M6 8l-2.5 2.5L6 13',
};

export function icon(name: string): SVGSVGElement {
  return s('svg', { class: 'icon', viewBox: '0 0 16 16', width: 16, height: 16, 'aria-hidden': 'true', focusable: 'false' },
    s('path', { d: ICONS[name] ?? '' }));
}

/** A button with an icon and a name that is spoken and shown as a tooltip. */
export function iconButton(name: string, label: string, act: (e: MouseEvent) => void): HTMLButtonElement {
  return h('button', { type: 'button', class: 'icon-button', 'aria-label': label, title: label, onclick: act }, icon(name));
}

/** Writes to the clipboard, also where the page came over plain HTTP from another machine. */
export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h('textarea', { class: 'offscreen', readonly: true, 'aria-hidden': 'true' });
    area.value = text;
    document.body.append(area);
    area.select();
    let done = false;
    try {
      done = document.execCommand('copy');
    } catch {
      done = false;
    }
    area.remove();
    return done;
  }
}

/** A button that copies and then says so for a moment. */
export function copyButton(label: string, text: () => string, visible = ''): HTMLButtonElement {
  const b = h('button', { type: 'button', class: visible ? 'text-button' : 'icon-button', 'aria-label': label, title: label },
    icon('copy'), visible ? h('span', null, visible) : null);
  b.addEventListener('click', (e) => {
    e.stopPropagation();
    void copyText(text()).then((done) => {
      b.classList.toggle('done', done);
      b.firstChild!.replaceWith(icon(done ? 'check' : 'close'));
      announce(done ? 'Copied' : 'The browser did not allow copying');
      setTimeout(() => {
        b.classList.remove('done');
        b.firstChild!.replaceWith(icon('copy'));
      }, 1200);
    });
  });
  return b;
}

/** Says something to a screen reader. */
export function announce(text: string): void {
  let live = document.getElementById('announce');
  if (!live) {
    live = h('div', { id: 'announce', class: 'offscreen', role: 'status', 'aria-live': 'polite' });
    document.body.append(live);
  }
  live.textContent = text;
}
