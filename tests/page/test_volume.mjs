// The chart over the list in a browser: bars, a stretch taken by pointer and by keys, what it says to who does not see it.
import { faint, nameless, sticksOut } from './audit.mjs';
import { equal, failures, fireBrickLog, ok, openBrowser, openServer, refusedCall, test } from './browser.mjs';

// 26 Jul 2014: 60 calls from 10:00 on, one a minute, every fifth without an answer; 40 of them at once at 10:30
const two = (n) => String(n).padStart(2, '0');
const log = [];
for (let i = 0; i < 60; i++) {
  const times = i === 30 ? 40 : 1;
  for (let k = 0; k < times; k++) {
    const call = refusedCall(`v-${i}-${k}`, { from: `016329600${two(i)}`, time: `10:${two(i)}:0${k % 10}` });
    log.push(...(i % 5 === 4 ? call.slice(0, 1) : call));
  }
}
const ALL = 99;
const FAILED = 99 - 12;

const browser = await openBrowser();
const server = await openServer({ files: [['boxless.log', fireBrickLog(log)]] });
const complaints = [];

async function open(path, { width = 1440, height = 900, dark = false } = {}) {
  const page = await (await browser.newContext({ viewport: { width, height }, timezoneId: 'Europe/London', colorScheme: dark ? 'dark' : 'light' })).newPage();
  page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(`${path}: ${m.text()}`));
  page.on('pageerror', (e) => complaints.push(`${path}: ${e.message}`));
  await page.goto(server.url + path);
  await plot(page).waitFor();
  return page;
}
const plot = (page) => page.getByRole('slider', { name: 'Time of the list' });
const words = (page) => page.locator('.volume-words').innerText();
const says = (page) => plot(page).getAttribute('aria-valuetext');
const search = (page) => new URL(page.url()).searchParams;
const close = (page) => page.context().close();
const holds = (page, text) => page.waitForFunction((t) => document.querySelector('.volume-words')?.textContent.includes(t), text);
const rows = (page, n) => page.waitForFunction((want) => document.querySelectorAll('.row.call').length === want, n);
/** The middle of bar i of n. */
async function bar(page, i, n) {
  const box = await plot(page).boundingBox();
  return [box.x + ((i + 0.5) / n) * box.width, box.y + box.height / 2];
}

await test('the chart tells how many calls there were, when, and how many failed', async () => {
  const page = await open('/');
  ok((await words(page)).includes(`${ALL} calls, ${FAILED} failed (88 %)`), await words(page));
  const [all, failed] = await page.locator('.volume path').evaluateAll((l) => l.map((p) => p.getAttribute('d').split('M').length - 1));
  equal([all, failed], [60, 48]);
  ok((await page.locator('.volume-axis').innerText()).includes('11:30'), 'the zone of the browser'); // summer time
  const help = await page.locator('#volume-help').textContent();
  ok(help.includes('Busiest: 26 Jul 2014 11:30 – 11:31, 40 calls, 40 failed (100 %)') && help.includes('Arrow keys'), help);
  await close(page);
});

await test('pointing at a bar says what it holds; a click makes it the time of the list', async () => {
  const page = await open('/');
  await page.mouse.move(...await bar(page, 30, 60));
  equal(await words(page), '26 Jul 2014 11:30 – 11:31: 40 calls, 40 failed (100 %)');
  await page.mouse.move(10, 10);
  ok((await words(page)).includes('99 calls'), 'the whole again');
  await page.mouse.click(...await bar(page, 30, 60));
  await holds(page, '40 calls, 40 failed');
  equal([search(page).get('after'), search(page).get('before')], ['2014-07-26T10:30:00Z', '2014-07-26T10:31:00Z']);
  equal(await page.getByLabel('From when').inputValue(), '2014-07-26T11:30');
  await page.getByRole('button', { name: 'All times' }).click();
  await holds(page, '99 calls');
  equal(search(page).get('after'), null);
  await page.goBack();
  await holds(page, '40 calls');
  await close(page);
});

await test('a stretch is dragged, either way, and beyond the edge', async () => {
  const page = await open('/');
  await page.mouse.move(...await bar(page, 19, 60));
  await page.mouse.down();
  const [x] = await bar(page, 0, 60);
  await page.mouse.move(x - 400, 300, { steps: 4 });
  equal(await words(page), '26 Jul 2014 11:00 – 11:20: 20 calls, 16 failed (80 %)');
  await page.mouse.up();
  await rows(page, 20);
  equal([search(page).get('after'), search(page).get('before')], ['2014-07-26T10:00:00Z', '2014-07-26T10:20:00Z']);
  await close(page);
});

