/* sip.h: one SIP message (RFC 3261 §7), parsed in place.
 *
 *     bytes ──sip_msg_parse──> struct sip_msg: slices of the bytes
 *     bytes ──sip_msg_check──> the same, and notes on what is wrong
 *
 * Invariants:
 *   (1) every slice of a sip_msg lies inside the bytes given; the message borrows them.
 *   (2) nothing is allocated; headers past SIP_MAX_HEADERS and notes past SIP_MAX_NOTES are
 *       counted, and a note says so.
 *   (3) a malformed part never stops the message: it becomes a note with its offset.
 * Headers are indexed on parsing; values are decoded when asked for. Notes are for people: they are made
 * when a message is shown, not when a million of them are taken in. */
#ifndef SIPWEAVE_SIP_H
#define SIPWEAVE_SIP_H

#include "base/err.h"
#include "base/out.h"

/* ---- vocabularies: one list each ------------------------------------------------------- */

/* clang-format off */
#define SIP_METHOD_LIST(X)                                                               \
    X(ACK) X(BYE) X(CANCEL) X(INFO) X(INVITE) X(MESSAGE) X(NOTIFY) X(OPTIONS) X(PRACK)   \
    X(PUBLISH) X(REFER) X(REGISTER) X(SUBSCRIBE) X(UPDATE)
/* clang-format on */

enum sip_method {
    SIP_METHOD_NONE,
#define X(name) SIP_METHOD_##name,
    SIP_METHOD_LIST(X)
#undef X
        SIP_METHOD_OTHER /* an extension method; sip_msg.method_name has its name */
};

/* X(id, name, compact form or 0, is a comma-separated list) */
#define SIP_HEADER_LIST(X)                                                               \
    X(ACCEPT, "Accept", 0, true)                                                         \
    X(ALLOW, "Allow", 0, true)                                                           \
    X(ALLOW_EVENTS, "Allow-Events", 'u', true)                                           \
    X(AUTHORIZATION, "Authorization", 0, false)                                          \
    X(CALL_ID, "Call-ID", 'i', false)                                                    \
    X(CALL_INFO, "Call-Info", 0, true)                                                   \
    X(CONTACT, "Contact", 'm', true)                                                     \
    X(CONTENT_ENCODING, "Content-Encoding", 'e', true)                                   \
    X(CONTENT_LENGTH, "Content-Length", 'l', false)                                      \
    X(CONTENT_TYPE, "Content-Type", 'c', false)                                          \
    X(CSEQ, "CSeq", 0, false)                                                            \
    X(DATE, "Date", 0, false)                                                            \
    X(DIVERSION, "Diversion", 0, true)                                                   \
    X(EVENT, "Event", 'o', false)                                                        \
    X(EXPIRES, "Expires", 0, false)                                                      \
    X(FROM, "From", 'f', false)                                                          \
    X(HISTORY_INFO, "History-Info", 0, true)                                             \
    X(IDENTITY, "Identity", 'y', false)                                                  \
    X(IN_REPLY_TO, "In-Reply-To", 0, true)                                               \
    X(JOIN, "Join", 0, false)                                                            \
    X(MAX_FORWARDS, "Max-Forwards", 0, false)                                            \
    X(MIN_EXPIRES, "Min-Expires", 0, false)                                              \
    X(P_ASSERTED_IDENTITY, "P-Asserted-Identity", 0, true)                               \
    X(P_CALLED_PARTY_ID, "P-Called-Party-ID", 0, false)                                  \
    X(P_CHARGING_VECTOR, "P-Charging-Vector", 0, false)                                  \
    X(P_PREFERRED_IDENTITY, "P-Preferred-Identity", 0, true)                             \
    X(PRIVACY, "Privacy", 0, false)                                                      \
    X(PROXY_AUTHENTICATE, "Proxy-Authenticate", 0, false)                                \
    X(PROXY_AUTHORIZATION, "Proxy-Authorization", 0, false)                              \
    X(RACK, "RAck", 0, false)                                                            \
    X(REASON, "Reason", 0, true)                                                         \
    X(RECORD_ROUTE, "Record-Route", 0, true)                                             \
    X(REFER_TO, "Refer-To", 'r', false)                                                  \
    X(REFERRED_BY, "Referred-By", 'b', false)                                            \
    X(REMOTE_PARTY_ID, "Remote-Party-ID", 0, true)                                       \
    X(REPLACES, "Replaces", 0, false)                                                    \
    X(REQUIRE, "Require", 0, true)                                                       \
    X(RETRY_AFTER, "Retry-After", 0, false)                                              \
    X(ROUTE, "Route", 0, true)                                                           \
    X(RSEQ, "RSeq", 0, false)                                                            \
    X(SERVER, "Server", 0, false)                                                        \
    X(SESSION_EXPIRES, "Session-Expires", 'x', false)                                    \
    X(SESSION_ID, "Session-ID", 0, false)                                                \
    X(SUBJECT, "Subject", 's', false)                                                    \
    X(SUBSCRIPTION_STATE, "Subscription-State", 0, false)                                \
    X(SUPPORTED, "Supported", 'k', true)                                                 \
    X(TARGET_DIALOG, "Target-Dialog", 0, false)                                          \
    X(TIMESTAMP, "Timestamp", 0, false)                                                  \
    X(TO, "To", 't', false)                                                              \
    X(UNSUPPORTED, "Unsupported", 0, true)                                               \
    X(USER_AGENT, "User-Agent", 0, false)                                                \
    X(USER_TO_USER, "User-to-User", 0, false)                                            \
    X(VIA, "Via", 'v', true)                                                             \
    X(WARNING, "Warning", 0, true)                                                       \
    X(WWW_AUTHENTICATE, "WWW-Authenticate", 0, false)                                    \
    X(X_RECORD, "X-Record", 0, false)

