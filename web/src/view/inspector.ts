// inspector.ts: pointing, pinning and comparing. It sits between a surface (the ladder, or the table of
// messages) and three places where messages are shown:
//
//   pane     beside the ladder, where the window is wide: what is pointed at, or pinned
//   card     a floating one under or above the row: where there is no pane, or the pane is taken
//   drawer   below: the pinned message where there is no pane; two pinned messages side by side
import { placeCard } from '../lib/geometry.js';
import { promptChain } from '../lib/facts.js';
import type { Call } from '../lib/model.js';
import type { Zone } from '../lib/time.js';
import { compareView } from './compare.js';
import { announce, copyButton, h, iconButton } from './dom.js';
import type { Spot, Surface } from './ladder.js';
import { callIdOf, copyMessage, messageCard, messageOf, type Context } from './message.js';

export interface Places {
  page?: HTMLElement;
  top?: () => number; // what is above must not be covered
  pane: HTMLElement | null;
  drawer: HTMLElement;
}

export interface Hooks {
  pinsChanged?(pins: number[]): void;
  toggleFold?(row: number): void;
  spot?(spot: Spot): void; // asked for by a key
  isFold?(row: number): boolean;
  help?: boolean; // there is a page of all keys
  wantText?(n: number): void; // the bytes of a message are missing; textsCame() once they are there
}

const WIDE = '(min-width: 1200px)';

export class Inspector {
  pins: number[] = [];
  private surface: Surface | null = null;
  private ctx: Context | null = null;
  private current: number | null = null; // the message that is pointed at
  private cursor: number | null = null; // where the keyboard is
  private byKeys = false;
  private awaited: number | null = null; // the row that gets the focus once it is there
  private at = [-1, -1]; // where the pointer is
  private marked: Element[] = [];
  private readonly card = h('div', { class: 'float', hidden: true, 'aria-hidden': 'true' });
  private readonly wide = window.matchMedia(WIDE);
  private readonly stop = new AbortController();
  private drawerHeight = 0;
  private shownInDrawer = '';
  private shownInPane = '';

  constructor(private readonly places: Places, private readonly hooks: Hooks = {}) {
    document.body.append(this.card);
    this.wide.addEventListener('change', () => this.render(), { signal: this.stop.signal });
    window.addEventListener('resize', () => this.placeFloat(), { signal: this.stop.signal });
  }

  destroy(): void {
    this.stop.abort();
    this.card.remove();
    this.listening?.abort();
  }

  private listening: AbortController | null = null;

  /** From now on rows of this surface are pointed at. */
  attach(surface: Surface): void {
    this.listening?.abort();
    this.listening = new AbortController();
    const on = { signal: this.listening.signal };
    this.surface = surface;
    surface.host.addEventListener('pointerover', (e) => {
      // what the keyboard scrolls past a pointer that rests is not pointed at
      const rests = this.byKeys && e.clientX === this.at[0] && e.clientY === this.at[1];
      this.at = [e.clientX, e.clientY];
      if (e.pointerType === 'touch' || rests) return;
      const row = surface.hit(e.target);
      if (row !== null) this.point(row, false);
    }, on);
    surface.host.addEventListener('pointermove', (e) => (this.at = [e.clientX, e.clientY]), on);
    surface.host.addEventListener('pointerleave', () => this.leave(), on);
    surface.host.addEventListener('click', (e) => {
      const row = surface.hit(e.target);
      if (row === null || (e.target as Element).closest('a, button')) return;
      if ((e.target as Element).closest('.count')) this.hooks.toggleFold?.(row);
      else this.pin(this.current !== null && surface.rowOf(this.current) === row ? this.current : row);
    }, on);
    surface.host.addEventListener('scroll', () => this.placeFloat(), { ...on, passive: true });
    surface.arrived = () => this.arrived();
    this.mark();
  }

  /** Rows that were asked for have come: what is marked, and the focus, may be among them. */
  private arrived(): void {
    this.mark();
    if (this.awaited !== null && this.surface?.element(this.awaited)) this.focusRow(this.awaited);
    this.placeFloat();
  }

  /** Texts that were asked for have come. */
  textsCame(): void {
    this.shownInDrawer = this.shownInPane = '';
    this.render();
  }

  private want(n: number): void {
    const m = this.ctx && messageOf(this.ctx.call, n);
    if (m && m.raw === undefined) this.hooks.wantText?.(n);
  }

