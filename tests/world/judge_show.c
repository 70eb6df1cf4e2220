/* judge_show.c: what went wrong, for whoever works on the linking: true legs beside what became of them. */
#include "world/judge_parts.h"

/* ---- words ----------------------------------------------------------------------------------------- */

static void put_time(FILE *to, int64_t us) {
    int64_t s = us / 1000000;
    fprintf(to, "%02d:%02d:%02d.%06d", (int)(s / 3600 % 24), (int)(s / 60 % 60),
            (int)(s % 60), (int)(us % 1000000));
}

static str text_of(const struct world *w, int msg) {
    const struct world_msg *m = &w->msgs[msg];
    return (str){(const u8 *)w->text + m->at, (isize)m->n};
}

static str start_line(const struct world *w, int msg) {
    return str_trim(str_cut(text_of(w, msg), '\n').head);
}

str show_kind(const struct world *w, int msg, arena *a) {
    str line = start_line(w, msg), text = text_of(w, msg);
    if (!str_starts(line, S("SIP/2.0 "))) return str_cut(line, ' ').head;
    isize at = str_find_nocase(text, S("\ncseq:"));
    str cseq = str_trim(str_cut(str_from(text, at < 0 ? text.n : at + 6), '\n').head);
    str method = str_trim(str_cut(cseq, ' ').tail), code = str_sub(line, 8, 3);
    return arena_printf(a, "%.*s to %.*s", (int)code.n, (const char *)code.p,
                        (int)method.n, (const char *)method.p);
}

/* The user of the URI in a header's value, or of a request's start line. */
static str user_of(str value) {
    isize at = str_find_nocase(value, S("sip:"));
    if (at < 0) at = str_find_nocase(value, S("tel:"));
    if (at < 0) return S("?");
    str uri = str_from(value, at + 4);
    isize end = 0;
    while (end < uri.n && uri.p[end] != '@' && uri.p[end] != '>' && uri.p[end] != ' ')
        end++;
    return str_sub(uri, 0, end);
}

static str header_user(str text, const char *name, const char *compact) {
    isize at = str_find_nocase(text, str_z(name));
    if (at < 0) at = str_find_nocase(text, str_z(compact));
    if (at < 0) return S("?");
    return user_of(str_cut(str_from(text, at + 1), '\n').head);
}

static const char *device_of(const struct world *w, int device) {
    return w->devices[device].name;
}

/* ---- legs ---------------------------------------------------------------------------------------------- */

static const struct leg *leg_in_sipweave(const struct showing *s, int found,
                                         const struct call **call) {
    const struct found_leg *l = &s->f->legs[found];
    *call = weave_call(s->r->weave, l->call, false, &s->r->view);
    return &(*call)->legs[l->n - 1];
}

static void put_found_parent(const struct showing *s, int leg) {
    int found = s->d->found_leg[leg];
    char words[64] = "not found";
    if (found && !s->f->legs[found - 1].parent)
        snprintf(words, sizeof words, "none");
    else if (found) {
        const struct found_leg *l = &s->f->legs[found - 1];
        int real = s->d->true_leg[l->parent - 1];
        bool ours = real && s->w->legs[real - 1].call == s->w->legs[leg].call;
        snprintf(words, sizeof words, "L%d%s %.2f%%", real, ours ? "" : "!",
                 100 * l->confidence);
    }
    fprintf(s->to, "%-18s", words);
}

static void put_evidence(const struct showing *s, const struct leg *l) {
    if (!l->nevidence) return;
    fputs("          because", s->to);
    for (isize i = 0; i < l->nevidence; i++) {
        fprintf(s->to, "%s %.*s (%+.1f)", i ? ";" : "", (int)l->evidence[i].text.n,
                (const char *)l->evidence[i].text.p, l->evidence[i].bits);
    }
    fputc('\n', s->to);
}

static void put_maybes(const struct showing *s, const struct call *c,
                       const struct leg *l) {
    for (isize i = 0; i < c->nmaybes; i++) {
        const struct maybe *m = &c->maybes[i];
        if (m->leg != l->n) continue;
        fprintf(s->to, "          maybe %s %.*s, Call-ID %.*s, %.2f%%: %.*s\n",
                m->below ? "above" : "below", (int)m->other.n, (const char *)m->other.p,
                (int)m->call_id.n, (const char *)m->call_id.p, 100 * m->confidence,
                (int)m->why_not.n, (const char *)m->why_not.p);
        fputs("               ", s->to);
        for (isize k = 0; k < m->nevidence; k++) {
            fprintf(s->to, " %.*s (%+.1f);", (int)m->evidence[k].text.n,
                    (const char *)m->evidence[k].text.p, m->evidence[k].bits);
        }
        fputc('\n', s->to);
    }
}

