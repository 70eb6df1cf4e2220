// call.tsx: one call. Preact holds the frame (title, problems, legs, tables); the ladder and the messages
// beside it are worked by hand (view/), since the exported file uses the same.
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import { callApi } from './api.js';
import { legTimes, resultFacts, sizeFacts } from './lib/facts.js';
import type { Call, Problem } from './lib/model.js';
import { resultTone } from './lib/rows.js';
import { shown, shownLine } from './lib/safe.js';
import { clockText, countText, dateText, parseTime, zoneMinutes, zoneText } from './lib/time.js';
import { callUrl, toggleUnfold, type View } from './lib/url.js';
import { Beside, besideText } from './beside.js';
import { LegLegend, LegStrip, LegTable } from './legs.js';
import { drawn, LONG, sourceOf, useCall, useTexts, type Loaded } from './loading.js';
import { MessageTable } from './messages.js';
import { Icon, IconButton } from './parts.js';
import { go, lastList, useStore, zone } from './store.js';
import { announce, copyText } from './view/dom.js';
import { Inspector } from './view/inspector.js';
import { Ladder, type Spot } from './view/ladder.js';
import { readPicture } from './view/picture.js';
import { LongTableSurface, TableSurface } from './view/table.js';

interface Props {
  id: string;
  view: View;
  pins: number[];
  unfold: string;
}

export function CallPage(p: Props) {
  const z = useStore(zone);
  const near = useRef(() => p.pins[0] ?? 0);
  const { data, error, retry } = useCall(p.id, p.unfold, z, near);
  const call = data?.call;
  useEffect(() => {
    document.title = call ? `${shownLine(call.from)} → ${shownLine(call.to)} · sipweave` : 'sipweave';
  }, [call]);
  if (!data) {
    return (
      <main class="call-page waiting" id="main">
        {error ? (
          <div class="state error" role="alert">
            <p>{error}</p>
            <p><button type="button" class="button" onClick={retry}>Try again</button> <a class="button" href="/">All calls</a></p>
          </div>
        ) : <p class="state quiet" role="status">Loading the call…</p>}
      </main>
    );
  }
  return <LoadedCall {...p} data={data} error={error} retry={retry} near={near} />;
}

interface LoadedProps extends Props {
  data: Loaded;
  error: string;
  retry: () => void;
  near: { current: () => number };
}

