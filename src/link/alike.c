/* alike.c: which sightings may be one message, and an order of all of them that arrival does not change.
 *
 * Canonical order: by the name of the source, then as the source has them (stint, stamp, line, arrival within it).
 * Everything that a tie could decide is decided by it, so files may be read in any order.
 *
 * Alike are two sightings when everything that names a message is equal (RFC 3261 §17.1.3, §17.2.3) and its text is,
 * whatever the addresses: a NAT lies between some capture points. Which of several alike ones are the same
 * message, and which are repeats, is for merge.c to say. */
#include "link/weave.h"

#include <stdlib.h>

static int by_key(const void *a, const void *b) {
    const struct sort_row *x = a, *y = b;
    if (x->key != y->key) return x->key < y->key ? -1 : 1;
    return (x->value > y->value) - (x->value < y->value);
}

void sort_rows(struct sort_row *rows, isize n) {
    isize i = 1;
    while (i < n && by_key(&rows[i - 1], &rows[i]) <= 0) i++;
    if (i < n) qsort(rows, (size_t)n, sizeof *rows, by_key);
}

/* ---- canonical order -------------------------------------------------------------------------- */

struct named_source {
    const struct source *source;
    u32 number;
};

static int by_name(const void *a, const void *b) {
    const struct named_source *x = a, *y = b;
    int order = str_cmp(x->source->name, y->source->name);
    if (order == 0) order = str_cmp(x->source->device, y->source->device);
    if (order == 0) order = (int)x->source->kind - (int)y->source->kind;
    return order;
}

static void rank_sources(struct weave *w) {
    isize n = w->trace.nsources;
    struct named_source *all = base_new(n + 1, (isize)sizeof *all);
    w->source_rank = base_grow(w->source_rank, &w->cap_source_rank, n + 1,
                               (isize)sizeof *w->source_rank);
    for (isize i = 0; i < n; i++) {
        all[i] = (struct named_source){&w->trace.sources[i], (u32)i};
    }
    qsort(all, (size_t)n, sizeof *all, by_name);
    for (isize i = 0; i < n; i++) w->source_rank[all[i].number] = (u32)i;
    base_free(all);
}

static void rank_sightings(struct weave *w) {
    isize n = w->trace.nseen, nsources = w->trace.nsources;
    isize u = (isize)sizeof(u32);
    w->canon = base_grow(w->canon, &w->cap_canon, n + 1, u);
    w->rank = base_grow(w->rank, &w->cap_rank, n + 1, u);
    w->nstints = 0;
    struct sort_row *rows = base_new(n + 1, (isize)sizeof *rows);
    isize *at = base_new(nsources + 2, (isize)sizeof *at);
    for (isize i = 0; i < n; i++) at[w->source_rank[w->trace.seen[i].source] + 1]++;
    for (isize s = 0; s < nsources; s++) at[s + 1] += at[s];
    for (isize i = 0; i < n; i++) {
        const struct seen *r = &w->trace.seen[i];
        rows[at[w->source_rank[r->source]]++] =
            (struct sort_row){sort_time(r->time_us), (u64)r->line << 32 | (u64)i};
    }
    for (isize s = 0, from = 0; s < nsources; from = at[s++]) {
        sort_rows(rows + from, at[s] - from);
        stint_split(w, rows + from, at[s] - from, from);
    }
    for (isize i = 0; i < n; i++) {
        w->canon[i] = (u32)rows[i].value;
        w->rank[w->canon[i]] = (u32)i;
    }
    base_free(at);
    base_free(rows);
}

