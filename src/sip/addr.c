/* addr.c: an address with header parameters (RFC 3261 §20.10, §25.1 name-addr and addr-spec).
 *
 *     "Ann, desk" <sip:ann@example.org;lr>;tag=7     display, uri, params
 *     sip:ann@example.org;tag=7                      no <>: the parameters are the header's
 *
 * A broken address is read as far as it makes sense: a tag decides which dialog a message is in. */
#include "sip/inner.h"

#include "base/scan.h"

static void read_params(struct sip_addr *a, str v, isize at, struct fail *f) {
    a->params = str_from(v, at);
    struct sip_param p;
    bool tagged = false;
    while (sip_param_read(v, &at, &p, f)) {
        if (tagged || !str_eq_nocase(p.name, S("tag"))) continue;
        a->tag = p.value;
        tagged = true;
    }
}

/* What follows the address: nothing, or parameters. */
static void read_rest(struct sip_addr *a, str v, isize at, struct fail *f) {
    at = sip_span(v, at, SIP_CH_LWS);
    if (at >= v.n) return;
    if (v.p[at] != ';') {
        sip_fail(f, at, "only parameters may follow the address");
        isize semicolon = str_find(str_from(v, at), ';');
        if (semicolon < 0) return;
        at += semicolon;
    }
    read_params(a, v, at, f);
}

/* <uri> and what follows, from the "<" on. */
static void read_angle(struct sip_addr *a, str v, isize open, struct fail *f) {
    isize from = open + 1, n = str_find(str_from(v, from), '>');
    if (n < 0) {
        sip_fail(f, open, "a < is not closed");
        n = str_find(str_from(v, from), ';');
        if (n < 0) n = v.n - from;
        a->uri = str_trim(str_sub(v, from, n));
        read_rest(a, v, from + n, f);
        return;
    }
    a->uri = str_trim(str_sub(v, from, n));
    if (a->uri.n == 0) sip_fail(f, from, "there is no URI between < and >");
    if (a->uri.n != n) {
        isize blank = sip_is(v.p[from], SIP_CH_LWS) ? from : (a->uri.p - v.p) + a->uri.n;
        sip_fail(f, blank, "there is white space inside < and >");
    }
    read_rest(a, v, from + n + 1, f);
}

/* "display" and then <uri>. */
static void read_quoted(struct sip_addr *a, str v, isize at, struct fail *f) {
    isize end = sip_quote_end(v, at);
    if (end < 0) {
        sip_fail(f, at, sip_why_quote);
        isize open = str_find(str_from(v, at), '<');
        a->display = str_trim(str_sub(v, at + 1, open < 0 ? v.n : open - 1));
        if (open >= 0) read_angle(a, v, at + open, f);
        return;
    }
    a->display = str_sub(v, at + 1, end - at - 2);
    isize open = sip_span(v, end, SIP_CH_LWS);
    if (open < v.n && v.p[open] == '<') {
        read_angle(a, v, open, f);
        return;
    }
    sip_fail(f, open, "no < follows the name in quotes");
    isize later = str_find(str_from(v, open), '<'),
          semicolon = str_find(str_from(v, open), ';');
    if (later >= 0 && (semicolon < 0 || later < semicolon)) {
        read_angle(a, v, open + later, f);
    } else if (semicolon >= 0) {
        read_params(a, v, open + semicolon, f);
    }
}

static void read_addr_spec(struct sip_addr *a, str v, isize at, struct fail *f) {
    isize end = at;
    while (end < v.n && v.p[end] != ';' && !sip_is(v.p[end], SIP_CH_LWS)) {
        if (v.p[end] == '?')
            sip_fail(f, end, "a URI with headers has to stand in < and >");
        if (v.p[end] == ',')
            sip_fail(f, end, "a URI with a comma has to stand in < and >");
        end++;
    }
    a->uri = str_sub(v, at, end - at);
    if (a->uri.n == 0) sip_fail(f, at, "there is no URI");
    read_rest(a, v, end, f);
}

