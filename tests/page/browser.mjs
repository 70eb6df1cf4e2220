// What the test of the page stands on: a browser, a server of its own, made-up logs, TAP.
import { spawn, spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(existsSync);

export async function openBrowser() {
  const { chromium } = createRequire(join(root, 'web/package.json'))('playwright-core');
  return chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A server on a free port with the examples in its database; or the one at SIPWEAVE_URL, which holds them.
 * With `live` it is one with an empty database that listens for syslog; with `files` one with these, [name, bytes] each. */
export async function openServer({ live = false, files = [] } = {}) {
  if (process.env.SIPWEAVE_URL && !live && !files.length) return { url: process.env.SIPWEAVE_URL.replace(/\/$/, ''), close() {} };
  const program = resolve(root, process.env.SIPWEAVE ?? 'build/debug/sipweave');
  const folder = mkdtempSync(join(tmpdir(), 'sipweave-page-'));
  const db = join(folder, 'page.db');
  const junk = join(root, 'examples/junk-call');
  const load = (...files) => {
    const r = spawnSync(program, ['import', '--db', db, '--hosts', join(junk, 'hosts'), ...files], { encoding: 'utf8' });
    if (r.status !== 0) throw new Error(`import: ${r.stderr}`);
  };
  for (const [name, bytes] of files) {
    writeFileSync(join(folder, name), bytes);
    load(join(folder, name));
  }
  const examples = !live && !files.length;
  if (examples) load(...['a.voiceless', 'b.voiceless', 'boxless'].map((n) => join(junk, `${n}.log`)));
  for (const f of !examples ? [] : ['plain-call.pcap', 'failed-call.pcap', 'registration-403/boxless.log']) load(join(root, 'examples', f));
  const child = spawn(program, ['serve', '--db', db, '--hosts', join(junk, 'hosts'), '--listen', '127.0.0.1:0', '--syslog', live ? '127.0.0.1:0' : 'off', '--keep', '0'],
    { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  const url = await new Promise((done, fail) => {
    const hear = (d) => {
      said += d;
      const m = /http:\/\/[\w.:[\]]+/.exec(said);
      if (m) done(m[0].replace(/\/$/, ''));
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.on('exit', () => fail(new Error(`serve ended: ${said}`)));
    setTimeout(() => fail(new Error(`serve said no address: ${said}`)), 20000).unref();
  });
  return {
    url,
    async close() {
      const gone = new Promise((done) => child.on('exit', done));
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** A log as a FireBrick writes it: [time, "Rx"|"Tx", from, to, message] each. */
export function fireBrickLog(entries) {
  return entries.map(([time, way, from, to, text]) =>
    `26 Jul 2014 ${time} voip-udp-rx VoIP ${way} 17 ${from}->${to}${way === 'Tx' ? ' Try 0 400' : ''}\n${text.trim()}\n\n\n`).join('');
}

/** One call that nobody answers, from `from` to `to`; every text of it can be chosen. */
export function refusedCall(n, { from = '01632960100', to = '02079460100', display = '', reason = 'Busy Here', time = '10:00:00', extra = '' } = {}) {
  const [a, b] = [`192.0.2.66:5060`, '203.0.113.72:5060'];
  const id = `call-${n}@192.0.2.66`;
  const head = (tag) => `Via: SIP/2.0/UDP ${a};branch=z9hG4bK${n}\nFrom: ${display}<sip:${from}@192.0.2.66>;tag=f${n}\nTo: <sip:${to}@203.0.113.72>${tag}\nCall-ID: ${id}\n`;
  const invite = `INVITE sip:${to}@203.0.113.72 SIP/2.0\n${head('')}CSeq: 1 INVITE\nMax-Forwards: 70\nContact: <sip:${from}@${a}>\n${extra}Content-Length: 0`;
  const busy = `SIP/2.0 486 ${reason}\n${head(`;tag=t${n}`)}CSeq: 1 INVITE\nContent-Length: 0`;
  const ack = `ACK sip:${to}@203.0.113.72 SIP/2.0\n${head(`;tag=t${n}`)}CSeq: 1 ACK\nMax-Forwards: 70\nContent-Length: 0`;
  return [[time, 'Rx', a, b, invite], [time, 'Tx', b, a, busy], [time, 'Rx', a, b, ack]];
}

let count = 0;
let failed = 0;

/** Runs one case; a case that throws is "not ok", and the next one goes on. */
export async function test(name, body) {
  count++;
  try {
    await body();
    console.log(`ok ${count} - ${name}`);
  } catch (e) {
    failed++;
    console.log(`not ok ${count} - ${name}`);
    console.log(String(e?.stack ?? e).split('\n').slice(0, 12).map((l) => '#   ' + l).join('\n'));
  }
}

export function ok(value, what) {
  if (!value) throw new Error(what);
}

export function equal(got, want, what = '') {
  const [a, b] = [JSON.stringify(got), JSON.stringify(want)];
  if (a !== b) throw new Error(`${what} got ${a}, want ${b}`);
}

export const failures = () => failed;
