// The whole chain, live: a server with nothing in it, three FireBricks that send their syslog, and the page in a
// browser that shows the call without being asked again.
import { createSocket } from 'node:dgram';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { equal, failures, ok, openBrowser, openServer, root, test } from './browser.mjs';

const MONTHS = { Jul: '07' };

/** Each message of a FireBrick's log as the datagram that it sends: RFC 5424, the text with its line ends. */
function datagrams(host) {
  const text = readFileSync(join(root, 'examples/junk-call', `${host}.log`), 'utf8');
  const head = /^(\d\d) (\w{3}) (\d{4}) ([\d:]{8}) (\S+) (VoIP .*)$/gm;
  const found = [...text.matchAll(head)];
  return found.map((m, i) => {
    const [line, day, month, year, time, module, what] = m;
    const end = found[i + 1]?.index ?? text.length;
    let body = text.slice(m.index + line.length + 1, end);
    const other = /^\d\d \w{3} \d{4} [\d:]{8} (?!.*VoIP )/m.exec(body);
    if (other) body = body.slice(0, other.index);
    return `<134>1 ${year}-${MONTHS[month]}-${day}T${time}Z ${host} ${module} - - - ${what}\n${body}`;
  });
}

const server = await openServer({ live: true });
const browser = await openBrowser();
const status = async () => (await fetch(`${server.url}/api/v1/status`)).json();
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
const complaints = [];
page.on('console', (m) => ['error', 'warning'].includes(m.type()) && complaints.push(m.text()));
page.on('pageerror', (e) => complaints.push(e.message));
const hit = (n) => `.ladder-scroll g.m[data-m="${n}"] .hit`;

await test('with nothing there, the page says how to feed it', async () => {
  await page.goto(server.url + '/');
  await page.getByText(/syslog/i).first().waitFor();
  equal(await page.locator('.row.call').count(), 0);
});

await test('what three devices send appears by itself: one call, eight legs', async () => {
  const udp = (await status()).listeners.find((l) => l.kind === 'syslog-udp');
  const port = Number(udp.address.split(':').pop());
  const socket = createSocket('udp4');
  const send = (d) => new Promise((done) => socket.send(d, port, '127.0.0.1', done));
  let sent = 0;
  for (const host of ['b.voiceless', 'boxless', 'a.voiceless']) {
    for (const d of datagrams(host)) {
      await send(d);
      sent++;
    }
  }
  socket.close();
  equal(sent, 72);
  await page.waitForFunction(() => {
    const rows = document.querySelectorAll('.row.call');
    return rows.length === 1 && /\b8\b/.test(rows[0].querySelector('.legs')?.textContent ?? '');
  });
  const text = await page.locator('.row.call').innerText();
  ok(text.includes('+441632960123') && text.includes('answered'), text);
});

await test('the call opens; pointing, pinning, comparing and searching work on what was heard', async () => {
  await page.locator('.row.call').click();
  await page.locator('.ladder-scroll g.m').first().waitFor();
  await page.locator(hit(1)).hover();
  const pane = page.locator('.pane .msg').first();
  await pane.waitFor();
  ok((await pane.innerText()).includes('b.voiceless'), 'who saw it is missing');
  const id = new URL(page.url()).pathname.split('/').pop();
  const call = await (await fetch(`${server.url}/api/v1/calls/${id}`)).json();
  equal(call.messages.length, 56);
  equal(call.legs.length, 8);
  equal(call.devices.length, 8);
  equal(call.messages.filter((m) => m.seen.length === 2).length, 16);
  const invites = call.messages.filter((m) => m.leg === 2 && m.summary === 'INVITE').map((m) => m.n);
  equal(invites.length, 2);
  for (const n of invites) await page.locator(hit(n)).click();
  await page.getByText(/lines? differ/).waitFor();
  await page.keyboard.press('Escape');
  await page.goto(`${server.url}/?q=07700900356`);
  await page.locator('.row.call').first().waitFor();
  equal(await page.locator('.row.call').count(), 1);
});

await test('nothing was dropped, and the browser had no complaint', async () => {
  const s = await status();
  for (const l of s.listeners) equal(l.dropped, 0, l.kind);
  equal(s.sightings, 72);
  equal(complaints, []);
});

await browser.close();
await server.close();
process.exit(failures() ? 1 : 0);