/*  * C12 L34  of L33  found in 7:  L30! 97.10%  sbc1 -> pbx2  10:00:01.000123  answered  100 -> 200  Call-ID  */
static void put_leg(const struct showing *s, int leg) {
    const struct world *w = s->w;
    const struct world_leg *l = &w->legs[leg];
    int found = s->d->found_leg[leg], msg = s->first_msg[leg] - 1;
    bool wrong = judge_parent(w, s->f, s->d, leg) == 0;
    char of[24] = "no parent", in[32] = "", way[64];
    if (l->parent)
        snprintf(of, sizeof of, "of L%d%s", l->parent,
                 s->d->leg_seen[l->parent - 1] ? "" : " (not seen)");
    if (found) snprintf(in, sizeof in, "in %d:", s->f->legs[found - 1].call);
    snprintf(way, sizeof way, "%s -> %s", device_of(w, l->from_device),
             device_of(w, l->to_device));
    fprintf(s->to, "  %s C%-5d L%-6d %-18s %-8s ", wrong ? "*" : " ", l->call + 1,
            leg + 1, of, in);
    put_found_parent(s, leg);
    fprintf(s->to, " %-24s ", way);
    put_time(s->to, w->msgs[msg].sent_us);
    const struct call *c = NULL;
    const struct leg *mine = found ? leg_in_sipweave(s, found - 1, &c) : NULL;
    str text = text_of(w, msg), line = start_line(w, msg);
    str caller = header_user(text, "\nfrom:", "\nf:"),
        called = str_starts(line, S("SIP/2.0")) ? header_user(text, "\nto:", "\nt:")
                                                : user_of(line);
    fprintf(s->to, "  %-9s %.*s -> %.*s  %s%s%s",
            mine ? call_state_text(mine->state) : "", (int)caller.n,
            (const char *)caller.p, (int)called.n, (const char *)called.p, l->call_id,
            l->recording ? " (recording)" : "", l->transfer ? " (transfer)" : "");
    str first = show_kind(w, msg, &s->r->view);
    if (!str_eq(first, S("INVITE")))
        fprintf(s->to, " (first seen: %.*s)", (int)first.n, (const char *)first.p);
    fputc('\n', s->to);
    if (wrong && mine) put_evidence(s, mine);
    if (wrong && mine) put_maybes(s, c, mine);
}

/* ---- calls ----------------------------------------------------------------------------------------------- */

/* Legs of other true calls that stand in this call of sipweave. */
static void put_strangers(const struct showing *s, int found_call, int call) {
    enum { MOST = 12 };
    int told = 0;
    for (int i = s->first_found[found_call];
         i < s->f->nlegs && s->f->legs[i].call == found_call; i++) {
        int real = s->d->true_leg[i] - 1;
        if (real < 0 || s->w->legs[real].call == call) continue;
        if (!told++)
            fprintf(s->to, "    strangers in call %d of sipweave:\n", found_call);
        if (told <= MOST) put_leg(s, real);
    }
    if (told > MOST) fprintf(s->to, "    ... and %d more\n", told - MOST);
}

static bool all_shown(const struct showing *s, int call) {
    for (int l = s->first_leg[call]; l; l = s->next_leg[l - 1]) {
        int found = s->d->found_call[l - 1];
        if (!found || !s->shown[found - 1]) return false;
    }
    return true;
}

static void put_call(struct showing *s, int call) {
    const struct world *w = s->w;
    const struct world_call *c = &w->calls[call];
    arena_reset(&s->r->view);
    int legs = 0;
    for (int l = s->first_leg[call]; l; l = s->next_leg[l - 1]) legs++;
    fprintf(s->to, "call C%d, \"%s\": %d legs seen", call + 1, c->flow ? c->flow : "",
            legs);
    if (c->related) fprintf(s->to, ", related to C%d", c->related);
    fputs("; * a wrong parent, ! of another call\n", s->to);
    for (int l = s->first_leg[call]; l; l = s->next_leg[l - 1]) put_leg(s, l - 1);
    for (int l = s->first_leg[call]; l; l = s->next_leg[l - 1]) {
        int found = s->d->found_call[l - 1];
        if (!found || s->shown[found - 1]) continue;
        s->shown[found - 1] = true;
        put_strangers(s, found - 1, call);
    }
    fputc('\n', s->to);
}

static bool has_wrong_parent(const struct showing *s, int call) {
    for (int l = s->first_leg[call]; l; l = s->next_leg[l - 1]) {
        if (judge_parent(s->w, s->f, s->d, l - 1) == 0) return true;
    }
    return false;
}

static void put_calls(struct showing *s, enum failure_kind kind, int most) {
    for (int c = 0; c < s->w->ncalls && most > 0; c++) {
        if (!s->d->call_seen[c]) continue;
        bool wrong = kind == FAILURE_CALLS ? !s->d->exact[c] : has_wrong_parent(s, c);
        if (!wrong || all_shown(s, c)) continue;
        put_call(s, c);
        most--;
    }
}

/* ---- messages ---------------------------------------------------------------------------------------------- */

