// beside.tsx: what lies beside a call: legs that may belong to it, calls that have to do with it, what was changed by hand, and
// the way to join another call.
import { useEffect, useRef, useState } from 'preact/hooks';
import { getJson } from './api.js';
import { askName, joinLegs, undo, working } from './hand.js';
import { decisionText, relatedText, sureText } from './lib/facts.js';
import type { Call, CallPage, CallSummary, Decision, Leg, Maybe, Related } from './lib/model.js';
import { resultText } from './lib/rows.js';
import { shown, shownLine } from './lib/safe.js';
import { clockText, countText, dateText, parseTime, type Zone } from './lib/time.js';
import { callsQuery, callUrl } from './lib/url.js';
import { Badge, Dialog, Icon } from './parts.js';
import { userName, useStore, zone } from './store.js';
import { Evidences } from './why.js';

const when = (iso: string | null, z: Zone) => {
  const us = parseTime(iso);
  return us === null ? 'at an unknown time' : `${dateText(us, z)} ${clockText(us, z)}`;
};

function Pair({ from, to }: { from: string; to: string }) {
  return <><bdi>{shownLine(from) || 'unknown'}</bdi><span class="arrow" aria-label="to">→</span><bdi>{shownLine(to) || 'unknown'}</bdi></>;
}

/** In a line what there is; nothing where there is nothing. */
export function besideText(call: Call): string {
  const some = (n: number | undefined, text: string) => (n ? `${n} ${text}` : '');
  return [some(call.may_belong?.length, 'may belong'), some(call.related?.length, 'related'), some(call.decisions?.length, 'by hand')].filter(Boolean).join(' · ');
}

export function Beside({ call, folds }: { call: Call; folds?: boolean }) {
  const [joining, setJoining] = useState<string | null>(null);
  const z = useStore(zone);
  const text = besideText(call);
  const maybes = call.may_belong ?? [];
  const related = call.related ?? [];
  const decisions = call.decisions ?? [];
  if (call.kind !== 'call' && !text) return null;
  const body = (
    <div class="beside-body">
      {maybes.length > 0 && <h3>May belong to this call</h3>}
      {maybes.length > 0 && <ul>{maybes.map((m) => <MaybeItem key={m.other + m.leg} m={m} call={call} z={z} />)}</ul>}
      {related.length > 0 && <h3>Related calls</h3>}
      {related.length > 0 && <ul>{related.map((r) => <RelatedItem key={r.call} r={r} z={z} join={() => setJoining(r.call)} />)}</ul>}
      {decisions.length > 0 && <h3>Changed by hand</h3>}
      {decisions.length > 0 && <ul>{decisions.map((d) => <DecisionItem key={d.n} d={d} call={call} z={z} />)}</ul>}
      <p class="beside-foot">
        {call.kind === 'call' && <button type="button" class="link" onClick={() => setJoining('')}>Join another call to this one…</button>}
        <YourName />
      </p>
      <JoinDialog call={call} wanted={joining} onClose={() => setJoining(null)} z={z} />
    </div>
  );
  if (!folds) return <section class="beside card" aria-label="Beside this call">{body}</section>;
  return (
    <details class="beside card" open={text !== ''}>
      <summary>Beside this call<span class="quiet">{text || 'nothing'}</span></summary>
      {body}
    </details>
  );
}

function YourName() {
  const name = useStore(userName);
  if (name === null) return null;
  return <span class="quiet">Changes are kept with {name ? <>the name <bdi>{shownLine(name)}</bdi></> : 'your address'}. <button type="button" class="link" onClick={() => void askName()}>Change</button></span>;
}

function MaybeItem({ m, call, z }: { m: Maybe; call: Call; z: Zone }) {
  const busy = useStore(working);
  const [open, setOpen] = useState(false);
  const leg = call.legs.find((l) => l.n === m.leg);
  const moves = !m.below && leg?.parent !== null;
  const add = () => {
    if (!leg?.id) return;
    if (m.below) void joinLegs(call.id, m.other, leg.id, `It was added to the call, on leg ${m.leg}.`);
    else void joinLegs(call.id, leg.id, m.other, moves ? `Leg ${m.leg} was moved to that call.` : 'The two calls are one now.');
  };
  return (
    <li>
      <p class="beside-way"><a href={callUrl(m.call)}><Pair from={m.from} to={m.to} /></a></p>
      <p class="quiet">{when(m.start, z)}; {m.below ? <>it would hang on leg <Badge leg={m.leg} /></> : <>leg <Badge leg={m.leg} /> would hang on it</>}</p>
      <p><strong>{sureText(m.confidence)}</strong>{m.why_not && <>. Why not: {shown(m.why_not)}</>}</p>
      {open && <Evidences list={m.evidence} />}
      <p class="beside-actions">
        <button type="button" class="button small" disabled={busy || !leg?.id} onClick={add}><Icon name="plus" />{moves ? `Move leg ${m.leg} there` : 'Add it'}</button>
        {m.evidence.length > 0 && <button type="button" class="link" aria-expanded={open} onClick={() => setOpen(!open)}>{open ? 'Hide the evidence' : 'Show the evidence'}</button>}
      </p>
    </li>
  );
}

