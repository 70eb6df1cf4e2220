// store.ts: the little state that many parts share: where we are, theme, zone, the state of the server.
import { useEffect, useState } from 'preact/hooks';
import type { Link } from './api.js';
import type { Status } from './lib/model.js';
import type { Zone } from './lib/time.js';
import { listUrl, readRoute, type Route } from './lib/url.js';

export class Store<T> {
  private readonly hearers = new Set<(v: T) => void>();
  constructor(private held: T) {}

  get value(): T {
    return this.held;
  }

  set value(v: T) {
    this.held = v;
    for (const f of [...this.hearers]) f(v);
  }

  listen(f: (v: T) => void): () => void {
    this.hearers.add(f);
    return () => this.hearers.delete(f);
  }
}

export function useStore<T>(store: Store<T>): T {
  const [, again] = useState({});
  useEffect(() => store.listen(() => again({})), [store]);
  return store.value;
}

// ---- where we are ----------------------------------------------------------------------------

const readLocation = () => readRoute(location.pathname, location.search, location.hash);
export const route = new Store<Route>(readLocation());

/** The list as it was last seen, search and all. */
let list = '/';
const rememberList = (r: Route) => {
  if (r.page === 'list') list = listUrl(r.list);
};
rememberList(route.value);
route.listen(rememberList);
export const lastList = () => list;

export function go(url: string, replace = false): void {
  if (url === location.pathname + location.search + location.hash) return;
  history[replace ? 'replaceState' : 'pushState'](null, '', url);
  route.value = readLocation();
}

export function followHistory(): void {
  window.addEventListener('popstate', () => (route.value = readLocation()));
  // plain clicks on links of this page stay on it
  document.addEventListener('click', (e) => {
    const a = (e.target as Element).closest?.('a[href]');
    if (!(a instanceof HTMLAnchorElement) || e.defaultPrevented || e.button !== 0) return;
    if (e.ctrlKey || e.metaKey || e.shiftKey || e.altKey || a.target || a.hasAttribute('download')) return;
    if (a.origin !== location.origin || !(a.pathname === '/' || a.pathname.startsWith('/call/'))) return;
    e.preventDefault();
    go(a.pathname + a.search + a.hash);
  });
}

// ---- what is remembered ------------------------------------------------------------------------

function recall(key: string): string | null {
  try {
    return localStorage.getItem(key);
  } catch {
    return null; // no storage here: the choice lasts as long as the page
  }
}

function remember(key: string, value: string | null): void {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, value);
  } catch {
    // see recall
  }
}

export const zone = new Store<Zone>(recall('sipweave.zone') === 'utc' ? 'utc' : 'local');
zone.listen((z) => remember('sipweave.zone', z === 'utc' ? 'utc' : null));

/** The name that is kept with changes by hand. null: nobody was asked yet; empty: they would rather not say. */
export const userName = new Store<string | null>(recall('sipweave.name'));
userName.listen((name) => remember('sipweave.name', name));

// ---- dark and light ----------------------------------------------------------------------------

export type Theme = 'light' | 'dark';
const prefersDark = window.matchMedia('(prefers-color-scheme: dark)');
const systemTheme = (): Theme => (prefersDark.matches ? 'dark' : 'light');
const chosen = (): Theme | null => {
  const t = recall('sipweave.theme');
  return t === 'light' || t === 'dark' ? t : null;
};
export const theme = new Store<Theme>(chosen() ?? systemTheme());

const original = new WeakMap<CSSMediaRule, string>();

/** Every style sheet says its dark colours once, under prefers-color-scheme; a choice switches those rules. */
function applyTheme(t: Theme, forced: Theme | null = chosen()): void {
  document.documentElement.style.colorScheme = forced ?? 'light dark';
  if (forced) document.documentElement.dataset.theme = forced;
  else delete document.documentElement.dataset.theme;
  for (const sheet of document.styleSheets) {
    let rules: CSSRuleList;
    try {
      rules = sheet.cssRules;
    } catch {
      continue; // of another site: none of ours
    }
    for (const rule of rules) {
      if (!(rule instanceof CSSMediaRule)) continue;
      if (!original.has(rule)) original.set(rule, rule.media.mediaText);
      const text = original.get(rule)!;
      if (!/prefers-color-scheme:\s*(dark|light)/.test(text)) continue;
      const wants: Theme = /prefers-color-scheme:\s*dark/.test(text) ? 'dark' : 'light';
      rule.media.mediaText = forced ? (t === wants ? 'all' : 'not all') : text;
    }
  }
}

export function startTheme(): void {
  applyTheme(theme.value);
  prefersDark.addEventListener('change', () => {
    if (!chosen()) setTheme(systemTheme());
  });
  window.addEventListener('beforeprint', () => applyTheme('light', 'light'));
  window.addEventListener('afterprint', () => applyTheme(theme.value));
}

export function setTheme(t: Theme): void {
  remember('sipweave.theme', t === systemTheme() ? null : t);
  theme.value = t;
  applyTheme(t);
}

// ---- the server ----------------------------------------------------------------------------------

export const link = new Store<Link>('connecting');
export const status = new Store<Status | null>(null);
