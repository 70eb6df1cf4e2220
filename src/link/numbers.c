#include "link/numbers.h"

static u32 where_of(u32 dev, enum number_role role) {
    return dev << 2 | (u32)role;
}

static enum number_role role_of(const struct fact *f) {
    return f->kind == FACT_CALLER ? NUMBER_REACHED_CALLER : NUMBER_REACHED_CALLED;
}

/* ---- which number is it --------------------------------------------------------------------------- */

void numbers_count(struct weave *w) {
    w->number_of = base_room(w->number_of, &w->cap_number_of, w->nleg_facts + 1,
                             (isize)sizeof *w->number_of);
    map_clear(&w->number_rows);
    w->nnumbers = 0;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        for (u32 k = s->facts_at; k < s->facts_at + s->nnumbers; k++) {
            u32 *row = map_put(&w->number_rows, w->leg_facts[k].hash);
            if (!*row) *row = ++w->nnumbers;
            w->number_of[k] = *row;
        }
    }
}

void numbers_forget(struct weave *w) {
    map_drop(&w->number_rows);
    base_free(w->number_of);
    w->number_of = NULL;
    w->cap_number_of = 0;
}

u32 numbers_row(const struct numbers *t, u64 hash) {
    return map_get(&t->w->number_rows, hash);
}

/* ---- where it was met --------------------------------------------------------------------------------- */

/* A leg met a number somewhere. */
struct meeting {
    u32 where, leg;
    u32 fact; /* row of leg_facts; NOBODY: the leg left that device */
};

#define NOBODY UINT32_MAX

/* All meetings, those of a number together, by start. */
struct meetings {
    struct meeting *rows;
    u32 *at; /* by number: where its rows are, and where the next one's are */
};

static isize count_meetings(const struct weave *w, u32 *at) {
    isize all = 0;
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        if (s->kind != KIND_CALL) continue;
        for (u32 k = s->facts_at; k < s->facts_at + s->nnumbers; k++) {
            u32 n = w->leg_facts[k].kind == FACT_CALLER ? 2 : 1;
            at[w->number_of[k]] += n;
            all += n;
        }
    }
    return all;
}

static void put_meetings(struct meetings *m, const struct weave *w, u32 leg) {
    const struct sum *s = &w->sums[leg];
    for (u32 k = s->facts_at; k < s->facts_at + s->nnumbers; k++) {
        const struct fact *f = &w->leg_facts[k];
        u32 *to = &m->at[w->number_of[k]];
        m->rows[(*to)++] = (struct meeting){where_of(s->to_dev, role_of(f)), leg, k};
        if (f->kind == FACT_CALLER)
            m->rows[(*to)++] =
                (struct meeting){where_of(s->from_dev, NUMBER_SENT_CALLER), leg, NOBODY};
    }
}

static struct meetings find_meetings(const struct weave *w, const u32 *by_start) {
    struct meetings m;
    m.at = base_new((isize)w->nnumbers + 2, (isize)sizeof *m.at);
    isize all = count_meetings(w, m.at);
    u32 at = 0;
    for (u32 i = 0; i <= w->nnumbers; i++) {
        u32 n = m.at[i];
        m.at[i] = at;
        at += n;
    }
    m.rows = base_new(all + 1, (isize)sizeof *m.rows);
    for (isize i = 0; i < w->nsums; i++) {
        if (w->sums[by_start[i]].kind == KIND_CALL) put_meetings(&m, w, by_start[i]);
    }
    return m; /* each at[] has moved on to the next one's beginning */
}

