/* names.c: the vocabularies. A name leads to one candidate by its ends and length; then the bytes are
 * compared, always: no header is taken for another. */
#include "sip/inner.h"

#include "base/scan.h"

#include <string.h>

struct header_name {
    _Alignas(32) char text[24]; /* filled up with zeroes: compared a word at a time */
    u8 n;
    bool is_list;
};

static const struct header_name headers[SIP_HDR_COUNT] = {
#define X(id, name, compact, list) {name, sizeof(name) - 1, list},
    {"", 0, false}, SIP_HEADER_LIST(X)
#undef X
};

_Static_assert(SIP_HDR_COUNT <= 64, "the headers seen are a bit each");

/* One place for each name, by its first and last letter and its length. Where two names want one place the compiler says so
 * (-Woverride-init): then the factors have to change. */
#define SLOT(first, last, n) (((first) + 18 * (last) + 24 * (n)) & 255)

static const u8 slots[256] = {
    [SLOT('a', 't', 6)] = SIP_HDR_ACCEPT,
    [SLOT('a', 'w', 5)] = SIP_HDR_ALLOW,
    [SLOT('a', 's', 12)] = SIP_HDR_ALLOW_EVENTS,
    [SLOT('a', 'n', 13)] = SIP_HDR_AUTHORIZATION,
    [SLOT('c', 'd', 7)] = SIP_HDR_CALL_ID,
    [SLOT('c', 'o', 9)] = SIP_HDR_CALL_INFO,
    [SLOT('c', 't', 7)] = SIP_HDR_CONTACT,
    [SLOT('c', 'g', 16)] = SIP_HDR_CONTENT_ENCODING,
    [SLOT('c', 'h', 14)] = SIP_HDR_CONTENT_LENGTH,
    [SLOT('c', 'e', 12)] = SIP_HDR_CONTENT_TYPE,
    [SLOT('c', 'q', 4)] = SIP_HDR_CSEQ,
    [SLOT('d', 'e', 4)] = SIP_HDR_DATE,
    [SLOT('d', 'n', 9)] = SIP_HDR_DIVERSION,
    [SLOT('e', 't', 5)] = SIP_HDR_EVENT,
    [SLOT('e', 's', 7)] = SIP_HDR_EXPIRES,
    [SLOT('f', 'm', 4)] = SIP_HDR_FROM,
    [SLOT('h', 'o', 12)] = SIP_HDR_HISTORY_INFO,
    [SLOT('i', 'y', 8)] = SIP_HDR_IDENTITY,
    [SLOT('i', 'o', 11)] = SIP_HDR_IN_REPLY_TO,
    [SLOT('j', 'n', 4)] = SIP_HDR_JOIN,
    [SLOT('m', 's', 12)] = SIP_HDR_MAX_FORWARDS,
    [SLOT('m', 's', 11)] = SIP_HDR_MIN_EXPIRES,
    [SLOT('p', 'y', 19)] = SIP_HDR_P_ASSERTED_IDENTITY,
    [SLOT('p', 'd', 17)] = SIP_HDR_P_CALLED_PARTY_ID,
    [SLOT('p', 'r', 17)] = SIP_HDR_P_CHARGING_VECTOR,
    [SLOT('p', 'y', 20)] = SIP_HDR_P_PREFERRED_IDENTITY,
    [SLOT('p', 'y', 7)] = SIP_HDR_PRIVACY,
    [SLOT('p', 'e', 18)] = SIP_HDR_PROXY_AUTHENTICATE,
    [SLOT('p', 'n', 19)] = SIP_HDR_PROXY_AUTHORIZATION,
    [SLOT('r', 'k', 4)] = SIP_HDR_RACK,
    [SLOT('r', 'n', 6)] = SIP_HDR_REASON,
    [SLOT('r', 'e', 12)] = SIP_HDR_RECORD_ROUTE,
    [SLOT('r', 'o', 8)] = SIP_HDR_REFER_TO,
    [SLOT('r', 'y', 11)] = SIP_HDR_REFERRED_BY,
    [SLOT('r', 'd', 15)] = SIP_HDR_REMOTE_PARTY_ID,
    [SLOT('r', 's', 8)] = SIP_HDR_REPLACES,
    [SLOT('r', 'e', 7)] = SIP_HDR_REQUIRE,
    [SLOT('r', 'r', 11)] = SIP_HDR_RETRY_AFTER,
    [SLOT('r', 'e', 5)] = SIP_HDR_ROUTE,
    [SLOT('r', 'q', 4)] = SIP_HDR_RSEQ,
    [SLOT('s', 'r', 6)] = SIP_HDR_SERVER,
    [SLOT('s', 's', 15)] = SIP_HDR_SESSION_EXPIRES,
    [SLOT('s', 'd', 10)] = SIP_HDR_SESSION_ID,
    [SLOT('s', 't', 7)] = SIP_HDR_SUBJECT,
    [SLOT('s', 'e', 18)] = SIP_HDR_SUBSCRIPTION_STATE,
    [SLOT('s', 'd', 9)] = SIP_HDR_SUPPORTED,
    [SLOT('t', 'g', 13)] = SIP_HDR_TARGET_DIALOG,
    [SLOT('t', 'p', 9)] = SIP_HDR_TIMESTAMP,
    [SLOT('t', 'o', 2)] = SIP_HDR_TO,
    [SLOT('u', 'd', 11)] = SIP_HDR_UNSUPPORTED,
    [SLOT('u', 't', 10)] = SIP_HDR_USER_AGENT,
    [SLOT('u', 'r', 12)] = SIP_HDR_USER_TO_USER,
    [SLOT('v', 'a', 3)] = SIP_HDR_VIA,
    [SLOT('w', 'g', 7)] = SIP_HDR_WARNING,
    [SLOT('w', 'e', 16)] = SIP_HDR_WWW_AUTHENTICATE,
    [SLOT('x', 'd', 8)] = SIP_HDR_X_RECORD,
};