function LoadedCall({ id, view, pins, unfold, data, error, retry, near }: LoadedProps) {
  const { call, svg, index } = data;
  const z = useStore(zone);
  const page = useRef<HTMLElement>(null);
  const ladderHost = useRef<HTMLDivElement>(null);
  const sizer = useRef<HTMLDivElement>(null);
  const tableHost = useRef<HTMLDivElement>(null);
  const pane = useRef<HTMLDivElement>(null);
  const drawer = useRef<HTMLDivElement>(null);
  const ladder = useRef<Ladder | null>(null);
  const inspector = useRef<Inspector | null>(null);
  const [held, setHeld] = useState<Spot>(null); // a leg or device that stays lit
  const [broken, setBroken] = useState(false);
  const [zoom, setZoom] = useState(1);
  const [long, setLong] = useState<LongTableSurface | null>(null);
  const now = useRef({ id, view, pins, unfold });
  now.current = { id, view, pins, unfold };
  const heldNow = useRef<Spot>(null);
  heldNow.current = held;

  const light = (spot: Spot) => ladder.current?.spot(spot ?? heldNow.current);
  const hold = (spot: Spot) => {
    const same = JSON.stringify(spot) === JSON.stringify(heldNow.current);
    heldNow.current = same ? null : spot;
    setHeld(heldNow.current);
    light(null);
  };
  const toggleFold = (row: number) => {
    const l = ladder.current!;
    go(callUrl(id, now.current.view, now.current.pins, toggleUnfold(now.current.unfold, l.foldOf(row) ?? row, l.folds())), true);
  };

  // made once for each call
  useLayoutEffect(() => {
    const l = new Ladder(ladderHost.current!, sizer.current, setZoom);
    ladder.current = l;
    near.current = () => l.topMessage();
    inspector.current = new Inspector({ page: page.current!, top: () => page.current!.getBoundingClientRect().top, pane: pane.current, drawer: drawer.current! }, {
      pinsChanged: (list) => go(callUrl(now.current.id, now.current.view, list, now.current.unfold), true),
      toggleFold: (row) => toggleFoldNow.current(row),
      isFold: (row) => now.current.view === 'ladder' && l.foldOf(row) !== null,
      spot: (spot) => holdNow.current(spot),
      wantText: (n) => wantText.current(n),
      help: true,
    });
    return () => {
      inspector.current?.destroy();
      inspector.current = null;
      l.destroy();
      document.documentElement.classList.remove('has-drawer');
    };
  }, [id]);
  const wantText = useRef<(n: number) => void>(() => {});
  wantText.current = useTexts(id, call, () => inspector.current?.textsCame());
  const toggleFoldNow = useRef(toggleFold);
  toggleFoldNow.current = toggleFold;
  const holdNow = useRef(hold);
  holdNow.current = (spot) => {
    if (spot) hold(spot);
    else if (heldNow.current) hold(heldNow.current);
  };

  // a new picture
  useLayoutEffect(() => {
    const picture = readPicture(svg);
    setBroken(!picture);
    if (picture) ladder.current!.load(picture, index && sourceOf(id, call, index, unfold, z, retry));
    light(null);
    inspector.current!.update(call, z);
  }, [data, z]);

  // what is pointed at: the ladder or the table
  useLayoutEffect(() => {
    const i = inspector.current!;
    const host = view === 'messages' ? tableHost.current : null;
    const surface = host && call.messages.length > LONG ? new LongTableSurface(host, call.messages) : null;
    setLong(surface);
    i.attach(surface ?? (host ? new TableSurface(host) : ladder.current!));
    i.update(call, z);
  }, [view, id, call.messages.length > LONG ? call : null]);

  useLayoutEffect(() => {
    if (long) inspector.current!.setPins(inspector.current!.pins.length ? inspector.current!.pins : pins); // now there is a row to be shown
  }, [long]);

  // pins of the address, when it was opened or gone back to
  useEffect(() => {
    if (inspector.current!.pins.join() !== pins.join()) inspector.current!.setPins(pins);
  }, [pins.join(), id]);

  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.defaultPrevented || (e.target as Element).closest('input:not([type=checkbox]), select, textarea, dialog, .menu')) return;
      if (now.current.view !== 'legs' && inspector.current?.key(e)) e.preventDefault();
      else if (e.ctrlKey || e.metaKey || e.altKey) return;
      else if (e.key === 'u') unfoldNow.current();
      else if (e.key === '+' || e.key === '=') ladder.current!.setZoom(ladder.current!.zoom + 0.1);
      else if (e.key === '-') ladder.current!.setZoom(ladder.current!.zoom - 0.1);
      else if (e.key === '0') ladder.current!.setZoom(null);
      else if (e.key === 't') show(now.current.view === 'messages' ? 'ladder' : 'messages');
    };
    window.addEventListener('keydown', key);
    return () => window.removeEventListener('keydown', key);
  }, [id]);

  const show = (v: View) => go(callUrl(id, v, now.current.pins, now.current.unfold));
  const unfoldAll = () => go(callUrl(id, now.current.view, now.current.pins, now.current.unfold ? '' : 'all'), true);
  const unfoldNow = useRef(unfoldAll);
  unfoldNow.current = unfoldAll;
  const hasFolds = unfold !== '' || (index ? index.folds.length > 0 : /class="[^"]*\bfold\b/.test(svg));
  const times = useMemo(() => legTimes(call), [call]);
  const toMessage = (n: number) => {
    if (now.current.view === 'legs') show('ladder');
    requestAnimationFrame(() => inspector.current?.goto(n));
  };
  const legProps = { call, times, light, hold, held, toMessage };
  return (
    <main class="call-page" id="main" data-view={view} ref={page}>
      <div class="call-body">
        <div class="call-left">
          <CallHead call={call} id={id} />
          {error && <p class="banner" role="status">{error}</p>}
          <Problems call={call} toMessage={toMessage} />
          {view !== 'legs' && besideText(call) && (
            <p class="beside-note"><button type="button" class="link" onClick={() => show('legs')}>Beside this call: {besideText(call)}</button></p>
          )}
          <LegStrip {...legProps} open={() => show('legs')} />
          <div class="tools">
            <div class="tabs" role="tablist" aria-label="View">
              {(['ladder', 'messages', 'legs'] as View[]).map((v) => (
                <button key={v} type="button" role="tab" id={`tab-${v}`} aria-selected={view === v} aria-controls="stage" onClick={() => show(v)}>
                  {v === 'ladder' ? 'Ladder' : v === 'messages' ? 'Messages' : 'Legs'}
                </button>
              ))}
            </div>
            <span class="grow" />
            {view === 'ladder' && (
            <span class="zoom" role="group" aria-label="Size of the ladder">
              <IconButton name="minus" label="Smaller (−)" onClick={() => ladder.current?.setZoom(zoom - 0.1)} />
              <button type="button" class="text-button num" title="Back to the size that suits the window (0)"
                onClick={() => ladder.current?.setZoom(null)}>{Math.round(zoom * 100)} %</button>
              <IconButton name="plus" label="Larger (+)" onClick={() => ladder.current?.setZoom(zoom + 0.1)} />
            </span>
          )}
          {view === 'ladder' && hasFolds && (
              <button type="button" class="text-button" onClick={unfoldAll} title="Repeats in rows of their own (u)">
                <Icon name={unfold ? 'fold' : 'unfold'} />{unfold ? 'Fold repeats' : 'Unfold repeats'}
              </button>
            )}
          </div>
          <div class="stage" id="stage" role="tabpanel" aria-labelledby={`tab-${view}`}>
            <div class="sizer" ref={sizer} hidden={view !== 'ladder'} />
            <div class="ladder-scroll" ref={ladderHost} hidden={view !== 'ladder'} tabIndex={0} aria-label="Ladder"
              onPointerOver={(e) => light(ladder.current?.spotAt(e.target) ?? null)}
              onPointerLeave={() => light(null)}
              onClick={(e) => {
                const spot = ladder.current?.spotAt(e.target);
                if (spot && 'device' in spot) hold(spot);
              }} />
            {broken && view === 'ladder' && (
              <div class="state error" role="alert"><p>The picture of this call could not be read. Its messages are in the table.</p></div>
            )}
            {view === 'messages' && <div class="table-scroll" ref={tableHost} tabIndex={0}>{(long || call.messages.length <= LONG) && <MessageTable call={call} zone={z} long={long} />}</div>}
            {view === 'legs' && <div class="table-scroll" tabIndex={0}><LegTable {...legProps} /><Beside call={call} /></div>}
          </div>
        </div>
        <aside class="call-side">
          <LegLegend {...legProps} />
          {view !== 'legs' && <Beside call={call} folds />}
          <Story call={call} toMessage={toMessage} />
          <section class="pane card" ref={pane} aria-label="Message" />
        </aside>
      </div>
      <div class="drawer" ref={drawer} hidden />
    </main>
  );
}

