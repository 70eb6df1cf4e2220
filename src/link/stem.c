/* stem.c: what back-to-back user agents make of a Call-ID: suffixes, prefixes, another host. */
#include "link/fact.h"

u64 fact_call_id_hash(str call_id) {
    return hash_nocase(call_id, 3);
}

/* Where the last "_b2b-1", ".0" or "-0" starts; -1: there is none. A dot after an address's digits is none, so a dotted
 * suffix counts only past a whole address; nor is the counter of a short Call-ID. */
static isize suffix_start(str id) {
    enum { COUNTER_DIGITS = 4, PLAIN_DIGITS = 2, LONG_ID = 12 };
    isize digits = 0;
    while (digits < id.n && is_digit(id.p[id.n - 1 - digits])) digits++;
    str before = str_sub(id, 0, id.n - digits);
    if (digits == 0 || digits > COUNTER_DIGITS || before.n < 2) return -1;
    if (str_ends(before, S("_b2b-")) || str_ends(before, S("_pbx-"))) return before.n - 5;
    if (digits > PLAIN_DIGITS) return -1;
    struct str_pair parts = str_cut(str_sub(before, 0, before.n - 1), '@');
    isize dots = 0;
    for (isize i = 0; i < parts.tail.n; i++) dots += parts.tail.p[i] == '.';
    u8 last = before.p[before.n - 1];
    bool dotted = last == '.' && parts.ok && dots >= 3; /* 192.0.2.1.0 */
    bool bare = (last == '-' || last == '.') && !parts.ok && before.n > LONG_ID;
    return dotted || bare ? before.n - 1 : -1;
}

str fact_call_id_shorter(str call_id) {
    isize at = suffix_start(call_id);
    return at > 0 ? str_sub(call_id, 0, at) : call_id;
}

str fact_call_id_stem(str call_id) {
    for (isize at; (at = suffix_start(call_id)) > 0;) call_id = str_sub(call_id, 0, at);
    return call_id;
}

str fact_call_id_bare(str local) {
    enum { PREFIX_LONGEST = 10 };
    isize after = 0;
    for (isize i = 0; i < local.n && i < PREFIX_LONGEST; i++) {
        u8 c = local.p[i];
        if (c == '_' || c == '-' || c == '!' || c == ':' || c == '.')
            after = i + 1;
        else if (after)
            break;
    }
    return str_from(local, after);
}
