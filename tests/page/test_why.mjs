// Why a leg is here, what lies beside a call, and changes by hand, as a user meets them.
import { faint, nameless, sticksOut } from './audit.mjs';
import { equal, failures, fireBrickLog, ok, openBrowser, openServer, test } from './browser.mjs';

const browser = await openBrowser();
const server = await openServer();
const complaints = [];

async function open(path, { width = 1440, height = 900, dark = false, context, fake } = {}) {
  const c = context ?? await browser.newContext({ viewport: { width, height }, colorScheme: dark ? 'dark' : 'light' });
  const page = await c.newPage();
  page.on('console', (m) => {
    if (['error', 'warning'].includes(m.type()) && !/status of 4/.test(m.text())) complaints.push(`${path}: ${m.text()}`);
  });
  page.on('pageerror', (e) => complaints.push(`${path}: ${e.message}`));
  if (fake) {
    await page.route((url) => url.pathname === `/api/v1/calls/${junk.id}`, async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: fake(await answer.json()) });
    });
  }
  await page.goto(server.url + path);
  return page;
}

async function close(page) {
  await page.unrouteAll({ behavior: 'ignoreErrors' });
  await page.context().close();
}

const api = async (path) => (await fetch(server.url + '/api/v1' + path)).json();
const post = async (path, body) => (await fetch(server.url + '/api/v1' + path, { method: 'POST', headers: { 'X-Sipweave': '1' }, body: JSON.stringify(body) })).json();
const importLog = (name, body) => fetch(`${server.url}/api/v1/import?name=${name}`, { method: 'POST', headers: { 'X-Sipweave': '1' }, body });
const decisions = async () => (await api('/decisions')).decisions;
const all = (await api('/calls?limit=100')).calls;
const junk = all.find((c) => c.legs.length === 8);
const plain = all.find((c) => c.legs.length === 2);
const call = await api(`/calls/${junk.id}`);
const ladder = `/call/${junk.id}`;
const legs = `${ladder}?view=legs`;
const inLegend = (page, n) => page.locator(`.legend li[data-leg="${n}"]`);
const legCount = (page) => page.locator('.legend li[data-leg]').count();
const waitLegs = (page, n) => page.waitForFunction((want) => document.querySelectorAll('.legend li[data-leg]').length === want, n);
const whole = async () => equal((await api(`/calls/${junk.id}`)).legs.length, 8, 'the call is not whole again:');

// a leg with a parent, on which another one hangs; and what leaves with it
const leaver = call.legs.find((l) => l.parent > 1 && call.legs.some((x) => x.parent === l.n));
const left = 8 - 1 - call.legs.filter((l) => l.parent === leaver.n).length;

async function name(page, text) {
  await page.getByLabel('Your name, kept with the change').fill(text);
  await page.keyboard.press('Enter');
}

// ---- why -------------------------------------------------------------------------------------------------------

await test('a leg says why it is here: words, weights, how sure, and what speaks against it', async () => {
  const page = await open(ladder);
  const leg = call.legs.find((l) => l.evidence.some((e) => e.bits < 0));
  await inLegend(page, leg.n).locator('.leg-more').click();
  const why = page.locator('.legend .why');
  const text = await why.innerText();
  for (const e of leg.evidence) ok(text.includes(e.text), `${e.text} is missing`);
  ok(/(practically certain|very likely) \(99\.\d+\s%\)/.test(text), `how sure: ${text}`);
  const bars = await why.locator('meter').evaluateAll((l) => l.map((m) => [m.value, m.getAttribute('aria-label')]));
  equal(bars.length, leg.evidence.length);
  leg.evidence.forEach((e) => ok(bars.some(([v, label]) => Math.abs(v - Math.min(20, Math.abs(e.bits))) < 0.01 && label.includes(e.bits < 0 ? 'against' : 'for it')), `no bar for ${e.text}`));
  equal(await why.locator('li.against').count(), leg.evidence.filter((e) => e.bits < 0).length);
  ok(text.indexOf('What speaks against it') > text.indexOf(leg.evidence[0].text), 'what speaks against it is not apart');
  await inLegend(page, 1).locator('.leg-more').click();
  equal(await page.getByRole('button', { name: 'Take this leg out' }).count(), 0, 'the first leg can be taken out');
  await close(page);
});

