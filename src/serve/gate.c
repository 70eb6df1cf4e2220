#include "serve/gate.h"

void gate_open(struct gate *g) {
    *g = (struct gate){0};
    pthread_mutex_init(&g->lock, NULL);
    pthread_cond_init(&g->change, NULL);
}

void gate_close(struct gate *g) {
    pthread_mutex_destroy(&g->lock);
    pthread_cond_destroy(&g->change);
}

void gate_enter_first(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    g->first++;
    while (g->taken) pthread_cond_wait(&g->change, &g->lock);
    g->first--;
    g->taken = true;
    pthread_mutex_unlock(&g->lock);
}

void gate_enter(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    while (g->taken || g->first) pthread_cond_wait(&g->change, &g->lock);
    g->taken = true;
    pthread_mutex_unlock(&g->lock);
}

void gate_leave(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    must(g->taken);
    g->taken = false;
    pthread_cond_broadcast(&g->change);
    pthread_mutex_unlock(&g->lock);
}

void gate_breathe(struct gate *g) {
    pthread_mutex_lock(&g->lock);
    bool wanted = g->first > 0;
    pthread_mutex_unlock(&g->lock);
    if (!wanted) return;
    gate_leave(g);
    gate_enter(g);
}
