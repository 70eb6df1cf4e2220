/* check.c: the headers that everything needs, decoded as they pass; what is wrong becomes a note. */
#include "sip/inner.h"

static void note_failure(struct sip_msg *m, enum sip_note_code code, str value,
                         const struct fail *f) {
    if (f->why == sip_why_quote) code = SIP_NOTE_QUOTE;
    if (f->why == sip_why_cseq_range) code = SIP_NOTE_CSEQ_RANGE;
    sip_note_part(m, code, str_from(value, f->at));
}

static bool check_number(struct sip_msg *m, enum sip_note_code code, str value, u64 max) {
    bool ok = sip_number(value, max).ok;
    if (!ok) sip_note_part(m, code, value);
    return ok;
}

/* One address and the URI in it. */
static bool read_address(struct sip_msg *m, enum sip_note_code code, str value,
                         struct sip_addr *a) {
    struct fail f;
    struct sip_uri u;
    if (sip_addr_parse(a, value, &f) != ERR_OK) {
        note_failure(m, code, value, &f);
        return false;
    }
    if (a->star || sip_uri_parse(&u, a->uri, &f) == ERR_OK) return true;
    sip_note_part(m, code, str_from(a->uri, f.at));
    return false;
}

static bool read_contact(struct sip_msg *m, str item) {
    struct sip_addr a;
    if (!read_address(m, SIP_NOTE_CONTACT, item, &a)) return false;
    if (a.params.n == 0) return true;
    bool found;
    str expires = sip_param_get(a.params, S("expires"), &found);
    return !found || check_number(m, SIP_NOTE_EXPIRES, expires, UINT32_MAX);
}

static bool read_other_address(struct sip_msg *m, str item) {
    struct sip_addr a;
    return read_address(m, SIP_NOTE_ADDRESS, item, &a);
}

static bool read_via(struct sip_msg *m, str item) {
    struct sip_via via;
    struct fail f;
    enum err e = sip_via_parse(&via, item, &f);
    /* the topmost Via's, present or not: not NULL from here on */
    if (m->branch.p == NULL) m->branch = via.branch.n ? via.branch : str_sub(item, 0, 0);
    if (e != ERR_OK) {
        note_failure(m, SIP_NOTE_VIA, item, &f);
        return false;
    }
    /* the cookie promises an identifier, and there is none (§8.1.1.7) */
    if (!str_eq(via.branch, S("z9hG4bK"))) return true;
    sip_note_part(m, SIP_NOTE_VIA, via.branch);
    return false;
}

/* warn-code, warn-agent, "warn-text" (§20.43) */
static bool read_warning(struct sip_msg *m, str item) {
    isize code = 0;
    while (code < item.n && is_digit(item.p[code])) code++;
    isize agent = sip_span(item, code, SIP_CH_LWS), quote = agent;
    while (quote < item.n && !sip_is(item.p[quote], SIP_CH_LWS)) quote++;
    bool agent_ok = agent > code && quote > agent;
    quote = sip_span(item, quote, SIP_CH_LWS);
    bool text_ok = quote < item.n && item.p[quote] == '"';
    if (code == 3 && agent_ok && text_ok) {
        if (sip_quote_end(item, quote) == item.n) return true;
        sip_note_part(m, SIP_NOTE_QUOTE, str_from(item, quote));
        return false;
    }
    sip_note_part(m, SIP_NOTE_WARNING, item);
    return false;
}

/* Reads a header's items up to the first that is wrong. An empty one is wrong too. */
static void check_list(struct sip_msg *m, const struct sip_header *h,
                       enum sip_note_code code,
                       bool (*read)(struct sip_msg *m, str item)) {
    str rest = h->value, item;
    bool any = false;
    while (sip_list_item(&rest, &item)) {
        any = true;
        if (item.n == 0) sip_note_part(m, code, item);
        if (item.n == 0 || !read(m, item)) return;
    }
    isize last = h->value.n - 1;
    if (!any || h->value.p[last] == ',') sip_note_part(m, code, str_from(h->value, last));
}

/* Digest credentials and challenges: name=value, commas between (§20.7, §25.1). */
static void check_auth(struct sip_msg *m, const struct sip_header *h) {
    str v = h->value;
    isize scheme = sip_span(v, 0, SIP_CH_TOKEN);
    if (scheme == 0 || scheme == v.n || !sip_is(v.p[scheme], SIP_CH_LWS)) {
        sip_note_part(m, SIP_NOTE_AUTH, str_from(v, scheme));
        return;
    }
    if (!str_eq_nocase(str_sub(v, 0, scheme), S("Digest"))) return;
    for (isize at = scheme;; at++) {
        at = sip_span(v, at, SIP_CH_LWS);
        isize end = sip_span(v, at, SIP_CH_TOKEN);
        isize equals = sip_span(v, end, SIP_CH_LWS);
        isize value = sip_span(v, equals + 1, SIP_CH_LWS);
        bool named = end > at && equals < v.n && v.p[equals] == '=' && value < v.n;
        bool quoted = named && v.p[value] == '"';
        isize after = named ? sip_span(v, value, SIP_CH_TOKEN) : at;
        if (quoted) after = sip_quote_end(v, value);
        if (after < 0) {
            sip_note_part(m, SIP_NOTE_QUOTE, str_from(v, value));
            return;
        }
        isize comma = sip_span(v, after, SIP_CH_LWS);
        if (!named || after == value || (comma < v.n && v.p[comma] != ',')) {
            sip_note_part(m, SIP_NOTE_AUTH, str_from(v, at));
            return;
        }
        if (comma >= v.n) return;
        at = comma;
    }
}

