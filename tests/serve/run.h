/* run.h: the program as a user runs it. It is $SIPWEAVE. */
#ifndef SIPWEAVE_TESTS_SERVE_RUN_H
#define SIPWEAVE_TESTS_SERVE_RUN_H

#include "serve/fixture.h"

#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>

struct run {
    pid_t pid;
    int out;         /* its standard output and error */
    struct out said; /* so far */
};

static inline const char *program(void) {
    const char *p = getenv("SIPWEAVE");
    return p ? p : "build/debug/sipweave";
}

/* Arguments up to the first NULL. TMPDIR is `temp`, and there is no display. */
static inline void run_start(struct run *r, const char *temp, const char *const *args) {
    char home[200], leaks[] = "ASAN_OPTIONS=detect_leaks=1", *argv[20] = {0},
                    *env[] = {home, leaks, NULL};
    char room[20][200];
    int ends[2], n = 0;
    posix_spawn_file_actions_t actions;
    *r = (struct run){0};
    snprintf(home, sizeof home, "TMPDIR=%s", temp);
    snprintf(room[0], sizeof room[0], "%s", program());
    for (argv[n] = room[n], n++; args[n - 1]; n++) {
        snprintf(room[n], sizeof room[n], "%s", args[n - 1]);
        argv[n] = room[n];
    }
    assert_int_equal(pipe(ends), 0);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2);
    posix_spawn_file_actions_addclose(&actions, ends[0]);
    posix_spawn_file_actions_addclose(&actions, ends[1]);
    assert_int_equal(posix_spawn(&r->pid, argv[0], &actions, NULL, argv, env), 0);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    r->out = ends[0];
}

/* False at the end, or when it says nothing for too long. */
static inline bool run_hear(struct run *r) {
    u8 block[4096];
    struct pollfd p = {.fd = r->out, .events = POLLIN};
    if (poll(&p, 1, PATIENCE_MS) <= 0) return false;
    ssize_t n = read(r->out, block, sizeof block);
    if (n > 0) out_bytes(&r->said, (str){block, n});
    return n > 0;
}

static inline bool run_said(const struct run *r, const char *what) {
    return str_find_str(out_str(&r->said), str_z(what)) >= 0;
}

static inline void assert_said(const struct run *r, const char *what) {
    if (!run_said(r, what)) {
        fail_msg("it does not say \"%s\" but: %.*s", what, (int)r->said.n,
                 (const char *)r->said.p);
    }
}

static inline void run_until(struct run *r, const char *what) {
    while (!run_said(r, what) && run_hear(r)) continue;
    assert_said(r, what);
}

/* Its exit status; 1000 + the signal that ended it. */
static inline int run_end(struct run *r) {
    int status = 0;
    while (run_hear(r)) continue;
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    close(r->out);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static inline void run_stop(struct run *r, int signal) {
    kill(r->pid, signal);
    int status = run_end(r);
    if (status != 0)
        fail_msg("it ends with %d: %.*s", status, (int)r->said.n,
                 (const char *)r->said.p);
    out_drop(&r->said);
}

static inline u16 port_after(const struct run *r, const char *what) {
    isize at = str_find_str(out_str(&r->said), str_z(what));
    str rest = str_from(out_str(&r->said), at + str_z(what).n), digits = rest;
    for (digits.n = 0; digits.n < rest.n && is_digit(rest.p[digits.n]);) digits.n++;
    return (u16)str_u64(digits, 65535).value;
}

/* It refuses with exit status 2 and one sentence that holds this. */
static inline void assert_refused(const char *temp, const char *const *args,
                                  const char *part) {
    struct run r;
    run_start(&r, temp, args);
    int status = run_end(&r);
    if (status != 2)
        fail_msg("it ends with %d: %.*s", status, (int)r.said.n, (const char *)r.said.p);
    assert_said(&r, part);
    str said = out_str(&r.said);
    assert_true(str_starts(said, S("sipweave: ")));
    assert_int_equal(str_find(said, '\n'), said.n - 1);
    out_drop(&r.said);
}

/* A folder for one test; what it leaves in there counts as litter. */
struct place {
    char folder[64], db[96];
};

static inline void place_open(struct place *p) {
    folder_make(p->folder);
    snprintf(p->db, sizeof p->db, "%s/t.db", p->folder);
}

static inline void place_close(struct place *p) {
    unlink(p->db);
    if (rmdir(p->folder) != 0) {
        folder_drop(p->folder);
        fail_msg("something was left in %s", p->folder);
    }
}

static inline void serve_start(struct run *r, const struct place *p, const char *syslog) {
    run_start(r, p->folder,
              (const char *const[]){"serve", "--db", p->db, "--listen", "127.0.0.1:0",
                                    "--syslog", syslog, "--hosts",
                                    "examples/junk-call/hosts", "--keep", "0", NULL});
    run_until(r, "Ctrl-C stops it.");
}

/* ---- many messages, each a conversation of its own ---------------------------------------- */

enum { MANY = 12000 }; /* more than goes into one transaction */

static inline void big_log(struct out *o) {
    for (int i = 0; i < MANY; i++) {
        out_printf(o,
                   "26 Jul 2014 09:%02d:%02d voip-udp-rx VoIP Rx 17 "
                   "192.0.2.9:5060->203.0.113.72:5060\n"
                   "OPTIONS sip:x@203.0.113.72 SIP/2.0\nVia: SIP/2.0/UDP "
                   "192.0.2.9:5060;branch=z9hG4bK%08d\n"
                   "CSeq: 1 OPTIONS\nCall-ID: options-%08d@192.0.2.9\nFrom: "
                   "<sip:a@192.0.2.9>;tag=%d\n"
                   "To: <sip:x@203.0.113.72>\nMax-Forwards: 70\nContent-Length: 0\n\n",
                   i / 200 / 60, i / 200 % 60, i, i, i);
    }
}

static inline i64 sightings(u16 port) {
    json_t *j = get_json(port, "/api/v1/status");
    i64 n = number_of(j, "sightings");
    json_decref(j);
    return n;
}

#endif
