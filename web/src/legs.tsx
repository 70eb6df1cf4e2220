// legs.tsx: the legs of a call three times: as the legend beside the ladder, as a strip above it where
// there is no room beside it, and as the full table.
import { Fragment } from 'preact';
import { useState } from 'preact/hooks';
import { confidenceText, roleText, type LegTimes } from './lib/facts.js';
import type { Call, Leg } from './lib/model.js';
import { resultText, resultTone } from './lib/rows.js';
import { shownLine } from './lib/safe.js';
import { clockText, decimalsFor, parseTime, type Zone } from './lib/time.js';
import { Badge, Copy, Icon } from './parts.js';
import { useStore, zone } from './store.js';
import type { Spot } from './view/ladder.js';
import { Why } from './why.js';

export interface LegProps {
  call: Call;
  times: Map<number, LegTimes>;
  light: (spot: Spot) => void;
  hold: (spot: Spot) => void;
  held: Spot;
  toMessage: (n: number) => void;
}

const isHeld = (held: Spot, leg: Leg) => !!held && 'leg' in held && held.leg === leg.n;

/** What a leg is known by when others come or go. */
const nameOf = (leg: Leg) => leg.id ?? String(leg.n);

function Way({ leg }: { leg: Leg }) {
  return (
    <span class="way">
      <bdi>{shownLine(leg.from_device ?? '?')}</bdi><span class="arrow" aria-label="to">→</span><bdi>{shownLine(leg.to_device ?? '?')}</bdi>
    </span>
  );
}

function Result({ leg }: { leg: Leg }) {
  // a recording is answered by a machine: nobody is told that it was
  const text = resultText(leg.state, leg.status, 'call');
  return <span class={`result ${resultTone(leg.state, leg.status)}`} title={leg.status ? `${leg.status} ${shownLine(leg.reason ?? '')}` : text}>{text}</span>;
}

function began(leg: Leg, call: Call, z: Zone): string {
  const first = call.messages.find((m) => m.leg === leg.n);
  const us = parseTime(leg.start ?? first?.time);
  return us === null ? '' : clockText(us, z, Math.min(3, decimalsFor(first?.precision_us)));
}

export function LegLegend(p: LegProps) {
  const [open, setOpen] = useState('');
  return (
    <section class={`legend card${p.call.legs.some((l) => nameOf(l) === open) ? ' wide' : ''}`} aria-label="Legs">
      <h2>Legs<span class="cols"><span>ring</span><span>talk</span></span></h2>
      <ul onPointerLeave={() => p.light(null)}>
        {p.call.legs.map((leg) => {
          const t = p.times.get(leg.n);
          const isOpen = open === nameOf(leg);
          return (
            <li key={leg.n} data-leg={leg.n} class={`${isOpen ? 'open' : ''}${isHeld(p.held, leg) ? ' held' : ''}`}
              onPointerEnter={() => p.light({ leg: leg.n })}>
              <div class="leg-line">
                <button type="button" class="badge-button" aria-pressed={isHeld(p.held, leg)} title={`Keep leg ${leg.n} lit${leg.n < 10 ? ` (${leg.n})` : ''}`}
                  aria-label={`Keep leg ${leg.n} lit`} onClick={() => p.hold({ leg: leg.n })}><Badge leg={leg.n} /></button>
                <button type="button" class="leg-more" aria-expanded={isOpen} onClick={() => setOpen(isOpen ? '' : nameOf(leg))}
                  onFocus={() => p.light({ leg: leg.n })} onBlur={() => p.light(null)}>
                  <Way leg={leg} />
                  <Result leg={leg} />
                  <span class="num" title="Ring time">{t?.ring}</span>
                  <span class="num" title="Talk time">{t?.talk}</span>
                  <Icon name="more" />
                </button>
              </div>
              {isOpen && <LegDetails leg={leg} call={p.call} />}
            </li>
          );
        })}
      </ul>
    </section>
  );
}

