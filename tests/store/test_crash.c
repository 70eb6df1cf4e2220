/* kill -9 at any moment: what was acknowledged is there, nothing is there twice, and going on is just doing it again. */
#include "world.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

enum { ROUNDS = 24, BATCHES = 160, IN_BATCH = 12 };

static i64 time_of(int b, int i) {
    return T0 + (b * IN_BATCH + i) * US_PER_SECOND / 4;
}

/* Reads "the log" from its beginning, as an import that was broken off is done again; one byte for each commit. */
static void import(struct world *w, int acks) {
    world_open(w, STORE_WRITE);
    w->s->sweep.from =
        1; /* the file follows each commit, and the WAL begins anew all the while */
    w->s->sweep.next = w->s->sweep.whole = 40;
    store_session(w->s);
    for (int b = 0; b < BATCHES; b++) {
        world_begin(w);
        for (int i = 0; i < IN_BATCH; i++)
            add(w, (b * IN_BATCH + i) / 5, i % 2, time_of(b, i));
        char id[16];
        snprintf(id, sizeof id, "call%d", b / 3); /* each call is put again as it grows */
        int legs[] = {b / 3 * 3, b / 3 * 3 + 1, b / 3 * 3 + 2};
        put_ids(w, id, time_of(b / 3 * 3, 0), legs, 1 + b % 3);
        world_commit(w);
        arena_reset(&w->view);
        if (write(acks, "x", 1) != 1) _exit(2);
    }
    world_close(w);
    _exit(0);
}

static isize batch_size(struct world *w, int b) {
    static struct heard h;
    struct input_sink sink = heard_sink(&h);
    fine(w->s, store_replay_range(w->s, time_of(b, 0), time_of(b + 1, 0), &sink));
    return h.n;
}

/* All batches up to the last acknowledged one are whole; the one after it is whole or not there. */
static int check_batches(struct world *w, int acked) {
    int whole = 0;
    world_open(w, STORE_READ);
    for (int b = 0; b < BATCHES; b++) {
        isize n = batch_size(w, b);
        if (b < acked)
            assert_int_equal(n, IN_BATCH);
        else
            assert_true(n == 0 || n == IN_BATCH);
        whole += n == IN_BATCH;
    }
    world_close(w);
    check_invariants(w->path);
    return whole;
}

static void killed_in_mid_import(void **state) {
    struct world w;
    u64 seed = 42;
    int whole = 0, status = 0;
    (void)state;
    world_init(&w);
    for (int round = 0; round < ROUNDS; round++) {
        int pipes[2], acked = 0;
        char x;
        assert_int_equal(pipe(pipes), 0);
        fflush(NULL);
        pid_t child = fork();
        if (child == 0) {
            close(pipes[0]);
            import(&w, pipes[1]);
        }
        close(pipes[1]);
        seed = hash_mix(seed, (u64)round);
        int until = (int)(seed % BATCHES);
        while (acked < until && read(pipes[0], &x, 1) == 1) acked++;
        for (volatile u64 spin = seed >> 40; spin % 400000; spin--) continue;
        kill(child, SIGKILL);
        while (read(pipes[0], &x, 1) == 1) acked++;
        waitpid(child, &status, 0);
        close(pipes[0]);
        if (access(w.path, F_OK) == 0 && acked) {
            int now = check_batches(&w, acked);
            assert_true(now >= whole); /* nothing that was there has gone */
            whole = now;
        }
    }
    pid_t last = fork();
    if (last == 0) import(&w, open("/dev/null", O_WRONLY));
    waitpid(last, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(check_batches(&w, BATCHES), BATCHES);
    world_open(&w, STORE_READ);
    struct store_totals t;
    fine(w.s, store_totals(w.s, &t));
    assert_int_equal(t.sightings, BATCHES * IN_BATCH);
    world_drop(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(killed_in_mid_import)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