/* Twelve lines with one stamp were written in that second in this order: each probably at its twelfth of it. */
static void spread_coarse(struct weave *w) {
    enum { COARSE_US = 100000 };
    isize n = w->trace.nseen, u = (isize)sizeof(u32);
    w->coarse = false;
    for (isize i = 0; i < n && !w->coarse; i++) {
        w->coarse = w->trace.seen[i].precision_us >= COARSE_US;
    }
    if (!w->coarse) return;
    w->spread_at = base_grow(w->spread_at, &w->cap_spread_at, n, u);
    w->spread_by = base_grow(w->spread_by, &w->cap_spread_by, n, u);
    for (isize i = 0, j; i < n; i = j) {
        const struct seen *r = &w->trace.seen[w->canon[i]];
        for (j = i + 1; j < n; j++) {
            const struct seen *o = &w->trace.seen[w->canon[j]];
            if (o->source != r->source || o->time_us != r->time_us) break;
        }
        for (isize k = i; k < j; k++) {
            u64 precision = w->trace.seen[w->canon[k]].precision_us;
            bool coarse = precision >= COARSE_US;
            u64 parts = (u64)(j - i) + 1, at = precision * (u64)(k - i + 1) / parts;
            w->spread_at[w->canon[k]] = coarse ? (u32)at : 0;
            w->spread_by[w->canon[k]] = coarse ? (u32)(precision / parts) : 0;
        }
    }
}

/* ---- identity ------------------------------------------------------------------------------------ */

/* "[email protected]": what web pages make of every user@host (LOGFORMATS.md 17.8). */
static bool is_masked(str call_id) {
    return str_find(call_id, '[') >= 0 && str_find_nocase(call_id, S("[email")) >= 0;
}

static void look_at_call_ids(struct weave *w) {
    w->call_ids = base_grow(w->call_ids, &w->cap_call_ids, w->trace.strings.n + 1,
                            (isize)sizeof *w->call_ids);
    for (isize i = 0; i < w->trace.nseen; i++) {
        struct call_id *id = &w->call_ids[w->trace.seen[i].call_id];
        if (id->hash) continue;
        str text = str_table_get(&w->trace.strings, w->trace.seen[i].call_id);
        id->hash = hash_bytes(text, 0) | 1;
        id->masked = is_masked(text);
    }
}

static u64 header_identity(const struct weave *w, const struct seen *r) {
    u64 what = (u64)r->method << 32 | (u64)r->status << 8 | (r->flags & SEEN_REQUEST);
    u64 h = hash_mix(w->call_ids[r->call_id].hash ^ r->cseq, what);
    return hash_mix(h ^ r->to_tag, (u64)r->branch << 32 | r->from_tag);
}

/* What has been cut short takes the content of a whole one with the same headers, if there is one. */
static bool whole_contents(const struct weave *w, struct map *whole) {
    bool some = false;
    for (isize i = 0; i < w->trace.nseen && !some; i++) {
        some = (w->trace.seen[i].flags & SEEN_CUT) != 0;
    }
    for (isize i = 0; some && i < w->trace.nseen; i++) {
        const struct seen *r = &w->trace.seen[w->canon[i]];
        if (!(r->flags & SEEN_CUT)) *map_put(whole, header_identity(w, r)) = r->content;
    }
    return some;
}

static void gather_alikes(struct weave *w) {
    struct map groups = {0}, whole = {0};
    bool some_cut = whole_contents(w, &whole);
    isize n = w->trace.nseen;
    w->nalikes = 0;
    w->next_alike =
        base_grow(w->next_alike, &w->cap_next_alike, n + 1, (isize)sizeof(u32));
    for (isize i = 0; i < n; i++) {
        u32 row = w->canon[i];
        const struct seen *r = &w->trace.seen[row];
        u64 header = header_identity(w, r);
        u32 content = r->content;
        if (some_cut && (r->flags & SEEN_CUT)) content = map_get(&whole, header);
        u32 *number = map_put(&groups, hash_mix(header, content));
        w->next_alike[row] = 0;
        if (*number) {
            struct alike *a = &w->alikes[*number - 1];
            w->next_alike[a->last] = row + 1;
            a->last = row;
            a->n++;
            continue;
        }
        w->alikes = base_grow(w->alikes, &w->cap_alikes, w->nalikes + 1,
                              (isize)sizeof *w->alikes);
        w->alikes[w->nalikes++] = (struct alike){row, row, 1};
        *number = (u32)w->nalikes;
    }
    map_drop(&groups);
    map_drop(&whole);
}

void alike_find(struct weave *w) {
    rank_sources(w);
    rank_sightings(w);
    spread_coarse(w);
    look_at_call_ids(w);
    gather_alikes(w);
}
