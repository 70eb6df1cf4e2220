// why.tsx: why a leg is in its call: each piece of evidence in words, its weight as a bar, what speaks against it; and the
// button that takes the leg out.
import { bitsText, canLeave, sureText, weighed } from './lib/facts.js';
import type { Call, Evidence, Leg } from './lib/model.js';
import { shown } from './lib/safe.js';
import { takeOut, working } from './hand.js';
import { Badge, Icon } from './parts.js';
import { useStore } from './store.js';

const FULL = 20; // bits: a million to one

function Piece({ e }: { e: Evidence }) {
  if (e.bits === null) return <li class="by-hand"><Icon name="hand" /><span class="bits" /><span>{shown(e.text)}</span></li>;
  const against = e.bits < 0;
  const words = `${Math.abs(e.bits).toFixed(1)} bits ${against ? 'against it' : 'for it'}`;
  return (
    <li class={against ? 'against' : ''}>
      <meter min={0} max={FULL} value={Math.min(FULL, Math.abs(e.bits))} aria-label={words} title={`${words}: one bit ${against ? 'halves' : 'doubles'} the odds`} />
      <span class="bits num" aria-hidden="true">{bitsText(e.bits)}</span>
      <span>{shown(e.text)}</span>
    </li>
  );
}

export function Evidences({ list }: { list: Evidence[] }) {
  const { by, pro, con } = weighed(list);
  if (list.length === 0) return <p class="quiet">No evidence was kept.</p>;
  return (
    <>
      <ul class="evidence">{[...by, ...pro].map((e, i) => <Piece key={i} e={e} />)}</ul>
      {con.length > 0 && (
        <>
          <p class="against-head">What speaks against it:</p>
          <ul class="evidence">{con.map((e, i) => <Piece key={i} e={e} />)}</ul>
        </>
      )}
    </>
  );
}

export function Why({ leg, call }: { leg: Leg; call: Call }) {
  const busy = useStore(working);
  if (leg.parent === null) {
    return (
      <section class="why">
        <h3>Why is this leg here?</h3>
        <p>{call.legs[0] === leg ? 'The call came in on it.' : 'Nothing was found that made a device send it.'}</p>
      </section>
    );
  }
  const parent = call.legs.find((l) => l.n === leg.parent);
  return (
    <section class="why">
      <h3>Why is this leg here?</h3>
      <p>It belongs to leg <Badge leg={leg.parent} />: <strong>{sureText(leg.confidence)}</strong>.</p>
      <Evidences list={leg.evidence} />
      {canLeave(leg, call)
        ? <button type="button" class="button small" disabled={busy} onClick={() => void takeOut(call.id, leg)}>Take this leg out of the call</button>
        : parent && parent.call_id === leg.call_id && <p class="quiet">Legs {parent.n} and {leg.n} have one Call-ID: they are one call.</p>}
    </section>
  );
}
