/* status.c: how the server is, and what it holds. */
#include "serve/inner.h"

#include "base/time.h"
#include "serve/listen.h"
#include "serve/worker.h"

static void json_instant(struct out *o, const char *key, i64 us) {
    u8 room[64];
    arena scratch = {room, room, room + sizeof room};
    if (us > 0) {
        json_str(o, key, time_iso(&scratch, us));
    } else {
        json_null(o, key);
    }
}

/* What is wrong, if anything is: with writing first, then with reading. */
static str totals_read(struct server *s, struct reader *r, struct store_totals *t) {
    str why = {0}, trouble = worker_trouble(s->worker, &r->view);
    struct store *store = reader_store(s, r, &why);
    if (store && store_totals(store, t) != ERR_OK) {
        why = store_error(store);
        r->failed = true;
    }
    return trouble.n ? trouble : why;
}

static void linking_write(struct behind b, struct out *o) {
    json_begin_object(o, "linking");
    json_i64(o, "messages", (i64)b.messages);
    json_i64(o, "ms", b.ms);
    json_end_object(o);
}

void status_write(struct server *s, struct reader *r, bool sources, struct out *o) {
    struct store_totals t = {0};
    str trouble = totals_read(s, r, &t);
    json_begin_object(o, NULL);
    json_z(o, "version", s->o.version);
    json_instant(o, "started", s->started_us);
    json_z(o, "database", s->o.db);
    json_i64(o, "sightings", (i64)t.sightings);
    json_i64(o, "calls", (i64)t.calls);
    json_i64(o, "bytes", (i64)t.bytes);
    json_instant(o, "first", t.first_us);
    json_instant(o, "last", t.last_us);
    tally_skips_write(worker_tally(s->worker), o);
    tally_damage_write(worker_tally(s->worker), o);
    listeners_write(s->listeners, o);
    linking_write(worker_behind(s->worker), o);
    if (sources) tally_sources_write(worker_tally(s->worker), o);
    json_i64(o, "retention_days", s->o.keep_days);
    if (trouble.n) {
        json_str(o, "trouble", trouble);
    } else {
        json_null(o, "trouble");
    }
    json_end_object(o);
}

void serve_status(struct request *r, struct answer *a) {
    a->type = "application/json";
    status_write(r->server, r->reader, true, &a->body);
}