static enum sip_header_id from_compact(u8 letter) {
    switch (letter) {
    case 'b': return SIP_HDR_REFERRED_BY;
    case 'c': return SIP_HDR_CONTENT_TYPE;
    case 'e': return SIP_HDR_CONTENT_ENCODING;
    case 'f': return SIP_HDR_FROM;
    case 'i': return SIP_HDR_CALL_ID;
    case 'k': return SIP_HDR_SUPPORTED;
    case 'l': return SIP_HDR_CONTENT_LENGTH;
    case 'm': return SIP_HDR_CONTACT;
    case 'o': return SIP_HDR_EVENT;
    case 'r': return SIP_HDR_REFER_TO;
    case 's': return SIP_HDR_SUBJECT;
    case 't': return SIP_HDR_TO;
    case 'u': return SIP_HDR_ALLOW_EVENTS;
    case 'v': return SIP_HDR_VIA;
    case 'x': return SIP_HDR_SESSION_EXPIRES;
    case 'y': return SIP_HDR_IDENTITY;
    default: return SIP_HDR_OTHER;
    }
}

/* What the name can only be, if it is one of the list. */
static enum sip_header_id candidate(const u8 *p, isize n) {
    return (enum sip_header_id)slots[SLOT((u32)p[0] | 32, (u32)p[n - 1] | 32, (u32)n)];
}

enum sip_header_id sip_header_from_name(str name) {
    if (name.n == 0 || !is_alpha(name.p[0])) return SIP_HDR_OTHER;
    if (name.n == 1) return from_compact(to_lower(name.p[0]));
    enum sip_header_id id = candidate(name.p, name.n);
    return id && str_eq_nocase(sip_header_text(id), name) ? id : SIP_HDR_OTHER;
}

enum sip_header_id sip_header_known(const u8 *p, isize n) {
    if (n < 2) return SIP_HDR_OTHER;
    enum sip_header_id id = candidate(p, n);
    if (headers[id].n != n) return SIP_HDR_OTHER;
    const char *text = headers[id].text;
    u64 x, y;
    for (;; n -= 8, p += 8, text += 8) {
        memcpy(&x, p, 8);
        memcpy(&y, text, 8);
        if (n <= 8) break;
        if (x != y) return SIP_HDR_OTHER;
    }
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    return (x ^ y) >> (64 - 8 * n) == 0 ? id : SIP_HDR_OTHER;
#else
    return (x ^ y) << (64 - 8 * n) == 0 ? id : SIP_HDR_OTHER;
#endif
}

enum sip_header_id sip_header_begins(str line, isize room, isize *colon) {
#ifdef __SSE2__
    if (room >= 16) { /* the colon, and then the name, in one look */
        const __m128i wanted = _mm_set1_epi8(':');
        u32 colons = (u32)scan_16(line.p, wanted);
        isize n = colons ? __builtin_ctz(colons) : 0;
        if (n >= 2 && n < line.n) {
            enum sip_header_id id = candidate(line.p, n);
            const void *text = headers[id].text;
            u64 same = scan_16(line.p, _mm_load_si128(text)); /* each with its own */
            u64 name = ((u64)1 << n) - 1;
            *colon = n;
            return headers[id].n == n && (same & name) == name ? id : SIP_HDR_OTHER;
        }
    }
#endif
    *colon = scan_near(line, room, ':');
    bool readable = *colon < line.n && ((*colon + 7) & ~7) <= room;
    return readable ? sip_header_known(line.p, *colon) : SIP_HDR_OTHER;
}

str sip_header_text(enum sip_header_id id) {
    if ((unsigned)id >= SIP_HDR_COUNT) return (str){0};
    return (str){(const u8 *)headers[id].text, headers[id].n};
}

bool sip_header_is_list(enum sip_header_id id) {
    return (unsigned)id < SIP_HDR_COUNT && headers[id].is_list;
}

static const str methods[] = {
#define X(name) {(const u8 *)#name, sizeof(#name) - 1},
    {NULL, 0}, SIP_METHOD_LIST(X)
#undef X
};

#define METHOD_SLOT(first, n) (((first) + 11 * (n)) & 31)

