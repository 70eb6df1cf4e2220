/* dictionary.c: text that a compressor has seen before it sees the first message. Part of the file format: these bytes
 * never change (squeeze.h). What is most common stands last, where references to it are shortest. */
#include "store/sqlite/squeeze.h"

#define CRLF "\r\n"

static const char sip_text[] =
    "Session-Expires: 1800;refresher=uac" CRLF "Min-SE: 90" CRLF
    "P-Asserted-Identity: <sip:+44" CRLF "Remote-Party-ID: <sip:" CRLF
    "Privacy: none" CRLF
    "Diversion: <sip:;reason=unconditional;privacy=off;counter=1" CRLF
    "History-Info: <sip:>;index=1" CRLF
    "Reason: Q.850;cause=16;text=\"Normal call clearing\"" CRLF
    "Reason: SIP;cause=200;text=\"Call completed elsewhere\"" CRLF
    "WWW-Authenticate: Digest realm=\"asterisk\", nonce=\"\", algorithm=MD5, "
    "qop=\"auth\"" CRLF "Proxy-Authenticate: Digest realm=\"" CRLF
    "Authorization: Digest username=\"\", realm=\"\", nonce=\"\", uri=\"sip:\", "
    "response=\"\", "
    "algorithm=MD5, cnonce=\"\", qop=auth, nc=00000001, opaque=\"\"" CRLF
    "Proxy-Authorization: Digest username=\"" CRLF "Event: message-summary" CRLF
    "Accept: application/simple-message-summary" CRLF "Event: presence" CRLF
    "Event: dialog" CRLF "Subscription-State: active;expires=" CRLF "Refer-To: <sip:" CRLF
    "Referred-By: <sip:" CRLF "Replaces: ;to-tag=;from-tag=" CRLF
    "SUBSCRIBE sip:NOTIFY sip:REFER sip:PUBLISH sip:MESSAGE sip:UPDATE sip:PRACK "
    "sip:INFO sip:"
    "OPTIONS sip:REGISTER sip:CANCEL sip:" CRLF "Contact: "
    "<sip:;transport=udp>;expires=3600;+sip.instance=\"<urn:uuid:>\";reg-id=1" CRLF
    "SIP/2.0 181 Call Is Being Forwarded" CRLF "SIP/2.0 202 Accepted" CRLF
    "SIP/2.0 302 Moved Temporarily" CRLF "SIP/2.0 400 Bad Request" CRLF
    "SIP/2.0 403 Forbidden" CRLF "SIP/2.0 404 Not Found" CRLF
    "SIP/2.0 408 Request Timeout" CRLF "SIP/2.0 480 Temporarily Unavailable" CRLF
    "SIP/2.0 481 Call/Transaction Does Not Exist" CRLF "SIP/2.0 486 Busy Here" CRLF
    "SIP/2.0 488 Not Acceptable Here" CRLF "SIP/2.0 500 Server Internal Error" CRLF
    "SIP/2.0 503 Service Unavailable" CRLF "SIP/2.0 603 Decline" CRLF
    "SIP/2.0 487 Request Terminated" CRLF "SIP/2.0 407 Proxy Authentication Required" CRLF
    "SIP/2.0 401 Unauthorized" CRLF "SIP/2.0 183 Session Progress" CRLF
    "User-Agent: FreeSWITCH" CRLF "User-Agent: Asterisk PBX" CRLF "Server: kamailio" CRLF
    "User-Agent: FireBrick" CRLF "User-Agent: Yealink SIP-T" CRLF "User-Agent: snom" CRLF
    "Supported: replaces, timer, path, 100rel, norefersub, from-change, gruu, "
    "outbound" CRLF
    "Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, SUBSCRIBE, NOTIFY, INFO, PUBLISH, "
    "MESSAGE, UPDATE, PRACK, REGISTER" CRLF "Allow-Events: talk,hold,conference,presence,"
    "dialog,line-seize,call-info,sla,include-session-description,message-summary,"
    "refer" CRLF "Content-Disposition: session" CRLF "Require: 100rel" CRLF "RSeq: 1" CRLF
    "RAck: 1 1 INVITE" CRLF "Date: Mon, 01 Jan 2024 00:00:00 GMT" CRLF
    "Expires: 3600" CRLF "Expires: 180" CRLF "Accept: application/sdp" CRLF
    "v: SIP/2.0/UDP f: <sip:t: <sip:i: m: <sip:l: 0" CRLF "c: application/sdp" CRLF
    "k: timer" CRLF "a=ice-ufrag:a=ice-pwd:a=fingerprint:sha-256 a=setup:actpass" CRLF
    "a=mid:0" CRLF "a=candidate:1 1 UDP typ host" CRLF "a=rtcp-mux" CRLF
    "a=ssrc: cname:" CRLF "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" CRLF
    "RTP/SAVP m=video " CRLF "v=0" CRLF "o=- 0 0 IN IP4 " CRLF "s=-" CRLF
    "s=Asterisk" CRLF "s=FreeSWITCH" CRLF "c=IN IP6 " CRLF "c=IN IP4 " CRLF "b=AS:" CRLF
    "t=0 0" CRLF "m=audio  RTP/AVP 0 8 9 18 3 101" CRLF "a=rtpmap:9 G722/8000" CRLF
    "a=rtpmap:18 G729/8000" CRLF "a=fmtp:18 annexb=no" CRLF "a=rtpmap:3 GSM/8000" CRLF
    "a=rtpmap:96 opus/48000/2" CRLF "a=fmtp:96 useinbandfec=1" CRLF
    "a=rtpmap:8 PCMA/8000" CRLF "a=rtpmap:0 PCMU/8000" CRLF
    "a=rtpmap:101 telephone-event/8000" CRLF "a=fmtp:101 0-15" CRLF "a=fmtp:101 0-16" CRLF
    "a=ptime:20" CRLF "a=maxptime:150" CRLF "a=sendrecv" CRLF "a=sendonly" CRLF
    "a=inactive" CRLF "INVITE sip:+44@192.168.;user=phone SIP/2.0" CRLF
    "Record-Route: <sip:10.0.0.;lr>" CRLF "Route: <sip:;lr>" CRLF
    "Via: SIP/2.0/TCP ;branch=z9hG4bK;received=;rport=5060" CRLF "Via: SIP/2.0/TLS " CRLF
    "Via: SIP/2.0/UDP 192.0.2.1:5060;rport;branch=z9hG4bK" CRLF "Max-Forwards: 70" CRLF
    "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=" CRLF
    "From: <sip:0@>;tag=" CRLF "To: <sip:@>" CRLF "Call-ID: " CRLF "CSeq: 1 REGISTER" CRLF
    "CSeq: 102 INVITE" CRLF "Contact: <sip:@:5060;transport=udp>" CRLF
    "Content-Type: application/sdp" CRLF "Content-Length:   0" CRLF CRLF
    "SIP/2.0 100 Trying" CRLF "SIP/2.0 180 Ringing" CRLF "ACK sip:BYE sip:@ SIP/2.0" CRLF
    "SIP/2.0 200 OK" CRLF
    "Via: SIP/2.0/UDP :5060;branch=z9hG4bK;received=;rport=5060" CRLF
    "From: <sip:>;tag=" CRLF "To: <sip:>;tag=" CRLF "Call-ID: " CRLF "CSeq: 1 ACK" CRLF
    "CSeq: 2 BYE" CRLF "CSeq: 1 INVITE" CRLF "Content-Length: 0" CRLF CRLF;

