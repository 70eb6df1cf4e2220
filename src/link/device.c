/* device.c: addresses to devices (the columns). In this order:
 *   (1) a name from hosts: all addresses with that name are one device, a pool;
 *   (2) a log's own device: the addresses at its end of its lines; one of them with a name from (1)
 *       gives it to the others;
 *   (3) the address alone. Where one IP talks to itself (two programs on one host), its ports differ.
 * A name from (1) and the same name from (2) are one device. */
#include "link/weave.h"

enum { OWN_ADDRESSES = 16 }; /* a log with more of them was written by many devices */

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

/* ---- a log's own device -------------------------------------------------------------------------- */

/* One IP in one device's log: how often at the log's end, how often at the other. */
struct place {
    u64 ip;
    u32 source, own, far;
};

struct places {
    struct place *rows;
    isize n, cap;
    struct map index;
};

static struct place *place_of(struct places *p, u64 ip, u32 source) {
    u32 *number = map_put(&p->index, hash_mix(ip, source));
    if (!*number) {
        p->rows = base_grow(p->rows, &p->cap, p->n + 1, (isize)sizeof *p->rows);
        p->rows[p->n++] = (struct place){.ip = ip, .source = source};
        *number = (u32)p->n;
    }
    return &p->rows[*number - 1];
}

static void count_places(const struct weave *w, struct places *p, const u64 *ips) {
    for (isize i = 0; i < w->trace.nseen; i++) {
        const struct seen *r = &w->trace.seen[i];
        if (r->vantage == VANTAGE_WIRE) continue;
        if (w->trace.sources[r->source].device.n == 0) continue;
        bool sent = r->vantage == VANTAGE_SENDER;
        u32 own = sent ? r->src : r->dst, far = sent ? r->dst : r->src;
        if (own) place_of(p, ips[own], r->source)->own++;
        if (far) place_of(p, ips[far], r->source)->far++;
    }
}

struct namer {
    struct weave *w;
    u64 *ips;           /* by endpoint: ip_key */
    struct map by_name; /* hash of the lower-case name, or of the address -> device + 1 */
    struct map own;     /* IP -> place + 1: the device that wrote this log */
    struct map selfish; /* IPs that talk to themselves */
    struct places places;
    u32 *
        named; /* by source: place + 1 of its most used own IP that hosts has a name for */
};

static bool is_own(const struct place *p) {
    return p->own > p->far;
}

/* Of two logs that both claim an IP, the one that shows it more often has it. */
static bool claims_better(const struct weave *w, const struct place *a,
                          const struct place *b) {
    if (a->own != b->own) return a->own > b->own;
    if (a->source != b->source)
        return w->source_rank[a->source] < w->source_rank[b->source];
    return a->ip < b->ip;
}

static void find_own(struct namer *n) {
    struct weave *w = n->w;
    struct places *p = &n->places;
    if (!w->some_logged) return;
    count_places(w, p, n->ips);
    u32 *owned = base_new(w->trace.nsources + 1, (isize)sizeof *owned);
    for (isize i = 0; i < p->n; i++) owned[p->rows[i].source] += is_own(&p->rows[i]);
    for (isize i = 0; i < p->n; i++) {
        const struct place *mine = &p->rows[i];
        if (!is_own(mine) || owned[mine->source] > OWN_ADDRESSES) continue;
        u32 *best = map_put(&n->own, mine->ip);
        if (!*best || claims_better(w, mine, &p->rows[*best - 1])) *best = (u32)i + 1;
        if (!map_get(&w->hosts, mine->ip)) continue;
        u32 *named = &n->named[mine->source];
        if (!*named || claims_better(w, mine, &p->rows[*named - 1])) *named = (u32)i + 1;
    }
    base_free(owned);
}

/* Only where an IP has two ports. */
static void find_selfish(struct namer *n) {
    const struct trace *t = &n->w->trace;
    struct map ports = {0};
    bool two = false;
    for (isize i = 1; i < t->nendpoints; i++) {
        u32 *port = map_put(&ports, n->ips[i]);
        two |= *port != 0;
        *port = 1;
    }
    map_drop(&ports);
    for (isize i = 0; two && i < t->nseen; i++) {
        u32 src = t->seen[i].src, dst = t->seen[i].dst;
        if (src && src != dst && n->ips[src] == n->ips[dst]) {
            *map_put(&n->selfish, n->ips[src]) = 1;
        }
    }
}