  /** A new version of the call, or a new picture of it: pins, cursor and what is shown stay. */
  update(call: Call, zone: Zone): void {
    this.ctx = { call, zone };
    this.pins = this.pins.filter((n) => messageOf(call, n));
    if (this.current !== null && !messageOf(call, this.current)) this.current = null;
    if (this.cursor !== null && this.surface?.rowOf(this.cursor) === null) this.cursor = null;
    this.shownInDrawer = this.shownInPane = '';
    this.render();
  }

  setPins(pins: number[]): void {
    this.pins = this.ctx ? pins.filter((n) => messageOf(this.ctx!.call, n)).slice(0, 2) : pins.slice(0, 2);
    const first = this.pins[0];
    if (first !== undefined) {
      this.cursor = this.current = first;
      this.byKeys = true;
    }
    this.render(); // the drawer takes its room before the row is brought into what is left
    if (first !== undefined) this.revealRow(first);
  }

  /** Shows message n (a row's first, or one of those folded into it). */
  point(n: number, keys: boolean): void {
    const row = this.surface?.rowOf(n) ?? null;
    if (!keys && this.current !== null && row !== null && this.surface?.rowOf(this.current) === row && !this.byKeys) return;
    this.current = n;
    this.byKeys = keys;
    this.render();
  }

  private leave(): void {
    if (this.byKeys) return;
    if (!this.wide.matches || this.pins.length > 0) this.current = null;
    this.render();
  }

  pin(n: number): void {
    if (this.pins.includes(n)) this.pins = this.pins.filter((x) => x !== n);
    else this.pins = this.pins.length < 2 ? [...this.pins, n] : [this.pins[0]!, n];
    this.cursor = n;
    const m = this.ctx && messageOf(this.ctx.call, n);
    if (m) {
      announce(this.pins.length === 2 ? 'Two messages side by side'
        : this.pins.includes(n) ? `Pinned ${m.summary}` : `Unpinned ${m.summary}`);
    }
    this.pinned();
    if (this.pins.includes(n)) this.revealRow(n);
  }

  unpin(n?: number): void {
    this.pins = n === undefined ? [] : this.pins.filter((x) => x !== n);
    this.pinned();
  }

  swap(): void {
    this.pins = [...this.pins].reverse();
    this.pinned();
  }

  private pinned(): void {
    this.hooks.pinsChanged?.(this.pins);
    this.render();
  }

  goto(n: number): void {
    this.cursor = this.surface?.rowOf(n) ?? n;
    this.point(n, true);
    this.revealRow(n);
  }

  private revealRow(n: number): void {
    const row = this.surface?.rowOf(n) ?? null;
    if (row !== null) this.surface!.reveal(row);
    this.placeFloat();
  }

  // ---- the keyboard ----------------------------------------------------------------------

  /** True where the key meant something here. */
  key(e: KeyboardEvent): boolean {
    if (!this.surface || e.ctrlKey || e.metaKey || e.altKey) return false;
    switch (e.key) {
      case 'j': case 'ArrowDown': return this.step(1);
      case 'k': case 'ArrowUp': return this.step(-1);
      case 'PageDown': return this.step(12);
      case 'PageUp': return this.step(-12);
      case 'g': case 'Home': return this.stepTo(0);
      case 'G': case 'End': return this.stepTo(this.surface.order().length - 1);
      case ']': return this.stepLeg(1);
      case '[': return this.stepLeg(-1);
      case 'Enter': case ' ': return this.enter(e);
      case 'o': return this.openFold();
      case 'Escape': return this.escape();
    }
    if (/^[1-9]$/.test(e.key)) {
      this.hooks.spot?.({ leg: Number(e.key) });
      return true;
    }
    return false;
  }

  private here(): number {
    const order = this.surface!.order();
    const at = this.cursor ?? this.current;
    const row = at === null ? null : this.surface!.rowOf(at);
    return row === null ? -1 : order.indexOf(row);
  }

  private step(by: number): boolean {
    const last = this.surface!.order().length - 1;
    const at = this.here();
    return this.stepTo(at < 0 ? (by > 0 ? 0 : last) : Math.max(0, Math.min(last, at + by)));
  }

  private stepTo(i: number): boolean {
    const row = this.surface!.order()[i];
    if (row === undefined) return false;
    this.goto(row);
    this.focusRow(row);
    return true;
  }

  private stepLeg(by: number): boolean {
    const order = this.surface!.order();
    const at = this.here();
    if (at < 0 || !this.ctx) return this.step(by);
    const leg = messageOf(this.ctx.call, order[at]!)?.leg;
    for (let i = at + by; i >= 0 && i < order.length; i += by) {
      if (messageOf(this.ctx.call, order[i]!)?.leg === leg) return this.stepTo(i);
    }
    return true;
  }

