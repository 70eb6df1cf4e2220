/* gate.h: one at a time at the database. The intake, which must never wait long, goes before the worker:
 *
 *     worker   ──enter───── …breathe… ─────leave──enter──>
 *     intake   ·····enter_first───┘└leave
 *
 * The worker leaves the gate while it links and draws, and breathes between pieces of what takes long. */
#ifndef SIPWEAVE_SERVE_GATE_H
#define SIPWEAVE_SERVE_GATE_H

#include "base/base.h"

#include <pthread.h>

struct gate {
    pthread_mutex_t lock;
    pthread_cond_t change;
    bool taken;
    int first; /* how many wait that go before others */
};

void gate_open(struct gate *g);
void gate_close(struct gate *g);
void gate_enter_first(struct gate *g);
void gate_enter(struct gate *g);
void gate_leave(struct gate *g);
/* Lets the intake in if it waits, and comes back after it. */
void gate_breathe(struct gate *g);

#endif
