// Big things in a browser: a call of 20,000 messages, of which the server draws what is looked at, and a list that is
// longer than what was fetched of it.
import { equal, failures, fireBrickLog, ok, openBrowser, openServer, refusedCall, test } from './browser.mjs';
import { capture, longCall } from './long.mjs';

const HUGE = 20000;
const CALLS = 1500;
const two = (n) => String(n).padStart(2, '0');
const clock = (s) => `${two(6 + Math.floor(s / 3600))}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
const many = [];
for (let i = 0; i < CALLS; i++) { // most a second apart, some hundreds in one second
  const s = i < 900 ? i : i < 1250 ? 900 : i - 300;
  many.push(...refusedCall(`many-${i}`, { from: `016329${String(i).padStart(5, '0')}`, time: clock(s) }));
}
const browser = await openBrowser();
const server = await openServer({
  files: [
    ['huge.pcap', capture(longCall(HUGE, { again: 40 }))],
    ['long.pcap', capture(longCall(900, { name: 'other', from: '01632960166', to: '02079460166', startUs: 1785256400e6, again: 5 }))],
    ['boxless.log', fireBrickLog(many)],
  ],
});
const complaints = [];

async function open(path, { width = 1440, height = 900 } = {}) {
  const page = await (await browser.newContext({ viewport: { width, height } })).newPage();
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(`${path}: ${m.text()}`));
  page.on('pageerror', (e) => complaints.push(`${path}: ${e.message}`));
  await page.goto(server.url + path);
  return page;
}

const api = async (path) => (await fetch(server.url + '/api/v1' + path)).json();
const text = async (path) => (await fetch(server.url + '/api/v1' + path)).text();
const post = (name, body) => fetch(`${server.url}/api/v1/import?name=${name}`, { method: 'POST', headers: { 'X-Sipweave': '1' }, body });
const close = (page) => page.context().close();
const hit = (n) => `.ladder-scroll g.m[data-m="${n}"] .hit`;
const drawn = (page) => page.locator('.ladder-scroll g.m');
const rows = (page) => page.locator('.row.call');
const cursor = (page) => page.locator('g.m.cursor').getAttribute('data-m').then(Number);
const bytes = (t) => t.replace(/\r/g, '').trimEnd().split('\n').filter((l) => l !== '').map((l) => l.trimEnd());
const shownBytes = async (page, where) => (await page.locator(`${where} .sip-line`).allInnerTexts()).map((l) => l.replace('\u00a0', '').trimEnd()).filter((l) => l !== '');

const huge = (await api('/calls?number=01632960155')).calls[0];
const other = (await api('/calls?number=01632960166')).calls[0];
const index = await api(`/calls/${huge.id}/ladder.json`);
const ladder = `/call/${huge.id}`;

/** What stands in the view: the numbers of its rows, without holes. */
async function inView(page) {
  return page.evaluate(() => {
    const view = document.querySelector('.ladder-scroll').getBoundingClientRect();
    const head = document.querySelector('.ladder-heads').getBoundingClientRect().bottom;
    return [...document.querySelectorAll('.ladder-scroll g.m')].filter((g) => {
      const r = g.querySelector('.hit').getBoundingClientRect();
      return r.top >= head && r.bottom <= view.bottom;
    }).map((g) => Number(g.dataset.m));
  });
}

/** The rows that should stand there, by the index. */
async function expected(page) {
  const [top, height, zoom, head] = await page.evaluate(() => {
    const [e, svg] = [document.querySelector('.ladder-scroll'), document.querySelector('.ladder-canvas > svg.ladder')];
    const zoom = svg.getBoundingClientRect().height / svg.viewBox.baseVal.height;
    return [e.scrollTop / zoom, e.clientHeight / zoom, zoom, Number(svg.dataset.head)];
  });
  ok(zoom > 0.8, `zoom ${zoom}`);
  return index.n.filter((_, i) => index.y[i] - head >= top && index.y[i] + 20 <= top + height);
}

async function assertFilled(page, where) {
  const want = await expected(page);
  ok(want.length > 10, `${where}: ${want.length} rows in view`);
  await page.waitForFunction((l) => l.every((n) => document.querySelector(`.ladder-scroll g.m[data-m="${n}"]`)), want);
  equal(await inView(page), want, where);
}

// ---- a call of 20,000 messages ------------------------------------------------------------------------------

await test('a huge call opens with its first rows, and as high as all of them', async () => {
  equal(huge.messages, HUGE);
  const page = await open(ladder);
  await drawn(page).first().waitFor();
  equal(await drawn(page).first().getAttribute('data-m'), '1');
  ok(await drawn(page).count() < 300, `${await drawn(page).count()} rows are in the document`);
  const height = await page.locator('.ladder-canvas > svg.ladder').evaluate((e) => e.getBoundingClientRect().height);
  ok(height > index.y.at(-1), `${height} px`);
  ok((await page.locator('.facts').innerText()).includes('20,000 messages'), 'the facts');
  await assertFilled(page, 'top');
  await close(page);
});

await test('wherever it is scrolled to, the right rows are shown, and no others', async () => {
  const page = await open(ladder);
  await drawn(page).first().waitFor();
  for (const part of [0.5, 0.503, 0.9, 1, 0.1, 0.101, 0]) {
    await page.locator('.ladder-scroll').evaluate((e, p) => e.scrollTo(0, (e.scrollHeight - e.clientHeight) * p), part);
    await assertFilled(page, `at ${part}`);
    ok(await drawn(page).count() < 300, `${await drawn(page).count()} rows are in the document`);
  }
  // down and up, far enough for the first pieces to be forgotten
  for (let i = 0; i <= 80; i++) {
    await page.locator('.ladder-scroll').evaluate((e, p) => e.scrollTo(0, e.scrollHeight * p), i / 80);
    await page.waitForTimeout(15);
  }
  await page.locator('.ladder-scroll').evaluate((e) => e.scrollTo(0, 0));
  await assertFilled(page, 'top again');
  const numbers = await drawn(page).evaluateAll((l) => l.map((g) => Number(g.dataset.m)));
  equal(numbers, [...new Set(numbers)].sort((a, b) => a - b), 'in order, each once');
  ok(await page.locator('.prompts .prompt').count() > 5 && await page.locator('.gaps .gap').count() > 5, 'curves and silences');
  await close(page);
});

await test('what stands in the document is what the server draws whole', async () => {
  const page = await open(ladder);
  await drawn(page).first().waitFor();
  await page.locator('.ladder-scroll').evaluate((e) => e.scrollTo(0, 123456));
  await assertFilled(page, 'there');
  const whole = await text(`/calls/${huge.id}/ladder.svg`);
  const same = await page.evaluate((svg) => {
    const doc = new DOMParser().parseFromString(svg, 'image/svg+xml');
    const shape = (g) => [g.dataset.leg, ...['label', 'time', 'arrow', 'tip'].map((c) => {
      const e = g.querySelector('.' + c);
      return [e.textContent, ...['x', 'y', 'x1', 'x2', 'y1', 'd'].map((a) => e.getAttribute(a))];
    })].join('|');
    const wrong = [];
    for (const g of document.querySelectorAll('.ladder-scroll g.m')) if (shape(g) !== shape(doc.getElementById(g.id))) wrong.push(g.id);
    return wrong;
  }, whole);
  equal(same, []);
  await close(page);
});

await test('pointing at a row deep inside shows the whole message', async () => {
  const page = await open(ladder);
  await drawn(page).first().waitFor();
  await page.locator('.ladder-scroll').evaluate((e) => e.scrollTo(0, 200000));
  await assertFilled(page, 'there');
  const n = (await inView(page))[8];
  await page.locator(hit(n)).hover();
  await page.locator('.pane .sip-line').first().waitFor();
  const [m] = (await api(`/calls/${huge.id}/messages?first=${n}&count=1`)).messages;
  equal(m.n, n);
  equal(await page.locator('.pane .msg').getAttribute('data-m'), String(n));
  equal(await shownBytes(page, '.pane'), bytes(m.raw));
  await close(page);
});

await test('a link to message 15,000 opens there', async () => {
  const page = await open(`${ladder}#m15000`);
  await page.locator('g.m.pin').waitFor();
  const row = index.n.findLast((n) => n <= 15000);
  ok(Math.abs(Number(await page.locator('g.m.pin').getAttribute('data-m')) - row) < 3, 'another row is pinned');
  equal(await page.locator('.pane .msg').getAttribute('data-m'), '15000');
  const box = await page.locator('g.m.pin .hit').boundingBox();
  ok(box.y > 60 && box.y + box.height < 900, 'it is out of view');
  await page.locator('.pane .sip-line').first().waitFor();
  equal(await shownBytes(page, '.pane'), bytes((await api(`/calls/${huge.id}/messages?first=15000&count=1`)).messages[0].raw));
  await close(page);
});

