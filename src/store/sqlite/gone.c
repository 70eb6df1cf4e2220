/* gone.c: which calls the transaction has left without legs, so that whoever shows them can be told. */
#include "store/sqlite/db.h"

#include <string.h>

void gone_add(struct store *s, str id) {
    s->gone = base_grow(s->gone, &s->cap_gone, s->ngone + 1, (isize)sizeof *s->gone);
    struct gone *g = &s->gone[s->ngone++];
    g->n = i64_min(id.n, (isize)sizeof g->id);
    if (g->n) memcpy(g->id, id.p, (size_t)g->n);
}

isize store_ngone(const struct store *s) {
    return s->ngone;
}

str store_gone(const struct store *s, isize i) {
    return (str){s->gone[i].id, s->gone[i].n};
}
