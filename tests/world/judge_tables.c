/* judge_tables.c: where to look first: what went wrong by kind of message, by flow, by evidence. */
#include "world/judge_parts.h"

#include <stdlib.h>

/* ---- kinds of messages -------------------------------------------------------------------------------------- */

/* How many went wrong of each kind of message: where to look first. */
struct tally {
    str kind;
    int missing, extra, other;
};

void show_kinds(struct showing *s, enum failure_kind kind) {
    enum { KINDS = 200 };
    struct tally *t = arena_new(&s->r->view, struct tally, KINDS);
    int n = 0;
    for (int m = 0; m < s->w->nmsgs; m++) {
        if (show_msg_right(s, kind, m) != 0) continue;
        u8 *before = s->r->view.at;
        str name = show_kind(s->w, m, &s->r->view);
        int i = 0;
        while (i < n && !str_eq(t[i].kind, name)) i++;
        if (i == KINDS) continue;
        if (i == n)
            t[n++].kind = name;
        else
            s->r->view.at = before;
        int found = s->d->family_found[s->d->family[m]];
        bool has = found && s->f->msgs[found - 1].prompted;
        bool prompts = kind == FAILURE_PROMPTS;
        t[i].missing += prompts && !has;
        t[i].extra += prompts && has && !s->w->msgs[m].prompted;
        t[i].other += !prompts || (has && s->w->msgs[m].prompted);
    }
    for (int i = 0; i < n; i++) {
        fprintf(s->to, "  %-24.*s", (int)t[i].kind.n, (const char *)t[i].kind.p);
        if (kind == FAILURE_PROMPTS)
            fprintf(s->to,
                    " %6d without a prompt, %6d with one too many, %6d with another\n",
                    t[i].missing, t[i].extra, t[i].other);
        else
            fprintf(s->to, " %6d\n", t[i].other);
    }
}

/* ---- flows ------------------------------------------------------------------------------------------------------- */

struct flow {
    const char *name;
    int calls, wrong;
    int legs, parents; /* wrong ones */
};

static int by_wrong(const void *a, const void *b) {
    const struct flow *x = a, *y = b;
    if (x->wrong != y->wrong) return y->wrong - x->wrong;
    if (x->parents != y->parents) return y->parents - x->parents;
    return strcmp(x->name, y->name);
}

void show_flows(struct showing *s, int most) {
    const struct world *w = s->w;
    struct flow *flows = base_new(w->ncalls, (isize)sizeof *flows);
    struct map known = {0};
    int n = 0;
    for (int c = 0; c < w->ncalls; c++) {
        const char *name = w->calls[c].flow ? w->calls[c].flow : "";
        if (!s->d->call_seen[c]) continue;
        u32 *row = map_put(&known, hash_bytes(str_z(name), 0));
        if (!*row) {
            flows[n++].name = name;
            *row = (u32)n;
        }
        struct flow *f = &flows[*row - 1];
        f->calls++;
        f->wrong += !s->d->exact[c];
        for (int l = s->first_leg[c]; l; l = s->next_leg[l - 1]) {
            f->legs++;
            f->parents += judge_parent(w, s->f, s->d, l - 1) == 0;
        }
    }
    if (n) qsort(flows, (size_t)n, sizeof *flows, by_wrong);
    fprintf(s->to, "   calls  wrong    legs  wrong parents  flow\n");
    for (int i = 0; i < n && i < most; i++) {
        const struct flow *f = &flows[i];
        fprintf(s->to, "%8d %6d %7d %14d  %s\n", f->calls, f->wrong, f->legs, f->parents,
                f->name);
    }
    map_drop(&known);
    base_free(flows);
}

/* ---- evidence ------------------------------------------------------------------------------------------------------ */

struct speaks {
    str kind;
    int right, wrong,
        first; /* links that it spoke for; wrong ones in which it was the heaviest */
    double right_bits, wrong_bits;
};

static struct speaks *speaks_of(struct speaks *all, int *n, int most, str kind) {
    for (int i = 0; i < *n; i++) {
        if (str_eq(all[i].kind, kind)) return &all[i];
    }
    if (*n == most) return &all[most - 1];
    all[*n].kind = kind; /* these are literals of sipweave */
    return &all[(*n)++];
}

static void leg_speaks(struct speaks *all, int *n, int most, const struct leg *l,
                       bool right) {
    for (isize k = 0; k < l->nevidence; k++) {
        struct speaks *e = speaks_of(all, n, most, l->evidence[k].kind);
        e->right += right;
        e->wrong += !right;
        *(right ? &e->right_bits : &e->wrong_bits) += l->evidence[k].bits;
        e->first += !right && k == 0;
    }
}

/* Which evidence speaks for wrong links, and how loud beside right ones. */
void show_evidence(struct showing *s) {
    enum { KINDS = 64 };
    struct speaks *all = base_new(KINDS, (isize)sizeof *all);
    int n = 0;
    for (int row = 0; row < s->f->nlegs;) {
        arena_reset(&s->r->view);
        const struct call *c =
            weave_call(s->r->weave, s->f->legs[row].call, false, &s->r->view);
        for (isize k = 0; k < c->nlegs; k++, row++) {
            const struct found_leg *l = &s->f->legs[row];
            if (!l->parent) continue;
            int a = s->d->true_leg[row], b = s->d->true_leg[l->parent - 1];
            bool right = a && b && s->w->legs[a - 1].call == s->w->legs[b - 1].call;
            leg_speaks(all, &n, KINDS, &c->legs[l->n - 1], right);
        }
    }
    fputs("evidence              right links  mean bits  wrong links  mean bits  "
          "heaviest of wrong\n",
          s->to);
    for (int i = 0; i < n; i++) {
        const struct speaks *e = &all[i];
        fprintf(s->to, "%-22.*s %10d %10.1f %12d %10.1f %18d\n", (int)e->kind.n,
                (const char *)e->kind.p, e->right,
                e->right ? e->right_bits / e->right : 0, e->wrong,
                e->wrong ? e->wrong_bits / e->wrong : 0, e->first);
    }
    base_free(all);
}
