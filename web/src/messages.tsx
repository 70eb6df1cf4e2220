// messages.tsx: the ladder as a table, for screen readers and for whoever wants every address. A long one has only the rows
// near the view in the document; the height of each is known beforehand (view/table.ts).
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { memo } from './memo.js';
import type { Call, Message } from './lib/model.js';
import { shownLine } from './lib/safe.js';
import { clockText, decimalsFor, parseTime, precisionText, type Zone } from './lib/time.js';
import { Badge } from './parts.js';
import { offsetOf, timeOf } from './view/message.js';
import type { LongTableSurface } from './view/table.js';

function End({ device, address }: { device: string | null; address: string }) {
  const name = shownLine(device ?? '?');
  return <td><bdi>{name}</bdi>{name !== shownLine(address) && <small class="num">{shownLine(address)}</small>}</td>;
}

const Line = memo(function Line({ m, call, zone }: { m: Message; call: Call; zone: Zone }) {
  return (
    <tr data-m={m.n} tabIndex={-1} aria-rowindex={m.n + 1}>
      <td class="num n">{m.n}</td>
      <td class="num time">{timeOf(m, zone)}<small>{offsetOf(call, m)}</small></td>
      <td><Badge leg={m.leg} /></td>
      <End device={m.from_device} address={m.src} />
      <End device={m.to_device} address={m.dst} />
      <td class="what">
        <span class={m.status === null ? 'request' : ''}>{shownLine(m.summary)}</span>
        <small>{m.retransmission_of ? `repeat of ${m.retransmission_of}` : m.status === null ? '' : `to ${shownLine(m.method)}`}{m.sdp ? ' with SDP' : ''}</small>
      </td>
      <td class="seen-cell">
        {m.seen.map((s, i) => {
          const us = parseTime(s.time);
          return (
            <div key={i}>
              {shownLine(s.source)}{s.line ? <span class="quiet">:{s.line}</span> : ''}{' '}
              <span class="num quiet">{us === null ? '' : clockText(us, zone, decimalsFor(s.precision_us))} {precisionText(s.precision_us)}</span>
            </div>
          );
        })}
      </td>
    </tr>
  );
});

const COLUMNS: [name: string, cls: string][] = [
  ['No.', 'num'], ['Time', 'num'], ['Leg', ''], ['From', ''], ['To', ''], ['Message', ''], ['Seen by', ''],
];

function Head() {
  return (
    <thead>
      <tr aria-rowindex={1}>{COLUMNS.map(([name, cls]) => <th key={name} scope="col" class={cls}>{name}</th>)}</tr>
    </thead>
  );
}

/** Rows are made by Preact once; pins and the cursor are classes that the inspector sets. */
export const MessageTable = memo(function MessageTable({ call, zone, long }: { call: Call; zone: Zone; long: LongTableSurface | null }) {
  if (long) return <LongTable call={call} zone={zone} surface={long} />;
  return (
    <table class="data messages-table">
      <Head />
      <tbody>{call.messages.map((m) => <Line key={m.n} m={m} call={call} zone={zone} />)}</tbody>
    </table>
  );
});

const BATCH = 16; // rows come and go by so many
const NEAR = 500; // pixels above and below the view

function LongTable({ call, zone, surface }: { call: Call; zone: Zone; surface: LongTableSurface }) {
  const count = call.messages.length;
  const [[first, last], setRange] = useState([0, 48] as [number, number]);
  const shown = useRef('');
  useLayoutEffect(() => {
    const { host } = surface;
    const set = (a: number, b: number) => {
      if (shown.current !== `${a} ${b}`) setRange([a, b]);
      shown.current = `${a} ${b}`;
    };
    const look = () => {
      const a = Math.floor(surface.rowAt(host.scrollTop - NEAR) / BATCH) * BATCH;
      const b = Math.ceil((surface.rowAt(host.scrollTop + host.clientHeight + NEAR) + 1) / BATCH) * BATCH;
      set(a, Math.min(count, b));
    };
    const all = () => set(0, count); // paper
    const stop = new AbortController();
    const on = { signal: stop.signal };
    const sizes = new ResizeObserver(look);
    sizes.observe(host);
    host.addEventListener('scroll', look, { ...on, passive: true });
    window.addEventListener('beforeprint', all, on);
    window.addEventListener('afterprint', look, on);
    look();
    return () => {
      stop.abort();
      sizes.disconnect();
    };
  }, [surface, count]);
  useLayoutEffect(() => surface.arrived(), [first, last, call]);
  return (
    <table class="data messages-table long" aria-rowcount={count + 1}>
      <colgroup>{COLUMNS.map(([name]) => <col key={name} />)}</colgroup>
      <Head />
      <tbody>
        <tr class="spacer" aria-hidden="true"><td colSpan={COLUMNS.length} style={{ height: `${surface.topOf(first)}px` }} /></tr>
        {call.messages.slice(first, last).map((m) => <Line key={m.n} m={m} call={call} zone={zone} />)}
        <tr class="spacer" aria-hidden="true"><td colSpan={COLUMNS.length} style={{ height: `${surface.topOf(count) - surface.topOf(last)}px` }} /></tr>
      </tbody>
    </table>
  );
}
