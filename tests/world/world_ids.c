/* world_ids.c: Call-IDs, tags and branches in the shapes of different makers; numbers in all their forms. */
#include <string.h>

#include "world_own.h"

const char *id_hex(struct sim *s, struct arena *a, int digits) {
    char *out = arena_take(a, (size_t)digits + 1);
    uint64_t bits = 0;
    for (int i = 0; i < digits; i++) {
        if (i % 16 == 0) bits = dice_u64(&s->dice);
        out[i] = "0123456789abcdef"[bits & 15];
        bits >>= 4;
    }
    return out;
}

static const char *id_letters(struct sim *s, struct arena *a, int n) {
    static const char set[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    char *out = arena_take(a, (size_t)n + 1);
    for (int i = 0; i < n; i++) out[i] = set[dice_below(&s->dice, 64)];
    return out;
}

const char *id_uuid(struct sim *s, struct arena *a) {
    return arena_say(a, "%s-%s-4%s-a%s-%s", id_hex(s, a, 8), id_hex(s, a, 4),
                     id_hex(s, a, 3), id_hex(s, a, 3), id_hex(s, a, 12));
}

static const char *ip_of(struct sim *s, struct arena *a, int addr) {
    const char *host = s->host[addr];
    size_t n = strcspn(host, ":");
    char *out = arena_take(a, n + 1);
    return memcpy(out, host, n);
}

/* Kept as long as the world: truth names it. */
const char *id_call(struct sim *s, int device, int addr) {
    struct gear *g = &s->gear[device];
    struct arena *a = &s->keep;
    const char *ip = g->private_host ? "192.168.1.20" : ip_of(s, a, addr);
    unsigned seconds = (unsigned)(s->now / 1000000), us = (unsigned)(s->now % 1000000);
    g->counter += 1 + dice_u64(&s->dice) % 3;
    switch (g->style->call_id) {
    case 0: return arena_say(a, "%s@%s", id_hex(s, a, 32), ip);
    case 1: return id_uuid(s, a);
    case 2:
        return arena_say(a, "%08llx-%u@%s", (unsigned long long)g->counter, seconds, ip);
    case 3:
        return arena_say(a, "BW%02u%02u%02u%03u%06u%d@%s", seconds / 3600 % 24,
                         seconds / 60 % 60, seconds % 60, us / 1000, 221114u,
                         dice_between(&s->dice, -2000000000, 2000000000), ip);
    case 4: return arena_say(a, "%s@%s", id_hex(s, a, 16), ip);
    case 5: return id_letters(s, a, 22);
    case 6:
        return arena_say(a, "%u-%u-%llu@%s", seconds, us / 1000,
                         (unsigned long long)(g->counter % 1000), ip);
    case 7:
        return arena_say(a, "%u%05d", dice_below(&s->dice, 2000000000),
                         dice_below(&s->dice, 100000));
    default: return arena_say(a, "%s-%s", id_hex(s, a, 8), id_uuid(s, a));
    }
}

const char *id_tag(struct sim *s, int device) {
    struct gear *g = &s->gear[device];
    struct arena *a = &s->keep;
    switch (g->style->tag) {
    case 0: return id_hex(s, a, 10);
    case 1: return arena_say(a, "as%s", id_hex(s, a, 8));
    case 2: return arena_say(a, "%llu", (unsigned long long)(dice_u64(&s->dice) >> 4));
    case 3:
        return arena_say(a, "SD%s-%d", id_hex(s, a, 7),
                         dice_between(&s->dice, 100000000, 999999999));
    case 4: return id_letters(s, a, 13);
    case 5:
        return arena_say(a, "%u-%lld", (unsigned)(g->counter += 1),
                         (long long)(s->now / 1000));
    default: return arena_say(a, "%d", dice_between(&s->dice, 10000000, 999999999));
    }
}

const char *id_branch(struct sim *s, struct call *c, int device) {
    struct gear *g = &s->gear[device];
    struct arena *a = &c->arena;
    switch (g->style->branch) {
    case 0: return arena_say(a, "z9hG4bK%s", id_hex(s, a, 16));
    case 1:
        return arena_say(a, "z9hG4bK-%d-%s", dice_below(&s->dice, 1000000),
                         id_hex(s, a, 12));
    case 2: return arena_say(a, "z9hG4bKPj%s", id_letters(s, a, 24));
    case 3:
        return arena_say(a, "z9hG4bK%lld%05llu", (long long)(s->now / 10),
                         (unsigned long long)(g->counter++ % 100000));
    default: return arena_say(a, "z9hG4bK-524287-1---%s", id_hex(s, a, 16));
    }
}

/* Digits with their country code. The country at home is 44; what begins with no country is short and stays. */
const char *number_as(struct sim *s, struct call *c, const char *digits, enum form form) {
    struct arena *a = &c->arena;
    bool home = digits[0] == '4' && digits[1] == '4';
    if (strlen(digits) < 8) return digits;
    switch (form) {
    case FORM_PLUS: return arena_say(a, "+%s", digits);
    case FORM_00: return arena_say(a, "00%s", digits);
    case FORM_NATIONAL:
        return home ? arena_say(a, "0%s", digits + 2) : arena_say(a, "00%s", digits);
    case FORM_BARE: return digits;
    case FORM_PREFIX:
        return arena_say(a, "99%d%s", 100 + (int)(s->plan->seed % 7), digits);
    case FORM_NPDI:
        return arena_say(a, "+%s;npdi;rn=+44%d", digits,
                         2000000000 + (digits[7] - '0') * 1111);
    case FORM_LOCAL:
    case FORMS: break;
    }
    return home ? arena_say(a, "0%s", digits + 2) : arena_say(a, "+%s", digits);
}
