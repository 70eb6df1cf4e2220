/* worlds.c: the table of worlds. Rows with bars come first, in the order of docs/linking.md. */
#include "world/worlds.h"

/* Two shared boxes at each stage; phones ring together, calls are recorded, leave through gateways; media anchored,
 * so that no address or session of it tells. */
#define SHARED                                                                           \
    .forks = 0.35, .recorders = 0.2, .gateways = 0.35, .odd_flows = 0.15,                \
    .boxes_a_stage = 2
#define PLAIN SHARED, .withheld = 0.08
/* What makes it hard: half wait in an IVR or a queue, phones are hunted, the company's number stands for the caller's. */
#define HARD                                                                             \
    SHARED, .ivr = 0.5, .hunt = 0.3, .rewritten = 0.4, .desks_out = 0.25, .related = 0.1
#define ONE_NUMBER .withheld = 0.5, .one_number = 1
#define TAP        .kind = VIEW_TAP, .precision_us = 1, .all_udp = true
#define LOGS       .precision_us = 1000000, .clock_s = 0.2
#define NO_BAR                                                                           \
    { .no_joins = false }
#define HINTED(bit)                                                                      \
    { .calls_per_second = 100, .calls = 1500, .hints = (bit), PLAIN }
#define ANY_HINT                                                                         \
    { .precision = 0.9999, .recall = 0.9999, .exact = 0.999 }
#define ALL_HINTS                                                                        \
    (HINT_X_CID | HINT_X_CALL_ID_LIST | HINT_SESSION_ID | HINT_ICID | HINT_CISCO_GUID |  \
     HINT_CALL_ID_SUFFIX | HINT_CALL_ID_PREFIX | HINT_VENDOR)

