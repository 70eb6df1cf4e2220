#!/usr/bin/env python3
"""Writes the example traces in this folder: logs and captures of invented calls.

    examples/make-examples.py          write them where they are
    examples/make-examples.py DIR      write them below DIR, for instance to compare

Every run writes the same bytes: nothing is random and nothing asks the clock. Tags,
branches and the like are minted from a hash of what they are for. All addresses are of
the documentation ranges (RFC 5737, MAC: RFC 7042), all numbers of those that Ofcom keeps
for drama, and the passwords protect nothing.

From the bottom up: Stack (how one make of software writes SIP), Device, Message, Leg (one
Call-ID between two devices, with all its state), Wire (who sent what when), then the
writers of logs and captures, then one function for each example, which reads as the story
of its call.
"""
import hashlib
import pathlib
import re
import struct
import sys
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

HEX = "0123456789abcdef"
ALPHABETS = {"x": HEX, "X": HEX.upper(), "d": "123456789",
             "a": "abcdefghijklmnopqrstuvwxyz0123456789"}


def mint(template, label):
    """Fills each {kind:length} of a template with characters that the label decides."""
    count = 0

    def fill(match):
        nonlocal count
        count += 1
        alphabet, length = ALPHABETS[match[1]], int(match[2])
        digest = hashlib.sha512(f"{label} {count}".encode()).digest()
        return "".join(alphabet[byte % len(alphabet)] for byte in digest[:length])

    return re.sub(r"\{(\w):(\d+)\}", fill, template)


def md5(text):
    return hashlib.md5(text.encode()).hexdigest()


# ---- how each make of software writes SIP --------------------------------------------

COMPACT = {"Via": "v", "From": "f", "To": "t", "Call-ID": "i", "Contact": "m",
           "Supported": "k", "Content-Type": "c", "Content-Length": "l"}

# A FireBrick begins with v, CSeq, i, f, t, as far as its logs are known; others follow
# the examples of RFC 3261.
FIREBRICK_FIRST = ("Via", "CSeq", "Call-ID", "From", "To")
USUAL_FIRST = ("Via", "From", "To", "Call-ID", "CSeq")


@dataclass(frozen=True)
class Stack:
    agent: str
    call_id: str = "{x:32}@{ip}"
    tag: str = "{x:8}"
    branch: str = "z9hG4bK{x:16}"
    first: tuple = USUAL_FIRST          # the order of the headers that every message has
    compact: bool = False
    asks_rport: bool = True
    received: str = "when asked"        # or "always", or "first": see Device.stamp_via
    names_itself: str = "Server"        # in responses; phones say User-Agent there too
    dates: bool = False
    allow: str = "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO"
    supported: str = "replaces"
    contact_params: str = ""
    sdp_user: str = "-"
    sdp_session: str = "call"
    codecs: tuple = (8, 101)


FIREBRICK = Stack(
    "FireBrick/1.31.004", call_id="{X:16}@{ip}", tag="{d:18}", first=FIREBRICK_FIRST,
    compact=True, asks_rport=False, received="first",
    allow="INVITE,ACK,CANCEL,BYE,OPTIONS,REFER,INFO")

SNOM = Stack(
    "snom821/8.7.3.25", call_id="{x:12}-{a:12}", tag="{a:10}", branch="z9hG4bK-{a:12}",
    names_itself="User-Agent", supported="timer, replaces, from-change",
    allow="INVITE, ACK, CANCEL, BYE, REFER, OPTIONS, NOTIFY, SUBSCRIBE, PRACK, MESSAGE, "
          "INFO",
    contact_params=";reg-id=1", sdp_user="root", codecs=(9, 0, 8, 101))

OLD_SNOM = replace(SNOM, agent="snom320/8.4.35", codecs=(0, 8, 101))

YEALINK = Stack(
    "Yealink SIP-T42S 66.85.0.5", call_id="0_{d:10}@{ip}", tag="{d:10}",
    branch="z9hG4bK{d:10}", names_itself="User-Agent", sdp_session="SDP data",
    allow="INVITE, INFO, PRACK, ACK, BYE, CANCEL, OPTIONS, NOTIFY, REGISTER, SUBSCRIBE, "
          "REFER, UPDATE", codecs=(9, 8, 0, 101))