await test('the keyboard goes everywhere, and the focus with it', async () => {
  const page = await open(ladder);
  await drawn(page).first().waitFor();
  const at = async (n) => {
    await page.waitForFunction((x) => document.querySelector('g.m.cursor')?.dataset.m === String(x) && document.activeElement?.dataset.m === String(x), n);
    const box = await page.locator('g.m.cursor .hit').boundingBox();
    ok(box.y > 60 && box.y + box.height <= 900, `message ${n} is out of view`);
    await page.locator(`.pane .msg[data-m="${n}"] .sip-line`).first().waitFor();
  };
  await page.keyboard.press('End');
  await at(index.n.at(-1));
  await page.keyboard.press('k');
  await at(index.n.at(-2));
  await page.keyboard.press('Home');
  await at(1);
  for (let i = 0; i < 30; i++) await page.keyboard.press('PageDown');
  await at(index.n[360]);
  await page.keyboard.press(']');
  const leg = index.leg[360];
  await at(index.n.find((_, i) => i > 360 && index.leg[i] === leg));
  await page.keyboard.press('[');
  await at(index.n[360]);
  await page.keyboard.press('Enter');
  equal(await page.locator('g.m.pin').getAttribute('data-m'), String(index.n[360]));
  await close(page);
});

await test('two messages far from each other are compared', async () => {
  const page = await open(`${ladder}#m40,19990`);
  await page.locator('.drawer .compare').waitFor();
  const pair = await Promise.all([40, 19990].map(async (n) => (await api(`/calls/${huge.id}/messages?first=${n}&count=1`)).messages[0]));
  for (const [i, side] of ['left', 'right'].entries()) {
    const got = (await page.locator(`.drawer .cmp-${side}:not(.none)`).allInnerTexts()).map((l) => l.replace('\u00a0', '').trimEnd()).filter((l) => l);
    equal(got.sort(), bytes(pair[i].raw).sort(), side);
  }
  await page.keyboard.press('End');
  await page.waitForFunction(() => document.querySelector('g.m.pin[data-m="19990"]'));
  await close(page);
});