const struct world_row worlds[] = {
    {"hint: X-CID", HINTED(HINT_X_CID), {TAP}, ANY_HINT, false},
    {"hint: X-Call-ID list", HINTED(HINT_X_CALL_ID_LIST), {TAP}, ANY_HINT, false},
    {"hint: Session-ID", HINTED(HINT_SESSION_ID), {TAP}, ANY_HINT, false},
    {"hint: icid-value", HINTED(HINT_ICID), {TAP}, ANY_HINT, false},
    {"hint: Cisco-Guid", HINTED(HINT_CISCO_GUID), {TAP}, ANY_HINT, false},
    {"hint: Call-ID suffix", HINTED(HINT_CALL_ID_SUFFIX), {TAP}, ANY_HINT, false},
    {"hint: Call-ID prefix", HINTED(HINT_CALL_ID_PREFIX), {TAP}, ANY_HINT, false},
    {"hint: unknown header", HINTED(HINT_VENDOR), {TAP}, ANY_HINT, false},
    {"hints: all mixed",
     {.calls_per_second = 100, .calls = 4000, .hints = ALL_HINTS, PLAIN},
     {TAP},
     ANY_HINT,
     false},
    {"no hints, 20/s",
     {.calls_per_second = 20, .calls = 6000, PLAIN},
     {TAP},
     {.precision = 0.9999, .recall = 0.9995, .exact = 0.999},
     false},
    {"no hints, 100/s",
     {.calls_per_second = 100, .calls = 6000, PLAIN},
     {TAP},
     {.precision = 0.9998, .recall = 0.999, .exact = 0.998},
     false},
    {"no hints, 500/s",
     {.calls_per_second = 500, .calls = 10000, PLAIN},
     {TAP},
     {.precision = 0.9998, .recall = 0.999, .exact = 0.998},
     false},
    {"half withheld, one number, 20/s",
     {.calls_per_second = 20, .calls = 6000, SHARED, ONE_NUMBER},
     {TAP},
     {.precision = 0.999, .recall = 0.998, .exact = 0.995},
     false},
    {"hard, 20/s",
     {.calls_per_second = 20, .calls = 6000, HARD, .withheld = 0.08},
     {TAP, .missed = 0.02},
     {.precision = 0.999, .recall = 0.99, .exact = 0.97},
     false},
    {"hard, half withheld, one number, 20/s",
     {.calls_per_second = 20, .calls = 6000, HARD, ONE_NUMBER},
     {TAP, .missed = 0.02},
     {.precision = 0.998, .recall = 0.98, .exact = 0.93},
     false},
    {"tenants and a conference, 20/s",
     {.calls_per_second = 20, .calls = 3000, PLAIN, .tenants = true, .conference = 0.2},
     {TAP},
     {.no_joins = true},
     false},
    {"logs, one-second stamps, 20/s",
     {.calls_per_second = 20, .calls = 3000, PLAIN},
     {.kind = VIEW_LOGS, LOGS},
     {.precision = 0.999, .recall = 0.998, .exact = 0.995},
     false},
    {"five points, clocks 3 s, 50 ppm, 20/s",
     {.calls_per_second = 20, .calls = 3000, PLAIN},
     {.kind = VIEW_POINTS,
      .points = 5,
      .clock_s = 3,
      .drift_ppm = 50,
      .precision_us = 1,
      .all_udp = true},
     {.exact = 0.995, .recovered = 1, .order = 0.999},
     false},
    /* without a bar: what else there is */
    {"half withheld, one number, one PBX, 20/s",
     {.calls_per_second = 20, .calls = 6000, SHARED, ONE_NUMBER, .one_pbx = true},
     {TAP},
     NO_BAR,
     false},
    {"hard, half withheld, one number, one PBX, 20/s",
     {.calls_per_second = 20, .calls = 6000, HARD, ONE_NUMBER, .one_pbx = true},
     {TAP, .missed = 0.02},
     NO_BAR,
     false},
    {"one-second logs, hosts named",
     {.calls_per_second = 20, .calls = 2000, PLAIN},
     {.kind = VIEW_LOGS, LOGS},
     NO_BAR,
     true},
    {"logs of every other box",
     {.calls_per_second = 20, .calls = 2000, PLAIN},
     {.kind = VIEW_SOME_LOGS, LOGS},
     NO_BAR,
     false},
    {"the middle only",
     {.calls_per_second = 20, .calls = 3000, PLAIN},
     {TAP, .from = 0.4, .to = 0.6},
     NO_BAR,
     false},
    {"proxies and hiding",
     {.calls_per_second = 20, .calls = 2000, PLAIN, .proxies = 0.6, .hiding = 0.3},
     {TAP},
     NO_BAR,
     false},
    {"transfers",
     {.calls_per_second = 20, .calls = 2000, PLAIN, .transfers = 0.4, .related = 0.1},
     {TAP},
     NO_BAR,
     false},
    {"media passed through",
     {.calls_per_second = 100, .calls = 2000, PLAIN, .media_kept = 0.7},
     {TAP},
     NO_BAR,
     false},
    {"two-sided borders",
     {.calls_per_second = 20, .calls = 2000, PLAIN, .two_sided = true},
     {TAP},
     NO_BAR,
     false},
    {"two-sided borders, hosts named",
     {.calls_per_second = 20, .calls = 2000, PLAIN, .two_sided = true},
     {TAP},
     NO_BAR,
     true},
    {"one dialler",
     {.calls_per_second = 20, .calls = 2000, PLAIN, .dialler = true},
     {TAP},
     NO_BAR,
     false},
    {"network loss, NAT, background",
     {.calls_per_second = 20,
      .calls = 2000,
      PLAIN,
      .nat = true,
      .network_loss = 0.02,
      .background = true},
     {TAP, .doubled = 0.05, .disorder = true},
     NO_BAR,
     false},
    {"everything",
     {.calls_per_second = 50,
      .calls = 3000,
      HARD,
      .withheld = 0.08,
      .hints = ALL_HINTS,
      .proxies = 0.3,
      .hiding = 0.1,
      .transfers = 0.15,
      .media_kept = 0.3,
      .conference = 0.05,
      .tenants = true,
      .background = true,
      .nat = true,
      .network_loss = 0.01},
     {.kind = VIEW_POINTS,
      .points = 5,
      .clock_s = 3,
      .drift_ppm = 50,
      .precision_us = 1,
      .missed = 0.02,
      .doubled = 0.02,
      .disorder = true,
      .all_udp = true},
     NO_BAR,
     false},
};
const int nworlds = (int)(sizeof worlds / sizeof worlds[0]);

/* FNV-1a: a row keeps its worlds wherever it stands in the table. */
static uint64_t name_hash(const char *name) {
    uint64_t h = 0xcbf29ce484222325;
    for (; *name; name++) h = (h ^ (uint8_t)*name) * 0x100000001b3;
    return h;
}

struct world_row worlds_take(const struct world_row *row, enum world_seeds set, int n,
                             double scale) {
    enum { FEWEST = 20 };
    struct world_row r = *row;
    /* the last bit keeps the two sets apart for good */
    r.plan.seed = (name_hash(row->name) % 1000000 * 1000 + (uint64_t)n) * 2 +
                  (set == SEEDS_TRAINING ? TRAINING_BIT : UNSEEN_BIT);
    r.view.seed = r.plan.seed ^ 0x76696577;
    r.plan.calls = (int)((double)r.plan.calls * scale);
    if (r.plan.calls < FEWEST) r.plan.calls = FEWEST;
    return r;
}