CISCO = Stack(
    "Cisco-SIPGateway/IOS-15.3.3.M3", call_id="{X:8}-13A611E4-{X:8}-{X:8}@{ip}",
    tag="{X:7}-{X:3}", branch="z9hG4bK{X:8}", asks_rport=False, dates=True,
    allow="INVITE, OPTIONS, BYE, CANCEL, ACK, PRACK, UPDATE, REFER, SUBSCRIBE, NOTIFY, "
          "INFO, REGISTER", supported="timer,resource-priority,replaces",
    sdp_user="CiscoSystemsSIP-GW-UserAgent", sdp_session="SIP Call",
    codecs=(8, 0, 18, 101))

ASTERISK = Stack(
    "Asterisk PBX 16.28.0", call_id="{x:32}@{ip}:5060", tag="as{x:8}",
    branch="z9hG4bK{x:8}", supported="replaces, timer",
    allow="INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, "
          "MESSAGE", sdp_user="root", sdp_session="Asterisk PBX 16.28.0")

CARRIER = Stack("CarrierGate/4.2.1", received="always", codecs=(8, 18, 101))
RECORDER = Stack("noiseless/1.7", codecs=(97, 8))


class Device:
    def __init__(self, name, ip, stack, port=5060):
        self.name, self.ip, self.stack, self.port = name, ip, stack, port

    @property
    def at(self):
        return f"{self.ip}:{self.port}"

    def stamp_via(self, via, sender):
        """The Via as the receiver keeps it and copies it into responses.

        Nothing is added unless asked for (RFC 3581), but some always add it. A FireBrick
        puts `received` before the branch, and that already in the Rx line of its log.
        """
        asked = via.endswith(";rport")
        if self.stack.received == "first" and asked:
            sent_by, params = via.split(";", 1)
            return f"{sent_by};received={sender.ip};{params}={sender.port}"
        if asked:
            return f"{via[:-len(';rport')]};received={sender.ip};rport={sender.port}"
        return f"{via};received={sender.ip}" if self.stack.received == "always" else via


# ---- messages ------------------------------------------------------------------------

REASONS = {100: "Trying", 180: "Ringing", 200: "OK", 401: "Unauthorized",
           403: "Forbidden", 404: "Not Found", 487: "Request Terminated",
           503: "Service Unavailable"}
RTPMAP = {0: "PCMU/8000", 8: "PCMA/8000", 9: "G722/8000", 18: "G729/8000",
          97: "PCMA/8000/2", 101: "telephone-event/8000"}
FMTP = {18: "annexb=no", 101: "0-15"}


def named(headers):
    """Keywords as headers: Retry_After is Retry-After."""
    return {name.replace("_", "-"): value for name, value in headers.items()}


class Message:
    def __init__(self, leg, src, dst, start, headers, body=""):
        self.leg, self.src, self.dst = leg, src, dst
        self.start, self.body = start, body
        stack = src.stack
        if stack.dates:
            headers["Date"] = None      # filled in when it is sent
        if body:
            headers["Content-Type"] = "application/sdp"
        headers["Content-Length"] = str(len(body))
        self.headers = {name: headers.pop(name) for name in stack.first} | headers

    def text(self):
        """The bytes on the wire, as text."""
        names = COMPACT if self.src.stack.compact else {}
        lines = [f"{names.get(name, name)}: {value}"
                 for name, value in self.headers.items()]
        return "\r\n".join([self.start, *lines, "", self.body])

    def text_received(self):
        """The same, after the receiver has completed the Via of a request."""
        sent = self.headers["Via"]
        if not self.start.startswith("SIP/2.0"):
            return self.text().replace(sent, self.dst.stamp_via(sent, self.src), 1)
        return self.text()

    def reply(self, code, **more):
        """A response to this request. Keywords: tag, and more headers."""
        leg, me, headers = self.leg, self.dst, self.headers
        method = headers["CSeq"].split()[1]
        to = headers["To"]
        tag = more.pop("tag", leg.tag[me])
        if code > 100 and ";tag=" not in to:
            to += f";tag={tag}"
        new = {name: headers[name] for name in USUAL_FIRST}
        new |= {"Via": me.stamp_via(headers["Via"], self.src), "To": to}
        body = ""
        if method == "INVITE" and 100 < code < 300:
            new["Contact"] = leg.contact(me)
            new[me.stack.names_itself] = me.stack.agent
            new["Allow"] = me.stack.allow
        if method == "INVITE" and code == 200:
            new["Supported"] = me.stack.supported
            body = leg.sdp(me)
        elif code != 100 and not me.stack.compact:
            new[me.stack.names_itself] = me.stack.agent
        start = f"SIP/2.0 {code} {REASONS[code]}"
        return Message(leg, me, self.src, start, new | named(more), body)


