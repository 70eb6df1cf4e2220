/* names.c: the vocabularies. A name leads to candidates by its first letter and length; then the
 * bytes are compared, always: no header is taken for another. */
#include "sip/inner.h"

#include <string.h>

struct header_name {
    str text;
    u8 compact; /* 0: none */
    bool is_list;
};

static const struct header_name headers[SIP_HDR_COUNT] = {
#define X(id, name, compact, list)                                                       \
    {{(const u8 *)(name), sizeof(name) - 1}, compact, list},
    {{NULL, 0}, 0, false}, SIP_HEADER_LIST(X)
#undef X
};

_Static_assert(SIP_HDR_COUNT <= 64, "sip_pass.seen has a bit for each");

/* The headers whose names start with one letter: the list is in the order of the alphabet. */
struct range {
    u8 first, last;
};

static const struct range by_letter[26] = {
    ['a' - 'a'] = {SIP_HDR_ACCEPT, SIP_HDR_AUTHORIZATION},
    ['c' - 'a'] = {SIP_HDR_CALL_ID, SIP_HDR_CSEQ},
    ['d' - 'a'] = {SIP_HDR_DATE, SIP_HDR_DIVERSION},
    ['e' - 'a'] = {SIP_HDR_EVENT, SIP_HDR_EXPIRES},
    ['f' - 'a'] = {SIP_HDR_FROM, SIP_HDR_FROM},
    ['h' - 'a'] = {SIP_HDR_HISTORY_INFO, SIP_HDR_HISTORY_INFO},
    ['i' - 'a'] = {SIP_HDR_IDENTITY, SIP_HDR_IN_REPLY_TO},
    ['j' - 'a'] = {SIP_HDR_JOIN, SIP_HDR_JOIN},
    ['m' - 'a'] = {SIP_HDR_MAX_FORWARDS, SIP_HDR_MIN_EXPIRES},
    ['p' - 'a'] = {SIP_HDR_P_ASSERTED_IDENTITY, SIP_HDR_PROXY_AUTHORIZATION},
    ['r' - 'a'] = {SIP_HDR_RACK, SIP_HDR_RSEQ},
    ['s' - 'a'] = {SIP_HDR_SERVER, SIP_HDR_SUPPORTED},
    ['t' - 'a'] = {SIP_HDR_TARGET_DIALOG, SIP_HDR_TO},
    ['u' - 'a'] = {SIP_HDR_UNSUPPORTED, SIP_HDR_USER_TO_USER},
    ['v' - 'a'] = {SIP_HDR_VIA, SIP_HDR_VIA},
    ['w' - 'a'] = {SIP_HDR_WARNING, SIP_HDR_WWW_AUTHENTICATE},
    ['x' - 'a'] = {SIP_HDR_X_RECORD, SIP_HDR_X_RECORD},
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

enum sip_header_id sip_header_from_name(str name) {
    if (name.n == 0 || !is_alpha(name.p[0])) return SIP_HDR_OTHER;
    u8 letter = to_lower(name.p[0]);
    if (name.n == 1) return from_compact(letter);
    struct range r = by_letter[letter - 'a'];
    for (int i = r.first; i && i <= r.last; i++) {
        const struct header_name *h = &headers[i];
        if (h->text.n != name.n) continue;
        if (to_lower(h->text.p[name.n - 1]) != to_lower(name.p[name.n - 1])) continue;
        if (memcmp(h->text.p, name.p, (size_t)name.n) == 0 ||
            str_eq_nocase(h->text, name)) {
            return (enum sip_header_id)i;
        }
    }
    return SIP_HDR_OTHER;
}

str sip_header_text(enum sip_header_id id) {
    if ((unsigned)id >= SIP_HDR_COUNT) return (str){0};
    return headers[id].text;
}

bool sip_header_is_list(enum sip_header_id id) {
    return (unsigned)id < SIP_HDR_COUNT && headers[id].is_list;
}

static const str methods[] = {
#define X(name) {(const u8 *)#name, sizeof(#name) - 1},
    {NULL, 0}, SIP_METHOD_LIST(X)
#undef X
};

enum sip_method sip_method_from_name(str name) {
    if (name.n == 0) return SIP_METHOD_NONE;
    for (isize i = 1; i < countof(methods); i++) {
        if (methods[i].n == name.n && methods[i].p[0] == name.p[0] &&
            memcmp(methods[i].p, name.p, (size_t)name.n) == 0) {
            return (enum sip_method)i;
        }
    }
    return SIP_METHOD_OTHER;
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
