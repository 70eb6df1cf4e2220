/* decide.c: what people have decided by hand. */
#include "link/weave.h"

void weave_decide(struct weave *w, const struct decision *d) {
    w->decisions = base_grow(w->decisions, &w->cap_decisions, w->ndecisions + 1,
                             (isize)sizeof *w->decisions);
    struct decision *mine = &w->decisions[w->ndecisions++];
    *mine = *d;
    mine->leg = arena_copy(&w->said_by, d->leg);
    mine->other = arena_copy(&w->said_by, d->other);
    mine->who = arena_copy(&w->said_by, d->who);
}

bool decide_forbids(const struct weave *w, u32 leg, u32 root) {
    (void)w, (void)leg, (void)root;
    return false;
}