static const u8 method_slots[32] = {
    [METHOD_SLOT('A', 3)] = SIP_METHOD_ACK,
    [METHOD_SLOT('B', 3)] = SIP_METHOD_BYE,
    [METHOD_SLOT('C', 6)] = SIP_METHOD_CANCEL,
    [METHOD_SLOT('I', 4)] = SIP_METHOD_INFO,
    [METHOD_SLOT('I', 6)] = SIP_METHOD_INVITE,
    [METHOD_SLOT('M', 7)] = SIP_METHOD_MESSAGE,
    [METHOD_SLOT('N', 6)] = SIP_METHOD_NOTIFY,
    [METHOD_SLOT('O', 7)] = SIP_METHOD_OPTIONS,
    [METHOD_SLOT('P', 5)] = SIP_METHOD_PRACK,
    [METHOD_SLOT('P', 7)] = SIP_METHOD_PUBLISH,
    [METHOD_SLOT('R', 5)] = SIP_METHOD_REFER,
    [METHOD_SLOT('R', 8)] = SIP_METHOD_REGISTER,
    [METHOD_SLOT('S', 9)] = SIP_METHOD_SUBSCRIBE,
    [METHOD_SLOT('U', 6)] = SIP_METHOD_UPDATE,
};

enum sip_method sip_method_from_name(str name) {
    if (name.n == 0) return SIP_METHOD_NONE;
    isize i = method_slots[METHOD_SLOT((u32)name.p[0], (u32)name.n)];
    return i && str_eq(methods[i], name) ? (enum sip_method)i : SIP_METHOD_OTHER;
}

str sip_method_text(enum sip_method m) {
    if ((isize)m >= countof(methods)) return (str){0};
    return methods[m];
}

const char *sip_note_text(enum sip_note_code code) {
    static const char *const texts[] = {
#define X(id, text) text,
        "", SIP_NOTE_LIST(X)
#undef X
    };
    if ((unsigned)code >= SIP_NOTE_COUNT) return "";
    return texts[code];
}

const char *sip_note_name(enum sip_note_code code) {
    static const char *const names[SIP_NOTE_COUNT] = {
        [SIP_NOTE_NONE] = "",
        [SIP_NOTE_LEADING_JUNK] = "leading-junk",
        [SIP_NOTE_START_LINE] = "start-line",
        [SIP_NOTE_VERSION] = "version",
        [SIP_NOTE_STATUS] = "status",
        [SIP_NOTE_METHOD] = "method",
        [SIP_NOTE_REQUEST_URI] = "request-uri",
        [SIP_NOTE_HEADER_NAME] = "header-name",
        [SIP_NOTE_HEADER_COLON] = "header-colon",
        [SIP_NOTE_HEADER_BYTE] = "header-byte",
        [SIP_NOTE_HEADERS_CUT] = "headers-cut",
        [SIP_NOTE_HEADERS_MANY] = "headers-many",
        [SIP_NOTE_NOTES_MANY] = "notes-many",
        [SIP_NOTE_DUPLICATE] = "duplicate",
        [SIP_NOTE_NO_VIA] = "no-via",
        [SIP_NOTE_NO_FROM] = "no-from",
        [SIP_NOTE_NO_TO] = "no-to",
        [SIP_NOTE_NO_CALL_ID] = "no-call-id",
        [SIP_NOTE_NO_CSEQ] = "no-cseq",
        [SIP_NOTE_NO_MAX_FORWARDS] = "no-max-forwards",
        [SIP_NOTE_NO_CONTENT_TYPE] = "no-content-type",
        [SIP_NOTE_VIA] = "via",
        [SIP_NOTE_FROM] = "from",
        [SIP_NOTE_TO] = "to",
        [SIP_NOTE_CONTACT] = "contact",
        [SIP_NOTE_ADDRESS] = "address",
        [SIP_NOTE_CALL_ID] = "call-id",
        [SIP_NOTE_CSEQ] = "cseq",
        [SIP_NOTE_CSEQ_RANGE] = "cseq-range",
        [SIP_NOTE_CSEQ_METHOD] = "cseq-method",
        [SIP_NOTE_MAX_FORWARDS] = "max-forwards",
        [SIP_NOTE_EXPIRES] = "expires",
        [SIP_NOTE_CONTENT_LENGTH] = "content-length",
        [SIP_NOTE_BODY_SHORT] = "body-short",
        [SIP_NOTE_BODY_LONG] = "body-long",
        [SIP_NOTE_DATE] = "date",
        [SIP_NOTE_WARNING] = "warning",
        [SIP_NOTE_AUTH] = "auth",
        [SIP_NOTE_QUOTE] = "quote",
        [SIP_NOTE_BARE_LF] = "bare-lf",
        [SIP_NOTE_NOT_UTF8] = "not-utf8",
        [SIP_NOTE_NUL] = "nul",
        [SIP_NOTE_EXTENSION_REQUIRED] = "extension-required",
    };
    if ((unsigned)code >= SIP_NOTE_COUNT) return "";
    return names[code];
}
