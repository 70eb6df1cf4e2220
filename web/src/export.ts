// export.ts: the exported file, which opens from disk without a server or a network. draw_html brings:
//   html[data-zone]   minutes east of UTC
//   #ladder           div.folded and, where something folds, div.unfolded, an SVG each
//   #call             the call as JSON
//   #legs             a table whose rows have data-leg
import type { Call } from './lib/model.js';
import type { Zone } from './lib/time.js';
import { h, icon } from './view/dom.js';
import { Inspector } from './view/inspector.js';
import { Ladder, type Spot } from './view/ladder.js';
import { cleanPicture } from './view/picture.js';

function readCall(): Call | null {
  try {
    return JSON.parse(document.getElementById('call')?.textContent ?? '') as Call;
  } catch {
    return null;
  }
}

function start(): void {
  const call = readCall();
  const box = document.getElementById('ladder');
  const folded = box?.querySelector<SVGSVGElement>('.folded svg');
  if (!call || !box || !folded) return;
  const unfolded = box.querySelector<SVGSVGElement>('.unfolded svg') ?? folded;
  const zone: Zone = Number(document.documentElement.dataset.zone) || 'utc';
  document.documentElement.classList.add('live');

  const host = h('div', { class: 'ladder-scroll', tabindex: 0, 'aria-label': 'Ladder' });
  const pane = h('section', { class: 'pane card', 'aria-label': 'Message' });
  const drawer = h('div', { class: 'drawer', hidden: true });
  const side = h('aside', { class: 'call-side' });
  const body = h('div', { class: 'export-body' });
  box.before(body);
  const left = h('div', { class: 'call-left' });
  body.append(left, side);
  const sizer = h('div', { class: 'sizer' });
  left.append(h('div', { class: 'stage card' }, sizer, host));
  const legs = document.getElementById('legs');
  if (legs) {
    side.append(legs);
    legs.append(...document.querySelectorAll('section.links'));
  }
  side.append(pane);
  document.body.append(drawer);

  const pictures = [folded, unfolded].map(cleanPicture);
  box.remove();
  let open = 0;
  let held: Spot = null;
  const ladder = new Ladder(host, sizer);
  const light = (spot: Spot) => ladder.spot(spot ?? held);
  const hold = (spot: Spot) => {
    held = JSON.stringify(spot) === JSON.stringify(held) ? null : spot;
    document.querySelectorAll<HTMLElement>('#legs [data-leg]').forEach((tr) =>
      tr.classList.toggle('held', !!held && 'leg' in held && Number(tr.dataset.leg) === held.leg));
    light(null);
  };
  const inspector = new Inspector({ page: body, top: () => 0, pane, drawer }, {
    toggleFold: () => fold(),
    isFold: (row) => ladder.foldOf(row) !== null,
    spot: (spot) => hold(spot ?? held),
  });
  const show = () => {
    ladder.load(pictures[open]!.cloneNode(true) as SVGSVGElement);
    light(null);
    inspector.update(call, zone);
  };
  const label = h('span');
  const fold = () => {
    open = 1 - open;
    label.textContent = open ? 'Fold repeats' : 'Unfold repeats';
    show();
  };
  if (folded.querySelector('.fold')) {
    label.textContent = 'Unfold repeats';
    left.prepend(h('div', { class: 'tools' }, h('button', { type: 'button', class: 'text-button', onclick: fold }, icon('unfold'), label)));
  }
  show();
  inspector.attach(ladder);

  host.addEventListener('pointerover', (e) => light(ladder.spotAt(e.target)));
  host.addEventListener('pointerleave', () => light(null));
  host.addEventListener('click', (e) => {
    const spot = ladder.spotAt(e.target);
    if (spot && 'device' in spot) hold(spot);
  });
  legs?.addEventListener('pointerover', (e) => {
    const leg = Number((e.target as Element).closest<HTMLElement>('[data-leg]')?.dataset.leg);
    light(leg ? { leg } : null);
  });
  legs?.addEventListener('pointerleave', () => light(null));
  legs?.addEventListener('click', (e) => {
    if ((e.target as Element).closest('details')) return; // its own line opens it
    const leg = Number((e.target as Element).closest<HTMLElement>('[data-leg]')?.dataset.leg);
    if (leg) hold({ leg });
  });
  window.addEventListener('keydown', (e) => {
    if ((e.target as Element).closest?.('input:not([type=checkbox]), select, textarea')) return;
    if (e.key === 'u' && !e.ctrlKey && !e.metaKey) fold();
    else if (!inspector.key(e)) return;
    e.preventDefault();
  });
}

if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
else start();