enum sip_header_id {
    SIP_HDR_OTHER,
#define X(id, name, compact, list) SIP_HDR_##id,
    SIP_HEADER_LIST(X)
#undef X
        SIP_HDR_COUNT
};

/* X(code, sentence): what can be wrong with a message and still be read. */
#define SIP_NOTE_LIST(X)                                                                 \
    X(LEADING_JUNK, "there are bytes before the start line")                             \
    X(START_LINE, "the start line is malformed")                                         \
    X(VERSION, "the SIP version is not 2.0")                                             \
    X(STATUS, "the status is not three digits from 100 to 699")                          \
    X(METHOD, "the method is not a token")                                               \
    X(REQUEST_URI, "the Request-URI is malformed")                                       \
    X(HEADER_NAME, "a header line has no name before its colon")                         \
    X(HEADER_COLON, "a header line has no colon")                                        \
    X(HEADER_BYTE, "a header has a byte that SIP does not allow there")                  \
    X(HEADERS_CUT, "the message ends before the blank line after its headers")           \
    X(HEADERS_MANY, "there are more headers than sipweave keeps")                        \
    X(NOTES_MANY, "there are more remarks than sipweave keeps")                          \
    X(DUPLICATE, "a header that may stand once stands again")                            \
    X(NO_VIA, "there is no Via header")                                                  \
    X(NO_FROM, "there is no From header")                                                \
    X(NO_TO, "there is no To header")                                                    \
    X(NO_CALL_ID, "there is no Call-ID header")                                          \
    X(NO_CSEQ, "there is no CSeq header")                                                \
    X(NO_MAX_FORWARDS, "there is no Max-Forwards header")                                \
    X(NO_CONTENT_TYPE, "there is a body but no Content-Type header")                     \
    X(VIA, "a Via header is malformed")                                                  \
    X(FROM, "the From header is malformed")                                              \
    X(TO, "the To header is malformed")                                                  \
    X(CONTACT, "a Contact header is malformed")                                          \
    X(ADDRESS, "an address is malformed")                                                \
    X(CALL_ID, "the Call-ID is malformed")                                               \
    X(CSEQ, "the CSeq header is malformed")                                              \
    X(CSEQ_RANGE, "the CSeq number is 2^31 or more")                                     \
    X(CSEQ_METHOD, "the CSeq method differs from the start line's")                      \
    X(MAX_FORWARDS, "Max-Forwards is not a number from 0 to 255")                        \
    X(EXPIRES, "an expiry time is not a number below 2^32")                              \
    X(CONTENT_LENGTH, "Content-Length is not a number")                                  \
    X(BODY_SHORT, "the body is shorter than Content-Length says")                        \
    X(BODY_LONG, "there are bytes past the end that Content-Length gives")               \
    X(DATE, "the Date is not in GMT as SIP asks")                                        \
    X(WARNING, "a Warning header is malformed")                                          \
    X(AUTH, "an authentication header is malformed")                                     \
    X(QUOTE, "a quoted string is not closed")                                            \
    X(BARE_LF, "lines end with LF alone")                                                \
    X(NOT_UTF8, "there are bytes that are not UTF-8")                                    \
    X(NUL, "there is a NUL byte")                                                        \
    X(EXTENSION_REQUIRED, "an unknown scheme, type or extension is asked for")

