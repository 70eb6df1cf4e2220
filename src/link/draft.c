/* draft.c: whose leg is a message? One Call-ID between two neighbouring devices is one; where the Call-ID does not tell, tags do. */
#include "link/draft.h"

/* Where a Call-ID is masked, tags tell calls apart. A call has one tag at first and two later, turned round when the
 * other side asks: tags that stand together in a message are one call's. */
struct tags {
    const struct trace *trace;
    struct map index; /* Call-ID and tag -> node + 1 */
    u32 *up;
    isize n, cap;
};

static u32 tag_node(struct tags *t, const struct seen *r, u32 tag) {
    u32 *number = map_put(&t->index, hash_mix(seen_call_id(t->trace, r), tag));
    if (!*number) {
        t->up = base_grow(t->up, &t->cap, t->n + 1, (isize)sizeof *t->up);
        t->up[t->n] = (u32)t->n;
        *number = (u32)++t->n;
    }
    return *number - 1;
}

static u32 tag_root(struct tags *t, u32 node) {
    while (t->up[node] != node) {
        t->up[node] = t->up[t->up[node]];
        node = t->up[node];
    }
    return node;
}

static void tags_collect(struct tags *t, const struct weave *w) {
    for (isize i = 0; i < w->nmsgs; i++) {
        const struct seen *r = msg_seen(w, &w->msgs[i]);
        u32 from_tag = msg_ident(w, &w->msgs[i])->from_tag;
        if (!map_get(&w->masked, w->trace.call_ids[w->msgs[i].seen]) || !from_tag)
            continue;
        u32 from = tag_root(t, tag_node(t, r, from_tag));
        u32 to_tag = seen_step(t->trace, r)->to_tag;
        if (to_tag) t->up[from] = tag_root(t, tag_node(t, r, to_tag));
    }
}

enum { CHAIN = 16 };

static u32 draft_add(struct drafts *d, u32 call_id, u32 a, u32 b, u32 before) {
    d->rows = base_grow(d->rows, &d->cap, d->n + 1, (isize)sizeof *d->rows);
    d->rows[d->n++] = (struct draft){call_id, a, b, 0, before};
    return (u32)d->n;
}

/* By a key that is no Call-ID, or that has many legs. */
static u32 draft_by_key(struct drafts *d, u64 id, u32 call_id, u32 a, u32 b) {
    u32 *number = map_put(&d->far, hash_mix(id, (u64)a << 32 | b));
    if (!*number) *number = draft_add(d, call_id, a, b, 0);
    return *number - 1;
}

static u32 draft_of(struct weave *w, struct drafts *d, struct tags *tags,
                    const struct msg *m) {
    const struct seen *r = msg_seen(w, m);
    u32 a = w->dev_of[r->src], b = w->dev_of[r->dst], id = w->trace.call_ids[m->seen];
    if (a > b) {
        u32 swap = a;
        a = b;
        b = swap;
    }
    bool masked = w->some_masked && map_get(&w->masked, id);
    u32 from_tag = id == 0 || masked ? msg_ident(w, m)->from_tag : 0;
    if (id == 0 || (masked && !from_tag))
        return draft_by_key(d, hash_mix(msg_ident(w, m)->branch, (u64)from_tag + 1), id,
                            a, b);
    if (masked) {
        u32 root = tag_root(tags, tag_node(tags, r, from_tag));
        return draft_by_key(d, hash_mix(id, root), id, a, b);
    }
    int i = 0;
    for (u32 at = d->last[id]; at; at = d->rows[at - 1].before, i++) {
        const struct draft *leg = &d->rows[at - 1];
        if (leg->a == a && leg->b == b) return at - 1;
    }
    if (i >= CHAIN) return draft_by_key(d, id, id, a, b);
    d->last[id] = draft_add(d, id, a, b, d->last[id]);
    return d->last[id] - 1;
}

void drafts_deal(struct drafts *all, struct weave *w) {
    struct tags tags = {.trace = &w->trace};
    all->last = base_new(w->trace.strings.n + 1, (isize)sizeof *all->last);
    w->leg_of =
        base_room(w->leg_of, &w->cap_leg_of, w->nmsgs + 1, (isize)sizeof *w->leg_of);
    if (w->some_masked) tags_collect(&tags, w);
    for (isize i = 0; i < w->nmsgs; i++) {
        u32 leg = draft_of(w, all, &tags, &w->msgs[i]);
        w->leg_of[i] = leg;
        all->rows[leg].n++;
    }
    map_drop(&all->far);
    map_drop(&tags.index);
    base_free(tags.up);
    base_free(all->last);
}