class Leg:
    """One Call-ID between two devices, `between` the caller and the callee.

    `uri` is both what is called and the Contact of the callee; `rtp` the two audio ports.
    """

    def __init__(self, name, between, uri, from_, to, rtp=(0, 0), offer=None, cseq=1,
                 line=""):
        self.name, self.uri, self.from_, self.to = name, uri, from_, to
        self.caller, self.callee = caller, callee = between
        self.call_id = mint(caller.stack.call_id.replace("{ip}", caller.ip),
                            f"{name} call-id")
        self.tag = {side: mint(side.stack.tag, f"{name} tag {side.name}")
                    for side in between}
        self.cseq = {caller: cseq - 1, callee: 0}
        self.rtp = dict(zip(between, rtp))
        self.offer = offer or caller.stack.codecs
        user = re.search(r"sip:([^@]+)@", from_)[1]
        self.uris = {caller: f"sip:{user}@{caller.at}{line}", callee: uri}
        self.branches = 0

    def peer(self, side):
        return self.callee if side is self.caller else self.caller

    def contact(self, side):
        return f"<{self.uris[side]}>{side.stack.contact_params}"

    def sdp(self, side):
        codecs = self.offer
        if side is self.callee:
            # The answer: the best codec that both can do, and the keypad if both can.
            common = [c for c in self.offer if c in side.stack.codecs]
            codecs = [c for c in common if c != 101][:1] + [c for c in common if c == 101]
        stack, session = side.stack, mint("{d:9}", f"{self.name} session {side.name}")
        lines = ["v=0", f"o={stack.sdp_user} {session} {session} IN IP4 {side.ip}",
                 f"s={stack.sdp_session}", f"c=IN IP4 {side.ip}", "t=0 0",
                 f"m=audio {self.rtp[side]} RTP/AVP {' '.join(map(str, codecs))}"]
        for c in codecs:
            lines.append(f"a=rtpmap:{c} {RTPMAP[c]}")
            if c in FMTP:
                lines.append(f"a=fmtp:{c} {FMTP[c]}")
        lines += ["a=ptime:20", "a=sendrecv"]
        return "".join(line + "\r\n" for line in lines)

    def request(self, method, sender, uri, via=None, to_tag="", headers=(), body=""):
        """`via` repeats one; without it this is a new transaction with its own branch."""
        stack, peer = sender.stack, self.peer(sender)
        if via is None:
            self.branches += 1
            branch = mint(stack.branch, f"{self.name} branch {self.branches}")
            rport = ";rport" if stack.asks_rport else ""
            via = f"SIP/2.0/UDP {sender.at};branch={branch}{rport}"
        if method not in ("ACK", "CANCEL"):
            self.cseq[sender] += 1
        from_, to = self.from_, self.to
        if sender is self.callee:
            from_, to = to, from_
        if to_tag:
            to += f";tag={to_tag}"
        new = {"Via": via, "From": f"{from_};tag={self.tag[sender]}", "To": to,
               "Call-ID": self.call_id, "CSeq": f"{self.cseq[sender]} {method}",
               "Max-Forwards": "70"} | dict(headers)
        return Message(self, sender, peer, f"{method} {uri} SIP/2.0", new, body)

    def invite(self, **more):
        me = self.caller
        headers = {"Contact": self.contact(me), "User-Agent": me.stack.agent,
                   "Allow": me.stack.allow, "Supported": me.stack.supported} | named(more)
        return self.request("INVITE", me, self.uri, headers=headers, body=self.sdp(me))

    def ack(self):
        """To a 200: a transaction of its own, to the Contact (RFC 3261 13.2.2.4)."""
        uri, tag = self.uris[self.callee], self.tag[self.callee]
        return self.request("ACK", self.caller, uri, to_tag=tag)

    def ack_failure(self, invite, response):
        """To 300 and up: part of the INVITE's transaction, with its branch (17.1.1.3)."""
        via, tag = invite.headers["Via"], response.headers["To"].split(";tag=")[1]
        return self.request("ACK", self.caller, self.uri, via=via, to_tag=tag)

    def cancel(self, invite):
        """With the Reason (RFC 3326), so that a phone does not show a missed call."""
        via = invite.headers["Via"]
        headers = {"Reason": 'SIP;cause=200;text="Call completed elsewhere"'}
        return self.request("CANCEL", self.caller, self.uri, via=via, headers=headers)

    def bye(self, sender, **more):
        peer, headers = self.peer(sender), named(more)
        if not sender.stack.compact:
            headers["User-Agent"] = sender.stack.agent
        return self.request("BYE", sender, self.uris[peer], to_tag=self.tag[peer],
                            headers=headers)

    def credentials(self, method, user, password, challenge):
        """The Authorization for a challenge of qop=auth and MD5 (RFC 2617 3.2.2)."""
        c = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        cnonce = mint("{x:8}", f"{self.name} cnonce")
        ha1 = md5(f"{user}:{c['realm']}:{password}")
        ha2 = md5(f"{method}:{self.uri}")
        response = md5(f"{ha1}:{c['nonce']}:00000001:{cnonce}:auth:{ha2}")
        opaque = f',opaque="{c["opaque"]}"' if "opaque" in c else ""
        return (f'Digest username="{user}",realm="{c["realm"]}",nonce="{c["nonce"]}",'
                f'uri="{self.uri}",qop=auth,nc=00000001,cnonce="{cnonce}",'
                f'response="{response}"{opaque},algorithm=MD5')


