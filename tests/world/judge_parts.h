/* judge_parts.h: what judge_show.c and judge_tables.c share; nobody else includes it. */
#ifndef SIPWEAVE_TESTS_JUDGE_PARTS_H
#define SIPWEAVE_TESTS_JUDGE_PARTS_H

#include "world/judge.h"

struct showing {
    const struct world *w;
    const struct view *v;
    struct reading_of *r;
    const struct found *f;
    const struct verdict *d;
    FILE *to;
    int *first_msg; /* by true leg: the first that was seen, row + 1 */
    int *first_leg; /* by true call: chain through next_leg, row + 1 */
    int *next_leg;
    int *first_found; /* by call of sipweave: row of its first leg */
    bool *shown;      /* by call of sipweave */
};

/* "INVITE sip:2001@..." is INVITE, "SIP/2.0 180 Ringing" is "180 to INVITE". */
str show_kind(const struct world *w, int msg, arena *a);
/* -1 not to be judged, 0 wrong, 1 right */
int show_msg_right(const struct showing *s, enum failure_kind kind, int msg);

void show_kinds(struct showing *s, enum failure_kind kind);
void show_flows(struct showing *s, int most);
void show_evidence(struct showing *s);

#endif