await test('a leg that is lit stays lit in rows that come later', async () => {
  const page = await open(ladder);
  await drawn(page).first().waitFor();
  await page.keyboard.press('2');
  const right = () => drawn(page).evaluateAll((l) => l.every((g) => g.classList.contains('dim') === (g.dataset.leg !== '2')));
  ok(await right(), 'at the top');
  await page.locator('.ladder-scroll').evaluate((e) => e.scrollTo(0, 300000));
  await assertFilled(page, 'there');
  ok(await right(), 'further down');
  ok(await page.locator('.prompts .prompt.dim').count() > 0, 'the curves');
  await close(page);
});

await test('repeats unfold deep inside; the place stays', async () => {
  const page = await open(ladder);
  await drawn(page).first().waitFor();
  const fold = index.folds[Math.floor(index.folds.length / 2)];
  await page.locator('.ladder-scroll').evaluate((e, y) => e.scrollTo(0, y), index.y[index.n.indexOf(fold[0])] - 300);
  await page.locator(`g.m[data-m="${fold[0]}"] .count`).click();
  await page.locator(`g.m[data-m="${fold[1]}"]`).waitFor();
  equal(new URL(page.url()).searchParams.get('unfold'), String(fold[0]));
  await page.locator(`g.m.fold.open[data-m="${fold[0]}"] .count`).click();
  await page.waitForFunction((n) => !document.querySelector(`g.m[data-m="${n}"]`), fold[1]);
  await page.keyboard.press('u');
  await page.locator(`g.m[data-m="${fold[1]}"]`).waitFor();
  await page.keyboard.press('End');
  await page.locator(`g.m.cursor[data-m="${HUGE}"]`).waitFor();
  await close(page);
});

await test('scrolled sideways, the times of the rows in view stay', async () => {
  const page = await open(ladder, { width: 480, height: 700 });
  await drawn(page).first().waitFor();
  await page.locator('.ladder-scroll').evaluate((e) => e.scrollTo(200, 100000));
  await assertFilled(page, 'there');
  const times = await page.locator('.ladder-gutter .time').allTextContents();
  equal(times, await page.locator('.ladder-scroll > .ladder-canvas > svg.ladder g.m .time').allTextContents());
  await close(page);
});

await test('what led to what is lit across pieces', async () => {
  const call = await api(`/calls/${huge.id}?lean=1`);
  ok(call.messages.every((m) => m.raw === undefined), 'texts came unasked');
  const m = call.messages.find((x) => x.n > 9000 && x.prompted_by);
  const page = await open(`${ladder}#m${m.n}`);
  await page.locator('.prompt.hover').first().waitFor();
  await page.locator('.pane').getByRole('button', { name: new RegExp(`^${m.prompted_by}\\. `) }).click();
  await page.locator(`g.m.pin[data-m="${index.n.includes(m.prompted_by) ? m.prompted_by : m.n}"]`).waitFor();
  await close(page);
});

