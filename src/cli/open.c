/* open.c: sipweave FILE...: a database for now, a server on a free port, the browser.
 *
 * Everything lies in a folder of its own that nobody else may look into, and goes at the end. */
#include "cli/serve.h"

#include "serve/loom.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;

struct opening {
    const struct options *o;
    char folder[256], db[300];
    arena boot;
    str hosts;
    u64 sightings, calls; /* of kind call */
    u64 others;           /* registrations and so on */
    char only[32];        /* the one call, where there is one */
};

/* ---- the folder ----------------------------------------------------------------------------------- */

static bool folder_make(struct opening *p) {
    const char *temp = getenv("TMPDIR");
    if (!temp || temp[0] != '/' || strlen(temp) > 200)
        temp =
            cli_is_on_disk("/tmp") || !cli_is_on_disk("/var/tmp") ? "/tmp" : "/var/tmp";
    snprintf(p->folder, sizeof p->folder, "%s/sipweave-XXXXXX", temp);
    if (!mkdtemp(p->folder)) {
        cli_say("%s: no temporary folder can be made: %s", temp, strerror(errno));
        return false;
    }
    snprintf(p->db, sizeof p->db, "%s/open.db", p->folder);
    return true;
}

static void folder_drop(void *opening) {
    const struct opening *p = opening;
    static const char *const endings[] = {"", "-wal", "-shm", "-journal", "-lock"};
    for (isize i = 0; i < countof(endings); i++) {
        char path[320];
        snprintf(path, sizeof path, "%s%s", p->db, endings[i]);
        unlink(path);
    }
    rmdir(p->folder);
}

/* ---- reading -------------------------------------------------------------------------------------- */

static void report(const struct opening *p, struct loom *loom) {
    struct loom_totals t = loom_totals(loom);
    str damage = loom_damage(loom);
    fwrite(damage.p ? (const char *)damage.p : "", 1, (size_t)damage.n, stderr);
    if (p->o->quiet || skips_total(&t.skips) == 0) return;
    fprintf(stderr, "read %llu SIP messages; passed over:\n",
            (unsigned long long)t.sightings);
    for (int i = 0; i < SKIP_COUNT; i++) {
        if (!t.skips.n[i]) continue;
        fprintf(stderr, "  %6llu  %s (first at %llu)\n", (unsigned long long)t.skips.n[i],
                skip_text((enum skip_reason)i), (unsigned long long)t.skips.first[i]);
    }
}

static bool read_one(struct opening *p, struct loom *loom, const char *path) {
    struct input_sink sink = loom_sink(loom);
    struct input_options how = {.zone_s = p->o->zone_s};
    str sentence = {0};
    loom_session(loom);
    if (input_file_read(path, &how, &sink, &p->boot, &sentence) == ERR_OK) return true;
    cli_say("%.*s", (int)sentence.n, (const char *)sentence.p);
    return false;
}

static bool read_files(struct opening *p, struct loom *loom, struct store *store) {
    bool ok = true;
    for (isize i = 0; i < p->o->nfiles; i++) ok = read_one(p, loom, p->o->files[i]) && ok;
    if (ok && loom_commit(loom, NULL, NULL) != ERR_OK) {
        str why = store_error(store);
        cli_say("the temporary database: %.*s", (int)why.n, (const char *)why.p);
        ok = false;
    }
    if (ok) report(p, loom);
    p->sightings = loom_totals(loom).sightings;
    return ok;
}

static bool take_id(void *ctx, str id, i64 start_us, str json) {
    struct opening *p = ctx;
    (void)start_us, (void)json;
    snprintf(p->only, sizeof p->only, "%.*s", (int)id.n, (const char *)id.p);
    return false;
}

static void count_calls(struct opening *p, struct store *store) {
    struct search any = search_any(), calls = search_any();
    u64 all = 0;
    calls.kind = KIND_CALL;
    if (store_count(store, &any, &all) || store_count(store, &calls, &p->calls)) return;
    p->others = all - p->calls;
    if (p->calls == 1) (void)!store_search(store, &calls, take_id, p);
}

/* Puts everything into the database; false: something cannot be read, which was said. */
static bool fill(struct opening *p) {
    struct store *store;
    struct loom *loom;
    str sentence = {0};
    struct loom_options how = {.hosts = p->hosts, .bulk = true};
    bool ok = store_open(&store, p->db, STORE_WRITE, &p->boot, &sentence) == ERR_OK;
    if (!ok) {
        cli_say("%.*s", (int)sentence.n, (const char *)sentence.p);
        return false;
    }
    ok = loom_open(&loom, store, &how) == ERR_OK;
    if (ok) {
        ok = read_files(p, loom, store);
        loom_close(loom);
        input_files_close();
        count_calls(p, store);
    }
    store_close(store);
    return ok;
}

/* ---- the browser ---------------------------------------------------------------------------------- */

/* Not waited for: some browsers stay in front until they are closed. */
static void browse(const char *url) {
    char program[] = "xdg-open", address[400];
    char *argv[] = {program, address, NULL};
    posix_spawn_file_actions_t quiet;
    pid_t child;
    snprintf(address, sizeof address, "%s", url);
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, 2, "/dev/null", O_WRONLY, 0);
    (void)posix_spawnp(&child, program, &quiet, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&quiet);
}

static void ready(const struct server *s, void *ctx) {
    struct opening *p = ctx;
    char url[400];
    const char *display = getenv("DISPLAY"), *wayland = getenv("WAYLAND_DISPLAY");
    if (p->calls == 1) {
        snprintf(url, sizeof url, "%s/call/%s", server_url(s), p->only);
    } else {
        snprintf(url, sizeof url, "%s/%s", server_url(s), p->calls ? "" : "?kind=any");
    }
    printf("%llu SIP messages, %llu call%s", (unsigned long long)p->sightings,
           (unsigned long long)p->calls, p->calls == 1 ? "" : "s");
    if (p->others) printf(" and %llu other conversations", (unsigned long long)p->others);
    printf("\n%s\n", url);
    if (server_syslog(s))
        printf("Syslog is heard at %s, UDP and TCP\n", server_syslog(s));
    printf("Ctrl-C ends it; nothing is kept.\n");
    bool screen = (display && *display) || (wayland && *wayland);
    if (screen && !p->o->no_browser) browse(url);
}

int command_open(const struct options *o) {
    struct opening p = {.o = o, .boot = arena_open((isize)64 << 20)};
    int status = EXIT_USAGE;
    if (o->nfiles == 0) {
        cli_say("which file? \"sipweave --help\" tells what it can do");
        goto out;
    }
    if (o->hosts && !cli_file_read(o->hosts, &p.boot, &p.hosts)) goto out;
    if (!folder_make(&p)) goto out;
    cli_memory(folder_drop, &p);
    bool ok = fill(&p);
    if (ok && p.sightings == 0) {
        cli_say("there is no SIP in %s", o->nfiles == 1 ? o->files[0] : "these files");
        status = EXIT_NOTHING;
    } else if (ok) {
        struct server_options how = {
            .db = p.db,
            .listen = o->listen ? o->listen : "127.0.0.1:0",
            .syslog = o->syslog,
            .hosts = p.hosts,
            .zone_s = o->zone_s,
            .insecure = o->insecure,
        };
        status = serve_until_stopped(&how, ready, &p);
    }
    folder_drop(&p);
out:
    arena_close(&p.boot);
    return status;
}
