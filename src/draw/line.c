/* line.c: a call in one line, its fields under those of the line before. */
#include "draw/cells.h"
#include "draw/draw.h"
#include "draw/facts.h"
#include "draw/layout.h"

#include "base/time.h"

enum { WHO_W = 18, STATE_W = 16, SPAN_W = 12, LEGS_W = 8, DEVICES_W = 10 };

/* Does it take as many columns as bytes, and hide nothing? */
static bool is_plain(str s) {
    for (isize i = 0; i < s.n; i++) {
        if (s.p[i] < ' ' || s.p[i] > '~') return false;
    }
    return true;
}

static void field(struct out *o, arena a, str s, int width) {
    static const str blanks = {(const u8 *)"                    ", 20};
    if (s.n <= width && width <= blanks.n && is_plain(s)) { /* nearly always */
        out_bytes(o, s);
        out_bytes(o, str_sub(blanks, 0, width - s.n));
        return;
    }
    struct cells text = cells_text(&a, s, false);
    cells_write_padded(o, cells_fit(&a, text, width, false), width);
}

static str labelled(arena *a, const char *label, i64 ms, u32 precision_us) {
    str span = fact_span_ms(a, ms, precision_us);
    if (span.n == 0) return span;
    return arena_printf(a, "%s %.*s", label, (int)span.n, (const char *)span.p);
}

/* "2014-07-26 08:54:02" */
static str stamp(arena *a, i64 us, i32 zone_s) {
    if (us < 0) return S("-");
    struct civil c = time_to_civil(i64_min(us, INT64_MAX / 2) + zone_s * US_PER_S);
    return arena_printf(a, "%04d-%02d-%02d %02d:%02d:%02d", c.year, c.month, c.day,
                        c.hour, c.minute, c.second);
}

void draw_call_line(struct out *o, const struct call *c, i32 zone_s) {
    u8 room[8192];
    arena scratch = {room, room, room + sizeof room}, *a = &scratch;
    field(o, *a, stamp(a, c->start_us, zone_s), 19);
    out_z(o, "  ");
    field(o, *a, str_sub(fact_who(c->from), 0, 256), WHO_W);
    out_z(o, " \u2192 ");
    field(o, *a, str_sub(fact_who(c->to), 0, 256), WHO_W);
    out_z(o, "  ");
    str state = fact_state(a, c->state, c->status);
    if (c->kind != KIND_CALL) {
        str kind = str_z(call_kind_text(c->kind));
        state =
            c->status ? arena_printf(a, "%s %d", (const char *)kind.p, c->status) : kind;
    }
    field(o, *a, state, STATE_W);
    out_z(o, "  ");
    field(o, *a, labelled(a, "rang", c->ring_ms, fact_precision(c)), SPAN_W);
    out_z(o, "  ");
    field(o, *a, labelled(a, "talked", c->duration_ms, fact_precision(c)), SPAN_W + 2);
    out_z(o, "  ");
    field(o, *a, fact_count(a, c->nlegs, "leg", "legs"), LEGS_W);
    field(o, *a, fact_count(a, c->ndevices, "device", "devices"), DEVICES_W);
    out_z(o, "  ");
    field(o, *a, str_sub(c->id, 0, 64), 13);
    out_byte(o, '\n');
}