  /** Keyboard focus follows the cursor, so that a screen reader reads the row. */
  private focusRow(row: number): void {
    const el = this.surface!.element(row) as (HTMLElement | SVGElement) | null;
    this.awaited = el ? null : row;
    el?.focus({ preventScroll: true });
  }

  private enter(e: KeyboardEvent): boolean {
    if ((e.target as Element).closest?.('button, a, input, select, textarea, summary')) return false;
    const n = this.cursor ?? this.current;
    if (n === null) return false;
    this.pin(this.current !== null && this.surface!.rowOf(this.current) === this.surface!.rowOf(n) ? this.current : n);
    return true;
  }

  private openFold(): boolean {
    const n = this.cursor ?? this.current;
    const row = n === null ? null : this.surface!.rowOf(n);
    if (row === null || !this.hooks.isFold?.(row)) return false;
    this.hooks.toggleFold?.(row);
    return true;
  }

  private escape(): boolean {
    const busy = this.pins.length > 0 || this.current !== null || this.cursor !== null;
    this.hooks.spot?.(null);
    this.current = this.cursor = null;
    this.byKeys = false;
    if (this.pins.length) this.unpin();
    else this.render();
    return busy;
  }

  // ---- what is shown where -----------------------------------------------------------------

  private render(): void {
    this.mark();
    this.renderPane();
    this.renderDrawer();
    this.renderFloat();
  }

  private usesPane(): boolean {
    return this.wide.matches && this.places.pane !== null;
  }

  /** The classes of docs/ladder.md on the rows. */
  private mark(): void {
    const s = this.surface;
    if (!s) return;
    for (const el of this.marked) {
      el.classList.remove('hover', 'pin', 'cursor');
      el.removeAttribute('aria-pressed');
    }
    this.marked = [];
    const set = (n: number | null, cls: string) => {
      const row = n === null ? null : s.rowOf(n);
      const el = row === null ? null : s.element(row);
      if (!el) return;
      el.classList.add(cls);
      if (cls === 'pin') el.setAttribute('aria-pressed', 'true');
      this.marked.push(el);
    };
    set(this.current, 'hover');
    set(this.cursor, 'cursor');
    for (const n of this.pins) set(n, 'pin');
    const lit = this.current ?? (this.pins.length === 1 ? this.pins[0]! : null);
    const chain = lit !== null && this.ctx ? promptChain(this.ctx.call.messages, lit) : null;
    s.chain?.(chain ? [lit!, ...chain.causes, ...chain.effects] : []);
  }

  private cardOf(n: number, extra: 'none' | 'pane' | 'drawer'): HTMLElement | null {
    const ctx = this.ctx;
    const m = ctx && messageOf(ctx.call, n);
    if (!ctx || !m) return null;
    this.want(n);
    const row = this.surface?.rowOf(n) ?? null;
    const pinned = this.pins.includes(n);
    return messageCard(m, ctx, {
      pinned,
      folded: row === null ? [] : this.surface!.folded(row),
      unfold: row !== null && this.hooks.toggleFold ? () => this.hooks.toggleFold!(row) : undefined,
      goto: extra === 'none' ? undefined : (x) => (this.pins.length ? this.pin(x) : this.goto(x)),
      buttons: extra === 'none' ? null : [
        copyMessage(m),
        copyButton('Copy the Call-ID', () => callIdOf(m, ctx.call), 'Call-ID'),
        pinned
          ? iconButton('close', 'Unpin (Esc)', () => this.unpin(n))
          : iconButton('pin', 'Pin (Enter)', () => this.pin(n)),
      ],
    });
  }

  private renderPane(): void {
    const pane = this.places.pane;
    if (!pane) return;
    const n = this.usesPane() ? (this.pins.length === 1 ? this.pins[0]! : this.current ?? this.cursor) : null;
    const key = n === null ? '' : `${n} ${this.pins.join()}`;
    if (key === this.shownInPane && key !== '') return;
    this.shownInPane = key;
    const card = n === null ? null : this.cardOf(n, 'pane');
    if (card) pane.replaceChildren(card);
    else pane.replaceChildren(hint(!!this.hooks.help));
    pane.classList.toggle('filled', card !== null);
  }

