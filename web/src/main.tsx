// main.tsx: the page: which part is shown, and the keys that work everywhere.
import { render } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';
import { events, getJson } from './api.js';
import { CallPage } from './call.js';
import { DropZone, FileButton } from './drop.js';
import { NameDialog, Toast } from './hand.js';
import { Header } from './header.js';
import { Help, StatusDialog } from './help.js';
import type { Status } from './lib/model.js';
import { shownLine } from './lib/safe.js';
import { ListPage } from './list.js';
import { followHistory, link, route, startTheme, status, useStore } from './store.js';

function App() {
  const r = useStore(route);
  const server = useStore(status);
  const [help, setHelp] = useState(false);
  const [state, setState] = useState(false);
  const choose = useRef(() => {});
  useEffect(() => {
    const key = (e: KeyboardEvent) => {
      if (e.ctrlKey || e.metaKey || e.altKey || e.defaultPrevented) return;
      if ((e.target as Element).closest?.('input, select, textarea, dialog')) return;
      if (e.key === '/') document.getElementById('search')?.focus();
      else if (e.key === '?') setHelp(true);
      else return;
      e.preventDefault();
    };
    window.addEventListener('keydown', key);
    return () => window.removeEventListener('keydown', key);
  }, []);
  useEffect(() => {
    if (r.page === 'list') document.title = 'sipweave';
  }, [r.page]);
  useEffect(() => {
    if (state) void askStatus();
  }, [state]);
  return (
    <>
      <a class="skip" href="#main" onClick={(e) => {
        e.preventDefault();
        document.querySelector<HTMLElement>('.list-scroll, .ladder-scroll, .table-scroll')?.focus();
      }}>Skip to the content</a>
      <Header onHelp={() => setHelp(true)} onStatus={() => setState(true)} />
      {server?.trouble && <p class="trouble-banner" role="alert">{shownLine(server.trouble)}</p>}
      {r.page === 'list'
        ? <ListPage list={r.list} onFile={() => choose.current()} />
        : <CallPage key={r.id} id={r.id} view={r.view} pins={r.pins} unfold={r.unfold} />}
      <FileButton open={choose} />
      <DropZone />
      <Toast />
      <NameDialog />
      <Help open={help} onClose={() => setHelp(false)} />
      <StatusDialog open={state} onClose={() => setState(false)} />
    </>
  );
}

async function askStatus(): Promise<void> {
  try {
    status.value = await getJson<Status>('/api/v1/status');
  } catch {
    // the connection's own state says so
  }
}

startTheme();
document.addEventListener('DOMContentLoaded', () => {
  followHistory();
  events.listen({
    link: (l) => (link.value = l),
    status: (s) => (status.value = { ...status.value, ...s }),
  });
  events.start();
  void askStatus();
  render(<App />, document.getElementById('app')!);
});