await test('from the keyboard: to a bar, over several, out again', async () => {
  const page = await open('/');
  await page.locator('input[name=device]').focus();
  await page.keyboard.press('Tab');
  ok(await plot(page).evaluate((e) => e === document.activeElement), 'the next stop');
  ok((await says(page)).includes('99 calls'), 'first the whole');
  await page.keyboard.press('End');
  equal(await says(page), '26 Jul 2014 11:59 – 12:00: 1 call, none failed');
  await page.keyboard.press('ArrowLeft');
  equal(await says(page), '26 Jul 2014 11:58 – 11:59: 1 call, 1 failed (100 %)');
  for (let i = 0; i < 4; i++) await page.keyboard.press('Shift+ArrowLeft');
  equal(await says(page), '26 Jul 2014 11:54 – 11:59: 5 calls, 4 failed (80 %)');
  equal(await page.locator('.row.call.selected').count(), 0, 'the list does not hear these keys');
  await page.keyboard.press('Escape');
  ok((await says(page)).includes('99 calls'), 'the whole again');
  await page.keyboard.press('Home');
  await page.keyboard.press('Shift+PageDown');
  await page.keyboard.press('Enter');
  await rows(page, 11);
  equal(search(page).get('before'), '2014-07-26T10:11:00Z');
  await close(page);
});

await test('it shows what the list shows: filters narrow both', async () => {
  const page = await open('/?status=486&before=2014-07-26T10:10:00Z');
  ok((await words(page)).includes('8 calls, 8 failed (100 %)'), await words(page));
  await page.locator('select[name=state]').selectOption('partial');
  await holds(page, 'no calls');
  await page.getByRole('heading', { name: 'Nothing fits' }).waitFor();
  await close(page);
});

await test('a quiet hour is shown as one, and the last hour reaches up to now', async () => {
  const page = await open('/?after=2014-07-20T08:00:00Z&before=2014-07-20T09:00:00Z');
  ok((await words(page)).includes('20 Jul 2014 09:00 – 10:00: no calls'), await words(page));
  await page.locator('select[name=when]').selectOption('-1h');
  await page.waitForFunction(() => document.querySelector('.volume-words').textContent.startsWith('today') ||
    document.querySelector('.volume-words').textContent.startsWith('yesterday'));
  await close(page);
});

await test('where it cannot be told it is not there, and with one call it is of no use', async () => {
  const page = await open('/');
  for (const q of ['text=Busy', 'number=01632960000']) {
    await page.goto(`${server.url}/?${q}`);
    await page.locator('.row.call').first().waitFor();
    await page.waitForFunction(() => !document.querySelector('.volume'));
  }
  await close(page);
});

await test('what comes in appears in the chart', async () => {
  const page = await open('/');
  const late = fireBrickLog(refusedCall('late', { from: '01632960999', time: '10:59:30' }));
  const r = await fetch(`${server.url}/api/v1/import?name=late.log`, { method: 'POST', headers: { 'X-Sipweave': '1' }, body: late });
  equal(r.status, 200);
  await holds(page, '100 calls');
  await close(page);
});

await test('readable in light and dark, wide and narrow; everything has a name', async () => {
  for (const dark of [false, true]) {
    for (const [width, height] of [[1440, 900], [1024, 768], [360, 700]]) {
      const page = await open('/', { width, height, dark });
      await page.locator('.row.call').first().waitFor();
      equal(await page.evaluate(nameless), [], `names at ${width}`);
      equal(await page.evaluate(faint), [], `contrast at ${width}${dark ? ', dark' : ''}`);
      equal(await page.evaluate(sticksOut), [], `width ${width}`);
      const labels = await page.locator('.volume-axis span').evaluateAll((l) => l.map((e) => e.getBoundingClientRect()).filter((b) => b.width).map((b) => [b.left, b.right]));
      ok(labels.length >= 3 && labels.every((b, i) => i === 0 || b[0] > labels[i - 1][1] + 4), `labels at ${width}: ${JSON.stringify(labels)}`);
      await close(page);
    }
  }
});

await test('the browser had no complaint', async () => equal(complaints, []));

await browser.close();
await server.close();
process.exit(failures() ? 1 : 0);
