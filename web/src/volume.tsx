// volume.tsx: calls over time, above the list: what the list holds as bars, failed ones in the colour of failure. A click on a bar,
// or a stretch of them, makes that the time of the list.
import { useEffect, useRef, useState } from 'preact/hooks';
import { events, getJson } from './api.js';
import { chartOf, countWords, outline, slotAt, stepText, stretchOf, stretchText, summary, ticks, type Chart } from './lib/bars.js';
import type { Volume } from './lib/model.js';
import { countText, isoTime, zoneMinutes, zoneParam } from './lib/time.js';
import { listSearch, listUrl, volumeQuery, type ListState } from './lib/url.js';
import { go, useStore, zone } from './store.js';

const AGAIN_MS = 5000; // while calls come in

/** The chart of the list that was looked at last. */
let held: Chart | null | undefined;

function useVolume(list: ListState, zoneText: string): Chart | null | undefined {
  const [, again] = useState({});
  const search = listSearch(list);
  useEffect(() => {
    let stop = new AbortController();
    let timer = 0;
    const ask = async () => {
      timer = 0;
      stop.abort();
      const { signal } = (stop = new AbortController());
      try {
        held = chartOf(await getJson<Volume>(volumeQuery(list, zoneText), signal));
      } catch {
        if (signal.aborted) return;
        held = null; // the list says what is wrong
      }
      again({});
    };
    const later = () => {
      timer ||= window.setTimeout(ask, AGAIN_MS);
    };
    void ask();
    const deaf = events.listen({ calls: later, missed: later });
    return () => {
      deaf();
      clearTimeout(timer);
      stop.abort();
    };
  }, [search, zoneText]);
  return held;
}

const PAGE = 10;
const MOVES: Record<string, (i: number, last: number) => number> = {
  ArrowLeft: (i) => i - 1, ArrowRight: (i) => i + 1, PageUp: (i) => i - PAGE, PageDown: (i) => i + PAGE, Home: () => 0, End: (_, last) => last,
};

export function VolumeChart({ list }: { list: ListState }) {
  const z = useStore(zone);
  const chart = useVolume(list, zoneParam(zoneMinutes(Date.now(), z)));
  const timed = !!(list.after || list.before);
  if (chart === undefined) return <div class="volume waiting" />;
  if (chart === null || (chart.total < 2 && !timed)) return null;
  return <Plot chart={chart} list={list} timed={timed} key={`${chart.first} ${chart.step}`} />;
}

function Plot({ chart: c, list, timed }: { chart: Chart; list: ListState; timed: boolean }) {
  const z = useStore(zone);
  const plot = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState<number | null>(null); // the slot that is pointed at,
  const [from, setFrom] = useState<number | null>(null); // and where a stretch up to it begins
  const now = Date.now() * 1000;
  const one = list.kind ? 'conversation' : 'call';
  const n = c.count.length;
  const last = n - 1;
  const span = at === null ? null : ([Math.min(at, from ?? at), Math.max(at, from ?? at)] as const);

  const choose = (i: number, k: number) => {
    const [low, high] = stretchOf(c, i, k).map((us) => isoTime(us).replace('.000000', ''));
    setFrom(null);
    go(listUrl({ ...list, after: low!, before: high! }));
  };
  const slot = (e: PointerEvent) => {
    const box = plot.current!.getBoundingClientRect();
    return slotAt(c, (e.clientX - box.left) / box.width);
  };
  const key = (e: KeyboardEvent) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    const move = MOVES[e.key];
    if (move) {
      if (!e.shiftKey) setFrom(null);
      else if (from === null) setFrom(at ?? last);
      setAt(Math.max(0, Math.min(last, move(at ?? n, last))));
    } else if ((e.key === 'Enter' || e.key === ' ') && span) choose(...span);
    else if (e.key === 'Escape' && span) {
      setAt(null);
      setFrom(null);
    } else return;
    e.preventDefault();
  };

  const words = (i: number, k: number) => {
    const sum = (list: number[]) => list.slice(i, k + 1).reduce((a, b) => a + b, 0);
    return `${stretchText(...stretchOf(c, i, k), c.step, z, now)}: ${countWords(sum(c.count), sum(c.failed), one, c.about)}`;
  };
  const all = summary(c, one, z, now);
  const place = (i: number, k: number) => ({ left: `${(100 * i) / n}%`, width: `${(100 * (k - i + 1)) / n}%` });
  return (
    <section class="volume" aria-label={list.kind ? 'Conversations over time' : 'Calls over time'}>
      <div class="volume-line">
        <span class="volume-words" aria-hidden="true">
          {span ? words(...span) : <>{stretchText(c.low, c.high, c.step, z, now)}: {countWords(c.total, c.allFailed, one, c.about)}{c.total > 0 && <span class="quiet">; a bar is {stepText(c.step)}, the highest {c.about ? 'about ' : ''}{countText(c.about ? Number(c.most.toPrecision(2)) : c.most, one)}</span>}</>}
        </span>
        {timed && <button type="button" class="link" onClick={() => go(listUrl({ ...list, after: '', before: '' }))}>All times</button>}
      </div>
      <p class="offscreen" id="volume-help">{all} Arrow keys go through the bars, with Shift they take several; Enter shows only these calls.</p>
      <div class="volume-plot" ref={plot} tabIndex={0} role="slider" aria-label="Time of the list" aria-describedby="volume-help"
        aria-valuemin={0} aria-valuemax={last} aria-valuenow={at ?? last} aria-valuetext={span ? words(...span) : all}
        onKeyDown={key}
        onBlur={() => { setAt(null); setFrom(null); }}
        onPointerDown={(e) => {
          if (e.button !== 0) return;
          plot.current!.setPointerCapture(e.pointerId);
          setAt(slot(e));
          setFrom(slot(e));
        }}
        onPointerMove={(e) => setAt(slot(e))}
        onPointerUp={() => { if (span && from !== null) choose(...span); }}
        onPointerCancel={() => setFrom(null)}
        onPointerLeave={() => { if (from === null) setAt(null); }}>
        {span && <span class={`volume-mark${from === null ? '' : ' taken'}`} style={place(...span)} />}
        <svg viewBox={`0 0 ${n} 100`} preserveAspectRatio="none" aria-hidden="true" focusable="false">
          <path class="all" d={outline(c, c.count)} />
          <path class="failed" d={outline(c, c.failed)} />
        </svg>
      </div>
      <div class="volume-axis" aria-hidden="true">
        {ticks(c, z).map(([part, text]) => <span key={part} style={{ left: `${100 * part}%` }}>{text}</span>)}
      </div>
    </section>
  );
}
