// loading.ts: one call from the server, kept up to date. A long one comes without its texts and with a piece of its picture;
// the rest is fetched where it is looked at.
import { useEffect, useRef, useState } from 'preact/hooks';
import { callApi, events, getJson, getText } from './api.js';
import { calls } from './calls.js';
import { changes } from './hand.js';
import { messageNumbered } from './lib/facts.js';
import type { Call, LadderIndex, Message } from './lib/model.js';
import { parseTime, zoneMinutes, zoneParam, type Zone } from './lib/time.js';
import type { Source } from './view/ladder.js';
import { PIECE, readPicture } from './view/picture.js';

export interface Loaded {
  call: Call;
  svg: string; // the whole picture, or the first piece of a long one
  index: LadderIndex | null; // of a long one
}

/** The address of a picture or file of the call, in the zone that the page shows. */
export function drawn(id: string, rest: string, start: number | null, z: Zone, more = ''): string {
  const minutes = zoneMinutes((start ?? Date.now() * 1000) / 1000, z);
  return callApi(id, rest) + '?' + (more ? more + '&' : '') + 'zone=' + encodeURIComponent(zoneParam(minutes));
}

export const LONG = 400; // messages; what is longer comes in pieces

/** `near`: the message that is looked at, which a long picture begins with. */
async function loadCall(id: string, unfold: string, z: Zone, near: number, signal: AbortSignal): Promise<Loaded> {
  const more = unfold ? 'unfold=' + unfold : '';
  const fold = more ? more + '&' : '';
  // the list mostly knows when it was, and how long; if not, summer time may make a second try necessary
  const known = calls.known(id);
  const url = (rest: string, start: number | null) => drawn(id, rest, start, z, rest === '/ladder.svg' ? `${fold}near=${near}` : more);
  const picture = async (start: number | null): Promise<[string, LadderIndex | null]> => {
    const index = () => getJson<LadderIndex>(url('/ladder.json', start), signal);
    const early = known && known.messages > LONG ? index() : null;
    early?.catch(() => {}); // it is heard of below
    const svg = await getText(url('/ladder.svg', start), signal);
    const long = /^<svg[^>]* data-version=/.test(svg);
    return [svg, long ? await (early ?? index()) : null];
  };
  const guess = known?.start || null;
  const [call, got] = await Promise.all([getJson<Call>(callApi(id) + '?lean=1', signal), picture(guess)]);
  const right = parseTime(call.start);
  const [svg, index] = url('/ladder.svg', right) === url('/ladder.svg', guess) ? got : await picture(right);
  return { call, svg, index };
}

/** The call, kept up to date. */
export function useCall(id: string, unfold: string, z: Zone, near: { current: () => number }) {
  const [data, setData] = useState<Loaded | null>(null);
  const [error, setError] = useState('');
  const [round, setRound] = useState(0);
  const took = useRef(0); // what takes long to load is not loaded at every change
  useEffect(() => {
    const stop = new AbortController();
    const begun = performance.now();
    loadCall(id, unfold, z, near.current(), stop.signal).then((loaded) => {
      took.current = performance.now() - begun;
      setData(loaded);
      setError('');
    }, (e: Error) => {
      if (e.name !== 'AbortError') setError(e.message);
    });
    return () => stop.abort();
  }, [id, unfold, z, round]);
  useEffect(() => {
    let timer = 0;
    const again = () => {
      clearTimeout(timer);
      timer = window.setTimeout(() => setRound((n) => n + 1), Math.max(250, 5 * took.current));
    };
    const off = events.listen({
      calls: (e) => {
        if (e.calls.some((c) => c.id === id || c.legs.some((l) => l.id === id)) || e.gone?.includes(id)) again();
      },
      missed: again,
    });
    const stop = changes.listen(() => setRound((n) => n + 1));
    return () => {
      off();
      stop();
      clearTimeout(timer);
    };
  }, [id]);
  return { data, error, retry: () => setRound((n) => n + 1) };
}

/** The pieces of a long picture, from the server. */
export function sourceOf(id: string, call: Call, index: LadderIndex, unfold: string, z: Zone, changed: () => void): Source {
  const url = (more: string) => drawn(id, '/ladder.svg', parseTime(call.start), z, [unfold && 'unfold=' + unfold, more].filter(Boolean).join('&'));
  return {
    index,
    changed,
    piece: async (first, signal) => readPicture(await getText(url(`first=${first}&count=${PIECE}`), signal)),
    whole: () => {
      const x = new XMLHttpRequest();
      x.open('GET', url(''), false); // a print does not wait for anything else
      x.send();
      return x.status === 200 ? readPicture(x.responseText) : null;
    },
  };
}

const TEXTS = 64; // messages whose bytes are fetched at once

/** Fetches the bytes of messages where the call came without them. */
export function useTexts(id: string, call: Call, came: () => void): (n: number) => void {
  const state = useRef<{ call: Call | null; asked: Set<number> }>({ call: null, asked: new Set() });
  if (state.current.call !== call) state.current = { call, asked: new Set() };
  const here = state.current;
  return (n) => {
    const block = Math.floor((n - 1) / TEXTS);
    if (here.asked.has(block)) return;
    here.asked.add(block);
    getJson<{ messages: Message[] }>(callApi(id, `/messages?first=${block * TEXTS + 1}&count=${TEXTS}`)).then(({ messages }) => {
      for (const m of messages) {
        const mine = messageNumbered(call.messages, m.n);
        if (mine) mine.raw = m.raw ?? '';
      }
      if (state.current === here) came();
    }, () => setTimeout(() => here.asked.delete(block), 1000));
  };
}