/* word [ "@" word ] (§20.8) */
static void read_call_id(struct sip_msg *m, str value) {
    m->call_id = value;
    isize at = sip_span(value, 0, SIP_CH_WORD);
    if (at > 0 && at + 1 < value.n && value.p[at] == '@') {
        at = sip_span(value, at + 1, SIP_CH_WORD);
    }
    if (value.n == 0 || at < value.n)
        sip_note_part(m, SIP_NOTE_CALL_ID, str_from(value, at));
}

static void read_cseq(struct sip_msg *m, str value) {
    struct fail f;
    if (sip_cseq_parse(&m->cseq, value, &f) != ERR_OK) {
        note_failure(m, SIP_NOTE_CSEQ, value, &f);
    } else if (m->cseq.number > INT32_MAX) {
        sip_note_part(m, SIP_NOTE_CSEQ_RANGE, value);
    }
    if (m->is_request && m->cseq.method_name.n &&
        !str_eq(m->cseq.method_name, m->method_name)) {
        sip_note_part(m, SIP_NOTE_CSEQ_METHOD, m->cseq.method_name);
    }
}

/* True where the header is one of those that stand once, and it is not the first. */
static bool is_duplicate(struct sip_msg *m, const struct sip_header *h,
                         struct sip_pass *pass) {
    u64 bit = (u64)1 << h->id, once = (u64)1 << SIP_HDR_CALL_ID | (u64)1 << SIP_HDR_CSEQ |
                                      (u64)1 << SIP_HDR_FROM | (u64)1 << SIP_HDR_TO |
                                      (u64)1 << SIP_HDR_MAX_FORWARDS |
                                      (u64)1 << SIP_HDR_CONTENT_LENGTH;
    bool again = (pass->seen & once & bit) != 0;
    pass->seen |= bit;
    if (again) sip_note_part(m, SIP_NOTE_DUPLICATE, h->name);
    return again;
}

void sip_header_check(struct sip_msg *m, const struct sip_header *h,
                      struct sip_pass *pass) {
    if (h->id == SIP_HDR_OTHER || is_duplicate(m, h, pass)) return;
    struct sip_addr a;
    struct str_number n;
    switch (h->id) {
    case SIP_HDR_VIA: check_list(m, h, SIP_NOTE_VIA, read_via); break;
    case SIP_HDR_FROM:
        (void)read_address(m, SIP_NOTE_FROM, h->value, &a);
        m->from_tag = a.tag;
        break;
    case SIP_HDR_TO:
        (void)read_address(m, SIP_NOTE_TO, h->value, &a);
        m->to_tag = a.tag;
        break;
    case SIP_HDR_CALL_ID: read_call_id(m, h->value); break;
    case SIP_HDR_CSEQ: read_cseq(m, h->value); break;
    case SIP_HDR_CONTACT: check_list(m, h, SIP_NOTE_CONTACT, read_contact); break;
    case SIP_HDR_CONTENT_LENGTH:
        n = sip_number(h->value, INT32_MAX);
        pass->content_length = n.ok ? (i64)n.value : -1;
        if (!n.ok) sip_note_part(m, SIP_NOTE_CONTENT_LENGTH, h->value);
        break;
    case SIP_HDR_MAX_FORWARDS:
        (void)check_number(m, SIP_NOTE_MAX_FORWARDS, h->value, 255);
        break;
    case SIP_HDR_EXPIRES:
    case SIP_HDR_MIN_EXPIRES:
        (void)check_number(m, SIP_NOTE_EXPIRES, h->value, UINT32_MAX);
        break;
    case SIP_HDR_SESSION_EXPIRES:
        (void)check_number(m, SIP_NOTE_EXPIRES, str_trim(str_cut(h->value, ';').head),
                           UINT32_MAX);
        break;
    case SIP_HDR_DATE:
        if (!str_ends(h->value, S(" GMT"))) sip_note_part(m, SIP_NOTE_DATE, h->value);
        break;
    case SIP_HDR_WARNING: check_list(m, h, SIP_NOTE_WARNING, read_warning); break;
    case SIP_HDR_ROUTE:
    case SIP_HDR_RECORD_ROUTE:
    case SIP_HDR_DIVERSION:
    case SIP_HDR_HISTORY_INFO:
    case SIP_HDR_P_ASSERTED_IDENTITY:
    case SIP_HDR_P_PREFERRED_IDENTITY:
    case SIP_HDR_REMOTE_PARTY_ID:
        check_list(m, h, SIP_NOTE_ADDRESS, read_other_address);
        break;
    case SIP_HDR_REFER_TO:
    case SIP_HDR_REFERRED_BY:
    case SIP_HDR_P_CALLED_PARTY_ID: (void)read_other_address(m, h->value); break;
    case SIP_HDR_AUTHORIZATION:
    case SIP_HDR_PROXY_AUTHORIZATION:
    case SIP_HDR_WWW_AUTHENTICATE:
    case SIP_HDR_PROXY_AUTHENTICATE:
        check_auth(m, h);
        sip_demand_check(m, h);
        break;
    case SIP_HDR_REQUIRE:
    case SIP_HDR_ACCEPT:
    case SIP_HDR_CONTENT_TYPE: sip_demand_check(m, h); break;
    default: break;
    }
}
