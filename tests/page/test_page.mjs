// The page in a browser, as a user meets it. With SIPWEAVE_URL set, against the server there (which has to hold the
// examples); else against one of its own.
import { equal, failures, fireBrickLog, ok, refusedCall, test } from './browser.mjs';
import { close, hit, openVisit, rows } from './visit.mjs';

const { server, complaints, open, api, all, junk, call, ladder, end } = await openVisit();
const post = (name, body) => fetch(`${server.url}/api/v1/import?name=${name}`, { method: 'POST', headers: { 'X-Sipweave': '1' }, body });
const search = (page) => new URL(page.url()).searchParams;
const lines = (text) => text.replace(/\r/g, '').trimEnd().split('\n').filter((l) => l !== '');
const picture = await (await fetch(`${server.url}/api/v1/calls/${junk.id}/ladder.svg`)).text();
const fold = Number(/id="m(\d+)"[^>]* data-fold=/.exec(picture)[1]);

// ---- the list -------------------------------------------------------------------------------------------

await test('the list shows every call, newest first', async () => {
  const page = await open('/');
  await rows(page).first().waitFor();
  equal(await rows(page).count(), all.length);
  const text = await page.locator('.list').innerText();
  for (const c of all) ok(text.includes(c.from) && text.includes(c.to), `${c.from} is missing`);
  equal(await page.locator('.row.call a').evaluateAll((l) => l.map((a) => a.getAttribute('href'))), all.map((c) => `/call/${c.id}`));
  await close(page);
});

await test('searching narrows the list, and its address brings it back', async () => {
  const page = await open('/');
  await rows(page).first().waitFor();
  await page.keyboard.press('/');
  await page.keyboard.type('02079460452');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('.row.call').length === 1);
  equal(search(page).get('q'), '02079460452');
  const again = await open('/' + new URL(page.url()).search, { context: page.context() });
  await rows(again).first().waitFor();
  equal(await rows(again).count(), 1);
  equal(await again.locator('#search').inputValue(), '02079460452');
  await page.goBack();
  await page.waitForFunction((n) => document.querySelectorAll('.row.call').length === n, all.length);
  equal(await page.locator('#search').inputValue(), '');
  await close(page);
});

await test('filters are in the address; back and forward go through them', async () => {
  const page = await open('/');
  await rows(page).first().waitFor();
  await page.locator('select[name=state]').selectOption('failed');
  await page.waitForFunction(() => document.querySelectorAll('.row.call').length === 1);
  await page.locator('select[name=status]').selectOption('4xx');
  equal([search(page).get('state'), search(page).get('status')], ['failed', '4xx']);
  await page.goBack();
  await page.goBack();
  await page.waitForFunction((n) => document.querySelectorAll('.row.call').length === n, all.length);
  await page.goForward();
  await page.waitForFunction(() => document.querySelectorAll('.row.call').length === 1);
  equal(await page.locator('select[name=state]').inputValue(), 'failed');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.waitForFunction((n) => document.querySelectorAll('.row.call').length === n, all.length);
  await close(page);
});

await test('registrations are found by their kind', async () => {
  const page = await open('/?kind=registration');
  await rows(page).first().waitFor();
  ok((await rows(page).first().innerText()).includes('refused 403'), 'the 403 is not said');
  await close(page);
});

await test('a search that finds nothing says so, and helps with a mistyped key', async () => {
  const page = await open('/?q=fron:12345678');
  await page.getByRole('heading', { name: 'Nothing fits' }).waitFor();
  ok((await page.locator('.empty').innerText()).includes('from:'), 'no help with the key');
  await close(page);
});

await test('a page that fails says why', async () => {
  const page = await open('/call/no-such-call');
  await page.locator('.state.error').waitFor();
  ok(/no call/.test(await page.locator('.state.error').innerText()), 'no sentence');
  await close(page);
});

// ---- one call ------------------------------------------------------------------------------------------------

await test('a click on a row opens the call, back goes to the list', async () => {
  const page = await open('/');
  await page.locator(`.row.call:has(a[href="${ladder}"])`).click();
  await page.locator('.ladder-scroll g.m').first().waitFor();
  equal(new URL(page.url()).pathname, ladder);
  const title = await page.locator('h1').innerText();
  ok(title.includes(junk.from) && title.includes(junk.to), title);
  ok((await page.title()).includes(junk.from), 'the title of the window');
  await page.goBack();
  await rows(page).first().waitFor();
  await close(page);
});

