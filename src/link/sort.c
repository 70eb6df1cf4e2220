/* sort.c: rows by key, then value. Few are compared; many are dealt out digit by digit, from the lowest to the highest, into as many
 * piles as a digit has values (radix sort): only by digits in which rows differ, and by those of the value only where rows did not
 * come in its order. */
#include "link/weave.h"

#include <stdlib.h>

enum { FEW = 24, MANY = 256, DIGIT = 11, PILES = 1 << DIGIT };

static bool before(const struct sort_row *x, const struct sort_row *y) {
    return x->key != y->key ? x->key < y->key : x->value < y->value;
}

static int by_key(const void *a, const void *b) {
    return before(a, b) ? -1 : before(b, a);
}

static void insert(struct sort_row *rows, isize n) {
    for (isize i = 1; i < n; i++) {
        struct sort_row row = rows[i];
        isize at = i;
        for (; at > 0 && before(&row, &rows[at - 1]); at--) rows[at] = rows[at - 1];
        rows[at] = row;
    }
}

static isize digit_of(const struct sort_row *row, bool of_value, int shift) {
    return (isize)((of_value ? row->value : row->key) >> shift & (PILES - 1));
}

static void deal(const struct sort_row *from, struct sort_row *to, isize n, bool of_value,
                 int shift) {
    isize at[PILES] = {0}, sum = 0;
    for (isize i = 0; i < n; i++) at[digit_of(&from[i], of_value, shift)]++;
    for (isize i = 0; i < PILES; i++) {
        isize count = at[i];
        at[i] = sum;
        sum += count;
    }
    for (isize i = 0; i < n; i++) to[at[digit_of(&from[i], of_value, shift)]++] = from[i];
}

static void sort_many(struct sort_row *rows, isize n) {
    u64 keys = 0, values = 0;
    bool values_rise = true;
    for (isize i = 1; i < n; i++) {
        keys |= rows[i].key ^ rows[0].key;
        values |= rows[i].value ^ rows[0].value;
        values_rise &= rows[i - 1].value <= rows[i].value;
    }
    struct sort_row *other = base_new(n, (isize)sizeof *other), *from = rows, *to = other;
    for (int part = values_rise; part < 2; part++) {
        u64 differ = part ? keys : values;
        for (int shift = 0; shift < 64; shift += DIGIT) {
            if (!(differ >> shift & (PILES - 1))) continue;
            deal(from, to, n, !part, shift);
            struct sort_row *swap = to;
            to = from;
            from = swap;
        }
    }
    if (from != rows) memcpy(rows, from, (size_t)n * sizeof *rows);
    base_free(other);
}

void sort_rows(struct sort_row *rows, isize n) {
    isize i = 1;
    while (i < n && !before(&rows[i], &rows[i - 1])) i++;
    if (i >= n) return;
    if (n <= FEW) {
        insert(rows, n);
    } else if (n < MANY) {
        qsort(rows, (size_t)n, sizeof *rows, by_key);
    } else {
        sort_many(rows, n);
    }
}

/* As many piles as rows, by the upper bits of the key: in each of them is hardly more than one. */
void sort_hashes(struct sort_row *rows, isize n) {
    int bits = 8;
    while (bits < 30 && (isize)1 << bits < n) bits++;
    if (n < MANY) {
        sort_rows(rows, n);
        return;
    }
    isize piles = (isize)1 << bits, from = 0;
    u32 *at = base_new(piles + 1, (isize)sizeof *at);
    struct sort_row *other = base_new(n, (isize)sizeof *other);
    for (isize i = 0; i < n; i++) at[(rows[i].key >> (64 - bits)) + 1]++;
    for (isize i = 0; i < piles; i++) at[i + 1] += at[i];
    for (isize i = 0; i < n; i++) other[at[rows[i].key >> (64 - bits)]++] = rows[i];
    for (isize i = 0; i < piles;
         i++) { /* each at[] has moved on to the next one's beginning */
        if ((isize)at[i] - from > 1) sort_rows(other + from, (isize)at[i] - from);
        from = at[i];
    }
    memcpy(rows, other, (size_t)n * sizeof *rows);
    base_free(other);
    base_free(at);
}
