// drop.tsx: files dropped anywhere on the page, or chosen, are sent to the server; then it says what was in them.
import { useEffect, useRef, useState } from 'preact/hooks';
import { importFile } from './api.js';
import { calls } from './calls.js';
import type { ImportResult } from './lib/model.js';
import { shown, shownLine } from './lib/safe.js';
import { bytesText, countText } from './lib/time.js';
import { callUrl } from './lib/url.js';
import { Icon, IconButton } from './parts.js';
import { go, Store, useStore } from './store.js';

interface Job {
  id: number;
  name: string;
  size: number;
  part: number;
  result?: ImportResult;
  error?: string;
}

const jobs = new Store<Job[]>([]);
let last = 0;

function change(id: number, changes: Partial<Job>): void {
  jobs.value = jobs.value.map((j) => (j.id === id ? { ...j, ...changes } : j));
}

export async function sendFiles(files: Iterable<File>): Promise<void> {
  const list = [...files];
  const mine = list.map((f) => ({ id: ++last, name: f.name, size: f.size, part: 0 }));
  jobs.value = [...mine, ...jobs.value.filter((j) => !j.result && !j.error)];
  let found = 0;
  let first: string | null = null;
  for (const [i, file] of list.entries()) {
    const id = mine[i]!.id;
    try {
      const result = await importFile(file, (part) => change(id, { part }));
      change(id, { part: 1, result });
      found += result.calls;
      first ??= result.first;
    } catch (e) {
      change(id, { error: (e as Error).message });
    }
  }
  void calls.reload();
  // one call is what they wanted to see; several are a list
  if (found === 1 && first) go(callUrl(first));
}

export function FileButton({ open }: { open: { current: () => void } }) {
  const input = useRef<HTMLInputElement>(null);
  open.current = () => input.current?.click();
  return (
    <input ref={input} type="file" multiple class="offscreen" tabIndex={-1} aria-label="Choose captures or logs" id="file"
      onChange={(e) => {
        const files = [...(e.currentTarget.files ?? [])];
        e.currentTarget.value = '';
        if (files.length) void sendFiles(files);
      }} />
  );
}

export function DropZone() {
  const [over, setOver] = useState(false);
  useEffect(() => {
    let depth = 0;
    const files = (e: DragEvent) => !!e.dataTransfer && [...e.dataTransfer.types].includes('Files');
    const enter = (e: DragEvent) => {
      if (!files(e)) return;
      depth++;
      setOver(true);
    };
    const leave = () => {
      depth = Math.max(0, depth - 1);
      if (depth === 0) setOver(false);
    };
    const hold = (e: DragEvent) => {
      if (files(e)) e.preventDefault();
    };
    const drop = (e: DragEvent) => {
      if (!files(e)) return;
      e.preventDefault();
      depth = 0;
      setOver(false);
      void sendFiles(e.dataTransfer!.files);
    };
    const all: [string, (e: DragEvent) => void][] = [['dragenter', enter], ['dragleave', leave], ['dragover', hold], ['drop', drop]];
    for (const [name, f] of all) window.addEventListener(name, f as EventListener);
    return () => {
      for (const [name, f] of all) window.removeEventListener(name, f as EventListener);
    };
  }, []);
  return (
    <>
      {over && <div class="drop-over"><div><Icon name="down" /><strong>Drop to read it</strong><span>captures and device logs</span></div></div>}
      <Jobs />
    </>
  );
}

function Jobs() {
  const list = useStore(jobs);
  if (list.length === 0) return null;
  return (
    <section class="jobs" aria-label="Files that were read" role="status">
      {list.map((j) => <JobCard key={j.id} job={j} />)}
    </section>
  );
}

function JobCard({ job }: { job: Job }) {
  const { result: r, error } = job;
  const close = () => (jobs.value = jobs.value.filter((j) => j.id !== job.id));
  return (
    <article class={`job${error ? ' error' : ''}`}>
      <header>
        <strong title={job.name}>{shownLine(job.name)}</strong>
        <span class="quiet">{bytesText(job.size)}</span>
        <IconButton name="close" label="Close" onClick={close} />
      </header>
      {!r && !error && (
        <>
          <progress max={1} value={job.part < 1 ? job.part : undefined} aria-label={`Sending ${job.name}`} />
          <p class="quiet">{job.part < 1 ? `Sending, ${Math.floor(job.part * 100)} %` : 'Reading and linking…'}</p>
        </>
      )}
      {error && <p role="alert">{error}</p>}
      {r && (
        <>
          <p>
            {r.sightings === 0
              ? 'No SIP was found in it.'
              : `${countText(r.sightings, 'message')} seen, ${r.new === r.sightings ? 'all new' : r.new === 0 ? 'all known already' : r.new.toLocaleString('en-GB') + ' new'}. New or changed: ${countText(r.calls, 'call')}.`}
          </p>
          {r.first && <p><a href={callUrl(r.first)}>{r.calls === 1 ? 'Open the call' : 'Open the first call'}</a></p>}
          {r.damage?.length > 0 && <ul class="damage">{r.damage.slice(0, 8).map((d, i) => <li key={i}>{shown(d)}</li>)}</ul>}
          {r.skipped?.length > 0 && (
            <details>
              <summary>{countText(r.skipped.reduce((n, s) => n + s.count, 0), 'part')} skipped</summary>
              <ul>{r.skipped.map((s) => <li key={s.reason}>{s.count.toLocaleString('en-GB')} × {shown(s.text || s.reason)}</li>)}</ul>
            </details>
          )}
        </>
      )}
    </article>
  );
}
