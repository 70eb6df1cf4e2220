// help.tsx: all keys, and what the signs in a ladder mean. And the state of the server.
import { bytesText, clockText, countText, dateText, parseTime } from './lib/time.js';
import { shownLine } from './lib/safe.js';
import { Dialog, Kbd } from './parts.js';
import { link, status, useStore, zone } from './store.js';

type Group = [title: string, rows: [keys: string[], what: string][]];

const GROUPS: Group[] = [
  ['Everywhere', [[['/'], 'Search'], [['?'], 'This help'], [['Esc'], 'Close, unpin, let go']]],
  ['List of calls', [[['j', 'k'], 'Down, up (arrows too)'], [['g', 'G'], 'First, last'], [['Enter'], 'Open the call']]],
  ['Chart above it', [[['←', '→'], 'From bar to bar; with Shift, several bars'], [['Enter'], 'List the calls of these bars only']]],
  ['Ladder', [
    [['j', 'k'], 'Next, previous message (arrows too)'], [['[', ']'], 'Previous, next message of the same leg'],
    [['g', 'G'], 'First, last message'], [['Enter'], 'Pin the message; a second pin compares'], [['Esc'], 'Unpin'],
    [['o'], 'Unfold or fold repeats at the cursor'], [['u'], 'Unfold or fold all repeats'],
    [['1', '…', '9'], 'Keep one leg lit, dim the others'], [['+', '−', '0'], 'Larger, smaller, as drawn'], [['t'], 'Ladder or table of messages'],
  ]],
];

const SIGNS: [sign: string, what: string][] = [
  ['①', 'The number and the colour of a leg, at its first message'],
  ['×3', 'Repeats folded into one row: click it to unfold'],
  ['∿', 'It carries SDP, the description of the media'],
  ['✕', 'A refusal: a final answer of 400 or more'],
  ['▲', 'A problem was found here'],
  ['3.2 s', 'A silence of that length was cut out'],
  [')', 'A thin curve beside a device: the upper message is why it sent the lower one'],
];

function Keys({ group: [title, rows] }: { group: Group }) {
  return (
    <section>
      <h3>{title}</h3>
      <dl>{rows.map(([keys, what]) => (
        <div key={what}><dt>{keys.map((k) => (k === '…' ? '…' : <Kbd key={k}>{k}</Kbd>))}</dt><dd>{what}</dd></div>
      ))}</dl>
    </section>
  );
}

export function Help({ open, onClose }: { open: boolean; onClose: () => void }) {
  return (
    <Dialog open={open} onClose={onClose} title="Keys" class="help-dialog">
      <div class="help-groups">
        <div>
          {GROUPS.slice(0, 3).map((g) => <Keys key={g[0]} group={g} />)}
          <section>
            <h3>Signs</h3>
            <dl>{SIGNS.map(([sign, what]) => <div key={sign}><dt>{sign}</dt><dd>{what}</dd></div>)}</dl>
          </section>
        </div>
        <div>{GROUPS.slice(3).map((g) => <Keys key={g[0]} group={g} />)}</div>
      </div>
    </Dialog>
  );
}

export function StatusDialog({ open, onClose }: { open: boolean; onClose: () => void }) {
  const s = useStore(status);
  const l = useStore(link);
  const z = useStore(zone);
  const when = (iso: string | null | undefined) => {
    const us = parseTime(iso);
    return us === null ? 'never' : `${dateText(us, z)} ${clockText(us, z)}`;
  };
  return (
    <Dialog open={open} onClose={onClose} title="State of the server" class="status-dialog">
      {l === 'lost' && <p class="banner">The server cannot be reached. The page tries again by itself; what it shows is from before.</p>}
      {s?.trouble && <p class="banner">{shownLine(s.trouble)}</p>}
      {!s ? <p class="quiet">Nothing heard from the server yet.</p> : (
        <>
          <dl class="status-facts">
            <dt>Held</dt><dd>{countText(s.calls, 'conversation')}, {countText(s.sightings, 'message')} as seen, {bytesText(s.bytes)}</dd>
            <dt>From</dt><dd>{when(s.first)} to {when(s.last)}</dd>
            {!!s.linking?.messages && s.linking.ms > 2000 && <><dt>Linking</dt><dd>{countText(s.linking.messages, 'message')} are kept and not yet linked into calls; the oldest came {Math.round(s.linking.ms / 1000)} s ago</dd></>}
            <dt>Database</dt><dd><code>{shownLine(s.database)}</code>{s.retention_days ? `, kept for ${countText(s.retention_days, 'day')}` : ''}</dd>
            <dt>Version</dt><dd>{s.version}, running since {when(s.started)}</dd>
          </dl>
          <h3>Listeners</h3>
          {s.listeners?.length ? (
            <table class="data"><thead><tr><th scope="col">Kind</th><th scope="col">Address</th><th scope="col" class="num">Messages</th><th scope="col" class="num">Dropped</th></tr></thead>
              <tbody>{s.listeners.map((x) => (
                <tr key={x.address + x.kind}><td>{x.kind}</td><td>{x.address}</td><td class="num">{x.messages.toLocaleString('en-GB')}</td><td class={`num${x.dropped ? ' bad' : ''}`}>{x.dropped.toLocaleString('en-GB')}</td></tr>
              ))}</tbody></table>
          ) : <p class="quiet">None: this server only reads files.</p>}
          {!!s.sources?.length && (
            <>
              <h3>Sources</h3>
              <table class="data"><thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col" class="num">Messages</th><th scope="col" class="num">Last</th></tr></thead>
                <tbody>{s.sources.map((x) => (
                  <tr key={x.name}><td>{shownLine(x.name)}</td><td>{x.kind}</td><td class="num">{x.messages.toLocaleString('en-GB')}</td><td class="num">{when(x.last)}</td></tr>
                ))}</tbody></table>
            </>
          )}
          {!!s.damage?.length && (
            <>
              <h3>Damage</h3>
              <ul class="plain">{s.damage.map((d, i) => <li key={i}>{shownLine(d)}</li>)}</ul>
            </>
          )}
          {!!s.skipped?.length && (
            <>
              <h3>Skipped</h3>
              <ul class="plain">{s.skipped.map((x) => <li key={x.reason}><span class="num">{x.count.toLocaleString('en-GB')}</span> × {shownLine(x.text || x.reason)}</li>)}</ul>
            </>
          )}
        </>
      )}
    </Dialog>
  );
}