function RelatedItem({ r, z, join }: { r: Related; z: Zone; join: () => void }) {
  return (
    <li>
      <p class="beside-way"><a href={callUrl(r.call)}><Pair from={r.from} to={r.to} /></a><span class="kind">{relatedText(r.kind)}</span></p>
      <p class="quiet">{when(r.start, z)}</p>
      <p>{shown(r.text)}</p>
      <p class="beside-actions"><button type="button" class="link" onClick={join}>Join it to this call…</button></p>
    </li>
  );
}

function DecisionItem({ d, call, z }: { d: Decision; call: Call; z: Zone }) {
  const busy = useStore(working);
  const away = call.legs.some((l) => l.id === d.leg) ? (call.legs.some((l) => l.id === d.other) ? '' : d.other) : d.leg;
  return (
    <li class="beside-decision">
      <div>
        <p>{decisionText(d, call)}{away && <> (<a href={callUrl(away)}>open</a>)</>}</p>
        <p class="quiet">by <bdi>{shownLine(d.who)}</bdi>, {when(d.at, z)}</p>
      </div>
      <button type="button" class="button small" disabled={busy} aria-label={`Undo: ${decisionText(d, call)}`} onClick={() => void undo(d.n, call.id)}><Icon name="undo" />Undo</button>
    </li>
  );
}

// ---- joining a call that was not proposed ---------------------------------------------------------------------

/** What was typed or pasted: the address of a call's page means that call. */
const meant = (text: string) => /\/call\/([^/?#]+)/.exec(text)?.[1] ?? text.trim();

async function find(text: string, call: Call): Promise<CallSummary[]> {
  const q = meant(text);
  if (/^[0-9a-f][0-9a-z]{12}$/.test(q)) return [await getJson<CallSummary>(`/api/v1/calls/${encodeURIComponent(q)}`)];
  const page = await getJson<CallPage>(callsQuery({ q }, 8));
  return page.calls.filter((c) => c.id !== call.id);
}

function JoinDialog({ call, wanted, onClose, z }: { call: Call; wanted: string | null; onClose: () => void; z: Zone }) {
  const [found, setFound] = useState<CallSummary[] | null>(null);
  const [chosen, setChosen] = useState('');
  const [leg, setLeg] = useState(call.legs[0]?.id ?? '');
  const [error, setError] = useState('');
  const busy = useStore(working);
  const input = useRef<HTMLInputElement>(null);
  const look = (text: string) => {
    setError('');
    find(text, call).then((list) => {
      const others = list.filter((c) => c.id !== call.id);
      setFound(others);
      setChosen(others.length === 1 ? others[0]!.id : '');
    }, (e: Error) => {
      setFound(null);
      setError(e.message);
    });
  };
  useEffect(() => {
    if (wanted === null) return;
    setFound(null);
    setChosen('');
    setError('');
    if (wanted) look(wanted);
    else input.current?.focus();
  }, [wanted]);
  const join = () => {
    const n = call.legs.find((l) => l.id === leg)?.n;
    void joinLegs(call.id, chosen, leg, `The other call hangs on leg ${n} now.`).then((done) => done && onClose());
  };
  return (
    <Dialog open={wanted !== null} onClose={onClose} title="Join another call to this one" class="join-dialog">
      <form onSubmit={(e) => {
        e.preventDefault();
        if (input.current?.value.trim()) look(input.current.value);
      }}>
        <label for="join-what">The other call: a number, a Call-ID, or the address of its page</label>
        <div class="join-search">
          <input id="join-what" ref={input} type="text" defaultValue={wanted ?? ''} />
          <button type="submit" class="button">Find</button>
        </div>
      </form>
      {error && <p class="bad" role="alert">{error}</p>}
      {found && found.length === 0 && <p role="status">No other call fits.</p>}
      {found && found.length > 0 && (
        <fieldset class="join-found">
          <legend>{countText(found.length, 'call')} found</legend>
          {found.map((c) => (
            <label key={c.id}>
              <input type="radio" name="join-call" checked={chosen === c.id} onChange={() => setChosen(c.id)} />
              <span><Pair from={c.from} to={c.to} /><small>{when(c.start, z)}, {resultText(c.state, c.status, c.kind)}, {countText(c.legs.length, 'leg')}</small></span>
            </label>
          ))}
        </fieldset>
      )}
      <label for="join-leg">Its first leg hangs on</label>
      <select id="join-leg" value={leg} onChange={(e) => setLeg(e.currentTarget.value)}>
        {call.legs.map((l: Leg) => <option key={l.n} value={l.id}>leg {l.n}: {shownLine(l.from_device ?? '?')} → {shownLine(l.to_device ?? '?')}</option>)}
      </select>
      <p class="dialog-actions">
        <button type="button" class="button primary" disabled={busy || !chosen || !leg} onClick={join}>Join</button>
        <button type="button" class="button" onClick={onClose}>Cancel</button>
      </p>
    </Dialog>
  );
}