/* Those of one number by device, which are few for most; by start within it. */
static void sort_meetings(struct meeting *rows, isize n) {
    enum { FEW = 32 };
    if (n <= FEW) {
        for (isize i = 1; i < n; i++) {
            struct meeting row = rows[i];
            isize to = i;
            for (; to > 0 && rows[to - 1].where > row.where; to--)
                rows[to] = rows[to - 1];
            rows[to] = row;
        }
        return;
    }
    struct sort_row *order = base_new(n, (isize)sizeof *order);
    struct meeting *old = base_new(n, (isize)sizeof *old);
    memcpy(old, rows, (size_t)n * sizeof *old);
    for (isize i = 0; i < n; i++) order[i] = (struct sort_row){rows[i].where, (u64)i};
    sort_rows(order, n);
    for (isize i = 0; i < n; i++) rows[i] = old[order[i].value];
    base_free(order);
    base_free(old);
}

static void note_who(struct numbers *t) {
    const struct weave *w = t->w;
    t->who = base_new(w->nsums + 1, (isize)sizeof *t->who);
    for (isize i = 0; i < w->nsums; i++) {
        const struct sum *s = &w->sums[i];
        for (u32 k = s->facts_at + s->nnumbers; k-- > s->facts_at;) {
            bool caller = w->leg_facts[k].kind == FACT_CALLER;
            *(caller ? &t->who[i].caller : &t->who[i].called) = w->number_of[k];
        }
    }
}

/* The leg met the number there: is it the first that it shows? */
static void note_place(struct numbers *t, const struct meeting *m, u32 number) {
    struct who *who = &t->who[m->leg];
    u32 role = m->where & 3, place = (u32)t->nplaces;
    if (role == NUMBER_SENT_CALLER && who->caller == number) who->sent = place;
    if (role == NUMBER_REACHED_CALLED && who->called == number) who->reached = place;
}

static void take_place(struct numbers *t, const struct meeting *rows, isize n, u32 number,
                       u32 *at) {
    t->places =
        base_grow(t->places, &t->cap_places, t->nplaces + 1, (isize)sizeof *t->places);
    t->places[t->nplaces++] = (struct number_place){rows[0].where, *at, (u32)n};
    for (isize i = 0; i < n; i++) note_place(t, &rows[i], number);
    for (isize i = 0; i < n && rows[i].fact != NOBODY; i++) {
        t->reached[rows[i].fact] = (u32)t->nplaces;
        t->legs[(*at)++] = rows[i].leg;
    }
}

void numbers_open(struct numbers *t, const struct weave *w, const u32 *by_start) {
    struct meetings m = find_meetings(w, by_start);
    u32 at = 0, from = 0;
    *t = (struct numbers){.w = w};
    note_who(t);
    t->reached = base_new(w->nleg_facts + 1, (isize)sizeof *t->reached);
    t->first = base_new((isize)w->nnumbers + 2, (isize)sizeof *t->first);
    t->legs = base_new(w->nleg_facts + 1, (isize)sizeof *t->legs);
    for (u32 number = 1; number <= w->nnumbers; number++) {
        u32 end = m.at[number];
        t->first[number] = (u32)t->nplaces;
        sort_meetings(m.rows + from, (isize)end - from);
        for (u32 next; from < end; from = next) {
            for (next = from + 1; next < end && m.rows[next].where == m.rows[from].where;)
                next++;
            take_place(t, m.rows + from, (isize)next - from, number, &at);
        }
    }
    t->first[w->nnumbers + 1] = (u32)t->nplaces;
    base_free(m.rows);
    base_free(m.at);
}

void numbers_drop(struct numbers *t) {
    base_free(t->first);
    base_free(t->who);
    base_free(t->places);
    base_free(t->legs);
    base_free(t->reached);
    *t = (struct numbers){0};
}

const struct number_place *numbers_at(const struct numbers *t, u32 number, u32 dev,
                                      enum number_role role) {
    u32 where = where_of(dev, role), low = t->first[number], end = t->first[number + 1],
        high = end;
    while (low < high) {
        u32 mid = low + (high - low) / 2;
        if (t->places[mid].where < where)
            low = mid + 1;
        else
            high = mid;
    }
    return low < end && t->places[low].where == where ? &t->places[low] : NULL;
}
