/* world_place.c: who there is: carriers, boxes, companies with their phones, and how each of them writes. */
#include <stdio.h>
#include <string.h>

#include "world_own.h"

static const struct style BOXES[] = {
    {"FireBrick/1.31.004", 1, true, false, true, false, false, 4, 2, 0, 4},
    {"Kamailio-free SBC 4.2", 0, false, true, true, true, false, 0, 0, 0, 0},
    {"Asterisk PBX 18.12.1", 2, false, true, true, true, false, 1, 1, 2, 1},
    {"FreeSWITCH-mod_sofia/1.10.9", 0, false, true, true, false, false, 1, 4, 0, 3},
    {"BroadWorks", 3, false, false, true, true, true, 3, 5, 1, 5},
    {"OracleSBC", 4, false, false, true, false, false, 2, 3, 1, 2},
    {"Sippy Softswitch", 1, false, true, true, true, false, 6, 6, 3, 6},
    {"Cisco-SIPGateway/IOS-16.12", 3, false, false, true, false, false, 8, 0, 4, 2},
    {"Opal/3.18", 2, false, true, true, false, true, 5, 4, 2, 0},
};
static const struct style PROXY = {
    "OpenSIPS (3.2)", 0, false, false, true, true, true, 0, 0, 0, 0};
static const struct style CARRIERS[] = {
    {"Carrier-CS2k/12", 3, false, false, true, true, false, 6, 3, 3, 5},
    {"SONUS", 0, false, false, true, false, false, 7, 6, 1, 2},
    {"Metaswitch", 4, false, false, true, true, true, 0, 0, 4, 0},
};
static const struct style PHONES[] = {
    {"snomD735/10.1", 0, false, true, true, false, false, 5, 4, 1, 1},
    {"Yealink SIP-T46S 66.86", 2, false, false, true, false, false, 7, 6, 0, 7},
    {"Polycom/5.9.5 VVX", 1, false, false, true, true, true, 8, 0, 4, 4},
    {"Cisco/SPA504G", 4, false, false, true, true, false, 4, 2, 0, 2},
    {"Zoiper rv2.10", 0, false, true, false, false, true, 1, 4, 4, 0},
    {"Linphone/4.4", 3, false, true, true, false, false, 5, 0, 2, 1},
};

static void *grow(void *rows, int *n, int *room, size_t size) {
    rows_add(&rows, n, room, size);
    return rows;
}

static int address_add(struct sim *s, int device, uint32_t ip, int port) {
    struct world *w = s->w;
    w->addresses = grow(w->addresses, &w->naddresses, &s->room[1], sizeof *w->addresses);
    w->addresses[w->naddresses - 1] = (struct world_address){ip, (uint16_t)port, device};
    void *hosts = (void *)s->host;
    s->host = grow(hosts, &s->nhost, &s->host_room, sizeof *s->host);
    s->host[s->nhost - 1] = arena_say(&s->keep, "%u.%u.%u.%u:%d", ip >> 24,
                                      ip >> 16 & 255, ip >> 8 & 255, ip & 255, port);
    return w->naddresses - 1;
}

static int device_add(struct sim *s, const char *kind, int number, bool box, bool inside,
                      int site, const struct style *style) {
    struct world *w = s->w;
    w->devices = grow(w->devices, &w->ndevices, &s->room[0], sizeof *w->devices);
    struct world_device *d = &w->devices[w->ndevices - 1];
    snprintf(d->name, sizeof d->name, "%s%d", kind, number);
    d->box = box;
    d->inside = inside;
    d->site = site;
    s->gear = grow(s->gear, &s->ngear, &s->gear_room, sizeof *s->gear);
    struct gear *g = &s->gear[s->ngear - 1];
    g->style = style;
    g->median_ms = 1.0 + dice_exp(&s->dice, 3.0);
    if (g->median_ms > 15) g->median_ms = 15;
    g->sigma = 0.3 + 0.4 * dice_unit(&s->dice);
    g->far_ms = 0.1 + 0.7 * dice_unit(&s->dice);
    g->counter = dice_u64(&s->dice) >> 34;
    g->called = (enum form)dice_below(&s->dice, FORM_LOCAL);
    if (g->called == FORM_PREFIX && dice_chance(&s->dice, 0.5)) g->called = FORM_NATIONAL;
    g->caller = dice_chance(&s->dice, 0.5)   ? FORM_NATIONAL
                : dice_chance(&s->dice, 0.5) ? FORM_PLUS
                                             : FORM_00;
    g->late487 = dice_chance(&s->dice, 0.3);
    g->waits_ack = dice_chance(&s->dice, 0.25);
    g->relays_mid = dice_chance(&s->dice, 0.7);
    g->tcp = box && dice_chance(&s->dice, s->plan->tcp);
    g->asserts = dice_chance(&s->dice, 0.25);
    return w->ndevices - 1;
}