// ---- split and undo ------------------------------------------------------------------------------------------------

await test('a leg is taken out, the name is asked once, and undo brings it back', async () => {
  const page = await open(ladder);
  await inLegend(page, leaver.n).locator('.leg-more').click();
  await page.getByRole('button', { name: 'Take this leg out' }).click();
  await name(page, 'Kay <img src=x onerror=window.hacked=1>');
  const toast = page.locator('.toast');
  await toast.waitFor();
  ok((await toast.innerText()).includes(`Leg ${leaver.n} was taken out`), await toast.innerText());
  await waitLegs(page, left);
  equal((await decisions())[0].who, 'Kay <img src=x onerror=window.hacked=1>');
  const beside = page.locator('.call-side .beside');
  ok((await beside.innerText()).includes('Kay <img'), 'the list of changes does not say who');
  equal(await toast.getByRole('link', { name: 'Open it' }).getAttribute('href'), `/call/${leaver.id}`);
  await toast.getByRole('button', { name: 'Undo' }).click();
  await waitLegs(page, 8);
  await page.getByText('The change was undone').waitFor();
  equal(await page.evaluate(() => window.hacked), undefined);
  await whole();
  await page.getByRole('button', { name: 'Take this leg out' }).click(); // its line is open again
  await waitLegs(page, left); // nobody is asked again
  await page.locator('.call-side .beside').getByRole('button', { name: /^Undo/ }).click();
  await waitLegs(page, 8);
  await whole();
  await close(page);
});

await test('without a name the address is kept; Cancel changes nothing', async () => {
  const page = await open(ladder);
  const before = (await decisions()).length;
  await inLegend(page, leaver.n).locator('.leg-more').click();
  await page.getByRole('button', { name: 'Take this leg out' }).click();
  await page.locator('dialog[open]').getByRole('button', { name: 'Cancel' }).click();
  await page.getByRole('button', { name: 'Take this leg out' }).click();
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'detached' });
  equal(await legCount(page), 8);
  equal((await decisions()).length, before);
  await page.getByRole('button', { name: 'Take this leg out' }).click();
  await name(page, '');
  await waitLegs(page, left);
  equal((await decisions())[0].who, '127.0.0.1');
  await page.locator('.toast').getByRole('button', { name: 'Undo' }).click();
  await waitLegs(page, 8);
  await close(page);
});

await test('from the keyboard alone', async () => {
  const page = await open(legs);
  await page.evaluate(() => localStorage.setItem('sipweave.name', 'Kim'));
  await page.reload();
  await page.locator(`.legs-table tr[data-leg="${leaver.n}"] .link`).focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Take this leg out' }).waitFor();
  // past the Call-ID's button and the link to the leg that it comes from
  for (let i = 0; i < 4; i++) {
    await page.keyboard.press('Tab');
    if ((await page.evaluate(() => document.activeElement.textContent)) === 'Take this leg out of the call') break;
  }
  equal(await page.evaluate(() => document.activeElement.textContent), 'Take this leg out of the call');
  await page.keyboard.press('Enter');
  await waitLegs(page, left);
  await page.waitForFunction(() => document.activeElement.textContent === 'Undo');
  await page.keyboard.press('Enter');
  await waitLegs(page, 8);
  equal((await decisions())[0].undone_by, 'Kim');
  await close(page);
});

