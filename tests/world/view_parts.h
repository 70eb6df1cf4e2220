/* view_parts.h: what the view*.c files share; nobody else includes it.
 *
 *     struct view_sight ──sorted by source and time──> view_capture.c: frames of a pcap file
 *                                                 └──> view_log.c: entries of a device's log
 */
#ifndef SIPWEAVE_TESTS_VIEW_PARTS_H
#define SIPWEAVE_TESTS_VIEW_PARTS_H

#include "world/world.h"

/* One message as one source has it. */
struct view_sight {
    int64_t order_us; /* where it stands in its file */
    int64_t stamp_us; /* by the source's clock, cut to its precision */
    int source, msg;
    bool received; /* a log: Rx */
    uint8_t copy;  /* 1: the second of a pair */
};

/* Sequence numbers of TCP, by message; NULL where nothing goes over TCP. */
struct view_tcp {
    uint32_t *seq, *ack;
};

struct view_job {
    const struct world *w;
    const struct view_plan *plan;
    struct view *view;
    struct view_tcp tcp;
    uint16_t *attempt; /* by message: how often it had been sent before */
    int cap_lines;
};

uint64_t view_random(uint64_t *state);
double view_share(uint64_t *state); /* 0 to 1, 1 excluded */
/* Memory or the end of the program: this is a tool for tests. */
void *view_new(size_t count, size_t size);
/* The record of one message that is about to be written. */
void view_line_add(struct view_job *j, int source, uint64_t line, int msg);

struct view_tcp view_tcp_number(const struct world *w);

void view_capture_write(struct view_job *j, int source, const struct view_sight *s,
                        int n);
void view_log_write(struct view_job *j, int source, const struct view_sight *s, int n);
FILE *view_open(const char *path);
void view_close(FILE *f, const char *path);

#endif