/** Everything about one leg that the line has no room for, above all why it is here. */
function LegDetails({ leg, call }: { leg: Leg; call: Call }) {
  const z = useStore(zone);
  return (
    <div class="leg-details">
      <dl>
        <dt>Numbers</dt>
        <dd>{leg.from_display && leg.from_display !== leg.from && <bdi>“{shownLine(leg.from_display)}” </bdi>}<bdi>{shownLine(leg.from)}</bdi><span class="arrow">→</span><bdi>{shownLine(leg.to)}</bdi></dd>
        {leg.src && <><dt>Addresses</dt><dd class="num">{shownLine(leg.src)}<span class="arrow">→</span>{shownLine(leg.dst ?? '')}<span class="quiet"> {shownLine(leg.transport ?? '').toUpperCase()}</span></dd></>}
        <dt>Began</dt>
        <dd class="num">{began(leg, call, z) || 'unknown'}<span class="quiet">, {leg.messages} messages, {roleText(leg.role)}</span></dd>
        {leg.status !== null && <><dt>Final answer</dt><dd>{leg.status} {shownLine(leg.reason ?? '')}</dd></>}
        {leg.ended_by && <><dt>Ended by</dt><dd>the {leg.ended_by}’s side, {shownLine((leg.ended_by === 'caller' ? leg.from_device : leg.to_device) ?? '?')}</dd></>}
        <dt>Call-ID</dt>
        <dd class="call-id"><code>{shownLine(leg.call_id)}</code><Copy label="Copy the Call-ID" text={leg.call_id} /></dd>
      </dl>
      <Why leg={leg} call={call} />
    </div>
  );
}

export function LegStrip(p: LegProps & { open: () => void }) {
  return (
    <ul class="leg-strip" aria-label="Legs" onPointerLeave={() => p.light(null)}>
      {p.call.legs.map((leg) => (
        <li key={leg.n} data-leg={leg.n} class={isHeld(p.held, leg) ? 'held' : ''} onPointerEnter={() => p.light({ leg: leg.n })}>
          <button type="button" aria-pressed={isHeld(p.held, leg)} title={`Keep leg ${leg.n} lit`} onClick={() => p.hold({ leg: leg.n })}
            onFocus={() => p.light({ leg: leg.n })} onBlur={() => p.light(null)}>
            <Badge leg={leg.n} /><Way leg={leg} /><Result leg={leg} />
          </button>
        </li>
      ))}
    </ul>
  );
}

export function LegTable(p: LegProps) {
  const z = useStore(zone);
  const [open, setOpen] = useState('');
  return (
    <table class="data legs-table">
      <thead>
        <tr>
          <th scope="col">Leg</th><th scope="col">From → to</th><th scope="col">Numbers</th><th scope="col">Result</th>
          <th scope="col" class="num">Began</th><th scope="col" class="num">Ring</th><th scope="col" class="num">Talk</th>
          <th scope="col" class="num">Messages</th><th scope="col">Why it is here</th>
        </tr>
      </thead>
      <tbody>
        {p.call.legs.map((leg) => {
          const t = p.times.get(leg.n);
          const isOpen = open === nameOf(leg);
          return (
            <Fragment key={leg.n}>
              <tr data-leg={leg.n}>
                <th scope="row"><Badge leg={leg.n} /></th>
                <td><Way leg={leg} /><small class="num">{shownLine(leg.src ?? '')}<span class="arrow"> → </span>{shownLine(leg.dst ?? '')}</small></td>
                <td><bdi>{shownLine(leg.from)}</bdi><span class="arrow">→</span><bdi>{shownLine(leg.to)}</bdi><small>{roleText(leg.role)}</small></td>
                <td><Result leg={leg} /><small>{leg.status ?? ''} {shownLine(leg.reason ?? '')}</small></td>
                <td class="num">{began(leg, p.call, z)}</td>
                <td class="num">{t?.ring}</td>
                <td class="num">{t?.talk}</td>
                <td class="num">{leg.messages}</td>
                <td>
                  <button type="button" class="link" aria-expanded={isOpen} onClick={() => setOpen(isOpen ? '' : nameOf(leg))}>
                    {leg.parent === null ? 'the call came in on it' : <>from leg {leg.parent}, {confidenceText(leg.confidence)}</>}
                    <Icon name="more" />
                  </button>
                </td>
              </tr>
              {isOpen && <tr class="detail"><td colSpan={9}><LegDetails leg={leg} call={p.call} /></td></tr>}
            </Fragment>
          );
        })}
      </tbody>
    </table>
  );
}