await test('what another page changes is seen here, and changed twice is said', async () => {
  const page = await open(ladder);
  await page.evaluate(() => localStorage.setItem('sipweave.name', 'Lee'));
  await page.reload();
  await waitLegs(page, 8);
  await page.getByText('Live').waitFor();
  const done = await post(`/calls/${junk.id}/split`, { leg: leaver.id, who: 'Ann' });
  await waitLegs(page, left);
  const undo = page.locator('.call-side .beside').getByRole('button', { name: /^Undo/ });
  await undo.waitFor();
  await page.route('**/undo', async (route) => { // meanwhile somebody else does
    await post(`/decisions/${done.decision}/undo`, { who: 'Ann' });
    await route.continue();
  });
  await undo.click();
  await page.locator('.toast.error').waitFor();
  ok((await page.locator('.toast.error').innerText()).includes('undone already, by Ann'), 'no sentence');
  await whole();
  await close(page);
});

// ---- join -------------------------------------------------------------------------------------------------------

await test('another call is found, joined below a leg, and parted again', async () => {
  const page = await open(legs);
  await page.evaluate(() => localStorage.setItem('sipweave.name', 'Kay'));
  await page.reload();
  await page.getByRole('button', { name: 'Join another call' }).click();
  const dialog = page.locator('dialog[open]');
  ok(await dialog.getByRole('button', { name: 'Join', exact: true }).isDisabled(), 'nothing is chosen, and it can be joined');
  await dialog.getByLabel(/^The other call/).fill('no-such-call-anywhere');
  await page.keyboard.press('Enter');
  await dialog.getByText('No other call fits').waitFor();
  await dialog.getByLabel(/^The other call/).fill(`${server.url}/call/${plain.id}?view=legs`);
  await page.keyboard.press('Enter');
  await dialog.locator('.join-found').waitFor();
  await dialog.getByLabel('Its first leg hangs on').selectOption(leaver.id);
  await dialog.getByRole('button', { name: 'Join', exact: true }).click();
  await waitLegs(page, 10);
  const joined = await api(`/calls/${plain.id}`);
  equal(joined.legs.find((l) => l.id === plain.id).parent, joined.legs.find((l) => l.id === leaver.id).n);
  const n = joined.legs.find((l) => l.id === plain.id).n;
  await page.locator(`.legs-table tr[data-leg="${n}"] .link`).click();
  ok(/joined by hand by Kay, /.test(await page.locator('.legs-table .why').innerText()), 'it does not say who joined it');
  await page.locator('section.beside').getByRole('button', { name: /^Undo/ }).click();
  await waitLegs(page, 8);
  equal((await api(`/calls/${plain.id}`)).legs.length, 2);
  await close(page);
});

await test('the list follows: a call that is joined goes, and comes back', async () => {
  const page = await open('/');
  const row = page.locator(`.row.call a[href="/call/${plain.id}"]`);
  await row.waitFor();
  await page.getByText('Live').waitFor();
  const done = await post(`/calls/${junk.id}/join`, { leg: plain.id, other: leaver.id });
  await row.waitFor({ state: 'detached' });
  await post(`/decisions/${done.decision}/undo`, {});
  await row.waitFor();
  await close(page);
});

await test('two legs with one Call-ID cannot be parted, and it says why', async () => {
  const [a, p, b] = ['192.0.2.66:5060', '203.0.113.72:5060', '192.0.2.67:5060'];
  const invite = (hops) => `INVITE sip:x@203.0.113.72 SIP/2.0\nVia: SIP/2.0/UDP ${a};branch=z9hG4bKproxy\nFrom: <sip:888001@192.0.2.66>;tag=1\nTo: <sip:888002@203.0.113.72>\nCall-ID: proxied-page@192.0.2.66\nCSeq: 1 INVITE\nMax-Forwards: ${hops}\nContent-Length: 0`;
  await importLog('proxy.log', fireBrickLog([['12:00:00', 'Rx', a, p, invite(70)], ['12:00:00', 'Tx', p, b, invite(69)]]));
  const page = await open('/call/proxied-page%40192.0.2.66');
  await inLegend(page, 2).locator('.leg-more').click();
  ok((await page.locator('.legend .why').innerText()).includes('Legs 1 and 2 have one Call-ID: they are one call.'), 'no sentence');
  equal(await page.getByRole('button', { name: 'Take this leg out' }).count(), 0);
  await close(page);
});

