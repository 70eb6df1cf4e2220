// A browser at a server that holds the examples, and what is done there again and again.
import { openBrowser, openServer } from './browser.mjs';

/** What the console and the page itself complain of is kept in `complaints`. */
export async function openVisit() {
  const browser = await openBrowser();
  const server = await openServer();
  const complaints = [];

  async function open(path, { width = 1440, height = 900, dark = false, context } = {}) {
    const c = context ?? await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light', permissions: ['clipboard-read', 'clipboard-write'] });
    const page = await c.newPage();
    page.on('console', (m) => {
      if (['error', 'warning'].includes(m.type()) && !/status of 4/.test(m.text())) complaints.push(`${path}: ${m.text()}`);
    });
    page.on('pageerror', (e) => complaints.push(`${path}: ${e.message}`));
    page.on('dialog', (d) => {
      complaints.push(`${path}: a dialog said ${d.message()}`);
      void d.dismiss();
    });
    await page.goto(server.url + path);
    return page;
  }

  const api = async (path) => (await fetch(server.url + '/api/v1' + path)).json();
  const all = (await api('/calls?limit=100')).calls;
  const junk = all.find((c) => c.legs.length === 8);
  return {
    browser, server, complaints, open, api, all, junk,
    call: await api(`/calls/${junk.id}`),
    ladder: `/call/${junk.id}`,
    async end() {
      await browser.close();
      await server.close();
    },
  };
}

export const rows = (page) => page.locator('.row.call');
export const hit = (n) => `.ladder-scroll g.m[data-m="${n}"] .hit`;
export const close = (page) => page.context().close();