function CallHead({ call, id }: { call: Call; id: string }) {
  const z = useStore(zone);
  const start = parseTime(call.start);
  const facts = resultFacts(call);
  const tone = resultTone(call.state, call.status, call.kind);
  return (
    <header class="call-head">
      <div class="call-title">
        <a class="icon-button" href={lastList()} aria-label="Back to the list" title="Back to the list"><Icon name="back" /></a>
        <h1>
          {call.kind !== 'call' && <span class="kind">{call.kind}</span>}
          <bdi>{shownLine(call.from) || 'unknown'}</bdi>
          {call.to && <><span class="arrow" aria-label="to">→</span><bdi>{shownLine(call.to)}</bdi></>}
        </h1>
        <span class="grow" />
        <div class="call-actions">
          <CopyLink />
          <details class="menu">
            <summary class="text-button"><Icon name="down" />Export</summary>
            <div class="menu-box">
              <a href={drawn(id, '/export.html', start, z)} download={`call-${id}.html`}><strong>One HTML file</strong><span>opens from disk, keeps every message</span></a>
              <a href={drawn(id, '/ladder.txt', start, z)} target="_blank" rel="noopener"><strong>Text</strong><span>for a mail or a ticket</span></a>
              <a href={drawn(id, '/ladder.svg', start, z, 'standalone=1')} download={`call-${id}.svg`}><strong>Picture (SVG)</strong><span>the ladder as it is drawn here</span></a>
              <a href={callApi(id)} target="_blank" rel="noopener"><strong>JSON</strong><span>for other programs</span></a>
              <button type="button" onClick={() => window.print()}><strong>Print</strong><span>ladder and legs on paper</span></button>
            </div>
          </details>
        </div>
      </div>
      <p class="facts">
        {start !== null && <span class="num">{dateText(start, z)} {clockText(start, z)} <span class="zone-name">{zoneText(zoneMinutes(start / 1000, z))}</span></span>}
        {call.kind === 'call' && facts.map((f) => f.strong
          ? <strong key={f.text} class={tone}>{shownLine(f.text)}</strong> : <span key={f.text}>{shownLine(f.text)}</span>)}
        <span>{sizeFacts(call)}</span>
      </p>
    </header>
  );
}