  private renderDrawer(): void {
    const { drawer } = this.places;
    const two = this.pins.length === 2;
    const one = this.pins.length === 1 && !this.usesPane();
    const key = two ? this.pins.join() : one ? String(this.pins[0]) : '';
    if (key === this.shownInDrawer && key !== '') return;
    this.shownInDrawer = key;
    drawer.hidden = key === '';
    document.documentElement.classList.toggle('has-drawer', key !== '');
    this.places.page?.classList.toggle('comparing', two);
    if (key === '' || !this.ctx) {
      drawer.replaceChildren();
      return;
    }
    const at = drawer.querySelector('.compare-scroll, .sip')?.scrollTop ?? 0;
    const [a, b] = this.pins.map((n) => messageOf(this.ctx!.call, n));
    if (two) for (const n of this.pins) this.want(n);
    const missing = a?.raw === undefined || b?.raw === undefined;
    const content = two && a && b && missing ? h('p', { class: 'quiet pad', role: 'status' }, 'Fetching their texts…') : two && a && b
      ? compareView(a, b, this.ctx, { unpin: (n) => this.unpin(n), swap: () => this.swap(), close: () => this.unpin() })
      : this.cardOf(this.pins[0]!, 'drawer');
    drawer.replaceChildren(this.grip(), ...(content ? [content] : []));
    drawer.querySelector('.compare-scroll')?.scrollTo(0, at);
  }

  /** The upper edge of the drawer, to be pulled. */
  private grip(): HTMLElement {
    const grip = h('div', { class: 'grip', role: 'separator', 'aria-orientation': 'horizontal', 'aria-label': 'Height of the drawer', tabindex: 0 });
    const set = (px: number) => {
      this.drawerHeight = Math.max(140, Math.min(window.innerHeight - 160, px));
      this.places.drawer.style.height = `${this.drawerHeight}px`;
      grip.setAttribute('aria-valuenow', String(Math.round(this.drawerHeight)));
    };
    if (this.drawerHeight) set(this.drawerHeight);
    grip.addEventListener('pointerdown', (e) => {
      e.preventDefault();
      grip.setPointerCapture(e.pointerId);
      const bottom = this.places.drawer.getBoundingClientRect().bottom;
      const move = (ev: PointerEvent) => set(bottom - ev.clientY);
      grip.addEventListener('pointermove', move);
      grip.addEventListener('lostpointercapture', () => grip.removeEventListener('pointermove', move), { once: true });
    });
    grip.addEventListener('keydown', (e) => {
      if (e.key !== 'ArrowUp' && e.key !== 'ArrowDown') return;
      e.preventDefault();
      e.stopPropagation();
      set(this.places.drawer.offsetHeight + (e.key === 'ArrowUp' ? 24 : -24));
    });
    return grip;
  }

  private renderFloat(): void {
    const taken = this.usesPane() ? this.pins.length === 0 : false;
    const n = this.current;
    if (n === null || taken || this.pins.includes(n)) {
      this.card.hidden = true;
      this.card.replaceChildren();
      return;
    }
    const card = this.cardOf(n, 'none');
    this.card.replaceChildren(...(card ? [card] : []));
    this.card.hidden = card === null;
    this.placeFloat();
  }

  private placeFloat(): void {
    const s = this.surface;
    const n = this.current;
    if (this.card.hidden || !s || n === null) return;
    const row = s.rowOf(n);
    const el = row === null ? null : s.element(row);
    if (!el) return;
    const r = el.getBoundingClientRect();
    const view = s.host.getBoundingClientRect();
    const outside = r.bottom < view.top + 20 || r.top > view.bottom - 4;
    this.card.classList.toggle('away', outside);
    if (outside) return;
    this.card.style.maxHeight = '';
    this.card.style.width = '';
    const top = this.places.top?.() ?? 0;
    const drawer = this.places.drawer;
    const bottom = drawer.hidden ? window.innerHeight : drawer.getBoundingClientRect().top;
    const bounds = { x: 0, y: top, w: document.documentElement.clientWidth, h: bottom - top };
    const natural = this.card.offsetHeight;
    const place = placeCard({ x: r.left, y: r.top, w: r.width, h: r.height },
      { w: Math.min(560, bounds.w - 24), h: natural }, bounds, s.gutter(), s.aim(row!));
    this.card.style.left = `${Math.round(place.x)}px`;
    this.card.style.top = `${Math.round(place.y)}px`;
    this.card.style.width = `${Math.round(place.w)}px`;
    this.card.style.maxHeight = `${Math.round(place.maxH)}px`;
    this.card.classList.toggle('cut', natural > place.maxH);
  }
}

function hint(help: boolean): HTMLElement {
  const key = (k: string) => h('kbd', null, k);
  return h('div', { class: 'pane-hint' },
    h('p', null, 'Point at a message to read it.'),
    h('p', null, 'Click to keep it here. Click a second one to compare the two.'),
    h('p', { class: 'keys' }, key('j'), ' ', key('k'), ' walk   ', key('Enter'), ' pin   ', key('Esc'), ' let go', help ? ['   ', key('?'), ' all keys'] : null));
}

