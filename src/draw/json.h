/* json.h: parts of a call's object that more than one file of this folder writes. */
#ifndef SIPWEAVE_DRAW_JSON_H
#define SIPWEAVE_DRAW_JSON_H

#include "draw/draw.h"

/* 0 and up: a time; -1 and below: null. */
void json_time(struct out *o, const char *key, i64 us);
/* null where it is no number */
void json_number(struct out *o, const char *key, double value, int decimals);
/* The array "evidence". */
void json_evidence(struct out *o, const struct evidence *list, isize n);
/* What almost belongs, what is related, what is decided by hand: at most so many of each. */
void json_links(struct out *o, const struct call *c, isize most);

#endif
