/* stint.c: a clock that was set back. The lines of one source then have the same stamps twice, and only their numbers tell
 * which came first:
 *
 *     line    1     2     3     4     5     6     7          stint 1: lines 1 to 4
 *     stamp  :10   :11   :12   :13   :08   :09   :10         stint 2: lines 5 to 7, with a clock of its own
 *
 * A lone line with an odd stamp is none, nor are frames a moment out of order. Where the stamps of stints do not overlap, files
 * may have been put together in the wrong order: then stamps are believed, not lines, unless messages that others saw as well
 * say more (stint_arrange). Too many steps back are no clock. */
#include "link/weave.h"

enum { BACK_US = 500000, STINTS_A_SOURCE = 8 };

static bool in_order_of_lines(const struct sort_row *rows, isize n) {
    isize i = 1;
    while (i < n && rows[i - 1].value >> 32 <= rows[i].value >> 32) i++;
    return i >= n;
}

/* Are the lines from i on stamped earlier than those before? */
static bool steps_back(const struct sort_row *rows, const struct sort_row *lines, isize n,
                       isize i) {
    u64 here = rows[lines[i].value].key, before = rows[lines[i - 1].value].key;
    if (here >= before || before - here < BACK_US) return false;
    if (i >= 2 && here >= rows[lines[i - 2].value].key) return false;
    if (i + 1 == n) return false;
    u64 next = rows[lines[i + 1].value].key;
    return next < before && before - next >= BACK_US;
}

/* Where stints begin, in lines; how many there are. */
static isize find_steps(const struct sort_row *rows, const struct sort_row *lines,
                        isize n, isize *begin) {
    isize stints = 1;
    begin[0] = 0;
    for (isize i = 1; i < n; i++) {
        if (!steps_back(rows, lines, n, i)) continue;
        if (stints == STINTS_A_SOURCE) return 1;
        begin[stints++] = i;
    }
    return stints;
}

/* The later one lies before the earlier one altogether. */
static bool put_together(const struct sort_row *rows, const struct sort_row *lines,
                         isize a, isize b, isize end) {
    u64 first = UINT64_MAX, last = 0;
    for (isize i = a; i < b; i++) {
        u64 stamp = rows[lines[i].value].key;
        if (stamp < first) first = stamp;
    }
    for (isize i = b; i < end; i++) {
        u64 stamp = rows[lines[i].value].key;
        if (stamp > last) last = stamp;
    }
    return last < first;
}

/* The parts one after the other, each by stamp. */
static void part(struct sort_row *rows, const struct sort_row *lines, isize n,
                 const struct sort_row *stints, const isize *begin, isize nstints) {
    struct sort_row *all = base_new(n, (isize)sizeof *all);
    isize out = 0;
    for (isize l = 0; l < nstints; l++) {
        isize from = begin[stints[l].value], to = begin[stints[l].value + 1], at = out;
        for (isize i = from; i < to; i++) all[out++] = rows[lines[i].value];
        sort_rows(all + at, out - at);
    }
    for (isize i = 0; i < n; i++) rows[i] = all[i];
    base_free(all);
}

static void add_stint(struct weave *w, isize at) {
    w->stints =
        base_grow(w->stints, &w->cap_stints, w->nstints + 1, (isize)sizeof *w->stints);
    w->stints[w->nstints++] = (u32)at;
}

void stint_split(struct weave *w, struct sort_row *rows, isize n, isize at) {
    add_stint(w, at); /* of rows that are in order nobody has to ask more */
    if (in_order_of_lines(rows, n)) return;
    isize begin[STINTS_A_SOURCE + 1];
    struct sort_row *lines = base_new(n, (isize)sizeof *lines), order[STINTS_A_SOURCE];
    for (isize i = 0; i < n; i++)
        lines[i] = (struct sort_row){rows[i].value >> 32, (u64)i};
    sort_rows(lines, n);
    isize stints = find_steps(rows, lines, n, begin);
    begin[stints] = n;
    bool believed = false;
    for (isize l = 1; l < stints && !believed; l++)
        believed = put_together(rows, lines, begin[l - 1], begin[l], begin[l + 1]);
    for (isize l = 0; l < stints; l++)
        order[l] =
            (struct sort_row){believed ? rows[lines[begin[l]].value].key : 0, (u64)l};
    sort_rows(order, stints);
    if (stints > 1) part(rows, lines, n, order, begin, stints);
    for (isize l = 0; l + 1 < stints; l++) {
        at += begin[order[l].value + 1] - begin[order[l].value];
        add_stint(w, at);
    }
    base_free(lines);
}

static u16 source_of(const struct weave *w, isize stint) {
    return w->trace.seen[w->canon[w->stints[stint]]].source;
}

static isize end_of(const struct weave *w, isize stint) {
    return stint + 1 < w->nstints ? (isize)w->stints[stint + 1] : w->trace.nseen;
}

/* Stints [from, to) of one source, by when they begin. */
static void arrange(struct weave *w, isize from, isize to) {
    isize at = w->stints[from], n = end_of(w, to - 1) - at, out = at;
    struct sort_row *rows = base_new(to - from, (isize)sizeof *rows);
    u32 *old = base_new(n, (isize)sizeof *old);
    for (isize i = 0; i < n; i++) old[i] = w->canon[at + i];
    for (isize l = from; l < to; l++)
        rows[l - from] =
            (struct sort_row){sort_time(common_time(w, w->canon[w->stints[l]])), (u64)l};
    sort_rows(rows, to - from);
    for (isize l = 0; l < to - from; l++) {
        isize stint = (isize)rows[l].value;
        for (isize i = w->stints[stint]; i < end_of(w, stint); i++, out++) {
            w->canon[out] = old[i - at];
            w->rank[w->canon[out]] = (u32)out;
        }
    }
    base_free(rows);
    base_free(old);
}

void stint_arrange(struct weave *w) {
    if (w->nstints == w->trace.nsources) return;
    for (isize l = 0, end; l < w->nstints; l = end) {
        end = l + 1;
        if (w->stints[l] == end_of(w, l)) continue;
        while (end < w->nstints && w->stints[end] < end_of(w, end) &&
               source_of(w, end) == source_of(w, l))
            end++;
        if (end - l > 1) arrange(w, l, end);
    }
}

u32 stint_of(const struct weave *w, u32 row) {
    if (w->nstints == w->trace.nsources) return w->source_rank[w->trace.seen[row].source];
    isize low = 0, high = w->nstints; /* the last that begins there or before */
    while (high - low > 1) {
        isize half = low + (high - low) / 2;
        if (w->stints[half] <= rank_of(w, row)) {
            low = half;
        } else {
            high = half;
        }
    }
    return (u32)low;
}
