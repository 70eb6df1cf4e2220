// Calls of many messages, as a capture: for the tests of the page and for bench/page.mjs.
//
//   phone ──1──> sbc ──2──> pbx ──3──> gateway, and ──4──> recorder        one call, one X-Cid
//
// It is answered, then lives long: re-INVITEs, INFO, OPTIONS and UPDATE in all its dialogs, one round every few seconds, as calls with
// session timers, keep-alives and hold do.

const [PHONE, SBC, PBX, GATEWAY, RECORDER] = ['192.0.2.10', '203.0.113.20', '203.0.113.30', '203.0.113.40', '203.0.113.50'];

function checksum(head) {
  let sum = 0;
  for (let i = 0; i < head.length; i += 2) sum += head.readUInt16BE(i);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}

/** A pcap of raw IPv4 (link type 101): [microseconds, from, to, text] each. */
export function capture(packets) {
  const file = Buffer.alloc(24);
  [0xa1b2c3d4, 0x00040002, 0, 0, 65535, 101].forEach((v, i) => file.writeUInt32LE(v, 4 * i));
  const parts = [file];
  for (const [us, from, to, text] of packets) {
    const body = Buffer.from(text.replace(/\n/g, '\r\n'), 'utf8');
    const b = Buffer.alloc(16 + 28);
    b.writeUInt32LE(Math.floor(us / 1e6), 0);
    b.writeUInt32LE(us % 1e6, 4);
    b.writeUInt32LE(28 + body.length, 8);
    b.writeUInt32LE(28 + body.length, 12);
    const ip = b.subarray(16);
    ip[0] = 0x45;
    ip.writeUInt16BE(28 + body.length, 2);
    ip[8] = 64;
    ip[9] = 17;
    from.split('.').forEach((x, i) => (ip[12 + i] = Number(x)));
    to.split('.').forEach((x, i) => (ip[16 + i] = Number(x)));
    ip.writeUInt16BE(checksum(ip.subarray(0, 20)), 10);
    ip.writeUInt16BE(5060, 20);
    ip.writeUInt16BE(5060, 22);
    ip.writeUInt16BE(8 + body.length, 24);
    parts.push(b, body);
  }
  return Buffer.concat(parts);
}

const SDP = (ip, n) => `v=0\no=- ${n} ${n} IN IP4 ${ip}\ns=-\nc=IN IP4 ${ip}\nt=0 0\nm=audio ${20000 + (n % 999) * 2} RTP/AVP 8 101\na=rtpmap:8 PCMA/8000\na=rtpmap:101 telephone-event/8000\n`;

/** Packets of one call of exactly `count` messages. `again`: so many rounds until a request is sent twice. */
export function longCall(count, { from = '01632960155', to = '02079460155', startUs = 1785056400e6, name = 'long', again = 0 } = {}) {
  const legs = [[PHONE, SBC], [SBC, PBX], [PBX, GATEWAY], [PBX, RECORDER]].map(([a, b], i) => ({ a, b, i, cseq: [100, 500] }));
  const out = [];
  let us = startUs;
  const say = (leg, back, first, method, cseq, { sdp = false, extra = '', tagged = true } = {}) => {
    const [src, dst] = back ? [leg.b, leg.a] : [leg.a, leg.b];
    const request = !/^SIP/.test(first);
    const opener = back === request ? leg.b : leg.a; // who sent the request
    const other = opener === leg.a ? leg.b : leg.a;
    const tag = (ip) => (ip === leg.a ? `;tag=${name}a${leg.i}` : tagged ? `;tag=${name}b${leg.i}` : '');
    const user = (ip) => (ip === leg.a ? from : to);
    const body = sdp ? SDP(src, leg.i * 1000 + cseq) : '';
    out.push([us, src, dst, `${first}\nVia: SIP/2.0/UDP ${opener}:5060;branch=z9hG4bK${name}${leg.i}${method[0]}${cseq}${opener === leg.a ? 'a' : 'b'}
From: <sip:${user(opener)}@${opener}>${tag(opener)}\nTo: <sip:${user(other)}@${other}>${tag(other)}
Call-ID: ${name}-${leg.i}@${leg.a}\nCSeq: ${cseq} ${method}\nContact: <sip:${user(src)}@${src}:5060>\n${request ? 'Max-Forwards: 70\n' : ''}${extra}X-Cid: ${name}-cid-7f3a
${sdp ? 'Content-Type: application/sdp\n' : ''}Content-Length: ${Buffer.byteLength(body.replace(/\n/g, '\r\n'))}\n\n${body}`]);
    us += 900;
  };
  const uri = (leg, back) => (back ? `sip:${from}@${leg.a}` : `sip:${to}@${leg.b}`);
  for (const leg of legs) say(leg, false, `INVITE ${uri(leg)} SIP/2.0`, 'INVITE', 1, { sdp: true, tagged: false });
  us += 2.1e6;
  for (const leg of [...legs].reverse()) say(leg, true, 'SIP/2.0 200 OK', 'INVITE', 1, { sdp: true });
  for (const leg of legs) say(leg, false, `ACK ${uri(leg)} SIP/2.0`, 'ACK', 1);
  const kinds = ['INFO', 'OPTIONS', 'INVITE', 'UPDATE'];
  for (let round = 0; out.length < count; round++) {
    const method = kinds[round % kinds.length];
    const back = round % 3 === 2;
    us += 1e6 + (round % 7) * 4e5;
    for (const leg of back ? [...legs].reverse() : legs) {
      const cseq = leg.cseq[back ? 1 : 0]++;
      const sdp = method === 'INVITE';
      const steps = [() => say(leg, back, `${method} ${uri(leg, back)} SIP/2.0`, method, cseq, { sdp }),
        () => say(leg, !back, 'SIP/2.0 200 OK', method, cseq, { sdp })];
      if (again && round % again === again - 1 && leg === legs[0]) {
        const [first] = steps;
        steps.unshift(() => {
          first();
          us += 5e5; // T1, then it is sent again
        });
      }
      if (sdp) steps.push(() => say(leg, back, `ACK ${uri(leg, back)} SIP/2.0`, 'ACK', cseq));
      for (const step of steps) if (out.length < count) step();
    }
  }
  return out;
}