/* ---- names ----------------------------------------------------------------------------------------- */

static u32 device_named(struct namer *n, u64 key, str name, bool named) {
    struct weave *w = n->w;
    u32 *number = map_put(&n->by_name, key);
    if (*number) { /* BOXLESS and boxless: one spelling, whichever came first */
        struct dev *d = &w->devs[*number - 1];
        if (str_cmp(name, d->name) < 0) d->name = arena_copy(&w->names, name);
        return *number - 1;
    }
    if (named) name = arena_copy(&w->names, name); /* hosts may move before it is shown */
    w->devs = base_grow(w->devs, &w->cap_devs, w->ndevs + 1, (isize)sizeof *w->devs);
    w->devs[w->ndevs++] = (struct dev){.name = name, .named = named};
    *number = (u32)w->ndevs;
    return *number - 1;
}

static str host_name(const struct weave *w, u64 ip) {
    return str_table_get(&w->host_names, map_get(&w->hosts, ip));
}

static u32 device_of(struct namer *n, u32 endpoint) {
    struct weave *w = n->w;
    const struct endpoint *e = &w->trace.endpoints[endpoint];
    if (e->family == 0) return device_named(n, 7, S("?"), false);
    u64 ip = n->ips[endpoint];
    str name = host_name(w, ip);
    u32 own = map_get(&n->own, ip);
    if (name.n == 0 && own) {
        u32 source = n->places.rows[own - 1].source, named = n->named[source];
        name = named ? host_name(w, n->places.rows[named - 1].ip)
                     : w->trace.sources[source].device;
    }
    if (name.n) return device_named(n, hash_nocase(name, 8), name, true);
    if (map_get(&n->selfish, ip)) {
        return device_named(n, hash_mix(ip, e->port), endpoint_text(&w->names, e), false);
    }
    return device_named(n, ip, endpoint_ip_text(&w->names, e), false);
}

/* What a device surely said of itself; of several names (many phones behind one address) always the same one. */
static void find_agents(struct weave *w) {
    u8 *sure = base_new(w->ndevs + 1, 1);
    const struct str_table *strings = &w->trace.strings;
    for (isize i = 0; i < w->trace.nfacts; i++) {
        const struct fact *f = &w->trace.facts[i];
        if (f->kind != FACT_AGENT) continue;
        u32 row = w->dev_of[w->trace.seen[f->seen].src];
        struct dev *d = &w->devs[row];
        bool surer = f->bits > sure[row];
        bool better =
            f->bits == sure[row] && str_cmp(str_table_get(strings, f->label),
                                            str_table_get(strings, d->agent)) < 0;
        if (d->agent && !surer && !better) continue;
        d->agent = f->label;
        sure[row] = f->bits;
    }
    base_free(sure);
}

void device_assign(struct weave *w) {
    isize nends = w->trace.nendpoints;
    struct namer n = {.w = w};
    w->ndevs = 0;
    arena_reset(&w->names);
    n.ips = base_new(nends + 1, (isize)sizeof *n.ips);
    n.named = base_new(w->trace.nsources + 1, (isize)sizeof *n.named);
    for (isize i = 1; i < nends; i++) n.ips[i] = ip_key(&w->trace.endpoints[i]);
    find_own(&n);
    find_selfish(&n);
    w->dev_of = base_grow(w->dev_of, &w->cap_dev_of, nends, (isize)sizeof(u32));
    for (isize i = 0; i < nends; i++) w->dev_of[i] = device_of(&n, (u32)i);
    if (!w->in_lines) find_agents(w);
    map_drop(&n.by_name);
    map_drop(&n.own);
    map_drop(&n.selfish);
    map_drop(&n.places.index);
    base_free(n.places.rows);
    base_free(n.named);
    base_free(n.ips);
}
