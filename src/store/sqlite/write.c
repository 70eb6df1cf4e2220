/* write.c: transactions and sightings. */
#include "store/sqlite/db.h"

#include <string.h>

static void forget(struct store *s) {
    press_forget(s);
    sieve_forget(&s->sieve);
    s->put.next = 0;
    names_forget(&s->names);
    keep_rolled_back(&s->keep);
    loose_forget(&s->loose);
    marks_forget(&s->marks);
    postings_forget(&s->postings);
    learn_forget(&s->learn);
    squeeze_forget(&s->squeeze);
    map_clear(&s->put.joined);
    s->new_sightings = s->new_calls = 0;
    s->new_last_us = INT64_MIN + 1;
}

enum err store_begin(struct store *s) {
    if (!s->writer) return db_fail(s, ERR_USAGE, "the database was opened for reading");
    if (s->in_txn) return db_fail(s, ERR_USAGE, "a transaction is under way already");
    if (s->reading) return db_fail(s, ERR_USAGE, "a search is under way");
    sweep_whole(s);
    enum err e = db_simple(s, SQL_BEGIN);
    if (e) return e;
    s->new_sightings = s->new_calls = 0;
    s->new_last_us = INT64_MIN + 1;
    s->ngone = 0;
    s->in_txn = true;
    return ERR_OK;
}

void store_rollback(struct store *s) {
    if (!s->in_txn) return;
    s->in_txn = false;
    s->failed = ERR_OK;
    /* SQLite has rolled back by itself where the disk was full */
    if (!sqlite3_get_autocommit(s->db)) {
        char why[sizeof s->sentence]; /* stays what it was */
        memcpy(why, s->sentence, sizeof why);
        enum err ignored = db_simple(s, SQL_ROLLBACK);
        (void)ignored;
        memcpy(s->sentence, why, sizeof why);
    }
    forget(s);
}

enum err store_commit(struct store *s) {
    if (!s->in_txn) return db_fail(s, ERR_USAGE, "there is no transaction to commit");
    enum err e = s->failed;
    if (!e) e = keep_write(s);
    if (!e) e = marks_write(s);
    if (!e) e = postings_write(s);
    if (!e) e = loose_write(s);
    if (!e) e = press_flush(s);
    if (!e) e = learn_write(s);
    if (!e) e = sieve_write(s);
    if (!e) e = names_write_uses(s);
    if (!e && (s->new_sightings || s->new_calls))
        e = db_run_ints(s, SQL_TOTAL_ADD, 3, s->new_sightings, s->new_calls,
                        s->new_last_us);
    if (!e) e = db_simple(s, SQL_COMMIT);
    if (e) {
        store_rollback(s);
        return e;
    }
    s->in_txn = false;
    sweep_commit(s);
    keep_committed(&s->keep);
    loose_committed(&s->loose);
    marks_committed(&s->marks);
    names_trim(&s->names);
    map_clear(&s->put.joined);
    return ERR_OK;
}

void store_clock(struct store *s, i64 now_us) {
    s->clock_us = now_us;
}

void store_session(struct store *s) {
    s->keep.session = s->keep.clock;
}

enum err store_source(struct store *s, const struct source *source, u32 *id) {
    enum err e = db_may_write(s);
    return e ? e : names_source(s, source, id);
}

enum err store_sighting(struct store *s, const struct sighting *sighting,
                        const struct store_facts *facts, bool *fresh) {
    *fresh = false;
    enum err e = db_may_write(s);
    if (e) return e;
    if (!names_knows_source(&s->names, sighting->source))
        return db_fail(s, ERR_USAGE, "a sighting of a source that was not announced");
    struct record r = {
        .time_us = sighting->time_us,
        .precision_us = sighting->precision_us,
        .source = sighting->source,
        .transport = sighting->transport,
        .vantage = sighting->vantage,
        .attempt = sighting->attempt,
        .cut = sighting->cut,
        .line = sighting->line,
        .bytes = sighting->bytes,
    };
    i64 ref = 0;
    bool made = false;
    u32 src = 0, dst = 0;
    e = names_endpoint(s, &sighting->src, &r.src, &src);
    if (!e) e = names_endpoint(s, &sighting->dst, &r.dst, &dst);
    if (!e) e = names_ref(s, facts->call_id, &ref, &made);
    if (!e && made) e = loose_set(s, ref, true);
    if (!e) e = keep_sighting(s, ref, facts->call_id, made, &r, fresh);
    if (e || !*fresh) return e;
    names_use_source(&s->names, sighting->source);
    names_use_endpoint(&s->names, src);
    names_use_endpoint(&s->names, dst);
    s->new_sightings++;
    s->new_last_us = i64_max(s->new_last_us, sighting->time_us);
    return ERR_OK;
}
