// page.mjs: how fast the page is with big things. Prints figures, asserts nothing.
//   node bench/page.mjs PROGRAM LIST     PROGRAM: build/release/sipweave; LIST: a database of very many calls (bench/list.c), or nothing
// Calls of 2,000 and 20,000 messages are made here. Frames are counted by requestAnimationFrame; "main ms" is what one frame costs the
// page's main thread in processor time, which a busy machine does not change.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { openBrowser } from '../tests/page/browser.mjs';
import { capture, longCall } from '../tests/page/long.mjs';

const [program = 'build/release/sipweave', list] = process.argv.slice(2);
const RUNS = Number(process.env.RUNS ?? 9);
const folder = mkdtempSync(join(tmpdir(), 'sipweave-bench-'));
const browser = await openBrowser();
const middle = (l) => [...l].sort((a, b) => a - b)[l.length >> 1];
const high = (l) => [...l].sort((a, b) => a - b)[Math.floor(l.length * 0.95)];

function serve(db) {
  const child = spawn(program, ['serve', '--db', db, '--listen', '127.0.0.1:0', '--syslog', 'off', '--keep', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((done, fail) => {
    let said = '';
    child.on('exit', () => fail(new Error(`${db} cannot be served`)));
    child.stdout.on('data', (d) => {
      const url = /http:\/\/[\w.:]+/.exec((said += d));
      if (url) done({ url: url[0].replace(/\/$/, ''), close: () => child.kill('SIGTERM') });
    });
  });
}

async function open(url) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  const tools = await context.newCDPSession(page);
  await tools.send('Performance.enable', { timeDomain: 'threadTicks' });
  await page.goto(url);
  return { page, tools };
}

const spent = async (tools) => (await tools.send('Performance.getMetrics')).metrics.find((m) => m.name === 'TaskDuration').value * 1000;

/** Counts the frames while something happens. */
async function frames({ page, tools }, name, act) {
  const before = await spent(tools);
  await page.evaluate(() => {
    window.steps = [];
    let last = performance.now();
    const tick = () => {
      const now = performance.now();
      window.steps?.push(now - last);
      last = now;
      if (window.steps) requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  });
  await act();
  const steps = await page.evaluate(() => {
    const s = window.steps;
    window.steps = null;
    return s;
  });
  const main = ((await spent(tools)) - before) / steps.length;
  console.log(`  ${name.padEnd(34)} ${(1000 / middle(steps)).toFixed(0).padStart(4)} frames/s   ${high(steps).toFixed(1).padStart(6)} ms 95th   ${main.toFixed(1).padStart(5)} main ms`);
}

const wheel = (page) => async () => {
  for (let i = 0; i < 120; i++) {
    await page.mouse.wheel(0, 120);
    await page.waitForTimeout(16);
  }
};
const drag = (page, what) => () => page.evaluate(async (q) => {
  const e = document.querySelector(q);
  for (let i = 0; i <= 180; i++) {
    e.scrollTop = (e.scrollHeight - e.clientHeight) * i / 180;
    await new Promise(requestAnimationFrame);
  }
}, what);
const press = (page, key, n) => async () => {
  for (let i = 0; i < n; i++) {
    await page.keyboard.press(key);
    await page.waitForTimeout(30);
  }
};

console.log(`${cpus()[0].model}, ${cpus().length} cores; Chromium ${browser.version()}, drawn in software; medians of ${RUNS} runs`);

// ---- calls -----------------------------------------------------------------------------------------

const db = join(folder, 'calls.db');
const sizes = [2000, 20000];
for (const n of sizes) {
  const file = join(folder, `${n}.pcap`);
  writeFileSync(file, capture(longCall(n, { name: `n${n}`, from: `0163296${n}`, to: `0207${n}`, startUs: 1785056400e6 + n * 1e7 })));
  const r = spawnSync(program, ['import', '--quiet', '--db', db, file], { encoding: 'utf8' });
  if (r.status !== 0) throw new Error(r.stderr);
}
const server = await serve(db);
for (const n of sizes) {
  const drawn = [];
  const read = [];
  let b;
  for (let run = 0; run < RUNS; run++) {
    await b?.page.context().close();
    b = await open(`${server.url}/?q=0163296${n}`);
    await b.page.locator('.row.call').first().waitFor();
    await b.page.waitForTimeout(500);
    const [d, t] = await b.page.evaluate(() => new Promise((done) => {
      const begun = performance.now();
      let drawn = 0;
      const look = () => {
        const row = document.querySelector('.ladder-scroll g.m:nth-child(12)');
        if (row && !drawn) { // it is drawn: point at it, and wait for its text
          drawn = performance.now() - begun;
          row.querySelector('.hit').dispatchEvent(new PointerEvent('pointerover', { bubbles: true, clientX: 300, clientY: 400 }));
        }
        if (document.querySelector('.pane .sip-line')) done([drawn, performance.now() - begun]);
        else requestAnimationFrame(look);
      };
      document.querySelector('.row.call a').click();
      requestAnimationFrame(look);
    }));
    drawn.push(d);
    read.push(t);
  }
  console.log(`call of ${n} messages: from the click to drawn ${middle(drawn).toFixed(0)} ms, to a message that is pointed at and read ${middle(read).toFixed(0)} ms`);
  await b.page.mouse.move(400, 500);
  await frames(b, 'wheel', wheel(b.page));
  await frames(b, 'scroll bar from end to end', drag(b.page, '.ladder-scroll'));
  await frames(b, 'Page Down', press(b.page, 'PageDown', 40));
  await frames(b, 'arrow down', press(b.page, 'j', 60));
  console.log(`  elements in the document: ${await b.page.evaluate(() => document.querySelectorAll('*').length)}`);
  await b.page.context().close();
}
server.close();

// ---- a list -----------------------------------------------------------------------------------------

if (list) {
  const many = await serve(list);
  const b = await open(`${many.url}/?kind=any&q=from:1`); // the address is warm; the list is not
  const begun = Date.now();
  await b.page.goto(`${many.url}/`);
  await b.page.locator('.row.call').first().waitFor();
  const first = Date.now() - begun;
  await b.page.getByText('there are no older ones').waitFor({ state: 'attached' });
  console.log(`list: first rows after ${first} ms, ${(await b.page.getByText('there are no older ones').innerText()).split(';')[0]} after ${Date.now() - begun} ms`);
  const filled = () => b.page.evaluate(() => new Promise((done) => {
    const begun = performance.now();
    const look = () => {
      if (document.querySelector('.row.call') && !document.querySelector('.row.blank')) done(performance.now() - begun);
      else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  }));
  await b.page.mouse.move(600, 500);
  await frames(b, 'wheel', wheel(b.page));
  await frames(b, 'scroll bar from end to end', drag(b.page, '.list-scroll'));
  await frames(b, 'Page Up', press(b.page, 'PageUp', 40));
  const leaps = [];
  for (let i = 1; i < 20; i++) {
    await b.page.evaluate((p) => {
      const e = document.querySelector('.list-scroll');
      e.scrollTop = e.scrollHeight * p;
    }, (i * 7 % 20) / 20);
    leaps.push(await filled());
  }
  await b.page.keyboard.press('End');
  console.log(`  a leap to another place: rows there after ${middle(leaps).toFixed(0)} ms (95th ${high(leaps).toFixed(0)}); End: ${(await filled()).toFixed(0)} ms`);
  many.close();
}

// ---- weight ------------------------------------------------------------------------------------------

const gen = new URL('../build/gen/web/', import.meta.url);
const weight = ['index.html', 'app.js', 'app.css', 'favicon.svg'].reduce((sum, f) => sum + gzipSync(readFileSync(new URL(f, gen)), { level: 9 }).length, 0);
console.log(`weight: ${(weight / 1000).toFixed(1)} kB compressed, without the ladder's style sheet`);
await browser.close();
rmSync(folder, { recursive: true, force: true });
process.exit(0);
