#include "serve/hand.h"

static void tell(struct weave *w, const struct store_decisions *l) {
    weave_decide_anew(w);
    for (isize i = 0; i < l->n; i++) weave_decide(w, &l->list[i].d);
}

enum err hand_tell(struct store *s, struct weave *w, arena *view) {
    struct store_decisions l;
    enum err e = store_decisions_in_force(s, view, &l);
    if (e == ERR_OK) tell(w, &l);
    return e;
}

enum err hand_tell_of(struct store *s, str call, struct weave *w, arena *view) {
    struct store_decisions l;
    enum err e = store_decisions_of(s, call, view, &l);
    if (e == ERR_OK) tell(w, &l);
    return e;
}

enum err hand_keep(struct store *s, struct decision *d, bool undo) {
    enum err e = store_begin(s);
    if (e == ERR_OK)
        e = undo ? store_undo(s, d->n, d->who, d->at_us) : store_decide(s, d);
    if (e == ERR_OK) e = store_commit(s);
    if (e != ERR_OK) store_rollback(s);
    return e;
}
