#include "serve/value.h"

#include "base/time.h"

#include <string.h>

enum {
    SPAN_MAX = 1000000
}; /* of any unit: a million weeks still fit into microseconds */

bool status_read(str text, struct status_range *s) {
    struct str_number one = str_u64(text, 699);
    if (one.ok && one.value >= 100) {
        s->low = s->high = (int)one.value;
        return true;
    }
    if (text.n == 3 && str_eq_nocase(str_from(text, 1), S("xx")) && text.p[0] >= '1' &&
        text.p[0] <= '6') {
        s->low = (text.p[0] - '0') * 100;
        s->high = s->low + 99;
        return true;
    }
    struct str_pair cut = str_cut(text, '-');
    struct str_number low = str_u64(cut.head, 699), high = str_u64(cut.tail, 699);
    if (!cut.ok || !low.ok || !high.ok || low.value < 100 || low.value > high.value)
        return false;
    s->low = (int)low.value;
    s->high = (int)high.value;
    return true;
}

static i64 unit_us(str unit) {
    static const struct {
        const char *name;
        i64 s;
    } units[] = {{"", 1},     {"s", 1},     {"m", 60},    {"min", 60},
                 {"h", 3600}, {"d", 86400}, {"w", 604800}};
    for (isize i = 0; i < countof(units); i++) {
        if (str_eq_nocase(unit, str_z(units[i].name))) return units[i].s * US_PER_S;
    }
    return 0;
}

bool span_read(str text, i64 *us) {
    isize n = 0;
    while (n < text.n && is_digit(text.p[n])) n++;
    struct str_number number = str_u64(str_sub(text, 0, n), SPAN_MAX);
    i64 unit = unit_us(str_from(text, n));
    *us = (i64)number.value * unit;
    return number.ok && unit != 0;
}

/* A date alone, or a time without seconds, is made whole: time_read_iso wants all of it. */
static str time_whole(str text, u8 room[64]) {
    isize n = i64_min(text.n, 50);
    if (n) memcpy(room, text.p, (size_t)n);
    str clock = S("T00:00:00"), seconds = S(":00");
    if (n == 10) {
        memcpy(room + n, clock.p, (size_t)clock.n);
        n += clock.n;
    } else if (n >= 16 && room[13] == ':' && (n == 16 || room[16] != ':')) {
        memmove(room + 19, room + 16, (size_t)(n - 16));
        memcpy(room + 16, seconds.p, (size_t)seconds.n);
        n += seconds.n;
    }
    /* "+01:00" that was not escaped in an address comes as " 01:00" */
    for (isize i = 19; i + 5 < n; i++) {
        if (room[i] == ' ') room[i] = '+';
    }
    return (str){room, n};
}

bool instant_read(str text, i64 now_us, i32 zone_s, i64 *us) {
    i64 span;
    u8 room[64];
    if (str_eq_nocase(text, S("now"))) {
        *us = now_us;
        return true;
    }
    if (str_starts(text, S("-"))) {
        if (!span_read(str_from(text, 1), &span) ||
            str_sub(text, text.n - 1, 1).p[0] <= '9')
            return false;
        *us = i64_max(now_us - span, 1);
        return true;
    }
    str whole = time_whole(text, room);
    struct time_read t = time_read_iso(whole, zone_s);
    *us = i64_max(t.us, 1); /* 0 means "open" */
    return t.ok && t.n == whole.n;
}

bool zone_text_read(str text, i32 *zone_s) {
    *zone_s = 0;
    if (str_eq_nocase(text, S("utc")) || str_eq_nocase(text, S("z"))) return true;
    if (text.n < 5 || text.n > 6) return false;
    str hours = str_sub(text, 1, 2), minutes = str_from(text, text.n - 2);
    if (text.n == 6 && text.p[3] != ':') return false;
    struct str_number h = str_u64(hours, 14), m = str_u64(minutes, 59);
    if (!h.ok || !m.ok || (text.p[0] != '+' && text.p[0] != '-' && text.p[0] != ' '))
        return false;
    *zone_s = (i32)(h.value * 3600 + m.value * 60);
    if (text.p[0] == '-') *zone_s = -*zone_s;
    return true;
}

bool unfold_read(struct unfold *f, str text, arena *view) {
    *f = (struct unfold){.all = str_eq(text, S("all"))};
    if (f->all || text.n == 0) return true;
    isize most = 1;
    for (isize i = 0; i < text.n; i++) most += text.p[i] == ',';
    f->numbers = arena_new(view, int, most);
    while (text.n) {
        struct str_pair cut = str_cut(text, ',');
        struct str_number n = str_u64(cut.head, INT32_MAX);
        if (!n.ok) return false;
        f->numbers[f->n++] = (int)n.value;
        text = cut.tail;
    }
    return true;
}