enum sip_note_code {
    SIP_NOTE_NONE,
#define X(id, text) SIP_NOTE_##id,
    SIP_NOTE_LIST(X)
#undef X
        SIP_NOTE_COUNT
};

enum { SIP_MAX_HEADERS = 128, SIP_MAX_NOTES = 24 };

/* ---- the message ------------------------------------------------------------------------ */

struct sip_header {
    u16 id; /* enum sip_header_id */
    str name,
        value; /* the value without outer white space; folded lines are still folded */
};

struct sip_note {
    enum sip_note_code code;
    u32 at, n; /* the bytes meant, as an offset in sip_msg.bytes */
};

struct sip_cseq {
    u32 number;
    enum sip_method method;
    str method_name;
};

struct sip_msg {
    str bytes; /* all that was given */
    bool is_request;
    bool cut; /* ended before its blank line, or before its Content-Length */
    enum sip_method method; /* of a request; SIP_METHOD_NONE in a response */
    str method_name, uri;   /* of a request */
    u16 status;             /* of a response; 0 where unreadable, and in a request */
    str reason;             /* of a response */
    str version;            /* "SIP/2.0" */
    bool crlf;              /* every line of the head ends in CRLF */
    u64 present,            /* a bit for every enum sip_header_id among headers[] … */
        again;              /* … and for those that stand there twice or more */
    isize nheaders,
        headers_skipped; /* skipped: past SIP_MAX_HEADERS; checked, not kept */
    str head,
        body; /* start line to blank line inclusive; what follows, within Content-Length */
    isize nnotes, notes_skipped; /* skipped: past SIP_MAX_NOTES */
    /* decoded at once, because everything needs them; empty or zero where absent */
    str call_id;
    struct sip_cseq cseq;
    str from_tag, to_tag;
    str branch; /* of the topmost Via */
    /* last: mostly few of them are filled, and what is before them is together */
    struct sip_header headers[SIP_MAX_HEADERS];
    struct sip_note notes[SIP_MAX_NOTES];
};

/* Reads one message that is the whole of `bytes` (a datagram, or a frame cut by the caller). Always fills *m, but
 * for its notes: there are none.
 * ERR_OK: a SIP message. ERR_MORE: it ends before its headers do; what is there is filled.
 * ERR_SYNTAX: the start line is not SIP at all; *f says where, nothing else is filled. */
must_use enum err sip_msg_parse(struct sip_msg *m, str bytes, struct fail *f);

/* The same, and everything that can be said against the message as notes. Five times as slow. */
must_use enum err sip_msg_check(struct sip_msg *m, str bytes, struct fail *f);

