/* alike.c: which sightings may be one message, and an order of all of them that arrival does not change.
 *
 * Canonical order: by the name of the source, then as the source has them (stint, stamp, line, arrival within it).
 * Everything that a tie could decide is decided by it, so files may be read in any order. Mostly a source comes in its order already.
 *
 * Alike are two sightings when everything that names a message is equal (RFC 3261 §17.1.3, §17.2.3) and its text is,
 * whatever the addresses: a NAT lies between some capture points. Which of several alike ones are the same
 * message, and which are repeats, is for merge.c to say. Each sighting is compared with those of its Call-ID:
 *
 *     Call-ID ──last──> sighting ──before──> sighting ──before──> …          kinds: which sorts of them there are, in 64 bits
 *
 * Mostly the bits tell that it is the first of its sort. Past CHAIN of them a map tells which one is like it. */
#include "link/weave.h"

#include <stdlib.h>

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

/* Sightings canon[from .. from + n) of one source, by stamp and line. */
static void sort_source(struct weave *w, isize from, isize n) {
    struct sort_row *rows = base_new(n, (isize)sizeof *rows);
    for (isize i = 0; i < n; i++) {
        u32 row = w->canon[from + i];
        u64 line = w->trace.places[row].line;
        rows[i] = (struct sort_row){sort_time(w->trace.times[row]), line << 32 | row};
    }
    sort_rows(rows, n);
    stint_split(w, rows, n, from);
    for (isize i = 0; i < n; i++) w->canon[from + i] = (u32)rows[i].value;
    base_free(rows);
}

static void rank_sightings(struct weave *w) {
    isize n = w->trace.nseen, nsources = w->trace.nsources, place = 0;
    u32 *by_rank = base_new(nsources + 1, (isize)sizeof *by_rank);
    isize *at = base_new(nsources + 1, (isize)sizeof *at); /* by source */
    w->canon = base_room(w->canon, &w->cap_canon, n + 1, (isize)sizeof *w->canon);
    w->nstints = 0;
    for (u32 s = 0; (isize)s < nsources; s++) by_rank[w->source_rank[s]] = s;
    for (isize i = 0; i < nsources; i++) {
        at[by_rank[i]] = place;
        place += w->arrivals[by_rank[i]].n;
    }
    for (isize i = 0; i < n; i++) {
        u32 source = nsources == 1 ? 0 : w->trace.seen[i].source;
        w->canon[at[source]++] = (u32)i;
    }
    for (isize i = 0; i < nsources; i++) {
        const struct arrival *a = &w->arrivals[by_rank[i]];
        isize from = at[by_rank[i]] - a->n;
        if (a->disorder) {
            sort_source(w, from, a->n);
        } else {
            stint_split(w, NULL, 0, from);
        }
    }
    base_free(by_rank);
    base_free(at);
}

/* Of one source that has its rows in their order nobody has to know the places. */
static void rank_rows(struct weave *w) {
    isize n = w->trace.nseen;
    base_free(w->rank);
    w->rank = NULL;
    if (w->trace.nsources == 1 && !w->arrivals[0].disorder) return;
    w->rank = base_new(n + 1, (isize)sizeof *w->rank);
    for (isize i = 0; i < n; i++) w->rank[w->canon[i]] = (u32)i;
}