// ---- what lies beside a call: the answer is made up, the page is not ------------------------------------------------

const beside = (c) => ({
  ...c,
  may_belong: [
    { leg: 2, below: true, other: plain.id, call: plain.id, call_id: 'x@y', from: '01632960123', to: '203', start: c.start, confidence: 0.714,
      why_not: 'the evidence reaches 71 %: a leg joins from 90 % on',
      evidence: [{ kind: 'timing', bits: 8.5, text: 'left boxless 8 ms after leg 2 arrived' }, { kind: 'called-number', bits: -2.2, text: 'another called number' }] },
    { leg: 1, below: false, other: plain.legs[1].id, call: plain.id, call_id: 'x@y', from: 'anonymous', to: '', start: null, confidence: 0.3, why_not: '', evidence: [] },
  ],
  related: [{ call: plain.id, kind: 'call-back', text: '01632960123 was called back 40 s after this call had ended', from: plain.from, to: plain.to, start: plain.start }],
  decisions: [{ n: 77, kind: 'split', leg: plain.id, other: c.legs[0].id, who: 'Kay', at: '2026-11-22T10:12:00.000000Z' }],
});

await test('what may belong, what is related, what was changed: told, linked, added', async () => {
  const page = await open(ladder, { fake: beside });
  await page.evaluate(() => localStorage.setItem('sipweave.name', 'Kay'));
  await page.reload();
  const box = page.locator('.call-side .beside');
  await box.waitFor();
  const text = await box.innerText();
  for (const want of ['2 may belong · 1 related · 1 by hand', 'possible (71', 'Why not: the evidence reaches 71', 'possible (30', 'an unknown time', 'call back',
    'called back 40 s after', 'A leg was taken out of this call', 'by Kay']) ok(text.includes(want), `"${want}" is missing in ${text}`);
  equal(await box.locator(`a[href="/call/${plain.id}"]`).count(), 4);
  await box.getByRole('button', { name: 'Show the evidence' }).click();
  ok((await box.innerText()).includes('left boxless 8 ms after leg 2 arrived'), 'no evidence');
  const asked = [];
  await page.route('**/join', async (route) => {
    asked.push([new URL(route.request().url()).pathname, route.request().postDataJSON()]);
    await route.fulfill({ status: 409, json: { error: 'not in this test' } });
  });
  await box.getByRole('button', { name: 'Add it' }).first().click();
  await page.locator('.toast.error').waitFor();
  await box.getByRole('button', { name: 'Add it' }).nth(1).click();
  await page.waitForTimeout(200);
  const path = `/api/v1/calls/${junk.id}/join`;
  equal(asked, [[path, { leg: plain.id, other: call.legs[1].id, who: 'Kay' }], [path, { leg: call.legs[0].id, other: plain.legs[1].id, who: 'Kay' }]]);
  await box.getByRole('button', { name: 'Join it to this call' }).click();
  await page.locator('dialog[open] .join-found').waitFor(); // the related call is found already
  ok(await page.locator('dialog[open]').getByRole('button', { name: 'Join', exact: true }).isEnabled(), 'it is not chosen');
  await close(page);
});

await test('in a small window a line says what there is, and leads to it', async () => {
  const page = await open(ladder, { width: 1024, height: 768, fake: beside });
  await page.getByRole('button', { name: 'Beside this call: 2 may belong' }).click();
  await page.locator('section.beside').waitFor();
  equal(new URL(page.url()).searchParams.get('view'), 'legs');
  await close(page);
});

