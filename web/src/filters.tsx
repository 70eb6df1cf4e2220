// filters.tsx: the row of filters over the list. Each is one parameter of the address.
import { useState } from 'preact/hooks';
import { hasFilters, listUrl, type ListKey, type ListState } from './lib/url.js';
import { go, zone } from './store.js';
import { zoneMinutes } from './lib/time.js';
import { Icon } from './parts.js';

type Options = [value: string, text: string][];

const KINDS: Options = [
  ['', 'Calls'], ['registration', 'Registrations'], ['subscription', 'Subscriptions'], ['message', 'Messages'],
  ['options', 'OPTIONS'], ['any', 'Everything'],
];
const STATES: Options = [
  ['', 'Any result'], ['answered', 'Answered'], ['cancelled', 'Cancelled'], ['failed', 'Failed'],
  ['ringing', 'Ringing now'], ['in-call', 'Talking now'], ['partial', 'Seen in part'],
];
const CODES: Options = [
  ['', 'Any code'], ['2xx', '2xx success'], ['3xx', '3xx redirected'], ['4xx', '4xx refused'], ['5xx', '5xx server failure'],
  ['6xx', '6xx refused everywhere'], ['403', '403 Forbidden'], ['404', '404 Not Found'], ['408', '408 Timeout'],
  ['480', '480 Unavailable'], ['486', '486 Busy'], ['487', '487 Cancelled'], ['488', '488 Not Acceptable'],
  ['503', '503 Unavailable'], ['603', '603 Decline'],
];
const WHEN: Options = [
  ['', 'Any time'], ['-15m', 'Last 15 minutes'], ['-1h', 'Last hour'], ['-24h', 'Last 24 hours'], ['-7d', 'Last 7 days'],
];
const TALK: Options = [
  ['', 'Any length'], ['10', 'Over 10 s'], ['60', 'Over 1 min'], ['600', 'Over 10 min'], ['3600', 'Over 1 h'],
];

function Pick(p: { label: string; name: string; value: string; options: Options; onPick: (v: string) => void }) {
  const known = p.options.some((o) => o[0] === p.value);
  return (
    <label class={`pick${p.value ? ' on' : ''}`}>
      <span class="offscreen">{p.label}</span>
      <select name={p.name} value={p.value} onChange={(e) => p.onPick(e.currentTarget.value)}>
        {p.options.map(([v, t]) => <option key={v} value={v}>{t}</option>)}
        {!known && <option value={p.value}>{p.value}</option>}
      </select>
    </label>
  );
}

/** datetime-local has no zone: it is read in the one that the page shows. */
function toInput(iso: string | undefined): string {
  const ms = Date.parse(iso ?? '');
  if (Number.isNaN(ms)) return '';
  return new Date(ms + zoneMinutes(ms, zone.value) * 60000).toISOString().slice(0, ms % 60000 ? 19 : 16);
}

function fromInput(text: string): string {
  const ms = Date.parse(text + (text.length > 16 ? 'Z' : ':00Z'));
  if (Number.isNaN(ms)) return '';
  return new Date(ms - zoneMinutes(ms, zone.value) * 60000).toISOString().replace('.000', '');
}

const ABSOLUTE = /^\d{4}-/;

export function Filters({ list, devices }: { list: ListState; devices: string[] }) {
  const absolute = ABSOLUTE.test(list.after ?? '') || !!list.before;
  const [between, setBetween] = useState(false);
  const set = (changes: ListState) => go(listUrl({ ...list, ...changes }));
  const pick = (key: ListKey) => (v: string) => set({ [key]: v });
  const showBetween = between || absolute;
  const others = (['from', 'to', 'number', 'address', 'call_id', 'ua', 'text', 'method', 'max_duration'] as ListKey[]).filter((k) => list[k]);
  return (
    <div class="filters" role="group" aria-label="Filters">
      <Pick label="Kind" name="kind" value={list.kind ?? ''} options={KINDS} onPick={pick('kind')} />
      <Pick label="Result" name="state" value={list.state ?? ''} options={STATES} onPick={pick('state')} />
      <Pick label="Code" name="status" value={list.status ?? ''} options={CODES} onPick={pick('status')} />
      <Pick label="Time" name="when" value={showBetween ? 'between' : list.after ?? ''}
        options={[...WHEN, ['between', 'Between…']]}
        onPick={(v) => {
          setBetween(v === 'between');
          if (v !== 'between') set({ after: v, before: '' });
        }} />
      {showBetween && (
        <span class="between">
          <input type="datetime-local" aria-label="From when" value={toInput(list.after)}
            onChange={(e) => set({ after: fromInput(e.currentTarget.value) })} />
          <span class="quiet">to</span>
          <input type="datetime-local" aria-label="Until when" value={toInput(list.before)}
            onChange={(e) => set({ before: fromInput(e.currentTarget.value) })} />
        </span>
      )}
      <Pick label="Talk time" name="min_duration" value={list.min_duration ?? ''} options={TALK} onPick={pick('min_duration')} />
      <label class={`pick text${list.device ? ' on' : ''}`}>
        <span class="offscreen">Device</span>
        <input type="text" name="device" placeholder="Any device" list="devices" value={list.device ?? ''} autocomplete="off" spellcheck={false}
          onChange={(e) => set({ device: e.currentTarget.value })} />
        <datalist id="devices">{devices.map((d) => <option key={d} value={d} />)}</datalist>
      </label>
      {others.map((k) => (
        <span class="chip" key={k}>
          {k.replace('_', ' ')}: {list[k]}
          <button type="button" aria-label={`Remove the filter ${k}`} onClick={() => set({ [k]: '' })}><Icon name="close" /></button>
        </span>
      ))}
      {hasFilters(list) && (
        <button type="button" class="link clear-filters" onClick={() => { setBetween(false); go(listUrl({ q: list.q ?? '' })); }}>
          Clear filters
        </button>
      )}
    </div>
  );
}
