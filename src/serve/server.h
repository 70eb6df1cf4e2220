/* server.h: the server: page, API, live updates, syslog listeners, one database.
 *
 *     UDP, TCP ──listen──> inbox ──┐                          ┌──> events ──> pages that are open
 *     POST import ──file──> jobs ──┴──> worker ──loom──> database
 *                                                             └──> readers ──> answers
 *
 * One thread writes (worker), so that one loom and one transaction are enough; every request reads
 * through a store of its own. What the server acknowledged is on disk. */
#ifndef SIPWEAVE_SERVER_H
#define SIPWEAVE_SERVER_H

#include "base/arena.h"
#include "base/err.h"

struct server;

struct server_options {
    const char *db;      /* path of the database; made when missing */
    const char *listen;  /* "127.0.0.1:8270"; port 0: any free one */
    const char *syslog;  /* "127.0.0.1:5514"; NULL or "off": nowhere */
    const char *version; /* as /status tells it */
    int keep_days;       /* 0: for ever */
    str hosts;           /* text in /etc/hosts syntax */
    i32 zone_s;          /* for stamps that carry no zone, and for times in pictures */
    bool insecure;       /* serve beyond this machine, though there is no sign-in */
    /* Told of trouble while it runs, one sentence each time something begins to fail; any thread. */
    void (*say)(const char *sentence);
};

/* Opens the database, the listeners and the threads; all of them run when this returns ERR_OK. Borrows the options
 * until it returns (but `say` keeps). *sentence (in boot) says what is wrong: ERR_USAGE is for who typed the command. */
must_use enum err server_open(struct server **s, const struct server_options *o,
                              arena *boot, str *sentence);
/* "http://127.0.0.1:8270": what to type into a browser. Lives as long as the server. */
const char *server_url(const struct server *s);
/* "127.0.0.1:5514", NULL when syslog is not heard. */
const char *server_syslog(const struct server *s);
/* Waits for SIGINT or SIGTERM, which the caller has blocked before server_open. */
void server_run(struct server *s);
/* Takes in what has arrived, commits it, ends every thread. */
void server_close(struct server *s);

#endif
