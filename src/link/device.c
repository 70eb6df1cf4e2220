/* device.c: addresses to devices (the columns). In this order:
 *   (1) a name from hosts: all addresses with that name are one device, a pool;
 *   (2) a log's own device: the address at its end of every line of it;
 *   (3) the address alone. Where one IP talks to itself (two programs on one host), its ports differ.
 * A name from (1) and the same name from (2) are one device. */
#include "link/weave.h"

static u64 ip_key(const struct endpoint *e) {
    return hash_bytes((str){e->ip, e->family == 4 ? 4 : 16}, e->family);
}

void weave_host(struct weave *w, const struct endpoint *ip, str name) {
    *map_put(&w->hosts, ip_key(ip)) = str_table_add(&w->host_names, name);
}

/* Takes the next word off *rest. */
static str word_next(str *rest) {
    isize n = 0;
    *rest = str_trim(*rest);
    while (n < rest->n && !is_blank(rest->p[n])) n++;
    str word = str_sub(*rest, 0, n);
    *rest = str_from(*rest, n);
    return word;
}

enum err weave_hosts(struct weave *w, str text, struct fail *f) {
    *f = (struct fail){.at = -1};
    for (i64 line = 1; text.n; line++) {
        struct str_pair cut = str_cut(text, '\n');
        str rest = str_trim(str_cut(cut.head, '#').head);
        text = cut.tail;
        if (rest.n == 0) continue;
        str address = word_next(&rest), name = word_next(&rest);
        struct endpoint e;
        if (name.n && endpoint_read(&e, address)) {
            weave_host(w, &e, name);
        } else if (f->err == ERR_OK) {
            *f = (struct fail){ERR_SYNTAX, line,
                               "a line is no address followed by a name"};
        }
    }
    return f->err;
}

struct namer {
    struct weave *w;
    struct map by_name; /* hash of the lower-case name, or of the address -> device + 1 */
    struct map own;     /* IP -> source + 1: the device that wrote this log */
    struct map selfish; /* IPs that talk to themselves */
};

static u32 device_named(struct namer *n, u64 key, str name, bool named) {
    struct weave *w = n->w;
    u32 *number = map_put(&n->by_name, key);
    if (*number) return *number - 1;
    w->devs = base_grow(w->devs, &w->cap_devs, w->ndevs + 1, (isize)sizeof *w->devs);
    w->devs[w->ndevs++] = (struct dev){.name = name, .named = named};
    *number = (u32)w->ndevs;
    return *number - 1;
}

static u32 device_of(struct namer *n, const struct endpoint *e) {
    struct weave *w = n->w;
    if (e->family == 0) return device_named(n, 7, S("?"), false);
    u64 ip = ip_key(e);
    str name = {0};
    u32 host = map_get(&w->hosts, ip), own = map_get(&n->own, ip);
    if (host) {
        name = str_table_get(&w->host_names, host);
    } else if (own) {
        name = w->trace.sources[own - 1].device;
    }
    if (name.n) return device_named(n, hash_nocase(name, 8), name, true);
    if (map_get(&n->selfish, ip)) {
        u64 key = hash_mix(ip, e->port);
        return device_named(n, key, endpoint_text(&w->names, e), false);
    }
    return device_named(n, ip, endpoint_ip_text(&w->names, e), false);
}

/* The address at a device log's own end; a log whose lines disagree too much names nobody. */
static void find_own(struct namer *n) {
    struct weave *w = n->w;
    for (isize i = 0; i < w->trace.nseen; i++) {
        const struct seen *r = &w->trace.seen[i];
        const struct source *s = &w->trace.sources[r->source];
        if (s->device.n == 0 || r->vantage == VANTAGE_WIRE) continue;
        u32 end = r->vantage == VANTAGE_SENDER ? r->src : r->dst;
        if (end)
            *map_put(&n->own, ip_key(&w->trace.endpoints[end])) = (u32)r->source + 1u;
    }
}

static void find_selfish(struct namer *n) {
    const struct trace *t = &n->w->trace;
    for (isize i = 0; i < t->nseen; i++) {
        const struct endpoint *src = &t->endpoints[t->seen[i].src];
        const struct endpoint *dst = &t->endpoints[t->seen[i].dst];
        if (src->family && endpoint_same_ip(src, dst) && src->port != dst->port) {
            *map_put(&n->selfish, ip_key(src)) = 1;
        }
    }
}

static void find_agents(struct weave *w) {
    for (isize i = w->trace.nfacts - 1; i >= 0; i--) { /* the first one said stays */
        const struct fact *f = &w->trace.facts[i];
        if (f->kind != FACT_AGENT) continue;
        w->devs[w->dev_of[w->trace.seen[f->seen].src]].agent = f->label;
    }
}

void device_assign(struct weave *w) {
    struct namer n = {.w = w};
    w->ndevs = 0;
    arena_reset(&w->names);
    find_own(&n);
    find_selfish(&n);
    w->dev_of =
        base_grow(w->dev_of, &w->cap_dev_of, w->trace.nendpoints, (isize)sizeof(u32));
    for (isize i = 0; i < w->trace.nendpoints; i++) {
        w->dev_of[i] = device_of(&n, &w->trace.endpoints[i]);
    }
    find_agents(w);
    map_drop(&n.by_name);
    map_drop(&n.own);
    map_drop(&n.selfish);
}
