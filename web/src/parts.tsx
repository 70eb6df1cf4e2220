// parts.tsx: small things that many components use.
import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { colorClass } from './view/message.js';
import { copyButton, ICONS } from './view/dom.js';

export function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={ICONS[name] ?? ''} />
    </svg>
  );
}

export function IconButton(p: { name: string; label: string; onClick: () => void }) {
  return (
    <button type="button" class="icon-button" aria-label={p.label} title={p.label}
      onClick={p.onClick}>
      <Icon name={p.name} />
    </button>
  );
}

export function Badge({ leg }: { leg: number }) {
  return <span class={`badge ${colorClass(leg)}`}>{leg}</span>;
}

/** A copy button made by hand, in a place that Preact owns. */
export function Copy({ label, text, visible }: { label: string; text: string; visible?: string }) {
  const host = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    host.current?.replaceChildren(copyButton(label, () => text, visible));
  }, [label, text, visible]);
  return <span class="copy-host" ref={host} />;
}

export function Kbd({ children }: { children: ComponentChildren }) {
  return <kbd>{children}</kbd>;
}

/** A dialog of the browser: focus stays inside, Esc closes it. */
export function Dialog(p: { open: boolean; onClose: () => void; title: string; class?: string; children: ComponentChildren }) {
  const ref = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const d = ref.current;
    if (!d) return;
    if (p.open && !d.open) d.showModal();
    if (!p.open && d.open) d.close();
  }, [p.open]);
  return (
    <dialog ref={ref} class={`dialog ${p.class ?? ''}`} aria-label={p.title} onClose={p.onClose}
      onClick={(e) => { if (e.target === ref.current) p.onClose(); }}>
      {p.open && (
        <div class="dialog-body">
          <header>
            <h2>{p.title}</h2>
            <IconButton name="close" label="Close" onClick={p.onClose} />
          </header>
          {p.children}
        </div>
      )}
    </dialog>
  );
}
