/* keys.c: what a leg is found by from another leg, where only some of the traffic is in memory: the devices that it
 * leaves and reaches, when, and what it says (trace/call.h: struct mark). The same in every run. What is looked up by them
 * is what parent.c considers:
 *
 *     a leg looks for its parent     among those that reached its `from` before, or whose try from there had failed (END)
 *                    its children    among those that left its `to` after its own start, events and failed tries
 *     both of them   for equal keys first
 */
#include "link/keys.h"
#include "link/pair.h"

enum {
    KEYS_A_LEG = 24,
    LEGS_A_KEY =
        32, /* a value on more legs leads nowhere: parent.c does not follow it either */
    HOLDS = 4, /* of one leg, the first */
};

u16 key_device(const struct weave *w, u32 dev) {
    u16 hash = (u16)hash_nocase(w->devs[dev].name, 8);
    return hash ? hash : 1;
}

u32 key_number(u8 kind, u64 hash) {
    return (u32)hash_mix(hash, kind) & ~KEY_TOKEN;
}

struct marking {
    const struct weave *w;
    struct call *call;
    arena *view;
    isize cap;
};

static void mark_add(struct marking *g, i64 at_us, u8 what, u16 from, u16 to) {
    if (at_us == NEVER || g->call->nmarks == g->cap) return;
    g->call->marks[g->call->nmarks++] =
        (struct mark){.at_us = at_us, .from = from, .to = to, .what = what};
}

static void key_add(struct mark *m, u32 key) {
    if (m->nkeys == KEYS_A_LEG) return;
    for (isize i = 0; i < m->nkeys; i++) {
        if (m->keys[i] == key) return;
    }
    m->keys[m->nkeys++] = key;
}

static void keys_add(const struct marking *g, const struct sum *s, struct mark *m) {
    const struct weave *w = g->w;
    m->keys = arena_new(g->view, u32, KEYS_A_LEG);
    for (u32 k = 0; k < s->nnumbers; k++) {
        const struct fact *f = &w->leg_facts[s->facts_at + k];
        key_add(m, key_number(f->kind, f->hash));
    }
    if (s->flags & SUM_WITHHELD) key_add(m, KEY_WITHHELD);
    for (u32 k = 0; k < s->ntokens; k++) {
        const struct token *t = &w->tokens[w->leg_tokens[s->tokens_at + k].token];
        if (t->n > 1 && t->n <= LEGS_A_KEY) key_add(m, (u32)t->hash | KEY_TOKEN);
    }
}

static void leg_marks(struct marking *g, const struct sum *s) {
    u16 from = key_device(g->w, s->from_dev), to = key_device(g->w, s->to_dev);
    mark_add(g, s->start_us, s->parent ? MARK_MADE : MARK_FREE, from, to);
    keys_add(g, s, &g->call->marks[g->call->nmarks - 1]);
    mark_add(g, msg_us(g->w, s->retry_msg), MARK_RETRY, 0, to);
    mark_add(g, s->answer_us, MARK_ANSWER, 0, to);
    for (int i = 0; i < 2; i++) {
        u32 msg = s->refer_msg[i];
        if (!msg) continue;
        mark_add(g, msg_us(g->w, msg), MARK_REFER, 0,
                 key_device(g->w, refer_dev(g->w, msg)));
    }
    mark_add(g, failed_us(s), MARK_END, from, 0);
    mark_add(g, s->bye_us, MARK_OVER, from, to);
    mark_add(g, s->cancel_us, MARK_OVER, from, to);
}

/* Music may come from either end. Rows of holds are in the order of their legs. */
static void hold_marks(struct marking *g, u32 leg) {
    const struct weave *w = g->w;
    isize low = 0, high = w->nholds;
    while (low < high) {
        isize mid = low + (high - low) / 2;
        if (w->holds[mid].leg < leg) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    const struct sum *s = &w->sums[leg];
    for (isize i = low; i < w->nholds && w->holds[i].leg == leg && i < low + HOLDS; i++) {
        mark_add(g, w->holds[i].at_us, MARK_HOLD, 0, key_device(w, s->from_dev));
        mark_add(g, w->holds[i].at_us, MARK_HOLD, 0, key_device(w, s->to_dev));
    }
}

void weave_marks(const struct weave *w, isize i, struct call *c, arena *view) {
    enum { A_LEG = 8 + 2 * HOLDS };
    const struct conversation *g = &w->groups[i];
    struct marking m = {w, c, view, A_LEG * (isize)g->n};
    if (g->kind != KIND_CALL) return;
    c->marks = arena_new(view, struct mark, m.cap);
    for (u32 k = 0; k < g->n; k++) {
        u32 leg = w->by_group[g->at + k];
        const struct sum *s = &w->sums[leg];
        if (s->kind != KIND_CALL) continue;
        leg_marks(&m, s);
        if (s->flags & SUM_HOLD) hold_marks(&m, leg);
    }
}
