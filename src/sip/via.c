/* via.c: one hop of a Via (RFC 3261 §20.42). White space may stand around every / : ; and =
 *
 *     SIP / 2.0 / UDP  host : port ; branch = z9hG4bK… ; received=…   */
#include "sip/inner.h"

/* A token and the "/" after it, white space around both. */
static isize read_slash(str v, isize at, str *token, struct fail *f) {
    at = sip_span(v, at, SIP_CH_LWS);
    isize end = sip_span(v, at, SIP_CH_TOKEN);
    *token = str_sub(v, at, end - at);
    isize slash = sip_span(v, end, SIP_CH_LWS);
    if (token->n && slash < v.n && v.p[slash] == '/') return slash + 1;
    sip_fail(f, token->n ? slash : at,
             "a Via has to start with SIP/2.0/ and a transport");
    return -1;
}

enum err sip_via_parse(struct sip_via *via, str item, struct fail *f) {
    *via = (struct sip_via){0};
    *f = (struct fail){0};
    str name, version;
    isize at = read_slash(item, 0, &name, f);
    if (at >= 0) at = read_slash(item, at, &version, f);
    if (at < 0) return f->err;
    at = sip_span(item, at, SIP_CH_LWS);
    isize end = sip_span(item, at, SIP_CH_TOKEN);
    via->transport = str_sub(item, at, end - at);
    if (via->transport.n == 0) sip_fail(f, at, "there is no transport");
    at = sip_span(item, end, SIP_CH_LWS);
    if (at == end && at < item.n) sip_fail(f, at, "no white space follows the transport");
    struct sip_hostport h;
    at = sip_host_read(item, at, true, &h, f);
    via->host = h.host;
    via->port = h.port;
    at = sip_span(item, at, SIP_CH_LWS);
    if (at < item.n && item.p[at] != ';') {
        sip_fail(f, at, "only parameters may follow the host");
        isize semicolon = str_find(str_from(item, at), ';');
        at = semicolon < 0 ? item.n : at + semicolon;
    }
    via->params = str_from(item, at);
    struct sip_param p;
    while (sip_param_read(item, &at, &p, f)) {
        if (via->branch.p == NULL && str_eq_nocase(p.name, S("branch")))
            via->branch = p.value;
        if (via->received.p == NULL && str_eq_nocase(p.name, S("received"))) {
            via->received = p.value;
        }
        if (via->rport.p == NULL && str_eq_nocase(p.name, S("rport")))
            via->rport = p.value;
    }
    return f->err;
}