static const char summary_text[] =
    "{\"kind\":\"token\",\"bits\":20.0,\"text\":\"the same \"},"
    "\"problems\":[{\"id\":\"\",\"severity\":\"error\",\"severity\":\"warning\","
    "\"severity\":\"info\",\"leg\":1,"
    "\"message\":1,\"text\":\"\",\"cure\":\"\"}],"
    "\"kind\":\"registration\",\"kind\":\"subscription\",\"kind\":\"message\",\"kind\":"
    "\"options\","
    "\"state\":\"partial\",\"state\":\"ringing\",\"state\":\"in-call\",\"status\":404,"
    "\"reason\":\"Not Found\","
    "\"status\":486,\"reason\":\"Busy Here\",\"status\":480,\"reason\":\"Temporarily "
    "Unavailable\","
    "\"status\":null,\"reason\":\"\",\"status\":503,\"reason\":\"Service "
    "Unavailable\",\"state\":\"failed\","
    "\"pool\":true,\"transport\":\"tcp\",\"transport\":\"tls\",\"named\":true,"
    "\"software\":\"Asterisk PBX\","
    "\"role\":\"recording\",\"role\":\"transfer\",\"role\":\"gateway\","
    "{\"id\":\"0\",\"kind\":\"call\",\"start\":\"2024-01-01T00:00:00.000000Z\",\"from\":"
    "\"01\",\"to\":\"02\","
    "\"state\":\"answered\",\"status\":200,\"setup_ms\":null,\"ring_ms\":null,\"duration_"
    "ms\":null,"
    "\"devices\":[{\"name\":\"192.168.1.1\",\"addresses\":[\"192.168.1.1:5060\"],"
    "\"named\":false,\"software\":"
    "\"FreeSWITCH\",\"pool\":false},{\"name\":\"10.0.0.1\",\"addresses\":[\"10.0.0.1:"
    "5060\"],\"named\":false,"
    "\"software\":\"\",\"pool\":false}],"
    "\"legs\":[{\"n\":1,\"id\":\"\",\"call_id\":\"\",\"from_device\":\"10.0.0.1\",\"to_"
    "device\":\"10.0.0.2\","
    "\"src\":\"10.0.0.1:5060\",\"dst\":\"10.0.0.2:5060\",\"transport\":\"udp\",\"from\":"
    "\"0\",\"from_display\":"
    "\"\",\"to\":\"0\",\"role\":\"incoming\",\"state\":\"answered\",\"status\":200,"
    "\"reason\":\"OK\","
    "\"start\":\"2024-01-01T00:00:00.000000Z\",\"ring_ms\":1000,\"duration_ms\":10000,"
    "\"ended_by\":\"callee\","
    "\"messages\":7,\"parent\":null,\"confidence\":1.0000,\"evidence\":[]},"
    "{\"n\":3,\"role\":\"fork\",\"state\":\"cancelled\",\"status\":487,\"reason\":"
    "\"Request Terminated\",\"start\":"
    "\"ring_ms\":null,\"duration_ms\":null,\"ended_by\":\"caller\",\"messages\":7,"
    "\"parent\":2,\"confidence\":0.9999,"
    "\"evidence\":[{\"kind\":\"cancel-echo\",\"bits\":9.3,\"text\":\"was cancelled when "
    "the call was answered or given "
    "up, 1 ms apart\"},{\"kind\":\"called-number\",\"bits\":-2.2,\"text\":\"another "
    "called number\"}]},"
    "{\"n\":2,\"role\":\"hop\",\"parent\":1,\"confidence\":1.0000,\"evidence\":["
    "{\"kind\":\"caller-number\",\"bits\":14.1,\"text\":\"the same caller 0\"},"
    "{\"kind\":\"called-number\",\"bits\":14.0,\"text\":\"the same called number 0\"},"
    "{\"kind\":\"answer-echo\",\"bits\":10.2,\"text\":\"its answer was passed on, 2 ms "
    "apart\"},"
    "{\"kind\":\"ring-echo\",\"bits\":9.3,\"text\":\"its ringing was passed on, 1 ms "
    "apart\"},"
    "{\"kind\":\"bye-echo\",\"bits\":9.3,\"text\":\"both were hung up together, 2 ms "
    "apart\"},"
    "{\"kind\":\"timing\",\"bits\":5.4,\"text\":\"left 10.0.0.1 3 ms after leg 1 "
    "arrived\"}]}],"
    "\"problems\":[],\"messages\":28}";

const str squeeze_dictionaries[FORMAT_COUNT] = {
    [FORMAT_SIP] = {(const u8 *)sip_text, (isize)sizeof sip_text - 1},
    [FORMAT_SUMMARY] = {(const u8 *)summary_text, (isize)sizeof summary_text - 1},
};
