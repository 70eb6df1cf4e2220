// list.tsx: the list of calls. Only the rows in view are in the document (lib/geometry.ts says which), so
// that a million of them scroll as well as ten.
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import { calls, type CallList } from './calls.js';
import { Empty, NothingFound } from './empty.js';
import { Filters } from './filters.js';
import { follow, scrollFor, TALLEST, windowOf, type Place1D } from './lib/geometry.js';
import { resultText, resultTone, type Row } from './lib/rows.js';
import { shownLine } from './lib/safe.js';
import { clockText, countText, dateText, dayText, parseTime, spanText, type Zone } from './lib/time.js';
import { callUrl, listSearch, type ListState } from './lib/url.js';
import { memo } from './memo.js';
import { Icon } from './parts.js';
import { go, useStore, zone } from './store.js';
import { VolumeChart } from './volume.js';

export const ROW = 36;
const OVER = 10;

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
/** So long after the last move the scroll bar of a very long list is put where it belongs. */
const REST_MS = 160;

/** Where the list is looked at. Scrolling draws the rows again and nothing else. */
class Place {
  now: Place1D = { scroll: 0, at: calls.scroll };
  height = 800;
  moved: () => void = () => {};
  private el: HTMLElement | null = null;
  private timer = 0;
  private count = 0;

  attach(el: HTMLElement, count: number): void {
    this.el = el;
    this.count = count;
    this.height = el.clientHeight;
    this.goto(calls.scroll);
  }

  detach(): void {
    clearTimeout(this.timer);
    this.el = null;
  }

  /** The list has become longer or shorter: the same row stays on top. */
  resize(count: number): void {
    if (count === this.count) return;
    this.count = count;
    if (this.el) this.goto(this.now.at);
  }

  goto(at: number): void {
    const el = this.el!;
    this.now = { scroll: el.scrollTop, at: Math.max(0, Math.min(at, this.count * ROW - this.height)) };
    const scroll = scrollFor(this.now.at, this.height, ROW, this.count);
    if (Math.abs(scroll - el.scrollTop) >= 1) el.scrollTop = scroll;
    this.now.scroll = el.scrollTop;
    this.tell();
  }

  scrolled(): void {
    const el = this.el!;
    if (el.scrollTop !== this.now.scroll) {
      this.now = follow(this.now, el.scrollTop, this.height, ROW, this.count);
      this.tell();
    }
    clearTimeout(this.timer);
    if (this.count * ROW > TALLEST) this.timer = window.setTimeout(() => this.goto(this.now.at), REST_MS);
  }

  measured(): void {
    this.height = this.el!.clientHeight;
    this.tell();
  }

  private tell(): void {
    calls.scroll = this.now.at;
    this.moved();
  }
}

