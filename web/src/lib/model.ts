// model.ts: what the API sends (docs/api.md). Field for field the object of `sipweave show --format json`.

export type Severity = 'error' | 'warning' | 'info';
export type CallState = 'answered' | 'cancelled' | 'failed' | 'ringing' | 'in-call' | 'partial';

export interface Device {
  name: string;
  addresses: string[];
  named?: boolean;
  software?: string;
  pool?: boolean;
}

export interface Evidence {
  kind: string;
  bits: number | null; // null: no matter of weight, somebody has decided it
  text: string;
}

export interface Leg {
  n: number;
  id?: string;
  call_id: string;
  from_device: string | null;
  to_device: string | null;
  src?: string;
  dst?: string;
  transport?: string;
  from: string;
  to: string;
  from_display?: string;
  role: string;
  state: CallState;
  status: number | null;
  reason?: string;
  start?: string | null;
  ring_ms?: number | null;
  duration_ms?: number | null;
  ended_by?: 'caller' | 'callee' | null;
  messages: number;
  parent: number | null;
  confidence: number | null;
  evidence: Evidence[];
}

export interface Problem {
  id: string;
  severity: Severity;
  leg: number | null;
  message: number | null;
  text: string;
  cure?: string;
}

export interface Seen {
  source: string;
  time: string | null;
  precision_us?: number;
  line?: number | null;
  vantage?: string;
}

export interface Note {
  code: string;
  text: string;
  at: number; // an offset in bytes of raw
  n: number;
}

export interface Message {
  n: number;
  time: string | null;
  precision_us: number;
  leg: number;
  from_device: string | null;
  to_device: string | null;
  src: string;
  dst: string;
  transport: string;
  summary: string;
  status: number | null;
  method: string;
  cseq?: number;
  retransmission_of: number | null;
  prompted_by: number | null;
  sdp?: boolean;
  cut?: boolean;
  seen: Seen[];
  notes?: Note[];
  raw?: string; // absent: not asked for yet (a long call, with ?lean=1)
}

/** A link that was weighed and not made. */
export interface Maybe {
  leg: number; // of this call; `below`: the other leg would hang on it, else it would hang on the other one
  below: boolean;
  other: string; // ids: of that leg, of its call
  call: string;
  call_id: string;
  from: string;
  to: string;
  start: string | null;
  confidence: number | null;
  why_not: string;
  evidence: Evidence[];
}

export interface Related {
  call: string;
  kind: string;
  text: string;
  from: string;
  to: string;
  start: string | null;
}

/** What somebody has decided about a leg. */
export interface Decision {
  n: number;
  kind: 'join' | 'split';
  leg: string; // ids of legs
  other: string;
  who: string;
  at: string | null;
}

/** What a change by hand has made. */
export interface Changed {
  decision?: number;
  undone?: number;
  calls: string[]; // in which the two legs are now
  gone: string[];
}

interface CallFacts {
  id: string;
  kind: string;
  start: string | null;
  from: string;
  to: string;
  state: CallState;
  status: number | null;
  setup_ms: number | null;
  ring_ms: number | null;
  duration_ms: number | null;
  precision_us?: number; // of those times
  devices: Device[];
  legs: Leg[];
  may_belong?: Maybe[];
  related?: Related[];
  decisions?: Decision[];
  problems: Problem[];
}

/** One call in a list: messages are counted. */
export interface CallSummary extends CallFacts {
  messages: number;
}

export type Sentence = string | { text: string; messages?: number[] };

/** One call as its page needs it. */
export interface Call extends CallFacts {
  messages: Message[];
  message_count?: number;
  story?: Sentence[];
}

/** Where all rows of a long ladder stand (docs/ladder.md): columns, by row. */
export interface LadderIndex {
  version: string;
  rows: number;
  row_height: number;
  n: number[]; // the first message
  y: number[]; // of the upper edge
  leg: number[];
  from: number[]; // devices
  to: number[];
  folds: number[][]; // messages that share a row
  open: number[][]; // folds whose messages have rows of their own
}

export interface CallPage {
  calls: CallSummary[];
  next: string | null;
  texts_since?: string; // free text was looked for back to here only
}

/** How many calls fit, and when: newest first. */
export interface Spread {
  total: number | null; // null: it cannot be told in advance
  parts: { after: string | null; before: string; count: number }[];
}

/** How many calls began when, oldest first; a bar without a call is left out. */
export interface Volume {
  total: number | null; // null: it cannot be told in advance
  failed?: number;
  estimated?: boolean; // too many numbers fit for each call to be looked at
  after?: string;
  before?: string;
  step?: number; // seconds
  bars: { at: string; count: number; failed: number }[];
}

export interface Skipped {
  reason: string;
  text: string;
  count: number;
}

export interface Status {
  version: string;
  started: string;
  database: string;
  sightings: number;
  calls: number;
  bytes: number;
  first: string | null;
  last: string | null;
  skipped?: Skipped[];
  linking?: { messages: number; ms: number }; // kept and not yet linked; how long ago the oldest came
  listeners?: { kind: string; address: string; messages: number; dropped: number }[];
  sources?: { name: string; kind: string; messages: number; last: string | null }[];
  retention_days?: number;
  damage?: string[];
  trouble?: string | null; // a sentence while something does not work
}

export interface ImportResult {
  name: string;
  sightings: number;
  new: number;
  calls: number;
  first: string | null;
  skipped: Skipped[];
  damage: string[];
}
