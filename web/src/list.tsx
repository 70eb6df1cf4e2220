// list.tsx: the list of calls. Only the rows in view are in the document (lib/geometry.ts says which), so
// that a million of them scroll as well as ten.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { calls, type CallList } from './calls.js';
import { Empty, NothingFound } from './empty.js';
import { Filters } from './filters.js';
import { listOffset, scrollFor, windowOf } from './lib/geometry.js';
import { resultText, resultTone, type Row } from './lib/rows.js';
import { shownLine } from './lib/safe.js';
import { clockText, countText, dateText, dayText, parseTime, spanText, type Zone } from './lib/time.js';
import { callUrl, listSearch, type ListState } from './lib/url.js';
import { memo } from './memo.js';
import { Icon } from './parts.js';
import { go, useStore, zone } from './store.js';

export const ROW = 36;
const OVER = 12;

const COLUMNS: [name: string, cls: string][] = [
  ['When', 'when'], ['From', 'from'], ['To', 'to'], ['Result', 'result'], ['Ring', 'num ring'], ['Talk', 'num talk'],
  ['Legs', 'num legs'], ['Devices', 'devices'], ['Problems', 'trouble'],
];

function useCalls(list: ListState): CallList {
  const [, again] = useState({});
  useEffect(() => calls.listen(() => again({})), []);
  useEffect(() => calls.show(list), [listSearch(list)]);
  return calls;
}

/** When the pointer last moved over the rows: they do not jump away under it. */
const QUIET_MS = 1200;

export function ListPage({ list, onFile }: { list: ListState; onFile: () => void }) {
  const data = useCalls(list);
  const rows = data.rows;
  const z = useStore(zone);
  const scroller = useRef<HTMLDivElement>(null);
  const [view, setView] = useState({ top: data.scroll, height: 800 });
  const [selected, setSelected] = useState(-1);
  const pointed = useRef(-Infinity);
  const count = rows.length;

  useLayoutEffect(() => {
    const el = scroller.current!;
    el.scrollTop = scrollFor(data.scroll, el.clientHeight, ROW, count);
    const measure = () => {
      el.parentElement!.style.setProperty('--scrollbar', `${el.offsetWidth - el.clientWidth}px`);
      setView({ top: el.scrollTop, height: el.clientHeight });
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(el);
    measure();
    return () => sizes.disconnect();
  }, []);

  useEffect(() => {
    calls.holdWhile(() => (scroller.current?.scrollTop ?? 0) > 4 || performance.now() - pointed.current < QUIET_MS);
    const timer = setInterval(() => {
      const el = scroller.current;
      if (calls.waiting && el && el.scrollTop <= 4 && performance.now() - pointed.current >= QUIET_MS) calls.admit();
    }, 400);
    return () => {
      clearInterval(timer);
      calls.holdWhile(() => false);
    };
  }, []);

  useEffect(() => setSelected(-1), [listSearch(list)]);

  // the reader comes near the end: fetch on
  useEffect(() => {
    const at = listOffset(view.top, view.height, ROW, count);
    if (!data.complete && at + view.height > (count - 80) * ROW) void data.more();
  }, [view, count]);

  const moveTo = (i: number) => {
    const el = scroller.current!;
    const at = Math.max(0, Math.min(count - 1, i));
    if (count === 0) return;
    setSelected(at);
    const offset = listOffset(el.scrollTop, el.clientHeight, ROW, count);
    if (at * ROW < offset) el.scrollTop = scrollFor(at * ROW, el.clientHeight, ROW, count);
    else if ((at + 1) * ROW > offset + el.clientHeight) {
      el.scrollTop = scrollFor((at + 1) * ROW - el.clientHeight, el.clientHeight, ROW, count);
    }
  };
  const selectedRow = useRef(-1);
  selectedRow.current = selected;
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
      if ((e.target as Element).closest('input, select, textarea, dialog, summary')) return;
      const page = Math.floor(view.height / ROW) - 1;
      const steps: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page };
      const step = steps[e.key];
      if (step !== undefined) moveTo(selectedRow.current < 0 ? (step > 0 ? 0 : count - 1) : selectedRow.current + step);
      else if (e.key === 'g' || e.key === 'Home') moveTo(0);
      else if (e.key === 'G' || e.key === 'End') moveTo(count - 1);
      else if (e.key === 'Enter' && selectedRow.current >= 0 && !(e.target as Element).closest('a, button')) {
        const r = calls.rows[selectedRow.current];
        if (r) go(callUrl(r.id));
      } else return;
      e.preventDefault();
    };
    window.addEventListener('keydown', key);
    return () => window.removeEventListener('keydown', key);
  }, [count, view.height]);

  const w = windowOf(view.top, view.height, ROW, count, OVER);
  const devices = [...new Set(rows.slice(0, 200).flatMap((r) => r.devices))].sort();
  const searching = listSearch(list) !== '';
  return (
    <main class="list-page" id="main">
      <h1 class="offscreen">Calls</h1>
      <Filters list={list} devices={devices} />
      <div class="list" role="table" aria-label="Calls, newest first" aria-rowcount={data.complete ? count + 1 : -1} aria-busy={data.loading}>
        <div class="list-head row" role="row" aria-rowindex={1} hidden={count === 0 && !data.loading}>
          {COLUMNS.map(([name, cls]) => <span key={name} role="columnheader" class={`cell ${cls}`}>{name}</span>)}
        </div>
        {data.waiting > 0 && (
          <button type="button" class="pill" onClick={() => {
            data.admit();
            scroller.current?.scrollTo({ top: 0, behavior: 'auto' });
          }}>
            <Icon name="up" />{countText(data.waiting, 'new call')}
          </button>
        )}
        <div class="list-scroll" ref={scroller} tabIndex={0} role="rowgroup"
          onPointerMove={() => (pointed.current = performance.now())}
          onScroll={(e) => {
            const el = e.currentTarget;
            data.scroll = listOffset(el.scrollTop, el.clientHeight, ROW, count);
            setView({ top: el.scrollTop, height: el.clientHeight });
          }}>
          {count > 0 && (
            <div class="rows-box" style={{ height: w.height + 'px' }}>
              <div class="rows" style={{ transform: `translateY(${w.top}px)` }}>
                {rows.slice(w.first, w.last).map((r, i) => (
                  <CallRow key={r.id} row={r} index={w.first + i} selected={w.first + i === selected} fresh={data.fresh.has(r.id)} zone={z} />
                ))}
              </div>
            </div>
          )}
          {data.error ? (
            <div class="state error" role="alert">
              <p>{data.error}</p>
              <button type="button" class="button" onClick={() => data.retry()}>Try again</button>
            </div>
          ) : data.loading ? (
            count === 0 ? <Skeleton /> : <p class="state quiet">Loading older calls…</p>
          ) : count === 0 ? (
            searching ? <NothingFound list={list} /> : <Empty onFile={onFile} />
          ) : data.complete ? (
            <p class="state quiet">{countText(count, list.kind ? 'conversation' : 'call')}; there are no older ones.</p>
          ) : null}
          {data.textsSince && !data.loading && <TextsSince iso={data.textsSince} />}
        </div>
      </div>
    </main>
  );
}

