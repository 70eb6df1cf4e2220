/* cseq.c: "102 INVITE" (RFC 3261 §20.16). */
#include "sip/inner.h"

enum err sip_cseq_parse(struct sip_cseq *c, str value, struct fail *f) {
    *c = (struct sip_cseq){0};
    *f = (struct fail){0};
    isize at = sip_span(value, 0, SIP_CH_LWS), end = at;
    while (end < value.n && is_digit(value.p[end])) end++;
    str digits = str_sub(value, at, end - at);
    struct str_number number = sip_number(digits, UINT32_MAX);
    c->number = (u32)number.value;
    if (digits.n == 0) {
        sip_fail(f, at, "a CSeq has to start with a number");
    } else if (!number.ok) {
        sip_fail(f, at, sip_why_cseq_range);
    }
    at = sip_span(value, end, SIP_CH_LWS);
    if (at == end && at < value.n) sip_fail(f, at, "no white space follows the number");
    end = at;
    while (end < value.n && !sip_is(value.p[end], SIP_CH_LWS)) end++;
    c->method_name = str_sub(value, at, end - at);
    c->method = sip_method_from_name(c->method_name);
    isize odd = sip_span(value, at, SIP_CH_TOKEN);
    if (c->method_name.n == 0) sip_fail(f, at, "there is no method");
    if (odd < end) sip_fail(f, odd, "the method has a byte that it cannot have");
    at = sip_span(value, end, SIP_CH_LWS);
    if (at < value.n) sip_fail(f, at, "something follows the method");
    return f->err;
}