/* Twelve lines with one stamp were written in that second in this order: each probably at its twelfth of it. */
static void spread_coarse(struct weave *w) {
    isize n = w->trace.nseen, u = (isize)sizeof(u32);
    if (!w->coarse) return;
    w->spread_at = base_room(w->spread_at, &w->cap_spread_at, n, u);
    w->spread_by = base_room(w->spread_by, &w->cap_spread_by, n, u);
    for (isize i = 0, j; i < n; i = j) {
        const struct seen *r = &w->trace.seen[w->canon[i]];
        i64 us = seen_time_us(&w->trace, r);
        for (j = i + 1; j < n; j++) {
            const struct seen *o = &w->trace.seen[w->canon[j]];
            if (o->source != r->source || seen_time_us(&w->trace, o) != us) break;
        }
        for (isize k = i; k < j; k++) {
            u64 precision = w->trace.seen[w->canon[k]].precision_us;
            bool coarse = precision >= SPREAD_FROM_US;
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

static void look_at_call_id(struct weave *w, u32 number) {
    if (w->call_ids[number]) return;
    str text = str_table_get(&w->trace.strings, number);
    w->call_ids[number] = hash_bytes(text, 0) | 1;
    if (!is_masked(text)) return;
    *map_put(&w->masked, number) = 1;
    w->some_masked = true;
}

static u64 header_identity(const struct trace *t, u32 row) {
    const struct seen *r = &t->seen[row];
    const struct ident *m = &t->idents[row];
    const struct step *in = &t->steps[row];
    u64 what = (u64)r->method << 32 | (u64)r->status << 8 | (r->flags & SEEN_REQUEST);
    u64 h = hash_mix((u64)t->call_ids[row] << 32 | in->cseq, what);
    return hash_mix(h ^ in->to_tag, (u64)m->branch << 32 | m->from_tag);
}

static bool same_headers(const struct trace *t, u32 x, u32 y) {
    const struct seen *a = &t->seen[x], *b = &t->seen[y];
    const struct ident *m = &t->idents[x], *o = &t->idents[y];
    const struct step *in = &t->steps[x], *on = &t->steps[y];
    return m->branch == o->branch && in->cseq == on->cseq && a->method == b->method &&
           a->status == b->status && m->from_tag == o->from_tag &&
           in->to_tag == on->to_tag && !((a->flags ^ b->flags) & SEEN_REQUEST);
}

/* The sightings of one Call-ID so far, each sort once. */
struct sorts {
    u64 kinds;
    u32 last, n; /* last: row + 1 */
};

struct alikes {
    struct weave *w;
    struct map whole;    /* where some are cut: headers -> text of a whole one */
    struct map far;      /* past CHAIN: headers and text -> row + 1 */
    struct sorts *sorts; /* by Call-ID */
    u32 *before;         /* by row: the one before it of its Call-ID: row + 1 */
};

enum { CHAIN = 32 };

/* What has been cut short takes the content of a whole one with the same headers, if there is one. */
static void whole_contents(struct alikes *g) {
    const struct weave *w = g->w;
    for (isize i = 0; w->some_cut && i < w->trace.nseen; i++) {
        u32 row = w->canon[i];
        if (!(w->trace.seen[row].flags & SEEN_CUT))
            *map_put(&g->whole, header_identity(&w->trace, row)) = w->trace.contents[row];
    }
}

static u32 content_of(const struct alikes *g, u32 row) {
    const struct trace *t = &g->w->trace;
    if (!(t->seen[row].flags & SEEN_CUT)) return t->contents[row];
    return map_get(&g->whole, header_identity(t, row));
}

static u64 kind_bit(const struct trace *t, u32 row, u32 content) {
    const struct seen *r = &t->seen[row];
    const struct step *in = &t->steps[row];
    u64 what = (u64)r->method << 40 | (u64)r->status << 24 | (r->flags & SEEN_REQUEST);
    u64 mixed = ((u64)t->idents[row].branch << 32 | content) ^ what ^
                ((u64)in->to_tag << 16 | in->cseq) * 0xff51afd7ed558ccdu;
    return (u64)1 << (mixed * 0x9e3779b97f4a7c15u >> 58);
}

/* The first one that was like this row, + 1; 0: this one is the first. */
static u32 find_alike(struct alikes *g, u32 row) {
    const struct weave *w = g->w;
    struct sorts *sorts = &g->sorts[w->trace.call_ids[row]];
    u32 content = content_of(g, row), at = sorts->last, *far = NULL;
    u64 bit = kind_bit(&w->trace, row, content);
    if (sorts->n >= CHAIN)
        far = map_put(&g->far, hash_mix(header_identity(&w->trace, row), content));
    u32 known = far ? *far : 0;
    if (known) return known;
    if (!(sorts->kinds & bit)) at = 0;
    while (at) {
        if (same_headers(&w->trace, row, at - 1) && content_of(g, at - 1) == content)
            break;
        at = g->before[at - 1];
    }
    if (far) *far = at ? at : row + 1;
    if (at || far) return at;
    g->before[row] = sorts->last;
    sorts->last = row + 1;
    sorts->kinds |= bit;
    sorts->n++;
    return 0;
}

/* The group that a sighting is in, made when it was alone. */
static struct alike *group_of(struct weave *w, u32 row) {
    if (!w->nalikes) {
        isize n = w->trace.nseen + 1, u = (isize)sizeof(u32);
        w->alike_of = base_new(n, u);
        w->next_alike = base_new(n, u);
    }
    if (!w->alike_of[row]) {
        w->alikes = base_grow(w->alikes, &w->cap_alikes, w->nalikes + 1,
                              (isize)sizeof *w->alikes);
        w->alikes[w->nalikes++] = (struct alike){row, row, 1};
        w->alike_of[row] = (u32)w->nalikes;
    }
    return &w->alikes[w->alike_of[row] - 1];
}

static void gather_alikes(struct weave *w) {
    isize n = w->trace.nseen, nstrings = w->trace.strings.n + 1;
    struct alikes g = {.w = w};
    whole_contents(&g);
    g.sorts = base_new(nstrings, (isize)sizeof *g.sorts);
    g.before = base_new(n + 1, (isize)sizeof *g.before);
    alike_forget(w);
    w->call_ids =
        base_grow(w->call_ids, &w->cap_call_ids, nstrings, (isize)sizeof *w->call_ids);
    for (isize i = 0; i < n; i++) {
        u32 row = w->canon[i];
        look_at_call_id(w, w->trace.call_ids[row]);
        u32 like = find_alike(&g, row);
        if (!like) continue;
        struct alike *a = group_of(w, like - 1);
        w->next_alike[a->last] = row + 1;
        w->alike_of[row] = w->alike_of[like - 1];
        a->last = row;
        a->n++;
    }
    map_drop(&g.whole);
    map_drop(&g.far);
    base_free(g.sorts);
    base_free(g.before);
}

void alike_forget(struct weave *w) {
    base_free(w->alike_of);
    base_free(w->next_alike);
    w->alike_of = w->next_alike = NULL;
    w->nalikes = 0;
}

void alike_find(struct weave *w) {
    rank_sources(w);
    rank_sightings(w);
    rank_rows(w);
    spread_coarse(w);
    gather_alikes(w);
    if (w->finished) trace_forget(&w->trace, TRACE_CONTENTS);
}
