// messages.tsx: the ladder as a table, for screen readers and for whoever wants every address.
import { useEffect, useState } from 'preact/hooks';
import { memo } from './memo.js';
import type { Call, Message } from './lib/model.js';
import { shownLine } from './lib/safe.js';
import { clockText, decimalsFor, parseTime, precisionText, type Zone } from './lib/time.js';
import { Badge } from './parts.js';
import { offsetOf, timeOf } from './view/message.js';

function End({ device, address }: { device: string | null; address: string }) {
  const name = shownLine(device ?? '?');
  return <td><bdi>{name}</bdi>{name !== shownLine(address) && <small class="num">{shownLine(address)}</small>}</td>;
}

const Line = memo(function Line({ m, call, zone }: { m: Message; call: Call; zone: Zone }) {
  return (
    <tr data-m={m.n} tabIndex={-1}>
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

const FIRST = 150; // rows at once
const MORE = 600; // and then so many at a time, so that the page answers meanwhile

/** Rows are made by Preact once; pins and the cursor are classes that the inspector sets. */
export const MessageTable = memo(function MessageTable({ call, zone }: { call: Call; zone: Zone }) {
  const [count, setCount] = useState(FIRST);
  useEffect(() => {
    if (count >= call.messages.length) return;
    const timer = setTimeout(() => setCount(count + MORE), 30);
    return () => clearTimeout(timer);
  }, [count, call.messages.length]);
  return (
    <table class="data messages-table">
      <thead>
        <tr>
          <th scope="col" class="num">No.</th><th scope="col" class="num">Time</th><th scope="col">Leg</th><th scope="col">From</th>
          <th scope="col">To</th><th scope="col">Message</th><th scope="col">Seen by</th>
        </tr>
      </thead>
      <tbody>{call.messages.slice(0, count).map((m) => <Line key={m.n} m={m} call={call} zone={zone} />)}</tbody>
    </table>
  );
});