def firebrick_challenge(label, utc):
    """As a FireBrick writes it: the opaque is model, serial number and time in UTC."""
    nonce = mint("{X:16}", f"{label} nonce")
    return (f'Digest realm="FireBrick",nonce="{nonce}",qop="auth",'
            f'opaque="270000000099{utc:%Y%m%d%H%M%S}",algorithm=MD5')


# ---- the wire ------------------------------------------------------------------------

@dataclass
class Sent:
    sent: int
    arrived: int
    message: Message
    module: str


class Wire:
    """What was really sent, by one true clock, in ms after `start` (UTC)."""

    def __init__(self, start, delays):
        self.start = start
        self.delays = {frozenset(pair): ms for *pair, ms in delays}
        self.log = []

    def send(self, ms, message, module="voip-udp-rx"):
        """Returns when it arrives. `module` is the part of a FireBrick which sends it."""
        if "Date" in message.headers:
            now = self.start + timedelta(milliseconds=ms)
            message.headers["Date"] = f"{now:%a, %d %b %Y %H:%M:%S} GMT"
        arrived = ms + self.delays[frozenset((message.src, message.dst))]
        self.log.append(Sent(ms, arrived, message, module))
        return arrived


def firebrick_log(wire, box, notes=(), clock=0, zone=timedelta(hours=1)):
    """The log of one FireBrick, its clock `clock` ms ahead; notes: (ms, module, text).

    A Rx line names the same module as a Tx line which that Rx caused: it is a module and
    not a direction. The log has LF line ends, but lengths (Try 0 n, Content-Length) count
    the CR LF of the wire.
    """
    entries = [(ms, f"{module} {text}\n") for ms, module, text in notes]
    for s in wire.log:
        m = s.message
        if m.src is box:
            text = m.text()
            head = f"{s.module} VoIP Tx 17 {m.src.at}->{m.dst.at} Try 0 {len(text)}"
            at = s.sent
        elif m.dst is box:
            text = m.text_received()
            head = f"voip-udp-rx VoIP Rx 17 {m.src.at}->{m.dst.at}"
            at = s.arrived
        else:
            continue
        # One blank line after each message; without a body it is the end of the headers.
        text = text.replace("\r\n", "\n").rstrip("\n")
        entries.append((at, f"{head}\n{text}\n\n"))
    entries.sort(key=lambda entry: entry[0])    # stable: within one ms the order stays
    lines = []
    for ms, text in entries:
        stamp = wire.start + zone + timedelta(milliseconds=ms + clock)
        lines.append(f"{stamp:%d %b %Y %H:%M:%S} {text}")
    return "".join(lines).encode()


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def pcap(wire, box):
    """A classic capture (microseconds, Ethernet) taken at `box`."""
    devices = {}
    frames = []
    for n, s in enumerate(wire.log, 1):
        m = s.message
        for device in (m.src, m.dst):
            devices.setdefault(device, bytes([0, 0, 0x5E, 0, 0x53, len(devices) + 1]))
        src, dst = (bytes(map(int, d.ip.split("."))) for d in (m.src, m.dst))
        payload = m.text().encode()
        udp = struct.pack("!HHHH", m.src.port, m.dst.port, 8 + len(payload), 0)
        pseudo = src + dst + struct.pack("!HH", 17, 8 + len(payload))
        udp = udp[:6] + struct.pack("!H", checksum(pseudo + udp + payload) or 0xFFFF)
        ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp) + len(payload), 0x1000 + n,
                         0x4000, 64, 17, 0)
        ip = ip[:10] + struct.pack("!H", checksum(ip + src + dst)) + src + dst
        frame = devices[m.dst] + devices[m.src] + b"\x08\x00" + ip + udp + payload
        # Whole milliseconds would look made up.
        micros = int(mint("{d:3}", f"{m.leg.name} {n}"))
        frames.append(((s.sent if m.src is box else s.arrived) * 1000 + micros, frame))
    out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
    start = (wire.start - datetime(1970, 1, 1)) // timedelta(microseconds=1)
    for micros, frame in sorted(frames):
        stamp = divmod(start + micros, 1_000_000)
        out += struct.pack("<IIII", *stamp, len(frame), len(frame)) + frame
    return out


