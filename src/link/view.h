/* view.h: what the files that make a struct call share; private to this folder. */
#ifndef SIPWEAVE_LINK_VIEW_H
#define SIPWEAVE_LINK_VIEW_H

#include "link/pair.h"

struct view {
    const struct weave *w;
    const struct conversation *g;
    arena *a;
    struct call *call;
    u32 *order, *prompts; /* by place; order holds rows of msgs */
    int *leg_number;      /* by place in the conversation's list of legs */
    struct map device;    /* device row + 1 -> index in call.devices + 1 */
    struct map leg;       /* leg row + 1 -> place in the conversation's list + 1 */
};

/* For %.*s. */
#define STR(s) (int)(s).n, (const char *)(s).p

/* Row of the conversation's leg i. */
static inline u32 view_leg(const struct view *v, isize i) {
    return v->w->by_group[v->g->at + (u32)i];
}
/* The number that people know a leg by; 0: it is not in this call. */
static inline int view_number(const struct view *v, u32 row) {
    u32 place = map_get(&v->leg, row + (u64)1);
    return place ? v->leg_number[place - 1] : 0;
}
/* Index in call.devices; -1: not in this call. */
static inline int view_device(const struct view *v, u32 dev) {
    return (int)map_get(&v->device, dev + (u64)1) - 1;
}

/* The first label of this kind (and hash, unless 0) among a leg's facts, in the arena. */
str view_label(const struct view *v, const struct sum *s, enum fact_kind kind, u64 hash);
/* Why `child` is, or would be, a child of `parent` (rows): proofs in words, heaviest first. */
struct evidence *view_evidence(const struct view *v, u32 child, u32 parent, u32 proofs_at,
                               u32 nproofs, isize *n);
/* When it was over; NEVER: not seen. */
i64 view_leg_end(const struct sum *s);
/* The call went as its first leg went, which is the caller's. */
void view_outcome(struct call *c, const struct leg *first);
/* Fills call.maybes. The legs are filled already. */
void view_maybes(struct view *v);
/* Fills call.related. */
void view_related(struct view *v);

#endif
