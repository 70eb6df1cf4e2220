// headers.ts: one table of header names: the compact form, the usual spelling, what it is for.

type Row = [name: string, compact: string, about: string];

const ROWS: Row[] = [
  ['Accept-Contact', 'a', 'Which kind of device the caller would like to reach'],
  ['Allow', '', 'The methods that the sender understands'],
  ['Allow-Events', 'u', 'The event packages that the sender understands'],
  ['Authorization', '', 'Credentials for the device that asked with 401'],
  ['Call-ID', 'i', 'The name of this dialog, the same in each of its messages'],
  ['Call-Info', '', 'More about the caller or the call'],
  ['Contact', 'm', 'Where the next request of this dialog is to be sent'],
  ['Content-Encoding', 'e', 'How the body is compressed'],
  ['Content-Length', 'l', 'The length of the body in bytes'],
  ['Content-Type', 'c', 'What the body is'],
  ['CSeq', '', 'The number and method of the request'],
  ['Date', '', 'The time by the clock of the sender'],
  ['Diversion', '', 'Who has forwarded the call, and why'],
  ['Event', 'o', 'What a subscription is about'],
  ['Expires', '', 'For how many seconds it holds'],
  ['From', 'f', 'Who sent the request; its tag is the caller’s half of the dialog'],
  ['History-Info', '', 'Where the call has been sent before'],
  ['Identity', 'y', 'A signature over the caller’s number (STIR)'],
  ['Max-Forwards', '', 'How many more hops it may take'],
  ['Min-SE', '', 'The shortest session timer that the sender accepts'],
  ['P-Asserted-Identity', '', 'The caller’s number as the network vouches for it'],
  ['P-Preferred-Identity', '', 'The number that the caller would like to show'],
  ['Privacy', '', 'What of the caller is not to be shown'],
  ['Proxy-Authenticate', '', 'A proxy asks for credentials'],
  ['Proxy-Authorization', '', 'Credentials for a proxy that asked with 407'],
  ['RAck', '', 'Which provisional response a PRACK confirms'],
  ['Reason', '', 'Why the call ends, often with the code of the telephone network'],
  ['Record-Route', '', 'A proxy that stays in the way of this dialog'],
  ['Refer-To', 'r', 'Whom to call instead: a transfer'],
  ['Referred-By', 'b', 'Who asked for the transfer'],
  ['Reject-Contact', 'j', 'Which devices the caller does not want'],
  ['Remote-Party-ID', '', 'The caller’s number, an older form of P-Asserted-Identity'],
  ['Replaces', '', 'The dialog that this call takes the place of'],
  ['Request-Disposition', 'd', 'How the caller would like the request to be handled'],
  ['Require', '', 'Extensions that the other side must know'],
  ['Retry-After', '', 'When to try again'],
  ['Route', '', 'The next hops that the request has to take'],
  ['RSeq', '', 'The number of a provisional response that must be confirmed'],
  ['Server', '', 'The software that answered'],
  ['Session-Expires', 'x', 'The session timer: how long the call lives without a refresh'],
  ['Session-ID', '', 'One name for the call over all its legs'],
  ['Subject', 's', 'What the call is about'],
  ['Subscription-State', '', 'Whether the subscription goes on'],
  ['Supported', 'k', 'Extensions that the sender knows'],
  ['To', 't', 'Who was called; its tag is the callee’s half of the dialog'],
  ['Unsupported', '', 'Extensions that the sender does not know'],
  ['User-Agent', '', 'The software that sent the request'],
  ['Via', 'v', 'The way back: one line for each hop, the newest on top'],
  ['Warning', '', 'A note of the device that answered'],
  ['WWW-Authenticate', '', 'The other side asks for credentials'],
];

const byKey = new Map<string, Row>();
for (const row of ROWS) {
  byKey.set(row[0].toLowerCase(), row);
  if (row[1]) byKey.set(row[1], row);
}

/** The full name of a header in its usual spelling; an unknown one stays as it is. */
export function longName(name: string): string {
  return byKey.get(name.toLowerCase())?.[0] ?? name;
}

/** What to say when somebody points at the name. */
export function aboutHeader(name: string): string {
  const row = byKey.get(name.toLowerCase());
  if (!row) return '';
  return row[0].toLowerCase() === name.toLowerCase() ? row[2] : `${row[0]}: ${row[2]}`;
}

const SDP: Record<string, string> = {
  v: 'Version of the description',
  o: 'Who made it: session number and version',
  s: 'Name of the session',
  i: 'About the session',
  c: 'The address that media is to be sent to',
  b: 'Bandwidth',
  t: 'When the session is on',
  k: 'Encryption key',
  a: 'Attribute',
  m: 'Media: kind, port, transport, formats in order of preference',
};

export function aboutSdp(type: string): string {
  return SDP[type] ?? '';
}