# ---- junk-call: one junk call, eight devices, eight legs -----------------------------

def junk_call():
    pstn = Device("pstn", "198.51.100.10", CISCO)
    b = Device("b.voiceless", "192.0.2.2", FIREBRICK)
    boxless = Device("boxless", "203.0.113.72", FIREBRICK)
    office = Device("snom-office", "203.0.113.81", SNOM, 2048)
    home = Device("snom-home", "198.51.100.157", OLD_SNOM, 3072)
    a = Device("a.voiceless", "192.0.2.1", FIREBRICK)
    gateway = Device("gateway", "198.51.100.33", CARRIER)
    noiseless = [Device("noiseless", "192.0.2.21", RECORDER),
                 Device("noiseless", "192.0.2.22", RECORDER)]

    wire = Wire(datetime(2014, 7, 26, 7, 54, 2, 412000),
                [(pstn, b, 8), (b, boxless, 3), (boxless, office, 11),
                 (boxless, home, 14), (boxless, a, 2), (a, gateway, 9),
                 (b, noiseless[0], 1), (boxless, noiseless[1], 1)])
    send = wire.send

    # Each carrier, and each FireBrick's customer, likes its numbers in another form.
    red = Leg("red", (pstn, b), "sip:+442079460452@192.0.2.2:5060",
              "<sip:+441632960123@198.51.100.10>", "<sip:+442079460452@192.0.2.2>",
              rtp=(17284, 20416), cseq=101)
    black = Leg("black", (b, boxless), "sip:02079460452@203.0.113.72:5060",
                "<sip:01632960123@192.0.2.2>", "<sip:02079460452@203.0.113.72>",
                rtp=(20420, 30012))
    yellow = Leg("yellow", (boxless, office),
                 mint("sip:201@203.0.113.81:2048;line={a:8}", "yellow line"),
                 '"01632 960123" <sip:01632960123@203.0.113.72>',
                 "<sip:201@203.0.113.72>", rtp=(30016, 53414))
    green = Leg("green", (boxless, home),
                mint("sip:202@198.51.100.157:3072;line={a:8}", "green line"),
                '"01632 960123" <sip:01632960123@203.0.113.72>',
                "<sip:202@203.0.113.72>", rtp=(30020, 61236))
    blue = Leg("blue", (boxless, a), "sip:07700900356@192.0.2.1:5060",
               "<sip:01632960123@203.0.113.72>", "<sip:07700900356@192.0.2.1>",
               rtp=(30024, 26108))
    orange = Leg("orange", (a, gateway), "sip:+447700900356@198.51.100.33:5060",
                 "<sip:+441632960123@192.0.2.1>", "<sip:+447700900356@198.51.100.33>",
                 rtp=(26112, 0))
    grey = Leg("grey", (b, noiseless[0]), "sip:442079460452@192.0.2.21:5060",
               "<sip:441632960123@192.0.2.2>", "<sip:442079460452@192.0.2.21>",
               rtp=(20424, 41370), offer=(97, 8))
    purple = Leg("purple", (boxless, noiseless[1]), "sip:02079460452@192.0.2.22:5060",
                 "<sip:01632960123@203.0.113.72>", "<sip:02079460452@192.0.2.22>",
                 rtp=(30028, 38914), offer=(97, 8))

    # The call comes in. b.voiceless records it from the start and passes it on.
    red_invite = red.invite(P_Asserted_Identity="<sip:+441632960123@198.51.100.10>")
    t = send(0, red_invite)
    send(t + 1, red_invite.reply(100))
    black_first = black.invite()
    grey_invite = grey.invite(X_Record='"Calls for 020 7946 0452" <calls@example.com>')
    challenged = send(t + 5, black_first)
    recorder = send(t + 7, grey_invite)
    send(recorder + 1, grey_invite.reply(100))
    send(send(recorder + 24, grey_invite.reply(200)) + 1, grey.ack())

    # boxless wants a password from b.voiceless, as it should, and gets it.
    challenge = firebrick_challenge("black", wire.start)
    unauthorized = black_first.reply(401, tag=mint(FIREBRICK.tag, "black 401"),
                                     WWW_Authenticate=challenge)
    t = send(challenged + 1, unauthorized)
    send(t, black.ack_failure(black_first, unauthorized))
    black_invite = black.invite(Authorization=black.credentials(
        "INVITE", "voiceless", "an-invented-password", challenge))
    t = send(t + 1, black_invite)
    send(t + 1, black_invite.reply(100))

    # boxless rings two phones and a mobile at once.
    yellow_invite, green_invite = yellow.invite(), green.invite()
    blue_invite, orange_invite = blue.invite(), orange.invite()
    at_office = send(t + 5, yellow_invite)
    at_home = send(t + 6, green_invite)
    at_a = send(t + 7, blue_invite)
    send(at_a + 1, blue_invite.reply(100))
    at_gateway = send(at_a + 4, orange_invite)
    send(at_gateway + 15, orange_invite.reply(100))
    send(at_office + 12, yellow_invite.reply(100))
    send(at_home + 14, green_invite.reply(100))

    # This snom says every second that it still rings; only the first is news to others.
    t = send(at_office + 150, yellow_invite.reply(180))
    t = send(t + 1, black_invite.reply(180))
    send(t + 1, red_invite.reply(180))
    for again in (1, 2, 3):
        send(at_office + 150 + again * 1003, yellow_invite.reply(180))
    send(at_home + 171, green_invite.reply(180))

    # The phone at home answers: boxless cancels the others, and tells the caller's side.
    t = send(3430, green_invite.reply(200))
    send(t + 1, green.ack())
    yellow_cancel, blue_cancel = yellow.cancel(yellow_invite), blue.cancel(blue_invite)
    orange_cancel = orange.cancel(orange_invite)
    at_office = send(t + 2, yellow_cancel)
    at_a = send(t + 3, blue_cancel)
    at_b = send(t + 4, black_invite.reply(200))
    send(at_b + 1, black.ack())
    at_pstn = send(at_b + 2, red_invite.reply(200))
    send(at_pstn + 9, red.ack())

    send(at_office + 6, yellow_cancel.reply(200))
    terminated = yellow_invite.reply(487)
    t_office = send(at_office + 7, terminated)
    send(t_office + 1, yellow.ack_failure(yellow_invite, terminated))
    send(at_a + 1, blue_cancel.reply(200))
    terminated = blue_invite.reply(487)
    t_a = send(at_a + 2, terminated)
    send(t_a + 1, blue.ack_failure(blue_invite, terminated))

    # The fault: the gateway confirms the CANCEL but never ends the INVITE with a 487.
    at_gateway = send(at_a + 3, orange_cancel)
    send(at_gateway + 14, orange_cancel.reply(200))

    # boxless records what is said. A timer starts that, and ends both recordings.
    purple_invite = purple.invite(X_Record='"Office calls" <office@example.com>')
    recorder = send(t + 56, purple_invite, "voip-timer")
    send(recorder + 1, purple_invite.reply(100))
    send(send(recorder + 19, purple_invite.reply(200)) + 1, purple.ack())

    # Who answered has heard enough. A snom reports its packets: 11.26 s of 50 a second.
    green_bye = green.bye(home, RTP_RxStat="Total_Rx_Pkts=563,Rx_Pkts=563,Rx_Pkts_Lost=0,"
                                           "Remote_Rx_Pkts_Lost=0")
    t = send(14690, green_bye)
    send(t + 1, green_bye.reply(200))
    black_bye = black.bye(boxless)
    at_b = send(t + 2, black_bye)
    send(at_b + 1, black_bye.reply(200))
    red_bye = red.bye(b)
    send(send(at_b + 2, red_bye) + 12, red_bye.reply(200))
    purple_bye, grey_bye = purple.bye(boxless), grey.bye(b)
    send(send(t + 31, purple_bye, "voip-timer") + 3, purple_bye.reply(200))
    send(send(at_b + 40, grey_bye, "voip-timer") + 3, grey_bye.reply(200))

    # The clock of a.voiceless is slow, and its log says why. The last lines show that the
    # logs went on for long enough (64*T1, 32 s) to be sure that the 487 did not come.
    notes = {
        b: [(1730, "dhcp", "DHCP renew 192.0.2.144 by 00:00:5e:00:53:8c"),
            (9120, "snmp", "SNMP get from 192.0.2.200"),
            (41800, "ntp", "NTP 192.0.2.123 stratum 2, offset +2ms")],
        boxless: [(870, "dhcp", "DHCP renew 203.0.113.94 by 00:00:5e:00:53:17"),
                  (6400, "web", "HTTP login admin from 203.0.113.90"),
                  (12050, "dhcp", "DHCP renew 203.0.113.81 by 00:00:5e:00:53:51"),
                  (43700, "ppp", "LCP echo reply 14ms")],
        a: [(2210, "ntp", "NTP no reply from 192.0.2.123"),
            (18930, "snmp", "SNMP get from 192.0.2.200"),
            (34210, "ntp", "NTP no reply from 192.0.2.123"),
            (49060, "snmp", "SNMP get from 192.0.2.200")],
    }
    files = {}
    for box, clock in ((b, 35), (boxless, 0), (a, -1070)):
        log = firebrick_log(wire, box, notes[box], clock)
        files[f"junk-call/{box.name}.log"] = log

    hosts = ("# Who has which address. Two addresses with one name are one device:\n"
             "# noiseless is a pool.\n")
    for device in (pstn, b, boxless, office, home, a, gateway, *noiseless):
        hosts += f"{device.ip:<15} {device.name}\n"
    files["junk-call/hosts"] = hosts.encode()
    return wire, files


