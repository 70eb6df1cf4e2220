/* dialog_ref.c: another dialog, named by its Call-ID and tags (RFC 3891 §3). */
#include "sip/inner.h"

enum err sip_dialog_ref_parse(struct sip_dialog_ref *d, str value, struct fail *f) {
    *d = (struct sip_dialog_ref){0};
    *f = (struct fail){0};
    isize at = str_find(value, ';');
    if (at < 0) at = value.n;
    d->call_id = str_trim(str_sub(value, 0, at));
    if (d->call_id.n == 0) sip_fail(f, 0, "there is no Call-ID");
    struct sip_param p;
    while (sip_param_read(value, &at, &p, f)) {
        if (d->to_tag.p == NULL && str_eq_nocase(p.name, S("to-tag")))
            d->to_tag = p.value;
        if (d->from_tag.p == NULL && str_eq_nocase(p.name, S("from-tag")))
            d->from_tag = p.value;
        /* Target-Dialog says it from its receiver's side (RFC 4538 §3), who is "to" in Replaces */
        if (d->to_tag.p == NULL && str_eq_nocase(p.name, S("local-tag")))
            d->to_tag = p.value;
        if (d->from_tag.p == NULL && str_eq_nocase(p.name, S("remote-tag")))
            d->from_tag = p.value;
    }
    if (d->to_tag.n == 0 || d->from_tag.n == 0) sip_fail(f, value.n, "a tag is missing");
    return f->err;
}
