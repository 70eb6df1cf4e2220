// hand.tsx: changes by hand: asks once for a name, sends the change, says what it did and takes it back.
import { useEffect, useRef, useState } from 'preact/hooks';
import { callApi, postJson } from './api.js';
import type { Changed } from './lib/model.js';
import { shown } from './lib/safe.js';
import { callUrl } from './lib/url.js';
import { Dialog, Icon, IconButton } from './parts.js';
import { go, route, Store, userName, useStore } from './store.js';

/** A change is on its way: until it is done no other is sent. */
export const working = new Store(false);
/** Counts the changes: who shows a call looks at it again. */
export const changes = new Store(0);

interface Note {
  text: string;
  undo?: number; // of this decision
  back?: string; // the address to go back to then
  open?: string; // a call that was made
  error?: boolean;
}
const note = new Store<Note | null>(null);

// ---- the name --------------------------------------------------------------------------------------------

type Answer = (name: string | null) => void;
const question = new Store<Answer | null>(null);

/** The name, asked for once. null: they would rather not change anything. */
function nameOf(): Promise<string | null> {
  if (userName.value !== null) return Promise.resolve(userName.value);
  return askName();
}

export function askName(): Promise<string | null> {
  question.value?.(null);
  return new Promise((done) => {
    question.value = (name) => {
      question.value = null;
      if (name !== null) userName.value = name;
      done(name);
    };
  });
}

export function NameDialog() {
  const answer = useStore(question);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (answer) input.current?.focus();
  }, [answer]);
  return (
    <Dialog open={!!answer} onClose={() => question.value?.(null)} title="Your name" class="name-dialog">
      <form onSubmit={(e) => {
        e.preventDefault();
        question.value?.(input.current!.value.trim());
      }}>
        <label for="your-name">Your name, kept with the change</label>
        <input id="your-name" ref={input} type="text" maxLength={60} autocomplete="name" defaultValue={userName.value ?? ''} />
        <p class="quiet">Who looks at this call later sees who changed it and when. Without a name, your address is kept. This browser remembers it.</p>
        <p class="dialog-actions">
          <button type="submit" class="button primary">Continue</button>
          <button type="button" class="button" onClick={() => question.value?.(null)}>Cancel</button>
        </p>
      </form>
    </Dialog>
  );
}

// ---- the changes -----------------------------------------------------------------------------------------

async function send(url: string, body: object, said: (c: Changed) => Note): Promise<Changed | null> {
  if (working.value) return null;
  const who = await nameOf();
  if (who === null) return null;
  working.value = true;
  note.value = null;
  try {
    const done = await postJson<Changed>(url, who ? { ...body, who } : body);
    note.value = said(done);
    return done;
  } catch (e) {
    note.value = { text: (e as Error).message, error: true };
    return null;
  } finally {
    working.value = false;
  }
}

/** The page goes where the call is now. */
function follow(done: Changed, to?: string): void {
  const r = route.value;
  const id = to ?? done.calls[0];
  if (r.page === 'call' && id && (to !== undefined || done.gone.includes(r.id))) go(callUrl(id, r.view), true);
  changes.value++;
}

export async function takeOut(call: string, leg: { n: number; id?: string }): Promise<void> {
  const done = await send(callApi(call, '/split'), { leg: leg.id }, (c) => ({
    text: `Leg ${leg.n} was taken out, with what hangs on it. It is a call of its own now.`,
    undo: c.decision!, back: call, open: c.calls.find((id) => id !== call),
  }));
  if (done) follow(done);
}

/** The leg becomes a child of the other one; `call` is the one that is shown. */
export async function joinLegs(call: string, leg: string, other: string, text: string): Promise<boolean> {
  const done = await send(callApi(call, '/join'), { leg, other }, (c) => ({ text, undo: c.decision!, back: call }));
  if (done) follow(done);
  return !!done;
}

export async function undo(n: number, back?: string): Promise<void> {
  const done = await send(`/api/v1/decisions/${n}/undo`, {}, () => ({ text: 'The change was undone.' }));
  if (done) follow(done, back !== undefined && !done.gone.includes(back) ? back : undefined);
}

// ---- what was done -----------------------------------------------------------------------------------------

const STAYS_MS = 20000;

/** Says what was done, and takes it back. It stays while it is pointed at or has the focus. */
export function Toast() {
  const n = useStore(note);
  const box = useRef<HTMLElement>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    if (!n || n.error) return;
    // what had the focus may be gone with the leg
    if (document.activeElement === document.body) box.current?.querySelector('button')?.focus();
    const timer = window.setTimeout(() => {
      if (box.current?.matches(':hover, :focus-within')) setRound(round + 1);
      else note.value = null;
    }, STAYS_MS);
    return () => clearTimeout(timer);
  }, [n, round]);
  return (
    <section class="toast-place" aria-label="Changes" aria-live="polite" ref={box}>
      {n && (
        <div class={`toast${n.error ? ' error' : ''}`}>
          <span>{shown(n.text)}</span>
          {n.undo !== undefined && (
            <button type="button" class="button" onClick={() => void undo(n.undo!, n.back)}><Icon name="undo" />Undo</button>
          )}
          {n.open && <a href={callUrl(n.open)}>Open it</a>}
          <IconButton name="close" label="Close" onClick={() => (note.value = null)} />
        </div>
      )}
    </section>
  );
}