/* sip_quote_end of the string that v begins with: as a rule nothing is escaped in it. */
static isize quote_end(str v) {
    isize end = 1 + scan_near(str_from(v, 1), v.n - 1, '"');
    return end < v.n && v.p[end - 1] != '\\' ? end + 1 : sip_quote_end(v, 0);
}

/* The offset of the "<" after a display name that is as it should be, or after none; -1: look closer. */
static isize usual_open(str v, str *display) {
    isize end = 0;
    *display = (str){0};
    if (v.n && v.p[0] == '<') return 0;
    if (v.n && v.p[0] == '"') {
        end = quote_end(v);
        if (end < 0) return -1;
        *display = str_sub(v, 1, end - 2);
        end = sip_span(v, end, SIP_CH_LWS);
    } else if (v.n && sip_is(v.p[0], SIP_CH_TOKEN)) {
        end = sip_span(v, 0, SIP_CH_TOKEN | SIP_CH_LWS);
        *display = str_trim(str_sub(v, 0, end));
    }
    return end < v.n && v.p[end] == '<' ? end : -1;
}

bool sip_addr_usual(struct sip_addr *a, str v) {
    enum { TAG = 5 };
    isize open = usual_open(v, &a->display);
    if (open < 0) return false;
    str after = str_from(v, open);
    const u8 *close = after.p + scan_near(after, after.n, '>');
    if (close == v.p + v.n) return false;
    a->uri = (str){v.p + open + 1, close - v.p - open - 1};
    if (a->uri.n == 0 || sip_is(a->uri.p[0], SIP_CH_LWS) || sip_is(close[-1], SIP_CH_LWS))
        return false;
    a->tag = a->params = (str){0};
    a->star = false;
    str rest = {close + 1, v.p + v.n - close - 1};
    if (rest.n == 0) return true;
    if (rest.n <= TAG || rest.p[0] != ';' || (rest.p[1] | 32) != 't' ||
        (rest.p[2] | 32) != 'a' || (rest.p[3] | 32) != 'g' || rest.p[4] != '=' ||
        sip_span(rest, TAG, SIP_CH_VALUE) < rest.n)
        return false;
    a->params = rest;
    a->tag = str_from(rest, TAG);
    return true;
}

enum err sip_addr_parse(struct sip_addr *a, str value, struct fail *f) {
    *f = (struct fail){0};
    if (sip_addr_usual(a, value)) return ERR_OK;
    return sip_addr_parse_closely(a, value, f);
}

enum err sip_addr_parse_closely(struct sip_addr *a, str value, struct fail *f) {
    *a = (struct sip_addr){0};
    *f = (struct fail){0};
    str v = value;
    while (v.n && sip_is(v.p[v.n - 1], SIP_CH_LWS)) v.n--;
    isize at = sip_span(v, 0, SIP_CH_LWS);
    if (at >= v.n) {
        sip_fail(f, 0, "there is no address");
    } else if (v.p[at] == '"') {
        read_quoted(a, v, at, f);
    } else if (v.p[at] == '<') {
        read_angle(a, v, at, f);
    } else if (v.p[at] == '*' && at + 1 == v.n) {
        a->star = true;
    } else {
        isize open = str_find(str_from(v, at), '<'),
              semicolon = str_find(str_from(v, at), ';');
        if (open < 0 || (semicolon >= 0 && semicolon < open)) {
            read_addr_spec(a, v, at, f);
        } else {
            a->display = str_trim(str_sub(v, at, open));
            isize odd = sip_span(v, at, SIP_CH_TOKEN | SIP_CH_LWS);
            if (odd < at + open)
                sip_fail(f, odd, "a name with this byte has to stand in quotes");
            read_angle(a, v, at + open, f);
        }
    }
    return f->err;
}
