/* view_evidence.c: why a leg belongs where it is, in words. */
#include "link/view.h"

#include <stdlib.h>

static str time_words(arena *a, i64 us, bool coarse) {
    if (coarse && us < 1000000) return S("in the same second");
    if (us < 1000) return S("less than a millisecond");
    if (coarse)
        return arena_printf(a, "about %lld s", (long long)((us + 500000) / 1000000));
    if (us < 1000000) return arena_printf(a, "%lld ms", (long long)(us / 1000));
    return arena_printf(a, "%.1f s", (double)us / 1e6);
}

/* "leg 3"; what is not in this call has no number here. */
static str leg_words(const struct view *v, u32 row) {
    int number = view_number(v, row);
    return number ? arena_printf(v->a, "leg %d", number) : S("the other leg");
}

static str evidence_text(const struct view *v, u32 child, u32 parent_row,
                         const struct proof *p) {
    const struct weave *w = v->w;
    const struct sum *s = &w->sums[child], *parent = &w->sums[parent_row];
    bool coarse = i64_max(s->precision_us, parent->precision_us) >= 1000000;
    i64 apart = p->delta_us < 0 ? -p->delta_us : p->delta_us;
    str when = time_words(v->a, apart, coarse),
        label = str_table_get(&w->trace.strings, p->label);
    str box = w->devs[s->from_dev].name;
    bool same = coarse && apart < 1000000;
    str leg = leg_words(v, parent_row);
    const char *words = evidence_words((enum evidence_kind)p->kind);
    switch ((enum evidence_kind)p->kind) {
    case EVIDENCE_TIMING:
        if (p->delta_us < 0 && leg_may_be_older(w, parent, s->start_us) && !same)
            return arena_printf(
                v->a, "left %.*s %.*s before the first that was captured of %.*s",
                STR(box), STR(when), STR(leg));
        if (same)
            return arena_printf(v->a, "left %.*s in the same second as %.*s arrived",
                                STR(box), STR(leg));
        return arena_printf(v->a, "left %.*s %.*s after %.*s arrived", STR(box),
                            STR(when), STR(leg));
    case EVIDENCE_AFTER_ANSWER:
    case EVIDENCE_AFTER_FAILURE:
    case EVIDENCE_AFTER_REFER:
    case EVIDENCE_AFTER_HOLD:
    case EVIDENCE_RING_ECHO:
    case EVIDENCE_ANSWER_ECHO:
    case EVIDENCE_FAILURE_ECHO:
    case EVIDENCE_CANCEL_ECHO:
    case EVIDENCE_BYE_ECHO:
        if (p->kind == EVIDENCE_AFTER_FAILURE && p->delta_us < 0)
            return S("started after another try that nobody had answered");
        if (same) return arena_printf(v->a, "%s, in the same second", words);
        return arena_printf(v->a, "%s, %.*s apart", words, STR(when));
    case EVIDENCE_CALLED_NUMBER:
    case EVIDENCE_CALLER_NUMBER:
        if (p->kind == EVIDENCE_CALLER_NUMBER && !p->label && p->bits > 0)
            return S("the caller's number is withheld on both");
        if (p->bits < 0 && !p->delta_us) {
            return str_z(p->kind == EVIDENCE_CALLED_NUMBER ? "another called number"
                                                           : "another caller");
        }
        return arena_printf(v->a, "%s %.*s", words, STR(label));
    case EVIDENCE_BY_HAND: return decide_words(v->w, p, v->a);
    case EVIDENCE_TOKEN: return arena_printf(v->a, "%s in %.*s", words, STR(label));
    case EVIDENCE_DIALOG_REFERENCE:
    case EVIDENCE_CALL_ID_REFERENCE:
        return arena_printf(v->a, "%.*s %s", STR(label), words);
    case EVIDENCE_COMPANY_NUMBER:
        if (!p->label) return str_z(words);
        return arena_printf(v->a, "calls with the company's number %.*s", STR(label));
    case EVIDENCE_CALLER_NAME:
        return p->bits < 0 ? S("the caller withheld in other words") : str_z(words);
    case EVIDENCE_MEDIA: return p->bits < 0 ? S("media of another kind") : str_z(words);
    case EVIDENCE_ROUTE:
        return p->bits < 0 ? S("calls to that number seldom go this way") : str_z(words);
    default: return str_z(words);
    }
}

static int heavier(const void *a, const void *b) {
    const struct evidence *x = a, *y = b;
    return (x->bits < y->bits) - (x->bits > y->bits);
}

/* As it was told when the link was made; what was decided by hand is said anew. */
static isize given_rows(const struct view *v, const struct sum *s,
                        struct evidence *rows) {
    isize n, made = 0;
    const struct evidence *from = given_evidence(v->w, s, &n);
    for (isize i = 0; i < n; i++) {
        if (str_eq(from[i].kind, str_z(evidence_name(EVIDENCE_BY_HAND)))) continue;
        rows[made++] = (struct evidence){arena_copy(v->a, from[i].kind),
                                         arena_copy(v->a, from[i].text), from[i].bits};
    }
    return made;
}

struct evidence *view_evidence(const struct view *v, u32 child, u32 parent, u32 proofs_at,
                               u32 nproofs, isize *n) {
    const struct sum *s = &v->w->sums[child];
    bool given = s->flags & SUM_GIVEN && s->parent == parent + 1;
    isize ngiven = 0;
    if (given) (void)given_evidence(v->w, s, &ngiven);
    struct evidence *rows = arena_new(v->a, struct evidence, ngiven + nproofs);
    *n = given ? given_rows(v, s, rows) : 0;
    for (u32 i = 0; i < nproofs; i++) {
        const struct proof *p = &v->w->proofs[proofs_at + i];
        if (p->bits > -0.05 && p->bits < 0.05) continue;
        if (given && p->kind != EVIDENCE_BY_HAND) continue;
        rows[(*n)++] =
            (struct evidence){str_z(evidence_name((enum evidence_kind)p->kind)),
                              evidence_text(v, child, parent, p), (double)p->bits};
    }
    if (*n) qsort(rows, (size_t)*n, sizeof *rows, heavier);
    return rows;
}