# ---- the small ones ------------------------------------------------------------------

def plain_call():
    """Phone, PBX, phone: two legs, and nothing wrong with them."""
    caller = Device("desk phone", "203.0.113.11", YEALINK)
    pbx = Device("pbx", "203.0.113.5", ASTERISK)
    callee = Device("reception", "203.0.113.12", SNOM, 2051)
    wire = Wire(datetime(2024, 5, 14, 9, 20, 31, 207000),
                [(caller, pbx, 1), (pbx, callee, 1)])
    send = wire.send
    leg1 = Leg("plain 1", (caller, pbx), "sip:202@203.0.113.5:5060",
               '"Desk" <sip:201@203.0.113.5:5060>', "<sip:202@203.0.113.5:5060>",
               rtp=(11780, 14022))
    registered = mint("sip:202@203.0.113.12:2051;line={a:8}", "plain line")
    leg2 = Leg("plain 2", (pbx, callee), registered, '"Desk" <sip:201@203.0.113.5>',
               f"<{registered}>", rtp=(17386, 58902), cseq=102)

    first = leg1.invite()
    nonce = mint("{x:8}", "plain nonce")
    challenge = f'Digest algorithm=MD5,realm="pbx.example.com",qop="auth",nonce="{nonce}"'
    unauthorized = first.reply(401, tag=mint(ASTERISK.tag, "plain 401"),
                               WWW_Authenticate=challenge)
    t = send(send(0, first) + 2, unauthorized)
    send(t + 4, leg1.ack_failure(first, unauthorized))
    invite1 = leg1.invite(Authorization=leg1.credentials(
        "INVITE", "201", "an-invented-password", challenge))
    t = send(t + 12, invite1)
    send(t + 1, invite1.reply(100))
    invite2 = leg2.invite()
    at_phone = send(t + 9, invite2)
    send(at_phone + 21, invite2.reply(100))
    t = send(at_phone + 118, invite2.reply(180))
    send(t + 1, invite1.reply(180))
    t = send(4306, invite2.reply(200))
    send(t + 1, leg2.ack())
    t = send(t + 2, invite1.reply(200))
    send(t + 11, leg1.ack())
    bye1 = leg1.bye(caller)
    t = send(27618, bye1)
    send(t + 1, bye1.reply(200))
    bye2 = leg2.bye(pbx)
    send(send(t + 3, bye2) + 16, bye2.reply(200))
    return wire, {"plain-call.pcap": pcap(wire, pbx)}


