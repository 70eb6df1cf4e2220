#include "trace/call.h"

#include <string.h>

const char *call_kind_text(enum call_kind k) {
    switch (k) {
#define X(id, text)                                                                      \
    case KIND_##id: return text;
        CALL_KIND_LIST(X)
#undef X
    case KIND_COUNT: break;
    }
    return "?";
}

const char *call_state_text(enum call_state s) {
    switch (s) {
#define X(id, text)                                                                      \
    case STATE_##id: return text;
        CALL_STATE_LIST(X)
#undef X
    case STATE_COUNT: break;
    }
    return "?";
}

const char *leg_role_text(enum leg_role r) {
    switch (r) {
#define X(id, text)                                                                      \
    case ROLE_##id: return text;
        LEG_ROLE_LIST(X)
#undef X
    case ROLE_COUNT: break;
    }
    return "?";
}

const char *related_kind_text(enum related_kind k) {
    switch (k) {
#define X(id, text)                                                                      \
    case RELATED_##id: return text;
        RELATED_LIST(X)
#undef X
    case RELATED_COUNT: break;
    }
    return "?";
}

enum call_kind call_kind_from_text(str s) {
#define X(id, text)                                                                      \
    if (str_eq(s, S(text))) return KIND_##id;
    CALL_KIND_LIST(X)
#undef X
    return KIND_COUNT;
}

enum call_state call_state_from_text(str s) {
#define X(id, text)                                                                      \
    if (str_eq(s, S(text))) return STATE_##id;
    CALL_STATE_LIST(X)
#undef X
    return STATE_COUNT;
}

/* Base 32, most significant first: 13 digits of 5 bits hold 64. Without i, l, o and u, which people
 * misread when an id goes over the telephone. */
static const char alphabet[] = "0123456789abcdefghjkmnpqrstvwxyz";
enum { ID_DIGITS = 13 };

str call_id_text(arena *a, u64 hash) {
    u8 *p = arena_new(a, u8, ID_DIGITS);
    for (int i = ID_DIGITS - 1; i >= 0; i--) {
        p[i] = (u8)alphabet[hash & 31];
        hash >>= 5;
    }
    return (str){p, ID_DIGITS};
}

bool call_id_read(str text, u64 *hash) {
    *hash = 0;
    if (text.n != ID_DIGITS || text.p[0] > 'f') return false; /* the first has 4 bits */
    for (isize i = 0; i < text.n; i++) {
        const char *digit = text.p[i] ? strchr(alphabet, text.p[i]) : NULL;
        if (!digit) return false;
        *hash = *hash << 5 | (u64)(digit - alphabet);
    }
    return true;
}