static uint32_t ip4(int a, int b, int c, int d) {
    return (uint32_t)a << 24 | (uint32_t)b << 16 | (uint32_t)c << 8 | (uint32_t)d;
}

enum { SITES = 4 };

/* Boxes of one sort. */
static int boxes_add(struct sim *s, int **list, const char *kind, int n, int block,
                     bool proxy, bool inside) {
    *list = arena_take(&s->keep, (size_t)n * sizeof **list);
    for (int i = 0; i < n; i++) {
        int nth = dice_below(&s->dice, (int)(sizeof BOXES / sizeof *BOXES));
        const struct style *style = proxy ? &PROXY : &BOXES[nth];
        int site = i % SITES;
        int d = device_add(s, kind, i + 1, true, inside, site, style);
        struct gear *g = &s->gear[d];
        if (proxy) g->median_ms = 0.2 + 0.5 * dice_unit(&s->dice);
        g->addr = g->addr2 = address_add(s, d, ip4(10, site, block, 1 + i % 250), 5060);
        if (strcmp(kind, "sbc") == 0 || !inside) {
            s->w->addresses[g->addr].ip = ip4(198, 51, 100, block + 1 + i);
            s->host[g->addr] = arena_say(&s->keep, "198.51.100.%d:5060", block + 1 + i);
        }
        if (strcmp(kind, "sbc") == 0 && i % 2 && s->plan->two_sided)
            g->addr2 = address_add(s, d, ip4(10, site, block, 1 + i % 250), 5060);
    }
    return n;
}

static void carriers_add(struct sim *s, int n) {
    s->carriers = arena_take(&s->keep, (size_t)n * sizeof *s->carriers);
    s->ncarriers = n;
    for (int i = 0; i < n; i++) {
        int d = device_add(s, "trunk", i + 1, false, false, 0, &CARRIERS[i % 3]);
        struct gear *g = &s->gear[d];
        g->far_ms = i % 2 ? 2.0 : 10.0 + 20.0 * dice_unit(&s->dice);
        g->jitter_ms = i % 2 ? 0.2 : 3.0;
        g->called = i % 3 == 2 ? FORM_BARE : FORM_PLUS;
        g->caller = FORM_PLUS;
        g->addr = g->addr2 = address_add(s, d, ip4(203, 0, 113, 10 + i), 5060);
        s->carriers[i] = d;
    }
}

/* ---- companies ------------------------------------------------------------------------------------------------------- */

static void phone_address(struct sim *s, int d, int nth, int site, bool nat) {
    struct gear *g = &s->gear[d];
    int a = nth / 250 % 250, b = 1 + nth % 250;
    if (!nat) {
        g->addr = g->addr2 = address_add(s, d, ip4(10, 100 + site, a, b), 5060);
        return;
    }
    /* a dozen phones behind each public address */
    g->private_host = arena_say(&s->keep, "192.168.1.%d:5060", 20 + nth % 200);
    int outer = nth / 12;
    g->addr = g->addr2 = address_add(
        s, d, ip4(100, 70 + outer / 250 / 250, outer / 250 % 250, 1 + outer % 250),
        20000 + nth % 12 * 1001);
    s->w->devices[d].inside = false;
}