/* The length of the first message in a stream of them (TCP, logs): headers and Content-Length bytes.
 * ERR_MORE: not all there yet. ERR_SYNTAX: no SIP start line here. Leading CRLFs (keep-alives) count. */
must_use enum err sip_frame_length(str stream, isize *n);

/* Could a SIP message start here? Looks at one line at most; never says no to a message that
 * sip_msg_parse would take. For sifting packets on any port. */
bool sip_looks_like_start(str bytes);

/* How a captured message is fitted for reading: device logs write LF for CRLF. The body's length
 * as the sender counted it is its bytes plus one for every LF without a CR. */
isize sip_wire_length(str text);

enum sip_method sip_method_from_name(str name); /* case matters, RFC 3261 §7.1 */
str sip_method_text(enum sip_method m);         /* "INVITE"; empty for NONE and OTHER */
str sip_header_text(enum sip_header_id id);     /* the full name */
enum sip_header_id sip_header_from_name(str name);
bool sip_header_is_list(enum sip_header_id id);
const char *sip_note_text(enum sip_note_code code);
const char *sip_note_name(enum sip_note_code code); /* "body-short": stable, for JSON */
str sip_status_text(int status); /* the RFC's reason phrase, empty when unknown */

/* The first header of that kind, NULL where absent; then the next one after `h`. */
const struct sip_header *sip_header_first(const struct sip_msg *m, enum sip_header_id id);
const struct sip_header *sip_header_next(const struct sip_msg *m,
                                         const struct sip_header *h);
const struct sip_header *sip_header_named(const struct sip_msg *m,
                                          str name); /* any name */

/* "INVITE" or "180 Ringing", as a ladder labels it. Unreadable parts show as they are. */
str sip_msg_summary(arena *a, const struct sip_msg *m);

/* ---- values ------------------------------------------------------------------------------- */

/* Takes the next item of a comma-separated header value off *rest; quotes, <> and () are respected.
 * False when there is none left. */
bool sip_list_next(str *rest, str *item);

/* Takes the next ";name=value" off *rest (which starts at a ";" or is empty). A quoted value comes
 * without its quotes, escapes untouched. False at the end. */
struct sip_param {
    str name, value;
    bool has_value;
};
bool sip_param_next(str *rest, struct sip_param *p);
/* The value of one parameter, quotes known; empty and *found false where absent (found may be NULL). */
str sip_param_get(str params, str name, bool *found);

/* name-addr or addr-spec with header parameters (RFC 3261 §20.10): From, To, Contact, Route… */
struct sip_addr {
    str display; /* without quotes */
    str uri;     /* without <> */
    str params;  /* header parameters: "" or from the first ";" on */
    str tag;
    bool star; /* Contact: * */
};
must_use enum err sip_addr_parse(struct sip_addr *a, str value, struct fail *f);

/* sip:user:password@host:port;params?headers, tel:number;params, or another scheme */
struct sip_uri {
    str scheme, user, password, host; /* an IPv6 host without its brackets */
    str number;                       /* tel: the number; sip: equal to user */
    u16 port;                         /* 0: none */
    str params, headers;              /* from ";" on; after "?" */
};
must_use enum err sip_uri_parse(struct sip_uri *u, str value, struct fail *f);

struct sip_via {
    str transport; /* "UDP" */
    str host;      /* an IPv6 host without its brackets */
    u16 port;
    str params, branch, received, rport;
};
must_use enum err sip_via_parse(struct sip_via *v, str item, struct fail *f);

must_use enum err sip_cseq_parse(struct sip_cseq *c, str value, struct fail *f);

/* Call-ID;to-tag=…;from-tag=… of Replaces, Join and Target-Dialog (RFC 3891, 3911, 4538). */
struct sip_dialog_ref {
    str call_id, to_tag, from_tag;
};
must_use enum err sip_dialog_ref_parse(struct sip_dialog_ref *d, str value,
                                       struct fail *f);

/* %41 becomes A; result in the arena, or `s` itself where there is nothing to decode. */
str sip_unescape(arena *a, str s);

#endif