for (const [width, height] of [[1440, 900], [1024, 768], [600, 800]]) {
  for (const dark of [false, true]) {
    await test(`${width} wide, ${dark ? 'dark' : 'light'}: everything has a name, can be read and stays inside`, async () => {
      const page = await open(ladder, { width, height, dark, fake: beside });
      const found = [];
      const look = async (what) => {
        await page.mouse.move(2, 2);
        await page.waitForTimeout(150);
        for (const f of [nameless, faint, sticksOut]) found.push(...(await page.evaluate(f)).map((x) => `${what}: ${x}`));
      };
      await page.locator('.ladder-scroll g.m').first().waitFor();
      if (width > 1200) {
        await inLegend(page, leaver.n).locator('.leg-more').click();
        ok((await page.locator('.call-side .pane').boundingBox()).height >= 150, 'there is no room for a message');
        const side = await page.locator('.call-side').boundingBox();
        const pane = await page.locator('.call-side .pane').boundingBox();
        ok(pane.y + pane.height <= side.y + side.height + 1, 'the side is longer than the window');
      }
      await look('ladder');
      await page.goto(server.url + legs);
      await page.locator(`.legs-table tr[data-leg="${leaver.n}"] .link`).click();
      await look('leg');
      await page.locator('section.beside').scrollIntoViewIfNeeded();
      await page.getByRole('button', { name: 'Show the evidence' }).click();
      await look('beside');
      await page.getByRole('button', { name: 'Join another call' }).click();
      await look('join');
      await page.keyboard.press('Escape');
      await page.getByRole('button', { name: 'Add it' }).first().click();
      await look('name');
      await page.route('**/join', (route) => route.fulfill({ status: 200, json: { decision: 5, calls: [junk.id], gone: [] } }));
      await name(page, 'Kay');
      await page.locator('.toast').waitFor();
      await look('toast');
      const toast = await page.locator('.toast').boundingBox();
      ok(toast.x >= 0 && toast.x + toast.width <= width && toast.y + toast.height <= height, 'the toast sticks out');
      equal(found, []);
      await close(page);
    });
  }
}

await test('a refused change leaves everything as it was', async () => {
  const page = await open(ladder);
  await page.evaluate(() => localStorage.setItem('sipweave.name', 'Kay'));
  await page.reload();
  await page.route('**/split', (route) => route.abort());
  await inLegend(page, leaver.n).locator('.leg-more').click();
  await page.getByRole('button', { name: 'Take this leg out' }).click();
  await page.locator('.toast.error').waitFor();
  ok((await page.locator('.toast.error').innerText()).includes('nothing was changed'), 'no sentence');
  equal(await legCount(page), 8);
  ok(await page.getByRole('button', { name: 'Take this leg out' }).isEnabled(), 'it cannot be tried again');
  complaints.splice(0, complaints.length, ...complaints.filter((c) => !/ERR_FAILED/.test(c)));
  await close(page);
});

await test('the exported file has the reasons, and opens them without a server', async () => {
  await post(`/calls/${junk.id}/split`, { leg: leaver.id, who: 'Kay' });
  const html = await (await fetch(`${server.url}/api/v1/calls/${junk.id}/export.html`)).text();
  const n = (await decisions())[0].n;
  await post(`/decisions/${n}/undo`, {});
  for (const scripts of [true, false]) {
    const c = await browser.newContext({ viewport: { width: 1440, height: 900 }, offline: true, javaScriptEnabled: scripts });
    const page = await c.newPage();
    page.on('pageerror', (e) => complaints.push(`export: ${e.message}`));
    await page.setContent(html);
    const row = page.locator('#legs tr[data-leg="2"]');
    if (scripts) await row.locator('.badge').click();
    await row.locator('summary').click();
    ok(await row.locator('.evidence').isVisible(), `no evidence, scripts ${scripts}`);
    ok((await page.locator('#by-hand').innerText()).includes('by Kay'), `no changes by hand, scripts ${scripts}`);
    await c.close();
  }
  await whole();
});

await test('nothing went wrong in the console', async () => equal(complaints, []));

await browser.close();
await server.close();
process.exit(failures() ? 1 : 0);