await test('the table of a huge call: every row can be reached, few are in the document', async () => {
  const page = await open(`${ladder}?view=messages#m15000`);
  await page.locator('tr.pin[data-m="15000"]').waitFor();
  equal(await page.locator('.messages-table').getAttribute('aria-rowcount'), String(HUGE + 1));
  equal(await page.locator('tr.pin').getAttribute('aria-rowindex'), '15001');
  ok(await page.locator('tr[data-m]').count() < 200, 'too many rows');
  const box = await page.locator('tr.pin').boundingBox();
  ok(box.y > 150 && box.y + box.height <= 900, 'it is out of view');
  for (const part of [0, 0.3, 1]) {
    await page.locator('.table-scroll').evaluate((e, p) => e.scrollTo(0, (e.scrollHeight - e.clientHeight) * p), part);
    await page.waitForFunction(() => { // no hole in the view, and rows as high as they were thought to be
      const host = document.querySelector('.table-scroll').getBoundingClientRect();
      const list = [...document.querySelectorAll('tr[data-m]')].map((tr) => [Number(tr.dataset.m), tr.getBoundingClientRect()]);
      const table = document.querySelector('.messages-table tbody').getBoundingClientRect().top;
      return list[0][1].top <= host.top + 60 && list.at(-1)[1].bottom >= host.bottom - 2 && list.every(([n, r]) => Math.abs(r.top - table - (n - 1) * 45) < 2);
    });
  }
  await page.keyboard.press('End');
  await page.locator(`tr.cursor[data-m="${HUGE}"]`).waitFor();
  equal(await page.evaluate(() => document.activeElement.dataset.m), String(HUGE));
  await page.keyboard.press('Enter');
  await page.locator('.drawer .compare').waitFor();
  await close(page);
});

// ---- a long one that goes on ----------------------------------------------------------------------------------

await test('on paper stands all of it', async () => {
  const page = await open(`/call/${other.id}`);
  await drawn(page).first().waitFor();
  const want = (await api(`/calls/${other.id}/ladder.json`)).rows;
  await page.evaluate(() => window.dispatchEvent(new Event('beforeprint')));
  await page.emulateMedia({ media: 'print' });
  equal(await page.locator('svg.print-only g.m').count(), want);
  equal(await page.locator('.ladder-canvas > svg.ladder:visible').count(), 1);
  await page.emulateMedia({ media: 'screen' });
  await page.evaluate(() => window.dispatchEvent(new Event('afterprint')));
  ok(await drawn(page).count() < 300 && await page.locator('svg.print-only').count() === 0, 'it stays');
  await close(page);
});

await test('a long call that goes on is drawn again; pins and place stay', async () => {
  const page = await open(`/call/${other.id}#m500`);
  await page.locator('g.m.pin').waitFor();
  const top = await page.locator('.ladder-scroll').evaluate((e) => e.scrollTop);
  await page.getByText('Live').waitFor();
  await page.waitForTimeout(300);
  await post('long.pcap', capture(longCall(930, { name: 'other', from: '01632960166', to: '02079460166', startUs: 1785256400e6, again: 5 })));
  await page.locator('.facts').getByText('930 messages').waitFor({ timeout: 15000 });
  await page.locator('g.m.pin').waitFor();
  equal(await page.locator('.ladder-scroll').evaluate((e) => e.scrollTop), top);
  equal(await page.locator('.pane .msg').getAttribute('data-m'), '500');
  await page.keyboard.press('End');
  await page.waitForFunction(() => Number(document.querySelector('g.m.cursor')?.dataset.m) > 925);
  await close(page);
});

// ---- a long list -----------------------------------------------------------------------------------------------

const order = [];
for (let next = ''; next !== null;) {
  const page = await api(`/calls?limit=1000${next && '&cursor=' + next}`);
  order.push(...page.calls.map((c) => `/call/${c.id}`));
  next = page.next;
}