export function ListPage({ list, onFile }: { list: ListState; onFile: () => void }) {
  const data = useCalls(list);
  const scroller = useRef<HTMLDivElement>(null);
  const [selected, setSelected] = useState(-1);
  const pointed = useRef(-Infinity);
  const place = useRef<Place | null>(null);
  place.current ??= new Place();
  const count = data.count;

  useLayoutEffect(() => {
    const el = scroller.current!;
    const here = place.current!;
    here.attach(el, calls.count);
    const measure = () => {
      el.parentElement!.style.setProperty('--scrollbar', `${el.offsetWidth - el.clientWidth}px`);
      here.measured();
    };
    const sizes = new ResizeObserver(measure);
    sizes.observe(el);
    measure();
    return () => {
      sizes.disconnect();
      here.detach();
    };
  }, []);

  const search = listSearch(list);
  useLayoutEffect(() => place.current!.resize(count), [count]);
  useLayoutEffect(() => {
    setSelected(-1);
    if (place.current!.now.at !== data.scroll) place.current!.goto(data.scroll);
  }, [search]);

  useEffect(() => {
    calls.holdWhile(() => calls.scroll > 4 || performance.now() - pointed.current < QUIET_MS);
    const timer = setInterval(() => {
      if (calls.waiting && calls.scroll <= 4 && performance.now() - pointed.current >= QUIET_MS) calls.admit();
    }, 400);
    return () => {
      clearInterval(timer);
      calls.holdWhile(() => false);
    };
  }, []);

  const moveTo = (i: number) => {
    const here = place.current!;
    const at = Math.max(0, Math.min(calls.count - 1, i));
    if (calls.count === 0) return;
    setSelected(at);
    if (at * ROW < here.now.at) here.goto(at * ROW);
    else if ((at + 1) * ROW > here.now.at + here.height) here.goto((at + 1) * ROW - here.height);
  };
  const selectedRow = useRef(-1);
  selectedRow.current = selected;
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
      if ((e.target as Element).closest('input, select, textarea, dialog, summary')) return;
      const page = Math.floor(place.current!.height / ROW) - 1;
      const steps: Record<string, number> = { j: 1, ArrowDown: 1, k: -1, ArrowUp: -1, PageDown: page, PageUp: -page };
      const step = steps[e.key];
      // where the eye is, if that has moved on since
      const from = (by: number) => {
        const { now, height } = place.current!;
        const [top, bottom] = [Math.ceil(now.at / ROW), Math.floor((now.at + height) / ROW) - 1];
        const at = selectedRow.current;
        if (at >= top - 1 && at <= bottom + 1) return at;
        if (at < 0 && Math.abs(by) === 1) return by > 0 ? top - 1 : bottom + 1;
        return by > 0 ? top : bottom;
      };
      if (step !== undefined) moveTo(from(step) + step);
      else if (e.key === 'g' || e.key === 'Home') moveTo(0);
      else if (e.key === 'G' || e.key === 'End') moveTo(calls.count - 1);
      else if (e.key === 'Enter' && selectedRow.current >= 0 && !(e.target as Element).closest('a, button')) {
        const r = calls.row(selectedRow.current);
        if (r) go(callUrl(r.id));
      } else return;
      e.preventDefault();
    };
    window.addEventListener('keydown', key);
    return () => window.removeEventListener('keydown', key);
  }, []);

  const searching = search !== '';
  return (
    <main class="list-page" id="main">
      <h1 class="offscreen">Calls</h1>
      <Filters list={list} devices={someDevices(data)} />
      <VolumeChart list={list} />
      <div class="list" role="table" aria-label="Calls, newest first" aria-rowcount={data.complete ? count + 1 : -1} aria-busy={data.loading}>
        <div class="list-head row" role="row" aria-rowindex={1} hidden={count === 0 && !data.loading}>
          {COLUMNS.map(([name, cls]) => <span key={name} role="columnheader" class={`cell ${cls}`}>{name}</span>)}
        </div>
        {data.waiting > 0 && (
          <button type="button" class="pill" onClick={() => {
            data.admit();
            place.current!.goto(0);
          }}>
            <Icon name="up" />{countText(data.waiting, 'new call')}
          </button>
        )}
        <div class="list-scroll" ref={scroller} tabIndex={0} role="rowgroup"
          onPointerMove={() => (pointed.current = performance.now())}
          onScroll={() => place.current!.scrolled()}>
          <Rows place={place.current} selected={selected} />
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

/** Names to choose from: those of the newest calls. */
function someDevices(data: CallList): string[] {
  const names = new Set<string>();
  for (let i = 0; i < Math.min(200, data.count); i++) for (const d of data.row(i)?.devices ?? []) names.add(d);
  return [...names].sort();
}

/** The rows in view, and some more on both sides. */
function Rows({ place, selected }: { place: Place; selected: number }) {
  const [, again] = useState({});
  const z = useStore(zone);
  const count = calls.count;
  useLayoutEffect(() => {
    let drawn = '';
    place.moved = () => {
      const next = windowOf(place.now, place.height, ROW, calls.count, OVER);
      const key = `${next.first} ${next.last} ${next.top}`;
      if (key !== drawn) again({});
      drawn = key;
    };
    return () => {
      place.moved = () => {};
    };
  }, [place]);
  const w = windowOf(place.now, place.height, ROW, count, OVER);
  useEffect(() => calls.want(w.first, w.last));
  if (count === 0) return null;
  const rows = [];
  for (let i = w.first; i < w.last; i++) {
    const r = calls.row(i);
    rows.push(r
      ? <CallRow key={r.id} row={r} index={i} selected={i === selected} fresh={calls.fresh.has(r.id)} zone={z} />
      : <div key={i} class={`row blank${i === selected ? ' selected' : ''}`} role="row" aria-rowindex={i + 2} aria-busy="true"><span /><span /><span /><span /></div>);
  }
  return (
    <div class="rows-box" style={{ height: w.height + 'px' }}>
      <div class="rows" style={{ transform: `translateY(${w.top}px)` }}>{rows}</div>
    </div>
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
