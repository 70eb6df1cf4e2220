/* batch.c: a batch of messages, made, emptied to be used again, and given back. */
#include "serve/batch.h"

#include "sip/sip.h"

enum { ARENA_BYTES = 1 << 30 }; /* more than the intake puts into one, and a message */

struct store_facts batch_facts(const struct sip_msg *m) {
    return (struct store_facts){
        .call_id = m->call_id,
        .status = m->status,
        .method = (u8)(m->is_request ? m->method : m->cseq.method),
        .is_request = m->is_request,
        .cseq = m->cseq.number,
    };
}

struct batch *batch_new(void) {
    struct batch *b = base_new(1, (isize)sizeof *b);
    b->bytes = arena_open(ARENA_BYTES);
    return b;
}

void batch_clear(struct batch *b) {
    b->n = 0;
    b->next = NULL;
    arena_reset(&b->bytes);
}

void batch_drop(struct batch *b) {
    if (!b) return;
    base_free(b->list);
    arena_close(&b->bytes);
    base_free(b);
}