def failed_call():
    """A PBX tries a gateway which is full, then one which does not know the number."""
    caller = Device("desk phone", "203.0.113.11", YEALINK)
    pbx = Device("pbx", "203.0.113.5", ASTERISK)
    first = Device("first gateway", "198.51.100.61", CISCO)
    second = Device("second gateway", "198.51.100.74", CARRIER)
    wire = Wire(datetime(2024, 5, 14, 9, 31, 8, 644000),
                [(caller, pbx, 1), (pbx, first, 7), (pbx, second, 12)])
    send = wire.send
    leg1 = Leg("failed 1", (caller, pbx), "sip:01134960999@203.0.113.5:5060",
               '"Desk" <sip:201@203.0.113.5:5060>', "<sip:01134960999@203.0.113.5:5060>",
               rtp=(11784, 0))
    leg2 = Leg("failed 2", (pbx, first), "sip:+441134960999@198.51.100.61:5060",
               "<sip:+442079460460@203.0.113.5>", "<sip:+441134960999@198.51.100.61>",
               rtp=(12840, 0), cseq=102)
    leg3 = Leg("failed 3", (pbx, second), "sip:441134960999@198.51.100.74:5060",
               "<sip:442079460460@203.0.113.5>", "<sip:441134960999@198.51.100.74>",
               rtp=(15268, 0), cseq=102)

    invite1, invite2, invite3 = leg1.invite(), leg2.invite(), leg3.invite()
    t = send(0, invite1)
    send(t + 1, invite1.reply(100))
    t = send(t + 8, invite2)
    send(t + 6, invite2.reply(100))
    full = invite2.reply(503, Retry_After="30")
    t = send(t + 61, full)
    send(t + 1, leg2.ack_failure(invite2, full))
    t = send(t + 6, invite3)
    send(t + 19, invite3.reply(100))
    why = "Unallocated (unassigned) number"
    unknown = invite3.reply(404, Reason=f'Q.850;cause=1;text="{why}"')
    t = send(t + 437, unknown)
    send(t + 1, leg3.ack_failure(invite3, unknown))
    failure = invite1.reply(404, Reason="Q.850;cause=1", X_Asterisk_HangupCause=why,
                            X_Asterisk_HangupCauseCode="1")
    t = send(t + 2, failure)
    send(t + 9, leg1.ack_failure(invite1, failure))
    return wire, {"failed-call.pcap": pcap(wire, pbx)}


