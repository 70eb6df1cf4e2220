// empty.tsx: what a list without rows says.
import { nearestKey, unknownKeys } from './lib/query.js';
import { hasFilters, listUrl, type ListState } from './lib/url.js';
import { Copy, Icon } from './parts.js';
import { status, useStore } from './store.js';

/** Three devices and four messages, in the colours of the legs. */
function Sketch() {
  const rows: [x1: number, x2: number, y: number, leg: number][] = [[40, 140, 30, 1], [140, 240, 50, 2], [240, 140, 70, 2], [140, 40, 90, 1]];
  return (
    <svg class="sketch" width="280" height="112" viewBox="0 0 280 112" aria-hidden="true">
      {[40, 140, 240].map((x) => <line key={x} class="life" x1={x} x2={x} y1="8" y2="108" />)}
      {rows.map(([x1, x2, y, leg]) => {
        const d = x2 > x1 ? 1 : -1;
        return (
          <g key={y} class={`c${leg}`}>
            <line class="stroke" x1={x1} x2={x2 - 6 * d} y1={y} y2={y} />
            <path class="fill" d={`M${x2} ${y}l${-8 * d} -4v8z`} />
            <circle class="fill" cx={x1} cy={y} r="3" />
          </g>
        );
      })}
    </svg>
  );
}

function Command({ text }: { text: string }) {
  return <span class="command"><code>{text}</code><Copy label="Copy the command" text={text} /></span>;
}

export function Empty({ onFile }: { onFile: () => void }) {
  const s = useStore(status);
  const syslog = s?.listeners?.find((l) => l.kind.startsWith('syslog'));
  const port = /:(\d+)$/.exec(syslog?.address ?? '')?.[1] ?? '5514';
  return (
    <div class="empty">
      <Sketch />
      <h2>No calls yet</h2>
      <p class="lead">Give sipweave what your devices log, or what a capture holds. It finds the calls in it and draws them.</p>
      <div class="ways">
        <section>
          <h3>Drop a file here</h3>
          <p>A capture (pcap, pcapng) or a device log. Its format is found by its content.</p>
          <button type="button" class="button primary" onClick={onFile}><Icon name="up" />Choose a file</button>
        </section>
        <section>
          <h3>Read files from the shell</h3>
          <p>Several files are one trace: their legs are linked.</p>
          <Command text={`sipweave import FILE --db ${s?.database || 'sipweave.db'}`} />
        </section>
        <section>
          <h3>Let devices send their log</h3>
          <p>Point a FireBrick’s syslog, with SIP debug on, to this machine, UDP port {port}.{!syslog && s ? ' Start the server with a syslog listener first.' : ''}</p>
          <Command text={syslog?.address ?? `${location.hostname}:${port}`} />
        </section>
      </div>
    </div>
  );
}

export function NothingFound({ list }: { list: ListState }) {
  const wrong = unknownKeys(list.q ?? '')[0];
  const kind = list.kind ? '' : 'Only calls are looked at; registrations and other kinds are not.';
  return (
    <div class="empty small">
      <h2>Nothing fits</h2>
      <p class="lead">
        {list.q ? <>No call fits <code>{list.q}</code>{hasFilters(list) ? ' with these filters' : ''}.</> : 'No call fits these filters.'}
      </p>
      {wrong && <p><code>{wrong}:</code> is not a key{nearestKey(wrong) ? <>; perhaps <code>{nearestKey(wrong)}:</code></> : ''}.</p>}
      <p class="actions">
        {hasFilters(list) && <a class="button" href={listUrl({ q: list.q ?? '' })}>Search without filters</a>}
        {!list.kind && <a class="button" href={listUrl({ ...list, kind: 'any' })} title={kind}>Look at every kind</a>}
        <a class="button" href="/">Show all calls</a>
      </p>
    </div>
  );
}