function TextsSince({ iso }: { iso: string }) {
  const z = useStore(zone);
  const us = parseTime(iso);
  if (us === null) return null;
  return <p class="state quiet">Free text was looked for back to {dateText(us, z)} {clockText(us, z)}. Give a number, an address or a time to reach further.</p>;
}

function Skeleton() {
  return (
    <div class="skeleton" aria-label="Loading calls" role="status">
      {Array.from({ length: 9 }, (_, i) => <div class="row" key={i}><span /><span /><span /><span /></div>)}
    </div>
  );
}

/** Drawn again only when something of it changes: scrolling makes new rows, and leaves the others alone. */
const CallRow = memo(function CallRow({ row: r, index, selected, fresh, zone: z }: {
  row: Row; index: number; selected: boolean; fresh: boolean; zone: Zone;
}) {
  const day = r.start ? dayText(r.start, Date.now() * 1000, z) : '';
  const result = resultText(r.state, r.status, r.kind);
  const from = shownLine(r.from) || 'unknown';
  const to = shownLine(r.to) || 'unknown';
  const time = r.start ? clockText(r.start, z) : '';
  return (
    <div class={`row call${selected ? ' selected' : ''}${fresh ? ' fresh' : ''}`} role="row" aria-rowindex={index + 2}>
      <span role="cell" class="cell when num"><span class="day">{day}</span><span>{time}</span></span>
      <span role="cell" class="cell from" title={from}>
        <a href={callUrl(r.id)} aria-label={`${from} to ${to}, ${result}, ${day} ${time}`}>
          {r.kind !== 'call' && <span class="kind">{r.kind}</span>}<bdi>{from}</bdi>
        </a>
      </span>
      <span role="cell" class="cell to" title={to}><bdi>{to}</bdi></span>
      <span role="cell" class={`cell result ${resultTone(r.state, r.status, r.kind)}`} title={r.reason ? `${r.status} ${shownLine(r.reason)}` : result}>
        <span class="dot" />{result}
      </span>
      <span role="cell" class="cell num ring">{spanText(r.ring, r.precision)}</span>
      <span role="cell" class="cell num talk">{spanText(r.talk, r.precision)}</span>
      <span role="cell" class="cell num legs">{r.legs}</span>
      <span role="cell" class="cell devices" title={r.devices.map(shownLine).join(', ')}>
        <span class="count">{r.devices.length}</span> {r.devices.map(shownLine).join(', ')}
      </span>
      <span role="cell" class="cell trouble">
        {r.problems > 0 && (
          <span class={`problem-count ${r.worst}`} title={shownLine(r.firstProblem)}>
            <Icon name={r.worst === 'info' ? 'info' : 'warn'} />{r.problems}
          </span>
        )}
      </span>
    </div>
  );
});