await test('the picture is the server’s, its heads stay in view', async () => {
  const page = await open(ladder);
  await page.locator('.ladder-scroll g.m').first().waitFor();
  equal(await page.locator('.ladder-scroll g.m').count(), (picture.match(/<g class="m /g) ?? []).length);
  const head = page.locator('.ladder-heads .head').first();
  const before = await head.boundingBox();
  await page.locator('.ladder-scroll').evaluate((e) => e.scrollTo(0, 400));
  equal((await head.boundingBox()).y, before.y);
  await close(page);
});

await test('pointing at an arrow shows the whole message, who saw it and when', async () => {
  const page = await open(ladder);
  const m = call.messages.find((x) => x.seen.length > 1) ?? call.messages[2];
  await page.locator(hit(m.n)).hover();
  const pane = page.locator('.pane .msg');
  await pane.waitFor();
  equal((await pane.locator('.sip-line').allInnerTexts()).map((l) => l.replace('\u00a0', '').trimEnd()).filter((l) => l !== ''), lines(m.raw).map((l) => l.trimEnd()));
  const text = await pane.innerText();
  for (const want of [m.src, m.dst, ...m.seen.map((s) => s.source)]) ok(text.includes(want), `${want} is missing`);
  equal(await page.locator('.ladder-scroll g.m.hover').getAttribute('data-m'), String(m.n));
  await close(page);
});

await test('compact header names say their long name; tags and branches are coloured', async () => {
  const page = await open(ladder);
  const m = call.messages.find((x) => /^i: /m.test(x.raw));
  await page.locator(hit(m.n)).hover();
  ok((await page.locator('.pane .t-name.compact', { hasText: /^i$/ }).getAttribute('title')).startsWith('Call-ID'), 'no long name');
  ok((await page.locator('.pane .t-branch').count()) > 0 && (await page.locator('.pane .t-tag').count()) > 0, 'no colours');
  const colors = await page.locator('.pane').evaluate((p) => ['.t-name', '.t-branch', '.t-tag', '.t-callid'].map((c) => getComputedStyle(p.querySelector(c)).color));
  equal(new Set(colors).size, 4);
  await close(page);
});

await test('a click pins, the address remembers it, Escape lets go', async () => {
  const page = await open(ladder);
  await page.locator(hit(1)).click();
  await page.locator(hit(6)).hover();
  equal(await page.locator('.pane .msg').getAttribute('data-m'), '1');
  ok(page.url().endsWith('#m1'), page.url());
  await page.reload();
  await page.locator('.pane .msg.pinned').waitFor();
  equal(await page.locator('g.m.pin').getAttribute('data-m'), '1');
  await page.keyboard.press('Escape');
  equal(await page.locator('g.m.pin').count(), 0);
  ok(!page.url().includes('#m'), page.url());
  await close(page);
});

await test('a second pin compares: lined up by name, differences marked by sign and word', async () => {
  const page = await open(ladder);
  const [a, b] = call.messages.filter((m) => m.method === 'INVITE' && m.status === null);
  await page.locator(hit(a.n)).click();
  await page.locator(hit(b.n)).click();
  const drawer = page.locator('.drawer .compare');
  await drawer.waitFor();
  ok(await page.locator(`g.m.pin[data-m="${b.n}"]`).isVisible(), 'the second pin is out of view');
  const pairs = await drawer.locator('tbody tr').evaluateAll((l) => l.map((tr) => [tr.className, ...[...tr.querySelectorAll('td')].map((td) => td.innerText.trim())]));
  const callId = pairs.find((p) => /^(Call-ID|i):/.test(p[1]));
  ok(callId[0] === 'differs' && callId[2] === '≠' && /^(Call-ID|i):/.test(callId[3]), JSON.stringify(callId));
  ok((await drawer.locator('mark.was').count()) > 0 && (await drawer.locator('mark.is').count()) > 0, 'no words are marked');
  const left = pairs.map((p) => p[1]).filter((t) => t && t !== '\u00a0');
  equal([...left].sort(), lines(a.raw).map((l) => l.trim()).sort(), 'the left side is not the message');
  await drawer.getByLabel('Only differences').check();
  equal(await drawer.locator('tr.same:visible').count(), 0);
  await page.keyboard.press('Escape');
  equal(await page.locator('.drawer').isVisible(), false);
  await close(page);
});

await test('from the keyboard: walk, same leg, pin, first, last, help, search', async () => {
  const page = await open(ladder);
  await page.locator('.ladder-scroll g.m').first().waitFor();
  const cursor = () => page.locator('g.m.cursor').getAttribute('data-m').then(Number);
  await page.keyboard.press('j');
  equal(await cursor(), 1);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('j');
  await page.keyboard.press('k');
  equal(await cursor(), 2);
  equal(await page.evaluate(() => document.activeElement.getAttribute('data-m')), '2', 'the focus does not follow');
  await page.keyboard.press(']');
  const next = await cursor();
  equal(call.messages[next - 1].leg, call.messages[1].leg, 'not the same leg');
  await page.keyboard.press('[');
  equal(await cursor(), 2);
  await page.keyboard.press('Enter');
  equal(await page.locator('g.m.pin').getAttribute('data-m'), '2');
  await page.keyboard.press('G');
  const last = await cursor();
  ok(last > 40 && await page.locator(hit(last)).isVisible(), 'the last message');
  const box = await page.locator(`g.m[data-m="${last}"] .hit`).boundingBox();
  ok(box.y + box.height <= 900, 'the last message is out of view');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.locator('dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('dialog[open]').waitFor({ state: 'hidden' });
  await page.keyboard.press('/');
  equal(await page.evaluate(() => document.activeElement.id), 'search');
  await close(page);
});

await test('a leg or a device that is pointed at dims the rest', async () => {
  const page = await open(ladder);
  await page.locator('.legend li[data-leg="4"]').hover();
  const dimmed = () => page.locator('.ladder-scroll g.m').evaluateAll((l) => l.map((g) => [g.dataset.leg, g.classList.contains('dim')]));
  ok((await dimmed()).every(([leg, dim]) => dim === (leg !== '4')), 'the wrong legs are dim');
  await page.locator('h1').hover();
  ok((await dimmed()).every(([, dim]) => !dim), 'still dim');
  await page.locator('.ladder-heads .head').nth(2).hover();
  ok((await dimmed()).some(([, dim]) => dim) && (await dimmed()).some(([, dim]) => !dim), 'a device dims nothing');
  await page.keyboard.press('Escape');
  await page.mouse.move(5, 5);
  await page.keyboard.press('3');
  ok((await dimmed()).every(([leg, dim]) => dim === (leg !== '3')), 'the key of leg 3');
  await close(page);
});

await test('repeats unfold and fold again, in the address too', async () => {
  const page = await open(ladder);
  const count = () => page.locator('.ladder-scroll g.m').count();
  await page.locator('.ladder-scroll g.m').first().waitFor();
  const folded = await count();
  await page.locator(`g.m[data-m="${fold}"] .count`).click();
  await page.waitForFunction((n) => document.querySelectorAll('.ladder-scroll g.m').length > n, folded);
  equal(search(page).get('unfold'), String(fold));
  await page.locator(`g.m[data-m="${fold}"] .count`).click();
  await page.waitForFunction((n) => document.querySelectorAll('.ladder-scroll g.m').length === n, folded);
  await page.keyboard.press('u');
  await page.waitForFunction((n) => document.querySelectorAll('.ladder-scroll g.m').length === n, call.messages.length);
  await close(page);
});

await test('what led to what is lit', async () => {
  const page = await open(ladder);
  const m = call.messages.find((x) => x.prompted_by);
  await page.locator(hit(m.n)).hover();
  ok((await page.locator('.prompt.hover').count()) > 0, 'no curve is lit');
  await page.locator('.pane').getByRole('button', { name: new RegExp(`^${m.prompted_by}\\. `) }).click();
  equal(await page.locator('.pane .msg').getAttribute('data-m'), String(m.prompted_by));
  await close(page);
});

await test('the table of messages hides nothing: every address, every log with its own time', async () => {
  const page = await open(`${ladder}?view=messages`);
  const table = page.locator('.messages-table');
  await table.waitFor();
  equal(await table.locator('tbody tr').count(), call.messages.length);
  const text = await table.locator('tbody tr').allInnerTexts();
  call.messages.forEach((m, i) => {
    for (const want of [m.src, m.dst, m.summary, ...m.seen.map((s) => s.source)]) ok(text[i].includes(want), `message ${m.n}: ${want} is missing`);
  });
  await table.locator('tr[data-m="3"]').click();
  equal(await page.locator('.pane .msg').getAttribute('data-m'), '3');
  await page.keyboard.press('j');
  equal(await page.locator('tr.cursor').getAttribute('data-m'), '4');
  await close(page);
});

await test('the table of legs says why each is here', async () => {
  const page = await open(`${ladder}?view=legs`);
  const leg = call.legs.find((l) => l.parent !== null && l.evidence.length);
  await page.locator(`.legs-table tr[data-leg="${leg.n}"] .link`).click();
  const text = await page.locator('.legs-table .detail').innerText();
  for (const want of [leg.call_id, leg.src, leg.dst, leg.evidence[0].text]) ok(text.includes(want), `${want} is missing`);
  await close(page);
});

await test('copying: the message, the Call-ID, the link', async () => {
  const page = await open(ladder);
  await page.locator(hit(1)).click();
  const clip = () => page.evaluate(() => navigator.clipboard.readText());
  await page.getByRole('button', { name: 'Copy the message' }).click();
  await page.waitForTimeout(100);
  equal((await clip()).replace(/\r/g, ''), call.messages[0].raw.replace(/\r/g, ''));
  await page.locator('.pane').getByRole('button', { name: 'Copy the Call-ID' }).click();
  await page.waitForTimeout(100);
  equal(await clip(), call.legs[0].call_id);
  await page.getByRole('button', { name: 'Copy link' }).click();
  await page.waitForTimeout(100);
  equal(await clip(), page.url());
  await close(page);
});

await test('in a small window the card covers neither its arrow nor the times, and stays inside', async () => {
  const page = await open(ladder, { width: 1024, height: 768 });
  await page.locator('.ladder-scroll g.m').first().waitFor();
  const order = await page.locator('.ladder-scroll g.m').evaluateAll((l) => l.map((g) => Number(g.dataset.m)));
  const gutter = await page.locator('.ladder-scroll .m .time').first().boundingBox();
  for (const n of order.filter((_, i) => i % 4 === 0)) {
    await page.locator(`g.m[data-m="${n}"]`).evaluate((g) => g.scrollIntoView({ block: 'center' }));
    const row = await page.locator(hit(n)).boundingBox();
    await page.mouse.move(500, row.y + row.height / 2);
    const card = await page.locator('.float').boundingBox();
    ok(card, `message ${n}: no card`);
    ok(card.y >= row.y + row.height - 1 || card.y + card.height <= row.y + 1, `message ${n}: its row is covered`);
    ok(card.x >= gutter.x + gutter.width, `message ${n}: the times are covered`);
    ok(card.x + card.width <= 1024 && card.y >= 0 && card.y + card.height <= 768, `message ${n}: out of the window`);
  }
  await page.locator(hit(order[0])).click();
  ok(await page.locator('.drawer .msg').isVisible(), 'a pin shows nothing');
  await close(page);
});

// ---- what happens while the page is open -------------------------------------------------------------------

await test('a call that comes in appears without a reload', async () => {
  const page = await open('/');
  await rows(page).first().waitFor();
  await page.getByText('Live').waitFor();
  await page.waitForTimeout(300);
  await post('live.log', fireBrickLog(refusedCall('live', { from: '01632960777', time: '11:00:00' })));
  await page.getByText('01632960777').first().waitFor({ timeout: 8000 });
  await close(page);
});

await test('a file that is dropped is sent, told of and shown; what is in it stays text', async () => {
  const page = await open('/');
  await rows(page).first().waitFor();
  const evil = '<script>window.hacked=1</script>';
  const log = fireBrickLog(refusedCall('evil', {
    from: "1'onerror=hacked=1", display: `"${evil}" `, reason: '<img src=x onerror="hacked=1">', time: '12:00:00', extra: 'Subject: \u202Eevil</title><svg onload=hacked=1>\n',
  }));
  await page.evaluate((text) => {
    const data = new DataTransfer();
    data.items.add(new File([text], 'evil <b>.log'));
    const fire = (type) => document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    fire('dragenter');
    window.overShown = !!document.querySelector('.drop-over') || new Promise((done) => setTimeout(() => done(!!document.querySelector('.drop-over')), 100));
    setTimeout(() => fire('drop'), 200);
  }, log);
  ok(await page.evaluate(() => window.overShown), 'nothing says where to drop');
  await page.locator('.job').getByText('3 messages').waitFor({ timeout: 8000 });
  ok((await page.locator('.job').innerText()).includes('evil <b>.log'), 'the name of the file');
  await page.waitForTimeout(300);
  if (!page.url().includes('/call/')) await page.locator('.job a').click();
  await page.waitForURL(/\/call\//);
  await page.locator(hit(1)).hover();
  const text = await page.locator('.pane .msg').innerText();
  ok(text.includes(evil), 'the hostile text is not shown as text');
  ok(text.includes('⟨U+202E⟩'), 'a character that reorders text is hidden');
  await page.locator(hit(2)).hover();
  ok((await page.locator('.pane .msg').innerText()).includes('<img src=x'), 'the hostile reason is not shown as text');
  for (const view of ['messages', 'legs']) {
    await page.goto(`${page.url().split(/[?#]/)[0]}?view=${view}`);
    await page.locator('table.data').waitFor();
    equal(await page.locator('main script, main img, main b, main svg[onload]').count(), 0, view);
  }
  equal(await page.evaluate(() => window.hacked), undefined);
  await close(page);
});

await test('many calls: only those in view are drawn, pages come by scrolling, news wait above', async () => {
  const page = await open('/');
  await rows(page).first().waitFor();
  const many = [];
  for (let i = 0; i < 400; i++) {
    const [m, s] = [Math.floor(i / 60), i % 60].map((x) => String(x).padStart(2, '0'));
    many.push(...refusedCall(`many-${i}`, { from: `016329${String(i).padStart(5, '0')}`, time: `06:${m}:${s}` }));
  }
  await post('many.log', fireBrickLog(many));
  await page.reload();
  await rows(page).first().waitFor();
  const list = page.locator('.list-scroll');
  for (let i = 0; i < 30; i++) {
    await list.evaluate((e) => e.scrollTo(0, e.scrollHeight));
    await page.waitForTimeout(60);
    if (await page.getByText('there are no older ones').count()) break;
  }
  ok(await page.getByText('there are no older ones').count(), 'the end was not reached');
  ok((await rows(page).count()) < 90, `${await rows(page).count()} rows are in the document`);
  await list.evaluate((e) => e.scrollTo(0, 3600));
  await page.waitForTimeout(200);
  const first = await rows(page).nth(14).innerText();
  const top = (await rows(page).nth(14).boundingBox()).y;
  await post('late.log', fireBrickLog(refusedCall('late', { from: '01632960888', time: '13:00:00' })));
  await page.locator('.pill').waitFor({ timeout: 8000 });
  equal(await page.locator('.pill').innerText(), '1 new call');
  equal([await rows(page).nth(14).innerText(), (await rows(page).nth(14).boundingBox()).y], [first, top], 'the rows have moved');
  await rows(page).nth(14).click();
  await page.locator('.ladder-scroll').waitFor();
  await page.goBack();
  await rows(page).first().waitFor();
  ok(Math.abs((await list.evaluate((e) => e.scrollTop)) - 3600) < 60, 'the place in the list is lost');
  await page.locator('.pill').click();
  await page.getByText('01632960888').waitFor();
  await close(page);
});

await test('a call that goes on is drawn again; pins and place stay', async () => {
  const all3 = refusedCall('grows', { from: '01632960999', time: '14:00:00' });
  await post('grows.log', fireBrickLog(all3.slice(0, 1)));
  const id = (await api('/calls?from=01632960999')).calls[0].id;
  const page = await open(`/call/${id}`);
  await page.locator(hit(1)).click();
  equal(await page.locator('.ladder-scroll g.m').count(), 1);
  await page.waitForTimeout(300);
  await post('grows.log', fireBrickLog(all3.slice(1)));
  await page.waitForFunction(() => document.querySelectorAll('.ladder-scroll g.m').length === 3, null, { timeout: 8000 });
  equal(await page.locator('g.m.pin').getAttribute('data-m'), '1');
  ok(await page.getByText('failed with 486').count(), 'the facts are old');
  await close(page);
});

await test('nothing was refused by the content policy, nothing went wrong in the console', async () => equal(complaints, []));

await end();
process.exit(failures() ? 1 : 0);
