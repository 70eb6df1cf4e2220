/* import.c: sipweave import FILE... --db DATABASE. */
#include "cli/cli.h"
#include "serve/loom.h"

#include <stdio.h>

static const char *const default_db = "sipweave.db";

static void report(const struct loom_totals *t, str damage, const struct options *o) {
    if (damage.n) fwrite(damage.p, 1, (size_t)damage.n, stderr);
    if (o->quiet) return;
    printf(
        "%llu SIP message%s read, %llu of them new; %llu conversation%s new or changed\n",
        (unsigned long long)t->sightings, t->sightings == 1 ? "" : "s",
        (unsigned long long)t->fresh, (unsigned long long)t->calls,
        t->calls == 1 ? "" : "s");
    for (int i = 0; i < SKIP_COUNT; i++) {
        if (!t->skips.n[i]) continue;
        printf("passed over: %llu %s (first at %llu)\n",
               (unsigned long long)t->skips.n[i], skip_text((enum skip_reason)i),
               (unsigned long long)t->skips.first[i]);
    }
}

/* Reads each file in turn; what was read before one that cannot be read stays. */
static int import_files(struct loom *l, struct store *s, const struct options *o,
                        arena *boot) {
    struct input_sink sink = loom_sink(l);
    struct input_options how = {.zone_s = o->zone_s};
    int status = EXIT_FINE;
    for (isize i = 0; i < o->nfiles; i++) {
        str sentence = {0};
        loom_session(l);
        if (input_file_read(o->files[i], &how, &sink, boot, &sentence) != ERR_OK) {
            cli_say("%.*s", (int)sentence.n, (const char *)sentence.p);
            status = EXIT_USAGE;
        }
    }
    if (loom_commit(l, NULL, NULL) != ERR_OK) {
        str why = store_error(s);
        cli_say("%.*s", (int)why.n, (const char *)why.p);
        status = EXIT_USAGE;
    }
    struct loom_totals t = loom_totals(l);
    report(&t, loom_damage(l), o);
    if (status == EXIT_FINE && t.sightings == 0) status = EXIT_NOTHING;
    return status;
}

int command_import(const struct options *o) {
    if (o->nfiles == 0) {
        cli_say("which file? \"-\" is standard input");
        return EXIT_USAGE;
    }
    arena boot = arena_open((isize)256 << 20);
    str sentence = {0}, hosts = {0};
    struct store *s = NULL;
    struct loom *l = NULL;
    int status = EXIT_USAGE;
    if (o->hosts && !cli_file_read(o->hosts, &boot, &hosts)) goto out;
    if (store_open(&s, o->db ? o->db : default_db, STORE_WRITE, &boot, &sentence) !=
        ERR_OK) {
        cli_say("%.*s", (int)sentence.n, (const char *)sentence.p);
        goto out;
    }
    struct loom_options how = {.hosts = hosts, .bulk = true};
    if (loom_open(&l, s, &how) != ERR_OK) {
        sentence = store_error(s);
        cli_say("%.*s", (int)sentence.n, (const char *)sentence.p);
        goto out;
    }
    status = import_files(l, s, o, &boot);
out:
    loom_close(l);
    if (s) store_close(s);
    input_files_close();
    arena_close(&boot);
    return status;
}
