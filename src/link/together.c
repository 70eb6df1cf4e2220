/* together.c: calls that are at one place at one time: in one conference, or waiting in one queue.
 *
 * A stay is the time that a call is at such a place:
 *
 *     focus    a Contact with isfocus, by its URI                          from the answer to the end
 *     room     a device that answers a number at once, and passes nothing on: from the answer to the end, or until
 *              an agent, whom it dialled meanwhile, has answered
 *
 * A room is a queue where agents are dialled, one of them for two calls or more. It looks like a conference where nothing is ever
 * dialled and three calls or more stay a minute at once; with CROWD at once it is a service: a mailbox, the speaking clock. */
#include "link/related.h"

#include <stdlib.h>

enum {
    SECOND_US = 1000000,
    AT_ONCE_US = 2 * SECOND_US, /* nobody lifts a receiver sooner, as a rule */
    TOGETHER_US = SECOND_US,
    MEETING_US = 60 * SECOND_US,
    /* who has not hung up counts as there for so long after his last message: sessions are refreshed every half hour
     * (RFC 4028 §4.2) */
    OPEN_US = 1800 * SECOND_US,
    CROWD = 32,
};

struct stay {
    u64 key;
    i64 from_us, to_us; /* to_us: NEVER once it is known that nobody was there */
    u64 agent;          /* who was dialled: device and number; 0: nobody */
    u32 group, leg, dev, label;
    bool open;    /* the end was not seen */
    bool crowded; /* three or more, for a minute */
};

struct stays {
    const struct weave *w;
    struct stay *rows;
    isize n, cap;
    u32 *room_of; /* of rooms, by leg: row of its stay + 1 */
    bool *dials;  /* … by device */
};

static struct stay *stay_add(struct stays *to, u32 leg, u64 key, u32 dev, u32 label) {
    const struct sum *s = &to->w->sums[leg];
    to->rows = base_grow(to->rows, &to->cap, to->n + 1, (isize)sizeof *to->rows);
    struct stay *row = &to->rows[to->n++];
    *row = (struct stay){.key = key,
                         .from_us = s->answer_us,
                         .to_us = s->bye_us,
                         .group = s->group,
                         .leg = leg,
                         .dev = dev,
                         .label = label,
                         .open = s->bye_us == NEVER};
    if (row->open) row->to_us = s->last_us + OPEN_US;
    return row;
}

/* ---- a focus ------------------------------------------------------------------------------------------- */

/* Who has said of himself that he is the focus. */
static u32 focus_dev(const struct weave *w, const struct sum *s, const struct fact *f) {
    const struct seen *r = &w->trace.seen[f->seen];
    if (!(r->flags & SEEN_REQUEST)) return s->to_dev;
    bool again = (r->flags & SEEN_WITHIN) != 0;
    return again && w->dev_of[r->src] == s->to_dev ? s->to_dev : s->from_dev;
}

static void find_focus(struct stays *to, u32 leg) {
    const struct weave *w = to->w;
    const struct sum *s = &w->sums[leg];
    for (u32 k = s->nnumbers; k < s->nfacts; k++) {
        const struct fact *f = &w->leg_facts[s->facts_at + k];
        if (f->kind != FACT_FOCUS) continue;
        const struct fact *called = related_called(w, s, 0);
        u64 key = f->hash;
        u32 label = f->label;
        if (!label && called) { /* a bridge that does not say which conference */
            key = hash_mix(key, called->hash);
            label = called->label;
        }
        stay_add(to, leg, hash_mix(key, FACT_FOCUS), focus_dev(w, s, f), label);
        return;
    }
}

/* ---- rooms ------------------------------------------------------------------------------------------- */

static bool answered_at_once(const struct weave *w, const struct sum *s) {
    i64 asked = s->retry_msg ? msg_us(w, s->retry_msg) : s->start_us;
    return s->answer_us != NEVER && s->answer_us - asked <= AT_ONCE_US &&
           !(s->flags & (SUM_RECORDING | SUM_LAX | SUM_TRANSFER));
}

static void find_room(struct stays *to, u32 leg) {
    const struct sum *s = &to->w->sums[leg];
    if (!answered_at_once(to->w, s)) return;
    const struct fact *called = related_called(to->w, s, 0);
    if (!called) return;
    stay_add(to, leg, hash_mix(hash_mix(called->hash, s->to_dev), FACT_CALLED), s->to_dev,
             called->label);
    to->room_of[leg] = (u32)to->n;
}

/* A leg that left the device where its parent stays: before the answer it was passed on, and nobody stays; after it, it goes to
 * an agent. */
static void look_at_child(struct stays *all, const struct sum *c) {
    u32 room = c->parent ? all->room_of[c->parent - 1] : 0;
    if (!room || c->flags & SUM_RECORDING) return;
    struct stay *stay = &all->rows[room - 1];
    enum evidence_kind cause = leg_cause(all->w, c);
    if (c->start_us < stay->from_us || cause == EVIDENCE_SAME_CALL_ID) {
        stay->to_us = NEVER;
        return;
    }
    if (c->flags & SUM_TRANSFER || cause == EVIDENCE_AFTER_REFER ||
        cause == EVIDENCE_AFTER_HOLD || stay->to_us == NEVER)
        return;
    const struct fact *called = related_called(all->w, c, 0);
    if (!stay->agent || c->answer_us != NEVER)
        stay->agent = hash_mix(called ? called->hash : 0, c->to_dev) | 1;
    if (c->answer_us != NEVER && (stay->open || c->answer_us < stay->to_us)) {
        stay->to_us = i64_max(c->answer_us, stay->from_us);
        stay->open = false;
    }
}

