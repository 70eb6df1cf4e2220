// The page for everybody: colours, contrast, names, widths, paper, a file on disk. With SIPWEAVE_URL set, against the server
// there (which has to hold the examples); else against one of its own.
import { faint, nameless, sticksOut } from './audit.mjs';
import { equal, failures, ok, test } from './browser.mjs';
import { close, hit, openVisit, rows } from './visit.mjs';

const { browser, server, complaints, open, junk, call, ladder, end } = await openVisit();

await test('dark and light: by the system, by choice, remembered, the ladder too', async () => {
  const page = await open(ladder);
  await page.locator('.ladder-scroll g.m').first().waitFor();
  const look = () => page.evaluate(() => [getComputedStyle(document.body).backgroundColor, getComputedStyle(document.querySelector('.ladder .label')).fill,
    getComputedStyle(document.querySelector('.ladder .arrow')).stroke]);
  const light = await look();
  await page.getByRole('button', { name: 'Dark colours' }).click();
  const dark = await look();
  ok(dark.every((c, i) => c !== light[i]), JSON.stringify([light, dark]));
  await page.reload();
  await page.locator('.ladder-scroll g.m').first().waitFor();
  equal(await look(), dark, 'not remembered');
  await page.getByRole('button', { name: 'Light colours' }).click();
  equal(await look(), light);
  await page.emulateMedia({ colorScheme: 'dark' });
  equal(await look(), dark, 'the system is not followed');
  await close(page);
});

for (const dark of [false, true]) {
  await test(`names, contrast and width, ${dark ? 'dark' : 'light'}`, async () => {
    const found = [];
    const look = async (page, where) => {
      for (const [what, f] of [['no name', nameless], ['faint', faint], ['wide', sticksOut]]) {
        for (const x of await page.evaluate(f)) found.push(`${where}: ${what}: ${x}`);
      }
    };
    let page = await open('/', { dark });
    await rows(page).first().waitFor();
    await look(page, 'list');
    await page.keyboard.press('/');
    await look(page, 'search help');
    await page.keyboard.press('Escape');
    await page.keyboard.press('?');
    await look(page, 'help');
    await page.goto(server.url + '/?q=nothing-at-all-fits');
    await page.locator('.empty').waitFor();
    await look(page, 'nothing found');
    await page.goto(server.url + ladder);
    await page.locator(hit(1)).click();
    await page.locator('.legend .leg-more').nth(2).click();
    await page.mouse.move(2, 2);
    await look(page, 'call');
    await page.locator(hit(3)).click();
    await look(page, 'compare');
    for (const view of ['messages', 'legs']) {
      await page.goto(`${server.url}${ladder}?view=${view}`);
      await page.locator('table.data').waitFor();
      await look(page, view);
    }
    await close(page);
    page = await open(ladder, { dark, width: 1024, height: 768 });
    await page.locator(hit(1)).click();
    await look(page, '1024');
    await close(page);
    equal(found, []);
  });
}

await test('at 200 % nothing sticks out, and everything can be reached', async () => {
  const page = await open(ladder, { width: 720, height: 450 });
  await page.locator('.ladder-scroll g.m').first().waitFor();
  equal(await page.evaluate(sticksOut), []);
  await page.keyboard.press('G');
  const box = await page.locator('g.m.cursor .hit').boundingBox();
  ok(box && box.y >= 48 && box.y + box.height <= 450, 'the last message is out of view');
  await page.goto(server.url + '/');
  await rows(page).first().waitFor();
  equal(await page.evaluate(sticksOut), []);
  await close(page);
});

await test('on paper: title, legs and the whole ladder, no buttons', async () => {
  const page = await open(ladder);
  await page.locator('.ladder-scroll g.m').first().waitFor();
  await page.emulateMedia({ media: 'print' });
  const seen = await page.evaluate(() => {
    const shown = (q) => [...document.querySelectorAll(q)].some((e) => e.getBoundingClientRect().height > 0);
    const svg = document.querySelector('.ladder-canvas > svg.ladder').getBoundingClientRect();
    const last = [...document.querySelectorAll('.ladder-scroll g.m')].pop().getBoundingClientRect();
    return { bar: shown('.bar'), side: shown('.call-side'), strip: shown('.leg-strip'), whole: last.bottom <= svg.bottom + 1 && svg.height > 700, page: document.documentElement.scrollHeight >= svg.height };
  });
  equal(seen, { bar: false, side: false, strip: true, whole: true, page: true });
  ok((await page.pdf({ format: 'A4' })).length > 10000, 'the print is empty');
  await close(page);
});

await test('the exported file works from disk', async () => {
  const html = await (await fetch(`${server.url}/api/v1/calls/${junk.id}/export.html`)).text();
  ok(!/(?:src|href)\s*=\s*"?https?:/i.test(html), 'it loads something');
  const c = await browser.newContext({ viewport: { width: 1440, height: 900 }, offline: true });
  const page = await c.newPage();
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(`export: ${m.text()}`));
  page.on('pageerror', (e) => complaints.push(`export: ${e.message}`));
  await page.setContent(html);
  await page.locator(hit(1)).hover();
  equal((await page.locator('.pane .sip-line').allInnerTexts()).length > 8, true);
  await page.locator(hit(1)).click();
  await page.locator(hit(3)).click();
  ok(await page.locator('.drawer .compare').isVisible(), 'no comparison');
  await page.keyboard.press('Escape');
  const folded = await page.locator('.ladder-scroll g.m').count();
  await page.keyboard.press('u');
  equal(await page.locator('.ladder-scroll g.m').count(), call.messages.length);
  await page.keyboard.press('u');
  equal(await page.locator('.ladder-scroll g.m').count(), folded);
  await page.locator('#legs tr[data-leg="4"]').hover();
  ok((await page.locator('.ladder-scroll g.m.dim').count()) > 10, 'a leg dims nothing');
  await page.keyboard.press('j');
  equal(await page.locator('g.m.cursor').count(), 1);
  equal(await page.evaluate(nameless), []);
  await c.close();
});

await test('the page’s own files are small', async () => {
  const sizes = await Promise.all(['/', '/app.js', '/app.css', '/ladder.css', '/favicon.svg'].map(async (f) => {
    const r = await fetch(server.url + f, { headers: { 'Accept-Encoding': 'gzip' } });
    return Number(r.headers.get('content-length') ?? (await r.arrayBuffer()).byteLength);
  }));
  ok(sizes.reduce((a, b) => a + b, 0) < 150_000, sizes.join(' + '));
});

await test('nothing was refused by the content policy, nothing went wrong in the console', async () => equal(complaints, []));

await end();
process.exit(failures() ? 1 : 0);