static void put_msg(const struct showing *s, const char *what, int msg) {
    const struct world_msg *m = &s->w->msgs[msg];
    const struct world_leg *l = &s->w->legs[m->leg];
    str line = start_line(s->w, msg);
    fprintf(s->to, "    %-10s M%-7d C%d L%-5d ", what, msg + 1, l->call + 1, m->leg + 1);
    put_time(s->to, m->sent_us);
    fprintf(s->to, "  %s -> %s  %.*s%s\n",
            device_of(s->w, s->w->addresses[m->from].device),
            device_of(s->w, s->w->addresses[m->to].device), (int)i64_min(line.n, 60),
            (const char *)line.p, m->again ? "  (again)" : "");
}

static void put_lines(const struct showing *s, int msg) {
    for (int i = 0; i < s->v->nlines; i++) {
        const struct view_line *x = &s->v->lines[i];
        if (x->msg != msg) continue;
        int found = s->f->of_line[i];
        fprintf(s->to, "      %s:%llu", s->v->sources[x->source].name,
                (unsigned long long)x->line);
        if (found) {
            const struct found_msg *m = &s->f->msgs[found - 1];
            fprintf(s->to, " is message %d of call %d%s", m->n, s->f->legs[m->leg].call,
                    s->d->mixed[found - 1] ? ", as are lines of others" : "");
        }
        fputc('\n', s->to);
    }
}

static void put_prompt(const struct showing *s, int msg) {
    int found = s->d->family_found[msg], wanted = s->w->msgs[msg].prompted;
    int theirs = s->f->msgs[found - 1].prompted;
    put_msg(s, "message", msg);
    if (wanted) put_msg(s, "  prompt", wanted - 1);
    if (!theirs)
        fputs("      found      none\n", s->to);
    else if (s->d->true_msg[theirs - 1])
        put_msg(s, "  found", s->d->true_msg[theirs - 1] - 1);
}

static void put_order(const struct showing *s, int msg) {
    const struct world_msg *m = &s->w->msgs[msg];
    put_msg(s, "message", msg);
    if (m->prompted) put_msg(s, "  prompt", m->prompted - 1);
    if (m->after) put_msg(s, "  after", m->after - 1);
}

int show_msg_right(const struct showing *s, enum failure_kind kind, int msg) {
    if (kind == FAILURE_PROMPTS) return judge_prompt(s->w, s->f, s->d, msg);
    if (!s->v->seen[msg]) return -1;
    if (kind == FAILURE_ORDER) return judge_order(s->w, s->f, s->d, msg);
    int found = s->d->found_msg[msg];
    return found && !s->d->msg_split[msg] && !s->d->mixed[found - 1];
}

static void put_messages(struct showing *s, enum failure_kind kind, int most) {
    show_kinds(s, kind);
    for (int m = 0; m < s->w->nmsgs && most > 0; m++) {
        if (show_msg_right(s, kind, m) != 0) continue;
        most--;
        if (kind == FAILURE_PROMPTS) put_prompt(s, m);
        if (kind == FAILURE_ORDER) put_order(s, m);
        if (kind != FAILURE_MESSAGES) continue;
        put_msg(s, "message", m);
        put_lines(s, m);
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static void index_truth(struct showing *s) {
    const struct world *w = s->w;
    isize i = (isize)sizeof(int);
    s->first_msg = base_new(w->nlegs, i);
    s->next_leg = base_new(w->nlegs, i);
    s->first_leg = base_new(w->ncalls, i);
    s->first_found = base_new(s->f->ncalls, i);
    s->shown = base_new(s->f->ncalls, (isize)sizeof *s->shown);
    for (int m = w->nmsgs - 1; m >= 0; m--) {
        if (s->v->seen[m]) s->first_msg[w->msgs[m].leg] = m + 1;
    }
    for (int l = w->nlegs - 1; l >= 0; l--) {
        if (!s->d->leg_seen[l]) continue;
        s->next_leg[l] = s->first_leg[w->legs[l].call];
        s->first_leg[w->legs[l].call] = l + 1;
    }
    for (int l = s->f->nlegs - 1; l >= 0; l--) s->first_found[s->f->legs[l].call] = l;
}

void judge_failures(const struct world *w, const struct view *v, struct reading_of *r,
                    const struct verdict *d, enum failure_kind kind, int most, FILE *to) {
    struct showing s = {.w = w, .v = v, .r = r, .f = &r->found, .d = d, .to = to};
    index_truth(&s);
    arena_reset(&r->view);
    if (kind == FAILURE_EVIDENCE)
        show_evidence(&s);
    else if (kind == FAILURE_FLOWS)
        show_flows(&s, most);
    else if (kind == FAILURE_CALLS || kind == FAILURE_PARENTS)
        put_calls(&s, kind, most);
    else
        put_messages(&s, kind, most);
    base_free(s.first_msg);
    base_free(s.next_leg);
    base_free(s.first_leg);
    base_free(s.first_found);
    base_free(s.shown);
}