/** Every row in view is loaded, and is the one that the list has at its number. */
async function assertListed(page, list = order) {
  await page.waitForFunction(() => {
    const view = document.querySelector('.list-scroll').getBoundingClientRect();
    const inside = [...document.querySelectorAll('.rows > .row')].filter((r) => r.getBoundingClientRect().bottom > view.top && r.getBoundingClientRect().top < view.bottom);
    return inside.length > 8 && inside.every((r) => r.classList.contains('call'));
  });
  const got = await rows(page).evaluateAll((l) => l.map((r) => [Number(r.getAttribute('aria-rowindex')) - 2, r.querySelector('a').getAttribute('href')]));
  for (const [i, href] of got) equal(href, list[i], `row ${i}`);
  ok(got.length < 90, `${got.length} rows are in the document`);
  return got.map(([i]) => i);
}

const scrollTo = (page, part) => page.locator('.list-scroll').evaluate((e, p) => e.scrollTo(0, (e.scrollHeight - e.clientHeight) * p), part);

await test('a long list is as long as all calls from the start; any place of it can be looked at', async () => {
  equal(order.length, CALLS + 2);
  const page = await open('/');
  await page.getByText('1,502 calls; there are no older ones').waitFor({ state: 'attached' });
  equal(await page.locator('.list').getAttribute('aria-rowcount'), String(CALLS + 3));
  for (const part of [0.5, 0.2, 0.35, 1, 0.99, 0.7, 0]) {
    await scrollTo(page, part);
    await assertListed(page);
  }
  await close(page);
});

await test('by wheel through all of it, nothing is missing and nothing comes twice', async () => {
  const page = await open('/');
  await page.getByText('there are no older ones').waitFor({ state: 'attached' });
  const seen = new Set();
  await page.mouse.move(600, 500);
  for (let i = 0; i < 90 && seen.size < order.length; i++) {
    for (const n of await assertListed(page)) seen.add(n);
    await page.mouse.wheel(0, 700);
    await page.waitForTimeout(20);
  }
  equal(seen.size, order.length);
  await close(page);
});

await test('End, Home, Page Up and Enter work where nothing is loaded yet', async () => {
  const page = await open('/');
  await page.getByText('there are no older ones').waitFor({ state: 'attached' });
  await page.keyboard.press('End');
  ok((await assertListed(page)).includes(order.length - 1), 'the last row');
  const selected = () => page.locator('.row.selected').getAttribute('aria-rowindex').then((n) => Number(n) - 2);
  equal(await selected(), order.length - 1);
  await page.keyboard.press('PageUp');
  ok(await selected() < order.length - 10 && (await assertListed(page)).includes(await selected()), 'Page Up');
  await scrollTo(page, 0.4);
  const list = await assertListed(page);
  await page.keyboard.press('PageDown');
  const now = await selected();
  ok(now > list[0] && now < list.at(-1) + 40, `Page Down goes from ${list[0]} to ${now}`);
  await assertListed(page);
  await page.keyboard.press('Enter');
  await page.locator('.ladder-scroll g.m').first().waitFor();
  equal(new URL(page.url()).pathname, order[now]);
  await page.goBack();
  ok((await assertListed(page)).includes(now), 'the place in the list is lost');
  await page.keyboard.press('Home');
  ok((await assertListed(page)).includes(0), 'Home');
  await close(page);
});

await test('calls that come in move nothing that is read', async () => {
  const page = await open('/');
  await page.getByText('there are no older ones').waitFor({ state: 'attached' });
  await page.getByText('Live').waitFor();
  await scrollTo(page, 0.5);
  await assertListed(page);
  await page.waitForTimeout(300);
  const where = () => page.locator('.rows > .row').evaluateAll((l) => l.map((r) => [r.querySelector('a')?.href, r.getBoundingClientRect().top]));
  const before = await where();
  await post('late.pcap', capture(longCall(12, { name: 'late', from: '01632960888', to: '02079460888', startUs: 1785456400e6 })));
  await page.locator('.pill').waitFor({ timeout: 15000 });
  equal(await where(), before);
  await page.locator('.pill').click();
  await page.getByText('01632960888').waitFor();
  const more = (await api('/calls?limit=1')).calls.map((c) => `/call/${c.id}`);
  await assertListed(page, [...more, ...order]);
  await scrollTo(page, 0.77);
  await assertListed(page, [...more, ...order]);
  await close(page);
});

await test('a search by text has no length beforehand: pages come at the end', async () => {
  const page = await open('/?text=Busy+Here');
  await rows(page).first().waitFor();
  for (let i = 0; i < 40 && !(await page.getByText('there are no older ones').count()); i++) {
    await scrollTo(page, 1);
    await page.waitForTimeout(100);
  }
  await page.getByText('1,500 calls; there are no older ones').waitFor();
  await close(page);
});

await test('the browser had no complaint', async () => equal(complaints, []));

await browser.close();
await server.close();
process.exit(failures() ? 1 : 0);