/* ---- who was there together ---------------------------------------------------------------------- */

static int by_key_and_time(const void *a, const void *b) {
    const struct stay *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    if (x->from_us != y->from_us) return x->from_us < y->from_us ? -1 : 1;
    if (x->group != y->group) return x->group < y->group ? -1 : 1;
    return (x->leg > y->leg) - (x->leg < y->leg);
}

static i64 overlap(const struct stay *a, const struct stay *b) {
    return i64_min(a->to_us, b->to_us) - i64_max(a->from_us, b->from_us);
}

/* Each with those that came after it and while it was there. */
static void relate(const struct stay *rows, isize n, enum related_why why, i64 least_us,
                   struct related_pairs *to) {
    for (isize i = 0; i < n; i++) {
        if (why == WHY_BRIDGE && !rows[i].crowded) continue;
        for (isize k = i + 1; k < n && k <= i + STEPS_BACK; k++) {
            i64 us = overlap(&rows[i], &rows[k]);
            if (rows[k].from_us >= rows[i].to_us) break;
            if (us < least_us || (why == WHY_BRIDGE && !rows[k].crowded)) continue;
            if (rows[i].open && rows[k].open) us = -1;
            related_add(to, rows[i].group, rows[k].group,
                        (struct relation){.why = (u8)why,
                                          .label = rows[k].label,
                                          .dev = rows[k].dev,
                                          .us = us});
        }
    }
}

/* Agents are dialled from here, and one of them for several calls. */
static bool is_queue(const struct stay *rows, isize n) {
    struct map agents = {0}; /* agent -> group + 1 */
    bool queue = false;
    for (isize i = 0; i < n && !queue; i++) {
        if (!rows[i].agent) continue;
        u32 *group = map_put(&agents, rows[i].agent);
        queue = *group && *group != rows[i].group + 1;
        *group = rows[i].group + 1;
    }
    map_drop(&agents);
    return queue;
}

/* All that are there when one comes, as far as CROWD goes; false: it is a crowd. */
static bool find_crowds(struct stay *rows, isize n) {
    for (isize i = 0; i < n; i++) {
        isize there[2] = {0}, count = 0, all = 0;
        for (isize k = i - 1; k >= 0 && k >= i - 2 * CROWD; k--) {
            all += rows[k].to_us > rows[i].from_us;
            if (overlap(&rows[k], &rows[i]) < MEETING_US) continue;
            if (rows[k].group == rows[i].group) continue;
            if (count == 1 && rows[k].group == rows[there[0]].group) continue;
            if (count < 2) {
                there[count] = k;
            } else {
                rows[k].crowded = true;
            }
            count++;
        }
        if (all >= CROWD) return false;
        if (count < 2) continue;
        rows[i].crowded = rows[there[0]].crowded = rows[there[1]].crowded = true;
    }
    return true;
}

static void relate_room(const struct stays *all, struct stay *rows, isize n,
                        struct related_pairs *to) {
    bool agents = false;
    for (isize i = 0; i < n; i++) agents |= rows[i].agent != 0;
    if (agents) {
        if (is_queue(rows, n)) relate(rows, n, WHY_QUEUE, TOGETHER_US, to);
    } else if (n >= 3 && !all->dials[rows[0].dev] && find_crowds(rows, n)) {
        relate(rows, n, WHY_BRIDGE, MEETING_US, to);
    }
}

static void relate_all(struct stays *all, struct related_pairs *to) {
    isize n = 0;
    for (isize i = 0; i < all->n; i++) {
        if (all->rows[i].to_us != NEVER) all->rows[n++] = all->rows[i];
    }
    if (n < 2) return;
    qsort(all->rows, (size_t)n, sizeof *all->rows, by_key_and_time);
    for (isize i = 0, j; i < n; i = j) {
        for (j = i + 1; j < n && all->rows[j].key == all->rows[i].key;) j++;
        if (j - i < 2) continue;
        if (all->room_of) {
            relate_room(all, all->rows + i, j - i, to);
        } else {
            relate(all->rows + i, j - i, WHY_FOCUS, TOGETHER_US, to);
        }
    }
}

void together_find(const struct weave *w, struct related_pairs *to) {
    struct stays focus = {.w = w}, rooms = {.w = w};
    rooms.room_of = base_new(w->nsums + 1, (isize)sizeof *rooms.room_of);
    rooms.dials = base_new(w->ndevs + 1, (isize)sizeof *rooms.dials);
    for (u32 i = 0; (isize)i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL) continue;
        rooms.dials[s->from_dev] = true;
        if (s->answer_us == NEVER) continue;
        if (s->flags & SUM_RELATES) find_focus(&focus, i);
        find_room(&rooms, i);
    }
    for (isize i = 0; rooms.n > 1 && i < w->nsums; i++)
        look_at_child(&rooms, &w->sums[i]);
    relate_all(&focus, to);
    relate_all(&rooms, to);
    base_free(rooms.room_of);
    base_free(rooms.dials);
    base_free(rooms.rows);
    base_free(focus.rows);
}