function CopyLink() {
  const [done, setDone] = useState(false);
  return (
    <button type="button" class={`text-button${done ? ' done' : ''}`} title="Copy a link to this view, pins included" onClick={() => {
      void copyText(location.href).then((ok) => {
        setDone(ok);
        announce(ok ? 'Link copied' : 'The browser did not allow copying');
        setTimeout(() => setDone(false), 1200);
      });
    }}><Icon name={done ? 'check' : 'link'} />{done ? 'Copied' : 'Copy link'}</button>
  );
}

const RANK = { error: 0, warning: 1, info: 2 };

function Problems({ call, toMessage }: { call: Call; toMessage: (n: number) => void }) {
  const [all, setAll] = useState(false);
  const list = [...call.problems].sort((a, b) => RANK[a.severity] - RANK[b.severity]);
  if (list.length === 0) return null;
  const shownList = all ? list : list.slice(0, 2);
  return (
    <section class="problem-box" aria-label={countText(list.length, 'problem')}>
      <ul>{shownList.map((p, i) => <ProblemLine key={p.id + i} problem={p} toMessage={toMessage} />)}</ul>
      {list.length > 2 && (
        <button type="button" class="link" aria-expanded={all} onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `${list.length - 2} more`}
        </button>
      )}
    </section>
  );
}

function ProblemLine({ problem: p, toMessage }: { problem: Problem; toMessage: (n: number) => void }) {
  return (
    <li class={`problem ${p.severity}`}>
      <Icon name={p.severity === 'info' ? 'info' : 'warn'} />
      <span class="problem-body">
        <strong>{shown(p.text)}</strong>{p.cure && <span class="cure"> {shown(p.cure)}</span>}
        {p.message !== null && <> <button type="button" class="link" onClick={() => toMessage(p.message!)}>Show message {p.message}</button></>}
      </span>
    </li>
  );
}

function Story({ call, toMessage }: { call: Call; toMessage: (n: number) => void }) {
  if (!call.story?.length) return null;
  return (
    <details class="story card" open>
      <summary>What happened</summary>
      {call.story.map((s, i) => {
        const text = typeof s === 'string' ? s : s.text;
        const n = typeof s === 'string' ? undefined : s.messages?.[0];
        return <p key={i}>{shown(text)}{n !== undefined && <> <button type="button" class="link" onClick={() => toMessage(n)}>{n}</button></>}</p>;
      })}
    </details>
  );
}

