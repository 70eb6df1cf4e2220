/* serve.c: sipweave serve: the server, until it is stopped. */
#include "cli/serve.h"

#include "cli/version.h"

#include <signal.h>
#include <stdio.h>

static void say(const char *sentence) {
    cli_say("%s", sentence);
}

int serve_until_stopped(const struct server_options *how,
                        void (*ready)(const struct server *s, void *ctx), void *ctx) {
    struct server_options mine = *how;
    struct server *s;
    str sentence = {0};
    sigset_t stop, before;
    arena boot = arena_open((isize)1 << 20);
    mine.say = say;
    mine.version = SIPWEAVE_VERSION;
    sigemptyset(&stop);
    sigaddset(&stop, SIGINT);
    sigaddset(&stop, SIGTERM);
    /* before any thread begins: they are to leave these to server_run */
    sigprocmask(SIG_BLOCK, &stop, &before);
    enum err e = server_open(&s, &mine, &boot, &sentence);
    if (e != ERR_OK) {
        cli_say("%.*s", (int)sentence.n, (const char *)sentence.p);
    } else {
        ready(s, ctx);
        fflush(stdout);
        server_run(s);
        server_close(s);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    arena_close(&boot);
    return e == ERR_OK ? EXIT_FINE : EXIT_USAGE;
}

static void ready(const struct server *s, void *ctx) {
    const struct options *o = ctx;
    const char *syslog = server_syslog(s);
    printf("The page is at      %s/\n", server_url(s));
    printf("The database is     %s", o->db);
    if (o->keep_days) {
        printf(" (messages are kept for %d day%s; --keep changes that)\n", o->keep_days,
               o->keep_days == 1 ? "" : "s");
    } else {
        printf(" (messages are kept for ever)\n");
    }
    if (syslog) {
        printf("Syslog is heard at  %s, UDP and TCP\n", syslog);
        printf("\nNext: have a FireBrick log SIP messages to that address (--syslog "
               "changes it), or drop a\n"
               "capture or a log onto the page, or: curl -H 'X-Sipweave: 1' "
               "--data-binary @call.pcap \\\n"
               "'%s/api/v1/import?name=call.pcap'\n",
               server_url(s));
    } else {
        printf("Syslog is not heard (--syslog ADDRESS listens)\n"
               "\nNext: drop a capture or a log onto the page.\n");
    }
    if (o->insecure)
        printf("Anybody who reaches this address sees every call: there is no sign-in "
               "yet.\n");
    printf("Ctrl-C stops it.\n");
}

int command_serve(const struct options *o) {
    str hosts = {0};
    struct options mine = *o;
    arena boot = arena_open((isize)64 << 20);
    int status = EXIT_USAGE;
    if (o->nfiles) {
        cli_say(
            "serve takes no files; \"sipweave import\" puts them into a database, and "
            "\"sipweave FILE\" opens them");
        goto out;
    }
    if (o->hosts && !cli_file_read(o->hosts, &boot, &hosts)) goto out;
    if (!mine.db) mine.db = "sipweave.db";
    struct server_options how = {
        .db = mine.db,
        .listen = o->listen ? o->listen : "127.0.0.1:8270",
        .syslog = o->syslog ? o->syslog : "127.0.0.1:5514",
        .keep_days = o->keep_days,
        .hosts = hosts,
        .zone_s = o->zone_s,
        .insecure = o->insecure,
    };
    status = serve_until_stopped(&how, ready, &mine);
out:
    arena_close(&boot);
    return status;
}
