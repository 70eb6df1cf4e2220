// header.tsx: the bar on top: search, state of the connection, zone, theme, help.
import { useEffect, useRef, useState } from 'preact/hooks';
import { nearestKey, QUERY_KEYS, unknownKeys, withKey } from './lib/query.js';
import { countText, zoneMinutes, zoneText } from './lib/time.js';
import { listUrl } from './lib/url.js';
import { Icon, IconButton } from './parts.js';
import { go, link, route, setTheme, status, theme, useStore, zone } from './store.js';

export function Header(p: { onHelp: () => void; onStatus: () => void }) {
  const t = useStore(theme);
  const z = useStore(zone);
  const local = zoneText(zoneMinutes(Date.now(), 'local'));
  return (
    <header class="bar">
      <a class="wordmark" href="/" aria-label="sipweave: list of calls">sip<em>weave</em></a>
      <Search />
      <span class="grow" />
      <Connection onStatus={p.onStatus} />
      <button type="button" class="text-button zone" hidden={local === 'UTC'} onClick={() => (zone.value = z === 'utc' ? 'local' : 'utc')}
        aria-label={`Times are shown in ${z === 'utc' ? 'UTC' : 'local time, ' + local}. Switch`}
        title={z === 'utc' ? `Times in UTC. Switch to local time (${local})` : `Times as on this computer (${local}). Switch to UTC`}>
        {z === 'utc' ? 'UTC' : local}
      </button>
      <IconButton name={t === 'dark' ? 'sun' : 'moon'} label={t === 'dark' ? 'Light colours' : 'Dark colours'}
        onClick={() => setTheme(t === 'dark' ? 'light' : 'dark')} />
      <button type="button" class="icon-button help" aria-label="Keys and help (?)" title="Keys and help (?)" onClick={p.onHelp}>?</button>
    </header>
  );
}

function Connection({ onStatus }: { onStatus: () => void }) {
  const l = useStore(link);
  const s = useStore(status);
  const listeners = s?.listeners?.length ?? 0;
  const text = l === 'lost' ? 'Not connected' : l === 'connecting' ? 'Connecting' : 'Live';
  const more = l === 'live' && s
    ? (listeners ? ` · ${countText(listeners, 'listener')}` : '') : l === 'lost' ? ', trying again' : '';
  return (
    <button type="button" class={`live ${l}`} onClick={onStatus} title="State of the server">
      <span class="dot" />{text}<span class="more">{more}</span>
    </button>
  );
}

function Search() {
  const r = useStore(route);
  const shown = r.page === 'list' ? r.list.q ?? '' : '';
  const [text, setText] = useState(shown);
  const [open, setOpen] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const form = useRef<HTMLFormElement>(null);
  const timer = useRef(0);
  useEffect(() => {
    if (document.activeElement !== input.current || shown === '') setText(shown);
  }, [shown]);

  const search = (q: string, replace: boolean) => {
    clearTimeout(timer.current);
    const list = route.value.page === 'list' ? route.value.list : {};
    go(listUrl({ ...list, q }), replace);
  };
  const typed = (q: string) => {
    setText(q);
    clearTimeout(timer.current);
    // a key without its value is not yet a question
    if (route.value.page === 'list' && !/(^|\s)[a-z-]+:$/i.test(q)) {
      timer.current = window.setTimeout(() => search(q, true), 350);
    }
  };
  const wrong = unknownKeys(text);
  return (
    <form class="search" role="search" ref={form}
      onSubmit={(e) => { e.preventDefault(); setOpen(false); search(text, false); }}
      onFocusOut={(e) => { if (!form.current?.contains(e.relatedTarget as Node | null)) setOpen(false); }}>
      <Icon name="search" />
      <input ref={input} id="search" type="search" value={text} spellcheck={false} autocomplete="off" autocapitalize="off"
        aria-label="Search calls" aria-describedby="search-help" aria-expanded={open} aria-controls="search-help" role="combobox"
        aria-haspopup="dialog" placeholder="Number, Call-ID, address, or from: to: code: ua:"
        onFocus={() => setOpen(true)} onClick={() => setOpen(true)}
        onInput={(e) => { setOpen(true); typed(e.currentTarget.value); }}
        onKeyDown={(e) => {
          if (e.key !== 'Escape') return;
          e.preventDefault();
          e.stopPropagation();
          if (open && text !== '') setOpen(false);
          else e.currentTarget.blur();
        }} />
      {text === '' ? <kbd class="slash">/</kbd> : (
        <button type="button" class="clear" aria-label="Clear the search" onClick={() => { setText(''); search('', false); input.current?.focus(); }}>
          <Icon name="close" />
        </button>
      )}
      <div class="search-help" id="search-help" hidden={!open} role="dialog" aria-label="What can be searched">
        {wrong.length > 0 && (
          <p class="hint-wrong">
            <code>{wrong[0]}:</code> is not a key here.
            {nearestKey(wrong[0]!) && (
              <> Did you mean <button type="button" class="link" onClick={() => {
                const next = text.replace(new RegExp(`(^|\\s)${wrong[0]}:`, 'i'), `$1${nearestKey(wrong[0]!)}:`);
                typed(next);
                input.current?.focus();
              }}><code>{nearestKey(wrong[0]!)}:</code></button>?</>
            )}
          </p>
        )}
        <p>Type a number, a Call-ID, an address or any text; all words have to fit. Or name what you mean:</p>
        <ul>
          {QUERY_KEYS.map(([key, example, about]) => (
            <li key={key}>
              <button type="button" onClick={() => { typed(withKey(text, key)); input.current?.focus(); }}>
                <code>{key}:</code><span>{about}</span><code class="example">{example}</code>
              </button>
            </li>
          ))}
        </ul>
      </div>
    </form>
  );
}
