// Development only: serves the built page with canned answers. PORT=8321 node dev/server.mjs ../build/gen/web
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2];
import { execFileSync } from 'node:child_process';
const cli = (...a) => execFileSync('/tmp/swcli', ['show', ...(process.env.FILES ?? '--hosts hosts a.voiceless.log b.voiceless.log boxless.log').split(' '), ...a], { cwd: process.env.CWD ?? '/work/main/examples/junk-call', encoding: 'utf8', maxBuffer: 1e9, stdio: ['ignore', 'pipe', 'ignore'] });
const call = JSON.parse(cli('--format', 'json'));
if (process.env.PROBLEM) call.problems = JSON.parse(readFileSync(join(here, 'fixture.json'), 'utf8')).problems;
const css = /<style>([^]*?)<\/style>/.exec(cli('--format', 'svg'))[1];
const TOTAL = Number(process.env.TOTAL ?? 3000);
const empty = TOTAL === 0;
const names = ['pstn', 'b.voiceless', 'boxless', 'snom-office', 'snom-home', 'a.voiceless', 'gateway', 'noiseless', 'pbx', 'desk'];
const rnd = (i, n) => (Math.imul(i + 7, 2654435761) >>> 8) % n;
const now = Date.now();
function summary(i) {
  if (i === 0) return { ...call, messages: call.messages.length };
  const st = ['answered', 'answered', 'answered', 'cancelled', 'failed', 'failed', 'partial'][rnd(i, 7)];
  const status = st === 'failed' ? [486, 404, 503, 480, 403, 603, 408][rnd(i * 3, 7)] : st === 'answered' ? 200 : 487;
  const legs = 1 + rnd(i * 5, 6);
  return { id: 'call' + i, kind: 'call', start: new Date(now - i * 47000 - rnd(i, 40000)).toISOString(), from: '01632960' + String(100 + rnd(i, 900)), to: i === 5 ? '<script>alert(1)</script>' : '02079460' + String(100 + rnd(i * 11, 900)),
    state: st, status, setup_ms: 900, ring_ms: st === 'partial' ? null : 500 + rnd(i * 7, 21000), duration_ms: st === 'answered' ? 1000 + rnd(i * 13, 5000000) : null,
    devices: names.slice(rnd(i, 4), rnd(i, 4) + legs + 1).map((name) => ({ name, addresses: [] })), legs: Array.from({ length: legs }, (_, n) => ({ n: n + 1, id: `x${i}-${n}`, status, reason: 'Reason' })),
    problems: st === 'failed' && rnd(i * 17, 3) === 0 ? [{ id: 'x', severity: ['error', 'warning'][rnd(i, 2)], text: 'The phone did not answer its INVITE.' }] : [], messages: 7 + rnd(i, 60) };
}
function svg(unfold) {
  const X = new Map(call.devices.map((d, i) => [d.name, 112 + i * 116]));
  const order = ['pstn', 'b.voiceless', 'noiseless', 'boxless', 'snom-office', 'snom-home', 'a.voiceless', 'gateway'];
  order.forEach((n, i) => X.set(n, 120 + i * 114));
  const idx = new Map(call.devices.map((d, i) => [d.name, i]));
  const open = new Set(unfold === 'all' ? call.messages.map((m) => m.n) : (unfold ?? '').split(',').map(Number));
  let y = 56 + 26, rows = '', gaps = '', prompts = '', last = null; const ys = new Map(); const legSeen = new Set();
  const esc = (s) => s.replace(/[<&>"]/g, (c) => `&#${c.charCodeAt(0)};`);
  const t0 = Date.parse(call.messages[0].time);
  for (const m of call.messages) {
    const copies = call.messages.filter((x) => x.retransmission_of === m.n).map((x) => x.n);
    if (m.retransmission_of && !open.has(m.retransmission_of)) { ys.set(m.n, ys.get(m.retransmission_of)); continue; }
    const t = Date.parse(m.time);
    if (last !== null && t - last > 1500) { gaps += `<g class="gap"><rect x="66" y="${y - 4}" width="890" height="20"/><text x="518" y="${y + 10}">${((t - last) / 1000).toFixed(1)} s</text></g>`; y += 38; }
    last = t; ys.set(m.n, y);
    const a = X.get(m.from_device), b = X.get(m.to_device), d = b > a ? 1 : -1;
    const first = !legSeen.has(m.leg); legSeen.add(m.leg);
    const fold = copies.length ? (open.has(m.n) ? 'open' : 'fold') : '';
    const bad = m.status >= 400 && ![401, 407, 487].includes(m.status);
    rows += `<g class="m c${m.leg} ${m.status ? 'rsp' : 'req'} ${bad ? 'bad' : ''} ${m.retransmission_of ? 'again' : ''} ${fold}" id="m${m.n}" data-m="${m.n}" data-leg="${m.leg}" data-from="${idx.get(m.from_device)}" data-to="${idx.get(m.to_device)}" ${copies.length ? `data-fold="${[m.n, ...copies].join(' ')}"` : ''} ${m.prompted_by ? `data-prompt="${m.prompted_by}"` : ''} tabindex="-1" role="button"><title>${m.n}. ${esc(m.summary)}, ${m.from_device} to ${m.to_device}, leg ${m.leg}</title>
<rect class="hit" x="0" y="${y - 16}" width="966" height="22"/><text class="time" x="58" y="${y + 3}">${((t - t0) / 1000).toFixed(3).padStart(6, '0')}</text>
<line class="arrow" x1="${a + 4 * d}" x2="${b - 9 * d}" y1="${y}" y2="${y}"/><path class="tip" d="M${b - 2 * d} ${y}l${-8 * d} -4.2v8.4z"/><text class="label" x="${(a + b) / 2}" y="${y - 5}">${esc(m.summary)}${fold ? `<tspan class="count" dx="4">×${copies.length + 1}</tspan>` : ''}</text>
${first ? `<g class="badge"><circle cx="${a}" cy="${y}" r="8"/><text x="${a}" y="${y + 3.5}">${m.leg}</text></g>` : `<circle class="dot" cx="${a}" cy="${y}" r="3"/>`}</g>`;
    if (m.prompted_by) { const y1 = ys.get(m.prompted_by); const w = 10 + (y - y1) / 9; prompts += `<path class="prompt" data-from="${m.prompted_by}" data-to="${m.n}" data-device="${idx.get(m.from_device)}" d="M${a} ${y1}C${a + w} ${y1} ${a + w} ${y} ${a} ${y}"/>`; }
    y += 22;
  }
  const h = y + 10;
  const lifes = order.map((n) => `<line class="life" data-device="${idx.get(n)}" x1="${X.get(n)}" x2="${X.get(n)}" y1="56" y2="${h}"/>`).join('');
  const heads = order.map((n) => `<g class="head" data-device="${idx.get(n)}"><text class="name" x="${X.get(n)}" y="24">${n}</text><text class="sub" x="${X.get(n)}" y="41">${n === 'noiseless' ? 'pool of 2' : call.devices[idx.get(n)].addresses[0].split(':')[0]}</text></g>`).join('');
  return `<svg xmlns="http://www.w3.org/2000/svg" class="ladder" data-call="${call.id}" data-head="56" width="966" height="${h}" viewBox="0 0 966 ${h}" role="img"><title>Ladder</title><desc>x</desc><g class="lifes">${lifes}</g><g class="gaps">${gaps}</g><g class="prompts">${prompts}</g><g class="rows">${rows}</g><g class="heads"><rect class="head-bg" width="966" height="56"/>${heads}</g></svg>`;
}
const L = ['#c8323f', '#454f5f', '#9a6c00', '#0b7d53', '#2460cc', '#c2570c', '#6b7789', '#8142bd', '#0f7f8f', '#b5318d'];
const D = ['#f0727d', '#aab4c4', '#d9a640', '#46bf8e', '#6f9eff', '#f0935a', '#8995a8', '#bd8cf0', '#4fc0d0', '#ee7fc8'];
const pal = (p, ct) => Array.from({ length: 24 }, (_, i) => `.c${i + 1}{--c:${p[i % 10]};--ct:${ct}}`).join('');
const ladderCss = `${pal(L, '#fff')}
.ladder{font-size:12px;--lad-ink:#18202b;--lad-quiet:#596474;--lad-life:#d5dae1;--lad-gap:#f1f3f6;--lad-bg:#fff}
@media(prefers-color-scheme:dark){${pal(D, '#10141a')}.ladder{--lad-ink:#e5e9ef;--lad-quiet:#9ba6b6;--lad-life:#333c49;--lad-gap:#1c222b;--lad-bg:#161a21}}
.ladder .life{stroke:var(--lad-life)}.ladder text{fill:var(--lad-ink)}.ladder .time{fill:var(--lad-quiet);font-size:11px;text-anchor:end}.ladder .hit{fill:transparent}
.ladder .arrow{stroke:var(--c);stroke-width:1.6}.ladder .tip,.ladder .dot,.ladder .badge circle{fill:var(--c)}.ladder .label{text-anchor:middle;font-size:12px}.ladder .req .label{font-weight:600}
.ladder .badge text{fill:var(--ct);font-size:10px;font-weight:700;text-anchor:middle}.ladder .count{fill:var(--lad-quiet)}.ladder .prompt{fill:none;stroke:var(--lad-quiet);opacity:.55}.ladder .prompt.hover{stroke-width:2;opacity:1}
.ladder .gap rect{fill:var(--lad-gap)}.ladder .gap text{fill:var(--lad-quiet);text-anchor:middle;font-size:11px}.ladder .head-bg{fill:var(--lad-bg)}.ladder .name{font-size:13px;font-weight:600;text-anchor:middle}.ladder .sub{fill:var(--lad-quiet);font-size:10.5px;text-anchor:middle}
.ladder .dim{opacity:.22}.ladder .m.hover .hit,.ladder .m.cursor .hit{fill:#2a5bd715}.ladder .m.pin .hit{fill:#2a5bd726}`;
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const listeners = new Set();
const status = { version: '0.1.0', started: new Date(now - 9e6).toISOString(), database: 'sipweave.db', sightings: 182334, calls: TOTAL, bytes: 81e6, first: new Date(now - 6e8).toISOString(), last: new Date(now).toISOString(), skipped: [{ reason: 'not-sip', text: 'lines that hold no SIP', count: 1204 }], listeners: empty ? [] : [{ kind: 'syslog-udp', address: '127.0.0.1:5514', messages: 18233, dropped: 0 }], sources: [{ name: 'boxless.log', kind: 'firebrick', messages: 39, last: new Date(now).toISOString() }], retention_days: 7 };
let live = 0;
export const server = createServer((q, r) => {
  const u = new URL(q.url, 'http://x');
  const send = (type, body, code = 200) => { r.writeHead(code, { 'Content-Type': type, 'Content-Security-Policy': CSP }); r.end(body); };
  const json = (o, code) => send('application/json', JSON.stringify(o), code);
  if (u.pathname === '/api/v1/events') { r.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' }); r.write(': hi\n\n'); listeners.add(r); q.on('close', () => listeners.delete(r)); return; }
  if (u.pathname === '/api/v1/status') return json(status);
  if (u.pathname === '/dev/new') { const c = { ...summary(1000 + live++), id: 'new' + live, start: new Date().toISOString() }; for (const l of listeners) l.write(`event: calls\ndata: ${JSON.stringify({ calls: [c] })}\n\n`); return json({}); }
  if (u.pathname === '/dev/touch') { for (const l of listeners) l.write(`event: calls\ndata: ${JSON.stringify({ calls: [summary(0)] })}\n\n`); return json({}); }
  if (u.pathname === '/api/v1/import') { let n = 0; q.on('data', (d) => (n += d.length)); q.on('end', () => json({ name: u.searchParams.get('name'), sightings: 57, new: 57, calls: 2, first: call.id, skipped: [{ reason: 'x', text: 'lines without SIP', count: 12 }], damage: ['The capture ends in the middle of a packet at byte 4711.'] })); return; }
  if (u.pathname === '/api/v1/calls') {
    const at = Number(u.searchParams.get('cursor') ?? 0), n = Number(u.searchParams.get('limit') ?? 100);
    const query = (u.searchParams.get('q') ?? '');
    if (query.includes('nothing') || empty) return json({ calls: [], next: null });
    if (query.includes('fail')) return json({ error: 'The database is locked by another program.' }, 503);
    const list = []; for (let i = at; i < Math.min(TOTAL, at + n); i++) { const s = summary(i); if (!u.searchParams.get('state') || s.state === u.searchParams.get('state')) list.push(s); }
    return setTimeout(() => json({ calls: list, next: at + n < TOTAL ? String(at + n) : null }), 40);
  }
  const m = /^\/api\/v1\/calls\/[^/]+(.*)$/.exec(u.pathname);
  if (m && m[1] === '') return json(call);
  if (m && m[1] === '/ladder.svg') return send('image/svg+xml', cli('--format', 'svg', ...(u.searchParams.get('unfold') ? ['--unfold'] : [])).replace(/<style>[^]*?<\/style>/, ''));
  if (u.pathname === '/ladder.css') return send('text/css', css);
  const file = u.pathname === '/' || u.pathname.startsWith('/call/') ? 'index.html' : u.pathname.slice(1);
  try { send({ html: 'text/html; charset=utf-8', js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' }[file.split('.').pop()], readFileSync(join(out, file))); } catch { json({ error: 'no such page' }, 404); }
}).listen(Number(process.env.PORT ?? 8321), '127.0.0.1');