def registration_403():
    """A phone registers, is asked for a password, gives one, and is refused."""
    phone = Device("snom-home", "198.51.100.157", SNOM, 3072)
    box = Device("boxless", "203.0.113.72", FIREBRICK)
    wire = Wire(datetime(2014, 7, 28, 8, 15, 40, 180000), [(phone, box, 14)])
    send = wire.send
    who = '"Home" <sip:203@203.0.113.72>'
    leg = Leg("registration", (phone, box), "sip:203.0.113.72", who, who, cseq=2108,
              line=mint(";line={a:8}", "registration line"))
    abilities = mint(
        ';q=1.0;+sip.instance="<urn:uuid:{x:8}-{x:4}-4{x:3}-a{x:3}-{x:12}>";audio;'
        'mobility="fixed";duplex="full";description="snom821";actor="principal";'
        'events="dialog";methods="INVITE,ACK,CANCEL,BYE,REFER,OPTIONS,NOTIFY,SUBSCRIBE,'
        'PRACK,MESSAGE,INFO"', "registration instance")
    headers = {"Contact": leg.contact(phone) + abilities, "User-Agent": SNOM.agent,
               "Allow-Events": "dialog", "X-Real-IP": phone.ip, "Supported": "path, gruu"}

    expires = {"Expires": "3600"}
    register = leg.request("REGISTER", phone, leg.uri, headers=headers | expires)
    challenge = firebrick_challenge("registration", wire.start)
    unauthorized = register.reply(401, tag=mint(FIREBRICK.tag, "registration 401"),
                                  WWW_Authenticate=challenge)
    t = send(send(0, register) + 1, unauthorized)
    headers["Authorization"] = leg.credentials("REGISTER", "203", "not-the-password",
                                               challenge)
    register = leg.request("REGISTER", phone, leg.uri, headers=headers | expires)
    send(send(t + 38, register) + 1, register.reply(403))
    notes = [(-3120, "dhcp", "DHCP renew 203.0.113.94 by 00:00:5e:00:53:17"),
             (7450, "ppp", "LCP echo reply 13ms")]
    return wire, {"registration-403/boxless.log": firebrick_log(wire, box, notes)}


def main():
    here = pathlib.Path(__file__).parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here
    for example in (junk_call, plain_call, failed_call, registration_403):
        for name, data in example()[1].items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


if __name__ == "__main__":
    main()
