/* view_related.c: other calls that have to do with this one, in words. */
#include "link/related.h"
#include "link/view.h"

/* Of a call that is over. */
static str end_words(const struct view *v, const struct sum *s) {
    switch ((enum call_state)s->state) {
    case STATE_ANSWERED: return S("had ended");
    case STATE_CANCELLED: return S("had been cancelled");
    case STATE_RINGING: return S("was last seen, unanswered");
    default: break;
    }
    str reason = view_label(v, s, FACT_REASON, s->status);
    return arena_printf(v->a, "had failed (%d%s%.*s)", s->status, reason.n ? " " : "",
                        STR(reason));
}

static str span_words(arena *a, i64 us) {
    long long s = (us + 500000) / 1000000, h = s / 3600, m = s / 60 % 60;
    if (us < 1000) return S("less than a millisecond");
    if (us < 1000000) return arena_printf(a, "%lld ms", (long long)(us / 1000));
    if (s < 60) return arena_printf(a, "%lld s", s);
    if (h == 0 && s % 60 == 0) return arena_printf(a, "%lld min", m);
    if (h == 0) return arena_printf(a, "%lld min %lld s", m, s % 60);
    return arena_printf(a, "%lld h %lld min", h, m);
}

/* "12 s after", "about 12 s before", "in the same second" … */
static str gap_words(arena *a, i64 us, bool coarse, const char *word) {
    if (coarse && us < 1000000) return arena_printf(a, "within a second %s", word);
    if (us == 0) return arena_printf(a, "right %s", word);
    str span = span_words(a, us);
    return arena_printf(a, "%s%.*s %s", coarse ? "about " : "", STR(span), word);
}

static str again_words(const struct view *v, const struct relation *r, bool later,
                       const struct sum *first, str when) {
    str end = end_words(v, first), who = S("the same caller"), box = {0};
    if (r->why == WHY_PHONE) {
        box = v->w->devs[r->dev].name;
        who = arena_printf(v->a, "a caller without a number, at %.*s too,", STR(box));
    }
    if (!later)
        return arena_printf(v->a, "%.*s tried again %.*s this call %.*s", STR(who),
                            STR(when), STR(end));
    return arena_printf(
        v->a, "%.*s had called the same number: this call came %.*s that one %.*s",
        STR(who), STR(when), STR(end));
}

static str back_words(const struct view *v, bool later, const struct sum *first,
                      str when) {
    str caller = view_label(v, first, FACT_CALLER, 0), end = end_words(v, first);
    if (!later)
        return arena_printf(v->a, "%.*s was called back %.*s this call %.*s", STR(caller),
                            STR(when), STR(end));
    return arena_printf(v->a, "%.*s had called: this call goes back %.*s that one %.*s",
                        STR(caller), STR(when), STR(end));
}

static str said_words(const struct view *v, const struct relation *r) {
    str label = str_table_get(&v->w->trace.strings, r->label);
    const char *who = r->says ? "this call names that one" : "that call names this one";
    if (r->why == WHY_REPLY)
        return arena_printf(v->a, "%s as the one that it answers (In-Reply-To)", who);
    if (r->why == WHY_JOIN)
        return arena_printf(v->a, "%s to be joined with it (Join)", who);
    return arena_printf(v->a, "%s (%.*s)", who, STR(label));
}

static str place_words(const struct view *v, const struct relation *r, bool coarse) {
    str where = v->w->devs[r->dev].name,
        number = str_table_get(&v->w->trace.strings, r->label);
    str long_ = r->us == NEVER
                    ? S("both still there when last seen")
                    : arena_printf(v->a, "%s%.*s together", coarse ? "about " : "",
                                   STR(span_words(v->a, r->us)));
    switch ((enum related_why)r->why) {
    case WHY_FOCUS:
        return arena_printf(v->a, "also in the conference %.*s at %.*s, %.*s",
                            STR(number), STR(where), STR(long_));
    case WHY_QUEUE:
        return arena_printf(v->a, "also waiting at %.*s on %.*s, %.*s", STR(number),
                            STR(where), STR(long_));
    default:
        return arena_printf(
            v->a,
            "also at %.*s on %.*s, %.*s: answered at once, three calls or "
            "more for a minute, as in a conference",
            STR(number), STR(where), STR(long_));
    }
}

static str related_text(const struct view *v, const struct relation *r, bool later) {
    const struct weave *w = v->w;
    const struct sum *other = &w->sums[related_first(w, r->other)],
                     *mine = &w->sums[related_first(w, (u32)(v->g - w->groups))];
    bool coarse = i64_max(other->precision_us, mine->precision_us) >= 1000000;
    switch ((enum related_why)r->why) {
    case WHY_AGAIN:
    case WHY_PHONE:
        return again_words(v, r, later, later ? other : mine,
                           gap_words(v->a, r->us, coarse, "after"));
    case WHY_BACK:
        return back_words(v, later, later ? other : mine,
                          gap_words(v->a, r->us, coarse, "after"));
    case WHY_FOCUS:
    case WHY_QUEUE:
    case WHY_BRIDGE: return place_words(v, r, coarse);
    default: return said_words(v, r);
    }
}

void view_related(struct view *v) {
    const struct weave *w = v->w;
    struct call *c = v->call;
    u32 mine = (u32)(v->g - w->groups);
    if (v->g->nrelated == 0) return;
    c->related = arena_new(v->a, struct related, v->g->nrelated);
    for (u32 i = 0; i < v->g->nrelated; i++) {
        const struct relation *r = &w->relations[v->g->related_at + i];
        const struct sum *s = &w->sums[related_first(w, r->other)];
        c->related[c->nrelated++] = (struct related){
            .call = call_id_text(v->a, s->id),
            .kind = related_why_kind((enum related_why)r->why),
            .text = related_text(v, r, r->other < mine),
            .from = view_label(v, s, FACT_FROM, 0),
            .to = view_label(v, s, FACT_TO, 0),
            .start_us = s->start_us,
        };
    }
}