static const struct header *constants(struct sim *s, struct tenant *t, int nth) {
    struct header *h = arena_take(&s->keep, 4 * sizeof *h);
    h[0] = (struct header){&h[1], "X-Tenant", arena_say(&s->keep, "%s-%d", t->name, nth)};
    h[1] = (struct header){&h[2], "X-Account-Token", id_uuid(s, &s->keep)};
    h[2] =
        (struct header){nth % 2 ? &h[3] : NULL, "User-to-User",
                        arena_say(&s->keep, "%s;encoding=hex", id_hex(s, &s->keep, 24))};
    static const char *const NULLS[][2] = {
        {"X-CID", ""},
        {"Session-ID",
         "00000000000000000000000000000000;remote=00000000000000000000000000000000"},
        {"X-Call-ID", "null"}};
    h[3] = (struct header){NULL, NULLS[nth / 2 % 3][0], NULLS[nth / 2 % 3][1]};
    return h;
}

static void tenant_add(struct sim *s, int nth, int nphones, int *phone) {
    struct tenant *t = &s->tenants[nth];
    t->name = arena_say(&s->keep, "company%d", nth + 1);
    t->domain = arena_say(&s->keep, "company%d.example.net", nth + 1);
    t->main = arena_say(&s->keep, "4420%08d", 70000000 + dice_below(&s->dice, 9999999));
    t->pbx = s->pbxes[nth % s->npbxes];
    t->phones = arena_take(&s->keep, (size_t)nphones * sizeof *t->phones);
    t->nphones = nphones;
    if (s->plan->tenants) t->constant = constants(s, t, nth);
    for (int i = 0; i < nphones; i++, (*phone)++) {
        const struct style *style =
            &PHONES[dice_below(&s->dice, (int)(sizeof PHONES / sizeof *PHONES))];
        int d = device_add(s, "phone", *phone + 1001, false, true, nth % SITES, style);
        struct gear *g = &s->gear[d];
        g->ext = arena_say(&s->keep, "%d", 200 + i);
        g->tenant = nth;
        g->median_ms = 5 + 25 * dice_unit(&s->dice);
        bool remote = dice_chance(&s->dice, 0.15);
        if (remote) g->far_ms = 10 + 20 * dice_unit(&s->dice), g->jitter_ms = 4;
        phone_address(s, d, *phone, nth % SITES,
                      s->plan->nat && dice_chance(&s->dice, 0.5));
        t->phones[i] = d;
    }
}

void place_make(struct sim *s) {
    int n = s->plan->boxes_a_stage > 0 ? s->plan->boxes_a_stage : 2;
    carriers_add(s, n > 2 ? n : 2);
    struct {
        int **list, *n;
        const char *kind;
        int block;
        bool proxy, inside;
    } sorts[] = {{&s->sbcs, &s->nsbcs, "sbc", 10, false, true},
                 {&s->pbxes, &s->npbxes, "pbx", 20, false, true},
                 {&s->proxies, &s->nproxies, "proxy", 30, true, true},
                 {&s->edges, &s->nedges, "edge", 40, true, true},
                 {&s->hiders, &s->nhiders, "hide", 50, false, true},
                 {&s->gateways, &s->ngateways, "gw", 60, false, true},
                 {&s->recorders, &s->nrecorders, "rec", 70, false, true},
                 {&s->ivrs, &s->nivrs, "ivr", 80, false, true},
                 {&s->bridges, &s->nbridges, "conf", 90, false, true},
                 {&s->mailboxes, &s->nmailboxes, "vm", 100, false, true},
                 {&s->musics, &s->nmusics, "moh", 110, false, true}};
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++) {
        int first = s->w->ndevices;
        *sorts[i].n = boxes_add(s, sorts[i].list, sorts[i].kind, n, sorts[i].block,
                                sorts[i].proxy, sorts[i].inside);
        for (int k = 0; k < n; k++) (*sorts[i].list)[k] = first + k;
    }
    double rate = s->plan->calls_per_second;
    int phones = (int)(60 + rate * 60 * (1 + s->plan->hunt + s->plan->forks)), made = 0;
    if (phones > 40000) phones = 40000;
    s->ntenants = phones / 40 < 6 ? 6 : phones / 40 > 400 ? 400 : phones / 40;
    s->tenants = arena_take(&s->keep, (size_t)s->ntenants * sizeof *s->tenants);
    int big = s->plan->one_number > 0 ? phones / 3 : phones / s->ntenants;
    for (int i = 0; i < s->ntenants; i++)
        tenant_add(s, i, i ? (phones - big) / (s->ntenants - 1) + 2 : big + 2, &made);
}
