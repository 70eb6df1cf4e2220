/* param.c: lists and parameters (RFC 3261 §7.3.1, §25.1), split with quotes known.
 *
 *     ;note="x;tag=EVIL";tag=GOOD       two parameters, the tag is GOOD
 *     "A, B" <sip:a,b@c>, <sip:d@e>     two items
 *
 * What is never closed takes in the rest: one look at every byte, whatever the input. */
#include "sip/inner.h"

/* The offset of the first `stop` at or after `at` that is outside quotes; s.n where there is none. */
static isize find_outside_quotes(str s, isize at, u8 stop) {
    while (at < s.n && s.p[at] != stop) {
        isize end = s.p[at] == '"' ? sip_quote_end(s, at) : at + 1;
        at = end < 0 ? s.n : end;
    }
    return at;
}

/* The offset past the group that opens at `at`; s.n where it is not closed. */
static isize group_end(str s, isize at) {
    if (s.p[at] == '"') {
        isize end = sip_quote_end(s, at);
        return end < 0 ? s.n : end;
    }
    isize close = str_find(str_from(s, at), s.p[at] == '<' ? '>' : ')');
    return close < 0 ? s.n : at + close + 1;
}

bool sip_list_item(str *rest, str *item) {
    str s = *rest;
    if (str_trim(s).n == 0) return false;
    isize at = str_find(s, ',') < 0 ? s.n : 0; /* most have one item */
    while (at < s.n && s.p[at] != ',') {
        bool opens = s.p[at] == '"' || s.p[at] == '<' || s.p[at] == '(';
        at = opens ? group_end(s, at) : at + 1;
    }
    *item = str_trim(str_sub(s, 0, at));
    *rest = str_from(s, at + 1);
    return true;
}

bool sip_list_next(str *rest, str *item) {
    while (sip_list_item(rest, item)) {
        if (item->n) return true;
    }
    return false;
}

/* The value after "=": from `at`, to the ";" at `end`. */
static void read_value(str s, isize at, isize end, struct sip_param *p, struct fail *f) {
    p->has_value = true;
    at = sip_span(s, at, SIP_CH_LWS);
    if (at >= end) {
        sip_fail(f, end, "there is no value after the =");
        return;
    }
    isize after;
    if (s.p[at] == '"') {
        isize quoted = sip_quote_end(s, at);
        if (quoted < 0) sip_fail(f, at, sip_why_quote);
        after = quoted < 0 ? end : quoted;
        p->value = str_sub(s, at + 1, after - at - (quoted < 0 ? 1 : 2));
    } else {
        after = sip_span(s, at, SIP_CH_VALUE);
        p->value = str_trim(str_sub(s, at, end - at));
    }
    after = sip_span(s, after, SIP_CH_LWS);
    if (after < end)
        sip_fail(f, after, "a parameter's value has a byte that it cannot have");
}

bool sip_param_read(str s, isize *at, struct sip_param *p, struct fail *f) {
    isize i = *at;
    for (bool separated = false;; separated = true) {
        i = sip_span(s, i, SIP_CH_LWS);
        if (i < s.n && s.p[i] != ';') break;
        if (separated) sip_fail(f, i < s.n ? i : s.n - 1, "a parameter is empty");
        if (i >= s.n) {
            *at = s.n;
            return false;
        }
        i++;
    }
    *p = (struct sip_param){
        .value = str_sub(s, i, 0)}; /* never NULL: the first of a name counts */
    isize name_end = sip_span(s, i, SIP_CH_TOKEN);
    isize after = sip_span(s, name_end, SIP_CH_LWS);
    isize end =
        after < s.n && s.p[after] == ';' ? after : find_outside_quotes(s, after, ';');
    p->name = str_sub(s, i, name_end - i);
    if (after < end && (s.p[after] != '=' || name_end == i)) {
        sip_fail(f, after, "a parameter's name has a byte that it cannot have");
        struct str_pair parts = str_cut(str_sub(s, i, end - i), '=');
        p->name = str_trim(parts.head);
        if (parts.ok) p->value = str_trim(parts.tail);
        p->has_value = parts.ok;
    } else if (after < end) {
        read_value(s, after + 1, end, p, f);
    }
    *at = end;
    return true;
}

bool sip_param_next(str *rest, struct sip_param *p) {
    struct fail f = {0};
    isize at = 0;
    bool found = sip_param_read(*rest, &at, p, &f);
    *rest = str_from(*rest, at);
    return found;
}

str sip_param_get(str params, str name, bool *found) {
    struct sip_param p;
    while (sip_param_next(&params, &p)) {
        if (!str_eq_nocase(p.name, name)) continue;
        if (found) *found = true;
        return p.value;
    }
    if (found) *found = false;
    return (str){0};
}
